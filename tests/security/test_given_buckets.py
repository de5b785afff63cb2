"""A trigger on a given bucket: its grants are those of its own bucket, and EventBridge stands for S3."""

from __future__ import annotations

import lakenb as lk
from lakenb.security.given import given_bucket_notes
from lakenb.security.grants import grants
from lakenb.security.statements import dead_letter_statements, queue_statements
from lakenb.security.stores import Store, given_bucket, provides
from tests.examples import Forwarder
from tests.security.test_statements import held


def pipeline(bucket: str | None = "docs-2026") -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", bucket=bucket, prefix="letters/")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    return lk.Pipeline("p", chunks.pipe(lk.S3Storage("results")))


def test_every_identity_policy_is_that_of_a_bucket_of_its_own() -> None:
    given, own = pipeline(), pipeline(None)
    assert provides(given)["inbox"] == (Store("inbox", "letters/", bucket="docs-2026"),)
    assert provides(own)["inbox"] == (Store("inbox", "letters/"),)
    for node in given.nodes:
        assert held(given, node) == held(own, node)
    assert held(given, "inbox")["ReadSources"] == (("s3:GetObject",), ["inbox/letters/*"])


def test_the_queue_accepts_its_rule_and_nothing_else() -> None:
    deny, allow = queue_statements(pipeline(), "inbox")
    assert (deny.effect, deny.actions, deny.principal) == ("Deny", ("sqs:*",), "*")
    assert (allow.principal, allow.actions) == ("events.amazonaws.com", ("sqs:SendMessage",))
    assert [str(one) for one in allow.conditions] == ["aws:SourceArn ArnEquals inbox.rule"]


def test_the_dead_letter_queue_accepts_what_the_rule_could_not_deliver() -> None:
    deny, allow = dead_letter_statements(pipeline(), "inbox")
    assert deny.effect == "Deny"
    assert allow.principal == "events.amazonaws.com"
    assert [str(one) for one in allow.resources] == ["inbox.dead-letters"]
    assert [str(one) for one in allow.conditions] == ["aws:SourceArn ArnEquals inbox.rule"]


def test_the_table_of_grants_differs_in_the_service_alone() -> None:
    given, own = set(grants(pipeline())), set(grants(pipeline(None)))
    assert {(one.principal, one.action, one.resource, one.condition) for one in given - own} == {
        ("events.amazonaws.com", "sqs:SendMessage", "inbox.queue", "aws:SourceArn ArnEquals inbox.rule"),
        (
            "events.amazonaws.com",
            "sqs:SendMessage",
            "inbox.dead-letters",
            "aws:SourceArn ArnEquals inbox.rule",
        ),
    }
    assert {one.principal for one in own - given} == {"s3.amazonaws.com"}


def test_behind_a_pass_through_node_the_given_bucket_is_read_by_a_forwarded_grant() -> None:
    inbox = lk.S3Trigger("inbox", bucket="docs-2026", prefix="in/")
    pipe = lk.Pipeline("p", inbox.pipe(Forwarder("one")).pipe(lk.S3Storage("results")))
    assert held(pipe, "results")["ReadForwarded"] == (("s3:GetObject",), ["inbox/in/*"])


def test_only_a_trigger_has_a_given_bucket() -> None:
    pipe = pipeline()
    assert {node: given_bucket(step) for node, step in pipe.nodes.items()} == {
        "chunks": None,
        "inbox": "docs-2026",
        "results": None,
    }
    assert given_bucket(pipeline(None).nodes["inbox"]) is None


def test_a_store_holds_the_keys_that_its_targets_name() -> None:
    store = Store("inbox", "in/report", "report.pdf")
    assert store.overlapping_keys() == ("in/report.pdf",)
    assert store.holds("in/report.pdf")
    assert not store.holds("in/repor.pdf")


def test_what_cannot_be_promised_of_a_given_bucket_is_said() -> None:
    assert given_bucket_notes(pipeline(None)) == ()
    (note,) = given_bucket_notes(pipeline())
    assert note == (
        "'inbox' reads the given bucket 'docs-2026': its encryption, its lifecycle and the refusal of "
        "requests without TLS 1.2 are its owner's; the pipeline changes nothing of it"
    )
