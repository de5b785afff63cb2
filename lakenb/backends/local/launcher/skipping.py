"""Time that nobody sits through: what was scheduled to happen once happens as soon as all else is still.

A schedule lies a minute ahead at least, and may lie days ahead; so may the end of a state machine's wait.
Once nothing else is under way, nothing can happen before the next of them: making it due changes what a run
takes, not what it does.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any, Final

from . import border, waits

if TYPE_CHECKING:
    from collections.abc import Iterator

_SCHEDULER: Final = "ministack.services.scheduler"
_EXACT_TO: Final = 60.0  # seconds: EventBridge Scheduler promises no more, so what lies within is one moment


def pending() -> int:
    """Return how many schedules will fire once, and have not, and how many state machines wait."""
    return sum(1 for _ in _one_time()) + len(waits.dues())


def skip() -> int:
    """Put the time forward to what would happen next, and return how many things that are due.

    All else that lies ahead comes nearer by as much.
    """
    now = time.time()
    scheduled = [(when, schedule) for when, schedule in _one_time() if when > now]
    sitting = waits.dues()
    moments = [*(when for when, _ in scheduled), *sitting]
    if not moments:
        return 0
    next_one = min(moments)
    ahead = max(next_one - now, 0.0)
    is_for_schedules = next_one not in sitting
    waits.bring_nearer(ahead)
    skipped = sum(due <= next_one for due in sitting)
    for when, schedule in scheduled:
        fires = is_for_schedules and when <= next_one + _EXACT_TO
        skipped += fires
        moment = dt.datetime.fromtimestamp(now if fires else when - ahead, dt.UTC)
        schedule["ScheduleExpression"] = f"at({moment:%Y-%m-%dT%H:%M:%S})"
        schedule["ScheduleExpressionTimezone"] = "UTC"
    return skipped


def _one_time() -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield when each of them fires, and the schedule; it is gone when it has fired."""
    read = border.of(_SCHEDULER, "_at_time_epoch")
    for _, schedule in border.of(_SCHEDULER, "_schedules").all_items():
        when = read(schedule.get("ScheduleExpression", ""))
        is_on = schedule.get("State") == "ENABLED" and schedule.get("ActionAfterCompletion") == "DELETE"
        if when is not None and is_on:
            yield when, schedule
