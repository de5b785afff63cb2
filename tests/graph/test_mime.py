from __future__ import annotations

import pytest

from lakenb.graph.mime import any_overlap, is_pattern, normalize, overlap


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("text/plain", "text/plain", True),
        ("text/plain", "TEXT/Plain", True),
        ("text/plain; charset=utf-8", "text/plain", True),
        ("image/*", "image/png", True),
        ("image/png", "image/*", True),
        ("image/*", "image/*", True),
        ("*/*", "application/pdf", True),
        ("application/pdf", "*/*", True),
        ("text/plain", "text/html", False),
        ("image/*", "text/plain", False),
        ("image/*", "imagex/png", False),
    ],
)
def test_types_overlap_by_family_and_wildcard(first: str, second: str, *, expected: bool) -> None:
    assert overlap(first, second) is expected
    assert overlap(second, first) is expected


def test_an_empty_side_overlaps_nothing() -> None:
    assert not any_overlap((), ("*/*",))
    assert not any_overlap(("*/*",), ())


@pytest.mark.parametrize("pattern", ["*/png", "text", "text/", "/plain", "text/*x", "a b/c", ""])
def test_what_is_no_type_is_no_pattern(pattern: str) -> None:
    assert not is_pattern(pattern)


def test_events_carry_types_in_lower_case_without_parameters() -> None:
    assert normalize(" Text/HTML ;charset=UTF-8") == "text/html"
