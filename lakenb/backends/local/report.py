"""The server's decisions in the words of the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.records.run import Decision
from lakenb.template.names import Kind

if TYPE_CHECKING:
    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph


def decision_records(emulator: Emulator, stack: Stack, graph: Graph) -> tuple[Decision, ...]:
    """Return every decision so far, principals as nodes where they are roles of the pipeline."""
    roles = {stack.id(node, Kind.ROLE): node for node in graph.nodes}
    return tuple(
        Decision(
            order,
            _who(raw.principal, roles),
            raw.principal,
            raw.action,
            raw.resource,
            raw.outcome,
            " ".join(filter(None, (raw.policy, raw.sid))),
            raw.message,
            raw.source,
        )
        for order, raw in enumerate(emulator.decisions())
    )


def _who(principal: str, roles: dict[str, str]) -> str:
    """Return a node's id, ``deployer`` for the run's own user, or the principal itself (a service)."""
    resource = principal.rpartition(":")[2]
    kind, _, name = resource.partition("/")
    if kind in {"assumed-role", "role"}:
        return roles.get(name.partition("/")[0], principal)
    return "deployer" if kind == "user" else principal
