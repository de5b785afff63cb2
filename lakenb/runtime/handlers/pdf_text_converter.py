"""The PDF converter: its text, whole or page by page, or pictures of its pages.

Whole text is that of the pages, a blank line between two. Pages without text add nothing to it, and make no
document of their own; a PDF in which no page has text is a fault, for what it holds are pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.runtime.confined import Bounds, confined
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.pdf_pages import read
from lakenb.runtime.spool import spooled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.runtime.confined import Piece
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, NewDocument

_BETWEEN_PAGES = b"\n\n"


def handle(document: InputDocument, context: Context) -> Iterator[NewDocument]:
    """Return what a PDF holds, as documents.

    Raises
    ------
    FaultError
        If the PDF is empty, encrypted, damaged, too large, or has no text where text is asked for.
    """
    options = context.options
    bounds = Bounds(options["child_memory_mib"], options["child_seconds"])
    with spooled(document) as file:
        pieces = confined(read, file, options, bounds)
        about, _ = next(pieces)
        match options["task"]:
            case "images":
                yield from _images(pieces, about, context)
            case "pages":
                yield from _pages(pieces, about, context)
            case _:
                attributes = {"pages": about["pages"]}
                metadata = _metadata(about, "text", attributes)
                yield context.document(_whole(pieces), type="text/plain", name="text.txt", metadata=metadata)


def _whole(pieces: Iterator[Piece]) -> Iterator[bytes]:
    """Return the pages' text as one."""
    is_first = True
    for _, text in pieces:
        if text:
            yield text if is_first else _BETWEEN_PAGES + text
            is_first = False
    if is_first:
        raise _no_text()
    yield b"\n"


def _pages(pieces: Iterator[Piece], about: Mapping[str, Any], context: Context) -> Iterator[NewDocument]:
    """Return a text for each page that has one."""
    is_empty = True
    for piece, text in pieces:
        if not text:
            continue
        is_empty = False
        number = piece["page"]
        metadata = _metadata(about, "text", {"page": number, "pages": about["pages"]})
        name = f"page-{number:05}.txt"
        yield context.document(text + b"\n", type="text/plain", name=name, metadata=metadata)
    if is_empty:
        raise _no_text()


def _images(pieces: Iterator[Piece], about: Mapping[str, Any], context: Context) -> Iterator[NewDocument]:
    """Return a picture for each page."""
    for piece, image in pieces:
        number = piece["page"]
        attributes = {
            "dimensions": {"width": piece["width"], "height": piece["height"]},
            "format": "png",
            "custom": {"page": number, "pages": about["pages"]},
        }
        metadata = _metadata(about, "image", attributes)
        name = f"page-{number:05}.png"
        yield context.document(image, type="image/png", name=name, metadata=metadata)


def _metadata(about: Mapping[str, Any], kind: str, attributes: Mapping[str, Any]) -> dict[str, Any]:
    known = {name: about[name] for name in ("title", "authors") if name in about}
    return {**known, "properties": {"kind": kind, "attrs": attributes}}


def _no_text() -> FaultError:
    reason = "no page that was read has text: it may be scanned. Make pictures of it (task='images'), "
    return FaultError(Kind.NO_TEXT, reason + "and send them to text recognition")
