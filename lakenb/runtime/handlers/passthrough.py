"""The passthrough: the same document, perhaps with more metadata. Nothing of either is logged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, PassedOn


def handle(document: InputDocument, context: Context) -> PassedOn:
    """Return the document itself."""
    values = context.options.get("metadata")
    return context.metadata(document.with_custom(values) if values else {})
