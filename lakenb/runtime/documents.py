"""A document as a handler sees it: what it is, and its bytes as a stream."""

from __future__ import annotations

import codecs
import io
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import S3Location
from lakenb.runtime.faults import FaultError, Kind, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from _typeshed import WriteableBuffer

    from lakenb.events import CloudEvent, Document
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.settings import Settings

_BLOCK = 65_536
_BYTE_ORDER_MARK = "\ufeff"


def s3_location(url: str) -> S3Location | None:
    """Return the object in S3 that a URL names; None if it names none."""
    try:
        return S3Location.from_url(url)
    except EventError:
        return None


def readable_location(url: str, settings: Settings) -> S3Location:
    """Return where a document lies, or refuse it: before any call, by what the node was told alone.

    Raises
    ------
    FaultError
        If the node has no business there.
    """
    location = s3_location(url)
    if location is None or not settings.may_read(location):
        places = ", ".join(map(str, settings.sources))
        reason = f"{url} is outside of the places that this node may read: {places or 'none'}"
        raise FaultError(Kind.FOREIGN_URL, reason)
    return location


class InputDocument:
    """A document that a node is to work on.

    Parameters
    ----------
    event
        The event about it.
    settings, clients, deadline
        The function's own.
    metadata
        Returns the metadata, whole.
    """

    def __init__(
        self,
        event: CloudEvent,
        settings: Settings,
        clients: Clients,
        deadline: Deadline,
        metadata: Callable[[], Mapping[str, Any]],
    ) -> None:
        self.event = event
        self._settings = settings
        self._clients = clients
        self._deadline = deadline
        self._metadata = metadata
        self._read_metadata: Mapping[str, Any] | None = None
        self.location: S3Location = readable_location(event.data.document.url, settings)

    @property
    def url(self) -> str:
        """Where the document lies."""
        return self._document.url

    @property
    def type(self) -> str:
        """Its MIME type."""
        return self._document.type

    @property
    def size(self) -> int | None:
        """Its length in bytes, when known."""
        return self._document.size

    @property
    def etag(self) -> str | None:
        """The version that the event is about, when known."""
        return self._document.etag

    @property
    def source(self) -> Document:
        """The first document of the chain."""
        return self.event.data.source

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What is known about the document; what was too large for the event is fetched once."""
        if self._read_metadata is None:
            self._read_metadata = self._metadata()
        return self._read_metadata

    def beside(self, event: CloudEvent, metadata: Callable[[], Mapping[str, Any]]) -> InputDocument:
        """Return another document, that of an event which came with this one: it is read by the same rules.

        Raises
        ------
        FaultError
            If it lies where this node has no business.
        """
        return InputDocument(event, self._settings, self._clients, self._deadline, metadata)

    def with_custom(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return metadata in which values of one's own stand beside those that the document has."""
        return {"custom": {**self.metadata.get("custom", {}), **values}}

    @property
    def _document(self) -> Document:
        return self.event.data.document

    def open(self) -> io.BufferedReader:
        """Return the document's bytes as a stream, of exactly the version that the event is about.

        Raises
        ------
        FaultError
            If another version is there now, none, or one that may not be read.
        RetryError
            If S3 did not answer.
        """
        match = {"IfMatch": f'"{self.etag}"'} if self.etag else {}
        with judged(f"reading {self.url}"):
            answer = self._clients.s3.get_object(Bucket=self.location.bucket, Key=self.location.key, **match)
        return io.BufferedReader(_Stream(answer["Body"], self.url, self._deadline), _BLOCK)

    def text(self) -> Iterator[str]:
        """Return the document's text block by block, never whole.

        A byte order mark at the start is left out.

        Raises
        ------
        FaultError
            At the first byte that is no UTF-8, and at a NUL, which no text has. The reason tells its place.
        """
        with self.open() as stream:
            yield from decode(iter(lambda: stream.read(_BLOCK), b""), "the document")


def decode(blocks: Iterator[bytes], name: str) -> Iterator[str]:
    """Return the text that blocks of strict UTF-8 stand for, block by block.

    Parameters
    ----------
    blocks
        The bytes, cut anywhere.
    name
        What an error calls the whole.

    Raises
    ------
    FaultError
        If the bytes are no text.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    offset = 0  # of the block's first byte
    is_start = True
    for block, is_last in _with_end(blocks):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=is_last)
        except UnicodeDecodeError as error:
            place = offset - pending + error.start
            raise FaultError(Kind.NOT_TEXT, f"{name} is no text: byte {place} is no UTF-8") from None
        nul = block.find(0)
        if nul >= 0:
            raise FaultError(Kind.NOT_TEXT, f"{name} is no text: byte {offset + nul} is NUL")
        offset += len(block)
        if is_start and text:
            text = text.removeprefix(_BYTE_ORDER_MARK)
            is_start = False
        if text:
            yield text


def _with_end(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Return the blocks, and an empty last one that says so."""
    for block in blocks:
        yield block, False
    yield b"", True


class _Stream(io.RawIOBase):
    """The body of an answer as a Python stream whose errors are verdicts."""

    def __init__(self, body: Any, url: str, deadline: Deadline) -> None:
        self._body = body
        self._url = url
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer)
        self._deadline.check()
        with judged(f"reading {self._url}"):
            data: bytes = self._body.read(len(view))
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._body.close()
        super().close()
