from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakenb.iam.patterns import UNKNOWN, Kind, Pattern, Variable, pattern
from lakenb.iam.proof.globs import (
    EVERYWHERE,
    NOWHERE,
    TooManyStatesError,
    contains,
    glob,
    of_action,
    of_pattern,
    overlaps,
    partition,
    signature,
    strict,
)
from lakenb.iam.truth import MAYBE, NO, YES, Truth
from tests.iam.proof.small import words

KINDS = st.sampled_from(list(Kind))
_PIECES = st.sampled_from(["a", "b", "A", ":", "*", "?", "arn:", "::", "s*", "**", "*:", UNKNOWN])
GLOBS = st.lists(_PIECES, max_size=8).map("".join)
ARNS = st.builds(
    lambda fields, rest: "arn:" + ":".join([*fields, rest]),
    st.lists(st.sampled_from(["a", "*", "", "a*", "?", "b*a", "ab"]), min_size=4, max_size=4),
    st.text("ab:*?", max_size=4),
)
TEXTS = st.lists(st.sampled_from(["a", "b", "A", ":", "arn:", "::", "*", "x"]), max_size=9).map("".join)
SMALL = st.text("ab*?", max_size=5)
WORDS = list(words("abx", 6))


def compiled(text: str, kind: Kind) -> Pattern:
    return pattern(text, kind, has_variables=False)


def matched(text: str, kind: Kind, value: str) -> Truth:
    made = of_pattern(compiled(text, kind), lambda _: None)
    return YES if made.accepts(value) else MAYBE if made.may_accept(value) else NO


@settings(max_examples=1500, deadline=None)
@given(GLOBS | ARNS, KINDS, TEXTS | ARNS)
def test_a_glob_matches_exactly_what_the_evaluators_pattern_does(text: str, kind: Kind, value: str) -> None:
    assert matched(text, kind, value) == compiled(text, kind).matches(value, lambda _: None)


@settings(max_examples=600, deadline=None)
@given(ARNS, KINDS, st.data())
def test_a_glob_matches_exactly_what_lies_near_it(text: str, kind: Kind, data: st.DataObject) -> None:
    filled = "".join(
        data.draw(st.sampled_from(["", "a", ":", "a:b"])) if letter in "*?" else letter for letter in text
    )
    assert matched(text, kind, filled) == compiled(text, kind).matches(filled, lambda _: None)


@settings(max_examples=300, deadline=None)
@given(st.lists(SMALL, max_size=5))
def test_a_partition_has_every_class_once_by_a_shortest_text(texts: list[str]) -> None:
    globs = [glob(text, Kind.LIKE) for text in texts]
    found = {
        (part.certain, part.possible): part.text
        for part in partition(globs, [EVERYWHERE.certain], states=5000)
    }
    tried: dict[tuple[int, int], str] = {}
    for word in WORDS:
        tried.setdefault(signature(globs, word), word)
    for mark, word in tried.items():
        assert signature(globs, found[mark]) == mark
        assert len(found[mark]) <= len(word)
    assert all(signature(globs, text) == mark for mark, text in found.items())


def test_certain_and_possible_are_told_apart() -> None:
    crossing = glob("arn:aws:sqs:*:q")
    parts = partition([crossing], [glob("arn:aws:sqs:*").possible], states=500)
    assert {(part.certain, part.possible) for part in parts} == {(0, 0), (1, 1), (0, 1)}


def test_a_text_with_an_unknown_part_is_never_certain() -> None:
    made = glob(f"arn:aws:s3:::{UNKNOWN}/x")
    assert not made.accepts("arn:aws:s3:::b/x")
    assert made.may_accept("arn:aws:s3:::b/x")
    assert not made.may_accept("arn:aws:s3:::b/y")


@settings(max_examples=400, deadline=None)
@given(st.text("ab*?", max_size=4), st.text("ab*?", max_size=4))  # what two have in common has six letters
def test_containment_and_overlap_are_those_of_the_sets(one: str, other: str) -> None:
    outer, inner = glob(one, Kind.LIKE), glob(other, Kind.LIKE)
    inside = [word for word in WORDS if inner.accepts(word)]
    if contains(outer, inner):
        assert all(outer.accepts(word) for word in inside)
    else:
        assert any(not outer.accepts(word) for word in inside)
    assert overlaps(outer, inner) == any(outer.accepts(word) for word in inside)


@pytest.mark.parametrize(
    ("outer", "inner", "expected"),
    [
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/in/*", True),
        ("arn:aws:s3:::b/in/*", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b", False),
        ("arn:aws:s3:::b*", "arn:aws:s3:::b/*", True),
        ("arn:aws:sqs:*:1:q", "arn:aws:sqs:eu-west-1:1:q", True),
        ("arn:aws:sqs:eu-west-1:1:q", "arn:aws:sqs:*:1:q", False),
        ("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", False),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/${*}", True),
        ("*", "arn:aws:s3:::b", True),
        ("arn:*", "*", False),
        ("arn:aws:s3:::b/*.pdf", "arn:aws:s3:::b/*.tar.pdf", True),
        ("arn:aws:s3:::b/*.pdf", "arn:aws:s3:::b/*", False),
    ],
)
def test_one_glob_contains_another(outer: str, inner: str, *, expected: bool) -> None:
    assert contains(glob(outer), glob(inner)) is expected


def test_what_is_only_possible_is_contained_by_no_certain_equal() -> None:
    assert not contains(glob("arn:aws:sqs:*:q"), glob("arn:aws:sqs:*:q"))


def test_actions_are_compared_without_letter_case() -> None:
    assert of_action("S3:Get*").accepts("s3:getobject")
    assert not of_action("S3:Get*").accepts("s3:putobject")


def test_a_variable_without_a_value_matches_nothing() -> None:
    made = pattern("b/${aws:username}/*", Kind.RESOURCE, has_variables=True)

    def of(variable: Variable) -> str | None:
        return {"aws:username": "ada"}.get(variable.key)

    assert of_pattern(made, of).accepts("b/ada/x")
    assert of_pattern(made, lambda _: None) is NOWHERE
    assert not overlaps(NOWHERE, EVERYWHERE)


def test_a_value_in_place_of_a_variable_has_no_wildcards() -> None:
    made = of_pattern(pattern("b/${k}", Kind.RESOURCE, has_variables=True), lambda _: "*")
    assert made.accepts("b/*")
    assert not made.accepts("b/x")


def test_a_strict_glob_has_no_doubt() -> None:
    assert not strict("arn:*:*:*:1:*").may_accept("arn:a:b:c:d:1:x")
    assert strict("arn:*:*:*:1:*").accepts("arn:a:b:c:1:x")


def test_worst_cases_stop_at_the_cap_and_do_not_hang() -> None:
    globs = [glob(f"*{letter}*") for letter in "abcdefghijklmn"]
    with pytest.raises(TooManyStatesError):
        partition(globs, [EVERYWHERE.certain], states=5000)


def test_representatives_use_letters_that_no_glob_names() -> None:
    parts = partition([glob("x*"), glob("*z")], [glob("?*").certain], states=500)
    assert {part.text for part in parts} == {"y", "x", "z", "xz"}
