"""The S3 trigger: a notification about an upload becomes the first event of a chain."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import DOCUMENT_CREATED, CloudEvent, Document, EventData, derive_chain_id, derive_id
from lakenb.runtime.arrivals import arrived
from lakenb.runtime.documents import readable_location
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.notifications import Upload, is_test, uploads
from lakenb.runtime.tasks import Message, Outcome, Task
from lakenb.runtime.work import received_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.settings import Settings


class Trigger:
    """Turns notifications into events.

    Parameters
    ----------
    settings, clients
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return a task for each upload that a message is about."""
        received = received_json(message.body)
        if is_test(received):
            yield Task(message, "S3 announced that it will send notifications")
            return
        try:
            found = uploads(received)
        except (FaultError, EventError) as error:
            fault = error if isinstance(error, FaultError) else _unlike(error)
            yield Task(message, partial(_raise, fault), received=received)
            return
        for upload in found:
            event_id = derive_id(upload.id, self._settings.node, 0)
            url = upload.location.url
            document = {"url": url, "type": None, "size": upload.size, "etag": upload.etag}
            run: Any = partial(self._run, upload, event_id)
            if upload.is_folder_marker:
                run = f"{url} is the marker of a folder, not a document"
            yield Task(message, run, event_id, received, document)

    def _run(self, upload: Upload, event_id: str) -> Outcome:
        """Find out what was uploaded, and describe it."""
        document = self._document(upload)
        data = EventData(
            chain_id=derive_chain_id(event_id),
            source=document,
            document=document,
            call_stack=(self._settings.node,),
        )
        event = CloudEvent(event_id, DOCUMENT_CREATED, upload.time, data)
        return Outcome(document, ((event_id, document),), (event,))

    def _document(self, upload: Upload) -> Document:
        """Return the description of an uploaded object, if it is still the notification's."""
        location = readable_location(upload.location.url, self._settings)
        return arrived(location, self._clients, upload.etag)


def _raise(fault: FaultError) -> Outcome:
    raise fault


def _unlike(error: EventError) -> FaultError:
    return FaultError(Kind.INVALID_EVENT, f"the notification cannot be read: {error.fault.what}")
