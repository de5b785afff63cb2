"""Zip archives made for tests, honest ones and others."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
from dataclasses import dataclass

LINK = 0o120777 << 16
DEVICE = 0o020644 << 16


@dataclass(frozen=True)
class File:
    """One entry: its name as it is written, its bytes, and what its attributes say."""

    name: str
    body: bytes = b"abc"
    attributes: int = 0
    method: int = zipfile.ZIP_DEFLATED


def archive(*files: File) -> bytes:
    """Return an archive whose names are written as they are given."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w") as target:
        warnings.simplefilter("ignore")  # of two of one name
        for file in files:
            info = zipfile.ZipInfo("x", (2026, 1, 31, 12, 0, 0))
            info.filename = info.orig_filename = file.name  # the constructor would mend them
            info.external_attr = file.attributes
            info.compress_type = file.method
            target.writestr(info, file.body)
    return made.getvalue()


def patched(data: bytes, signature: bytes, offset: int, form: str, value: int) -> bytes:
    """Return an archive with one field of every record of a kind replaced."""
    made = bytearray(data)
    place = data.find(signature)
    while place >= 0:
        struct.pack_into(form, made, place + offset, value)
        place = data.find(signature, place + 4)
    return bytes(made)


def both(data: bytes, local: int, central: int, form: str, value: int) -> bytes:
    """Return an archive with a field replaced in the directory and before the bytes."""
    return patched(patched(data, b"PK\x03\x04", local, form, value), b"PK\x01\x02", central, form, value)


def directory(count: int, said: int, length: int | None = None) -> bytes:
    """Return an archive of nothing but a directory of so many empty entries, which says it has others."""
    entry = b"PK\x01\x02" + bytes(42)
    listed = entry * count
    end = struct.pack(
        "<4s4H2IH", b"PK\x05\x06", 0, 0, min(said, 65535), min(said, 65535), length or len(listed), 0, 0
    )
    if said < 65535:
        return listed + end
    size = length or len(listed)
    record = struct.pack("<4sQ2H2I4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, said, said, size, 0)
    return listed + record + struct.pack("<4sIQI", b"PK\x06\x07", 0, len(listed), 1) + end


def overlapping(body: bytes, names: tuple[str, ...]) -> bytes:
    """Return an archive whose entries all stand for the same bytes."""
    one = archive(File(names[0], body))
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    listed = b"".join(one[start : start + 46] + name.encode() for name in names if len(name) == len(names[0]))
    tail = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(names), len(names), len(listed), start, 0)
    assert one[start + 46 + len(names[0]) : end] == b""
    return one[:start] + listed + tail
