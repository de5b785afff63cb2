"""Bad documents and bad messages in one run with good ones: each fails where it belongs, the others go on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.events.locations import S3Location
from lakenb.template.names import Kind
from tests.backends.local.embedded import eventually
from tests.backends.local.sessions import (
    Ear,
    edge,
    log_lines,
    objects,
    pause,
    peek,
    rest,
    resume,
    send,
    waiting,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

MARKER = "Quetzalcoatlus"  # stands in every document, and must stand nowhere else
GOOD = {
    "plain.txt": f"{MARKER} one\n\n{MARKER} two\n",
    "a b+c%2Fé'\".txt": f"{MARKER} in a name",
    " led by a space.txt": f"{MARKER} space",
    "🙂 \uff21\u0301 Ω.txt": f"{MARKER} Ω",
    "[1]*?{a}.txt": f"{MARKER} pattern",
    "a&b=c#d;e@f:g,h$i!j~k(l)m.txt": f"{MARKER} signs",
    "%00%2e%2E.txt": f"{MARKER} percent",
    "back\\slash.txt": f"{MARKER} backslash",
    "<b>bold & \u202eeman.txt": f"{MARKER} markup",
    "two\nlines\x1b[31m.txt": f"{MARKER} control characters",
    "..\uff0f..\uff0fouter.txt": f"{MARKER} slashes that are none",
    "below/a folder/deep.txt": f"{MARKER} folder",
}
LARGE = 100 * 2**20
FOREIGN_BUCKET = "somebody-elses"
FAULTS_OF_DOCUMENTS = {
    "empty.txt": ("EmptyDocument", "the document is empty: there is no text in it to split"),
    "latin.txt": ("NotText", f"the document is no text: byte {len(MARKER) + 4} is no UTF-8"),
    "nul.txt": ("NotText", f"the document is no text: byte {len(MARKER)} is NUL"),
    "utf-16.txt": ("NotText", "the document is no text: byte 0 is no UTF-8"),
    "large.txt": ("TooLarge", f"the document has {LARGE} bytes, and this node splits at most 38000200"),
}
UNKNOWN_EVENT = "11111111-1111-4111-8111-111111111111"
FOREIGN_EVENT = "22222222-2222-4222-8222-222222222222"
BESIDE_EVENT = "33333333-3333-4333-8333-333333333333"
GONE_EVENT = "44444444-4444-4444-8444-444444444444"
FAULTS_OF_EVENTS = {
    UNKNOWN_EVENT: ("InvalidEvent", "the event has an unknown field 'colour'"),
    FOREIGN_EVENT: ("ForeignUrl", f"s3://{FOREIGN_BUCKET}/secret.txt is outside of the places"),
    BESIDE_EVENT: ("ForeignUrl", "/private/diary.txt is outside of the places that this node may read"),
    GONE_EVENT: ("AccessDenied", "was denied, or the object was deleted"),
}


def pipeline() -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    return lk.Pipeline("bad-input", chunks.pipe(lk.S3Storage("results")))


@dataclass
class Story:
    """A session in which everything was tried, and what was seen on the way."""

    session: LocalSession
    first: Run
    stored_first: dict[str, dict[str, tuple[int, str]]]
    letters: dict[str, list[str]]  # those of the bad messages, as they lay in the dead-letter queues
    last: Run

    def url(self, name: str) -> str:
        return S3Location(self.session.bucket("inbox"), f"in/{name}").url


def write_documents(folder: Path) -> None:
    for name, text in GOOD.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "latin.txt").write_bytes(f"{MARKER} caf\xe9".encode("latin-1"))
    (folder / "nul.txt").write_bytes(f"{MARKER}\0".encode())
    (folder / "utf-16.txt").write_text(MARKER, encoding="utf-16")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + MARKER.encode())
    with (folder / "large.txt").open("wb") as file:
        file.truncate(LARGE)


def changed(event: str, event_id: str, **document: Any) -> str:
    """Return an event about another document, under an id of its own."""
    told = json.loads(event)
    told["id"] = event_id
    told["data"]["document"] |= document
    return json.dumps(told)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("documents")
    write_documents(folder)
    with pipeline().local() as session:
        ear = Ear.at(session, "inbox")
        first = session.run(folder)
        stored = {node: objects(session, session.bucket(node)) for node in ("chunks", "results")}
        send_bad_messages(session, *ear.heard())
        rest(session)
        letters = {node: peek(session, node) for node in session.graph.nodes}
        session.follow()
        replace_between_event_and_read(session)
        yield Story(session, first, stored, letters, session.follow())


def send_bad_messages(session: LocalSession, notifications: dict[str, str], events: dict[str, str]) -> None:
    s3, bucket = session.client("s3"), session.bucket("inbox")
    plain = events[S3Location(bucket, "in/plain.txt").url]
    # the same message again: the notification, an event that was worked on, an event that failed
    send(session, "inbox", notifications["in/plain.txt"])
    send(session, "chunks", plain)
    send(session, "chunks", events[S3Location(bucket, "in/empty.txt").url])
    # no messages of ours
    send(session, "chunks", json.dumps({**json.loads(plain), "id": UNKNOWN_EVENT, "colour": "red"}))
    send(session, "chunks", f"{MARKER}: this is no JSON")
    send(session, "inbox", f"{MARKER}: this is no JSON")
    send(session, "inbox", json.dumps({"Records": [{"eventName": "ObjectRemoved:Delete"}]}))
    # events that lead elsewhere: to a bucket of somebody else, beside the prefix, to nothing
    s3.create_bucket(Bucket=FOREIGN_BUCKET)
    s3.put_object(Bucket=FOREIGN_BUCKET, Key="secret.txt", Body=MARKER.encode())
    s3.put_object(Bucket=bucket, Key="private/diary.txt", Body=MARKER.encode())
    send(session, "chunks", changed(plain, FOREIGN_EVENT, url=f"s3://{FOREIGN_BUCKET}/secret.txt"))
    send(session, "chunks", changed(plain, BESIDE_EVENT, url=f"s3://{bucket}/private/diary.txt"))
    send(session, "chunks", changed(plain, GONE_EVENT, url=f"s3://{bucket}/in/never-there.txt"))


def replace_between_event_and_read(session: LocalSession) -> None:
    s3, bucket = session.client("s3"), session.bucket("inbox")
    pause(session, "chunks")
    s3.put_object(Bucket=bucket, Key="in/twice.txt", Body=f"{MARKER} old".encode())
    eventually(lambda: waiting(session, "chunks") == 1)
    s3.put_object(Bucket=bucket, Key="in/twice.txt", Body=f"{MARKER} new".encode())
    resume(session, "chunks")


def test_every_good_document_arrives_whatever_its_name(story: Story) -> None:
    ends = {document.parent: document for document in story.last.document_records}
    for name, text in GOOD.items():
        [root] = [
            document
            for document in story.last.document_records
            if document.node == "inbox" and document.url == story.url(name)
        ]
        chunk = ends[root.event]
        kept = ends[chunk.event]
        assert (chunk.node, kept.node) == ("chunks", "results")
        assert story.session.read(kept.url).decode() == text


def test_every_input_has_one_end(story: Story) -> None:
    bad = len(FAULTS_OF_DOCUMENTS)
    assert story.first.is_complete
    assert edge(story.first, "bucket -> inbox") == (len(GOOD) + bad + 1, len(GOOD) + bad + 1, 0, 0)
    assert edge(story.first, "inbox -> chunks") == (len(GOOD) + bad + 1, len(GOOD), bad, 1)
    assert edge(story.first, "chunks -> results") == (len(GOOD), len(GOOD), 0, 0)


@pytest.mark.parametrize("name", FAULTS_OF_DOCUMENTS)
def test_bad_document_fails_at_its_node_with_a_reason(name: str, story: Story) -> None:
    kind, reason = FAULTS_OF_DOCUMENTS[name]
    [failure] = [failure for failure in story.last.failures if failure.url == story.url(name)]
    assert (failure.node, failure.kind) == ("chunks", kind)
    assert reason in failure.reason


def test_document_of_another_type_is_filtered_and_no_failure(story: Story) -> None:
    [picture] = [one for one in story.first.document_records if one.url == story.url("picture.png")]
    assert [(one.producer, one.consumer, one.event) for one in story.first.filtered_records] == [
        ("inbox", "chunks", picture.event)
    ]


@pytest.mark.parametrize("event", FAULTS_OF_EVENTS)
def test_bad_event_fails_at_its_node_with_a_reason(event: str, story: Story) -> None:
    kind, reason = FAULTS_OF_EVENTS[event]
    [failure] = [failure for failure in story.last.failures if failure.event == event]
    assert (failure.node, failure.kind) == ("chunks", kind)
    assert reason in failure.reason


def test_rubbish_in_a_queue_fails_without_an_event(story: Story) -> None:
    nameless = [(one.node, one.kind, one.reason) for one in story.last.failures if not one.event]
    assert nameless == [
        ("chunks", "InvalidEvent", nameless[0][2]),
        ("inbox", "InvalidEvent", "the message is no notification of S3 about an upload"),
        ("inbox", "InvalidEvent", "the message is no notification of S3 about an upload"),
    ]
    assert nameless[0][2].startswith("the event is no JSON")


def test_event_that_leads_elsewhere_is_refused_before_any_call(story: Story) -> None:
    functions = [one for one in story.last.decision_records if one.who != "deployer"]
    assert [one for one in functions if FOREIGN_BUCKET in one.resource] == []
    assert [one for one in functions if one.resource.endswith("/private/diary.txt")] == []
    # whereas the one that leads to nothing was tried
    tried = [one for one in functions if one.resource.endswith("/in/never-there.txt")]
    assert [(one.who, one.action) for one in tried] == [("chunks", "s3:GetObject")]


def test_same_message_twice_changes_nothing(story: Story) -> None:
    session, twice = story.session, story.url("twice.txt")
    first = set(story.first.document_records)
    added = set(story.last.document_records) - first
    roots = {one.event for one in added if one.url == twice}
    chunks = {one.event for one in added if one.parent in roots}
    assert first <= set(story.last.document_records)
    assert all(one.event in roots | chunks or one.parent in chunks for one in added)
    for node, before in story.stored_first.items():
        after = objects(session, session.bucket(node))
        assert {key: after.get(key) for key in before} == before
        assert len(after) - len(before) == {"chunks": 1, "results": 2}[node]


def test_same_message_twice_was_really_worked_on_twice(story: Story) -> None:
    def times(node: str, name: str) -> int:
        event = next(one.event for one in story.first.document_records if one.url == story.url(name))
        return sum('"lakenb":"start"' in line and event in line for line in log_lines(story.session, node))

    assert times("inbox", "plain.txt") == 2  # its notification was sent again
    assert times("chunks", "plain.txt") == 3  # so its event was, and the test sent it once more
    assert times("chunks", "empty.txt") == 2
    assert times("chunks", "latin.txt") == 1


def test_replaced_document_is_superseded_and_the_newer_one_goes_on(story: Story) -> None:
    [failure] = [one for one in story.last.failures if one.url == story.url("twice.txt")]
    assert (failure.node, failure.kind) == ("chunks", "Superseded")
    assert "a newer upload, with an event of its own" in failure.reason
    roots = [one for one in story.last.document_records if one.url == story.url("twice.txt")]
    assert len(roots) == 2
    [new] = [one for one in roots if one.event != failure.event]
    [chunk] = [one for one in story.last.document_records if one.parent == new.event]
    assert story.session.read(chunk.url).decode() == f"{MARKER} new"


def test_account_holds_after_all_that_too(story: Story) -> None:
    assert story.last.is_complete
    assert all(account.missing == 0 for account in story.last.accounts)
    bad = len(FAULTS_OF_DOCUMENTS)
    assert edge(story.last, "inbox -> chunks") == (len(GOOD) + bad + 3, len(GOOD) + 1, bad + 1, 1)


def test_every_failure_lies_in_its_nodes_dead_letter_queue(story: Story) -> None:
    session = story.session
    for node in ("inbox", "chunks", "results"):
        url = session.stack.id(node, Kind.DEAD_LETTERS)
        counted = session.emulator.state().queue(url)
        failed = [one for one in story.last.failures if one.node == node]
        doubled = 1 if node == "chunks" else 0  # the empty document's event failed twice
        assert counted.visible + counted.in_flight == len(failed) + doubled


def test_dead_letter_names_node_event_kind_and_reason_and_the_message_it_was(story: Story) -> None:
    [letter] = [json.loads(body) for body in story.letters["chunks"] if FOREIGN_EVENT in body]
    assert (letter["lakenb"], letter["node"], letter["eventId"]) == (1, "chunks", FOREIGN_EVENT)
    assert letter["kind"] == "ForeignUrl"
    assert letter["document"]["url"] == f"s3://{FOREIGN_BUCKET}/secret.txt"
    assert letter["event"]["id"] == FOREIGN_EVENT
    [rubbish] = [json.loads(body) for body in story.letters["chunks"] if '"eventId":null' in body]
    assert (rubbish["event"], rubbish["document"]) == (None, None)
    # the five of the test's own, and the empty document for the second time
    assert {node: len(bodies) for node, bodies in story.letters.items()} == {
        "chunks": 6,
        "inbox": 2,
        "results": 0,
    }


def test_content_of_documents_is_in_no_log_and_no_dead_letter(story: Story) -> None:
    session = story.session
    groups = session.client("logs").describe_log_groups()["logGroups"]
    assert {group["logGroupName"] for group in groups} >= {
        session.stack.id(node, Kind.LOGS) for node in session.graph.nodes
    }
    lines = [
        event["message"]
        for group in groups
        for page in session.client("logs")
        .get_paginator("filter_log_events")
        .paginate(logGroupName=group["logGroupName"])
        for event in page["events"]
    ]
    lines += [repr(failure) for failure in story.last.failures]
    lines += [body for bodies in story.letters.values() for body in bodies]
    lines += (session.emulator.home / "server.log").read_text(errors="replace").splitlines()
    assert len(lines) > 100
    assert [line for line in lines if MARKER in line] == []


def test_lineage_and_tables_carry_no_control_characters(story: Story) -> None:
    printed = "\n".join(
        [repr(story.last), repr(story.last.lineage), story.last.documents.text(None), repr(story.last.failed)]
    )
    assert all(letter.isprintable() or letter == "\n" for letter in printed)
    assert "two�lines�[31m.txt" in printed
