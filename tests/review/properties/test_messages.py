from __future__ import annotations

import json
from typing import Any

import pytest

from lakenb.iam.proof.values import Verdict
from tests.examples import letters
from tests.review.handmade import arn
from tests.review.properties.examined import adding, altered, changed, examined, faults, open_ones, without
from tests.review.properties.templates import given

PIPE = letters()
PLAIN = PIPE.template()
EDGE = "SentencesFromParagraphsSubscription"
REDRIVE = ("Properties", "RedrivePolicy")
ALLOW = ("Properties", "RedriveAllowPolicy")


def test_p4_wants_a_queue_to_redrive_into_its_own_dead_letter_queue() -> None:
    gone = without(PLAIN, "ParagraphsQueue", *REDRIVE)
    assert faults(gone) == [("P4", "ParagraphsQueue", "Properties.RedrivePolicy.deadLetterTargetArn")]
    other = changed(PLAIN, "ParagraphsQueue", *REDRIVE, "deadLetterTargetArn", to=arn("ResultsDeadLetters"))
    assert faults(other) == [("P4", "ParagraphsQueue", "Properties.RedrivePolicy.deadLetterTargetArn")]


@pytest.mark.parametrize("count", [0, -1, 1001, "many", None])
def test_p4_wants_a_count_after_which_a_message_is_given_up(count: object) -> None:
    template = changed(PLAIN, "ParagraphsQueue", *REDRIVE, "maxReceiveCount", to=count)
    assert ("P4", "ParagraphsQueue", "Properties.RedrivePolicy.maxReceiveCount") in faults(template)


def test_p4_reads_policies_that_are_written_as_text() -> None:
    template = changed(
        PLAIN, "ParagraphsDeadLetters", *ALLOW, to=json.dumps({"redrivePermission": "denyAll"})
    )
    assert faults(template) == [
        ("P4", "ParagraphsDeadLetters", "Properties.RedriveAllowPolicy.redrivePermission")
    ]
    template = changed(
        PLAIN, EDGE, *REDRIVE, to={"Fn::Sub": '{"deadLetterTargetArn": "${SentencesDeadLetters.Arn}"}'}
    )
    assert faults(template) == []


@pytest.mark.parametrize("permission", ["allowAll", "denyAll"])
def test_p4_lets_one_queue_alone_redrive_into_a_dead_letter_queue(permission: str) -> None:
    place = "Properties.RedriveAllowPolicy.redrivePermission"
    changed_one = changed(PLAIN, "ParagraphsDeadLetters", *ALLOW, "redrivePermission", to=permission)
    assert faults(changed_one) == [("P4", "ParagraphsDeadLetters", place)]
    assert faults(without(PLAIN, "ParagraphsDeadLetters", *ALLOW)) == [("P4", "ParagraphsDeadLetters", place)]


@pytest.mark.parametrize(
    "sources", [[], [arn("ResultsQueue")], [arn("ParagraphsQueue"), arn("ResultsQueue")]]
)
def test_p4_lets_no_other_queue_redrive(sources: list[Any]) -> None:
    # the reference would close a cycle on AWS; for the reader it is a name
    template = changed(PLAIN, "ParagraphsDeadLetters", *ALLOW, "sourceQueueArns", to=sources)
    assert faults(template) == [
        ("P4", "ParagraphsDeadLetters", "Properties.RedriveAllowPolicy.sourceQueueArns")
    ]


@pytest.mark.parametrize("graph", [PIPE, None])
def test_p4_wants_raw_delivery_and_a_redrive_for_each_subscription(graph: Any) -> None:
    assert faults(without(PLAIN, EDGE, "Properties", "RawMessageDelivery"), graph) == [
        ("P4", EDGE, "Properties.RawMessageDelivery")
    ]
    assert faults(changed(PLAIN, EDGE, "Properties", "RawMessageDelivery", to=False), graph) == [
        ("P4", EDGE, "Properties.RawMessageDelivery")
    ]
    target = "Properties.RedrivePolicy.deadLetterTargetArn"
    assert faults(without(PLAIN, EDGE, *REDRIVE), graph) == [("P4", EDGE, target)]
    producers = changed(PLAIN, EDGE, *REDRIVE, "deadLetterTargetArn", to=arn("ParagraphsDeadLetters"))
    assert faults(producers, graph) == [("P4", EDGE, target)]


def test_p4_wants_a_redrive_for_the_target_of_a_rule() -> None:
    pipe = given()
    target = ("Properties", "Targets", 0, "DeadLetterConfig")
    place = "Properties.Targets[0].DeadLetterConfig.Arn"
    assert faults(without(pipe.template(), "InboxRule", *target), pipe) == [("P4", "InboxRule", place)]
    other = changed(pipe.template(), "InboxRule", *target, "Arn", to=arn("ResultsDeadLetters"))
    assert faults(other, pipe) == [("P4", "InboxRule", place)]


