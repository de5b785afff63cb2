from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lakenb as lk
from tests.examples import chain, letters

if TYPE_CHECKING:
    import random

Splitter = lk.RecursiveCharacterTextSplitter


def faults_of(*handles: lk.Handle | lk.Step, name: str = "p") -> str:
    with pytest.raises(lk.PipelineError) as caught:
        lk.Pipeline(name, *handles)
    return str(caught.value)


def test_handles_of_one_id_unite_to_a_node_with_all_in_edges() -> None:
    pipe = letters()
    assert [str(edge) for edge in pipe.edges] == [
        "inbox -> paragraphs",
        "paragraphs -> results",
        "paragraphs -> sentences",
        "sentences -> results",
    ]
    assert pipe.producers("results") == ("paragraphs", "sentences")
    assert pipe.topological() == ("inbox", "paragraphs", "sentences", "results")


def test_with_sources_and_the_arrow_make_the_same_edges_as_pipe() -> None:
    inbox = lk.S3Trigger("inbox")
    one, two = inbox >> Splitter("one"), inbox.pipe(Splitter("two"))
    fan_in = lk.Pipeline("p", lk.S3Storage("results").with_sources(one, two))
    piped = lk.Pipeline("p", two >> lk.S3Storage("results"), one >> lk.S3Storage("results"))
    assert fan_in == piped


def test_running_a_cell_twice_changes_nothing() -> None:
    assert letters() == letters()
    assert letters().template_json() == letters().template_json()


def test_a_second_node_of_a_kind_must_be_named_and_names_are_proposed() -> None:
    inbox = lk.S3Trigger("inbox")
    text = faults_of(inbox.pipe(Splitter(chunk_size=10, chunk_overlap=0)), inbox.pipe(Splitter()))
    assert "two different nodes are called 'recursive-character-text-splitter'" in text
    assert "RecursiveCharacterTextSplitter(chunk_overlap=0, chunk_size=10)" in text
    assert "such as 'recursive-character-text-splitter-b'" in text


def test_a_node_behind_itself_is_told_to_take_a_name() -> None:
    text = faults_of(lk.S3Trigger("inbox").pipe(Splitter()).pipe(Splitter()))
    assert "documents would go round for ever: recursive-character-text-splitter -> recursive" in text
    assert "give it an id of its own: 'recursive-character-text-splitter-b'" in text


def test_a_long_cycle_is_shown_in_the_direction_of_the_documents() -> None:
    a, b, c = Splitter("a"), Splitter("b"), Splitter("c")
    text = faults_of(lk.S3Trigger("inbox").pipe(a).pipe(b).pipe(c).pipe(a))
    assert "documents would go round for ever: a -> b -> c -> a" in text


def test_every_fault_is_gathered_and_raised_once() -> None:
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    text = faults_of(
        inbox.pipe(store).pipe(Splitter("after")),
        store.pipe(lk.S3Trigger("second")),
        Splitter("orphan").handle(),
        inbox.pipe(Splitter("pdf-1")),
        inbox.pipe(Splitter("pdf1")),
        name="Not An Id",
    )
    for part in (
        "'Not An Id' cannot be an id",
        "'results' is a connector: it ends a pipeline and sends to nobody",
        "pipe 'after' behind one of the producers of 'results' instead",
        "'second' is a trigger: it begins pipelines and receives from nobody",
        "nothing sends documents to 'orphan'",
        "the ids 'pdf-1' and 'pdf1' differ by hyphens only",
        "edge results -> after, pipeline 'Not An Id'",
    ):
        assert part in text


def test_an_empty_pipeline_says_so() -> None:
    assert "the pipeline is empty" in faults_of()


def test_one_edge_with_two_filters_is_refused_with_the_way_to_join_them() -> None:
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    small, large = lk.when("data.document.size").lt(10), lk.when("data.document.size").gt(100)
    text = faults_of(inbox.pipe(store, filter=small), inbox.pipe(store, filter=large))
    assert "one edge has two filters" in text
    assert "join the filters with |" in text


def test_one_filter_object_on_two_edges_stays_itself() -> None:
    small = lk.when("data.document.size").lt(10)
    before = repr(small)
    inbox = lk.S3Trigger("inbox")
    pipe = lk.Pipeline(
        "p", inbox.pipe(Splitter("a"), filter=small), inbox.pipe(lk.S3Storage("b"), filter=small)
    )
    resources = pipe.template()["Resources"]
    to_text = resources["AFromInboxSubscription"]["Properties"]["FilterPolicy"]
    to_store = resources["BFromInboxSubscription"]["Properties"]["FilterPolicy"]
    assert repr(small) == before
    assert to_text["data"]["document"]["type"] == ["text/plain"]
    assert "type" not in to_store["data"]["document"]
    assert to_text["type"] == to_store["type"] == ["document-created"]


def test_a_filter_that_never_matches_its_consumer_names_the_edge() -> None:
    inbox = lk.S3Trigger("inbox")
    images = lk.when("data.document.type").equals("image/png")
    text = faults_of(inbox.pipe(Splitter("chunks"), filter=images))
    assert "edge inbox -> chunks" in text
    assert "never" in text


def test_a_chain_of_a_thousand_nodes_is_a_pipeline() -> None:
    assert len(chain(1000).nodes) == 1002


@given(st.randoms(use_true_random=False), st.integers(1, 4))
def test_adding_or_reordering_never_changes_another_node(chance: random.Random, extra: int) -> None:
    inbox, store = lk.S3Trigger("inbox", prefix="in/"), lk.S3Storage("results")
    base = [inbox.pipe(Splitter(name)).pipe(store) for name in ("a", "b-1", "b-10")]
    added = [inbox.pipe(Splitter(f"x-{number}")).pipe(store) for number in range(extra)]
    shuffled = [*base, *added]
    chance.shuffle(shuffled)
    small, large = (
        lk.Pipeline("p", *base).template()["Resources"],
        lk.Pipeline("p", *shuffled).template()["Resources"],
    )
    # what receives from the added nodes may change; nothing else of an old node does
    allowed = {"ResultsQueuePolicy", "ResultsDeadLettersPolicy", "ResultsRole", "ResultsFunction"}
    assert {name for name in small if small[name] != large.get(name)} <= allowed
