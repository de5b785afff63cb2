"""What a schedule of EventBridge Scheduler says when it fires, as the pipeline's are told to say it.

Ids and keys are made from the schedule and the time for which it was set. The id that EventBridge Scheduler
gives an invocation is another one for each attempt, so nothing is made of it (EventBridge Scheduler User
Guide, "Adding context attributes").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lakenb.events import write_json

NOTE_TYPE = "application/json"
NOTE_NAME = "firing.json"
_FIELDS = frozenset({"schedule", "scheduledTime"})
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
_NAME = r"[A-Za-z0-9_.-]{1,64}"
_SCHEDULE = re.compile(rf"arn:aws[a-z-]*:scheduler:[a-z0-9-]+:\d{{12}}:schedule/{_NAME}/{_NAME}")


@dataclass(frozen=True, slots=True)
class Firing:
    """One firing of a schedule.

    Parameters
    ----------
    schedule
        ARN of the schedule.
    scheduled_time
        For when it was set, as EventBridge Scheduler writes it.
    time
        The same to the millisecond, as events write it.
    """

    schedule: str
    scheduled_time: str
    time: str

    @property
    def id(self) -> str:
        """What its events' ids are made from: the same in every copy of its message."""
        return write_json([self.schedule, self.time])


def firing_of(received: Any) -> Firing | None:
    """Return the firing that a message is about; None if it is about none."""
    if not isinstance(received, Mapping) or set(received) != _FIELDS:
        return None
    schedule, scheduled = received["schedule"], received["scheduledTime"]
    if not (isinstance(schedule, str) and _SCHEDULE.fullmatch(schedule)):
        return None
    if not (isinstance(scheduled, str) and _TIME.fullmatch(scheduled)):
        return None
    try:
        moment = datetime.fromisoformat(scheduled).astimezone(UTC)
    except ValueError:
        return None
    time = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return Firing(schedule, scheduled, time)
