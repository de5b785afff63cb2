"""What is read from a PDF, page by page. Runs confined: PDFium is native code, and its input is hostile."""

from __future__ import annotations

import math
import re
import struct
import unicodedata
import zlib
from typing import IO, TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.runtime.confined import Piece

_POINTS_PER_INCH = 72
_HEADER_BYTES = 1024  # readers look for the header in so many first bytes, and for %%EOF in so many last ones
_TAIL_BYTES = 65_536  # what may follow %%EOF when it is nothing but padding
# PDFs of a page repeated can hold more text than any book: the longest are some ten million characters.
_MAX_TEXT_BYTES = 64 * 2**20
_MAX_TITLE = 500
_MAX_NAME = 200
_MAX_AUTHORS = 20
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SECURITY = 5  # FPDF_ERR_SECURITY
# A hyphen at a line's end, which PDFium writes in place of both.
_LINE_END_HYPHEN = "\ufffe"
_PNG = b"\x89PNG\r\n\x1a\n"
_METRES_PER_INCH = 0.0254


def read(file: IO[bytes], options: Mapping[str, Any]) -> Iterator[Piece]:
    """Return what is known about a PDF, then its pages.

    Parameters
    ----------
    file
        The PDF.
    options
        ``task``, ``first_page``, ``last_page``, ``max_pages``, ``dpi``, ``max_pixels``.

    Returns
    -------
    Iterator[Piece]
        First ``{"pages", "title", "authors"}``. Then for each chosen page ``{"page"}`` and its text, which
        may be empty, or ``{"page", "width", "height"}`` and a PNG.

    Raises
    ------
    FaultError
        If the PDF is damaged, encrypted, or more than the options let pass.
    """
    _check_ends(file)
    pdf = _opened(file)
    pages = len(pdf)
    chosen = _chosen(pages, options)
    yield {"pages": pages, **_about(pdf.get_metadata_dict(skip_empty=True))}, b""
    if options["task"] == "images":
        pdf.init_forms()  # what was filled in is a part of the picture
    length = 0
    for number in chosen:
        page = _page(pdf, number)
        if options["task"] == "images":
            width, height, image = _image(page, number, options)
            yield {"page": number, "width": width, "height": height}, image
        else:
            text = _text(page).encode()
            length += len(text)
            if length > _MAX_TEXT_BYTES:
                reason = f"the document has more than {_MAX_TEXT_BYTES} bytes of text: take fewer pages"
                raise FaultError(Kind.TOO_LARGE, reason)
            yield {"page": number}, text
        page.close()  # a long document must not pile up


def _check_ends(file: IO[bytes]) -> None:
    """Refuse what is no PDF, and what was cut off: PDFium would mend it, and pages would be lost unseen."""
    if b"%PDF-" not in file.read(_HEADER_BYTES):
        raise FaultError(Kind.MALFORMED, "the document is no PDF")
    size = file.seek(0, 2)
    file.seek(max(0, size - _TAIL_BYTES))
    end = file.read().rstrip(b"\0\t\n\f\r ")[-_HEADER_BYTES:]
    file.seek(0)
    if b"%%EOF" not in end:
        raise FaultError(Kind.MALFORMED, "the PDF is cut off: the mark of its end is missing")


def _opened(file: IO[bytes]) -> Any:
    """Return the document that PDFium sees."""
    import pypdfium2  # type: ignore[import-untyped]  # noqa: PLC0415 - only the child loads it; has no types
    import pypdfium2.raw as pdfium  # type: ignore[import-untyped]  # noqa: PLC0415 - same

    _leave_out_system_fonts(pdfium)
    try:
        pdf = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        code = getattr(error, "err_code", None)
        if code == _PASSWORD:
            raise FaultError(Kind.ENCRYPTED, "the PDF opens with a password only") from None
        if code == _SECURITY:
            raise FaultError(Kind.ENCRYPTED, "the PDF is encrypted in a way that cannot be read") from None
        raise FaultError(Kind.MALFORMED, "the PDF is damaged: its structure cannot be read") from None
    return pdf


def _leave_out_system_fonts(pdfium: Any) -> None:
    """Begin anew without this machine's fonts: the same PDF must look the same wherever it is rendered.

    A font that is not embedded is replaced by one of those that PDFium brings along.
    """
    import ctypes  # noqa: PLC0415 - of the child

    pdfium.FPDF_DestroyLibrary()
    no_paths = (ctypes.POINTER(ctypes.c_char) * 1)()
    config = pdfium.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=no_paths)
    pdfium.FPDF_InitLibraryWithConfig(config)


