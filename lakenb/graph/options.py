"""The options that every middleware shares, and AWS's rules between them.

A check is a pure function that returns faults; nothing here raises. Pages are those of AWS's own
documentation, named where a bound comes from.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from lakenb.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

# Amazon CloudWatch Logs API Reference, PutRetentionPolicy
LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
NODE_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
NODE_ID_LENGTH = 40
PIPELINE_ID_LENGTH = 32
# AWS Lambda Developer Guide, "Using Lambda with Amazon SQS": six times the time-out, plus the window
VISIBILITY_FACTOR = 6
COMPUTE_TYPES = ("cpu",)


@dataclass(frozen=True, slots=True)
class Settings:
    """The common options of one node, every default filled in.

    Parameters
    ----------
    memory_mib
        Memory of the function.
    timeout
        Longest time that one invocation may take.
    max_retries
        Times that a message is received before it goes to the dead-letter queue.
    visibility_timeout
        Time for which a received message stays hidden.
    batch_size, batching_window
        Most messages an invocation gets, and how long Lambda waits to gather them.
    max_concurrency
        Most invocations at a time, or None for the account's own limit.
    log_retention
        Time for which log lines are kept.
    """

    memory_mib: int
    timeout: timedelta
    max_retries: int
    visibility_timeout: timedelta
    batch_size: int
    batching_window: timedelta
    max_concurrency: int | None
    log_retention: timedelta


def default_visibility_timeout(timeout: timedelta, batching_window: timedelta) -> timedelta:
    """Return six times the function's time-out plus the batching window, as AWS recommends."""
    return VISIBILITY_FACTOR * timeout + batching_window


def settings_faults(settings: Settings, where: str) -> list[Fault]:
    """Return what AWS would refuse in a node's common options."""
    return [
        *_range_faults(settings, where),
        *_duration_faults(settings, where),
        *_between_faults(settings, where),
    ]


def _range_faults(settings: Settings, where: str) -> list[Fault]:
    # name, value, low, high, unit and page
    bounds = (
        ("memory_mib", settings.memory_mib, 128, 10_240, "MiB (Lambda quotas)"),
        ("max_retries", settings.max_retries, 1, 1_000, "receives (SQS, maxReceiveCount)"),
        ("batch_size", settings.batch_size, 1, 10_000, "messages (Lambda, CreateEventSourceMapping)"),
        ("max_concurrency", settings.max_concurrency, 2, 1_000, "invocations (Lambda, ScalingConfig)"),
    )
    faults = []
    for name, value, low, high, unit in bounds:
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int):
            faults.append(wrong_type(name, value, "a whole number", where))
        elif not low <= value <= high:
            faults.append(
                Fault(
                    f"{name} is {value}; AWS takes {low} to {high} {unit}",
                    where,
                    f"set {name} to a number from {low} to {high}",
                )
            )
    return faults


def _duration_faults(settings: Settings, where: str) -> list[Fault]:
    second, day = timedelta(seconds=1), timedelta(days=1)
    bounds = (
        ("timeout", settings.timeout, second, 900 * second, "Lambda quotas"),
        ("visibility_timeout", settings.visibility_timeout, 0 * second, 12 * 3600 * second, "SQS quotas"),
        (
            "batching_window",
            settings.batching_window,
            0 * second,
            300 * second,
            "Lambda event source mappings",
        ),
        ("log_retention", settings.log_retention, day, LOG_RETENTION_DAYS[-1] * day, "CloudWatch Logs"),
    )
    faults = []
    for name, value, low, high, page in bounds:
        if not isinstance(value, timedelta):
            faults.append(
                Fault(
                    f"{name} is {value!r}, which is no duration",
                    where,
                    f"write {name}=timedelta(seconds=...), so that the unit can be read",
                )
            )
        elif not low <= value <= high:
            faults.append(
                Fault(
                    f"{name} is {value}; AWS takes {low} to {high} ({page})",
                    where,
                    f"set {name} to a duration from {low} to {high}",
                )
            )
        elif value.microseconds:
            faults.append(
                Fault(f"{name} is {value}; AWS counts whole seconds", where, "round it to whole seconds")
            )
    retention = settings.log_retention
    if (
        isinstance(retention, timedelta)
        and day <= retention <= LOG_RETENTION_DAYS[-1] * day
        and (retention.days not in LOG_RETENTION_DAYS or retention != retention.days * day)
    ):
        days = retention / day
        nearest = min(LOG_RETENTION_DAYS, key=lambda allowed: abs(allowed - days))
        faults.append(
            Fault(
                f"log_retention is {days:g} days, which CloudWatch Logs does not offer",
                where,
                f"the nearest that it offers is timedelta(days={nearest})",
            )
        )
    return faults


