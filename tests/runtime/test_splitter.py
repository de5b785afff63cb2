"""The splitter in its surroundings: chunks in the store, events on the topic, faults with a reason."""

from __future__ import annotations

import json
import os
import tempfile
import tracemalloc
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.events import S3Location, derive_id
from lakenb.runtime.settings import Source
from tests.runtime.room import created

if TYPE_CHECKING:
    from lakenb.events import CloudEvent
    from lakenb.runtime.clients import Clients
    from tests.runtime.room import Room

TEXT = "One two three.\n\nFour five six.\n\nSeven eight nine.\n"
OPTIONS = {"chunk_size": 20, "chunk_overlap": 0}
MEBIBYTE = 2**20


def altered(event: CloudEvent, **document: Any) -> CloudEvent:
    """Return an event whose document is described otherwise."""
    data = event.data
    return replace(event, data=replace(data, document=replace(data.document, **document)))


def test_a_text_becomes_chunks_with_events_of_their_own(room: Room) -> None:
    event = room.upload("a b+c%2Fé'\".txt", TEXT.encode())
    result = room.run(event, options=OPTIONS)
    assert result.failures == []
    events = sorted(room.published(3), key=lambda made: made.data.document.url.rpartition("/")[2])
    assert [room.body(made.data.document.url).decode() for made in events] == [
        "One two three.\n\n",
        "Four five six.\n\n",
        "Seven eight nine.\n",
    ]
    for ordinal, made in enumerate(events):
        made_id = derive_id(event.id, "split", ordinal)
        assert made.id == made_id
        key = f"{event.data.chain_id}/{made_id}/{ordinal:05}.txt"
        assert made.data.document.url == S3Location(room.store, key).url
        assert made.data.source == event.data.source
        assert made.data.call_stack == ("split", "inbox")
        assert made.time == event.time
    chunk = events[1].data.metadata["properties"]["attrs"]["chunk"]
    assert chunk == {"id": events[1].id, "order": 1, "total": 3, "startOffset": 16, "endOffset": 32}
    assert result.done["calls"] == {"s3:GetObject": 1, "s3:PutObject": 3, "sns:PublishBatch": 1}
    assert result.done["inputs"] == {"url": event.data.document.url, "type": "text/plain", "size": len(TEXT)}
    assert {output["eventId"] for output in result.done["outputs"]} == {made.id for made in events}
    assert [line["lakenb"] for line in result.log] == ["start", "done"]
    assert result.done["startedAt"] <= result.done["endedAt"]


def test_the_same_message_twice_gives_the_same_keys_ids_and_bytes(room: Room) -> None:
    event = room.upload("a.txt", TEXT.encode())
    first = room.run(event, options=OPTIONS)
    keys = room.keys(room.store)
    second = room.run(event, event, options=OPTIONS)
    assert room.keys(room.store) == keys
    assert first.done["outputs"] == second.lines("done")[0]["outputs"] == second.lines("done")[1]["outputs"]
    texts = [made.to_json() for made in room.published(9)]
    assert len(set(texts)) == 3


def test_outputs_lie_below_the_stores_prefix(room: Room) -> None:
    room.run(room.upload("a.txt", b"abc"), store_prefix="out/")
    (key,) = room.keys(room.store)
    assert key.startswith("out/")


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (b"", "EmptyDocument", "is empty: there is no text in it to split"),
        (b"\xef\xbb\xbf", "EmptyDocument", "is empty: there is no text in it to split"),
        (b"abc\xff", "NotText", "is no text: byte 3 is no UTF-8"),
        (b"PK\x03\x04\x00", "NotText", "is no text: byte 4 is NUL"),
        ("utf".encode("utf-16"), "NotText", "is no text: byte 0 is no UTF-8"),
        (
            b"x" * 21,
            "TooLarge",
            "has 21 bytes, and this node splits at most 20: raise chunk_size (10) or max_chunks (2)",
        ),
        (
            b"xxxxxx yyyyyy zzzzz",
            "TooLarge",
            "has more than 2 chunks: raise chunk_size (10) or max_chunks (2)",
        ),
    ],
)
def test_a_bad_document_goes_to_the_dead_letters_with_its_reason(
    room: Room, body: bytes, kind: str, reason: str
) -> None:
    event = room.upload("bad.txt", body)
    good = room.upload("good.txt", b"abc")
    options = {"chunk_size": 10, "chunk_overlap": 0, "max_chunks": 2}
    if b" " in body:
        options["separators"] = [" "]
    result = room.run(event, good, options=options)
    assert result.failures == []
    (letter,) = room.dead()
    assert letter == {
        "lakenb": 1,
        "node": "split",
        "eventId": event.id,
        "kind": kind,
        "reason": f"the document {reason}",
        "event": json.loads(event.to_json()),
        "document": event.data.document.to_dict(),
    }
    assert [line["lakenb"] for line in result.log] == ["start", "failed", "start", "done"]
    assert result.lines("failed")[0]["reason"] == letter["reason"]
    assert len(room.published(1)) == 1


def test_a_byte_order_mark_is_no_part_of_the_text(room: Room) -> None:
    room.run(room.upload("a.txt", b"\xef\xbb\xbfabc"))
    (event,) = room.published(1)
    assert room.body(event.data.document.url) == b"abc"