def _chosen(pages: int, options: Mapping[str, Any]) -> range:
    """Return the numbers of the pages to read."""
    if pages == 0:
        raise FaultError(Kind.MALFORMED, "the PDF has no pages")
    first = options.get("first_page") or 1
    last = min(options.get("last_page") or pages, pages)
    if first > pages:
        reason = f"the PDF has {pages} pages, and this node reads from page {first} on"
        raise FaultError(Kind.NO_PAGES, reason)
    count = last - first + 1
    if count > options["max_pages"]:
        reason = f"the PDF has {count} pages to read, and this node reads at most {options['max_pages']}"
        raise FaultError(Kind.TOO_LARGE, f"{reason}: raise max_pages, or set first_page and last_page")
    return range(first, last + 1)


def _page(pdf: Any, number: int) -> Any:
    import pypdfium2  # noqa: PLC0415 - of the child

    try:
        return pdf[number - 1]
    except pypdfium2.PdfiumError:
        raise FaultError(Kind.MALFORMED, f"the PDF is damaged: page {number} cannot be read") from None


def _about(told: Mapping[str, str]) -> dict[str, Any]:
    """Return title and authors as the PDF tells them, cleaned and bounded."""
    title = _cleaned(told.get("Title", ""), _MAX_TITLE)
    names = (_cleaned(name, _MAX_NAME) for name in told.get("Author", "").split(";"))
    authors = [name for name in names if name][:_MAX_AUTHORS]
    return {**({"title": title} if title else {}), **({"authors": authors} if authors else {})}


def _cleaned(text: str, longest: int) -> str:
    """Return one line of visible characters."""
    visible = "".join(" " if unicodedata.category(character)[0] == "C" else character for character in text)
    return " ".join(visible.split())[:longest].rstrip()


def _text(page: Any) -> str:
    textpage = page.get_textpage()
    text: str = textpage.get_text_range()
    textpage.close()
    return plain_text(text)


_UNWANTED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff\uffff]")
_BLANKS = re.compile(r"[ \t\f]+\n")


def plain_text(text: str) -> str:
    r"""Return a page's text with ``\n`` between lines, without control characters and blanks at lines' ends.

    Examples
    --------
    >>> plain_text("dan\ufffegerous \r\nuse\x17\r\n")
    'dan-\ngerous\nuse'
    """
    text = text.replace(_LINE_END_HYPHEN, "-\n").replace("\r\n", "\n").replace("\r", "\n")
    return _BLANKS.sub("\n", _UNWANTED.sub("", text)).strip()


def _image(page: Any, number: int, options: Mapping[str, Any]) -> tuple[int, int, bytes]:
    """Return a page as a PNG, its pixels counted before any is drawn."""
    scale = options["dpi"] / _POINTS_PER_INCH
    lengths = page.get_size()
    if not all(math.isfinite(length) and length > 0 for length in lengths):
        raise FaultError(Kind.MALFORMED, f"the PDF is damaged: page {number} has no size")
    width, height = (math.ceil(length * scale) for length in lengths)
    if width * height > options["max_pixels"]:
        reason = f"page {number} would be {width} x {height} pixels, over this node's {options['max_pixels']}"
        raise FaultError(Kind.TOO_LARGE, f"{reason}: lower dpi, or raise max_pixels and memory_mib")
    bitmap = page.render(scale=scale, rev_byteorder=True, prefer_bgrx=False)
    image = png(bitmap.buffer, bitmap.width, bitmap.height, bitmap.stride, options["dpi"])
    made = bitmap.width, bitmap.height, image
    bitmap.close()
    return made


def png(pixels: Any, width: int, height: int, stride: int, dpi: int) -> bytes:
    """Return rows of RGB pixels as a PNG: every setting fixed, no time in it.

    Parameters
    ----------
    pixels
        A buffer of `height` rows, `stride` bytes apart.
    width, height
        In pixels.
    stride
        At least three bytes a pixel.
    dpi
        Pixels per inch, which text recognition asks for.
    """
    rows = memoryview(pixels).cast("B")
    deflate = zlib.compressobj(6)
    data = []
    for start in range(0, height * stride, stride):
        data += [deflate.compress(b"\0"), deflate.compress(rows[start : start + 3 * width])]
    data.append(deflate.flush())
    per_metre = round(dpi / _METRES_PER_INCH)
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        (b"IDAT", b"".join(data)),
        (b"IEND", b""),
    )
    return _PNG + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        for kind, body in chunks
    )
