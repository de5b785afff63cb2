"""The group in which a node makes schedules while it runs. Their role is written with all such roles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.keys import key_at
from lakenb.template.key_names import key_arn
from lakenb.template.names import Kind
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from lakenb.template.resources import Resource, View


def resources(view: View) -> dict[Kind, Resource]:  # noqa: ARG001 - all nodes have the same
    """Return the group: the node's role may make schedules in it, and its schedules' role trusts it alone."""
    return {Kind.SCHEDULE_GROUP: resource("AWS::Scheduler::ScheduleGroup", {})}


def environment(view: View) -> dict[str, Any]:
    """Return what the node's function is told, to make a schedule that sends to its own queue."""
    key = key_at(view.graph, view.node, is_bucket=False)
    return {
        "LAKENB_QUEUE": view.arn(Kind.QUEUE),
        "LAKENB_SCHEDULE_GROUP": {"Ref": view.id(Kind.SCHEDULE_GROUP)},
        "LAKENB_SCHEDULE_ROLE": view.arn(Kind.SCHEDULE_ROLE),
        **({"LAKENB_KEY": key_arn(key)} if key is not None else {}),
    }
