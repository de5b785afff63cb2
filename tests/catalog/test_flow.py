"""Passthrough and condition as a user writes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.filter_evaluation import evaluate
from lakenb.graph.filter_policy import consumer_filter, filter_policy

LIMIT = 100


def is_long(doc: Any) -> bool:
    return bool(doc.size > LIMIT)


def is_listed(doc: Any, ctx: Any) -> bool:
    return doc.type in ctx.options


def answered(answer: str, mime_type: str = "text/plain") -> dict[str, Any]:
    metadata = {"custom": {"lakenb_matched": answer}}
    return {"type": "document-created", "data": {"document": {"type": mime_type}, "metadata": metadata}}


def test_the_branches_divide_what_a_condition_sends() -> None:
    for answer in ("true", "false"):
        assert evaluate(lk.matched, answered(answer)) == (answer == "true")
        assert evaluate(lk.mismatched, answered(answer)) == (answer == "false")


def test_a_branch_and_the_consumers_types_must_both_agree() -> None:
    wanted = consumer_filter(("text/plain",), lk.matched)
    assert evaluate(wanted, answered("true"))
    assert not evaluate(wanted, answered("false"))
    assert not evaluate(wanted, answered("true", "image/png"))
    assert filter_policy(wanted) == {
        "type": ["document-created"],
        "data": {"document": {"type": ["text/plain"]}, "metadata": {"custom": {"lakenb_matched": ["true"]}}},
    }


def test_a_branch_joins_other_filters() -> None:
    both = lk.matched & lk.when("data.document.size").lt(10)
    pipe = lk.S3Trigger("inbox").pipe(lk.Condition(predicate=is_long)).pipe(lk.S3Storage("a"), filter=both)
    assert lk.Pipeline("p", pipe).edges[0].filter == both


def test_a_predicate_travels_with_what_it_reads() -> None:
    step = lk.Condition("long", predicate=is_long)
    ((path, text),) = step.code().sources
    assert path == "lakenb_user.py"
    assert "LIMIT = 100" in text
    assert step.own_options() == {"takes_context": False}
    assert lk.Condition(predicate=is_listed).own_options() == {"takes_context": True}
    assert repr(step) == "Condition('long', predicate=is_long)"
    assert (
        repr(lk.Condition(predicate=is_long, max_retries=3)) == "Condition(max_retries=3, predicate=is_long)"
    )


def test_the_same_predicate_defined_again_is_the_same_step() -> None:
    def again() -> Any:
        def is_big(doc: Any) -> bool:
            return bool(doc.size > 1)

        return is_big

    one, other = lk.Condition(predicate=again()), lk.Condition(predicate=again())
    assert one == other
    assert one.code() == other.code()
    assert hash(one) == hash(other)
    assert one != lk.Condition(predicate=is_long)


@pytest.mark.parametrize("predicate", [None, 3, "lambda doc: True", lambda: True, print])
def test_what_is_no_predicate_is_refused(predicate: Any) -> None:
    with pytest.raises(lk.LakenbError):
        lk.Condition(predicate=predicate)


def test_types_go_through_pass_through_nodes() -> None:
    split = lk.S3Trigger("inbox").pipe(lk.RecursiveCharacterTextSplitter("split"))
    through = split.pipe(lk.Passthrough()).pipe(lk.Condition(predicate=is_long))
    assert through.output_types() == ("text/plain",)
    with pytest.raises(
        lk.IncompatibleEdgeError, match="'condition' sends text/plain, but 'zip-inflate' accepts"
    ):
        through.pipe(lk.ZipInflate())


def test_metadata_of_a_passthrough_is_a_value_of_its_own() -> None:
    values = {"run": {"n": [1, 2]}}
    step = lk.Passthrough(metadata=values)
    values["run"]["n"].append(3)
    assert step.own_options() == {"metadata": {"run": {"n": [1, 2]}}}
    assert repr(step) == "Passthrough(metadata={'run': {'n': [1, 2]}})"
    assert json.dumps(step.own_options())
    assert step == lk.Passthrough(metadata={"run": {"n": [1, 2]}})
    assert hash(step) == hash(lk.Passthrough(metadata={"run": {"n": [1, 2]}}))
    assert step != lk.Passthrough()


@pytest.mark.parametrize(
    ("metadata", "what"),
    [
        (3, "metadata is 3, but it must be a mapping"),
        ({"a": object()}, "metadata is none: "),
        ({1: 2}, "metadata is none: "),
        ({"a": float("nan")}, "metadata is none: "),
        ({"a": "x" * 3000}, "metadata has 3008 bytes as JSON; there is room for 2048"),
        ({"lakenb_matched": "true"}, "metadata has the name 'lakenb_matched', by which conditions branch"),
    ],
)
def test_metadata_that_cannot_travel_is_refused(metadata: Any, what: str) -> None:
    with pytest.raises(lk.OptionError, match=what):
        lk.Passthrough(metadata=metadata)
