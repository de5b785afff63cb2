"""The zip reader: every file of an archive becomes a document of its own.

All or nothing. An archive that was made to harm its reader, that is damaged, encrypted or beyond a bound
fails as a whole, and no event tells of any part of it. Folders, links and devices hold no document and are
left out; how many links and devices there were is said in the metadata. An archive within an archive is a
document like any other.

Whatever the directory says about sizes is checked first, and never believed: bytes are counted as they come.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import chain
from typing import IO, TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile
from zlib import error as DeflateError  # noqa: N812 - zlib's name for it says nothing

from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.zip_directory import Entry, Limits, checked_entries, directory_start
from lakenb.runtime.media_types import SIGNATURE_BYTES, UNKNOWN, type_of_bytes, type_of_name
from lakenb.runtime.spool import spooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, NewDocument

_BLOCK = 262_144
# What the library raises for bytes that are not as they must be; a lie about a size ends as a wrong checksum.
_BROKEN = (BadZipFile, DeflateError, EOFError, NotImplementedError, RuntimeError, UnicodeError, ValueError)


def handle(document: InputDocument, context: Context) -> Iterator[NewDocument]:
    """Return the files of an archive as documents, in the order of its directory.

    Raises
    ------
    FaultError
        If the archive is none, holds no file, is beyond a bound or fails as the module's text says.
    """
    limits = Limits(**context.options)
    with spooled(document, limits.max_archive_bytes) as file:
        length = file.seek(0, 2)
        start = directory_start(file, limits)
        with _opened(file) as archive:
            entries, left_out = checked_entries(archive.infolist(), file, start, limits)
            if not entries:
                raise FaultError(Kind.EMPTY_DOCUMENT, "the archive holds no file")
            contents = _Contents(archive, length, limits)
            for entry in entries:
                yield _made(document, context, contents, entry, left_out)


@contextmanager
def _opened(file: IO[bytes]) -> Iterator[ZipFile]:
    with _damage("the archive's directory"):
        archive = ZipFile(file)
    with archive:
        yield archive


class _Contents:
    """Reads entries, and counts what all of them together have become."""

    def __init__(self, archive: ZipFile, length: int, limits: Limits) -> None:
        self._archive = archive
        self._length = length
        self._limits = limits
        self._total = 0

    def blocks(self, entry: Entry) -> Iterator[bytes]:
        """Return an entry's bytes, block by block."""
        size = 0
        with _damage(entry.place), self._archive.open(entry.info) as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                self._total += len(block)
                self._limits.check(size, entry.info.compress_size, entry.place)
                self._limits.check(self._total, self._length, "what the archive holds")
                yield block
        # no more than was said, and within bounds: the library stops there, and the checksum then is wrong
        if size != entry.info.file_size:
            raise FaultError(Kind.MALFORMED, f"{entry.place} is shorter than the archive says")


def _made(
    document: InputDocument, context: Context, contents: _Contents, entry: Entry, left_out: int
) -> NewDocument:
    """Return the document of an entry; its type is told as a trigger tells an upload's."""
    blocks = contents.blocks(entry)
    first = next(blocks, b"")
    mime_type = type_of_name(entry.name) or type_of_bytes(first[:SIGNATURE_BYTES]) or UNKNOWN
    own: dict[str, Any] = {"entryOf": document.url, "path": entry.shown_path}
    if left_out:
        own["leftOut"] = left_out
    metadata = {"title": entry.shown_path.rpartition("/")[2], **document.with_custom({"zip": own})}
    return context.document(chain((first,), blocks), type=mime_type, name=entry.name, metadata=metadata)


@contextmanager
def _damage(place: str) -> Iterator[None]:
    """Turn what the library raises into a verdict; its texts may quote names."""
    try:
        yield
    except _BROKEN as error:
        raise FaultError(Kind.MALFORMED, f"{place} cannot be read: its bytes are damaged") from error
