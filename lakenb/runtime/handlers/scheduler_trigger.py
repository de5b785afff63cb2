"""The scheduler trigger: a firing becomes events about the listed documents, or about a note of its own.

A firing that is told twice gives the same events, and puts the same note at the same place.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lakenb.events import (
    DOCUMENT_CREATED,
    CloudEvent,
    Document,
    EventData,
    S3Location,
    derive_chain_id,
    derive_id,
    write_json,
)
from lakenb.runtime.arrivals import arrived
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.firings import NOTE_NAME, NOTE_TYPE, firing_of
from lakenb.runtime.outputs import NewDocument, Placement
from lakenb.runtime.store import Store
from lakenb.runtime.tasks import Message, Outcome, Task
from lakenb.runtime.work import received_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.firings import Firing
    from lakenb.runtime.settings import Settings


class Reader:
    """Turns firings into events.

    Parameters
    ----------
    settings, clients, deadline
        The function's own. The listed documents are the settings' sources.
    """

    def __init__(self, settings: Settings, clients: Clients, deadline: Deadline) -> None:
        self._settings = settings
        self._clients = clients
        self._deadline = deadline

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return a task for each document that a firing sends on."""
        received = received_json(message.body)
        firing = firing_of(received)
        if firing is None:
            reason = f"message {message.id} is not one of this node's own schedule"
            fault = FaultError(Kind.INVALID_EVENT, reason)
            return (Task(message, partial(_raise, fault)),)
        if self._settings.store is not None:
            return (self._task(message, received, firing, 0, None),)
        listed = [S3Location(one.bucket, one.key) for one in self._settings.sources if one.key]
        return tuple(
            self._task(message, received, firing, ordinal, location)
            for ordinal, location in enumerate(listed)
        )

    def _task(
        self, message: Message, received: Any, firing: Firing, ordinal: int, location: S3Location | None
    ) -> Task:
        event_id = derive_id(firing.id, self._settings.node, ordinal)
        document: Mapping[str, Any] | None = None
        find: Callable[[], Document] = partial(self._note, firing, event_id)
        if location is not None:
            document = {"url": location.url, "type": None, "size": None, "etag": None}
            find = partial(arrived, location, self._clients)
        return Task(message, partial(self._run, firing, event_id, find), event_id, received, document)

    def _run(self, firing: Firing, event_id: str, find: Callable[[], Document]) -> Outcome:
        """Find out about a document, or make it, and describe it."""
        document = find()
        data = EventData(
            chain_id=derive_chain_id(event_id),
            source=document,
            document=document,
            call_stack=(self._settings.node,),
        )
        event = CloudEvent(event_id, DOCUMENT_CREATED, firing.time, data)
        return Outcome(document, ((event_id, document),), (event,))

    def _note(self, firing: Firing, event_id: str) -> Document:
        """Put the note that the time has come."""
        store = Store(self._settings, self._clients, self._deadline)
        placement = Placement(name=NOTE_NAME)
        location = store.locate(
            derive_chain_id(event_id), event_id, ordinal=0, mime_type=NOTE_TYPE, placement=placement
        )
        body = write_json({"scheduledTime": firing.scheduled_time})
        return store.put(NewDocument(body, NOTE_TYPE, placement), location)


def _raise(fault: FaultError) -> Outcome:
    raise fault