def test_a_document_that_was_replaced_is_superseded(room: Room) -> None:
    event = room.upload("a.txt", b"old")
    room.upload("a.txt", b"new")
    room.run(event)
    (letter,) = room.dead()
    assert letter["kind"] == "Superseded"
    assert letter["reason"] == (
        f"reading {event.data.document.url} found another version than the event's: "
        "a newer upload, with an event of its own"
    )
    assert room.keys(room.store) == []


def test_a_document_that_was_deleted_fails(room: Room, clients: Clients) -> None:
    event = room.upload("a.txt", b"abc")
    clients.s3.delete_object(Bucket=room.inbox, Key="a.txt")
    room.run(event)
    (letter,) = room.dead()
    assert letter["kind"] == "NotFound"


@pytest.mark.parametrize(
    ("sources", "url"),
    [
        ("inbox", "s3://another-bucket/a.txt"),
        ("inbox", "https://example.org/a.txt"),
        ("inbox", "s3://169.254.169.254/latest"),
        ("none", "s3://another-bucket/a.txt"),
    ],
)
def test_a_foreign_url_is_refused_before_any_call(room: Room, sources: str, url: str) -> None:
    event = altered(room.upload("a.txt", b"abc"), url=url)
    result = room.run(event, sources=(Source(room.inbox),) if sources == "inbox" else ())
    assert result.lines("failed")[0]["calls"] == {"sqs:SendMessage": 1}
    (letter,) = room.dead()
    assert letter["kind"] == "ForeignUrl"
    assert url in letter["reason"]


@pytest.mark.parametrize("change", ["unknown", "truncated", "text", "twice"])
def test_a_message_that_is_no_event_fails_and_the_others_go_on(room: Room, change: str) -> None:
    event = room.upload("a.txt", b"abc")
    text = event.to_json()
    value = {**json.loads(text), "surprise": 1}
    wrong = {
        "unknown": json.dumps(value),
        "truncated": text[:-1],
        "text": "hello",
        "twice": '{"id":1,' + text[1:],
    }[change]
    result = room.run(wrong, event)
    assert result.failures == []
    (letter,) = room.dead()
    assert letter["kind"] == "InvalidEvent"
    assert letter["event"] == (value if change == "unknown" else None)
    assert letter["eventId"] == (event.id if change == "unknown" else None)
    assert letter["document"] is None
    assert result.log[0]["lakenb"] == "start"
    assert len(room.published(1)) == 1


def test_a_bad_option_is_not_the_documents_fault(room: Room) -> None:
    event = room.upload("a.txt", b"abc")
    result = room.run(event, options={"chunk_size": 1, "chunk_overlap": 1})
    assert result.failures == ["m0"]
    assert result.lines("retry")[0]["kind"] == "HandlerError"
    assert room.dead(0) == []


def hundred_megabytes(room: Room, clients: Clients) -> CloudEvent:
    """Put a text of 100 MB and return the event about it."""
    size = 100 * MEBIBYTE
    with tempfile.TemporaryFile() as file:
        line = b"The quick brown fox jumps over the lazy dog, and goes on to do it again and again.\n"
        block = line * (MEBIBYTE // len(line) + 1)
        for _ in range(100):
            file.write(block[:MEBIBYTE])
        file.seek(0, os.SEEK_SET)
        answer = clients.s3.put_object(Bucket=room.inbox, Key="long.txt", Body=file)
    return altered(room.upload("short.txt", b"x"), url=f"s3://{room.inbox}/long.txt", size=size,
                   etag=answer["ETag"].strip('"'))  # fmt: skip


def test_a_text_of_a_hundred_megabytes_is_split_within_a_small_window(room: Room, clients: Clients) -> None:
    event = hundred_megabytes(room, clients)
    refused = room.run(event)
    (line,) = refused.lines("failed")
    assert line["kind"] == "TooLarge"
    assert line["calls"] == {"sqs:SendMessage": 1}  # before a byte was read
    tracemalloc.start()
    result = room.run(event, options={"chunk_size": MEBIBYTE, "chunk_overlap": 0})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * MEBIBYTE
    assert len(result.done["outputs"]) == 101
    assert sum(output["size"] for output in result.done["outputs"]) == 100 * MEBIBYTE
    assert result.done["calls"] == {"s3:GetObject": 1, "s3:PutObject": 101, "sns:PublishBatch": 11}


def test_many_outputs_are_listed_in_several_lines(room: Room) -> None:
    event = room.upload("a.txt", b"x" * 1200)
    result = room.run(event, options={"chunk_size": 1, "chunk_overlap": 0})
    assert [line["lakenb"] for line in result.log] == ["start", "outputs", "outputs", "done"]
    listed = [output for line in result.log[1:] for output in line["outputs"]]
    assert [output["eventId"] for output in listed] == [derive_id(event.id, "split", n) for n in range(1200)]
    assert max(len(json.dumps(line)) for line in result.log) < 256_000


def test_metadata_of_the_input_goes_on_to_the_chunks(room: Room) -> None:
    uploaded = room.upload("a.txt", b"abc")
    event = created(uploaded.data.document, {"title": "A", "custom": {"n": 1}})
    room.run(event)
    (made,) = room.published(1)
    assert made.data.metadata["title"] == "A"
    assert made.data.metadata["custom"] == {"n": 1}
    assert made.data.metadata["properties"]["kind"] == "text"
