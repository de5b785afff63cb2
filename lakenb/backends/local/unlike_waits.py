"""In what the waits of a run are unlike AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.services import Service

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def unlike_waits(graph: Graph) -> tuple[str, ...]:
    """Return in what the waits of a run are unlike AWS's, a sentence each."""
    if not any(Service.MACHINE in step.services() for step in graph.nodes.values()):
        return ()
    return (
        "A run does not sit through a wait: once all else is still, time is put forward to the next one's end",
        "A state machine that is refused tries again within half a second; on AWS after seconds, then minutes",
    )
