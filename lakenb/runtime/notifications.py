"""What S3 says about an upload, in both of its ways: straight to a queue, or through EventBridge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote_plus

from lakenb.events import S3Location, notification_id
from lakenb.runtime.faults import FaultError, Kind

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload.

    Parameters
    ----------
    location
        Where the object lies; the key as S3 knows it.
    size, etag, version_id, sequencer
        What the notification says of the object, as far as it does.
    time
        When it was uploaded: ISO 8601 in UTC.
    """

    location: S3Location
    time: str
    size: int | None = None
    etag: str | None = None
    version_id: str | None = None
    sequencer: str | None = None

    @property
    def id(self) -> str:
        """The upload's id: the same in every copy of its notification."""
        return notification_id(
            self.location.bucket, self.location.key, self.etag, self.version_id, self.sequencer
        )

    @property
    def is_folder_marker(self) -> bool:
        """Whether this is the empty object that consoles make for a folder."""
        return self.location.key.endswith("/") and self.size == 0


def is_test(received: Any) -> bool:
    """Return whether this is the message that S3 sends when notifications are configured."""
    return isinstance(received, Mapping) and received.get("Event") == "s3:TestEvent"


def uploads(received: Any) -> tuple[Upload, ...]:
    """Return the uploads that a message is about.

    Parameters
    ----------
    received
        The message's JSON value. Keys are URL-encoded in S3's own notifications and plain in EventBridge's.

    Raises
    ------
    FaultError
        If it is neither of the two.
    """
    try:
        if isinstance(received, Mapping) and "detail" in received:
            return (_from_event_bridge(received),)
        if isinstance(received, Mapping) and received.get("Records"):
            return tuple(_from_record(record) for record in received["Records"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        missing = f" (it lacks {error})" if isinstance(error, KeyError) else ""
        reason = f"the message is no notification of S3 about an upload{missing}"
        raise FaultError(Kind.INVALID_EVENT, reason) from None
    raise FaultError(Kind.INVALID_EVENT, "the message is no notification of S3 about an upload")


def _from_record(record: Mapping[str, Any]) -> Upload:
    """Return the upload of one record of a notification of S3's own."""
    if not record["eventName"].startswith("ObjectCreated:"):
        raise ValueError
    entity, found = record["s3"], record["s3"]["object"]
    key = unquote_plus(found["key"], errors="strict")
    return Upload(
        S3Location(entity["bucket"]["name"], key),
        _time(record["eventTime"]),
        _size(found.get("size")),
        _text(found.get("eTag")),
        _text(found.get("versionId")),
        _text(found.get("sequencer")),
    )


def _from_event_bridge(received: Mapping[str, Any]) -> Upload:
    """Return the upload of an event of EventBridge."""
    if (received["source"], received["detail-type"]) != ("aws.s3", "Object Created"):
        raise ValueError
    detail, found = received["detail"], received["detail"]["object"]
    return Upload(
        S3Location(detail["bucket"]["name"], found["key"]),
        _time(received["time"]),
        _size(found.get("size")),
        _text(found.get("etag")),
        _text(found.get("version-id")),
        _text(found.get("sequencer")),
    )


def _time(value: str) -> str:
    """Return a time as events write it: to the millisecond."""
    if not _TIME.fullmatch(value):
        raise ValueError
    moment = datetime.fromisoformat(value).astimezone(UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _text(value: Any) -> str | None:
    return value.strip('"') if isinstance(value, str) and value else None
