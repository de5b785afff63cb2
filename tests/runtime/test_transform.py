"""A user's function of all documents of an event: what it makes, what it sends on, and what it must not."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.events import (
    COMPOSITE_TYPE,
    MAX_COMPOSITE_BYTES,
    CloudEvent,
    Document,
    S3Location,
    compose,
    derive_id,
)
from lakenb.runtime.handlers import transform
from tests.runtime.room import Room, created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def join(docs: Any, ctx: Any) -> Any:
    def pieces() -> Iterator[bytes]:
        for doc in docs:
            for block in doc.text():
                yield block.encode()

    return ctx.document(pieces(), type="text/plain", name="all.txt", metadata={"title": "all"})


def largest(docs: Any) -> Any:
    return max(docs, key=lambda doc: doc.size)


def marked(docs: Any, ctx: Any) -> Iterator[Any]:
    for number, doc in enumerate(docs):
        yield ctx.pass_on(doc, metadata=doc.with_custom({"number": number}))


def everything(docs: Any, ctx: Any) -> Iterator[Any]:
    yield join(docs, ctx)
    yield from docs


def none_of_them(docs: Any) -> Any:
    return [doc for doc in docs if doc.size < 0]


def forgets_to_return(docs: Any) -> None:
    list(docs)


def returns_text(docs: Any) -> Any:
    return docs[0].type


def returns_numbers(docs: Any) -> Any:
    return [doc.size for doc in docs]


def says_not_which(docs: Any, ctx: Any) -> Any:
    return ctx.metadata({"title": str(len(docs))})


def passes_on_no_document(docs: Any, ctx: Any) -> Any:
    return ctx.pass_on(docs[0].url)


def raises(docs: Any) -> Any:
    raise KeyError(docs[0].url)


def imports_what_is_not_there(docs: Any) -> Any:
    return import_module(f"hnswlib{len(docs)}")


@pytest.fixture
def at(room: Room, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Room]:
    """Make the room that of a transform: what travels of its function is imported as on Lambda."""

    def become(function: Any, *, strict: bool = False) -> Room:
        step = lk.Transform("merge", function)
        for name, text in step.code().sources:
            module = ModuleType(name.removesuffix(".py"))
            exec(compile(text, name, "exec"), vars(module))  # noqa: S102 - what the function's process does
            monkeypatch.setitem(sys.modules, module.__name__, module)
        transform._function.cache_clear()
        options = step.own_options()
        room.settings = replace(
            room.settings, node=step.id, handler=step.row.handler, options=options, passes_on=not strict
        )
        return room

    return become


def gathered(room: Room, **texts: str) -> tuple[CloudEvent, list[CloudEvent]]:
    """Upload documents and a composite of them: return its event, and theirs in the order that it has."""
    events = [room.upload(f"parts/{name}.txt", text.encode()) for name, text in texts.items()]
    chain = events[0].data.chain_id
    own = [
        replace(event, data=replace(event.data, chain_id=chain, call_stack=("unzip", "inbox")))
        for event in events
    ]
    return composite(room, compose(own), chain), own


def composite(room: Room, body: bytes, chain: str) -> CloudEvent:
    """Put a composite where the node reads, and return the event that a reducer would send."""
    answer = room.clients.s3.put_object(Bucket=room.inbox, Key="composite", Body=body)
    url = S3Location(room.inbox, "composite").url
    event = created(Document(url, COMPOSITE_TYPE, len(body), answer["ETag"].strip('"')))
    return replace(event, data=replace(event.data, chain_id=chain, call_stack=("gather", "unzip", "inbox")))


def test_one_document_is_a_tuple_of_one(at: Callable[..., Room]) -> None:
    room = at(join)
    event = room.upload("a.txt", b"abc")
    result = room.run(event)
    (made,) = room.published(1)
    document = made.data.document
    assert room.body(document.url) == b"abc"
    assert document.url == S3Location(room.store, f"{event.data.chain_id}/{made.id}/all.txt").url
    assert made.data.metadata == {"title": "all"}
    assert made.id == derive_id(event.id, "merge", 0)
    assert result.done["outputs"][0]["url"] == document.url


def test_documents_of_a_composite_are_joined_in_its_order(at: Callable[..., Room]) -> None:
    room = at(join)
    event, _ = gathered(room, b="second ", a="first ", c="third")
    room.run(event)
    (made,) = room.published(1)
    assert room.body(made.data.document.url) == b"first second third"
    assert made.data.call_stack == ("merge", "gather", "unzip", "inbox")
    assert made.data.chain_id == event.data.chain_id
    assert made.id == derive_id(event.id, "merge", 0)


def test_a_document_that_it_got_goes_on_where_it_lies(at: Callable[..., Room]) -> None:
    room = at(largest)
    event, own = gathered(room, a="1", b="22", c="3")
    room.run(event)
    (made,) = room.published(1)
    assert made.data.document == own[1].data.document
    assert made.data.source == own[1].data.source
    assert made.data.call_stack == ("merge", "gather", "unzip", "inbox")
    assert room.keys(room.store) == []


def test_each_goes_on_with_metadata_of_its_own(at: Callable[..., Room]) -> None:
    room = at(marked)
    event, own = gathered(room, a="1", b="22")
    room.run(event)
    made = {one.data.document.url: one for one in room.published(2)}
    assert {url: one.data.metadata["custom"]["number"] for url, one in made.items()} == {
        own[0].data.document.url: 0,
        own[1].data.document.url: 1,
    }


def test_in_a_strict_pipeline_what_goes_on_is_copied(at: Callable[..., Room]) -> None:
    room = at(everything, strict=True)
    event, own = gathered(room, a="1", b="22")
    room.run(event)
    made = room.published(3)
    assert {one.data.document.url.partition("/")[2].split("/")[1] for one in made} == {room.store}
    bodies = sorted(room.body(one.data.document.url) for one in made)
    assert bodies == [b"1", b"122", b"22"]
    names = {one.data.document.url.rpartition("/")[2] for one in made}
    assert names == {"a.txt", "b.txt", "all.txt"}
    assert {one.data.source for one in made} == {own[0].data.source, own[1].data.source, event.data.source}


def test_twice_the_same_event_gives_the_same_twice(at: Callable[..., Room]) -> None:
    room = at(everything)
    event, _ = gathered(room, a="1", b="22")
    first, again = room.run(event), room.run(event)
    assert first.done["outputs"] == again.done["outputs"]
    assert len(room.published(6)) == 6
    assert len(room.keys(room.store)) == 1


def test_what_is_not_returned_ends_here(at: Callable[..., Room]) -> None:
    room = at(none_of_them)
    result = room.run(room.upload("a.txt", b"abc"))
    assert result.failures == []
    assert result.done["outputs"] == []
    assert room.published(0) == []
    assert room.dead(0) == []


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (forgets_to_return, "the function returned nothing: make documents with ctx.document(...)"),
        (returns_text, "the function returned a str, which is no document"),
        (returns_numbers, "the function returned a int, which is no document"),
        (says_not_which, "the function got 2 documents, and its output does not say which of them goes on"),
        (passes_on_no_document, "its output does not say which of them goes on"),
        (
            imports_what_is_not_there,
            "the function stopped with ModuleNotFoundError: hnswlib2 is neither Lambda's own nor in the zip",
        ),
    ],
)
def test_what_is_no_document_is_a_fault(at: Callable[..., Room], function: Any, reason: str) -> None:
    room = at(function)
    event, _ = gathered(room, a="1", b="22")
    assert room.run(event).failures == []
    (letter,) = room.dead()
    assert letter["kind"] == "HandlerError"
    assert reason in letter["reason"]
    assert room.published(0) == []


def test_a_function_that_raises_is_tried_again_and_its_text_is_left_out(at: Callable[..., Room]) -> None:
    room = at(raises)
    result = room.run(room.upload("secret.txt", b"abc"))
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["reason"].startswith("the handler stopped with KeyError; its text is left out")


def test_documents_of_another_upload_are_no_composites(at: Callable[..., Room]) -> None:
    # whoever uploads a composite of his own cannot know the id of the chain that the upload begins
    room = at(join)
    event, own = gathered(room, a="1")
    forged = composite(room, compose(own), event.id)
    room.run(forged)
    (letter,) = room.dead()
    assert letter["kind"] == "Hostile"
    assert room.published(0) == []


def test_a_composite_leads_nowhere_else(at: Callable[..., Room]) -> None:
    room = at(join)
    event, own = gathered(room, a="1")
    elsewhere = Document(S3Location("somebody-elses", "a.txt").url, "text/plain", 1)
    foreign = compose([replace(own[0], data=replace(own[0].data, document=elsewhere))])
    result = room.run(composite(room, foreign, event.data.chain_id))
    (letter,) = room.dead()
    assert letter["kind"] == "ForeignUrl"
    assert result.lines("failed")[0]["calls"] == {"s3:GetObject": 1, "sqs:SendMessage": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the composite"),
        (b"[]", "the composite is empty"),
        (b"{}", "the composite is no list of events"),
        (json.dumps([{"id": "x"}]).encode(), "[0]"),
        (b" " * (MAX_COMPOSITE_BYTES + 1), "the composite"),
    ],
)
def test_what_is_no_composite_is_malformed(at: Callable[..., Room], body: bytes, reason: str) -> None:
    room = at(join)
    event, _ = gathered(room, a="1")
    room.run(composite(room, body, event.data.chain_id))
    (letter,) = room.dead()
    assert letter["kind"] == "Malformed"
    assert reason in letter["reason"]


def test_a_member_that_was_replaced_is_superseded(at: Callable[..., Room]) -> None:
    room = at(join)
    event, _ = gathered(room, a="old")
    room.upload("parts/a.txt", b"new")
    room.run(event)
    (letter,) = room.dead()
    assert letter["kind"] == "Superseded"
