"""From an event to its outcome: read, handle, store, and describe what is to be published."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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
        return (event_task(message, self._run),)

    def _run(self, event: CloudEvent) -> Outcome:
        """Work on one event."""
        cache = Cache(self._settings, self._clients)
        metadata = partial(whole_metadata, event.data.metadata, cache)
        document = InputDocument(event, self._settings, self._clients, self._deadline, metadata)
        context = Context(event, self._settings, cache)
        store = Store(self._settings, self._clients, self._deadline)
        made: list[tuple[str, Document, Output]] = []
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
                    made.append((event_id, stored, _without_body(output)))
        listed = tuple((event_id, stored) for event_id, stored, _ in made)
        if self._settings.is_end:
            return Outcome(event.data.document, listed)
        events = tuple(self._event(document, cache, output) for output in made)
        return Outcome(event.data.document, listed, events)

    def _settled(self, output: Output, document: InputDocument) -> Output:
        """Return an output as it is made: what a node with a store passes on, it copies there.

        Its consumers read in that store and nowhere else, if they are not told so. The copy keeps the file's
        name, by which people find it again.
        """
        stays = self._settings.store is None or self._settings.passes_on
        if not isinstance(output, PassedOn) or stays:
            return output
        about = output.of or document
        return Copy(Placement(name=about.location.name or None), output.metadata, output.of)

    def _event(
        self, document: InputDocument, cache: Cache, output: tuple[str, Document, Output]
    ) -> CloudEvent:
        """Return the event about one output, with what was known of the document that it comes from."""
        event_id, stored, made = output
        about = document if isinstance(made, NewDocument) else made.of or document
        event = about.event
        data = EventData(
            chain_id=event.data.chain_id,
            source=event.data.source,
            document=stored,
            metadata=_overlaid(about, cache, made.metadata),
            call_stack=(self._settings.node, *_way(event, document.event)),
        )
        return replace(event, id=event_id, data=data)


def event_task(message: Message, run: Callable[[CloudEvent], Outcome]) -> Task:
    """Return the task in a message of another node; a message that is none of a created document fails.

    Parameters
    ----------
    message
        As the queue gave it.
    run
        Works on its event.
    """
    try:
        event = parse_event(message.body)
    except EventError as error:
        reason = f"{error.fault.what} ({error.fault.where}); {error.fault.mend}"
        received = received_json(message.body)
        fault = FaultError(Kind.INVALID_EVENT, reason)
        return Task(message, partial(_raise, fault), _id_of(received), received)
    received = read_json(message.body)
    document = {"size": None, "etag": None, **event.data.document.to_dict()}
    if event.type != DOCUMENT_CREATED:
        reason = f"this node takes created documents, and this one is of {event.type}"
        return Task(
            message, partial(_raise, FaultError(Kind.INVALID_EVENT, reason)), event.id, received, document
        )
    return Task(message, partial(run, event), event.id, received, document)


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
        case Copy(placement=placement, of=of):
            copied = of or document
            location = store.locate(
                chain_id, event_id, ordinal=ordinal, mime_type=copied.type, placement=placement
            )
            return store.copy(copied, location, placement)
        case PassedOn(of=of):
            return (of or document).event.data.document
        case _:
            assert_never(output)  # type: ignore[arg-type]  # what a handler returned


def _without_body(output: Output) -> Output:
    """Return an output that is stored, without its bytes: all of a document's outputs are listed at once."""
    return replace(output, body=b"") if isinstance(output, NewDocument) else output


def _refuse_twice(url: str, seen: set[str]) -> None:
    """Refuse a second output under a key that a handler chose: it replaced the first."""
    if url in seen:
        raise FaultError(Kind.HANDLER_ERROR, f"the handler put two outputs of one document at {url}")
    seen.add(url)


def _way(event: CloudEvent, gathered: CloudEvent) -> tuple[str, ...]:
    """Return the nodes that a document came through: its own way, and behind it that of what it came in."""
    own = event.data.call_stack
    if event is gathered:
        return own
    behind = gathered.data.call_stack
    common = next((place for place, node in enumerate(behind) if node in own), len(behind))
    return (*behind[:common], *own)


def _overlaid(document: InputDocument, cache: Cache, metadata: Metadata) -> Mapping[str, Any]:
    """Return an output's metadata: the document's with the handler's over it, fitted into the event."""
    values = metadata() if callable(metadata) else metadata
    if not values:
        return document.event.data.metadata  # a pointer in it stays what it is, unread
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
