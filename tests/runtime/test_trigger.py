"""The S3 trigger: real notifications of a real bucket become the first events of chains."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.events import CloudEvent, S3Location, derive_chain_id
from lakenb.runtime.settings import Source
from tests.runtime.room import TRIGGER, Room

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients
    from tests.runtime.room import Result

HOSTILE = ("a b+c%2Fé'\".txt", "日本語/ファイル.md", "//double//slashes.txt", "?query#fragment&more=1.txt")


@pytest.fixture
def inbox(room: Room) -> Room:
    """A trigger's surroundings: it has neither store nor cache."""
    room.settings = replace(room.settings, node="inbox", handler=TRIGGER, store=None, cache=None)
    return room


def run_on(inbox: Room, *bodies: str, **settings: Any) -> Result:
    return inbox.run(*bodies, **settings)


def notification(
    location: S3Location, etag: str | None, size: int = 3, name: str = "ObjectCreated:Put"
) -> str:
    from urllib.parse import quote_plus  # noqa: PLC0415 - used here alone

    found = {"key": quote_plus(location.key), "size": size, "eTag": etag, "sequencer": "0055AED6DCD90281E5"}
    entry = {
        "eventName": name,
        "eventTime": "2026-01-31T12:00:00.000Z",
        "s3": {"bucket": {"name": location.bucket}, "object": found},
    }
    return json.dumps({"Records": [entry]})


def test_uploads_with_hostile_names_start_chains(inbox: Room, clients: Clients) -> None:
    queue = inbox.notifications()
    for key in HOSTILE:
        clients.s3.put_object(Bucket=inbox.inbox, Key=key, Body=b"abc")
    bodies = inbox.bodies(queue, 1 + len(HOSTILE))  # S3 sends its test message first
    result = run_on(inbox, *bodies)
    assert result.failures == []
    assert len(result.lines("skipped")) == 1
    events = inbox.published(len(HOSTILE))
    assert {event.data.document.url for event in events} == {
        S3Location(inbox.inbox, key).url for key in HOSTILE
    }
    for event in events:
        assert event.data.document == event.data.source
        assert event.data.document.etag == "900150983cd24fb0d6963f7d28e17f72"
        assert event.data.document.size == 3
        assert event.data.document.type in {"text/plain", "text/markdown"}
        assert event.data.call_stack == ("inbox",)
        assert event.data.chain_id == derive_chain_id(event.id)
    done = result.lines("done")
    assert [line["eventId"] for line in done] == [line["outputs"][0]["eventId"] for line in done]
    calls: dict[str, int] = {}
    for line in done:
        for call, count in line["calls"].items():
            calls[call] = calls.get(call, 0) + count
    assert calls == {"s3:HeadObject": len(HOSTILE), "sns:PublishBatch": 1}


def test_the_same_notification_twice_is_the_same_event(inbox: Room) -> None:
    event = inbox.upload("a.txt", b"abc")
    body = notification(S3Location(inbox.inbox, "a.txt"), event.data.document.etag)
    run_on(inbox, body)
    run_on(inbox, body)
    one, other = inbox.published(2)
    assert one.to_json() == other.to_json()


def test_a_plain_key_of_event_bridge_is_not_decoded(inbox: Room) -> None:
    key = "a%20b+c.txt"
    etag = inbox.upload(key, b"abc").data.document.etag
    detail = {
        "bucket": {"name": inbox.inbox},
        "object": {"key": key, "size": 3, "etag": etag, "sequencer": "1"},
    }
    envelope = {"source": "aws.s3", "detail-type": "Object Created", "time": "2026-01-31T12:00:00Z"}
    run_on(inbox, json.dumps({"version": "0", **envelope, "detail": detail}))
    (event,) = inbox.published(1)
    assert event.data.document.url == S3Location(inbox.inbox, key).url
    assert event.time == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize("key", [*HOSTILE, "100%.txt", "%2F%2f+.txt", "a\nb.txt", " .txt"])
def test_both_ways_of_s3_tell_the_same_document(inbox: Room, key: str) -> None:
    location, etag = S3Location(inbox.inbox, key), inbox.upload(key, b"abc").data.document.etag
    found = {"key": key, "size": 3, "etag": etag, "sequencer": "0055AED6DCD90281E5"}
    envelope = {"source": "aws.s3", "detail-type": "Object Created", "time": "2026-01-31T12:00:00Z"}
    detail = {"version": "0", "bucket": {"name": inbox.inbox}, "object": found, "reason": "PutObject"}
    raw = json.dumps({"version": "0", "id": "x", **envelope, "detail": detail})
    result = run_on(inbox, raw, notification(location, etag), sources=(Source(inbox.inbox, key[:1], ".txt"),))
    if not key.endswith(".txt"):  # one of the hostile keys: refused as foreign both times
        assert [letter["kind"] for letter in inbox.dead(2)] == ["ForeignUrl"] * 2
        return
    assert result.failures == []
    one, other = inbox.published(2)
    assert one.to_json() == other.to_json()
    assert one.data.document.url == location.url


