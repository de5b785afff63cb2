"""Transform as a user writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import lakenb as lk

HEADING = "all of them"


def join(docs: Any, ctx: Any) -> Any:
    return ctx.document(HEADING + "".join(block for doc in docs for block in doc.text()), type="text/plain")


def largest(docs: Any) -> Any:
    return max(docs, key=lambda doc: doc.size)


def test_a_function_travels_with_what_it_reads() -> None:
    step = lk.Transform("merge", join)
    ((path, text),) = step.code().sources
    assert path == "lakenb_user.py"
    assert "HEADING = 'all of them'" in text
    assert "transform = join" in text
    assert step.own_options() == {"takes_context": True}
    assert lk.Transform("pick", largest).own_options() == {"takes_context": False}
    assert repr(step) == "Transform('merge', join)"
    assert repr(lk.Transform("merge", join, max_retries=3)) == "Transform('merge', join, max_retries=3)"


def test_the_same_function_defined_again_is_the_same_step() -> None:
    def again() -> Any:
        def first(docs: Any) -> Any:
            return docs[0]

        return first

    one, other = lk.Transform("pick", again()), lk.Transform("pick", again())
    assert one == other
    assert one.code() == other.code()
    assert hash(one) == hash(other)
    assert one != lk.Transform("pick", largest)


def test_a_lambda_may_choose() -> None:
    assert lk.Transform("pick", lambda docs: docs[:1]).own_options() == {"takes_context": False}


def test_packages_travel_pinned_and_differ_between_steps() -> None:
    step = lk.Transform("merge", join, packages=["idna==3.10"])
    assert step.code().packages == ("idna==3.10",)
    assert step != lk.Transform("merge", join)
    assert json.dumps(step.own_options())


@pytest.mark.parametrize("function", [3, "lambda docs: docs", print, lambda a, b, c: [a, b, c]])
def test_what_is_no_function_of_documents_is_refused(function: Any) -> None:
    with pytest.raises(lk.LakenbError):
        lk.Transform("merge", function)


def test_a_forgotten_function_is_told_with_the_other_faults() -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.Transform("merge", max_retries=0)
    assert "it is not said what happens to the documents" in str(caught.value)
    assert "write lk.Transform('merge', function)" in str(caught.value)
    assert "max_retries is 0" in str(caught.value)


def test_packages_that_are_not_exact_are_refused() -> None:
    with pytest.raises(lk.OptionError, match="idna"):
        lk.Transform("merge", join, packages=["idna>=3"])


def test_it_may_send_any_type() -> None:
    made = lk.S3Trigger("inbox").pipe(lk.Transform("merge", join))
    assert made.output_types() == ("*/*",)
    assert made.pipe(lk.PdfTextConverter()).step.id == "pdf-text-converter"
