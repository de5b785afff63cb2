"""In what the file systems of a run are unlike AWS's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.services import Service

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def unlike_files(graph: Graph) -> tuple[str, ...]:
    """Return in what the file systems of a run are unlike AWS's, a sentence each; none without one."""
    if not any(Service.FILES in step.services() for step in graph.nodes.values()):
        return ()
    return (
        "A file system is a folder of the run: its mount, TLS, access point and policy were not exercised",
    )
