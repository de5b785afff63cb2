from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from tests.examples import Forwarder, letters
from tests.review.properties.examined import altered, changed, examined, faults, open_ones, without
from tests.review.services import PIPELINES

PIPE = letters()
PLAIN = PIPE.template()
RULES = ("Properties", "LifecycleConfiguration", "Rules")
DAYS = (*RULES, 1, "ExpirationInDays")
PLACE = "Properties.LifecycleConfiguration.Rules"


@pytest.mark.parametrize("bucket", ["ParagraphsStore", "SentencesStore", "PipelineCache"])
@pytest.mark.parametrize("graph", [PIPE, None])
def test_p10_wants_documents_and_cache_to_outlive_the_messages(bucket: str, graph: Any) -> None:
    # four days in the queue, fourteen in the dead-letter queue, and both once more after a redrive
    assert faults(changed(PLAIN, bucket, *DAYS, to=35), graph) == [
        ("P10", bucket, f"{PLACE}[1].ExpirationInDays")
    ]
    assert faults(changed(PLAIN, bucket, *DAYS, to=36), graph) == []
    assert faults(without(PLAIN, bucket, *RULES, 1), graph) == []


@pytest.mark.parametrize(
    ("name", "bucket", "least"),
    [
        ("waiting", "PipelineCache", 37),  # an hour more
        ("gathering", "PipelineCache", 37),  # five minutes more
        ("gathering", "GroupStore", 36),  # what is composed is held by nobody
    ],
)
def test_p10_counts_with_what_nodes_hold_beside_their_queues(name: str, bucket: str, least: int) -> None:
    pipe = PIPELINES[name]()
    assert faults(changed(pipe.template(), bucket, *DAYS, to=least), pipe) == []
    assert faults(changed(pipe.template(), bucket, *DAYS, to=least - 1), pipe) == [
        ("P10", bucket, f"{PLACE}[1].ExpirationInDays")
    ]


def test_p10_counts_with_holding_along_the_way() -> None:
    split = lk.RecursiveCharacterTextSplitter("split", chunk_size=100, chunk_overlap=0)
    waits = (lk.Delay("first", duration=timedelta(days=3)), lk.Delay("second", duration=timedelta(days=4)))
    handle = lk.S3Trigger("inbox").pipe(split)
    for wait in waits:
        handle = handle.pipe(wait)
    pipe = lk.Pipeline("held", handle.pipe(lk.S3Storage("results")))
    template = pipe.template()
    assert faults(changed(template, "SplitStore", *DAYS, to=36 + 7), pipe) == []
    assert faults(changed(template, "SplitStore", *DAYS, to=36 + 6), pipe) == [
        ("P10", "SplitStore", f"{PLACE}[1].ExpirationInDays")
    ]


def test_p10_says_how_long_messages_live() -> None:
    template = changed(PLAIN, "PipelineCache", *DAYS, to=1)
    found = next(one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED)
    assert found.text == "what the cache holds outlives every message that points to it"
    assert found.evidence == "Properties.LifecycleConfiguration.Rules[1].ExpirationInDays = 1"
    assert found.mend == "let nothing expire before 36 days: a message may wait as long, a redrive included"


def test_p10_counts_with_the_retention_of_the_queues() -> None:
    longer = changed(PLAIN, "SentencesQueue", "Properties", "MessageRetentionPeriod", to=5 * 86400)
    # paragraphs sends to sentences; the results read what sentences provides
    assert {logical_id for _, logical_id, _ in faults(longer, PIPE)} == {"ParagraphsStore", "PipelineCache"}


