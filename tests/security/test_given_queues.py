"""A trigger on a given queue: its role receives there alone, and it provides the places it was told."""

from __future__ import annotations

import lakenb as lk
from lakenb.security.given import given_bucket_notes, given_place_notes, given_queue_notes
from lakenb.security.statements import role_statements
from lakenb.security.stores import Store, own_store, provides
from lakenb.security.values import Sort, objects, of

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:intake"


def pipeline() -> lk.Pipeline:
    intake = lk.SqsTrigger("intake", queue=QUEUE, documents_in=["s3://docs/in/", "s3://all"])
    return lk.Pipeline("p", intake.pipe(lk.Passthrough("pass")).pipe(lk.S3Storage("results")))


def test_it_provides_the_places_and_has_no_store() -> None:
    pipe = pipeline()
    assert own_store(pipe, "intake") is None
    places = (Store("intake", bucket="all"), Store("intake", "in/", bucket="docs"))
    assert provides(pipe)["intake"] == provides(pipe)["pass"] == places


def test_its_role_receives_from_the_given_queue_and_reads_nothing() -> None:
    pipe = pipeline()
    held = {one.sid: one for one in role_statements(pipe, "intake", provides(pipe))}
    assert held.keys() == {"ReceiveQueue", "SendDeadLetters", "PublishTopic", "WriteLogs"}
    assert held["ReceiveQueue"].actions == (
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
    )
    assert held["ReceiveQueue"].resources == (of(Sort.GIVEN_QUEUE, "intake"),)


def test_a_consumer_behind_a_pass_through_node_reads_the_places_as_a_forwarded_grant() -> None:
    pipe = pipeline()
    held = {one.sid: one for one in role_statements(pipe, "results", provides(pipe))}
    assert held["ReadForwarded"].resources == (
        objects("intake", bucket="all"),
        objects("intake", "in/", "", bucket="docs"),
    )
    assert "ReadSources" not in held


def test_what_is_the_owners_is_said() -> None:
    pipe = pipeline()
    (queue,) = given_queue_notes(pipe)
    assert queue.startswith(f"'intake' polls the given queue '{QUEUE}': who may send to it, its encryption")
    first, second = given_place_notes(pipe)
    assert first.startswith("'intake' sends documents of the given bucket 'all'")
    assert second.startswith("'intake' sends documents of the given bucket 'docs'")
    assert given_bucket_notes(pipe) == ()
