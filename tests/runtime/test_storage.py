"""The S3 storage connector: a copy and its event, found by people, made by S3."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from lakenb.events import Document, S3Location, derive_id, parse_event
from lakenb.runtime.cache import Cache, fitted_metadata
from lakenb.runtime.deadline import Deadline
from lakenb.runtime.documents import InputDocument
from lakenb.runtime.faults import FaultError
from lakenb.runtime.outputs import Placement
from lakenb.runtime.settings import Source
from lakenb.runtime.store import Store
from tests.runtime.room import LONG, STORAGE, Room, created

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients


MEBIBYTE = 2**20


@pytest.fixture
def results(room: Room) -> Room:
    """A connector's surroundings: it has no topic."""
    room.settings = replace(room.settings, node="results", handler=STORAGE, topic=None)
    return room


def test_a_document_is_copied_beside_its_event(results: Room, clients: Clients) -> None:
    event = results.upload("in/a b+c%2Fé'\".txt", b"abc", Metadata={"who": "me"}, Tagging="secret=yes")
    result = results.run(event, store_prefix="kept/")
    out_id = derive_id(event.id, "results", 0)
    key = f"kept/output/{event.data.chain_id}/{out_id}/a_b_c_2Fé_.txt"
    assert results.keys(results.store) == [key, f"{key}.event.json"]
    head = clients.s3.head_object(Bucket=results.store, Key=key)
    assert (head["ContentType"], head["ContentLength"], head["Metadata"]) == ("text/plain", 3, {})
    assert clients.s3.get_object_tagging(Bucket=results.store, Key=key)["TagSet"] == []
    body = clients.s3.get_object(Bucket=results.store, Key=f"{key}.event.json")["Body"].read()
    assert body.decode() == event.to_json()
    assert result.done["calls"] == {"s3:CopyObject": 1, "s3:PutObject": 1}
    (output,) = result.done["outputs"]
    assert (output["eventId"], output["type"], output["size"]) == (out_id, "text/plain", 3)
    assert output["etag"] == event.data.document.etag


def test_a_chunk_is_stored_under_the_name_of_its_upload(results: Room, clients: Clients) -> None:
    source = Document(f"s3://{results.inbox}/in/contract.pdf", "application/pdf")
    etag = clients.s3.put_object(Bucket=results.inbox, Key="x/y/00003.txt", Body=b"abc")["ETag"].strip('"')
    event = created(Document(f"s3://{results.inbox}/x/y/00003.txt", "text/plain", 3, etag))
    results.run(replace(event, data=replace(event.data, source=source)))
    assert [key.rpartition("/")[2] for key in results.keys(results.store)] == [
        "contract-00003.txt",
        "contract-00003.txt.event.json",
    ]


def test_the_same_message_twice_leaves_the_same_objects(results: Room) -> None:
    event = results.upload("a.txt", b"abc")
    first = results.run(event)
    second = results.run(event)
    assert first.done["outputs"] == second.done["outputs"]
    assert len(results.keys(results.store)) == 2


def test_two_documents_of_one_name_are_kept_apart(results: Room) -> None:
    results.run(results.upload("one/a.txt", b"1"), results.upload("other/a.txt", b"2"))
    assert len(results.keys(results.store)) == 4


def test_a_replaced_document_is_superseded_and_nothing_is_stored(results: Room) -> None:
    event = results.upload("a.txt", b"old")
    results.upload("a.txt", b"new")
    results.run(event)
    (letter,) = results.dead()
    assert letter["kind"] == "Superseded"
    assert results.keys(results.store) == []


def test_an_empty_document_is_a_document(results: Room) -> None:
    result = results.run(results.upload("empty.bin", b""))
    assert result.done["outputs"][0]["size"] == 0
    assert len(results.keys(results.store)) == 2


def test_only_the_event_is_stored_on_request(results: Room) -> None:
    event = results.upload("a.txt", b"abc")
    result = results.run(event, options={"copy_documents": False})
    (key,) = results.keys(results.store)
    assert key.endswith("/a.txt.event.json")
    assert result.done["calls"] == {"s3:PutObject": 1}
    assert result.done["outputs"][0]["type"] == "application/json"


def test_copies_get_the_storage_class(results: Room, clients: Clients) -> None:
    results.run(results.upload("a.txt", b"abc"), options={"storage_class": "STANDARD_IA"})
    for entry in clients.s3.list_objects_v2(Bucket=results.store)["Contents"]:
        assert entry["StorageClass"] == "STANDARD_IA"


def test_a_foreign_document_is_refused_before_any_call(results: Room) -> None:
    event = results.upload("a.txt", b"abc")
    result = results.run(event, sources=(Source("another-bucket"),))
    assert result.lines("failed")[0]["calls"] == {"sqs:SendMessage": 1}
    (letter,) = results.dead()
    assert letter["kind"] == "ForeignUrl"


def test_metadata_that_was_moved_to_the_cache_comes_back_into_the_stored_event(
    results: Room, clients: Clients
) -> None:
    whole = {"title": "A", "custom": {"big": "x" * 50_000}}
    cache = Cache(replace(results.settings, node="split"), clients)
    uploaded = results.upload("a.txt", b"abc")
    event = created(uploaded.data.document, fitted_metadata(whole, cache))
    assert len(event.to_json()) < 40_000
    result = results.run(event)
    assert result.done["calls"] == {"s3:CopyObject": 1, "s3:GetObject": 1, "s3:PutObject": 1}
    key = next(key for key in results.keys(results.store) if key.endswith(".event.json"))
    stored = parse_event(results.body(f"s3://{results.store}/{key}"))
    assert stored.data.metadata == {"title": "A", "custom": {"big": "x" * 50_000}}
    assert json.loads(stored.to_json())["id"] == event.id


def test_a_long_document_is_copied_in_parts_of_the_events_version(results: Room, clients: Clients) -> None:
    size = 11 * MEBIBYTE
    event = results.upload("long.bin", os.urandom(size))
    deadline = Deadline(lambda: LONG)
    document = InputDocument(event, results.settings, clients, deadline, dict)
    store = Store(
        results.settings, clients, deadline, max_copy_bytes=6 * MEBIBYTE, copy_part_bytes=5 * MEBIBYTE
    )
    clients.take_calls()
    copy = store.copy(document, S3Location(results.store, "copy"), Placement())
    assert clients.take_calls() == {
        "s3:CreateMultipartUpload": 1,
        "s3:UploadPartCopy": 3,
        "s3:CompleteMultipartUpload": 1,
    }
    assert copy.size == size
    assert results.body(copy.url) == results.body(event.data.document.url)
    results.upload("long.bin", b"new")
    with pytest.raises(FaultError) as refused:
        store.copy(document, S3Location(results.store, "second"), Placement())
    assert refused.value.kind == "Superseded"
    assert results.keys(results.store) == ["copy"]
    assert not clients.s3.list_multipart_uploads(Bucket=results.store).get("Uploads")