@pytest.mark.parametrize(
    "rule",
    [
        {"Status": "Enabled", "ExpirationInDays": 1, "Prefix": "some/"},
        {"Status": "Enabled", "ExpirationDate": "2030-01-01T00:00:00.000Z"},
        {"Status": "Enabled", "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 2}]},
        {"Status": "Enabled", "Transition": {"StorageClass": "DEEP_ARCHIVE", "TransitionInDays": 0}},
    ],
)
def test_p10_sees_everything_that_takes_a_document_away(rule: dict[str, Any]) -> None:
    template = altered(PLAIN, lambda resources: _rules(resources).append(rule))
    assert [(claim, name) for claim, name, _ in faults(template, PIPE)] == [("P10", "ParagraphsStore")]
    off = altered(PLAIN, lambda resources: _rules(resources).append(rule | {"Status": "Disabled"}))
    assert faults(off, PIPE) == []


def test_p10_lets_documents_move_to_a_class_from_which_they_can_be_read() -> None:
    rule = {"Status": "Enabled", "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}]}
    assert faults(altered(PLAIN, lambda resources: _rules(resources).append(rule)), PIPE) == []


def test_p10_lets_the_end_of_a_pipeline_expire_its_documents_as_it_likes() -> None:
    rule = {"Status": "Enabled", "ExpirationInDays": 1}
    template = altered(PLAIN, lambda resources: _rules(resources, "ResultsStore").append(rule))
    assert faults(template, PIPE) == []


def test_p10_follows_pointers_through_nodes_that_pass_documents_on() -> None:
    inbox = lk.S3Trigger("inbox")
    split = inbox.pipe(lk.RecursiveCharacterTextSplitter("split"))
    pipe = lk.Pipeline("passing", split.pipe(Forwarder("middle")).pipe(lk.S3Storage("results")))
    longer = changed(pipe.template(), "ResultsQueue", "Properties", "MessageRetentionPeriod", to=5 * 86400)
    assert {logical_id for _, logical_id, _ in faults(longer, pipe)} == {"SplitStore", "PipelineCache"}


def test_p10_wants_messages_to_wait_longer_as_dead_letters() -> None:
    place = [("P10", "ParagraphsDeadLetters", "Properties.MessageRetentionPeriod")]
    assert (
        faults(changed(PLAIN, "ParagraphsDeadLetters", "Properties", "MessageRetentionPeriod", to=345600))
        == place
    )
    # four days where nothing is written
    assert (
        faults(without(PLAIN, "ParagraphsDeadLetters", "Properties", "MessageRetentionPeriod"), PIPE) == place
    )
    assert faults(without(PLAIN, "ParagraphsQueue", "Properties", "MessageRetentionPeriod"), PIPE) == []


def test_p10_wants_a_message_to_live_until_its_last_attempt() -> None:
    # five attempts of six minutes each
    place = [("P10", "ParagraphsQueue", "Properties.MessageRetentionPeriod")]
    assert (
        faults(changed(PLAIN, "ParagraphsQueue", "Properties", "MessageRetentionPeriod", to=1800), PIPE)
        == place
    )
    assert (
        faults(changed(PLAIN, "ParagraphsQueue", "Properties", "MessageRetentionPeriod", to=1801), PIPE) == []
    )


@pytest.mark.parametrize("bucket", ["InboxStore", "ParagraphsStore", "ResultsStore", "PipelineCache"])
@pytest.mark.parametrize("name", ["DeletionPolicy", "UpdateReplacePolicy"])
def test_p10_wants_stores_and_cache_to_stay_when_the_stack_goes(bucket: str, name: str) -> None:
    assert faults(changed(PLAIN, bucket, name, to="Delete"), PIPE) == [("P10", bucket, name)]
    assert faults(without(PLAIN, bucket, name), PIPE) == [("P10", bucket, name)]
    assert faults(changed(PLAIN, bucket, name, to="Retain"), PIPE) == []


def test_p10_of_what_cannot_be_read_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    for resource, steps in [
        ("ParagraphsStore", DAYS),
        ("ParagraphsStore", RULES),
        ("ParagraphsDeadLetters", ("Properties", "MessageRetentionPeriod")),
    ]:
        template = changed(PLAIN, resource, *steps, to=unread)
        assert faults(template, PIPE) == []
        assert ("P10", resource) in {one[:2] for one in open_ones(template, PIPE)}


def _rules(resources: dict[str, Any], bucket: str = "ParagraphsStore") -> list[Any]:
    found: list[Any] = resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]
    return found
