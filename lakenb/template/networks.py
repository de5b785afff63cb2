"""Networks of a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.template.resources import Resource


def place(graph: Graph, made: dict[str, Resource]) -> None:
    """Place the functions of a template."""
