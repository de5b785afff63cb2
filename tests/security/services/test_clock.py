"""What a schedule of the template needs: a role for its group that sends to two queues, and no more."""

from __future__ import annotations

import lakenb as lk
from lakenb.security.services import extra_roles, service_statements
from lakenb.security.statements import queue_statements, role_statements
from lakenb.security.stores import provides
from lakenb.security.values import ACCOUNT, Sort, of

ROLE = {"daily": ("ReadSources", "ReceiveQueue", "SendDeadLetters", "PublishTopic", "WriteLogs"),
        "nightly": ("PutStore", "ReceiveQueue", "SendDeadLetters", "PublishTopic", "WriteLogs")}  # fmt: skip


def pipeline() -> lk.Pipeline:
    daily = lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=["s3://lists/a", "s3://lists/b"])
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    return lk.Pipeline("p", lk.S3Storage("results").with_sources(daily, nightly))


def test_the_schedules_role_sends_to_two_queues_for_one_group() -> None:
    pipe = pipeline()
    for node in ("daily", "nightly"):
        (role,) = extra_roles(pipe, node)
        assert (role.sort, role.service) == (Sort.SCHEDULE_ROLE, "scheduler.amazonaws.com")
        (send,) = role.statements
        assert send.actions == ("sqs:SendMessage",)
        assert set(send.resources) == {of(Sort.QUEUE, node), of(Sort.DEAD_LETTERS, node)}
        assert {(one.operator, one.key, one.values) for one in role.conditions} == {
            ("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
            ("ArnEquals", "aws:SourceArn", (of(Sort.SCHEDULE_GROUP, node),)),
        }


def test_the_node_itself_holds_nothing_of_its_schedule() -> None:
    pipe = pipeline()
    for node, sids in ROLE.items():
        assert service_statements(pipe, node) == ()
        assert tuple(one.sid for one in role_statements(pipe, node, provides(pipe))) == sids


def test_no_service_may_send_to_the_queue_by_its_policy() -> None:
    for node in ("daily", "nightly"):
        assert {one.effect for one in queue_statements(pipeline(), node)} == {"Deny"}


def test_a_listed_document_is_read_by_its_whole_key() -> None:
    pipe = pipeline()
    held = {one.sid: one for one in role_statements(pipe, "results", provides(pipe))}
    assert sorted((one.bucket, one.key_parts) for one in held["ReadSources"].resources) == [
        ("", ("", "")),  # the notes of the other
        ("lists", ("a",)),
        ("lists", ("b",)),
    ]
