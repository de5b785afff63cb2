"""The places that a function may read: by both ends of a key, or by one whole key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lakenb.events import S3Location
from lakenb.runtime.settings import Settings, SettingsError, Source

TOLD = {"LAKENB_NODE": "n", "LAKENB_HANDLER": "h", "LAKENB_DEAD_LETTERS": "https://sqs/1/n"}


def read(sources: Any) -> tuple[Source, ...]:
    return Settings.from_environment({**TOLD, "LAKENB_SOURCES": json.dumps(sources)}).sources


def test_a_place_of_one_document_holds_that_document_alone() -> None:
    (one,) = read([{"bucket": "lists", "key": "a"}])
    assert one.holds(S3Location("lists", "a"))
    for bucket, key in (("lists", "aa"), ("lists", "a/a"), ("lists", "b"), ("other", "a")):
        assert not one.holds(S3Location(bucket, key))
    assert str(one) == "s3://lists/a"


def test_a_place_of_many_is_bounded_at_both_ends() -> None:
    (many,) = read([{"bucket": "docs", "prefix": "in/", "suffix": ".pdf"}])
    assert many.holds(S3Location("docs", "in/a.pdf"))
    assert not many.holds(S3Location("docs", "in/a.txt"))
    assert not many.holds(S3Location("docs", "out/a.pdf"))
    assert str(many) == "s3://docs/in/*.pdf"


@pytest.mark.parametrize(
    "wrong", [{}, [{}], [{"bucket": "docs", "key": 1}], [{"bucket": "docs", "keys": "a"}], 1]
)
def test_what_names_no_places_is_refused(wrong: Any) -> None:
    with pytest.raises(SettingsError, match="LAKENB_SOURCES"):
        read(wrong)


def test_where_the_role_decides_every_bucket_counts_but_the_cache_the_index_and_the_own_store() -> None:
    """More producers than an environment lists: what the role may read beside documents stays refused."""
    told = {
        **TOLD,
        "LAKENB_SOURCES": json.dumps([{"bucket": "*", "prefix": "", "suffix": ""}]),
        "LAKENB_CACHE": "cache",
        "LAKENB_INDEX": "index",
        "LAKENB_STORE": "store",
    }
    settings = Settings.from_environment(told)
    assert settings.may_read(S3Location("of-a-producer", "a"))
    for bucket in ("cache", "index", "store"):
        assert not settings.may_read(S3Location(bucket, "a"))
