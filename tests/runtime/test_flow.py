"""What passes through: unchanged where it lies, or copied by a node that has a store; and conditions."""

from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import lakenb as lk
from lakenb.events import S3Location, derive_id
from lakenb.runtime.cache import MAX_METADATA_BYTES, Cache, divide_metadata, fitted_metadata
from lakenb.runtime.faults import FaultError, RetryError
from tests.runtime.room import Room, created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.graph.steps import Step
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, Output

LIMIT = 5


def is_long(doc: Any) -> bool:
    return bool(doc.size > LIMIT)


def begins_with_a(doc: Any) -> bool:
    return bool(doc.open().read(1) == b"a")


def is_in_chain(doc: Any, ctx: Any) -> bool:
    return bool(ctx.chain_id == doc.event.data.chain_id)


def raises(doc: Any) -> bool:
    raise KeyError(doc.url)


def answers_with_one(doc: Any) -> Any:
    return 1 if doc else 0


def is_throttled(doc: Any) -> bool:
    raise ClientError({"Error": {"Code": "SlowDown"}}, doc.type)


def is_not_there_yet(doc: Any) -> bool:
    raise RetryError("Unavailable", doc.type)


@pytest.fixture
def at(room: Room, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Room]:
    """Make the room that of a step: what travels of a predicate is imported as on Lambda."""

    def become(step: Step, *, strict: bool = False) -> Room:
        for name, text in step.code().sources:
            module = ModuleType(name.removesuffix(".py"))
            exec(compile(text, name, "exec"), vars(module))  # noqa: S102 - what the function's process does
            monkeypatch.setitem(sys.modules, module.__name__, module)
        room.settings = replace(
            room.settings,
            node=step.id,
            handler=step.row.handler,
            options=step.own_options(),
            store=room.store if strict else None,
        )
        return room

    return become


def custom(room: Room) -> Mapping[str, Any]:
    (made,) = room.published(1)
    values: Mapping[str, Any] = made.data.metadata["custom"]
    return values


def test_a_passthrough_sends_the_document_on_where_it_lies(at: Callable[..., Room]) -> None:
    room = at(lk.Passthrough())
    event = room.upload("a.txt", b"abc")
    result = room.run(event)
    (made,) = room.published(1)
    assert made.data.document == event.data.document
    assert made.data.metadata == {}
    assert made.data.call_stack == ("passthrough", "inbox")
    assert made.id == derive_id(event.id, "passthrough", 0)
    assert result.done["calls"] == {"sns:PublishBatch": 1}


def test_a_passthrough_adds_metadata_beside_the_documents_own(at: Callable[..., Room]) -> None:
    room = at(lk.Passthrough(metadata={"run": "blue", "n": 2}))
    event = created(
        room.upload("a.txt", b"abc").data.document, {"title": "A", "custom": {"n": 1, "own": True}}
    )
    result = room.run(event)
    (made,) = room.published(1)
    assert made.data.metadata == {"title": "A", "custom": {"n": 2, "own": True, "run": "blue"}}
    assert "blue" not in str(result.log)


def test_metadata_in_the_cache_is_met_by_what_is_added(at: Callable[..., Room], clients: Clients) -> None:
    room = at(lk.Passthrough(metadata={"run": "blue"}))
    document = room.upload("a.txt", b"abc").data.document
    whole = {"custom": {"big": "x" * 50_000}}
    room.run(created(document, fitted_metadata(whole, Cache(replace(room.settings, node="other"), clients))))
    (made,) = room.published(1)
    assert made.data.metadata["custom"] == {"run": "blue"}
    assert "more" in made.data.metadata


@pytest.mark.parametrize("step", [lk.Passthrough(), lk.Condition(predicate=is_long)])
def test_a_node_with_a_store_copies_what_passes_through(at: Callable[..., Room], step: Step) -> None:
    room = at(step, strict=True)
    event = room.upload("in/a b+c.txt", b"abc", Metadata={"who": "me"})
    result = room.run(event, store_prefix="kept/")
    (made,) = room.published(1)
    key = f"kept/{event.data.chain_id}/{made.id}/a_b_c.txt"
    document = made.data.document
    assert document.url == S3Location(room.store, key).url
    assert (document.size, document.etag, document.type) == (3, event.data.document.etag, "text/plain")
    assert room.body(document.url) == b"abc"
    assert made.data.source == event.data.source
    assert result.done["calls"] == {"s3:CopyObject": 1, "sns:PublishBatch": 1}
    assert room.run(event, store_prefix="kept/").done["outputs"] == result.done["outputs"]
    assert room.keys(room.store) == [key]


