"""An e-mail's parts, read from a stream line by line: what is kept of them lies in a file, not in memory.

The standard library's parser holds a message whole, several times over. Here a part's headers are parsed by
it, and its body is decoded as it passes. The rules are those of RFC 2046, section 5.1, read the way that
parser reads them: lines may end with a line feed alone, and a multipart that lacks its last delimiter ends
where one of its surroundings does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, NamedTuple

from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.email_decoding import transfer_decoder
from lakenb.runtime.handlers.email_headers import Headers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_LONGEST_LINE = 65_536  # a longer one is read in pieces
_BATCH_BYTES = 65_536
_READ_BYTES = 262_144
_IN_MEMORY = 2 * 1024 * 1024
_MOST_HEADER_BYTES = 512 * 1024  # ten thousand recipients; the parser needs some twenty times as much
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one message.

    Parameters
    ----------
    message_bytes, attachment_bytes
        Of the message as it is sent, and of all its attachments together when decoded.
    parts, depth
        How many parts there are, and how deep multiparts are nested.
    """

    message_bytes: int
    attachment_bytes: int
    parts: int
    depth: int


class Spool:
    """A temporary file to which bodies are written one after the other."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - closed by `close`
        self.end: int = 0

    def write(self, data: bytes) -> None:
        """Add bytes."""
        self._file.write(data)
        self.end += len(data)

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """Return bytes that were added, block by block; reads may take turns."""
        while start < end:
            self._file.seek(start)
            block = self._file.read(min(_READ_BYTES, end - start))
            start += len(block)
            yield block

    def close(self) -> None:
        """Delete the file."""
        self._file.close()


@dataclass(slots=True)
class Part:
    """A part of a message, or the message itself.

    Parameters
    ----------
    headers
        Its headers.
    type
        Its MIME type.
    children
        The parts of a multipart.
    start, size
        Where its decoded body lies in the spool, and how long it is; a body that is not kept has a size only.
    damage
        What of it could not be read as it was written.
    """

    headers: Headers
    type: str
    children: list[Part] = field(default_factory=list)
    start: int = 0
    size: int = 0
    damage: set[str] = field(default_factory=set)

    @property
    def is_multipart(self) -> bool:
        """Whether it has parts."""
        return self.type.startswith("multipart/")

    @property
    def is_attachment(self) -> bool:
        """Whether it is a document of its own: whatever is not text to be read with the message."""
        return self.type not in {"text/plain", "text/html"} or self.headers.is_attachment

    def leaves(self) -> Iterator[Part]:
        """Return the parts without parts, in their order."""
        if not self.is_multipart:
            yield self
        for child in self.children:
            yield from child.leaves()


class _End(NamedTuple):
    """What ended a body: the delimiter of a multipart around it, the outermost being 0."""

    level: int
    is_last: bool


def read_message(
    stream: BinaryIO, spool: Spool, limits: Limits, is_kept: Callable[[Part], bool]
) -> tuple[Part, bool]:
    """Return a message's parts, and whether it ends before its last delimiter.

    Parameters
    ----------
    stream
        The message.
    spool
        Where bodies are written.
    limits
        What is refused.
    is_kept
        Tells whether a part's body is written at all.

    Raises
    ------
    FaultError
        If the message is beyond a limit.
    """
    return _Reader(stream, spool, limits, is_kept).read()


class _Reader:
    def __init__(
        self, stream: BinaryIO, spool: Spool, limits: Limits, is_kept: Callable[[Part], bool]
    ) -> None:
        self._stream = stream
        self._spool = spool
        self._limits = limits
        self._is_kept = is_kept
        self._read = 0
        self._parts = 0
        self._kept = 0
        self._again: list[bytes] = []  # lines to be read once more
        self._is_at_start = self._is_at_start_of_next = True  # of a line
        self._delimiters: list[bytes] = []  # of the multiparts around, outermost first

    def read(self) -> tuple[Part, bool]:
        """Return the whole message and whether it is cut off."""
        message, end = self._part("text/plain")
        # a message has no delimiter around it: the only thing that may end it is the end of the stream
        return message, message.is_multipart and not (end and end.is_last)

    def _part(self, default_type: str) -> tuple[Part, _End | None]:
        """Read a part, and return it with what ended it; None is the end of the stream."""
        self._parts += 1
        if self._parts > self._limits.parts:
            raise _too_large(f"has more than {self._limits.parts} parts: raise max_parts")
        headers, end = self._headers()
        part = Part(headers, headers.mime_type(default_type))
        boundary = headers.boundary if part.is_multipart else b""
        if part.is_multipart and not boundary:
            part.type, part.damage = "text/plain", {"boundary"}
        if end is not None:
            return part, end
        if boundary:
            return part, self._multipart(part, b"--" + boundary)
        return part, self._body(part)

    def _headers(self) -> tuple[Headers, _End | None]:
        lines: list[bytes] = []
        size, end = 0, None
        while line := self._line():
            end = self._end_at(line)
            if end or (self._is_at_start and not line.strip(b"\r\n")):
                break
            is_mailbox_line = not lines and line.startswith((b"From ", b">From "))
            if self._is_at_start and not is_mailbox_line and not _HEADER.match(line):
                self._again.append(line)  # the empty line is missing
                break
            if not is_mailbox_line:
                lines.append(line)
            size += len(line)
            if size > _MOST_HEADER_BYTES:
                raise _too_large(f"has headers of more than {_MOST_HEADER_BYTES} bytes")
        return Headers(b"".join(lines)), end

    def _multipart(self, part: Part, delimiter: bytes) -> _End | None:
        """Read what lies between the delimiters of a multipart; return what ended it."""
        level = len(self._delimiters)
        if level >= self._limits.depth:
            raise _too_large(f"has parts nested more than {self._limits.depth} deep: raise max_depth")
        child_type = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
        self._delimiters.append(delimiter)
        end = self._skip()
        while end and end.level == level and not end.is_last:
            child, end = self._part(child_type)
            part.children.append(child)
        del self._delimiters[level:]
        if end and end.level == level:
            after = self._skip()
            return after if level else end
        part.damage.add("delimiter")
        return end

    def _skip(self) -> _End | None:
        """Read on to the next delimiter."""
        while line := self._line():
            if end := self._end_at(line):
                return end
        return None

    def _body(self, part: Part) -> _End | None:
        """Read a body without parts to its end, decoded."""
        decoder = transfer_decoder(part.headers.transfer_encoding)
        is_kept = self._is_kept(part)
        part.start = self._spool.end

        def add(data: bytes) -> None:
            part.size += len(data)
            if part.is_attachment and is_kept:
                self._count(len(data))
            if is_kept:
                self._spool.write(data)

        end = None
        batch: list[bytes] = []
        size, tail = 0, b""
        while line := self._line():
            if line.startswith(b"--") and (end := self._end_at(line)):
                break
            batch.append(line)
            size += len(line)
            if size >= _BATCH_BYTES:
                data = tail + b"".join(batch)
                # the end of the last line belongs to the delimiter that may follow
                add(decoder.feed(data[:-2]))
                batch, size, tail = [], 0, data[-2:]
        data = tail + b"".join(batch)
        if end:
            data = data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data
        add(decoder.feed(data))
        add(decoder.finish())
        if decoder.is_damaged:
            part.damage.add("transfer encoding")
        return end

    def _count(self, size: int) -> None:
        self._kept += size
        most = self._limits.attachment_bytes
        if self._kept > most:
            raise _too_large(f"has attachments of more than {most} bytes: raise max_attachment_bytes")

    def _line(self) -> bytes:
        """Return the next line, or the next piece of a long one; nothing at the end."""
        if self._again:
            return self._again.pop()
        self._is_at_start = self._is_at_start_of_next
        line = self._stream.readline(_LONGEST_LINE)
        self._is_at_start_of_next = line.endswith(b"\n")
        self._read += len(line)
        if self._read > self._limits.message_bytes:
            raise _too_large(f"is longer than {self._limits.message_bytes} bytes: raise max_message_bytes")
        return line

    def _end_at(self, line: bytes) -> _End | None:
        """Return which multipart's delimiter a line is, the innermost first; None if it is none."""
        if not self._is_at_start or not line.startswith(b"--"):
            return None
        bare = line.rstrip(b" \t\r\n")
        for level in range(len(self._delimiters) - 1, -1, -1):
            if bare == self._delimiters[level]:
                return _End(level, is_last=False)
            if bare == self._delimiters[level] + b"--":
                return _End(level, is_last=True)
        return None


def _too_large(reason: str) -> FaultError:
    return FaultError(Kind.TOO_LARGE, f"the message {reason}")
