"""The message between two nodes: read strictly, written the same way always."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.errors import EventError
from lakenb.events import CloudEvent, Document, EventData, derive_id, parse_event
from tests.strategies import events

ETAG = "900150983cd24fb0d6963f7d28e17f72"
ID = "0d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"
CHAIN = "1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"


def message() -> dict[str, Any]:
    """Return a right message as plain JSON."""
    document = {
        "url": "s3://inbox/a.txt",
        "type": "text/plain",
        "size": 3,
        "etag": "900150983cd24fb0d6963f7d28e17f72",
    }
    data = {
        "chainId": CHAIN,
        "source": dict(document),
        "document": document,
        "metadata": {},
        "callStack": ["split", "inbox"],
    }
    time = "2026-01-31T12:00:00.000Z"
    return {"specversion": "1.0", "id": ID, "type": "document-created", "time": time, "data": data}


def place_of(value: Any) -> str:
    """Return where a refused message is wrong."""
    with pytest.raises(EventError) as refused:
        parse_event(json.dumps(value))
    return refused.value.fault.where.removeprefix("the event, at ")


@given(events())
def test_an_event_written_and_read_is_the_same_event(event: CloudEvent) -> None:
    text = event.to_json()
    assert parse_event(text) == event
    assert parse_event(text.encode()).to_json() == text
    assert text.isascii()


def test_a_right_message_is_read_whole() -> None:
    event = parse_event(json.dumps(message()))
    document = Document("s3://inbox/a.txt", "text/plain", 3, ETAG)
    assert event.data == EventData(CHAIN, document, document, {}, ("split", "inbox"))
    assert event.time == "2026-01-31T12:00:00.000Z"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("specversion", "1.1"),
        ("id", ID.upper()),
        ("id", 7),
        ("type", "document-changed"),
        ("time", "2026-01-31T12:00:00+00:00"),
        ("time", "2026-02-30T12:00:00Z"),
        ("time", "yesterday"),
        ("surprise", 1),
        ("data", []),
        ("data.chainId", "chain"),
        ("data.callStack", "split"),
        ("data.callStack[0]", None),
        ("data.surprise", 1),
        ("data.document.url", "file:///etc/passwd"),
        ("data.document.url", "s3://inbox/a b.txt"),
        ("data.document.url", "s3://UPPER/a.txt"),
        ("data.document.url", "http://example.org/a.txt"),
        ("data.document.url", "https://user:secret@example.org/"),
        ("data.document.type", "Text/Plain"),
        ("data.document.type", "text/plain; charset=utf-8"),
        ("data.document.size", -1),
        ("data.document.size", 1.0),
        ("data.document.size", True),
        ("data.document.size", None),
        ("data.document.etag", '"quoted"'),
        ("data.document.etag", "line\r\nbreak"),
        ("data.source.name", "a"),
        ("data.metadata.titel", "A"),
        ("data.metadata.title", 1),
        ("data.metadata.rating", 6),
        ("data.metadata.authors", "A"),
        ("data.metadata.publisher", {"name": "P", "extra": 1}),
        ("data.metadata.custom", []),
        ("data.metadata.ontology", "cache/key"),
        ("data.metadata.properties", {"kind": "smell", "attrs": {}}),
    ],
)
def test_a_wrong_field_is_refused_by_its_path(path: str, value: object) -> None:
    wrong = message()
    *steps, last = path.removesuffix("[0]").split(".")
    target = wrong
    for step in steps:
        target = target[step]
    target[last] = [value] if path.endswith("[0]") else value
    assert place_of(wrong).startswith(path)


@pytest.mark.parametrize(
    "path", ["specversion", "id", "type", "time", "data", "data.chainId", "data.document.url"]
)
def test_a_missing_field_is_refused_by_its_path(path: str) -> None:
    wrong = message()
    *steps, last = path.split(".")
    target = wrong
    for step in steps:
        target = target[step]
    del target[last]
    assert place_of(wrong) == path


def test_a_field_of_another_kind_of_properties_is_refused() -> None:
    wrong = message()
    wrong["data"]["metadata"] = {"properties": {"kind": "image", "attrs": {"pages": 3}}}
    assert place_of(wrong) == "data.metadata.properties.attrs.pages"


def test_an_error_reads_aloud_and_suggests_the_nearest_name() -> None:
    wrong = message()
    wrong["data"]["metadata"]["titel"] = "A secret title"
    with pytest.raises(EventError) as refused:
        parse_event(json.dumps(wrong))
    assert str(refused.value) == (
        "'metadata' has an unknown field 'titel'\n"
        "  where: the event, at data.metadata.titel\n"
        "  mend:  leave the field out; did you mean 'title'?"
    )


@given(
    st.text(max_size=300),
    st.sampled_from(["data.metadata.title", "data.document.type", "id", "data.metadata"]),
)
def test_an_error_never_quotes_a_value_or_a_name_that_could_be_content(content: str, path: str) -> None:
    secret = f"<{content}>"
    wrong = message()
    *steps, last = path.split(".")
    target = wrong
    for step in steps:
        target = target[step]
    target[last] = {secret: secret}
    with pytest.raises(EventError) as refused:
        parse_event(json.dumps(wrong))
    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ('{"id": NaN}', "NaN"),
        ('{"id": -Infinity}', "-Infinity"),
        ('{"id": 1e999}', "too large"),
        ('{"id": ' + "9" * 5000 + "}", "63 bits"),
        ('{"id": 1, "id": 2}', "'id' twice"),
        ("[" * 100_000, "levels deep"),
        ('{"a":' * 40 + "1" + "}" * 40, "levels deep"),
        ('{"id": "' + "x" * 300_000 + '"}', "bytes long"),
        (b"\xff\xfe{\x00}\x00", "no UTF-8"),
        ("\ufeff{}", "no JSON"),
        ("[]", "is a list"),
        ("null", "is null"),
        ('"' + "\\" * 262_141, "no JSON"),
    ],
)
def test_what_readers_do_not_agree_on_is_refused(text: str | bytes, what: str) -> None:
    with pytest.raises(EventError, match=what):
        parse_event(text)


def test_half_a_surrogate_pair_is_refused() -> None:
    wrong = message()
    wrong["data"]["metadata"]["custom"] = {"deep": [["\ud800"]]}
    assert place_of(wrong) == "data.metadata.custom.deep[0][0]"


def test_brackets_within_strings_are_no_nesting() -> None:
    right = message()
    right["data"]["metadata"]["title"] = '[{"\\' * 100
    assert parse_event(json.dumps(right)).data.metadata["title"] == '[{"\\' * 100


def test_metadata_cannot_be_altered() -> None:
    given_metadata = {"custom": {"list": [1, {"a": 2}]}}
    data = EventData(
        CHAIN, Document("s3://inbox/a", "text/plain"), Document("s3://inbox/a", "text/plain"), given_metadata
    )
    given_metadata["custom"]["list"].append(3)
    assert data.metadata["custom"]["list"][0] == 1
    assert len(data.metadata["custom"]["list"]) == 2
    with pytest.raises(TypeError):
        data.metadata["custom"]["new"] = 1


def test_an_event_error_travels_between_processes() -> None:
    with pytest.raises(EventError) as refused:
        parse_event("{")
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)  # noqa: S301 - our own bytes


@given(st.uuids().map(str), st.integers(0, 10**6), st.integers(0, 10**6))
def test_derived_ids_are_the_same_for_the_same_output_only(event: str, one: int, other: int) -> None:
    assert derive_id(event, "split", one) == derive_id(event, "split", one)
    assert (derive_id(event, "split", one) == derive_id(event, "split", other)) == (one == other)
    assert derive_id(event, "split", one) != derive_id(event, "split-1", one)
