from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.iam.parser import policy
from lakenb.iam.patterns import UNKNOWN, Kind, pattern
from lakenb.iam.policies import PolicyKind
from lakenb.iam.truth import MAYBE, NO, YES
from tests.iam.brute import covers


def nothing(_: str) -> None:
    return None


@given(st.text("ab*?", max_size=7), st.text("ab", max_size=7))
def test_wildcards_mean_what_their_definition_says(glob: str, text: str) -> None:
    compiled = pattern(glob, Kind.LIKE, has_variables=True)
    assert compiled.matches(text, nothing) == (YES if covers(glob, text) else NO)


@given(st.text("ab*?:", max_size=9), st.text("ab:", max_size=7))
def test_resources_part_is_a_text_with_wildcards(glob: str, text: str) -> None:
    compiled = pattern(f"arn:aws:s3:::{glob}", Kind.RESOURCE, has_variables=True)
    assert compiled.matches(f"arn:aws:s3:::{text}", nothing) == (YES if covers(glob, text) else NO)


@given(
    st.lists(st.text("ab*?", max_size=3), min_size=6, max_size=6),
    st.lists(st.text("ab", max_size=3), min_size=6, max_size=6),
)
def test_arns_are_compared_field_by_field(globs: list[str], texts: list[str]) -> None:
    compiled = pattern("arn:" + ":".join(globs[1:]), Kind.RESOURCE, has_variables=True)
    fits = all(covers(glob, text) for glob, text in zip(globs[1:], texts[1:], strict=True))
    found = compiled.matches("arn:" + ":".join(texts[1:]), nothing)
    assert found == YES if fits else found in {NO, MAYBE}


@given(st.text("ab*?:", max_size=10), st.text("ab:", max_size=10))
def test_what_no_reading_covers_is_never_covered(glob: str, text: str) -> None:
    compiled = pattern(f"arn:{glob}", Kind.ARN, has_variables=True)
    if not covers(glob, text):
        assert compiled.matches(f"arn:{text}", nothing) == NO


@pytest.mark.parametrize(
    "source",
    [
        "*a" * 60,
        "arn:aws:s3:::" + "*a" * 60,
        "arn:" + "*a" * 60 + ":*",
        "arn:aws:sqs:*:*" + "a*" * 60 + ":*b",
    ],
)
@pytest.mark.parametrize("kind", [Kind.LIKE, Kind.RESOURCE, Kind.ARN])
def test_many_wildcards_on_a_long_text_take_no_time(source: str, kind: Kind) -> None:
    compiled = pattern(source, kind, has_variables=True)
    began = time.perf_counter()
    for text in ("arn:aws:s3:::" + "a" * 2000 + "b", "arn:" + "a" * 2000, "arn:aws:sqs:" + "a:" * 900):
        compiled.matches(text, nothing)
    assert time.perf_counter() - began < 2


def test_many_wildcards_in_an_action_take_no_time() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": "s3:" + "*a" * 60 + "b", "Resource": "*"}}
    (statement,) = policy(document, PolicyKind.IDENTITY).statements
    began = time.perf_counter()
    assert not statement.actions.cover("s3:" + "a" * 2000)
    assert statement.actions.cover("s3:" + "a" * 2000 + "b")
    assert time.perf_counter() - began < 2


def test_a_value_is_filled_in_as_text() -> None:
    compiled = pattern("arn:aws:s3:::b/${aws:username}/*", Kind.RESOURCE, has_variables=True)
    values = {"aws:username": ("a.*",)}.get
    assert compiled.matches("arn:aws:s3:::b/a.*/x", values) == YES
    assert compiled.matches("arn:aws:s3:::b/abc/x", values) == NO


@given(st.text(f"ab*?{UNKNOWN}", max_size=7), st.text("ab", max_size=7))
def test_an_unknown_part_may_be_anything_and_is_never_certain(glob: str, text: str) -> None:
    widest = glob.replace(UNKNOWN, "*")
    for kind, start in ((Kind.LIKE, ""), (Kind.RESOURCE, "arn:aws:s3:::"), (Kind.ARN, "arn:aws:s3:::")):
        found = pattern(start + glob, kind, has_variables=True).matches(start + text, nothing)
        if not covers(widest, text):
            assert found == NO
        else:
            assert found == (MAYBE if UNKNOWN in glob else YES)


@pytest.mark.parametrize(
    ("source", "kind", "text", "truth"),
    [
        (UNKNOWN, Kind.TEXT, "anything", MAYBE),
        (f"a{UNKNOWN}", Kind.TEXT, "abc", MAYBE),
        (f"a{UNKNOWN}", Kind.TEXT, "bc", NO),
        (f"a*{UNKNOWN}", Kind.TEXT, "abc", NO),
        (f"A{UNKNOWN}", Kind.ANY_CASE, "abc", MAYBE),
        (f"arn:{UNKNOWN}", Kind.RESOURCE, "arn:aws:s3:::b/k", MAYBE),
        (f"arn:aws:{UNKNOWN}/*", Kind.ARN, "arn:aws:s3:::b/k", MAYBE),
        (f"arn:aws:{UNKNOWN}/*", Kind.ARN, "arn:aws:s3:::b", NO),
        (f"x/${{aws:{UNKNOWN}}}", Kind.RESOURCE, "x/y", MAYBE),
        (f"x/${{{UNKNOWN}", Kind.RESOURCE, "x/y", MAYBE),
        (f"x/${{{UNKNOWN}", Kind.RESOURCE, "z/y", NO),
        (f"{UNKNOWN}/${{aws:username}}", Kind.RESOURCE, "x/y", NO),
    ],
)
def test_an_unknown_part_in_texts_of_every_kind(source: str, kind: Kind, text: str, truth: int) -> None:
    assert pattern(source, kind, has_variables=True).matches(text, nothing) == truth
