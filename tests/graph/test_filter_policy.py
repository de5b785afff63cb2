"""The compiler: what it writes, and that what it writes means what the filter means."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import assume, given, settings

from lakenb.errors import FilterError
from lakenb.graph.filter_evaluation import evaluate
from lakenb.graph.filter_policy import consumer_filter, filter_policy
from lakenb.graph.filters import Filter, when
from tests.strategies import filter_events, filters

SIZE = "data.document.size"
YES, NO = True, False  # by name, because a filter takes a boolean by position as it takes any value
size, language, kind = when(SIZE), when("data.metadata.language"), when("type")
mime = when("data.document.type")


# A reader of filter policies after AWS's pages, on its own: it knows nothing of `lakenb`.

COMPARE = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def flat(policy: dict[str, Any], above: str = "") -> list[dict[str, list[Any]]]:
    """Return a policy as alternatives, each from a dotted key to its conditions (AWS: and-or-logic)."""
    ways: list[dict[str, list[Any]]] = [{}]
    for key, value in policy.items():
        if key == "$or":
            assert isinstance(value, list)
            assert len(value) > 1
            more = [way for member in value for way in flat(member, above)]
        elif isinstance(value, dict):
            more = flat(value, f"{above}{key}.")
        else:
            more = [{f"{above}{key}": value}]
        assert all(not one.keys() & other.keys() for one in ways for other in more), "one key twice"
        ways = [{**one, **other} for one in ways for other in more]
    return ways


def leaves(node: Any, names: list[str]) -> list[Any] | None:
    if isinstance(node, list) and names:
        below = [leaves(element, names) for element in node if isinstance(element, dict)]
        present = [values for values in below if values is not None]
        return [leaf for values in present for leaf in values] if present else None
    if names:
        return leaves(node[names[0]], names[1:]) if isinstance(node, dict) and names[0] in node else None
    if node is None:
        return None
    return [
        leaf for leaf in (node if isinstance(node, list) else [node]) if isinstance(leaf, str | int | float)
    ]


def meets(value: Any, condition: Any) -> bool:
    if isinstance(condition, str | bool):
        return type(value) is type(condition) and value == condition
    ((operator, wanted),) = condition.items()
    if operator == "exists":
        return wanted and value != ""
    if operator == "prefix":
        return isinstance(value, str) and value.startswith(wanted)
    if operator == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return not isinstance(value, str | bool) and all(COMPARE[sign](value, bound) for sign, bound in pairs)
    assert operator == "anything-but"
    if isinstance(wanted, dict):
        return isinstance(value, str) and not value.startswith(wanted["prefix"])
    assert len({isinstance(one, str) for one in wanted}) == 1, "texts and numbers in one list"
    return isinstance(value, bool) or value not in wanted


def sns_delivers(policy: dict[str, Any], event: dict[str, Any]) -> bool:
    def passes(path: str, conditions: list[Any]) -> bool:
        values = leaves(event, path.split("."))
        if values is None:
            return {"exists": False} in conditions
        return any(meets(value, condition) for value in values for condition in conditions)

    return any(all(passes(*rule) for rule in way.items()) for way in flat(policy))


def compiled(wanted: Filter) -> dict[str, Any] | None:
    try:
        return filter_policy(wanted)
    except FilterError:
        return None


@settings(max_examples=1500, deadline=None)
@given(filters(), filter_events())
def test_the_policy_lets_through_what_the_filter_does(wanted: Filter, event: dict[str, Any]) -> None:
    policy = compiled(wanted)
    assume(policy is not None)
    assert sns_delivers(policy, event) == evaluate(wanted, event)


@settings(max_examples=500, deadline=None)
@given(filters(), filter_events())
def test_a_filter_that_never_matches_is_told_apart_truly(wanted: Filter, event: dict[str, Any]) -> None:
    try:
        filter_policy(wanted)
    except FilterError as error:
        if "never matches" in error.fault.what:
            assert not evaluate(wanted, event)


NEVER = f"this filter never matches: what it asks of {SIZE!r} excludes itself"
TIE = "use | between conditions of which one is enough; SNS wants one value to meet all that & joins"

WRITTEN = [
    (size.lt(5), [{"numeric": ["<", 5]}]),
    (~size.lt(5), [{"numeric": [">=", 5]}]),
    (size.lte(5), [{"numeric": ["<=", 5]}]),
    (~size.lte(5), [{"numeric": [">", 5]}]),
    (size.gt(5), [{"numeric": [">", 5]}]),
    (~size.gt(5), [{"numeric": ["<=", 5]}]),
    (size.gte(5), [{"numeric": [">=", 5]}]),
    (~size.gte(5), [{"numeric": ["<", 5]}]),
    (size.between(1, 5), [{"numeric": [">=", 1, "<=", 5]}]),
    (~size.between(1, 5), [{"numeric": ["<", 1]}, {"numeric": [">", 5]}]),
    (size.between(5, 5), [{"numeric": ["=", 5]}]),
    (size.equals(5.0), [{"numeric": ["=", 5]}]),
    (~size.equals(5), [{"anything-but": [5]}]),
    (size.equals("a"), ["a"]),
    (~size.equals("a"), [{"anything-but": ["a"]}]),
    (size.equals(YES), [True]),
    (~size.equals(YES), [False]),
    (size.includes("b", "a", 2, YES, "a"), ["a", "b", True, {"numeric": ["=", 2]}]),
    (~size.includes("b", "a"), [{"anything-but": ["a", "b"]}]),
    (~size.includes(7, 0.5), [{"anything-but": [0.5, 7]}]),
    (size.starts_with("a"), [{"prefix": "a"}]),
    (~size.starts_with("a"), [{"anything-but": {"prefix": "a"}}]),
    (size.exists(), [{"exists": True}]),
    (~size.exists(), [{"exists": False}]),
    # What & joins on one path is one list of conditions.
    (size.gt(1) & size.lte(5), [{"numeric": [">", 1, "<=", 5]}]),
    (size.gte(5) & size.lte(5), [{"numeric": ["=", 5]}]),
    (
        size.gt(1) & ~size.equals(3) & size.lt(5),
        [{"numeric": [">", 1, "<", 3]}, {"numeric": [">", 3, "<", 5]}],
    ),
    (size.gte(1) & ~size.equals(1), [{"numeric": [">", 1]}]),
    (size.includes("a", "b") & ~size.equals("a"), ["b"]),
    (size.includes("a", "ab", "b") & size.starts_with("a"), ["a", "ab"]),
    (size.starts_with("a") & size.starts_with("ab"), [{"prefix": "ab"}]),
    (size.starts_with("a") & ~size.starts_with("b"), [{"prefix": "a"}]),
    (size.starts_with("a") & ~size.equals("b"), [{"prefix": "a"}]),
    (~size.starts_with("a") & ~size.starts_with("ab"), [{"anything-but": {"prefix": "a"}}]),
    (~size.starts_with("a") & ~size.equals("ab"), [{"anything-but": {"prefix": "a"}}]),
    (~size.equals("a") & ~size.equals("b"), [{"anything-but": ["a", "b"]}]),
    (~size.equals("a") & size.exists(), [{"anything-but": ["", "a"]}]),
    (~size.equals("a") & size.lt(5), [{"numeric": ["<", 5]}]),
    (~size.starts_with("a") & ~size.equals("x") & size.equals("y"), ["y"]),
    # What | joins on one path is a longer list, without what it says twice.
    (size.lt(1) | size.gt(5), [{"numeric": ["<", 1]}, {"numeric": [">", 5]}]),
    (size.lt(1) | size.lt(5), [{"numeric": ["<", 5]}]),
    (size.equals("ab") | size.starts_with("a"), [{"prefix": "a"}]),
    (size.gt(1) | (size.gt(1) & ~size.equals(3)), [{"numeric": [">", 1]}]),
    (size.gt(1) & (size.lt(5) | size.gt(9)), [{"numeric": [">", 1, "<", 5]}, {"numeric": [">", 9]}]),
    (
        size.gt(1) & size.lt(5) | size.gt(9) & size.lt(12),
        [{"numeric": [">", 1, "<", 5]}, {"numeric": [">", 9, "<", 12]}],
    ),
    (size.equals("a") | ~size.exists(), ["a", {"exists": False}]),
    (~size.equals("a") | ~size.exists(), [{"exists": False}, {"anything-but": ["a"]}]),
]


@pytest.mark.parametrize(("wanted", "conditions"), WRITTEN, ids=str)
def test_what_one_path_is_written_as(wanted: Filter, conditions: list[Any]) -> None:
    assert filter_policy(wanted) == {"data": {"document": {"size": conditions}}}


def test_and_over_paths_is_one_nested_object() -> None:
    assert filter_policy(size.lt(5) & language.equals("fr") & kind.equals("x")) == {
        "data": {"document": {"size": [{"numeric": ["<", 5]}]}, "metadata": {"language": ["fr"]}},
        "type": ["x"],
    }


def test_or_over_paths_is_an_or_beside_what_both_sides_ask() -> None:
    policy = filter_policy((size.lt(5) | language.equals("fr")) & kind.equals("x"))
    assert policy == {
        "type": ["x"],
        "$or": [
            {"data": {"document": {"size": [{"numeric": ["<", 5]}]}}},
            {"data": {"metadata": {"language": ["fr"]}}},
        ],
    }


def test_or_of_branches_that_differ_on_one_path_needs_no_or() -> None:
    wanted = (kind.equals("x") & size.lt(1)) | (kind.equals("x") & size.gt(5))
    assert "$or" not in filter_policy(wanted)


def test_a_branch_that_cannot_hold_is_left_out() -> None:
    assert filter_policy((size.lt(1) & size.gt(5)) | kind.equals("x")) == {"type": ["x"]}
    assert filter_policy(kind.equals("x") | (kind.equals("x") & size.gt(5))) == {"type": ["x"]}


def test_negation_is_pushed_to_the_leaves() -> None:
    assert filter_policy(~(size.lt(5) | kind.equals("x"))) == filter_policy(~size.lt(5) & ~kind.equals("x"))
    assert filter_policy(~(size.lt(5) & kind.equals("x"))) == filter_policy(~size.lt(5) | ~kind.equals("x"))


REFUSED = [
    (
        size.starts_with("a") & ~size.starts_with("ab"),
        "a filter policy of SNS cannot say 'starts with 'a' and not with 'ab'' of one key",
        "list the prefixes that may pass instead, joined by |",
    ),
    (
        size.starts_with("a") & ~size.includes("ab", "b"),
        "a filter policy of SNS cannot say 'starts with 'a' and is not 'ab'' of one key",
        "list the prefixes or the values that may pass instead, joined by |",
    ),
    (
        ~size.starts_with("a") & ~size.starts_with("b"),
        "a filter policy of SNS cannot say 'starts neither with 'a' nor with 'b'' of one key",
        "say what may pass instead: list values with includes(), or prefixes joined by |",
    ),
    (
        ~size.starts_with("a") & ~size.equals("b"),
        "a filter policy of SNS cannot say 'does not start with 'a' and is not 'b'' of one key",
        "say what may pass instead: list values with includes(), or prefixes joined by |",
    ),
    (
        ~size.includes("a", 1),
        "a filter policy of SNS cannot say 'is neither 'a' nor 1', a text and a number of one key",
        "exclude only values of the type that the key holds",
    ),
    (
        size.exists() & ~size.starts_with("a"),
        "a filter policy of SNS cannot say 'is not excluded and not empty' of one key",
        "leave exists() out: a comparison needs the key to be there anyway",
    ),
    (size.lt(1) & size.gt(5), NEVER, TIE),
    (size.gt(5) & size.lt(5), NEVER, TIE),
    (size.gte(5) & size.lt(5), NEVER, TIE),
    (
        size.equals("a") & size.equals("b"),
        NEVER,
        TIE,
    ),
    (
        size.equals("a") & size.lt(1),
        NEVER,
        TIE,
    ),
    (
        size.exists() & ~size.exists(),
        NEVER,
        TIE,
    ),
    (
        size.lt(1) & ~size.exists(),
        NEVER,
        TIE,
    ),
    (
        ~size.includes(YES, NO),
        NEVER,
        TIE,
    ),
]


@pytest.mark.parametrize(("wanted", "what", "mend"), REFUSED, ids=str)
def test_what_sns_cannot_say_or_never_matches_is_an_error(wanted: Filter, what: str, mend: str) -> None:
    with pytest.raises(FilterError) as error:
        filter_policy(wanted)
    assert str(error.value) == f"{what}\n  where: key {SIZE}\n  mend:  {mend}"


def keys(count: int) -> Filter:
    whole = when("data.key0").equals("x")
    for number in range(1, count):
        whole &= when(f"data.key{number}").equals("x")
    return whole


def test_at_most_five_keys() -> None:
    assert len(filter_policy(keys(5))["data"]) == 5
    with pytest.raises(FilterError) as error:
        filter_policy(keys(6))
    assert str(error.value) == (
        "this filter policy has 6 keys; SNS allows 5\n"
        "  where: keys data.key0, data.key1, data.key2, data.key3, data.key4, data.key5\n"
        "  mend:  test fewer keys; the consumer's own type and document type count too"
    )


def test_keys_under_or_count_once_each() -> None:
    tops = [when(name).equals("x") for name in "abcdef"]
    assert filter_policy((tops[0] & tops[1] & tops[2]) | (tops[2] & tops[3] & tops[4]) | ~tops[0])
    with pytest.raises(FilterError, match=r"has 6 keys; SNS allows 5"):
        filter_policy((tops[0] & tops[1] & tops[2]) | (tops[3] & tops[4] & tops[5]))


def test_complexity_is_values_times_nesting_over_all_keys() -> None:
    values = [f"v{number}" for number in range(50)]
    assert filter_policy(size.includes(*values))  # 3 x 50 = 150
    with pytest.raises(FilterError) as error:
        filter_policy(size.includes(*values, "v50"))
    assert str(error.value) == (
        "this filter policy has a complexity of 153; SNS allows 150\n"
        "  where: keys data.document.size\n"
        "  mend:  list fewer values: values times nesting level, multiplied over the keys, is what SNS counts"
    )


def test_complexity_is_summed_over_the_branches_of_or() -> None:
    """AWS, and-or-logic, its nested example: with 2 values of metricName it counts 32, 18 are too many."""
    names = [f"n{number}" for number in range(18)]
    outer = when("metricName").includes(*names) | when("namespace").includes("a", "b")
    inner = when("detail.source").equals("c") | when("detail.type").equals("d")
    with pytest.raises(FilterError, match=r"a complexity of 160; SNS allows 150"):
        filter_policy(outer & inner & when("detail.scope").equals("s"))


def test_values_that_are_excluded_count_too() -> None:
    with pytest.raises(FilterError, match=r"a complexity of 153; SNS allows 150"):
        filter_policy(~size.includes(*(f"v{number}" for number in range(51))))


def test_a_filter_policy_has_at_most_256_kb() -> None:
    with pytest.raises(FilterError) as error:
        filter_policy(kind.equals("x" * 262_144))
    assert str(error.value) == (
        "this filter policy takes 262158 bytes; SNS allows 262144\n"
        "  where: keys type\n"
        "  mend:  list fewer or shorter values"
    )


def test_a_blow_up_of_ors_is_refused_before_it_is_worked_out() -> None:
    whole = None
    for number in range(0, 40, 2):
        pair = when(f"k{number}").exists() | when(f"k{number + 1}").exists()
        whole = pair if whole is None else whole & pair
    assert whole is not None
    with pytest.raises(FilterError) as error:
        filter_policy(whole)
    assert str(error.value) == (
        "this filter's '|' and '&' make more than 500 combinations: too complex for SNS\n"
        "  where: the filter\n"
        "  mend:  use includes() for values of one key, and join fewer '|' by '&'"
    )


def test_an_operators_name_cannot_stand_under_or() -> None:
    with pytest.raises(FilterError) as error:
        filter_policy(when("prefix").equals("x") | kind.equals("x"))
    assert str(error.value) == (
        "SNS takes 'prefix' for an operator and so knows no '|' over different keys here\n"
        "  where: keys prefix, type\n"
        "  mend:  give each side of the '|' an edge of its own to a consumer of its own"
    )


# The consumer's own filter.


def test_a_consumer_takes_created_documents_of_its_types() -> None:
    assert filter_policy(consumer_filter(["text/plain", "image/*", "TEXT/HTML; charset=utf-8"], None)) == {
        "data": {"document": {"type": ["text/html", "text/plain", {"prefix": "image/"}]}},
        "type": ["document-created"],
    }


def test_a_consumer_of_everything_only_asks_for_created_documents() -> None:
    assert filter_policy(consumer_filter(["text/plain", "*/*"], None)) == {"type": ["document-created"]}


def test_a_users_filter_is_added_to_the_consumers() -> None:
    wanted = consumer_filter(["text/plain", "text/html"], mime.equals("text/html") & size.lt(5))
    assert filter_policy(wanted) == {
        "data": {"document": {"size": [{"numeric": ["<", 5]}], "type": ["text/html"]}},
        "type": ["document-created"],
    }


@pytest.mark.parametrize(
    ("users", "path"),
    [
        (kind.equals("document-deleted"), "type"),
        (~mime.exists(), "data.document.type"),
        (mime.equals("application/pdf"), "data.document.type"),
        (mime.starts_with("T") & size.lt(5), "data.document.type"),
    ],
    ids=str,
)
def test_a_users_filter_never_replaces_the_consumers(users: Filter, path: str) -> None:
    with pytest.raises(FilterError) as error:
        consumer_filter(["text/plain", "image/*"], users)
    assert str(error.value) == (
        f"this filter asks of {path!r} what the consumer does not take, so it never matches\n"
        f"  where: key {path}\n"
        "  mend:  filter among what the consumer takes: created documents of type image/*, text/plain"
    )


def test_a_users_filter_that_excludes_itself_is_told_so() -> None:
    with pytest.raises(FilterError) as error:
        consumer_filter(["text/plain"], size.lt(1) & size.gt(5))
    assert str(error.value) == f"{NEVER}\n  where: key {SIZE}\n  mend:  {TIE}"


@settings(max_examples=300, deadline=None)
@given(filters(), filter_events())
def test_what_reaches_a_consumer_is_of_its_types_and_created(users: Filter, event: dict[str, Any]) -> None:
    try:
        wanted = consumer_filter(["text/plain", "image/*"], users)
    except FilterError:
        assume(False)  # noqa: FBT003  not one of these filters
    for event_type in ("document-created", "document-deleted"):
        for document_type in ("text/plain", "image/png", "application/pdf"):
            document = {**event["data"].get("document", {}), "type": document_type}
            whole = {**event, "type": event_type, "data": {**event["data"], "document": document}}
            own = event_type == "document-created" and document_type != "application/pdf"
            assert sns_delivers(filter_policy(wanted), whole) == (own and evaluate(users, whole))


def test_a_consumer_that_accepts_no_type_is_an_error() -> None:
    with pytest.raises(FilterError) as error:
        consumer_filter([], None)
    assert str(error.value) == (
        "the consumer accepts no type, so nothing reaches it\n"
        "  where: key data.document.type\n"
        "  mend:  pipe into a middleware that accepts documents"
    )


# One filter, one policy.


@settings(max_examples=200, deadline=None)
@given(filters())
def test_a_filter_stays_itself_and_its_policy_too(wanted: Filter) -> None:
    before = repr(wanted), hash(wanted)
    first = compiled(wanted)
    for types in (["text/plain"], ["image/*"]):
        try:
            consumer_filter(types, wanted)
        except FilterError:
            continue
    assert (repr(wanted), hash(wanted)) == before
    assert json.dumps(compiled(wanted)) == json.dumps(first)


PROGRAM = """
import json
from lakenb.errors import FilterError
from lakenb.graph.filter_policy import filter_policy
from lakenb.graph.filters import when
a, b, c = when("a"), when("b.c"), when("d.e.f")
ways = [a.includes("z", "y", 1), ~b.includes("p", "q"), c.lt(1) | ~c.exists()]
ways += [a.starts_with("k"), ~c.equals("r")]
for one in ways:
    for other in ways:
        for third in ways:
            for wanted in ((one & other) | third, (one | other) & ~third):
                try:
                    print(wanted, json.dumps(filter_policy(wanted)))
                except FilterError as error:
                    print(wanted, error)
"""


def test_policies_and_errors_do_not_depend_on_the_hash_seed() -> None:
    def printed(seed: str) -> str:
        run = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout

    assert len({printed(seed) for seed in ("1", "2", "3")}) == 1
