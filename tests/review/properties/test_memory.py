"""An examiner that remembers says what one says that has just begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import source
from lakenb.review.find import find
from lakenb.review.properties import Examiner, PropertyNote, PropertyResult, property_findings, property_notes
from tests.review.handmade import arn, in_vpc, pipeline
from tests.review.properties.examined import Template, adding, changed, without

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph

GOOD = in_vpc()
PIPE = pipeline()
OTHER = lk.Pipeline("kept", lk.S3Trigger("inbox", suffix=".txt").pipe(lk.S3Storage("results")))

# Each edit reaches further than the resource that it is made in.
EDITS: list[Template] = [
    GOOD,
    changed(GOOD, "SentencesQueue", "Properties", "VisibilityTimeout", to=1),
    changed(GOOD, "SentencesQueue", "Properties", "MessageRetentionPeriod", to=10**6),
    changed(GOOD, "SentencesFunction", "Properties", "Role", to=arn("InboxRole")),
    changed(GOOD, "PipelineKey", "Properties", "EnableKeyRotation", to=False),
    changed(GOOD, "InboxTopic", "Properties", "KmsMasterKeyId", to="alias/mine"),
    changed(GOOD, "EndpointsGroup", "Properties", "SecurityGroupIngress", to=[]),
    changed(GOOD, "InboxStore", "DeletionPolicy", to="Delete"),
    without(GOOD, "SqsEndpoint"),
    without(GOOD, "ResultsFromSentencesSubscription"),
    without(without(GOOD, "ResultsMapping"), "ResultsFunction"),
    adding(GOOD, "Door", "AWS::S3::AccessPoint", Bucket={"Ref": "SentencesStore"}),
    adding(
        GOOD,
        "Spy",
        "AWS::SNS::Subscription",
        TopicArn={"Ref": "InboxTopic"},
        Protocol="email",
        Endpoint="a@b.c",
    ),
    adding(
        GOOD, "Thief", "AWS::Lambda::EventSourceMapping", EventSourceArn=arn("InboxQueue"), FunctionName="x"
    ),
    adding(GOOD, "Alias", "AWS::KMS::Alias", AliasName="alias/mine", TargetKeyId={"Ref": "PipelineKey"}),
    pipeline().template(),
]

Said = tuple[tuple[PropertyResult, ...], tuple[PropertyNote, ...]]


class Remembering:
    """A reader and an examiner that live on."""

    def __init__(self) -> None:
        self.reader = Reader()
        self.examiner = Examiner()

    def examine(self, template: Template, graph: Graph | None) -> Said:
        world = self.reader.worlds(source(template))[0]
        return self.examiner.examine(world, find(world, graph), graph)


def afresh(template: Template, graph: Graph | None) -> Said:
    world = Reader().worlds(source(template))[0]
    found = find(world, graph)
    return property_findings(world, found, graph), property_notes(world, found, graph)


ALONE = {
    (index, graph): afresh(EDITS[index], graph)
    for index in range(len(EDITS))
    for graph in (None, PIPE, OTHER)
}


@given(
    st.lists(st.tuples(st.sampled_from(range(len(EDITS))), st.sampled_from([None, PIPE, OTHER])), max_size=6)
)
@settings(max_examples=40, deadline=None)
def test_what_was_said_before_changes_nothing(edits: list[tuple[int, Graph | None]]) -> None:
    remembering = Remembering()
    for index, graph in edits:
        assert remembering.examine(EDITS[index], graph) == ALONE[index, graph]


def test_what_an_edit_does_not_touch_is_not_said_anew() -> None:
    remembering = Remembering()
    before, _ = remembering.examine(EDITS[0], PIPE)
    after, _ = remembering.examine(EDITS[1], PIPE)
    same = {id(one) for one in before} & {id(one) for one in after}
    kept = {one.subject for one in after if id(one) in same}
    assert {"inbox", "results"} <= kept
    assert "sentences" not in kept
