"""EventBridge Scheduler, as the schedule's role: it fires only if that role trusts it and may send.

The emulator looks every ten seconds, asks nobody, and hands a message on as it was written. AWS takes the
role for the schedule's group, fills the keywords in, and lays aside in the dead-letter queue what it could
not send (EventBridge Scheduler User Guide, "Confused deputy prevention", "Adding context attributes",
"Configuring a schedule's dead-letter queue"). Here it tries once: what is refused now is refused later.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
from typing import TYPE_CHECKING, Any, Final

from . import border, gates, keyed, watch

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEDULER: Final = "ministack.services.scheduler"
_SERVICE: Final = "scheduler.amazonaws.com"
_LOOK_EVERY: Final = 0.5  # seconds: AWS is precise to a minute, and a run has less patience
_SCHEDULE: Final = re.compile(r"/schedules/([^/]+)")
_NO_PERMISSION: Final = "NO_PERMISSIONS"
_NO_KEY: Final = "KEY_ACCESS_DENIED"
_NOT_SERVED: Final = "TARGET_NOT_SERVED_HERE"


def install() -> None:
    """Ask a schedule's role for what it sends, and read a schedule's group where it is named."""
    border.replace(_SCHEDULER, "_SCHEDULE_TICK_INTERVAL", lambda _: _LOOK_EVERY)
    border.replace(_SCHEDULER, "_tick_schedules", _counted)
    # outermost: what is not a schedule's goes on to the gates of rules
    border.replace("ministack.services.eventbridge", "_invoke_target", _as_role)
    border.replace("ministack.core.iam_actions", "extract_resource_arn", _in_its_group)


def _counted(original: Any) -> Any:
    """Count a look as under way: what fires is no longer waiting before it is in its queue."""

    def tick() -> None:
        with watch.under_way("scheduler"):
            original()

    return tick


def _as_role(original: Any) -> Any:
    """Send what a schedule has to send only if its role may; everything else is not ours."""

    def invoke(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], view: Any = None) -> None:
        if "ScheduleExpressionTimezone" in rule:  # a schedule's record, no rule's
            _fire(rule, target, event["Time"])
        else:
            original(target, event, rule, view)

    return invoke


def _fire(schedule: Mapping[str, Any], target: Mapping[str, Any], now: float) -> None:
    queue, scheduled = target["Arn"], _scheduled_time(schedule, now)
    if not _is_trusted(schedule, target):
        return  # without its role a schedule can do nothing at all
    error = _refusal(schedule, target)
    # what it cannot open, it cannot lay aside
    body = "{}" if error == _NO_KEY else _filled_in(schedule, target, scheduled)
    if not error:
        _send(queue, body, {})
        return
    dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
    if dead_letters and _may_send(schedule, target, dead_letters):
        reason = {
            "ERROR_CODE": error,
            "SCHEDULE_ARN": schedule["Arn"],
            "SCHEDULED_TIME": scheduled,
            "TARGET_ARN": queue,
        }
        _send(dead_letters, body, reason)


def _refusal(schedule: Mapping[str, Any], target: Mapping[str, Any]) -> str:
    """Return why a schedule cannot send to its target, or nothing."""
    if not _may_open(schedule, target):
        return _NO_KEY
    if ":sqs:" not in target["Arn"]:
        return _NOT_SERVED
    return "" if _may_send(schedule, target, target["Arn"]) else _NO_PERMISSION


def _filled_in(schedule: Mapping[str, Any], target: Mapping[str, Any], scheduled: str) -> str:
    """Return what a schedule sends, its keywords filled in."""
    body = str(target.get("Input") or "{}")
    for keyword, value in (
        ("schedule-arn", schedule["Arn"]),
        ("scheduled-time", scheduled),
        ("execution-id", secrets.token_hex(8)),
        ("attempt-number", "1"),
    ):
        body = body.replace(f"<aws.scheduler.{keyword}>", value)
    return body


def _scheduled_time(schedule: Mapping[str, Any], now: float) -> str:
    """Return for when a schedule was set: a one-time one says so, for others it is the time of the look."""
    at_time = border.of(_SCHEDULER, "_at_time_epoch")(schedule["ScheduleExpression"])
    moment = dt.datetime.fromtimestamp(now if at_time is None else at_time, tz=dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _is_trusted(schedule: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    """Ask the role's trust policy whether it may be taken for the schedule's group."""
    place, account = schedule["Arn"].split(":schedule/")[0], schedule["Arn"].split(":")[4]
    group = f"{place}:schedule-group/{schedule['GroupName']}"
    context = {"aws:sourcearn": group, "aws:sourceaccount": account}
    return gates.service_may_take(gates.Caller("scheduler-role", _SERVICE, context), target["RoleArn"])


def _may_send(schedule: Mapping[str, Any], target: Mapping[str, Any], queue: str) -> bool:
    session = {"Role": target["RoleArn"], "FunctionName": schedule["Name"]}
    return gates.role_may("scheduler-send", session, "sqs:SendMessage", queue)


def _may_open(schedule: Mapping[str, Any], target: Mapping[str, Any]) -> bool:
    """Ask the key of what a schedule sends, if there is one, as the schedule's role."""
    asked = keyed.of_schedule(schedule)
    session = {"Role": target["RoleArn"], "FunctionName": schedule["Name"]}
    return asked is None or all(
        gates.role_may("scheduler-key", session, action, asked.key, asked.context) for action in asked.actions
    )


def _send(queue: str, body: str, reason: Mapping[str, str]) -> None:
    url = f"/{queue.split(':')[4]}/{queue.rsplit(':', 1)[-1]}"
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in reason.items()}
    message = {"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}
    border.of("ministack.services.sqs", "_HANDLERS")["SendMessage"](message, url)


def _in_its_group(original: Any) -> Any:
    """Name a schedule with its group, which stands in the body of what makes it, else in the query."""

    def extract(service: str, method: str, path: str, *rest: Any) -> Any:
        found = original(service, method, path, *rest)
        name = _SCHEDULE.fullmatch(path) if service == "scheduler" else None
        if name is None:
            return found
        _, body, query, *_ = rest
        group = _text(query.get("groupName"))
        if method in {"POST", "PUT"}:
            try:
                group = json.loads(body or b"{}").get("GroupName")
            except (ValueError, AttributeError):
                group = ""
        return f"{str(found).partition(':schedule/')[0]}:schedule/{group or 'default'}/{name[1]}"

    return extract


def _text(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value
