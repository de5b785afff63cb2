from __future__ import annotations

from fnmatch import fnmatchcase

from hypothesis import given
from hypothesis import strategies as st

import lakenb as lk
from lakenb.security.stores import Store, provides
from tests.examples import Forwarder, letters


def test_each_part_provides_its_own() -> None:
    provided = provides(letters())
    assert provided["inbox"] == (Store("inbox", "letters/"),)
    assert provided["paragraphs"] == (Store("paragraphs"),)
    assert provided["results"] == ()


def forwarding(*, strict: bool) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/")
    through = (
        inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks")).pipe(Forwarder("one")).pipe(Forwarder("two"))
    )
    return lk.Pipeline("p", through.pipe(lk.S3Storage("results")), strict=strict)


def test_a_pass_through_node_provides_what_its_producers_provide() -> None:
    assert provides(forwarding(strict=False))["two"] == (Store("chunks"),)


def test_a_strict_pipeline_forwards_nothing() -> None:
    assert provides(forwarding(strict=True))["two"] == (Store("two"),)


@given(st.text("ab/", max_size=4), st.text("ab/", max_size=4), st.text("ab/", max_size=6))
def test_a_store_names_exactly_the_keys_with_its_prefix_and_suffix(
    prefix: str, suffix: str, key: str
) -> None:
    patterns = ["*".join(target.key_parts) for target in Store("inbox", prefix, suffix).targets()]
    named = any(fnmatchcase(key, pattern) for pattern in patterns)
    assert named == (key.startswith(prefix) and key.endswith(suffix))


def test_a_key_in_which_prefix_and_suffix_overlap_is_named_for_itself() -> None:
    keys = [target.key_parts for target in Store("inbox", "in/report", "report.pdf").targets()]
    assert keys == [("in/report", "report.pdf"), ("in/report.pdf",)]
