"""What a node with schedules needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.security.values import ExtraRole, Statement


def statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - written by what needs it
    """Return what the node's role may do."""
    return ()


def roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:  # noqa: ARG001 - written by what needs it
    """Return the roles that services take for the node."""
    return ()
