"""The SQS trigger: an event in a queue of somebody else becomes the first event of a chain here.

Nothing that the sender wrote is trusted: the event is parsed strictly, its document must lie within the
places that the node was told, and ids are derived anew. The function opens no document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import (
    DOCUMENT_CREATED,
    CloudEvent,
    EventData,
    check_metadata,
    derive_chain_id,
    derive_id,
    parse_event,
    write_json,
)
from lakenb.runtime.documents import readable_location
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.tasks import Message, Outcome, Task
from lakenb.runtime.work import received_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.settings import Settings


class Trigger:
    """Turns others' events into this pipeline's.

    Parameters
    ----------
    settings, clients
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:  # noqa: ARG002 - as of every trigger
        self._settings = settings

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return the one task in a message: to forward its event, or to refuse it."""
        try:
            event = parse_event(message.body)
        except EventError as error:
            # it may be anything, a document itself: the letter names the message, and does not hold it
            refused = _refused(f"in message {message.id} is none that this pipeline reads", error)
            return (Task(message, partial(_raise, refused)),)
        received = received_json(message.body)
        event_id = forwarded_id(event, self._settings.node)
        document = {"size": None, "etag": None, **event.data.document.to_dict()}
        return (Task(message, partial(self._run, event, event_id), event_id, received, document),)

    def _run(self, event: CloudEvent, event_id: str) -> Outcome:
        """Check what the event says, and say it as this pipeline's."""
        if event.type != DOCUMENT_CREATED:
            reason = f"this node takes events about created documents, and this one is of {event.type}"
            raise FaultError(Kind.INVALID_EVENT, reason)
        document = event.data.document
        readable_location(document.url, self._settings)
        try:
            # metadata as nodes give it: without a pointer to more of it, which would be in another's cache
            check_metadata(event.data.metadata, "data.metadata")
        except EventError as error:
            raise _refused("has metadata that this pipeline does not take", error) from None
        for url in _pointers(event.data.metadata):
            readable_location(url, self._settings)
        node = self._settings.node
        data = EventData(
            # the chains of one queue stay together and apart, and meet no chain of another trigger
            chain_id=derive_chain_id(derive_id(event.data.chain_id, node, 0)),
            source=document,
            document=document,
            metadata=event.data.metadata,
            call_stack=(node,),
        )
        return Outcome(document, ((event_id, document),), (replace(event, id=event_id, data=data),))


def forwarded_id(event: CloudEvent, node: str) -> str:
    """Return the id under which a node forwards an event: the same however often it comes.

    A sender may use one id for two documents. The document is a part of what the id is made from, so that
    they do not replace each other downstream.
    """
    document = event.data.document
    return derive_id(write_json([event.id, document.url, document.etag]), node, 0)


def _pointers(metadata: Mapping[str, Any]) -> Iterator[str]:
    """Yield the objects in S3 to which metadata points; values of a user's own are nobody's pointers."""
    waiting: list[Any] = [value for name, value in metadata.items() if name != "custom"]
    while waiting:
        match waiting.pop():
            case Mapping() as record:
                waiting += [value for name, value in record.items() if name != "custom"]
            case list() | tuple() as values:
                waiting += values
            case str(text) if text.startswith("s3://"):
                yield text
            case _:
                pass


def _raise(fault: FaultError) -> Outcome:
    raise fault


def _refused(how: str, error: EventError) -> FaultError:
    fault = error.fault
    return FaultError(Kind.INVALID_EVENT, f"the event {how}: {fault.what} ({fault.where})")