def _between_faults(settings: Settings, where: str) -> list[Fault]:
    faults = []
    timeout, visibility, window = settings.timeout, settings.visibility_timeout, settings.batching_window
    if isinstance(timeout, timedelta) and isinstance(visibility, timedelta) and visibility < timeout:
        mend = f"leave it out (default {VISIBILITY_FACTOR} times the time-out) or set at least {timeout}"
        faults.append(
            Fault(
                f"visibility_timeout {visibility} is shorter than the function's time-out {timeout}: "
                "a message would be handed out again while it is being worked on",
                where,
                mend,
            )
        )
    batch = settings.batch_size
    # AWS Lambda API Reference, CreateEventSourceMapping, MaximumBatchingWindowInSeconds
    if (
        isinstance(batch, int)
        and batch > 10  # noqa: PLR2004 - the page's number
        and isinstance(window, timedelta)
        and window < timedelta(seconds=1)
    ):
        faults.append(
            Fault(
                f"batch_size is {batch}: above 10 AWS demands a batching window of at least one second",
                where,
                "set batching_window=timedelta(seconds=1), or batch_size to 10 or less",
            )
        )
    return faults


def id_faults(node_id: object, where: str, longest: int = NODE_ID_LENGTH) -> list[Fault]:
    """Return what is wrong with an id: it becomes a part of resource names and object keys."""
    if not isinstance(node_id, str):
        return [wrong_type("id", node_id, "a text", where)]
    if NODE_ID.fullmatch(node_id) and len(node_id) <= longest:
        return []
    words = re.findall(r"[a-z0-9]+", node_id.lower())
    proposal = "-".join(words)[:longest].strip("-").lstrip("0123456789-") or "my-node"
    return [
        Fault(
            f"{shown(node_id)} cannot be an id: lower-case letters, digits and single hyphens, "
            f"beginning with a letter, at most {longest} characters",
            where,
            f"for example {proposal!r}",
        )
    ]


# tables, pictures and decisions name these beside the nodes: a node of that name would be mistaken for them
_TAKEN = {"cache": "the pipeline's cache", "deployer": "whoever deploys it"}


def taken_id_faults(node_id: object, where: str) -> list[Fault]:
    """Return the fault of an id that tables and pictures already use for something else."""
    if not isinstance(node_id, str) or node_id not in _TAKEN:
        return []
    what = f"{shown(node_id)} cannot be a node's id: it stands for {_TAKEN[node_id]}"
    return [Fault(what, where, f"for example '{node_id}-1'")]


def wrong_type(name: str, value: object, expected: str, where: str) -> Fault:
    """Return the fault of an option whose value is of another type."""
    return Fault(f"{name} is {shown(value)}, but it must be {expected}", where, f"give {name} {expected}")


def unknown_option_fault(name: str, known: Iterable[str], where: str) -> Fault:
    """Return the fault of an option that a middleware does not have, near spellings first."""
    options = sorted(known)
    near = difflib.get_close_matches(name, options, n=2)
    mend = f"did you mean {' or '.join(near)}?" if near else f"it has: {', '.join(options)}"
    return Fault(f"there is no option {shown(name)}", where, mend)


def shown(value: object, longest: int = 60) -> str:
    """Return a value as messages show it: its repr, cut to a readable length."""
    text = repr(value)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
