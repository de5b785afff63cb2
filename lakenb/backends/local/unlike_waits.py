"""In what the waits of a run are unlike AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.services import Service

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def unlike_waits(graph: Graph) -> tuple[str, ...]:
    """Return in what the waits of a run are unlike AWS's, a sentence each; none where nothing waits."""
    used = {service for step in graph.nodes.values() for service in step.services()}
    sentences = []
    if used & {Service.MACHINE, Service.SCHEDULES}:
        sentences.append(
            "A run does not sit through a wait: once all else is still, time is put forward to the next one"
        )
    if Service.MACHINE in used:
        sentences.append(
            "A state machine that is refused tries again in half a second; on AWS after seconds, then minutes"
        )
    return tuple(sentences)
