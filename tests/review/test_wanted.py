"""What must hold of a graph, and that it agrees with what the generator's model intends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

import lakenb as lk
from lakenb.review.find import Found, FoundNode
from lakenb.review.wanted import Place, Read, rebuilt, wanted
from lakenb.security.stores import provides
from tests.backends.local.everything import everything
from tests.examples import letters
from tests.strategies import pipelines

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph

ends = st.text("ab./*", max_size=4)


def test_a_node_reads_its_direct_producers_and_not_what_lies_before_them() -> None:
    nodes = wanted(letters()).nodes
    assert nodes["sentences"].reads == (Read(Place("paragraphs"), "paragraphs"),)
    assert nodes["results"].producers == ("paragraphs", "sentences")
    assert nodes["inbox"].reads == (Read(Place("inbox", "letters/"), "inbox"),)


def test_a_trigger_has_no_cache_and_a_connector_no_topic() -> None:
    nodes = wanted(letters()).nodes
    assert not nodes["inbox"].has_cache
    assert nodes["inbox"].puts is None
    assert nodes["results"].has_cache
    assert not nodes["results"].publishes
    assert not nodes["results"].has_topic


def test_what_a_pass_through_node_passes_on_is_a_forwarded_read() -> None:
    reads = wanted(everything()).nodes["store"].reads
    assert Read(Place("inbox"), "seen", is_forwarded=True) in reads
    assert Read(Place("pdf"), "long", is_forwarded=True) in reads
    assert Read(Place("split"), "split") in reads


def test_in_a_strict_pipeline_nothing_is_forwarded() -> None:
    seen = lk.S3Trigger("inbox").pipe(lk.Passthrough("seen"))
    nodes = wanted(lk.Pipeline("p", seen.pipe(lk.S3Storage("store")), strict=True)).nodes
    assert nodes["store"].reads == (Read(Place("seen"), "seen"),)
    assert nodes["seen"].puts == Place("seen")


@given(pipelines())
def test_the_places_read_are_those_that_the_generator_intends(graph: Graph) -> None:
    intended = provides(graph)
    for node in wanted(graph).nodes.values():
        if node.is_trigger:
            continue
        stores = {store for producer in node.producers for store in intended[producer]}
        assert {(r.place.node, r.place.prefix, r.place.suffix) for r in node.reads} == {
            (store.node, store.prefix, store.suffix) for store in stores
        }


@given(ends, ends, st.text("ab./*", max_size=9))
def test_a_place_holds_exactly_the_keys_between_its_ends(prefix: str, suffix: str, key: str) -> None:
    patterns = Place("n", prefix, suffix).keys()
    fits = any(_fits(pattern, key) for pattern in patterns)
    assert fits is (key.startswith(prefix) and key.endswith(suffix))


@given(ends, ends)
def test_a_key_in_which_both_ends_overlap_is_named_for_itself(prefix: str, suffix: str) -> None:
    for length in range(len(prefix), len(prefix) + len(suffix) + 1):
        key = prefix + suffix[len(suffix) - length + len(prefix) :]
        if key.endswith(suffix):
            assert any(_fits(pattern, key) for pattern in Place("n", prefix, suffix).keys())  # noqa: SIM118 - no mapping


def _fits(pattern: tuple[str, ...], key: str) -> bool:
    if len(pattern) == 1:
        return key == pattern[0]
    first, last = pattern
    return len(key) >= len(first) + len(last) and key.startswith(first) and key.endswith(last)


def test_a_pipeline_is_rebuilt_from_its_wiring() -> None:
    nodes = {
        "a": FoundNode("a", "A", topic="AT", store_arn="arn:aws:s3:::in", prefix="x/"),
        "b": FoundNode("b", "B", topic="BT"),
        "c": FoundNode("c", "C", store="CS", store_arn="arn:aws:s3:::c"),
    }
    found = Found(nodes, (("a", "b"), ("b", "c")), "", "")
    again = rebuilt(found)
    assert again.is_rebuilt
    assert again.nodes["a"].is_trigger
    assert again.nodes["a"].bucket == "in"
    assert again.nodes["c"].reads == (Read(Place("a", "x/"), "b", is_forwarded=True),)
    assert again.nodes["b"].puts is None


def test_wiring_that_goes_round_in_circles_is_rebuilt_without_end() -> None:
    nodes = {name: FoundNode(name, name) for name in "ab"}
    again = rebuilt(Found(nodes, (("a", "b"), ("b", "a")), "", ""))
    assert again.nodes["a"].reads == ()
