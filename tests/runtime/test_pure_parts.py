"""Names, types, text and metadata: the parts of the runtime that call nothing."""

from __future__ import annotations

import json
import pickle
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from lakenb.errors import EventError
from lakenb.events import S3Location, check_metadata, write_json
from lakenb.events.metadata import freeze
from lakenb.runtime.cache import _merge, divide_metadata
from lakenb.runtime.documents import decode
from lakenb.runtime.faults import FaultError, Kind, RetryError, judge, unexpected
from lakenb.runtime.handlers.s3_storage import stored_name
from lakenb.runtime.media_types import suffix_of_type, type_of_bytes, type_of_header, type_of_name
from lakenb.runtime.names import safe_name
from lakenb.runtime.notifications import uploads
from lakenb.runtime.publish import batches
from lakenb.runtime.settings import Settings, SettingsError
from lakenb.runtime.store import copy_ranges
from tests.strategies import HOSTILE_KEYS, metadata

# --- names


@given(st.text(max_size=400))
def test_a_safe_name_is_short_and_stays_in_its_folder(name: str) -> None:
    safe = safe_name(name)
    assert re.fullmatch(r"[\w.-]+", safe)
    assert not safe.startswith(".")
    assert len(safe.encode()) <= 180
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("a b+c%2Fé'\".txt", "a_b_c_2Fé_.txt"),
        ("../../etc/passwd", "etc_passwd"),
        ("日本語.pdf", "日本語.pdf"),
        ("...", "document"),
        ("", "document"),
        (".hidden", "hidden"),
        ("x" * 500 + ".docx", "x" * 155 + ".docx"),
    ],
)
def test_a_safe_name_still_tells_the_name(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_stored_name_is_safe(key: str) -> None:
    url = S3Location("inbox", key).url
    assert re.fullmatch(r"[\w.-]+", stored_name(url, url))
    assert re.fullmatch(r"[\w.-]+", stored_name(url, "s3://chunks/id/00003.txt"))


# --- types


def test_a_name_tells_a_type_before_a_header_does() -> None:
    assert type_of_name("Scan.PDF") == "application/pdf"
    assert type_of_name("pdf") is None
    assert type_of_name("archive.tar.gz") == "application/gzip"
    assert type_of_header("Text/HTML; charset=utf-8") == "text/html"
    for unsaid in ("binary/octet-stream", "application/octet-stream", "", None, "nonsense"):
        assert type_of_header(unsaid) is None


@pytest.mark.parametrize(
    ("start", "told"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"PK\x03\x04" + b"\x00" * 26 + b"mimetypeapplication/epub+zip", "application/epub+zip"),
        (b"PK\x03\x04", "application/zip"),
        (b"plain text", None),
        (b"", None),
    ],
)
def test_first_bytes_tell_a_type(start: bytes, told: str | None) -> None:
    assert type_of_bytes(start) == told


@pytest.mark.parametrize("mime_type", ["text/plain", "application/pdf", "image/jpeg", "application/json"])
def test_a_type_and_its_suffix_agree(mime_type: str) -> None:
    assert type_of_name(f"a{suffix_of_type(mime_type)}") == mime_type


def test_an_unknown_type_has_no_suffix() -> None:
    assert suffix_of_type("application/x-of-nobody") == ""


# --- text


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), st.integers(1, 7))
def test_text_is_the_same_however_its_bytes_are_cut(text: str, length: int) -> None:
    data = text.encode()
    blocks = iter([data[at : at + length] for at in range(0, len(data), length)])
    assert "".join(decode(blocks, "it")) == text.removeprefix("\ufeff")


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), st.integers(1, 7))
def test_the_first_wrong_byte_is_named_by_its_place(text: str, length: int) -> None:
    data = text.encode() + b"\xff" + b"more"
    blocks = iter([data[at : at + length] for at in range(0, len(data), length)])
    with pytest.raises(FaultError, match=f"byte {len(text.encode())} is no UTF-8"):
        list(decode(blocks, "it"))


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"abc\x00", "byte 3 is NUL"),
        ("half é".encode()[:-1], "byte 5 is no UTF-8"),
        ("utf-16".encode("utf-16"), "byte 0 is no UTF-8"),
        (b"\xed\xa0\x80", "byte 0 is no UTF-8"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, place: str) -> None:
    with pytest.raises(FaultError, match=place) as refused:
        list(decode(iter([data]), "s3://inbox/a"))
    assert refused.value.kind == "NotText"


# --- metadata


@given(metadata(), st.integers(0, 400))
def test_divided_metadata_is_valid_in_both_parts_and_whole_when_joined(
    value: dict[str, Any], limit: int
) -> None:
    inline, moved = divide_metadata(value, limit)
    check_metadata(inline)
    assert freeze(_merge(inline, moved)) == freeze(value)
    if len(write_json(value)) <= limit:
        assert not moved


