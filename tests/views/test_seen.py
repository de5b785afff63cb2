"""The template, read back, is what the model asks for; a difference is a finding."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.security.grants import grants
from lakenb.views.seen import UNINTENDED, Seen, seen
from tests.backends.local.everything import everything
from tests.examples import Forwarder, chain, letters


def read_back(pipe: lk.Pipeline) -> Seen:
    return seen(pipe, pipe.template())


def assert_equals_intent(pipe: lk.Pipeline) -> None:
    found = read_back(pipe)
    rows = {(g.edge, g.principal, g.action, g.resource, g.condition, g.why, g.kind) for g in found.grants}
    assert rows == {
        (g.edge, g.principal, g.action, g.resource, g.condition, g.why, g.kind) for g in grants(pipe)
    }
    assert len(rows) == len(found.grants)
    assert found.missing == ()
    assert found.messages == tuple((edge.producer, edge.consumer) for edge in pipe.edges)


@pytest.mark.parametrize("make", [letters, everything, lambda: chain(12)])
def test_the_template_grants_what_the_model_asks_for(make: Any) -> None:
    assert_equals_intent(make())


def diamond(*, strict: bool) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/$a*", suffix=".txt")
    passed = inbox.pipe(Forwarder("pass")).pipe(Forwarder("again"))
    split = lk.RecursiveCharacterTextSplitter("split").with_sources(inbox, passed)
    return lk.Pipeline("diamond", split.pipe(lk.S3Storage("results", prefix="out/")), strict=strict)


@pytest.mark.parametrize("strict", [False, True])
def test_reads_through_pass_through_nodes_are_read_back_with_their_kind(*, strict: bool) -> None:
    pipe = diamond(strict=strict)
    assert_equals_intent(pipe)
    reads = {
        (g.edge, g.resource, g.kind)
        for g in read_back(pipe).grants
        if g.principal == "split" and g.sort == "objects" and g.action == "s3:GetObject"
    }
    kind, resource = ("edge", "again/*") if strict else ("forwarded", "inbox/in/$a**.txt")
    assert reads == {("inbox -> split", "inbox/in/$a**.txt", "edge"), ("again -> split", resource, kind)}


@pytest.mark.parametrize("prefix", ["b/", "a/", ""])
def test_two_triggers_on_one_given_bucket_keep_their_names(prefix: str) -> None:
    one = lk.S3Trigger("one", bucket="shared-bucket", prefix="a/")
    two = lk.S3Trigger("two", bucket="shared-bucket", prefix=prefix)
    split = lk.RecursiveCharacterTextSplitter("split").with_sources(one)
    other = lk.RecursiveCharacterTextSplitter("other").with_sources(two)
    store = lk.S3Storage("results").with_sources(split, other)
    assert_equals_intent(lk.Pipeline("given", store))


def test_a_consumer_of_two_triggers_on_one_given_bucket_has_each_of_its_reads_by_name() -> None:
    one = lk.S3Trigger("one", bucket="shared-bucket", prefix="in/report", suffix="report.pdf")
    two = lk.S3Trigger("two", bucket="shared-bucket", prefix="in/rep")
    assert_equals_intent(lk.Pipeline("given", lk.S3Storage("results").with_sources(one, two)))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_any_graph_is_read_back_whole(data: st.DataObject) -> None:
    handles: list[Any] = [lk.S3Trigger("t-0", prefix=data.draw(st.sampled_from(["", "in/", "*/"])))]
    for number in range(data.draw(st.integers(1, 7))):
        node = f"n-{number}"
        step = Forwarder(node) if data.draw(st.booleans()) else lk.RecursiveCharacterTextSplitter(node)
        producers = data.draw(st.lists(st.sampled_from(handles), min_size=1, max_size=3, unique_by=id))
        handles.append(step.with_sources(*producers))
    store = lk.S3Storage("results").with_sources(*handles[1:])
    assert_equals_intent(lk.Pipeline("any", store, strict=data.draw(st.booleans())))


def planted(change: Any) -> Seen:
    pipe = letters()
    template = deepcopy(pipe.template())
    change(template["Resources"])
    return seen(pipe, template)


def unintended(found: Seen) -> list[tuple[str, str, str]]:
    assert all(g.why == UNINTENDED for g in found.grants if g.kind == "unintended")
    return [(g.principal, g.action, g.resource) for g in found.grants if g.kind == "unintended"]


def statements(resources: Any, role: str = "SentencesRole") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def test_a_planted_statement_is_marked() -> None:
    extra = {"Sid": "ReadSources", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}
    found = planted(lambda resources: statements(resources).append(extra))
    assert unintended(found) == [("sentences", "s3:Get*", "*")]
    assert found.missing == ()


def test_a_read_of_the_original_behind_a_transforming_node_is_marked() -> None:
    extra = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "${InboxStore.Arn}/letters/*"},
    }
    found = planted(lambda resources: statements(resources).append(extra))
    assert unintended(found) == [("sentences", "s3:GetObject", "inbox/letters/*")]


def test_a_lost_slash_of_the_cache_prefix_is_a_strange_grant_and_a_missing_one() -> None:
    def change(resources: Any) -> None:
        for statement in statements(resources):
            if statement["Sid"] == "PutCache":
                statement["Resource"] = {"Fn::Sub": "${PipelineCache.Arn}/sentences*"}

    found = planted(change)
    assert unintended(found) == [("sentences", "s3:PutObject", "cache/sentences*")]
    assert [(g.principal, g.resource) for g in found.missing] == [("sentences", "cache/sentences/*")]


def test_a_queue_that_accepts_anybody_is_marked_for_every_edge() -> None:
    def change(resources: Any) -> None:
        document = resources["SentencesQueuePolicy"]["Properties"]["PolicyDocument"]
        [accept] = [s for s in document["Statement"] if s["Sid"] == "AcceptSources"]
        del accept["Condition"]

    found = planted(change)
    assert unintended(found) == [("sns.amazonaws.com", "sqs:SendMessage", "sentences.queue")]
    assert [g.edge for g in found.missing] == ["paragraphs -> sentences"]


def test_strange_roles_managed_policies_and_not_actions_show_in_the_templates_words() -> None:
    def change(resources: Any) -> None:
        resources["SentencesRole"]["Properties"]["ManagedPolicyArns"] = [
            "arn:aws:iam::aws:policy/ReadOnlyAccess"
        ]
        statement = {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::x"}
        policy = {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
        resources["Intruder"] = {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}

    assert unintended(planted(change)) == [
        ("${Intruder}", "everything but iam:*", "everything but arn:aws:s3:::x"),
        ("sentences", "managed policy", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    ]


def test_a_deleted_subscription_takes_its_message_and_the_grant_stays_without_an_edge() -> None:
    def change(resources: Any) -> None:
        del resources["SentencesFromParagraphsSubscription"]

    found = planted(change)
    assert ("paragraphs", "sentences") not in found.messages
    assert ("sentences", "s3:GetObject", "paragraphs/*") in unintended(found)
