"""What roles need of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.graph import Graph
    from lakenb.security.values import Statement


def network_statements(graph: Graph, node: str) -> tuple[Statement, ...]:  # noqa: ARG001 - written with networks
    """Return what a node's role needs so that its function can be placed in a VPC."""
    return ()


def pinned(
    graph: Graph,  # noqa: ARG001 - written with networks
    node: str,  # noqa: ARG001 - written with networks
    statements: Iterable[Statement],
) -> tuple[Statement, ...]:
    """Return a role's statements, data actions bound to the endpoint where that was asked for."""
    return tuple(statements)