@pytest.mark.parametrize("queue", ["ParagraphsQueue", "ParagraphsDeadLetters"])
@pytest.mark.parametrize("name", [{"Ref": "ResultsFunction"}, arn("ResultsFunction"), "elsewhere"])
def test_p4_sees_another_function_that_takes_a_nodes_messages(queue: str, name: object) -> None:
    template = adding(
        PLAIN, "Thief", "AWS::Lambda::EventSourceMapping", EventSourceArn=arn(queue), FunctionName=name
    )
    assert ("P4", "Thief", "Properties.FunctionName") in faults(template, PIPE)


def test_p4_knows_a_function_by_its_arn_too() -> None:
    named = changed(PLAIN, "ParagraphsMapping", "Properties", "FunctionName", to=arn("ParagraphsFunction"))
    assert faults(named, PIPE) == []


def test_p4_sees_a_topic_that_sends_to_somebody_else() -> None:
    spies: list[dict[str, Any]] = [
        {"Protocol": "https", "Endpoint": "https://collector.test"},
        {"Protocol": "email", "Endpoint": "somebody@mail.test"},
        {"Protocol": "sqs", "Endpoint": "arn:aws:sqs:eu-west-1:111122223333:foreign"},
        {"Protocol": "sqs", "Endpoint": arn("InboxQueue")},
        {"Protocol": "lambda", "Endpoint": arn("ResultsFunction")},
    ]
    for spy in spies:
        template = adding(PLAIN, "Spy", "AWS::SNS::Subscription", TopicArn={"Ref": "SentencesTopic"}, **spy)
        assert ("P4", "Spy", "Properties.Endpoint") in faults(template, PIPE), spy
        inline = changed(PLAIN, "SentencesTopic", "Properties", "Subscription", to=[spy])
        assert ("P4", "SentencesTopic", "Properties.Subscription[0].Endpoint") in faults(inline, PIPE), spy


def test_p4_without_a_graph_cannot_tell_whether_a_subscriber_was_meant() -> None:
    template = adding(
        PLAIN,
        "Spy",
        "AWS::SNS::Subscription",
        TopicArn={"Ref": "SentencesTopic"},
        Protocol="email",
        Endpoint="a@b.test",
    )
    assert faults(template) == []
    assert open_ones(template) == [("P4", "Spy", "Properties.Endpoint")]


def test_p4_names_what_a_node_lacks() -> None:
    template = altered(PLAIN, lambda resources: _variables(resources, "Results").pop("LAKENB_DEAD_LETTERS"))
    found = [one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED and one.claim == "P4"]
    assert {one.evidence for one in found} >= {"no queue, or no dead-letter queue, of the node"}


def test_p4_of_what_cannot_be_read_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    for resource, steps in [
        ("ParagraphsQueue", (*REDRIVE, "deadLetterTargetArn")),
        ("ParagraphsQueue", (*REDRIVE, "maxReceiveCount")),
        ("ParagraphsQueue", REDRIVE),
        ("ParagraphsDeadLetters", ALLOW),
        (EDGE, ("Properties", "RawMessageDelivery")),
        (EDGE, REDRIVE),
    ]:
        template = changed(PLAIN, resource, *steps, to=unread)
        assert faults(template, PIPE) == []
        found = {(claim, name) for claim, name, _ in open_ones(template, PIPE)}
        assert {("P4", resource)} <= found <= {("P4", resource), ("P10", resource)}


def _variables(resources: dict[str, Any], node: str) -> dict[str, Any]:
    found: dict[str, Any] = resources[f"{node}Function"]["Properties"]["Environment"]["Variables"]
    return found


def test_p4_of_a_mapping_or_a_subscription_of_which_nobody_knows_whose_it_is_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    kind = "AWS::Lambda::EventSourceMapping"
    whose = adding(PLAIN, "Other", kind, EventSourceArn=arn("ParagraphsQueue"), FunctionName=unread)
    assert faults(whose, PIPE) == []
    assert open_ones(whose, PIPE) == [("P4", "Other", "Properties.FunctionName")]
    whence = adding(PLAIN, "Other", kind, EventSourceArn=unread, FunctionName="theirs")
    assert faults(whence, PIPE) == []
    assert set(open_ones(whence, PIPE)) == {("P4", "Other", "Properties.EventSourceArn")}
    kind = "AWS::SNS::Subscription"
    topic = adding(PLAIN, "Other", kind, TopicArn=unread, Protocol="email", Endpoint="a@b.test")
    assert faults(topic, PIPE) == []
    assert set(open_ones(topic, PIPE)) == {("P4", "Other", "Properties.TopicArn")}
    endpoint = adding(PLAIN, "Other", kind, TopicArn={"Ref": "InboxTopic"}, Protocol="sqs", Endpoint=unread)
    assert faults(endpoint, PIPE) == []
    assert open_ones(endpoint, PIPE) == [("P4", "Other", "Properties.Endpoint")]


def test_p4_of_a_consumer_without_a_dead_letter_queue_fails_on_its_edges_too() -> None:
    template = altered(PLAIN, lambda resources: _variables(resources, "Sentences").pop("LAKENB_DEAD_LETTERS"))
    found = [one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED and one.claim == "P4"]
    assert "paragraphs -> sentences" in {one.subject for one in found}
