"""What a node with a DynamoDB table needs.

Every action is one that the reducer's handler calls, on the node's own table. A transaction has no action of
its own: it needs what its parts need (Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB
transactions").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.values import Sort, Statement, of

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.security.values import ExtraRole

_ACTIONS = ("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - all tables are used alike
    """Return what the node's role may do: put, count and find the events of a chain. No scan, no delete."""
    why = f"'{node}' keeps the events of each chain in its own table until they make a composite"
    return (Statement("KeepEvents", _ACTIONS, (of(Sort.TABLE, node),), why),)


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - of the registry's form
    """Return the roles that services take for the node: none, DynamoDB acts for nobody here."""
    return ()
