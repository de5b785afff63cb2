"""The reducer: the events of one chain become one composite event.

Each event is kept in the node's table; its document is not opened. When the chain is whole (so many
events are there, its window has ended, or the user's predicate says so), one message closes it: from then on
the chain's events are fixed. That message is acknowledged only once the composite is stored and announced; if
it comes again, it stores and announces the same again, under the same key and id. All other messages of the
chain have nothing more to do.

An event that comes when its chain is closed is a fault of a kind of its own: it is told, never dropped.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import (
    COMPOSITE_TYPE,
    DOCUMENT_CREATED,
    MAX_COMPOSITE_BYTES,
    MAX_MEMBERS,
    CloudEvent,
    Document,
    EventData,
    compose,
    derive_id,
    in_order,
)
from lakenb.runtime.documents import InputDocument, readable_location
from lakenb.runtime.faults import FaultError, Kind, judge
from lakenb.runtime.handlers.reducer_table import Chain, Put, Table
from lakenb.runtime.handlers.reducer_window import closed_chain, schedule_close
from lakenb.runtime.outputs import NewDocument, Placement
from lakenb.runtime.store import Store
from lakenb.runtime.tasks import Message, Outcome, Task
from lakenb.runtime.work import event_task, received_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.settings import Settings

_USER_MODULE = "lakenb_user"
_END_OF_WINDOW = "the end of the window"
_NAME = "composite.json"


class Reader:
    """Finds what a message asks of the reducer: to keep an event, or to end a chain's window.

    Parameters
    ----------
    settings, clients, deadline
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients, deadline: Deadline) -> None:
        options = settings.options
        self._settings = settings
        self._clients = clients
        self._deadline = deadline
        self._count: int | None = options.get("count")
        seconds: int | None = options.get("window_seconds")
        self._window = None if seconds is None else timedelta(seconds=seconds)
        self._has_predicate = bool(options.get("until"))

    def tasks(self, message: Message) -> Iterable[Task]:
        """Return the one task in a message."""
        received = received_json(message.body)
        if chain_id := closed_chain(received) if self._window is not None else "":
            # a name of its own: the message is no event, and its composite has an id already
            event_id = derive_id(chain_id, self._settings.node, 1)
            return (Task(message, partial(self._end_window, chain_id), event_id, received),)
        return (event_task(message, self._gather),)

    @property
    def _table(self) -> Table:
        return Table(self._settings, self._clients, self._deadline, self._count or MAX_MEMBERS)

    def _gather(self, event: CloudEvent) -> Outcome:
        """Keep one event, and make the composite if this one makes the chain whole."""
        document, table, chain_id = event.data.document, self._table, event.data.chain_id
        event = self._readable(event)
        was_refused = table.put(event) is Put.REFUSED
        chain = table.chain(chain_id, with_events=self._has_predicate)
        if was_refused:
            raise self._refusal(chain)
        if self._window is not None and not (chain.is_scheduled or chain.closed_by):
            table.note_schedule(
                chain_id, schedule_close(self._settings, self._clients, chain_id, self._window)
            )
        while not chain.closed_by and self._is_whole(event, chain):
            table.close(chain_id, chain.gathered, event.id)
            chain = table.chain(chain_id, with_events=self._has_predicate)
        if chain.closed_by != event.id:
            return Outcome(document, chain=chain_id)
        return self._composed(chain_id, document)

    def _readable(self, event: CloudEvent) -> CloudEvent:
        """Return an event whose document the composite's consumers may read; what lies elsewhere is refused.

        In a strict pipeline they read in this node's store and nowhere else, so the document is copied there,
        under its own name, to the same place however often its event comes.
        """
        if self._settings.passes_on:
            readable_location(event.data.document.url, self._settings)
            return event
        copied = InputDocument(event, self._settings, self._clients, self._deadline, dict)
        placement = Placement(name=copied.location.name or None)
        store = Store(self._settings, self._clients, self._deadline)
        event_id = derive_id(event.id, self._settings.node, 0)
        place = store.locate(
            event.data.chain_id, event_id, ordinal=0, mime_type=copied.type, placement=placement
        )
        return replace(event, data=replace(event.data, document=store.copy(copied, place, placement)))

    def _end_window(self, chain_id: str) -> Outcome:
        """Make the composite of what a chain has gathered."""
        table = self._table
        chain = table.chain(chain_id, with_events=False)
        while chain.gathered and not chain.closed_by:
            table.close(chain_id, chain.gathered, _END_OF_WINDOW)
            chain = table.chain(chain_id, with_events=False)
        if not chain.gathered:
            raise FaultError(Kind.NOT_FOUND, f"the table has no events of the chain {chain_id}")
        return self._composed(chain_id)

    def _is_whole(self, event: CloudEvent, chain: Chain) -> bool:
        """Tell whether a chain has all that it waits for."""
        if self._count is not None:
            return chain.gathered >= self._count
        return self._has_predicate and _answer(event, in_order(chain.events))

    def _refusal(self, chain: Chain) -> FaultError:
        """Return why a chain took no event."""
        if self._count is not None and not chain.closed_by:
            return FaultError(Kind.LATE, f"its chain has all of its {self._count} events")
        if chain.closed_by:
            return FaultError(Kind.LATE, f"its chain was closed before it came, with {chain.gathered} events")
        bounds = f"{MAX_MEMBERS} events and {MAX_COMPOSITE_BYTES} bytes"
        reason = f"its chain has {chain.gathered} events: a composite holds at most {bounds}"
        return FaultError(Kind.TOO_LARGE, reason)

    def _composed(self, chain_id: str, document: Document | None = None) -> Outcome:
        """Store the composite of a closed chain, and describe its event."""
        events = in_order(self._table.chain(chain_id, with_events=True).events)
        try:
            body = compose(events)
        except EventError as error:
            raise FaultError(Kind.TOO_LARGE, error.fault.what) from None
        first, node = events[0], self._settings.node
        event_id = derive_id(chain_id, node, 0)
        store = Store(self._settings, self._clients, self._deadline)
        made = NewDocument(body, COMPOSITE_TYPE, Placement(name=_NAME))
        place = store.locate(
            chain_id, event_id, ordinal=0, mime_type=COMPOSITE_TYPE, placement=made.placement
        )
        stored = store.put(made, place)
        data = EventData(chain_id, first.data.source, stored, {}, (node, *_common_way(events)))
        composite = CloudEvent(event_id, DOCUMENT_CREATED, first.time, data)
        return Outcome(document or stored, ((event_id, stored),), (composite,), chain_id)


