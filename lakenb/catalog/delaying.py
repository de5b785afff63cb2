"""A middleware that lets documents wait: for a while, or until a moment."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.services import Service
from lakenb.graph.steps import Part, Row, Step, middleware

# AWS Step Functions Developer Guide, "Step Functions service quotas": an execution lives a year at most. A
# day is left for sending the event.
LONGEST_DELAY = timedelta(days=364)
_SHORTEST_DELAY = timedelta(seconds=1)
_EXAMPLES = "write duration=timedelta(hours=1) or until=datetime(2027, 1, 31, 12, tzinfo=UTC)"


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Delay(Step):
    """Let every document wait, then send it on unchanged.

    Parameters
    ----------
    duration
        How long each document waits: whole seconds, a second to 364 days.
    until
        The moment until which documents wait, with a time zone; those that come later go on at once.

    Notes
    -----
    Takes and sends documents of any type. Each event waits in an execution of the node's own state machine
    (AWS Step Functions), which then publishes it: the function may start executions and may not publish. An
    event that comes twice waits once. If it cannot be published after all, it goes to the node's dead-letter
    queue. Should its key be disabled while an event waits, its execution fails; Step Functions can redrive
    that within 14 days.

    Documents are kept longer by the time that they may wait; with `until` by a year, for nobody knows how
    early they come. A document that would have to wait for more than 364 days fails. Step Functions keeps the
    event, which holds the document's metadata and none of its content, for 90 days after it was sent; without
    a key of the node's it is also told to the account's default event bus. In a strict pipeline documents are
    copied before they wait. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="delay",
        part=Part.PASS_THROUGH,
        input_types=("*/*",),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.delay",
        memory_mib=128,
        timeout=timedelta(seconds=60),
        batch_size=10,
        services=(Service.MACHINE,),
        announces=False,
    )

    _: KW_ONLY
    duration: timedelta | None = None
    until: datetime | None = None

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the time that documents wait."""
        if (self.duration is None) == (self.until is None):
            both = self.duration is not None
            what = "duration and until are both set" if both else "it is not said how long documents wait"
            return [Fault(what, where, f"keep one of the two: {_EXAMPLES}" if both else _EXAMPLES)]
        if self.until is not None:
            return _until_faults(self.until, where)
        return _duration_faults(self.duration, where)

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler; the time itself stands in the state machine."""
        return {} if self.until is None else {"until": self.wait()["Timestamp"]}

    def wait(self) -> dict[str, Any]:
        """Return how long documents wait, in the words of a state machine's Wait state."""
        if self.until is None:
            assert self.duration is not None  # noqa: S101 - a step without faults has one of the two
            return {"Seconds": int(self.duration.total_seconds())}
        moment = self.until.astimezone(UTC)
        if moment.microsecond:  # never earlier than was asked for
            moment = moment.replace(microsecond=0) + timedelta(seconds=1)
        return {"Timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def holds(self) -> timedelta:
        """Return how long an event may wait here."""
        return LONGEST_DELAY if self.duration is None else self.duration


def _duration_faults(duration: object, where: str) -> list[Fault]:
    if not isinstance(duration, timedelta):
        return [wrong_type("duration", duration, "a timedelta", where)]
    if _SHORTEST_DELAY <= duration <= LONGEST_DELAY and not duration % timedelta(seconds=1):
        return []
    what = f"duration is {shown(duration)}; documents wait for whole seconds, a second to 364 days"
    return [Fault(what, where, "such as timedelta(minutes=10)")]


def _until_faults(until: object, where: str) -> list[Fault]:
    if not isinstance(until, datetime):
        return [wrong_type("until", until, "a datetime with a time zone", where)]
    if until.utcoffset() is None:
        what = f"until is {shown(until)}, which is a different moment in each time zone"
        return [Fault(what, where, "give it a time zone: datetime(2027, 1, 31, 12, tzinfo=UTC)")]
    return []
