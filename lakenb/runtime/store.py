"""A node's own store: it is only ever written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lakenb.events import Document, S3Location
from lakenb.runtime.faults import FaultError, Kind, judged
from lakenb.runtime.media_types import suffix_of_type
from lakenb.runtime.names import safe_name
from lakenb.runtime.outputs import Readable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Body, NewDocument, Placement
    from lakenb.runtime.settings import Settings

_PART_BYTES = 8 * 1024 * 1024
_MAX_PARTS = 10_000  # Amazon S3 User Guide, "Amazon S3 multipart upload limits"
_MAX_COPY_BYTES = 5 * 1024**3  # CopyObject copies at most 5 GiB in one call
_COPY_PART_BYTES = 512 * 1024 * 1024


class Store:
    """Puts a node's outputs.

    Parameters
    ----------
    settings, clients, deadline
        The function's own.
    max_copy_bytes, copy_part_bytes
        What is longer than the first is copied in parts of the second.
    """

    def __init__(
        self,
        settings: Settings,
        clients: Clients,
        deadline: Deadline,
        *,
        max_copy_bytes: int = _MAX_COPY_BYTES,
        copy_part_bytes: int = _COPY_PART_BYTES,
    ) -> None:
        self._settings = settings
        self._clients = clients
        self._deadline = deadline
        self._max_copy_bytes = max_copy_bytes
        self._copy_part_bytes = copy_part_bytes

    def locate(
        self, chain_id: str, event_id: str, *, ordinal: int, mime_type: str, placement: Placement
    ) -> S3Location:
        """Return where an output is put: the same place whenever the same message is handled.

        ``<prefix><chain id>/<id of the output's event>/<name, or ordinal and suffix>``, or the key that the
        handler chose, below the prefix.
        """
        if self._settings.store is None:
            reason = f"the node '{self._settings.node}' has no store: it can pass documents on, not make any"
            raise FaultError(Kind.HANDLER_ERROR, reason)
        if placement.key is not None:
            return S3Location(self._settings.store, self._settings.store_prefix + placement.key)
        name = safe_name(placement.name) if placement.name else f"{ordinal:05}{suffix_of_type(mime_type)}"
        return S3Location(self._settings.store, f"{self._settings.store_prefix}{chain_id}/{event_id}/{name}")

    def put(self, made: NewDocument, location: S3Location) -> Document:
        """Put a new document and return its description.

        What fits one part is put by one call; what is longer by parts, one in memory at a time.
        """
        self._deadline.check()
        head = self._head(made.type, location, made.placement)
        parts = _parts(_blocks(made.body))
        first = next(parts, b"")
        second = next(parts, None)
        if second is None:
            with judged(f"writing {location.url}", is_own=True):
                answer = self._clients.s3.put_object(**head, Body=first)
            return Document(location.url, made.type, len(first), _etag(answer))
        upload = _Upload(self._clients.s3, location, head)
        with upload:
            for part in _chain(first, second, parts):
                self._deadline.check()
                upload.put(part)
        return Document(location.url, made.type, upload.size, upload.etag)

    def copy(self, document: InputDocument, location: S3Location, placement: Placement) -> Document:
        """Copy the input: S3 moves the bytes, and only those of the event's version.

        Neither user metadata nor tags come along: a copy holds what the event says, nothing that its
        reader did not ask for.
        """
        self._deadline.check()
        source = {"CopySource": {"Bucket": document.location.bucket, "Key": document.location.key}}
        if document.etag:
            source["CopySourceIfMatch"] = f'"{document.etag}"'  # type: ignore[assignment]  # boto3 takes it
        head = self._head(document.type, location, placement)
        if document.size is not None and document.size > self._max_copy_bytes:
            return self._copy_parts(document, location, source, head)
        with judged(f"copying {document.url} to {location.url}"):
            answer = self._clients.s3.copy_object(
                **head, **source, MetadataDirective="REPLACE", TaggingDirective="REPLACE"
            )
        return Document(location.url, document.type, document.size, _etag(answer["CopyObjectResult"]))

    def _copy_parts(
        self, document: InputDocument, location: S3Location, source: dict[str, Any], head: dict[str, Any]
    ) -> Document:
        """Copy what is too long for one call."""
        size = document.size or 0
        upload = _Upload(self._clients.s3, location, head)
        with upload:
            for first, last in copy_ranges(size, self._copy_part_bytes):
                self._deadline.check()
                upload.copy(source, first, last)
        return Document(location.url, document.type, size, upload.etag)

    def _head(self, mime_type: str, location: S3Location, placement: Placement) -> dict[str, Any]:
        """Return what every way of writing an object says about it."""
        head = {"Bucket": location.bucket, "Key": location.key, "ContentType": mime_type}
        if placement.storage_class != "STANDARD":
            head["StorageClass"] = placement.storage_class
        return head


def copy_ranges(size: int, part_bytes: int = _COPY_PART_BYTES) -> Iterator[tuple[int, int]]:
    """Return the first and last byte of each part of a long copy: at most 10,000 parts, without gaps."""
    length = max(part_bytes, -(-size // _MAX_PARTS))
    for first in range(0, size, length):
        yield first, min(first + length, size) - 1


class _Upload:
    """A multipart upload that is completed, or aborted: the parts of an unfinished one would stay."""

    def __init__(self, s3: Any, location: S3Location, head: dict[str, Any]) -> None:
        self._s3 = s3
        self._location = location
        self._parts: list[dict[str, Any]] = []
        self._doing = f"writing {location.url}"
        self.size = 0
        self.etag: str | None = None
        with judged(self._doing, is_own=True):
            self._id = s3.create_multipart_upload(**head)["UploadId"]

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Complete the upload, or abort it when something was raised."""
        target = {"Bucket": self._location.bucket, "Key": self._location.key, "UploadId": self._id}
        if kind is not None:
            self._s3.abort_multipart_upload(**target)
            return
        with judged(self._doing, is_own=True):
            answer = self._s3.complete_multipart_upload(**target, MultipartUpload={"Parts": self._parts})
        self.etag = _etag(answer)

    def put(self, body: bytes) -> None:
        """Add bytes."""
        with judged(self._doing, is_own=True):
            answer = self._s3.upload_part(**self._next(), Body=body)
        self.size += len(body)
        self._note(answer)

    def copy(self, source: dict[str, Any], first: int, last: int) -> None:
        """Add bytes of an object in S3."""
        with judged(f"{self._doing} from another object"):
            answer = self._s3.upload_part_copy(
                **self._next(), **source, CopySourceRange=f"bytes={first}-{last}"
            )
        self.size += last - first + 1
        self._note(answer["CopyPartResult"])

    def _next(self) -> dict[str, Any]:
        number = len(self._parts) + 1
        if number > _MAX_PARTS:
            raise FaultError(Kind.TOO_LARGE, f"{self._doing} needs more than {_MAX_PARTS} parts")
        return {
            "Bucket": self._location.bucket,
            "Key": self._location.key,
            "UploadId": self._id,
            "PartNumber": number,
        }

    def _note(self, answer: dict[str, Any]) -> None:
        self._parts.append({"PartNumber": len(self._parts) + 1, "ETag": answer["ETag"]})


def _etag(answer: Any) -> str:
    """Return an answer's ETag as events carry it: without quotes."""
    return str(answer["ETag"]).strip('"')


def _blocks(body: Body) -> Iterator[bytes]:
    """Return a body's bytes, whatever it was given as."""
    match body:
        case str():
            yield body.encode()
        case bytes():
            yield body
        case Iterator():
            yield from body
        case Readable():
            yield from _read(body)
        case _:
            yield from body


def _read(stream: Readable) -> Iterator[bytes]:
    while block := stream.read(_PART_BYTES):
        yield block


def _parts(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the same bytes in parts of one size, the last one shorter; nothing for no bytes."""
    waiting = bytearray()
    for block in blocks:
        if not waiting and len(block) == _PART_BYTES:
            yield bytes(block)
            continue
        waiting += block
        while len(waiting) >= _PART_BYTES:
            yield bytes(waiting[:_PART_BYTES])
            del waiting[:_PART_BYTES]
    if waiting:
        yield bytes(waiting)


def _chain(first: bytes, second: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield second
    yield from rest
