from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.iam.checker.languages import (
    ACTION_NAMES,
    DIGIT,
    FIELD,
    MANY,
    TEXTS,
    Chain,
    TooLargeError,
    classes,
    glob,
    literal,
    outside,
    reading,
)
from lakenb.iam.patterns import UNKNOWN, Kind, pattern
from lakenb.iam.truth import MAYBE, NO, YES
from tests.iam.brute import covers

SHORT = ["".join(letters) for size in range(5) for letters in itertools.product("abx", repeat=size)]
GLOBS = st.text("ab*?", max_size=5)


def takes(chain: Chain, text: str) -> bool:
    return outside([[chain], [literal(text)]], []) is not None


def nothing(_: str) -> None:
    return None


@given(st.lists(GLOBS, min_size=1, max_size=2), GLOBS, st.lists(GLOBS, max_size=3))
def test_what_lies_outside_is_what_trying_every_short_text_finds(
    inside: list[str], also: str, cover: list[str]
) -> None:
    found = outside([[glob(each) for each in inside], [glob(also)]], [glob(each) for each in cover])
    tried = [
        text
        for text in SHORT
        if any(covers(each, text) for each in inside)
        and covers(also, text)
        and not any(covers(each, text) for each in cover)
    ]
    if found is None:
        assert not tried
    else:
        assert any(covers(each, found) for each in inside)
        assert covers(also, found)
        assert not any(covers(each, found) for each in cover)
        assert not tried or len(found) <= len(tried[0])


@given(st.lists(GLOBS, max_size=3), st.lists(GLOBS, min_size=1, max_size=2))
def test_classes_are_those_of_every_short_text_and_each_has_a_member(
    globs: list[str], domain: list[str]
) -> None:
    found = classes([glob(each) for each in globs], [[glob(each) for each in domain]])
    tried = {
        frozenset(glob(each) for each in globs if covers(each, text))
        for text in SHORT
        if any(covers(each, text) for each in domain)
    }
    assert tried <= set(found)
    for matched, text in found.items():
        assert matched == frozenset(glob(each) for each in globs if covers(each, text))
        assert any(covers(each, text) for each in domain)


@given(
    st.sampled_from([Kind.RESOURCE, Kind.ARN, Kind.LIKE, Kind.TEXT]),
    st.sampled_from(["", "arn:"]),
    st.text(f"ab*?:{UNKNOWN}", max_size=9),
    st.sampled_from(["", "arn:"]),
    st.text("abx:", max_size=9),
)
def test_a_pattern_is_read_as_the_evaluator_reads_it(
    kind: Kind, start: str, rest: str, begins: str, text: str
) -> None:
    written = pattern(start + rest, kind, has_variables=True)
    read = reading(written, nothing)
    asked = begins + text
    certain = read.certain is not None and takes(read.certain, asked)
    expected = YES if certain else MAYBE if takes(read.possible, asked) else NO
    assert written.matches(asked, nothing) == expected


@pytest.mark.parametrize("text", ["ada", "ADA", "aDa"])
def test_where_case_does_not_count_every_case_is_taken(text: str) -> None:
    read = reading(pattern("Ada", Kind.ANY_CASE, has_variables=True), nothing)
    assert read.certain is not None
    assert takes(read.certain, text)


def test_a_variable_is_filled_where_its_value_is_fixed_and_open_where_it_is_not() -> None:
    written = pattern("arn:aws:s3:::b/${aws:username}/*", Kind.RESOURCE, has_variables=True)
    filled = reading(written, {"aws:username": "ada"}.get)
    assert (filled.certain, filled.is_open) == (glob("arn:aws:s3:::b/ada/*"), False)
    left = reading(written, nothing)
    assert (left.certain, left.is_open) == (None, True)
    assert takes(left.possible, "arn:aws:s3:::b/anybody/x")


def test_a_field_holds_no_colon_and_a_digit_is_one_of_ten() -> None:
    account = (*literal("a:"), DIGIT, DIGIT, ":", FIELD)
    assert outside([[account]], [glob("a:0?:*")]) == "a:00:x" or takes(account, "a:19:")
    assert not takes(account, "a:1x:")
    assert not takes(account, "a:12:b:c")


def test_actions_have_letters_of_their_own() -> None:
    every = [glob(f"s3:{letter}*") for letter in "abcdefghijklmnopqrstuvwxyz0123456789-_"]
    assert outside([[(*literal("s3:"), *glob("?*"))]], every, ACTION_NAMES) is None
    assert outside([[(*literal("s3:"), *glob("?*"))]], every, TEXTS) is not None


def test_the_shortest_text_outside_is_found_in_a_language_without_short_ones() -> None:
    assert outside([[(*literal("prefix/"), MANY)]], [literal("prefix/"), glob("prefix/x*")]) == "prefix/y"


def test_what_has_too_many_states_is_refused_and_not_guessed() -> None:
    several = [glob(f"*{letter}*{other}*") for letter in "abcdefgh" for other in "ijklmn"]
    with pytest.raises(TooLargeError, match="too many states"):
        classes(several, [[(MANY,)]], states=300)
    with pytest.raises(TooLargeError, match="too many states"):
        outside([several], [glob("*a*"), *several[1:]], states=20)
