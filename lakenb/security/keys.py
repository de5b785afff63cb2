"""What roles need of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.graph import Graph
    from lakenb.security.values import Statement


def key_statements(
    graph: Graph,  # noqa: ARG001 - written with the keys
    node: str,  # noqa: ARG001 - written with the keys
    statements: Iterable[Statement],  # noqa: ARG001 - written with the keys
) -> tuple[Statement, ...]:
    """Return what a role needs of keys for the sake of its other statements."""
    return ()
