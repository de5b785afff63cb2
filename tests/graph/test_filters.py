"""Filters as values: how they are made, combined and decided."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from hypothesis import given, settings

from lakenb.errors import FilterError
from lakenb.graph.filter_evaluation import evaluate
from lakenb.graph.filters import Filter, paths, when
from tests.strategies import FILTER_PATHS, filter_conditions, filter_events, filters

SCALARS = {"arrays": False, "others": False}
YES = True  # by name, because a filter takes a boolean by position as it takes any value
size = when("data.document.size")


def event(value: Any) -> dict[str, Any]:
    return {"id": "1", "data": {"document": {"size": value, "url": "s3://b/k"}}}


# Algebra. Where every key holds one value at most, it is that of sets.


@settings(max_examples=500, deadline=None)
@given(filters(), filters(), filter_events(**SCALARS))
def test_and_is_intersection(one: Filter, other: Filter, found: dict[str, Any]) -> None:
    assert evaluate(one & other, found) == (evaluate(one, found) and evaluate(other, found))


@settings(max_examples=500, deadline=None)
@given(filters(), filters(), filter_events())
def test_or_is_union(one: Filter, other: Filter, found: dict[str, Any]) -> None:
    assert evaluate(one | other, found) == (evaluate(one, found) or evaluate(other, found))


@settings(max_examples=500, deadline=None)
@given(filters(), filters(), filter_events())
def test_and_never_widens(one: Filter, other: Filter, found: dict[str, Any]) -> None:
    if evaluate(one & other, found):
        assert evaluate(one, found)
        assert evaluate(other, found)


@settings(max_examples=500, deadline=None)
@given(filters(), filter_events())
def test_twice_negated_is_the_filter(wanted: Filter, found: dict[str, Any]) -> None:
    assert ~~wanted == wanted
    assert evaluate(~(~wanted & ~wanted), found) == evaluate(wanted, found)


@settings(max_examples=500, deadline=None)
@given(filters(), filters(), filter_events())
def test_negation_follows_de_morgan(one: Filter, other: Filter, found: dict[str, Any]) -> None:
    assert evaluate(~(one & other), found) == evaluate(~one | ~other, found)
    assert evaluate(~(one | other), found) == evaluate(~one & ~other, found)


@settings(max_examples=500, deadline=None)
@given(filters(), filter_events(**SCALARS))
def test_nothing_passes_a_filter_and_its_negation(wanted: Filter, found: dict[str, Any]) -> None:
    assert not (evaluate(wanted, found) and evaluate(~wanted, found))


@given(filter_conditions())
def test_an_absent_key_passes_no_comparison_and_no_negation_of_one(wanted: Filter) -> None:
    is_about_absence = repr(wanted).startswith("~") and "exists()" in repr(wanted)
    assert evaluate(wanted, {"id": "1", "data": {}}) == is_about_absence


@given(filters(), filters())
def test_combining_leaves_filters_alone_and_ignores_order(one: Filter, other: Filter) -> None:
    before = (repr(one), hash(one), repr(other), hash(other))
    assert one & other == other & one
    assert one | other == other | one
    assert hash(one & other) == hash(other & one)
    assert (one & one, one | one) == (one, one)
    assert (repr(one), hash(one), repr(other), hash(other)) == before


@given(filters())
def test_the_repr_makes_the_same_filter(wanted: Filter) -> None:
    assert eval(repr(wanted), {"when": when}) == wanted  # noqa: S307  our own text
    assert pickle.loads(pickle.dumps(wanted)) == wanted  # noqa: S301  our own bytes
    assert copy.deepcopy(wanted) == wanted


@given(filters())
def test_paths_are_those_of_the_conditions(wanted: Filter) -> None:
    assert paths(wanted) <= set(FILTER_PATHS)
    assert all(path in repr(wanted) for path in paths(wanted))


# What a filter means: each row with the page of the SNS developer guide that says so.

NUMERIC = "numeric-value-matching"
STRING = "string-value-matching"
KEYS = "attribute-key-matching"
MEANING = [
    (size.equals(301.5), [301.5, 3.015e2], ["301.5", 301, None, True], NUMERIC),
    (~size.includes(100, 500), [101, 100.1, [100, 50]], [100, 500, [100, 500], []], NUMERIC),
    (size.lt(0), [-1, -0.5], [0, 1, "-1", False], NUMERIC),
    (size.gt(0) & size.lte(150), [150, 0.1], [0, 151, "a"], NUMERIC),
    (size.between(1, 3), [1, 2, 3, [9, 2]], [0, 4, [0, 4], "2"], NUMERIC),
    (~size.between(1, 3), [0, 4, [2, 4]], [1, 3, "a", True], NUMERIC),
    (
        size.includes("rugby", "tennis"),
        ["rugby", "tennis", ["golf", "tennis"]],
        ["baseball", "Rugby", []],
        STRING,
    ),
    (
        ~size.includes("rugby", "tennis"),
        ["baseball", ["rugby", "baseball"]],
        ["rugby", ["rugby"], []],
        STRING,
    ),
    (~size.equals("rugby"), [1, True, ""], [None, {}, {"a": 1}, [None]], STRING),
    (size.starts_with("bas"), ["baseball", "bas", ["x", "basket"]], ["rugby", "Bas", 1], STRING),
    (~size.starts_with("order-"), ["data-entry", "order_number"], ["order-cancelled", 1, True], STRING),
    (size.exists(), ["fans", 0, False, ["x"]], ["", [], [""], None, {}, {"a": 1}], KEYS),
    (~size.exists(), [None], ["fans", "", 0, [], {}, [None]], KEYS),
    (size.equals(YES), [True, [False, True]], [False, 1, "true"], "subscription-filter-policy-constraints"),
    (~size.equals(YES), [False, [True, False]], [True, 0, "x"], STRING),
    (size.equals(1), [1, 1.0], [True, "1"], NUMERIC),
    (size.gt(3) & size.lt(5), [4, [1, 4]], [[1, 9], 3, 5], "and-or-logic"),
]


@pytest.mark.parametrize(("wanted", "passing", "failing", "page"), MEANING, ids=str)
def test_what_each_operator_means(wanted: Filter, passing: list[Any], failing: list[Any], page: str) -> None:
    assert [value for value in passing if not evaluate(wanted, event(value))] == [], page
    assert [value for value in failing if evaluate(wanted, event(value))] == [], page


@pytest.mark.parametrize(
    "without",
    [{"id": "1"}, {"data": {}}, {"data": None}, {"data": "x"}, {"data": {"document": {}}}, {"data": [1]}],
)
def test_a_key_is_absent_wherever_on_its_path_a_name_is_missing(without: dict[str, Any]) -> None:
    assert evaluate(~size.exists(), without)
    assert not evaluate(size.exists(), without)
    assert not evaluate(~size.equals("a"), without)


def test_an_event_without_any_key_passes_nothing() -> None:
    """AWS, attribute-key-matching: an empty set of attributes results in the filter not matching."""
    assert not evaluate(~size.exists(), {})


def test_objects_in_an_array_are_looked_into() -> None:
    """AWS Compute Blog, "Introducing payload-based message filtering for Amazon SNS": Records of S3."""
    records = {"Records": [{"eventName": "ObjectRemoved:Delete"}, {"eventName": "ObjectCreated:Put"}]}
    assert evaluate(when("Records.eventName").starts_with("ObjectCreated:"), records)


# Values.


def test_a_filter_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError) as error:
        size.lt(1) and size.gt(0)
    assert str(error.value) == (
        "a filter is neither true nor false until an event is there: combine filters with & | ~ "
        "(each side in parentheses) instead of 'and', 'or', 'not', and compare with 'is None'"
    )


def test_a_filter_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        size.lt(1).path = "other"  # type: ignore[attr-defined]  # the mistake itself


def test_filters_print_sorted_and_once() -> None:
    a, b, c = when("a").exists(), when("b").exists(), when("c").exists()
    assert (
        repr(c & (b | a) & ~a & c)
        == "(when('a').exists() | when('b').exists()) & when('c').exists() & ~when('a').exists()"
    )
    assert repr(~(b & a)) == "~(when('a').exists() & when('b').exists())"
    assert (
        repr(size.includes("b", 2, "a", YES, 1.0))
        == "when('data.document.size').includes('a', 'b', 1, 2, True)"
    )


def test_one_and_true_are_different_values() -> None:
    assert size.equals(1) != size.equals(YES)
    assert repr(size.equals(1) | size.equals(YES)).count("equals") == 2


def test_a_filter_combines_with_filters_only() -> None:
    with pytest.raises(TypeError, match="unsupported operand"):
        size.lt(1) & size  # type: ignore[operator]  # the mistake itself


NO_PATH = "write the names from the event's top, with single dots: 'data.document.size'"
NO_NUMBER = "give it a number; for texts and booleans there are equals() and includes()"
RANGE = "SNS compares numbers from -10^9 to 10^9 with at most 5 decimals"
WHERE = "key data.document.size"
WRONG = [
    (lambda: when(""), "a name between two dots is empty", "path ''", NO_PATH),
    (lambda: when("a..b"), "a name between two dots is empty", "path 'a..b'", NO_PATH),
    (lambda: when("a.$or.b"), "'$or' is no name of a key", "path 'a.$or.b'", NO_PATH),
    (lambda: when("a.b\0"), r"'b\x00' is no name of a key", r"path 'a.b\x00'", NO_PATH),
    (
        lambda: when(5),
        "a path is a text, not 5",
        "when()",
        "write it as a text, such as 'data.document.size'",
    ),
    (lambda: size.lt("5"), "'5' is no number to compare with", WHERE, NO_NUMBER),
    (lambda: size.lt(YES), "True is no number to compare with", WHERE, NO_NUMBER),
    (lambda: size.gt(float("nan")), "nan is no number to compare with", WHERE, NO_NUMBER),
    (lambda: size.gt(10**9 + 1), f"1000000001 is out of range: {RANGE}", WHERE, "stay within -10^9 and 10^9"),
    (lambda: size.gt(0.123456), f"0.123456 has too many decimals: {RANGE}", WHERE, "round it to 0.12346"),
    (
        lambda: size.between(5, 1),
        "between(5, 1) never matches: its low end is above its high end",
        WHERE,
        "write between(1, 5)",
    ),
    (
        size.includes,
        "includes() lists no value, so it never matches",
        WHERE,
        "give it at least one value, or use exists() for any value",
    ),
    (
        lambda: size.equals(None),
        "a filter cannot look for null: SNS takes it for an absent key",
        WHERE,
        "use ~when(path).exists() for a key that is not there",
    ),
    (
        lambda: size.equals(["a"]),
        "['a'] is no value to compare with",
        WHERE,
        "give it texts, numbers or booleans, one by one",
    ),
    (
        lambda: size.starts_with(""),
        "a prefix is a text, not ''",
        WHERE,
        "give it at least one character, or use exists() for any value",
    ),
    (
        lambda: size.equals("a\0"),
        r"'a\x00' holds a character that no filter policy can",
        WHERE,
        "take the character out",
    ),
    (
        lambda: size.lt(1) & when("data.document").exists(),
        "a filter cannot look at 'data.document' and at 'data.document.size' below it",
        WHERE,
        "an object is no value: test the key below it, which also tests that the object is there",
    ),
    (
        lambda: size.lt(1) | ~when("data").exists(),
        "a filter cannot look at 'data' and at 'data.document.size' below it",
        WHERE,
        "an object is no value: test the key below it, which also tests that the object is there",
    ),
]


@pytest.mark.parametrize(("make", "what", "where", "mend"), WRONG, ids=[what for _, what, _, _ in WRONG])
def test_what_cannot_be_a_filter_is_an_error_where_it_is_written(
    make: Any, what: str, where: str, mend: str
) -> None:
    with pytest.raises(FilterError) as error:
        make()
    assert str(error.value) == f"{what}\n  where: {where}\n  mend:  {mend}"


def test_names_that_only_begin_alike_are_no_conflict() -> None:
    assert repr(when("data.doc").exists() & when("data.document").exists())
