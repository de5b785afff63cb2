"""The schedule of a node that begins a pipeline at certain times, in a group of its own."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakenb.catalog.triggers import SchedulerTrigger
from lakenb.events import write_json
from lakenb.template.names import Kind
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from lakenb.template.resources import Resource, View

# Amazon EventBridge Scheduler API Reference, RetryPolicy: the most, so that an outage of a day loses nothing
EVENT_AGE_SECONDS = 24 * 3600
RETRY_ATTEMPTS = 185
# Amazon EventBridge Scheduler User Guide, "Adding context attributes". Not the execution's id: it is another
# one for each attempt, and a repeat must be told from nothing but a repeat
MESSAGE = {"schedule": "<aws.scheduler.schedule-arn>", "scheduledTime": "<aws.scheduler.scheduled-time>"}


def resources(view: View) -> dict[Kind, Resource]:
    """Return the group, for which the role is taken, and the schedule."""
    step = view.step
    assert isinstance(step, SchedulerTrigger)  # noqa: S101 - the one middleware that has a schedule
    window: Resource = {"Mode": "OFF"}
    if step.flexible_window:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": step.flexible_window // timedelta(minutes=1)}
    properties = {
        "Description": f"Tells {view.node} of the lakenb pipeline {view.graph.id} that its time has come",
        "FlexibleTimeWindow": window,
        "GroupName": {"Ref": view.id(Kind.SCHEDULE_GROUP)},
        "Name": view.node,  # alone in its group
        "ScheduleExpression": step.schedule,
        "ScheduleExpressionTimezone": step.timezone,
        "State": "ENABLED",
        "Target": {
            "Arn": view.arn(Kind.QUEUE),
            "DeadLetterConfig": {"Arn": view.arn(Kind.DEAD_LETTERS)},
            "Input": write_json(MESSAGE),
            "RetryPolicy": {
                "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS,
                "MaximumRetryAttempts": RETRY_ATTEMPTS,
            },
            "RoleArn": view.arn(Kind.SCHEDULE_ROLE),
        },
    }
    return {
        Kind.SCHEDULE_GROUP: resource("AWS::Scheduler::ScheduleGroup", {}),
        Kind.SCHEDULE: resource("AWS::Scheduler::Schedule", properties),
    }


def environment(view: View) -> dict[str, Any]:  # noqa: ARG001 - as of every service
    """Return what the node's function is told of its schedule: nothing, each message says all."""
    return {}
