"""A WebP's container, read without a decoder: opening one takes memory for its canvas, twice."""

from __future__ import annotations

import os
from typing import IO

from lakenb.runtime.faults import FaultError, Kind

_HEADER_BYTES = 30
_CHUNK_HEADER_BYTES = 8
_FIRST_CHUNK = 12
_MAX_EXIF_BYTES = 65_536  # what a JPEG has room for; cameras write no more
_MAX_CHUNKS = 10_000


def riff_size(file: IO[bytes], size: int) -> tuple[int, int] | None:
    """Return width and height of a WebP; None if the file is none.

    Parameters
    ----------
    file
        At its start, where it stays.
    size
        Bytes of the file.

    Raises
    ------
    FaultError
        If it is cut off.

    Notes
    -----
    RFC 9649, sections 2.5 to 2.7: where the three kinds of WebP tell their size.
    """
    start = file.read(_HEADER_BYTES)
    file.seek(0)
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP":
        return None
    if len(start) < _HEADER_BYTES or int.from_bytes(start[4:8], "little") + _CHUNK_HEADER_BYTES > size:
        raise FaultError(Kind.MALFORMED, "the image is cut off")
    match start[12:16]:
        case b"VP8X":
            return _little(start[24:27]) + 1, _little(start[27:30]) + 1
        case b"VP8L":
            bits = _little(start[21:25])
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case _:
            return _little(start[26:28]) & 0x3FFF, _little(start[28:30]) & 0x3FFF


def riff_exif(file: IO[bytes], size: int) -> bytes:
    """Return the EXIF data of a WebP; nothing if it has none, or more than a camera writes."""
    at = _FIRST_CHUNK
    found = b""
    for _ in range(_MAX_CHUNKS):
        file.seek(at)
        header = file.read(_CHUNK_HEADER_BYTES)
        length = _little(header[4:])
        if len(header) < _CHUNK_HEADER_BYTES or at + length > size:
            break
        if header[:4] == b"EXIF" and length <= _MAX_EXIF_BYTES:
            found = file.read(length)
            break
        at += _CHUNK_HEADER_BYTES + length + length % 2
    file.seek(0, os.SEEK_SET)
    return found


def _little(field: bytes) -> int:
    return int.from_bytes(field, "little")