def test_the_largest_member_moves_and_small_ones_stay() -> None:
    chunk = {"id": "1", "order": 0, "total": 1, "startOffset": 0, "endOffset": 9}
    value = {
        "title": "A",
        "custom": {"big": "x" * 40_000, "small": 1},
        "properties": {"kind": "text", "attrs": {"chunk": chunk}},
    }
    inline, moved = divide_metadata(value)
    assert moved == {"custom": {"big": "x" * 40_000}}
    assert inline == {**value, "custom": {"small": 1}}


# --- faults


def answer(code: str, status: int, message: str = "") -> ClientError:
    response = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject")


@pytest.mark.parametrize(
    ("error", "verdict", "kind"),
    [
        (answer("PreconditionFailed", 412), FaultError, "Superseded"),
        (answer("NoSuchKey", 404), FaultError, "NotFound"),
        (answer("404", 404), FaultError, "NotFound"),
        (answer("AccessDenied", 403), FaultError, "AccessDenied"),
        (answer("403", 403), FaultError, "AccessDenied"),
        (answer("AuthorizationError", 403), FaultError, "AccessDenied"),
        (answer("InvalidObjectState", 403), FaultError, "Archived"),
        (answer("KMS.DisabledException", 400), FaultError, "AccessDenied"),
        (answer("SlowDown", 503), RetryError, "Throttled"),
        (answer("ThrottlingException", 400), RetryError, "Throttled"),
        (answer("InternalError", 500), RetryError, "Unavailable"),
        (answer("ExpiredToken", 403), RetryError, "Unavailable"),
        (answer("Whatever", 503), RetryError, "Unavailable"),
        (EndpointConnectionError(endpoint_url="http://x"), RetryError, "Unavailable"),
        (ReadTimeoutError(endpoint_url="http://x"), RetryError, "Unavailable"),
        (ConnectionResetError(), RetryError, "Unavailable"),
        (TimeoutError(), RetryError, "Unavailable"),
    ],
)
def test_an_error_of_a_call_is_judged(error: Exception, verdict: type[FaultError], kind: str) -> None:
    judged = judge(error, "reading s3://inbox/a")
    assert type(judged) is verdict
    assert judged is not None
    assert judged.kind == kind
    assert judged.reason.startswith("reading s3://inbox/a")


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("x"), answer("InvalidArgument", 400), MemoryError()]
)
def test_an_error_that_nobody_foresaw_is_not_judged(error: Exception) -> None:
    assert judge(error, "reading") is None


def test_an_unexpected_error_is_told_without_its_text() -> None:
    told = unexpected(ValueError("a secret of the document"))
    assert told.kind == Kind.HANDLER_ERROR
    assert "ValueError" in str(told)
    assert "secret" not in str(told)


def test_a_denial_carries_the_servers_own_words() -> None:
    said = "User: arn:aws:sts::111122223333:assumed-role/x is not authorized to perform: s3:GetObject"
    judged = judge(answer("AccessDenied", 403, said), "reading s3://inbox/a")
    assert judged is not None
    assert said in judged.reason


@pytest.mark.parametrize("kind", [FaultError, RetryError])
def test_a_verdict_travels_between_processes(kind: type[FaultError]) -> None:
    error = kind("TooLarge", "it is too large")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (again.kind, again.reason, str(again)) == (error.kind, error.reason, str(error))


# --- settings

ENVIRONMENT = {
    "LAKENB_NODE": "split",
    "LAKENB_HANDLER": "lakenb.runtime.handlers.s3_storage",
    "LAKENB_DEAD_LETTERS": "https://sqs.eu-west-1.amazonaws.com/111122223333/dead",
    "LAKENB_OPTIONS": '{"chunk_size": 10}',
    "LAKENB_SOURCES": '[{"bucket": "inbox", "prefix": "in/", "suffix": ".txt"}]',
    "LAKENB_TOPIC": "arn:aws:sns:eu-west-1:111122223333:pipe_split",
    "LAKENB_STORE": "store",
    "LAKENB_STORE_PREFIX": "out/",
    "LAKENB_CACHE": "cache",
    "LAKENB_MAX_RECEIVES": "5",
}


def test_the_environment_is_read_whole() -> None:
    settings = Settings.from_environment(ENVIRONMENT)
    assert settings.options == {"chunk_size": 10}
    assert settings.store_prefix == "out/"
    assert settings.max_receives == 5
    assert settings.may_read(S3Location("inbox", "in/a.txt"))
    for bucket, key in (
        ("inbox", "a.txt"),
        ("inbox", "in/a.pdf"),
        ("inbox-2", "in/a.txt"),
        ("cache", "in/a.txt"),
    ):
        assert not settings.may_read(S3Location(bucket, key))


