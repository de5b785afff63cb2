"""What a node needs that makes schedules while it runs, and what its schedules need.

Each schedule sends one message to the node's own queue, in a role that is there for nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.deputies import SCHEDULER, deputy
from lakenb.security.values import ACCOUNT, Condition, ExtraRole, Sort, Statement, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - all such nodes need the same
    """Return what the node's role may do: make schedules in its own group, and give them their role."""
    # Amazon EventBridge Scheduler User Guide, "Setting up", "Set up the execution role": who makes a schedule
    # needs iam:PassRole on the role that it names
    passed = (Condition("StringEquals", "iam:PassedToService", (SCHEDULER,)),)
    return (
        Statement(
            "CreateSchedules",
            ("scheduler:CreateSchedule",),
            (of(Sort.SCHEDULES, node),),
            f"'{node}' schedules the end of each chain's window in its own group",
        ),
        Statement(
            "PassRoleToSchedules",
            ("iam:PassRole",),
            (of(Sort.SCHEDULE_ROLE, node),),
            f"the schedules of '{node}' send in a role that may do nothing else",
            passed,
        ),
    )


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - all such nodes need the same
    """Return the role that the node's schedules take."""
    queues = (of(Sort.DEAD_LETTERS, node), of(Sort.QUEUE, node))
    why = f"a schedule tells '{node}' that a window has ended; what cannot be told is a dead letter"
    # Amazon EventBridge Scheduler User Guide, "Confused deputy prevention": the group, never one schedule
    conditions = {
        "aws:SourceAccount": Condition("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
        "aws:SourceArn": Condition("ArnEquals", "aws:SourceArn", (of(Sort.SCHEDULE_GROUP, node),)),
    }
    keys = deputy(SCHEDULER, "sts:AssumeRole", "trust policy").keys
    return (
        ExtraRole(
            Sort.SCHEDULE_ROLE,
            SCHEDULER,
            (Statement("SendEndsOfWindows", ("sqs:SendMessage",), queues, why),),
            tuple(conditions[key] for key in keys),
            why,
        ),
    )
