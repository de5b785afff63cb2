"""What a trigger finds out about an object that somebody else put: its version, its size and its type.

One call for each object tells size, version and type (``HeadObject``); only an object whose name and uploader
say nothing about its type costs a second one, for its first bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.events import Document
from lakenb.runtime.faults import FaultError, Kind, judged
from lakenb.runtime.media_types import SIGNATURE_BYTES, UNKNOWN, type_of_bytes, type_of_header, type_of_name

if TYPE_CHECKING:
    from lakenb.events import S3Location
    from lakenb.runtime.clients import Clients


def arrived(location: S3Location, clients: Clients, etag: str | None = None) -> Document:
    """Return the description of an object.

    Parameters
    ----------
    location
        Where it lies; that this node may look there is the caller's to know.
    clients
        The function's own.
    etag
        The version that is meant; None means the one that is there.

    Raises
    ------
    FaultError
        If there is none, it may not be read, or it is another version than the one that is meant.
    RetryError
        If S3 did not answer.
    """
    with judged(f"looking at {location.url}"):
        head = clients.s3.head_object(Bucket=location.bucket, Key=location.key)
    found = head["ETag"].strip('"')
    if etag is not None and etag != found:
        reason = f"{location.url} was replaced before it was looked at: the newer upload has its own event"
        raise FaultError(Kind.SUPERSEDED, reason)
    size = head["ContentLength"]
    told = type_of_name(location.name) or type_of_header(head.get("ContentType"))
    return Document(location.url, told or _type_of_content(location, clients, found, size), size, found)


def _type_of_content(location: S3Location, clients: Clients, etag: str, size: int) -> str:
    """Return the type that an object's first bytes tell."""
    if size == 0:
        return UNKNOWN
    with judged(f"reading the start of {location.url}"):
        answer = clients.s3.get_object(
            Bucket=location.bucket,
            Key=location.key,
            IfMatch=f'"{etag}"',
            Range=f"bytes=0-{SIGNATURE_BYTES - 1}",
        )
        start: bytes = answer["Body"].read()
    return type_of_bytes(start) or UNKNOWN
