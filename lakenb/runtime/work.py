"""From an event to its outcome: read, handle, store, and describe what is to be published."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, assert_never

from lakenb.errors import EventError
from lakenb.events import (
    DOCUMENT_CREATED,
    CloudEvent,
    Document,
    EventData,
    check_metadata,
    parse_event,
    read_json,
)
from lakenb.runtime.cache import Cache, fitted_metadata, whole_metadata
from lakenb.runtime.documents import InputDocument
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.outputs import Context, Copy, Metadata, NewDocument, PassedOn, Placement, each_output
from lakenb.runtime.store import Store
from lakenb.runtime.tasks import Message, Outcome, Task

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.outputs import Handler, Output
    from lakenb.runtime.settings import Settings

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Worker:
    """Applies a handler to documents.

    Parameters
    ----------
    handler
        The middleware's own function.
    settings, clients, deadline
        The function's own.
    """

    def __init__(self, handler: Handler, settings: Settings, clients: Clients, deadline: Deadline) -> None:
        self._handler = handler
        self._settings = settings
        self._clients = clients
        self._deadline = deadline

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return the one task in a message of another node."""
        try:
            event = parse_event(message.body)
        except EventError as error:
            fault = FaultError(
                Kind.INVALID_EVENT, f"{error.fault.what} ({error.fault.where}); {error.fault.mend}"
            )
            received = received_json(message.body)
            return (Task(message, partial(_raise, fault), _id_of(received), received),)
        received = read_json(message.body)
        document = {"size": None, "etag": None, **event.data.document.to_dict()}
        return (Task(message, partial(self._run, event), event.id, received, document),)

    def _run(self, event: CloudEvent) -> Outcome:
        """Work on one event."""
        if event.type != DOCUMENT_CREATED:
            raise FaultError(
                Kind.INVALID_EVENT, f"this node takes created documents, and this one is of {event.type}"
            )
        cache = Cache(self._settings, self._clients)
        metadata = partial(whole_metadata, event.data.metadata, cache)
        document = InputDocument(event, self._settings, self._clients, self._deadline, metadata)
        context = Context(event, self._settings, cache)
        store = Store(self._settings, self._clients, self._deadline)
        made: list[tuple[str, Document, Metadata]] = []
        keys: set[str] = set()
        # closed at once when an output cannot be stored: a handler may hold a file in /tmp
        with closing(each_output(self._handler(document, context))) as outputs:
            for ordinal, returned in enumerate(outputs):
                event_id = context.output_id(ordinal)
                output = self._settled(returned, document)
                stored = _store(store, document, event_id, ordinal, output)
                if not isinstance(output, PassedOn):
                    _refuse_twice(stored.url, keys)
                if not (isinstance(output, NewDocument) and output.is_companion):
                    made.append((event_id, stored, output.metadata))
        listed = tuple((event_id, stored) for event_id, stored, _ in made)
        if self._settings.topic is None:
            return Outcome(event.data.document, listed)
        events = tuple(self._event(event, document, cache, output) for output in made)
        return Outcome(event.data.document, listed, events)

    def _settled(self, output: Output, document: InputDocument) -> Output:
        """Return an output as it is made: what a node with a store passes on, it copies there.

        Its consumers read in that store and nowhere else. The copy keeps the file's name, by which people
        find it again.
        """
        if not isinstance(output, PassedOn) or self._settings.store is None:
            return output
        return Copy(Placement(name=document.location.name or None), output.metadata)

    def _event(
        self, event: CloudEvent, document: InputDocument, cache: Cache, output: tuple[str, Document, Metadata]
    ) -> CloudEvent:
        """Return the event about one output."""
        event_id, stored, metadata = output
        data = EventData(
            chain_id=event.data.chain_id,
            source=event.data.source,
            document=stored,
            metadata=_overlaid(event, document, cache, metadata),
            call_stack=(self._settings.node, *event.data.call_stack),
        )
        return replace(event, id=event_id, data=data)


def received_json(body: str) -> Any:
    """Return the JSON value of a message that is no event of ours; None if it is no JSON either."""
    try:
        return read_json(body)
    except EventError:
        return None


def _store(store: Store, document: InputDocument, event_id: str, ordinal: int, output: object) -> Document:
    """Put one output where it belongs."""
    chain_id = document.event.data.chain_id
    match output:
        case NewDocument(type=made_type, placement=placement):
            return store.put(
                output,
                store.locate(chain_id, event_id, ordinal=ordinal, mime_type=made_type, placement=placement),
            )
        case Copy(placement=placement):
            location = store.locate(
                chain_id, event_id, ordinal=ordinal, mime_type=document.type, placement=placement
            )
            return store.copy(document, location, placement)
        case PassedOn():
            return document.event.data.document
        case _:
            assert_never(output)  # type: ignore[arg-type]  # what a handler returned


def _refuse_twice(url: str, seen: set[str]) -> None:
    """Refuse a second output under a key that a handler chose: it replaced the first."""
    if url in seen:
        raise FaultError(Kind.HANDLER_ERROR, f"the handler put two outputs of one document at {url}")
    seen.add(url)


def _overlaid(
    event: CloudEvent, document: InputDocument, cache: Cache, metadata: Metadata
) -> Mapping[str, Any]:
    """Return an output's metadata: the input's with the handler's over it, fitted into the event."""
    values = metadata() if callable(metadata) else metadata
    if not values:
        return event.data.metadata  # a pointer in it stays what it is, unread
    try:
        check_metadata(values)
    except EventError as error:
        reason = f"the handler gave metadata that no document has: {error.fault.what} ({error.fault.where})"
        raise FaultError(Kind.HANDLER_ERROR, reason) from None
    return fitted_metadata({**document.metadata, **values}, cache)


def _raise(fault: FaultError) -> Outcome:
    raise fault


def _id_of(received: Any) -> str | None:
    """Return the id that a refused event has, so that it can be followed nevertheless."""
    found = received.get("id") if isinstance(received, Mapping) else None
    return found if isinstance(found, str) and _UUID.fullmatch(found) else None
