"""Schedules on the embedded AWS: a run does not wait for them, it lets them fire."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from lakenb.catalog.triggers import SchedulerTrigger
from lakenb.events import S3Location, derive_chain_id, derive_id
from lakenb.runtime.firings import NOTE_NAME, Firing
from lakenb.template.names import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph
    from lakenb.graph.steps import Step


def fire(emulator: Emulator, stack: Stack, step: Step, nth: int) -> Iterator[str]:
    """Let a node's schedule fire now, and yield the URLs of the documents that it is to send on.

    A schedule that is due once, and then goes, is made beside the node's own: in its group, with its target
    and its role. So what is asked on the way is what AWS asks of the node's own.

    Parameters
    ----------
    emulator, stack
        Where it is.
    step
        The trigger.
    nth
        Which firing of the session it is, counted from one: each has a name of its own.
    """
    scheduler, group = emulator.client("scheduler"), stack.id(step.id, Kind.SCHEDULE_GROUP)
    own = scheduler.get_schedule(GroupName=group, Name=stack.id(step.id, Kind.SCHEDULE))
    now = datetime.now(UTC).replace(microsecond=0)
    made = scheduler.create_schedule(
        ActionAfterCompletion="DELETE",
        FlexibleTimeWindow={"Mode": "OFF"},
        GroupName=group,
        Name=f"{own['Name']}-run-{nth}",
        ScheduleExpression=f"at({now:%Y-%m-%dT%H:%M:%S})",
        ScheduleExpressionTimezone="UTC",
        Target=own["Target"],
        **({"KmsKeyArn": own["KmsKeyArn"]} if "KmsKeyArn" in own else {}),
    )
    time = now.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    firing = Firing(made["ScheduleArn"], f"{now:%Y-%m-%dT%H:%M:%SZ}", time)
    yield from (url for _, url in sent_by(firing, stack, step))


def sent_by(firing: Firing, stack: Stack, step: Step) -> tuple[tuple[str, str], ...]:
    """Return what a firing sends on: the id of each event, and the URL of its document."""
    if step.puts_documents():
        event = derive_id(firing.id, step.id, 0)
        key = f"{derive_chain_id(event)}/{event}/{NOTE_NAME}"
        return ((event, S3Location(stack.id(step.id, Kind.STORE), key).url),)
    return tuple(
        (derive_id(firing.id, step.id, ordinal), S3Location(place.bucket, place.prefix).url)
        for ordinal, place in enumerate(step.given_places())
    )


def unlike_schedules(graph: Graph) -> tuple[str, ...]:
    """Return in what a run's schedules are unlike AWS's, a sentence each."""
    if not any(isinstance(step, SchedulerTrigger) for step in graph.nodes.values()):
        return ()
    return (
        (
            "A run does not wait for a schedule's time: it makes one beside it that is due at once, with the "
            "same target and role"
        ),
        (
            "EventBridge Scheduler retries for a day: it tries once, and what is refused goes to the "
            "dead-letter queue"
        ),
        "A schedule's time zone is kept, and its own time is read as UTC",
    )
