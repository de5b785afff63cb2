"""Composite events: a document whose body is the events of several others, as one JSON array.

The documents stay where they lie; a composite tells of them what their own events told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.errors import EventError
from lakenb.events.cloud_events import event_of
from lakenb.events.strict_json import MAX_DEPTH, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakenb.events.cloud_events import CloudEvent

COMPOSITE_TYPE = "application/cloudevents+json"
MAX_MEMBERS = 10_000
MAX_COMPOSITE_BYTES = 16 * 2**20  # read whole: a function holds the text and the events at once
_NAME = "the composite"


def compose(events: Iterable[CloudEvent]) -> bytes:
    """Return the body of the composite of some events of one chain.

    Parameters
    ----------
    events
        In any order: the same events give the same bytes.

    Returns
    -------
    bytes
        A JSON array in ASCII; the events in the order of `in_order`.

    Raises
    ------
    EventError
        If there are none or too many, if one occurs twice, if they are of several chains, or if together they
        are too long.
    """
    ordered = in_order(events)
    _check(ordered)
    body = b"[" + b",".join(event.to_json().encode("ascii") for event in ordered) + b"]"
    if len(body) > MAX_COMPOSITE_BYTES:
        what = f"{_NAME} would be {len(body)} bytes long, but {MAX_COMPOSITE_BYTES} is the most that is read"
        raise EventError(what, _NAME, "gather fewer events, or events with less metadata")
    return body


def members(body: bytes) -> tuple[CloudEvent, ...]:
    """Return the events of a composite, in the order in which it has them.

    Parameters
    ----------
    body
        The composite's bytes.

    Raises
    ------
    EventError
        If it is no JSON array of events of one chain, each of them once; if it is empty or beyond a bound.
        ``where`` has the place of the first wrong field, such as ``[3].data.chainId``.
    """
    # the array itself is one level more than an event may have
    listed = read_json(body, _NAME, MAX_COMPOSITE_BYTES, MAX_DEPTH + 1)
    if not isinstance(listed, list):
        raise EventError(f"{_NAME} is no list of events", _NAME, "write a JSON array of events")
    _check_number(len(listed))
    events = tuple(event_of(value, f"[{index}]") for index, value in enumerate(listed))
    _check(events)
    return events


def in_order(events: Iterable[CloudEvent]) -> tuple[CloudEvent, ...]:
    """Return events in an order that does not depend on when they came: by file name, then URL, then id.

    The files of an archive come by name, the parts of a document by number, with which their names begin.
    """

    def place(event: CloudEvent) -> tuple[str, str, str]:
        url = event.data.document.url
        return url.rpartition("/")[2], url, event.id

    return tuple(sorted(events, key=place))


def _check(events: Sequence[CloudEvent]) -> None:
    """Refuse events that make no composite."""
    _check_number(len(events))
    if len({event.data.chain_id for event in events}) > 1:
        raise EventError(f"{_NAME} has events of several chains", _NAME, "gather the events of one chain")
    if len({event.id for event in events}) < len(events):
        raise EventError(f"{_NAME} has an event twice", _NAME, "write each event once")


def _check_number(number: int) -> None:
    if not number:
        raise EventError(f"{_NAME} is empty", _NAME, "gather one event at least")
    if number > MAX_MEMBERS:
        what = f"{_NAME} has {number} events, but {MAX_MEMBERS} is the most"
        raise EventError(what, _NAME, "gather fewer events")
