"""The scheduler trigger: a firing becomes the same events and the same note, however often it is told."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from lakenb.events import S3Location, derive_chain_id
from lakenb.runtime.firings import firing_of
from lakenb.runtime.settings import Source
from tests.runtime.room import HANDLERS, Room

SCHEDULER_TRIGGER = f"{HANDLERS}.scheduler_trigger"
SCHEDULE = "arn:aws:scheduler:us-east-1:111122223333:schedule/news-group/daily"
KEYS = ("lists/a b+c.txt", "lists/plain")


@pytest.fixture
def daily(room: Room) -> Room:
    """A trigger that lists two documents."""
    sources = tuple(Source(room.inbox, key=key) for key in KEYS)
    room.settings = replace(
        room.settings, node="daily", handler=SCHEDULER_TRIGGER, store=None, cache=None, sources=sources
    )
    return room


@pytest.fixture
def nightly(room: Room) -> Room:
    """A trigger that makes notes."""
    room.settings = replace(
        room.settings, node="nightly", handler=SCHEDULER_TRIGGER, cache=None, sources=(Source(room.store),)
    )
    return room


def firing(time: str = "2026-12-31T18:00:00Z", **more: Any) -> str:
    return json.dumps({"schedule": SCHEDULE, "scheduledTime": time, **more})


def test_a_firing_sends_every_listed_document(daily: Room) -> None:
    daily.clients.s3.put_object(Bucket=daily.inbox, Key=KEYS[0], Body=b"abc")
    daily.clients.s3.put_object(
        Bucket=daily.inbox, Key=KEYS[1], Body=b"%PDF-1.7", ContentType="binary/octet-stream"
    )
    result = daily.run(firing())
    assert result.failures == []
    events = {event.data.document.url: event for event in daily.published(2)}
    assert set(events) == {S3Location(daily.inbox, key).url for key in KEYS}
    text, pdf = (events[S3Location(daily.inbox, key).url] for key in KEYS)
    assert (text.data.document.type, pdf.data.document.type) == ("text/plain", "application/pdf")
    assert text.data.document.etag == "900150983cd24fb0d6963f7d28e17f72"
    assert text.time == "2026-12-31T18:00:00.000Z"
    assert text.data.source == text.data.document
    assert text.data.chain_id == derive_chain_id(text.id)
    assert text.data.chain_id != pdf.data.chain_id


def test_a_listed_document_that_is_missing_fails_alone(daily: Room) -> None:
    daily.clients.s3.put_object(Bucket=daily.inbox, Key=KEYS[0], Body=b"abc")
    result = daily.run(firing())
    assert result.failures == []
    assert [event.data.document.url for event in daily.published(1)] == [S3Location(daily.inbox, KEYS[0]).url]
    (letter,) = daily.dead()
    assert letter["kind"] in {"NotFound", "AccessDenied"}
    assert letter["document"]["url"] == S3Location(daily.inbox, KEYS[1]).url


def test_a_firing_without_documents_puts_a_note_and_sends_it(nightly: Room) -> None:
    result = nightly.run(firing())
    assert result.failures == []
    (event,) = nightly.published(1)
    document = event.data.document
    place = S3Location.from_url(document.url)
    assert (place.bucket, document.type) == (nightly.store, "application/json")
    assert place.key == f"{event.data.chain_id}/{event.id}/firing.json"
    answer = nightly.clients.s3.get_object(Bucket=place.bucket, Key=place.key)
    assert json.loads(answer["Body"].read()) == {"scheduledTime": "2026-12-31T18:00:00Z"}
    assert answer["ContentType"] == "application/json"
    assert result.done["calls"] == {"s3:PutObject": 1, "sns:PublishBatch": 1}


def test_a_firing_that_is_told_twice_is_the_same_event_and_the_same_note(nightly: Room) -> None:
    nightly.run(firing())
    nightly.run(firing())
    one, other = nightly.published(2)
    assert one.to_json() == other.to_json()
    listed = nightly.clients.s3.list_objects_v2(Bucket=nightly.store)["Contents"]
    assert len(listed) == 1


def test_two_times_and_two_schedules_are_different_events(nightly: Room) -> None:
    other = firing().replace("/daily", "/daily-2")
    nightly.run(firing(), firing("2027-01-01T18:00:00Z"), other)
    assert len({event.id for event in nightly.published(3)}) == 3


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{}",
        "[]",
        firing(more=1),
        firing("<aws.scheduler.scheduled-time>"),
        firing("2026-13-31T18:00:00Z"),
        firing("2026-12-31T18:00:00"),
        firing().replace(SCHEDULE, "daily"),
        json.dumps({"schedule": 1, "scheduledTime": 2}),
    ],
)
def test_what_is_no_firing_is_refused(nightly: Room, body: str) -> None:
    result = nightly.run(body)
    assert result.failures == []
    (letter,) = nightly.dead()
    assert letter["kind"] == "InvalidEvent"
    assert letter["reason"] == "message m0 is not one of this node's own schedule"


def test_a_firings_time_is_kept_and_written_as_events_write_times() -> None:
    found = firing_of(json.loads(firing("2026-12-31T18:00:00.5Z")))
    assert found is not None
    assert (found.scheduled_time, found.time) == ("2026-12-31T18:00:00.5Z", "2026-12-31T18:00:00.500Z")
