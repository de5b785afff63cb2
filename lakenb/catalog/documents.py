"""Middlewares that open documents made for printing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from datetime import timedelta
from typing import Any, ClassVar, cast

from lakenb.catalog.confinement import confinement, confinement_faults
from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware

TASKS = ("text", "pages", "images")
# At 72 a point is a pixel; above 1200 a page of letter size has over a hundred million.
_DPI = (18, 1200)
# 4 bytes each while they are drawn: 400 MB at most, and `memory_mib` must have room for them.
_MAX_PIXELS = 100_000_000
_MAX_PAGES = 10_000

_ROW = Row(
    kind="pdf-text-converter",
    part=Part.TRANSFORMER,
    input_types=("application/pdf",),
    output_types=("text/plain",),
    handler="lakenb.runtime.handlers.pdf_text_converter",
    memory_mib=1024,
    timeout=timedelta(seconds=300),
    batch_size=1,
    packages=("pypdfium2==5.15.2",),
)
_ROW_OF_IMAGES = replace(_ROW, output_types=("image/png",))


class _RowOfTask:
    """The row, whose output types the task decides."""

    def __get__(self, step: PdfTextConverter | None, owner: type) -> Row:
        return _ROW_OF_IMAGES if step is not None and step.task == "images" else _ROW


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class PdfTextConverter(Step):
    """Convert PDFs to text or pictures.

    Parameters
    ----------
    task
        ``"text"`` makes one text of the document, ``"pages"`` a text of each page that has one,
        ``"images"`` a picture of each page.
    first_page, last_page
        Read only these and those between; the first page is 1. A `last_page` behind the end is the end.
    dpi
        Pixels per inch of pictures.
    max_pages
        Most pages of one document; a document that needs more fails, and says so.
    max_pixels
        Most pixels of a picture; a larger page fails before it is drawn.

    Notes
    -----
    Takes ``application/pdf``; sends ``text/plain``, or ``image/png`` for pictures. Title and authors, the
    number of pages and of each page stand in the metadata. A PDF without text (a scan) fails with the task
    ``"text"`` or ``"pages"``; one that opens with a password only fails with any. Fonts that are not
    embedded are replaced. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = cast("Row", _RowOfTask())

    _: KW_ONLY
    task: str = "text"
    first_page: int | None = None
    last_page: int | None = None
    dpi: int = 150
    max_pages: int = 2_000
    max_pixels: int = 25_000_000

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with task, pages and pixels."""
        faults = confinement_faults(self.settings(), where)
        if self.task not in TASKS:
            faults.append(Fault(f"task is {shown(self.task)}", where, f"one of {', '.join(TASKS)}"))
        for name, low, high in (
            ("first_page", 1, None),
            ("last_page", 1, None),
            ("dpi", *_DPI),
            ("max_pages", 1, _MAX_PAGES),
            ("max_pixels", 1, _MAX_PIXELS),
        ):
            faults += _number_faults(name, getattr(self, name), low, high, where)
        if not faults and self.first_page and self.last_page and self.first_page > self.last_page:
            what = f"first_page {self.first_page} is behind last_page {self.last_page}"
            faults.append(Fault(what, where, "set last_page to first_page or more"))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {
            "task": self.task,
            "first_page": self.first_page,
            "last_page": self.last_page,
            "dpi": self.dpi,
            "max_pages": self.max_pages,
            "max_pixels": self.max_pixels,
            **confinement(self.settings()),
        }


def _number_faults(name: str, value: object, low: int, high: int | None, where: str) -> list[Fault]:
    if value is None and high is None:
        return []
    if isinstance(value, bool) or not isinstance(value, int):
        return [wrong_type(name, value, "a whole number", where)]
    if value < low or (high is not None and value > high):
        allowed = f"at least {low}" if high is None else f"a number from {low} to {high}"
        return [Fault(f"{name} is {value}", where, f"set {name} to {allowed}")]
    return []
