"""Batches: nothing is lost, nothing stops the others, and what failed says why."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from lakenb.events import derive_id
from lakenb.runtime.cache import Cache
from lakenb.runtime.deadline import Deadline
from lakenb.runtime.faults import FaultError, RetryError
from lakenb.runtime.publish import Publisher
from tests.runtime.room import LONG, created

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, Output
    from tests.runtime.room import Room

MEBIBYTE = 2**20


def module(handle: Callable[[InputDocument, Context], Any]) -> Any:
    """Return a handler's module whose handler is a function of the test's own."""
    return SimpleNamespace(handle=handle)


def raising(error: BaseException) -> Any:
    """Return a handler's module whose handler stops."""

    def handle(_document: InputDocument, _context: Context) -> None:
        raise error

    return module(handle)


def copying(document: InputDocument, context: Context) -> Output:
    with document.open() as stream:
        return context.document(stream.read(), type="Text/Plain; charset=utf-8", name="../a b.txt")


# --- what fails


def test_an_unexpected_error_is_tried_again_until_the_last_time(room: Room) -> None:
    event = room.upload("a.txt", b"abc")
    handler = raising(ValueError("a secret of the document"))
    first = room.run(event, handler=handler, max_receives=3, receives=2)
    assert first.failures == ["m0"]
    assert [line["lakenb"] for line in first.log] == ["start", "retry"]
    last = room.run(event, handler=handler, max_receives=3, receives=3)
    assert last.failures == []
    assert [line["lakenb"] for line in last.log] == ["start", "failed"]
    (letter,) = room.dead()
    assert letter["kind"] == "HandlerError"
    assert letter["reason"] == (
        "the handler stopped with ValueError; its text is left out, for it may hold content "
        "(tried 3 times, and not to be handed out again)"
    )
    assert "secret" not in json.dumps([first.log, last.log, letter])


@pytest.mark.parametrize("error", [SystemExit(1), RecursionError(), MemoryError(), KeyError("x")])
def test_no_error_of_a_handler_stops_the_batch(room: Room, error: BaseException) -> None:
    calls = iter([error, None])

    def handle(document: InputDocument, context: Context) -> Output:
        stop = next(calls)
        if stop:
            raise stop
        return copying(document, context)

    result = room.run(room.upload("a", b"1"), room.upload("b", b"2"), handler=module(handle))
    assert result.failures == ["m0"]
    assert [line["lakenb"] for line in result.log] == ["start", "retry", "start", "done"]


def test_a_handlers_own_fault_is_permanent_at_once(room: Room) -> None:
    handler = raising(FaultError("Encrypted", "the document is encrypted"))
    result = room.run(room.upload("a", b"1"), handler=handler)
    assert result.failures == []
    (letter,) = room.dead()
    assert (letter["kind"], letter["reason"]) == ("Encrypted", "the document is encrypted")


def test_a_handlers_own_retry_is_transient(room: Room) -> None:
    result = room.run(room.upload("a", b"1"), handler=raising(RetryError("Busy", "the model is busy")))
    assert result.failures == ["m0"]
    assert result.lines("retry")[0]["kind"] == "Busy"


def test_a_lost_dead_letter_queue_loses_no_message(room: Room) -> None:
    result = room.run("no event", dead_letters=room.dead_letters + "-gone")
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["reason"].startswith("InvalidEvent: ")
    assert "the dead-letter queue did not take it" in line["reason"]


def test_events_that_cannot_be_published_come_again(room: Room, clients: Clients) -> None:
    clients.sns.delete_topic(TopicArn=room.topic)
    result = room.run(room.upload("a.txt", b"abc"))
    assert room.keys(room.store)  # outputs first
    assert result.lines("done") == []
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["reason"] == "publishing the event found no such place: was the stack altered?"


def test_nothing_goes_out_when_an_output_cannot_be_stored(room: Room) -> None:
    def handle(_document: InputDocument, context: Context) -> Iterator[Output]:
        yield context.document(b"1", type="text/plain")
        raise FaultError("Encrypted", "the second page is encrypted")

    room.run(room.upload("a", b"1"), handler=module(handle))
    assert len(room.keys(room.store)) == 1
    assert room.published(0) == []


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (lambda _: "text", "the handler returned a str"),
        (lambda _: [b"bytes"], "the handler returned a bytes"),
        (lambda c: c.document(b"", type="text/plain", metadata={"titel": "A"}), "an unknown field 'titel'"),
        (lambda c: c.document(b"", type="text/plain", metadata={"custom": {"a": {1, 2}}}), "is a Python set"),
        (lambda c: [c.copy(key="same"), c.copy(key="same")], "put two outputs of one document at"),
    ],
)
def test_an_output_that_cannot_be_is_the_handlers_fault(room: Room, made: Any, reason: str) -> None:
    room.run(room.upload("a", b"1"), handler=module(lambda _document, context: made(context)))
    (letter,) = room.dead()
    assert letter["kind"] == "HandlerError"
    assert reason in letter["reason"]


