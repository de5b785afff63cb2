"""The grants of a graph as rows, each with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakenb.security.key_policies import key_policy
from lakenb.security.keys import keys_of
from lakenb.security.services import extra_roles
from lakenb.security.statements import (
    READ_FORWARDED,
    READS,
    dead_letter_statements,
    extra_role_statements,
    queue_statements,
    role_statements,
)
from lakenb.security.stores import provides
from lakenb.security.values import Grant, Sort

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.security.stores import Store
    from lakenb.security.values import Statement


def held(graph: Graph) -> Iterator[tuple[str, Statement]]:
    """Yield every statement of a graph's policies with whom it is about, trust policies left out.

    That is the node whose role holds it, ``node (role for schedules)`` for a role that a service takes, or
    the service or account that a resource's policy names.
    """
    provided = provides(graph)
    for node, step in graph.nodes.items():
        yield from ((node, one) for one in role_statements(graph, node, provided))
        of_queues = () if step.given_queue() else queue_statements(graph, node)
        for one in (*of_queues, *dead_letter_statements(graph, node)):
            yield one.principal or "", one
        for role in extra_roles(graph, node):
            holder = f"{node} ({role.sort.value})"
            yield from ((holder, one) for one in extra_role_statements(graph, node, role))
    for key in keys_of(graph):
        if key.sort != Sort.GIVEN_KEY.value:  # a given key's policy is its owner's
            for one in key_policy(graph, key):
                yield one.principal or "", replace(one, resources=(key,))


def grants(graph: Graph) -> tuple[Grant, ...]:
    """Return every Allow that the graph needs, one row for an action on a resource, sorted.

    Columns: edge, principal (the node whose role holds it, or a service), action, resource, condition,
    why, kind. Trust policies and Denies are not grants of access to documents and are not listed.
    """
    provided = provides(graph)
    rows: set[Grant] = set()
    for principal, statement in held(graph):
        if statement.effect == "Allow":
            rows.update(_rows(principal, statement, provided))
    return tuple(sorted(rows))


def _rows(principal: str, statement: Statement, provided: Mapping[str, tuple[Store, ...]]) -> Iterator[Grant]:
    condition = "; ".join(map(str, statement.conditions))
    for resource in statement.resources:
        needing = [
            edge
            for edge in statement.edges
            if statement.sid not in READS or any(resource in one.targets() for one in provided[edge[0]])
        ]
        for name in [" -> ".join(edge) for edge in needing] or [""]:
            for action in statement.actions:
                yield Grant(
                    name, principal, action, str(resource), condition, statement.why, _kind(statement)
                )


def _kind(statement: Statement) -> str:
    if statement.sid == READ_FORWARDED:
        return "forwarded"
    return "edge" if statement.edges else "own"
