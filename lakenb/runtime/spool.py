"""A document as a file: for libraries that need to seek, which a stream from S3 cannot."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.runtime.documents import InputDocument

# AWS Lambda quotas: /tmp has 512 MB unless more is asked for; half of it, and the rest for the handler.
MAX_SPOOLED_BYTES = 256 * 2**20
_BLOCK = 2**20


@contextmanager
def spooled(document: InputDocument, max_bytes: int = MAX_SPOOLED_BYTES) -> Iterator[IO[bytes]]:
    """Give a document as a file on disk, at its start, and remove the file at the end.

    The file has no name: even of a process that is killed nothing stays in ``/tmp``.

    Parameters
    ----------
    document
        The document.
    max_bytes
        A longer one is refused: before it is read, where its size is known.

    Raises
    ------
    FaultError
        If the document is empty or too long.
    """
    if document.size is not None:
        _check(document.size, max_bytes)
    with tempfile.TemporaryFile() as file:
        size = 0
        with document.open() as stream:
            while block := stream.read(_BLOCK):
                size += len(block)
                _check(size, max_bytes)
                file.write(block)
        _check(size, max_bytes)
        file.seek(0)
        yield file


def _check(size: int, max_bytes: int) -> None:
    if size == 0:
        raise FaultError(Kind.EMPTY_DOCUMENT, "the document is empty")
    if size > max_bytes:
        reason = f"the document has more than {max_bytes} bytes, the most that this node reads: divide it"
        raise FaultError(Kind.TOO_LARGE, reason)
