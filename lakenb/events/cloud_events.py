"""The message between two nodes: a CloudEvents 1.0 envelope about one document."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from lakenb.events import shapes
from lakenb.events.ids import is_node_id
from lakenb.events.locations import document_url
from lakenb.events.media_types import is_normal_mime_type
from lakenb.events.metadata import check_metadata_in_event, freeze, thaw
from lakenb.events.shapes import record, refuse, string
from lakenb.events.strict_json import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Mapping

SPEC_VERSION = "1.0"
EventType = Literal["document-created", "document-deleted"]
DOCUMENT_CREATED: EventType = "document-created"
DOCUMENT_DELETED: EventType = "document-deleted"

_MAX_ETAG = 256


@dataclass(frozen=True, slots=True)
class Document:
    """Where a document lies and what it is.

    Parameters
    ----------
    url
        ``s3://bucket/key`` with the key percent-encoded, or an https address.
    type
        MIME type, lower case, without parameters.
    size
        Length in bytes, when known.
    etag
        S3's ETag without its quotes, when known: reads ask for exactly this version.
    """

    url: str
    type: str
    size: int | None = None
    etag: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the document as events write it; what is not known is left out."""
        written: dict[str, Any] = {"url": self.url, "type": self.type}
        if self.size is not None:
            written["size"] = self.size
        if self.etag is not None:
            written["etag"] = self.etag
        return written


@dataclass(frozen=True, slots=True)
class EventData:
    """What an event says about a document.

    Parameters
    ----------
    chain_id
        UUID of the chain of documents that one upload starts.
    source
        The first document of the chain.
    document
        The document that the event is about.
    metadata
        What is known about it; see `lakenb.events.metadata`. Read-only.
    call_stack
        Ids of the nodes that the document came through, newest first.
    """

    chain_id: str
    source: Document
    document: Document
    metadata: Mapping[str, Any] = field(default_factory=dict)
    call_stack: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Make the metadata read-only, so that the value is one."""
        object.__setattr__(self, "metadata", freeze(self.metadata))


@dataclass(frozen=True, slots=True)
class CloudEvent:
    """One message.

    Parameters
    ----------
    id
        UUID, derived: see `lakenb.events.derive_id`.
    type
        ``document-created`` or ``document-deleted``.
    time
        When the document that started the chain came in: ISO 8601 in UTC. It is handed on, not read from
        a clock, so that the same message handled twice makes the same bytes.
    data
        What the event says.
    """

    id: str
    type: EventType
    time: str
    data: EventData

    def to_json(self) -> str:
        """Return the event as it is sent: compact, ASCII, fields in a fixed order."""
        data = self.data
        return write_json(
            {
                "specversion": SPEC_VERSION,
                "id": self.id,
                "type": self.type,
                "time": self.time,
                "data": {
                    "chainId": data.chain_id,
                    "source": data.source.to_dict(),
                    "document": data.document.to_dict(),
                    "metadata": thaw(data.metadata),
                    "callStack": list(data.call_stack),
                },
            }
        )


def parse_event(text: str | bytes) -> CloudEvent:
    """Return the event that a message holds.

    Parameters
    ----------
    text
        The message's body.

    Raises
    ------
    EventError
        If the message is not exactly such an event: a field missing, unknown, twice, of another type;
        too long or nested too deep. ``where`` has the path of the field.
    """
    return event_of(read_json(text, "the event"))


def event_of(value: Any, path: str = "") -> CloudEvent:
    """Return the event that a JSON value stands for.

    Parameters
    ----------
    value
        What `read_json` returned, or a part of it.
    path
        Where the value lies in a larger one, as an error says it.

    Raises
    ------
    EventError
        As `parse_event` says.
    """
    _EVENT(value, path)
    data = value["data"]
    return CloudEvent(
        id=value["id"],
        type=value["type"],
        time=value["time"],
        data=EventData(
            chain_id=data["chainId"],
            source=Document(**data["source"]),
            document=Document(**data["document"]),
            metadata=data["metadata"],
            call_stack=tuple(data["callStack"]),
        ),
    )


def _mime_type(value: Any, path: str) -> None:
    string(value, path)
    if not is_normal_mime_type(value):
        what = "'type' is no MIME type in lower case and without parameters"
        raise refuse(what, path, "write it like text/plain")


def _etag(value: Any, path: str) -> None:
    string(value, path)
    # It becomes a header: visible ASCII without quotes is all that S3 sends, and nothing else may pass.
    is_plain = value.isascii() and value.isprintable() and not set(value) & {'"', "\\", " "}
    if not (is_plain and 0 < len(value) <= _MAX_ETAG):
        raise refuse("'etag' is no ETag", path, "write S3's ETag without its quotes")


def _node_id(value: Any, path: str) -> None:
    string(value, path)
    if not is_node_id(value):
        raise refuse("this is no id of a node", path, "write a node's id, like split-2")


_DOCUMENT = record(
    {"url": document_url, "type": _mime_type, "size": shapes.count, "etag": _etag}, required=("url", "type")
)
_DATA_FIELDS = {
    "chainId": shapes.uuid,
    "source": _DOCUMENT,
    "document": _DOCUMENT,
    "metadata": check_metadata_in_event,
    "callStack": shapes.list_of(_node_id),
}
_EVENT_FIELDS = {
    "specversion": shapes.one_of(SPEC_VERSION),
    "id": shapes.uuid,
    "type": shapes.one_of(DOCUMENT_CREATED, DOCUMENT_DELETED),
    "time": shapes.utc_time,
    "data": record(_DATA_FIELDS, required=tuple(_DATA_FIELDS)),
}
_EVENT = record(_EVENT_FIELDS, required=tuple(_EVENT_FIELDS))
