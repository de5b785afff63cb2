"""PDFs with a known content, written byte by byte: small, and wrong where a test wants them to be."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

A4 = (595, 842)
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
_FLATE = b"/Filter /FlateDecode "


def pdf(
    pages: Sequence[str | bytes],
    *,
    size: tuple[int, int] = A4,
    title: str = "",
    author: str = "",
    filters: bytes = b"",
    ballast: int = 0,
) -> bytes:
    """Return a PDF of these pages.

    Parameters
    ----------
    pages
        A text makes a page with it; bytes are a page's content stream as it is.
    size
        Of every page, in points.
    title, author
        Written as UTF-16.
    filters
        The filter entry of every page's stream.
    ballast
        Bytes of a stream that nothing refers to.
    """
    first = 6  # the number of the first page's object; its content follows it
    kids = b" ".join(b"%d 0 R" % (first + 2 * index) for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        _FONT,
        b"<< /Title %s /Author %s >>" % (_text(title), _text(author)),
        _stream(bytes(ballast), b""),
    ]
    for index, page in enumerate(pages):
        content = page if isinstance(page, bytes) else _shown(page)
        box = b"/MediaBox [0 0 %d %d] /Resources << /Font << /F 3 0 R >> >>" % size
        objects.append(b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R >>" % (box, first + 2 * index + 1))
        objects.append(_stream(content, filters))
    return _file(objects)


def deflated(unit: bytes, times: int) -> bytes:
    """Return what inflates to a unit so many times, made without holding it."""
    deflate = zlib.compressobj(9)
    parts = [deflate.compress(unit) for _ in range(times)]
    return b"".join([*parts, deflate.flush()])


def bomb(gigabytes: int) -> bytes:
    """Return a PDF of some kilobytes whose one page inflates to so many gigabytes."""
    return pdf(
        [zlib.compress(deflated(b" " * 2**20, 1024 * gigabytes), 9)],
        filters=b"/Filter [/FlateDecode /FlateDecode] ",
    )


def repeated(operator: bytes, megabytes: int) -> bytes:
    """Return a PDF whose one page repeats an operator."""
    return pdf([deflated(operator * (2**20 // len(operator)), megabytes)], filters=_FLATE)


def _shown(text: str) -> bytes:
    lines = b"".join(b"(%s) Tj T*\n" % line.encode("latin-1") for line in text.splitlines())
    return b"BT /F 12 Tf 14 TL 72 720 Td\n%sET" % lines


def _text(text: str) -> bytes:
    return b"<feff%s>" % text.encode("utf-16-be").hex().encode()


def _stream(data: bytes, filters: bytes) -> bytes:
    return b"<< /Length %d %s>>\nstream\n%s\nendstream" % (len(data), filters, data)


def _file(objects: Sequence[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R /Info 4 0 R >>\n" % (len(objects) + 1)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)
