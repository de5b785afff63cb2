"""Objects in S3 as URLs: any key, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.errors import EventError
from lakenb.events import S3Location, normalize_mime_type
from tests.strategies import HOSTILE_KEYS, locations


@given(locations())
def test_any_key_survives_its_url(location: S3Location) -> None:
    assert S3Location.from_url(location.url) == location
    assert location.url.isascii()


@given(locations(), locations())
def test_two_objects_have_two_urls(one: S3Location, other: S3Location) -> None:
    assert (one.url == other.url) == (one == other)


@pytest.mark.parametrize("key", HOSTILE_KEYS)
def test_a_hostile_name_cannot_leave_its_key(key: str) -> None:
    url = S3Location("inbox", key).url
    assert url.startswith("s3://inbox/")
    assert not set(url) & set(" ?#'\"\n\t+")


@pytest.mark.parametrize(
    "url",
    [
        "s3://inbox",
        "s3://inbox/",
        "s3:///key",
        "s3://Inbox/key",
        "s3://a/key",
        "S3://inbox/key",
        "s3://inbox/%2fkey",
        "s3://inbox/%41",
        "s3://inbox/k%",
        "s3://inbox/%FF",
        "s3://inbox/a b",
        "s3://inbox/a?b",
        "s3://user@inbox/key",
        "s3://inbox:80/key",
        "https://inbox/key",
        "",
    ],
)
def test_another_spelling_is_refused(url: str) -> None:
    with pytest.raises(EventError):
        S3Location.from_url(url)


def test_a_key_has_at_most_1024_bytes() -> None:
    assert S3Location.from_url(S3Location("inbox", "é" * 512).url).key == "é" * 512
    with pytest.raises(EventError, match="no key"):
        S3Location("inbox", "é" * 513)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("text/plain", "text/plain"),
        ("Text/PLAIN; charset=UTF-8", "text/plain"),
        (" application/vnd.ms-Excel ;x=y", "application/vnd.ms-excel"),
        ("image/svg+xml", "image/svg+xml"),
    ],
)
def test_types_are_published_in_lower_case_without_parameters(text: str, normal: str) -> None:
    assert normalize_mime_type(text) == normal


@given(st.text(max_size=40))
def test_a_normal_type_stays_as_it_is(text: str) -> None:
    try:
        normal = normalize_mime_type(text)
    except EventError:
        return
    assert normalize_mime_type(normal) == normal


@pytest.mark.parametrize(
    "text", ["", "text", "text/", "/plain", "text/plain/more", "te xt/plain", "*/*", "text/*"]
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(EventError, match="no MIME type"):
        normalize_mime_type(text)