def test_a_node_without_a_store_makes_no_documents(room: Room) -> None:
    room.run(room.upload("a", b"1"), handler=module(copying), store=None)
    (letter,) = room.dead()
    assert letter["reason"] == "the node 'split' has no store: it can pass documents on, not make any"


# --- time


def test_what_there_is_no_time_for_comes_again(room: Room) -> None:
    events = [room.upload(f"{n}.txt", b"abc") for n in range(3)]
    left = [LONG]

    def handle(document: InputDocument, context: Context) -> Output:
        made = copying(document, context)
        left[0] = 2000  # enough to publish, not to begin with another document
        return made

    result = room.run(*events, handler=module(handle), remaining_ms=lambda: left[0])
    assert result.failures == ["m1", "m2"]
    assert [line["kind"] for line in result.lines("retry")] == ["OutOfTime", "OutOfTime"]
    assert len(result.lines("done")) == 1


def test_a_document_that_outlasts_the_function_stops_in_time(room: Room) -> None:
    event = room.upload("a.txt", b"x" * 100)
    left = iter(range(60_000, 0, -1000))
    options = {"chunk_size": 1, "chunk_overlap": 0}
    result = room.run(event, options=options, remaining_ms=lambda: next(left))
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["kind"] == "OutOfTime"
    assert "a longer time-out" in line["reason"]
    assert room.published(0) == []


def test_a_short_time_out_still_gets_documents_done(room: Room) -> None:
    result = room.run(room.upload("a.txt", b"abc"), remaining_ms=lambda: 900)
    assert len(result.lines("done")) == 1


# --- what is made


def test_one_publish_call_serves_several_documents(room: Room) -> None:
    events = [room.upload(f"{n}.txt", b"abc") for n in range(10)]
    result = room.run(*events)
    assert sum(line["calls"].get("sns:PublishBatch", 0) for line in result.lines("done")) == 1
    assert {made.id for made in room.published(10)} == {derive_id(event.id, "split", 0) for event in events}


def test_a_handler_names_its_output_and_the_runtime_makes_the_name_safe(room: Room) -> None:
    event = room.upload("a", b"abc")
    room.run(event, handler=module(copying))
    (made,) = room.published(1)
    assert made.data.document.type == "text/plain"
    assert room.keys(room.store) == [f"{event.data.chain_id}/{made.id}/a_b.txt"]


@pytest.mark.parametrize("size", [0, 1, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 20 * MEBIBYTE])
def test_a_stream_of_any_length_is_stored(room: Room, size: int) -> None:
    def blocks() -> Iterator[bytes]:
        for position in range(0, size, MEBIBYTE):
            yield b"x" * min(MEBIBYTE, size - position)

    def handle(_document: InputDocument, context: Context) -> Iterator[Output]:
        yield context.document(blocks(), type="text/plain")
        yield context.document(io.BytesIO(b"x" * size), type="text/plain")

    result = room.run(room.upload("a", b"1"), handler=module(handle))
    for output in result.done["outputs"]:
        assert output["size"] == size
        assert len(room.body(output["url"])) == size
    one, other = result.done["outputs"]
    assert one["etag"] == other["etag"]


def test_an_upload_that_breaks_off_leaves_no_parts(room: Room, clients: Clients) -> None:
    def blocks() -> Iterator[bytes]:
        yield b"x" * 20 * MEBIBYTE
        raise FaultError("Encrypted", "the rest is encrypted")

    def handle(_document: InputDocument, context: Context) -> Output:
        return context.document(blocks(), type="text/plain")

    room.run(room.upload("a", b"1"), handler=module(handle))
    assert room.keys(room.store) == []
    assert not clients.s3.list_multipart_uploads(Bucket=room.store).get("Uploads")
    (letter,) = room.dead()
    assert letter["kind"] == "Encrypted"


def test_passing_on_keeps_the_document_and_adds_metadata(room: Room) -> None:
    uploaded = room.upload("a", b"1")
    event = created(uploaded.data.document, {"title": "A"})
    handler = module(lambda _document, context: context.metadata({"language": "en"}))
    result = room.run(event, handler=handler, store=None)
    (made,) = room.published(1)
    assert made.data.document == event.data.document
    assert made.id == derive_id(event.id, "split", 0)
    assert made.data.metadata == {"title": "A", "language": "en"}
    assert result.done["calls"] == {"sns:PublishBatch": 1}


def test_a_handler_may_drop_a_document(room: Room) -> None:
    result = room.run(room.upload("a", b"1"), handler=module(lambda _document, _context: None))
    assert result.done["outputs"] == []
    assert room.published(0) == []


# --- metadata in the cache


def test_large_metadata_moves_to_the_nodes_own_prefix_once(room: Room) -> None:
    def handle(_document: InputDocument, context: Context) -> Iterator[Output]:
        for number in range(3):
            metadata = {"title": f"{number}", "custom": {"big": "x" * 40_000}}
            yield context.document(b"1", type="text/plain", metadata=metadata)

    result = room.run(room.upload("a", b"1"), handler=module(handle))
    (key,) = room.keys(room.cache)
    assert key.startswith("split/")
    assert result.done["calls"]["s3:PutObject"] == 4
    for made in room.published(3):
        assert made.data.metadata["more"] == f"s3://{room.cache}/{key}"
        assert "big" not in made.data.metadata.get("custom", {})
        assert made.data.metadata["title"] in "012"


