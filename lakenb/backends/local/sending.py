"""What a run sends into a given queue: events as another pipeline would send them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from lakenb.events import DOCUMENT_CREATED, CloudEvent, Document, EventData, S3Location
from lakenb.runtime.media_types import UNKNOWN, type_of_name

if TYPE_CHECKING:
    from lakenb.backends.local.seam import Emulator


def event_about(emulator: Emulator, place: S3Location) -> CloudEvent:
    """Return an event about a document that was put, in a chain of its own."""
    head = emulator.client("s3").head_object(Bucket=place.bucket, Key=place.key)
    told = type_of_name(place.name) or UNKNOWN
    document = Document(place.url, told, head["ContentLength"], head["ETag"].strip('"'))
    time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    data = EventData(chain_id=str(uuid4()), source=document, document=document)
    return CloudEvent(str(uuid4()), DOCUMENT_CREATED, time, data)


def send(emulator: Emulator, queue: str, event: CloudEvent) -> None:
    """Send an event into a queue, as the queue's owner.

    Parameters
    ----------
    emulator
        Where the queue is.
    queue
        The queue's ARN.
    event
        The event.
    """
    sqs = emulator.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=event.to_json())
