"""The image metadata extractor: the document goes on as it is, with what its picture tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.runtime.confined import Bounds, confined
from lakenb.runtime.handlers.image_facts import read
from lakenb.runtime.spool import spooled

if TYPE_CHECKING:
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, PassedOn


def handle(document: InputDocument, context: Context) -> PassedOn:
    """Return the document with dimensions, format, orientation, colour and EXIF.

    Raises
    ------
    FaultError
        If the document is empty, no image of a known format, cut off, or has too many pixels.
    """
    options = context.options
    bounds = Bounds(options["child_memory_mib"], options["child_seconds"])
    with spooled(document) as file:
        ((metadata, _),) = confined(read, file, options, bounds)
    return context.metadata(metadata)