def test_a_copy_is_of_the_events_version_or_none(at: Callable[..., Room]) -> None:
    room = at(lk.Passthrough(), strict=True)
    event = room.upload("a.txt", b"old")
    room.upload("a.txt", b"new")
    room.run(event)
    (letter,) = room.dead()
    assert letter["kind"] == "Superseded"
    assert room.keys(room.store) == []


@pytest.mark.parametrize(
    ("predicate", "body", "answer"),
    [
        (is_long, b"abcdef", "true"),
        (is_long, b"abc", "false"),
        (begins_with_a, b"abc", "true"),
        (begins_with_a, b"bcd", "false"),
        (is_in_chain, b"abc", "true"),
    ],
)
def test_a_condition_answers_in_the_metadata(
    at: Callable[..., Room], predicate: Callable[..., bool], body: bytes, answer: str
) -> None:
    room = at(lk.Condition(predicate=predicate))
    document = room.upload("a.txt", body).data.document
    room.run(created(document, {"custom": {"own": 1, "lakenb_matched": "an older one"}}))
    assert custom(room) == {"own": 1, "lakenb_matched": answer}


@pytest.mark.parametrize(
    ("predicate", "reason"),
    [
        (raises, "the predicate stopped with KeyError; its text is left out, for it may hold content"),
        (answers_with_one, "the predicate returned a value of type int: it must return True or False"),
    ],
)
def test_a_predicate_that_fails_is_a_fault_of_the_document(
    at: Callable[..., Room], predicate: Callable[..., bool], reason: str
) -> None:
    room = at(lk.Condition(predicate=predicate))
    result = room.run(room.upload("secret.txt", b"abc"))
    assert result.failures == []
    (letter,) = room.dead()
    assert (letter["kind"], letter["reason"]) == ("HandlerError", reason)


def test_a_document_that_a_predicate_finds_replaced_is_superseded(at: Callable[..., Room]) -> None:
    room = at(lk.Condition(predicate=begins_with_a))
    event = room.upload("a.txt", b"old")
    room.upload("a.txt", b"new")
    room.run(event)
    (letter,) = room.dead()
    assert letter["kind"] == "Superseded"


@pytest.mark.parametrize("predicate", [is_throttled, is_not_there_yet])
def test_what_passes_is_tried_again(at: Callable[..., Room], predicate: Callable[..., bool]) -> None:
    room = at(lk.Condition(predicate=predicate))
    result = room.run(room.upload("a.txt", b"abc"))
    assert result.failures == ["m0"]
    assert room.dead(0) == []


def test_a_handler_is_closed_at_once_when_an_output_cannot_be_stored(room: Room) -> None:
    ended: list[str] = []
    kept: list[Iterator[Output]] = []  # so that nothing but a close ends it

    def broken() -> Iterator[bytes]:
        yield b"a"
        raise FaultError("Malformed", "the rest of it is damaged")

    def outputs(context: Context) -> Iterator[Output]:
        try:
            yield context.document(broken(), type="text/plain")
        finally:
            ended.append("closed")

    def handle(_document: InputDocument, context: Context) -> Iterator[Output]:
        kept.append(outputs(context))
        return kept[0]

    room.run(room.upload("a.txt", b"abc"), handler=SimpleNamespace(handle=handle))
    assert ended == ["closed"]
    assert room.dead()[0]["kind"] == "Malformed"
    assert room.published(0) == []


def test_an_answer_never_leaves_the_event() -> None:
    # numbers are smaller than the answer: by size alone it would go first
    many = {f"name-{number:05}": 1 for number in range(5000)}
    inline, moved = divide_metadata({"custom": {**many, "lakenb_matched": "true"}})
    assert inline["custom"] == {"lakenb_matched": "true"}
    assert len(moved["custom"]) == 5000
    assert MAX_METADATA_BYTES < 5000 * 10
