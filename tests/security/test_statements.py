from __future__ import annotations

from typing import Any

import lakenb as lk
from lakenb.security.deputies import DEPUTIES
from lakenb.security.statements import (
    bucket_statements,
    dead_letter_statements,
    queue_statements,
    role_statements,
)
from lakenb.security.stores import provides
from lakenb.security.values import Sort, cached, objects, of
from tests.examples import Forwarder, letters


def held(pipe: lk.Pipeline, node: str) -> dict[str, tuple[tuple[str, ...], list[str]]]:
    statements = role_statements(pipe, node, provides(pipe))
    return {one.sid: (one.actions, [str(target) for target in one.resources]) for one in statements}


def test_a_middleware_holds_exactly_what_its_place_needs() -> None:
    assert held(letters(), "sentences") == {
        "ReadSources": (("s3:GetObject",), ["paragraphs/*"]),
        "PutStore": (("s3:PutObject", "s3:AbortMultipartUpload"), ["sentences/*"]),
        "ReadCache": (("s3:GetObject",), ["cache/*"]),
        "PutCache": (("s3:PutObject",), ["cache/sentences/*"]),
        "ReceiveQueue": (
            ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
            ["sentences.queue"],
        ),
        "SendDeadLetters": (("sqs:SendMessage",), ["sentences.dead-letters"]),
        "PublishTopic": (("sns:Publish",), ["sentences.topic"]),
        "WriteLogs": (("logs:CreateLogStream", "logs:PutLogEvents"), ["sentences.logs"]),
    }


def test_a_trigger_reads_its_own_source_and_has_no_cache() -> None:
    statements = held(letters(), "inbox")
    assert statements["ReadSources"][1] == ["inbox/letters/*"]
    assert not {"PutStore", "ReadCache", "PutCache"} & set(statements)


def test_a_connector_reads_all_its_producers_and_publishes_nothing() -> None:
    statements = held(letters(), "results")
    assert statements["ReadSources"][1] == ["paragraphs/*", "sentences/*"]
    assert "PublishTopic" not in statements


def test_a_consumer_behind_a_pass_through_node_reads_what_lies_behind_it() -> None:
    through = lk.S3Trigger("inbox", prefix="in/").pipe(Forwarder("one"))
    pipe = lk.Pipeline("p", through.pipe(lk.S3Storage("results")))
    assert held(pipe, "results")["ReadForwarded"][1] == ["inbox/in/*"]
    assert "ReadSources" not in held(pipe, "results")
    assert "PutStore" not in held(pipe, "one")


def is_long(doc: Any) -> bool:
    return bool(doc.size > 1)


def branching(*, strict: bool) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/")
    long = inbox.pipe(lk.Condition("long", predicate=is_long)).pipe(lk.Passthrough("through"))
    store = long.pipe(lk.S3Storage("results"), filter=lk.matched)
    return lk.Pipeline("p", store, strict=strict)


def test_behind_a_condition_the_read_is_of_the_triggers_prefix() -> None:
    pipe = branching(strict=False)
    assert held(pipe, "long")["ReadSources"][1] == ["inbox/in/*"]
    assert held(pipe, "through")["ReadForwarded"][1] == ["inbox/in/*"]
    assert held(pipe, "results")["ReadForwarded"][1] == ["inbox/in/*"]
    assert not {"PutStore"} & (set(held(pipe, "long")) | set(held(pipe, "through")))


def test_in_a_strict_pipeline_each_reads_its_producers_copy_and_no_more() -> None:
    pipe = branching(strict=True)
    assert held(pipe, "long")["ReadSources"][1] == ["inbox/in/*"]
    assert held(pipe, "long")["PutStore"] == (("s3:PutObject", "s3:AbortMultipartUpload"), ["long/*"])
    assert held(pipe, "through")["ReadSources"][1] == ["long/*"]
    assert held(pipe, "results")["ReadSources"][1] == ["through/*"]


def test_a_forwarded_read_is_a_grant_of_its_own_kind() -> None:
    rows = branching(strict=False).grants.df.query("kind == 'forwarded'")
    assert rows[["edge", "principal", "action", "resource"]].to_numpy().tolist() == [
        ["long -> through", "through", "s3:GetObject", "inbox/in/*"],
        ["through -> results", "results", "s3:GetObject", "inbox/in/*"],
    ]
    assert rows["why"].str.startswith("forwarded grant: ").all()


def test_a_strict_pipeline_has_no_forwarded_grant_in_table_or_template() -> None:
    pipe = branching(strict=True)
    assert "forwarded" not in set(pipe.grants.df["kind"])
    assert "ReadForwarded" not in pipe.template_json()
    assert "ReadForwarded" in branching(strict=False).template_json()


def test_a_strict_pipeline_reads_the_triggers_prefix_at_its_consumer_alone() -> None:
    rows = {(row[1], row[3]) for row in branching(strict=True).grants if row[2] == "s3:GetObject"}
    assert {who for who, what in rows if what == "inbox/in/*"} == {"inbox", "long"}


def test_a_queue_accepts_its_producers_topics_and_nothing_else() -> None:
    deny, allow = queue_statements(letters(), "results")
    assert (deny.effect, deny.actions, deny.principal) == ("Deny", ("sqs:*",), "*")
    assert allow.principal == "sns.amazonaws.com"
    (condition,) = allow.conditions
    assert (condition.operator, condition.key) == ("ArnEquals", "aws:SourceArn")
    assert [str(value) for value in condition.values] == ["paragraphs.topic", "sentences.topic"]


def test_a_triggers_queue_accepts_its_bucket_of_this_account() -> None:
    _, allow = queue_statements(letters(), "inbox")
    assert allow.principal == "s3.amazonaws.com"
    assert [condition.key for condition in allow.conditions] == ["aws:SourceArn", "aws:SourceAccount"]


def test_a_triggers_dead_letter_queue_accepts_no_service() -> None:
    assert [one.effect for one in dead_letter_statements(letters(), "inbox")] == ["Deny"]


def test_the_two_denies_of_a_bucket_are_never_one() -> None:
    plain, old = bucket_statements(of(Sort.BUCKET, "x"), objects("x"))
    assert [one.key for one in plain.conditions] == ["aws:SecureTransport"]
    assert [one.key for one in old.conditions] == ["s3:TlsVersion"]


def test_every_deputy_has_a_condition_or_says_why_not_and_cites_a_page() -> None:
    for row in DEPUTIES:
        assert bool(row.keys) != bool(row.exception)
        assert row.page


def test_grants_name_the_edge_that_needs_them() -> None:
    rows = {(row[0], row[1], row[2], row[3]) for row in letters().grants}
    assert ("paragraphs -> results", "results", "s3:GetObject", "paragraphs/*") in rows
    assert ("sentences -> results", "results", "s3:GetObject", "paragraphs/*") not in rows
    assert ("", "sentences", "s3:PutObject", "cache/sentences/*") in rows


def test_a_cache_prefix_ends_with_its_slash() -> None:
    assert str(cached("pdf-1/", "")) == "cache/pdf-1/*"