@pytest.mark.parametrize(
    "changed",
    [
        {"source": "my.s3"},
        {"detail-type": "Object Deleted"},
        {"detail": {"bucket": {"name": "docs"}, "object": {}}},
        {"detail": {"bucket": {"name": "NO BUCKET"}, "object": {"key": "a"}}},
        {"detail": {"bucket": {"name": "docs"}, "object": {"key": ""}}},
        {"detail": None},
        {"time": "yesterday"},
    ],
)
def test_what_is_no_upload_of_event_bridge_is_a_dead_letter(inbox: Room, changed: dict[str, Any]) -> None:
    envelope = {"source": "aws.s3", "detail-type": "Object Created", "time": "2026-01-31T12:00:00Z"}
    detail = {"bucket": {"name": inbox.inbox}, "object": {"key": "a.txt"}}
    result = run_on(inbox, json.dumps({**envelope, "detail": detail, **changed}))
    assert result.failures == []
    (letter,) = inbox.dead()
    assert letter["kind"] == "InvalidEvent"


@pytest.mark.parametrize(
    ("key", "body", "content_type", "told"),
    [
        ("a.PDF", b"no pdf", "text/plain", "application/pdf"),
        ("report", b"%PDF-1.4", "Text/HTML; charset=utf-8", "text/html"),
        ("report", b"%PDF-1.4", "binary/octet-stream", "application/pdf"),
        ("report", b"nothing known", "application/octet-stream", "application/octet-stream"),
        ("empty", b"", "binary/octet-stream", "application/octet-stream"),
    ],
)
def test_a_type_is_found_by_name_then_header_then_bytes(
    inbox: Room, key: str, body: bytes, content_type: str, told: str
) -> None:
    uploaded = inbox.upload(key, body, ContentType=content_type)
    etag = uploaded.data.document.etag
    run_on(inbox, notification(S3Location(inbox.inbox, key), etag, len(body)))
    (event,) = inbox.published(1)
    assert event.data.document.type == told


def test_the_test_message_and_markers_of_folders_are_skipped(inbox: Room) -> None:
    test = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": inbox.inbox})
    marker = notification(S3Location(inbox.inbox, "folder/"), "d41d8cd98f00b204e9800998ecf8427e", 0)
    result = run_on(inbox, test, marker)
    assert result.failures == []
    assert [line["lakenb"] for line in result.log] == ["skipped", "skipped"]
    assert result.log[1]["reason"] == f"s3://{inbox.inbox}/folder/ is the marker of a folder, not a document"
    assert inbox.published(0) == []
    assert inbox.dead(0) == []


def test_an_upload_that_was_replaced_is_superseded(inbox: Room) -> None:
    old: CloudEvent = inbox.upload("a.txt", b"old")
    inbox.upload("a.txt", b"new")
    location = S3Location(inbox.inbox, "a.txt")
    result = run_on(inbox, notification(location, old.data.document.etag))
    assert result.failures == []
    (letter,) = inbox.dead()
    assert letter["kind"] == "Superseded"
    assert letter["reason"] == (
        f"{location.url} was replaced before it was looked at: the newer upload has its own event"
    )
    assert letter["document"] == {
        "url": location.url,
        "type": None,
        "size": 3,
        "etag": old.data.document.etag,
    }
    assert letter["event"]["Records"][0]["s3"]["object"]["key"] == "a.txt"
    assert inbox.published(0) == []


def test_an_upload_that_was_deleted_fails_with_a_reason(inbox: Room) -> None:
    result = run_on(inbox, notification(S3Location(inbox.inbox, "gone.txt"), "abc"))
    (letter,) = inbox.dead()
    assert letter["kind"] == "NotFound"
    assert "it was deleted after its event was sent" in letter["reason"]
    assert result.lines("failed")[0]["eventId"] == letter["eventId"]


def test_an_upload_outside_of_the_prefix_is_refused_before_any_call(inbox: Room) -> None:
    body = notification(S3Location(inbox.inbox, "other/a.txt"), "abc")
    result = run_on(inbox, body, sources=(Source(inbox.inbox, "contracts/", ".txt"),))
    assert result.lines("failed")[0]["calls"] == {"sqs:SendMessage": 1}
    (letter,) = inbox.dead()
    assert letter["kind"] == "ForeignUrl"
    assert f"may read: s3://{inbox.inbox}/contracts/*.txt" in letter["reason"]


@pytest.mark.parametrize("body", ["no json", "{}", "[]", '{"Records": [{}]}', '{"detail": 1}'])
def test_a_message_that_is_no_notification_fails(inbox: Room, body: str) -> None:
    result = run_on(inbox, body)
    assert result.failures == []
    assert [line["lakenb"] for line in result.log] == ["start", "failed"]
    (letter,) = inbox.dead()
    assert letter["kind"] == "InvalidEvent"


def test_one_message_about_two_uploads_has_two_fates(inbox: Room) -> None:
    good = inbox.upload("good.txt", b"abc")
    first = json.loads(notification(S3Location(inbox.inbox, "gone.txt"), "abc"))
    second = json.loads(notification(S3Location(inbox.inbox, "good.txt"), good.data.document.etag))
    result = run_on(inbox, json.dumps({"Records": first["Records"] + second["Records"]}))
    assert result.failures == []
    assert [line["lakenb"] for line in result.log] == ["start", "failed", "start", "done"]
    assert len(inbox.published(1)) == len(inbox.dead(1)) == 1
