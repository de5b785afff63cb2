"""Events: what nodes tell each other about documents.

Standard library only: this package travels into every function.
"""

from lakenb.events.cloud_events import (
    DOCUMENT_CREATED,
    DOCUMENT_DELETED,
    CloudEvent,
    Document,
    EventData,
    EventType,
    event_of,
    parse_event,
)
from lakenb.events.composites import (
    COMPOSITE_TYPE,
    MAX_COMPOSITE_BYTES,
    MAX_MEMBERS,
    compose,
    in_order,
    members,
)
from lakenb.events.ids import derive_chain_id, derive_id, is_node_id, notification_id
from lakenb.events.locations import S3Location
from lakenb.events.media_types import normalize_mime_type
from lakenb.events.metadata import check_metadata
from lakenb.events.strict_json import MAX_MESSAGE_BYTES, read_json, write_json

__all__ = [
    "COMPOSITE_TYPE",
    "DOCUMENT_CREATED",
    "DOCUMENT_DELETED",
    "MAX_COMPOSITE_BYTES",
    "MAX_MEMBERS",
    "MAX_MESSAGE_BYTES",
    "CloudEvent",
    "Document",
    "EventData",
    "EventType",
    "S3Location",
    "check_metadata",
    "compose",
    "derive_chain_id",
    "derive_id",
    "event_of",
    "in_order",
    "is_node_id",
    "members",
    "normalize_mime_type",
    "notification_id",
    "parse_event",
    "read_json",
    "write_json",
]