def test_moved_metadata_is_whole_again_for_the_next_handler(room: Room) -> None:
    whole = {"title": "A", "custom": {"big": "x" * 40_000, "small": 1}}
    passing = module(lambda _document, context: context.metadata(whole))
    room.run(room.upload("a", b"1"), handler=passing, store=None)
    (event,) = room.published(1)
    seen: list[Any] = []

    def handle(document: InputDocument, context: Context) -> Output:
        seen.append(document.metadata)
        return context.metadata({"language": "en"})

    room.run(event, handler=module(handle), node="next", store=None)
    assert seen == [whole]
    (made,) = room.published(1)
    assert made.data.metadata["language"] == "en"
    assert sorted(key.partition("/")[0] for key in room.keys(room.cache)) == ["next", "split"]


def test_a_pointer_that_nobody_needs_is_passed_on_unread(room: Room) -> None:
    whole = {"custom": {"big": "x" * 40_000}}
    passing = module(lambda _document, context: context.metadata(whole))
    room.run(room.upload("a", b"1"), handler=passing, store=None)
    (event,) = room.published(1)
    result = room.run(
        event, handler=module(lambda _document, context: context.metadata({})), node="next", store=None
    )
    assert result.done["calls"] == {"sns:PublishBatch": 1}
    assert room.published(1)[0].data.metadata == event.data.metadata


@pytest.mark.parametrize("pointer", ["s3://another-bucket/split/0", "https://example.org/0", "nonsense"])
def test_a_pointer_out_of_the_cache_is_refused_before_any_call(room: Room, pointer: str) -> None:
    event = room.upload("a", b"1")
    result = room.run(event, handler=module(lambda _document, context: context.fetch(pointer)))
    assert result.lines("failed")[0]["calls"] == {"sqs:SendMessage": 1}
    (letter,) = room.dead()
    assert letter["kind"] == "ForeignUrl"


def test_what_was_changed_in_the_cache_is_not_believed(room: Room, clients: Clients) -> None:
    pointer = Cache(room.settings, clients).put({"a": 1})
    clients.s3.put_object(Bucket=room.cache, Key=room.keys(room.cache)[0], Body=b'{"a": 2}')
    room.run(room.upload("a", b"1"), handler=module(lambda _document, context: context.fetch(pointer)))
    (letter,) = room.dead()
    assert letter["reason"] == f"what lies at {pointer} is not what was put there"


# --- what is told


def test_no_log_line_tells_content_or_metadata(room: Room) -> None:
    word = "Zebra7"
    metadata = {"title": word, "custom": {word: word}}
    good = created(room.upload("a", word.encode()).data.document, metadata)
    bad = created(room.upload("b", word.encode() + b"\xff").data.document, metadata)
    wrong = json.dumps({**json.loads(good.to_json()), f"{word} {word}": word, "id": word})

    def handle(_document: InputDocument, _context: Context) -> None:
        raise ValueError(word)

    logs = [*room.run(good, bad, wrong).log, *room.run(good, handler=module(handle)).log]
    assert {line["lakenb"] for line in logs} == {"start", "done", "failed", "retry"}
    assert word not in json.dumps(logs)
    assert all(word not in letter["reason"] for letter in room.dead(2))


def test_an_event_that_the_topic_did_not_take_comes_again_alone() -> None:
    class Sns:
        """A topic that takes all events but the second."""

        def publish_batch(self, **_: Any) -> dict[str, Any]:
            return {"Failed": [{"Id": "1", "Code": "InternalError", "SenderFault": False}]}

    verdicts = Publisher("arn", cast("Clients", SimpleNamespace(sns=Sns()))).publish(
        ["{}", "{}", "{}"], Deadline(lambda: LONG)
    )
    assert [verdict and (type(verdict), verdict.kind) for verdict in verdicts] == [
        None,
        (RetryError, "NotPublished"),
        None,
    ]


def test_a_bad_environment_is_one_clear_error(tmp_path: Path) -> None:
    program = "from lakenb.runtime.function import handle; handle({}, None)"
    root = str(Path(__file__).parents[2])
    environment = {"PYTHONPATH": root, "PATH": os.environ["PATH"], "LAKENB_NODE": "split"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "2 faults\n1. the variable LAKENB_HANDLER is not set" in done.stderr
    assert "deploy the function with the template that lakenb made, unaltered" in done.stderr


# --- the letter


def test_a_letter_with_a_very_long_event_leaves_it_out(room: Room) -> None:
    event = room.upload("a", b"1")
    long = replace(event, data=replace(event.data, metadata={"title": "x" * 261_000}))
    room.run(long, handler=raising(FaultError("Encrypted", "the document is encrypted")))
    (letter,) = room.dead()
    assert letter["event"] is None
    assert letter["eventId"] == event.id
    assert letter["reason"].startswith("the document is encrypted (the event is left out")
