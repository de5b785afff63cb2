"""Composites: the events of one chain in one document, written alike always and read strictly."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.errors import EventError
from lakenb.events import (
    DOCUMENT_CREATED,
    MAX_COMPOSITE_BYTES,
    MAX_MEMBERS,
    CloudEvent,
    Document,
    EventData,
    compose,
    in_order,
    members,
)
from lakenb.events.strict_json import MAX_DEPTH
from tests.strategies import events

if TYPE_CHECKING:
    from typing import Any

CHAIN = "1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"
SOURCE = Document("s3://inbox/a.zip", "application/zip")


def member(number: int, name: str = "a.txt", **metadata: Any) -> CloudEvent:
    """Return one event of the chain."""
    document = Document(f"s3://files/{number}/{name}", "text/plain", 3)
    data = EventData(CHAIN, SOURCE, document, metadata, ("unzip", "inbox"))
    return CloudEvent(str(UUID(int=number)), DOCUMENT_CREATED, "2026-01-31T12:00:00.000Z", data)


def what_is_wrong(body: bytes) -> tuple[str, str]:
    """Return what is wrong with a composite that is refused, and where."""
    with pytest.raises(EventError) as refused:
        members(body)
    return refused.value.fault.what, refused.value.fault.where


@given(st.lists(events(), min_size=1, max_size=5, unique_by=lambda event: event.id), st.randoms())
def test_the_same_events_give_the_same_bytes_in_whatever_order_they_come(
    found: list[CloudEvent], chance: Any
) -> None:
    chain = [replace(event, data=replace(event.data, chain_id=CHAIN)) for event in found]
    shuffled = chain[:]
    chance.shuffle(shuffled)
    body = compose(chain)
    assert compose(shuffled) == body
    assert members(body) == in_order(chain)
    assert body.isascii()


def test_members_come_by_the_names_of_their_files() -> None:
    made = [member(1, "00002.txt"), member(2, "00000.txt"), member(3, "00001.txt")]
    names = [event.data.document.url[-9:] for event in members(compose(made))]
    assert names == ["00000.txt", "00001.txt", "00002.txt"]


def test_a_member_may_be_nested_as_deep_as_an_event_may_be() -> None:
    # an event's own objects are three levels around what `custom` holds
    deep: Any = "x"
    for _ in range(MAX_DEPTH - 4):
        deep = [deep]
    event = member(1, custom={"deep": deep})
    assert members(compose([event])) == (event,)


@pytest.mark.parametrize(
    ("body", "what", "where"),
    [
        (b"", "the composite is no JSON: Expecting value", "line 1, column 1 of the composite"),
        (b"[]", "the composite is empty", "the composite"),
        (b"{}", "the composite is no list of events", "the composite"),
        (b"[1]", "'[0]' is a whole number, but must be an object", "the event, at [0]"),
        (b"[{}]", "'[0]' lacks 'specversion'", "the event, at [0].specversion"),
        (b"\xff", "the composite is no UTF-8", "byte 0 of the composite"),
    ],
)
def test_what_is_no_composite_is_refused(body: bytes, what: str, where: str) -> None:
    assert what_is_wrong(body) == (what, where)


def test_the_place_of_a_wrong_field_is_told() -> None:
    found = json.loads(compose([member(1), member(2)]))
    found[1]["data"]["chainId"] = "x"
    assert what_is_wrong(json.dumps(found).encode())[1] == "the event, at [1].data.chainId"


def test_an_event_stands_in_a_composite_once() -> None:
    text = member(1).to_json().encode()
    assert what_is_wrong(b"[" + text + b"," + text + b"]")[0] == "the composite has an event twice"
    with pytest.raises(EventError, match="has an event twice"):
        compose([member(1), member(1)])


def test_a_composite_is_of_one_chain() -> None:
    other = replace(member(2), data=replace(member(2).data, chain_id=str(UUID(int=7))))
    body = b"[" + member(1).to_json().encode() + b"," + other.to_json().encode() + b"]"
    assert what_is_wrong(body)[0] == "the composite has events of several chains"
    with pytest.raises(EventError, match="events of several chains"):
        compose([member(1), other])


def test_there_is_no_composite_of_nothing() -> None:
    with pytest.raises(EventError, match="the composite is empty"):
        compose([])


def test_a_composite_of_too_many_events_is_refused_before_they_are_read() -> None:
    body = b"[" + b",".join([b"0"] * (MAX_MEMBERS + 1)) + b"]"
    assert (
        what_is_wrong(body)[0] == f"the composite has {MAX_MEMBERS + 1} events, but {MAX_MEMBERS} is the most"
    )


def test_a_composite_that_is_too_long_is_neither_written_nor_read() -> None:
    text = "x" * 200_000
    events = [member(number, title=text) for number in range(MAX_COMPOSITE_BYTES // 200_000 + 1)]
    with pytest.raises(EventError, match="bytes long, but"):
        compose(events)
    assert "bytes long" in what_is_wrong(b" " * (MAX_COMPOSITE_BYTES + 1))[0]
