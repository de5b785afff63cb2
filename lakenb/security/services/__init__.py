"""What nodes' services need: statements for the node's role, and roles that services take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.services import Service
from lakenb.security.services import clock, files, indexes, machines, schedules, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from lakenb.graph.graph import Graph
    from lakenb.security.values import ExtraRole, Statement

_MODULES = {
    Service.TABLE: tables,
    Service.SCHEDULES: schedules,
    Service.SCHEDULE: clock,
    Service.MACHINE: machines,
    Service.FILES: files,
    Service.INDEX: indexes,
}


def service_statements(graph: Graph, node: str) -> tuple[Statement, ...]:
    """Return what a node's role may do with its services."""
    return tuple(one for module in _of(graph, node) for one in module.statements(graph, node))


def extra_roles(graph: Graph, node: str) -> tuple[ExtraRole, ...]:
    """Return the roles that services take for a node."""
    return tuple(one for module in _of(graph, node) for one in module.roles(graph, node))


def _of(graph: Graph, node: str) -> Iterator[ModuleType]:
    yield from dict.fromkeys(_MODULES[service] for service in graph.nodes[node].services())