def _common_way(events: tuple[CloudEvent, ...]) -> tuple[str, ...]:
    """Return the nodes that all of the events came through, newest first: the end that their ways share."""
    ways = [event.data.call_stack[::-1] for event in events]
    shared: list[str] = []
    for nodes in zip(*ways, strict=False):
        if len(set(nodes)) > 1:
            break
        shared.append(nodes[0])
    return tuple(reversed(shared))


def _answer(event: CloudEvent, events: tuple[CloudEvent, ...]) -> bool:
    """Return what the user's predicate says.

    Raises
    ------
    FaultError
        If it raises, or answers neither True nor False. The event stays in the chain.
    """
    predicate = import_module(_USER_MODULE).predicate  # Python keeps it: it is imported once
    try:
        answer: Any = predicate(event, events)
    except Exception as error:
        if verdict := judge(error, "an AWS call of the predicate"):
            raise verdict from error
        name = type(error).__name__[:80]
        reason = f"the predicate stopped with {name}; its text is left out, for it may hold content"
        raise FaultError(Kind.HANDLER_ERROR, f"{reason}. The event stays in its chain") from error
    if not isinstance(answer, bool):
        kind = type(answer).__name__[:80]
        reason = f"the predicate returned a value of type {kind}: it must return True or False"
        raise FaultError(Kind.HANDLER_ERROR, f"{reason}. The event stays in its chain")
    return answer
