"""The SQS trigger: what others send becomes this pipeline's events, or a dead letter with a plain reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.events import Document
from lakenb.events.metadata import MORE
from lakenb.runtime.settings import Source
from tests.runtime.room import HANDLERS, Room, created

if TYPE_CHECKING:
    from lakenb.events import CloudEvent

SQS_TRIGGER = f"{HANDLERS}.sqs_trigger"


@pytest.fixture
def intake(room: Room) -> Room:
    """A trigger on a given queue: it has neither store nor cache, and two places for documents."""
    room.settings = replace(
        room.settings,
        node="intake",
        handler=SQS_TRIGGER,
        store=None,
        cache=None,
        sources=(Source("contracts", "in/"), Source("offers", "", ".pdf")),
    )
    return room


def event(url: str = "s3://contracts/in/a%20b.pdf", **metadata: Any) -> CloudEvent:
    made = created(Document(url, "application/pdf", 5, "900150983cd24fb0d6963f7d28e17f72"))
    # as another pipeline's: the chain began elsewhere, and the document came through its nodes
    source = Document("s3://their-inbox/scan.tif", "image/tiff")
    return replace(made, data=replace(made.data, source=source, call_stack=("ocr",), metadata=metadata))


def test_an_event_within_the_places_is_forwarded_as_this_pipelines(intake: Room) -> None:
    theirs = event(title="A contract")
    result = intake.run(theirs)
    assert result.failures == []
    (ours,) = intake.published(1)
    assert ours.data.document == ours.data.source == theirs.data.document
    assert ours.data.metadata == {"title": "A contract"}
    assert ours.data.call_stack == ("intake",)
    assert ours.time == theirs.time
    assert ours.id != theirs.id
    assert ours.data.chain_id != theirs.data.chain_id
    assert result.done["calls"] == {"sns:PublishBatch": 1}  # it opens nothing


def test_the_same_event_twice_is_the_same_event(intake: Room) -> None:
    theirs = event()
    intake.run(theirs)
    intake.run(theirs)
    one, other = intake.published(2)
    assert one.to_json() == other.to_json()


def test_one_id_for_two_documents_makes_two_events(intake: Room) -> None:
    one = event()
    other = replace(one, data=replace(one.data, document=event("s3://offers/b.pdf").data.document))
    intake.run(one, other)
    first, second = intake.published(2)
    assert first.id != second.id
    assert first.data.chain_id == second.data.chain_id  # a chain of the queue's stays together


@pytest.mark.parametrize(
    "url",
    [
        "s3://contracts/out/a.pdf",
        "s3://contracts/in",
        "s3://contracts/i",
        "s3://contracts-2/in/a.pdf",
        "s3://offers/a.docx",
        "https://example.org/in/a.pdf",
        "https://169.254.169.254/latest/meta-data/iam/a.pdf",
    ],
)
def test_a_pointer_outside_of_the_places_is_refused(intake: Room, url: str) -> None:
    result = intake.run(event(url))
    assert result.failures == []
    assert result.lines("done") == []
    (letter,) = intake.dead()
    assert letter["kind"] == "ForeignUrl"
    assert letter["reason"] == (
        f"{url} is outside of the places that this node may read: s3://contracts/in/*, s3://offers/*.pdf"
    )
    assert letter["document"]["url"] == url


def test_a_key_that_only_looks_to_be_within_is_refused(intake: Room) -> None:
    encoded = event().to_json().replace("in/a%20b.pdf", "in%2Fa.pdf")
    intake.run(encoded)
    (letter,) = intake.dead()
    assert letter["kind"] == "InvalidEvent"
    assert "percent-encoded" in letter["reason"]


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        ({MORE: "s3://somebodys-cache/x"}, "InvalidEvent"),
        ({"ontology": "s3://somebodys-cache/x"}, "ForeignUrl"),
        ({"image": "s3://somebodys-secrets/x.png"}, "ForeignUrl"),
        (
            {"properties": {"kind": "text", "attrs": {"entities": "s3://somebodys-cache/x"}}},
            "ForeignUrl",
        ),
    ],
)
def test_metadata_that_points_elsewhere_is_refused(intake: Room, metadata: dict[str, Any], kind: str) -> None:
    said = json.loads(event().to_json())
    said["data"]["metadata"] = metadata
    intake.run(json.dumps(said))
    (letter,) = intake.dead()
    assert letter["kind"] == kind


def test_metadata_without_pointers_and_pointers_within_pass(intake: Room) -> None:
    given: dict[str, Any] = {
        "custom": {"x": "s3://anywhere/x"},
        "ontology": "s3://contracts/in/o.json",
        "image": "https://a.b/c",
    }
    intake.run(event(**given))
    (ours,) = intake.published(1)
    assert ours.data.metadata == given


@pytest.mark.parametrize(
    "body",
    [
        "",
        "The text of a secret contract",
        '{"contract": "The text of a secret contract"}',
        "[]",
        '{"specversion": "1.0"}',
        "{" * 40,
    ],
)
def test_what_is_no_event_is_refused_and_its_content_stays_away(intake: Room, body: str) -> None:
    result = intake.run(body)
    assert result.failures == []
    (letter,) = intake.dead()
    assert letter["kind"] == "InvalidEvent"
    assert letter["reason"].startswith("the event in message m0 is none that this pipeline reads: ")
    assert letter["event"] is None
    assert "secret" not in json.dumps([letter, result.log])


def test_a_document_that_is_gone_is_no_news(intake: Room) -> None:
    intake.run(event().to_json().replace('"document-created"', '"document-deleted"'))
    (letter,) = intake.dead()
    assert "takes events about created documents, and this one is of document-deleted" in letter["reason"]


def test_one_bad_message_does_not_hold_up_the_others(intake: Room) -> None:
    result = intake.run("x", event(), event("s3://elsewhere/a.pdf"), event("s3://offers/b.pdf"))
    assert result.failures == []
    assert len(intake.published(2)) == 2
    assert len(intake.dead(2)) == 2