def test_all_faults_of_an_environment_are_one_clear_error() -> None:
    wrong = {
        **ENVIRONMENT,
        "LAKENB_NODE": "Split",
        "LAKENB_OPTIONS": "[]",
        "LAKENB_SOURCES": '["inbox"]',
        "LAKENB_MAX_RECEIVES": "many",
        "LAKENB_TOPIC": "split",
    }
    del wrong["LAKENB_DEAD_LETTERS"]
    with pytest.raises(SettingsError) as refused:
        Settings.from_environment(wrong)
    text = str(refused.value)
    assert text.startswith("6 faults\n1. the variable LAKENB_NODE must be a node's id")
    assert "the variable LAKENB_DEAD_LETTERS is not set" in text
    assert "the variable LAKENB_OPTIONS must be a JSON object" in text


@pytest.mark.parametrize(
    "text", ['{"bucket": "b"}', "[1]", '[{"bucket": 1}]', '[{"name": "b"}]', "[", "null"]
)
def test_sources_of_another_shape_are_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="LAKENB_SOURCES must be a JSON list"):
        Settings.from_environment({**ENVIRONMENT, "LAKENB_SOURCES": text})


# --- notifications


def record(key: str, **more: Any) -> dict[str, Any]:
    found = {"key": key, "size": 3, "eTag": "abc", "sequencer": "1", **more}
    return {
        "eventName": "ObjectCreated:Put",
        "eventTime": "2026-01-31T12:00:00.123456Z",
        "s3": {"bucket": {"name": "inbox"}, "object": found},
    }


def bridged(key: str) -> dict[str, Any]:
    return {
        "version": "0",
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": "2026-01-31T12:00:00Z",
        "detail": {
            "bucket": {"name": "inbox"},
            "object": {"key": key, "size": 3, "etag": "abc", "sequencer": "1"},
        },
    }


def test_both_ways_tell_the_same_upload() -> None:
    (own,) = uploads({"Records": [record("a+b%2Bc%252F%C3%A9%27%22.txt")]})
    (bridge,) = uploads(bridged("a b+c%2Fé'\".txt"))
    assert own.location == bridge.location == S3Location("inbox", "a b+c%2Fé'\".txt")
    assert own.id == bridge.id
    assert own.time == "2026-01-31T12:00:00.123Z"


def test_a_new_upload_of_the_same_bytes_is_another_upload() -> None:
    (one,) = uploads({"Records": [record("a")]})
    (other,) = uploads({"Records": [record("a", sequencer="2")]})
    assert one.id != other.id


@pytest.mark.parametrize(
    "received",
    [
        None,
        [],
        {},
        {"Records": [{}]},
        {"Records": "ab"},
        {"Records": [{**record("a"), "eventName": "ObjectRemoved:Delete"}]},
        {"Records": [{**record("a"), "eventTime": "now"}]},
        {**bridged("a"), "detail-type": "Object Deleted"},
        {**bridged("a"), "source": "my.app"},
        {**bridged("a"), "detail": None},
    ],
)
def test_what_is_no_upload_is_refused(received: object) -> None:
    with pytest.raises(FaultError, match="no notification of S3 about an upload"):
        uploads(received)


def test_a_key_that_s3_cannot_have_is_refused() -> None:
    with pytest.raises((FaultError, EventError)):
        uploads({"Records": [record("")]})
    with pytest.raises(FaultError):
        uploads({"Records": [record("%FF")]})


# --- publishing


@given(st.lists(st.integers(1, 200_000), max_size=40))
def test_calls_carry_ten_events_and_the_size_that_sns_takes(lengths: list[int]) -> None:
    messages = ["x" * length for length in lengths]
    made = list(batches(messages))
    assert [message for batch in made for message in batch] == messages
    for batch in made:
        assert 1 <= len(batch) <= 10
        assert sum(map(len, batch)) <= 262_144


@given(st.integers(1, 48 * 1024**4))
def test_a_long_copy_has_no_gap_and_at_most_ten_thousand_parts(size: int) -> None:
    position = 0
    count = 0
    for first, last in copy_ranges(size):
        assert first == position
        assert last - first < 5 * 1024**3
        position = last + 1
        count += 1
    assert position == size
    assert count <= 10_000


def test_json_of_the_runtime_is_ascii() -> None:
    assert json.loads(write_json({"é": "\u2028"})) == {"é": "\u2028"}
    assert write_json({"é": "\u2028"}).isascii()
