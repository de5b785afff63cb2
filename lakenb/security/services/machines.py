"""What a node with a state machine needs: its function starts executions, and these publish for it.

The function holds no sns:Publish: nothing leaves the node but after its wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.deputies import STATES, deputy
from lakenb.security.values import ACCOUNT, Condition, ExtraRole, Sort, Statement, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - as of every service
    """Return what the node's role may do: start executions of its own state machine, nothing else."""
    why = f"'{node}' hands each event to its own state machine, where it waits"
    return (Statement("StartWaiting", ("states:StartExecution",), (of(Sort.MACHINE, node),), why),)


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - as of every service
    """Return the role of the node's state machine.

    It publishes to the node's own topic; what cannot be published, it puts into the node's own dead-letter
    queue. It writes no log and no trace: see `lakenb.template.services.machines`.
    """
    publish = Statement(
        "PublishTopic",
        ("sns:Publish",),
        (of(Sort.TOPIC, node),),
        f"the state machine of '{node}' announces documents on the node's own topic once they have waited",
    )
    bury = Statement(
        "SendDeadLetters",
        ("sqs:SendMessage",),
        (of(Sort.DEAD_LETTERS, node),),
        f"the state machine of '{node}' keeps events that it could not publish in the node's own dead-letter"
        " queue",
    )
    conditions = {
        "aws:SourceArn": Condition("ArnEquals", "aws:SourceArn", (of(Sort.MACHINE, node),)),
        "aws:SourceAccount": Condition("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    }
    keys = deputy(STATES, "sts:AssumeRole", "trust policy").keys
    why = f"Step Functions takes it for the state machine of '{node}' alone"
    whom = tuple(conditions[key] for key in keys)
    return (ExtraRole(Sort.MACHINE_ROLE, STATES, (publish, bury), whom, why),)
