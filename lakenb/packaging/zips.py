"""A function's zip as a value: its hash at once, its bytes when they are asked for."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from lakenb.packaging.sources import function_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_MANIFEST = "lakenb/function.json"
_PLATFORM = "any"  # sources only: the same zip on every processor
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
_UNIX = 3
_MODE = 0o100644 << 16  # a file that everybody may read: Lambda runs functions as a user of its own


@dataclass(frozen=True, slots=True)
class Zip:
    """A zip that can be named before it exists.

    Parameters
    ----------
    hash
        Hexadecimal SHA-256 over what the zip is made from. Equal hashes stand for equal bytes.
    build
        Returns the zip's bytes.
    """

    hash: str
    build: Callable[[], bytes]


@cache
def function_zip(handler: str) -> Zip:
    """Return the zip of a function.

    The sources are read once a process.

    Parameters
    ----------
    handler
        Dotted name of the handler's module, ``lakenb.runtime.handlers.<name>``.

    Raises
    ------
    PackagingError
        If the handler does not exist, or imports what does not travel into functions.

    Examples
    --------
    >>> len(function_zip("lakenb.runtime.handlers.s3_trigger").hash)
    64
    """
    files = function_sources(handler)
    files[_MANIFEST] = _manifest(handler)

    @cache
    def build() -> bytes:
        return _zip(files)

    return Zip(_hash(files), build)


def _manifest(handler: str) -> bytes:
    """Return what the zip is for: a part of it, so that another Python minor is another zip."""
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    return json.dumps({"handler": handler, "platform": _PLATFORM, "python": minor}, sort_keys=True).encode()


def _hash(files: Mapping[str, bytes]) -> str:
    """Return the hash of the files: of each name and content with its length, so that no two sets collide."""
    digest = sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _zip(files: Mapping[str, bytes]) -> bytes:
    """Return the files as a zip: sorted, with fixed dates and modes.

    Stored, not deflated: compressors differ between builds of zlib, and sources are small.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = _MODE
            archive.writestr(entry, files[name])
    return buffer.getvalue()
