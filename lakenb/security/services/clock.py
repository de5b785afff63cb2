"""What a node needs that a schedule of the template tells when its time has come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.deputies import SCHEDULER
from lakenb.security.services import schedules
from lakenb.security.values import ExtraRole, Sort, Statement, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - as of every service
    """Return what the node's role may do with its schedule: nothing, the deployer makes it."""
    return ()


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:
    """Return the role that the node's schedule takes: it sends to two queues, and may do nothing else.

    Notes
    -----
    Source: Amazon EventBridge Scheduler User Guide, "Configuring a schedule's dead-letter queue": the role
    sends to the dead-letter queue, too. It is taken for the schedule's group, never for one schedule.
    """
    queues = (of(Sort.DEAD_LETTERS, node), of(Sort.QUEUE, node))
    why = f"the schedule of '{node}' tells it that the time has come; what cannot be told is a dead letter"
    send = Statement("SendFirings", ("sqs:SendMessage",), queues, why)
    for_whom = next(role.conditions for role in schedules.roles(graph, node))
    return (ExtraRole(Sort.SCHEDULE_ROLE, SCHEDULER, (send,), for_whom, why),)
