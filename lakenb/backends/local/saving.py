"""Documents that reached the ends of a pipeline, written to a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.events.locations import S3Location
from lakenb.graph.steps import Part

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run


def save_ends(session: LocalSession, run: Run, folder: Path) -> None:
    """Write connectors' documents below a folder, under names that cannot leave it."""
    ends = {node for node, step in session.graph.nodes.items() if step.row.part is Part.CONNECTOR}
    for document in run.document_records:
        if document.node not in ends:
            continue
        key = S3Location.from_url(document.url).key
        parts = [part for part in key.split("/") if part not in {"", ".", ".."}]
        target = folder.joinpath(document.node, *parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(session.read(document.url))
