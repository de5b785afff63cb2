"""What a reducer holds: its own table, and for a window schedules that send to its own queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.security.services import extra_roles
from lakenb.security.statements import extra_role_statements, role_statements
from lakenb.security.stores import provides
from lakenb.security.values import ACCOUNT, Condition, Sort, Statement, objects, of

WINDOW: dict[str, Any] = {"window": timedelta(minutes=5)}
SCHEDULER = "scheduler.amazonaws.com"


def gathers(*, strict: bool = False, **options: Any) -> lk.Pipeline:
    """Return a pipeline with two reducers, one behind the other."""
    files = lk.S3Trigger("inbox").pipe(lk.ZipInflate("unzip"))
    group = files.pipe(lk.Reducer("group", **options or {"count": 3}))
    return lk.Pipeline(
        "p", group.pipe(lk.Reducer("all", count=2)).pipe(lk.S3Storage("results")), strict=strict
    )


def held(pipe: lk.Pipeline, node: str = "group") -> dict[str, Statement]:
    """Return a role's statements by Sid."""
    return {one.sid: one for one in role_statements(pipe, node, provides(pipe))}


@pytest.mark.parametrize("options", [{"count": 3}, WINDOW])
def test_only_the_reducers_own_role_may_use_its_table_and_only_as_its_handler_does(
    options: dict[str, Any],
) -> None:
    pipe = gathers(**options)
    assert held(pipe)["KeepEvents"].actions == ("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem")
    for node in pipe.nodes:
        tables = {
            target
            for one in held(pipe, node).values()
            for target in one.resources
            if target.sort == Sort.TABLE.value
        }
        assert tables == ({of(Sort.TABLE, node)} if node in {"group", "all"} else set())


def test_a_reducer_that_counts_needs_no_schedules() -> None:
    pipe = gathers()
    assert extra_roles(pipe, "group") == ()
    assert not {"CreateSchedules", "PassRoleToSchedules"} & set(held(pipe))


def test_a_window_makes_schedules_in_its_own_group_and_gives_them_their_own_role() -> None:
    found = held(gathers(**WINDOW))
    made, passed = found["CreateSchedules"], found["PassRoleToSchedules"]
    assert (made.actions, made.resources) == (("scheduler:CreateSchedule",), (of(Sort.SCHEDULES, "group"),))
    assert (passed.actions, passed.resources) == (("iam:PassRole",), (of(Sort.SCHEDULE_ROLE, "group"),))
    assert passed.conditions == (Condition("StringEquals", "iam:PassedToService", (SCHEDULER,)),)


def test_the_schedules_role_sends_to_the_own_queues_and_nothing_else() -> None:
    pipe = gathers(**WINDOW)
    (role,) = extra_roles(pipe, "group")
    (send,) = extra_role_statements(pipe, "group", role)
    assert send.actions == ("sqs:SendMessage",)
    assert set(send.resources) == {of(Sort.QUEUE, "group"), of(Sort.DEAD_LETTERS, "group")}


def test_the_scheduler_takes_the_role_for_the_own_group_of_this_account_alone() -> None:
    (role,) = extra_roles(gathers(**WINDOW), "group")
    assert role.service == SCHEDULER
    assert {(one.operator, one.key, one.values) for one in role.conditions} == {
        ("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
        ("ArnEquals", "aws:SourceArn", (of(Sort.SCHEDULE_GROUP, "group"),)),
    }


def test_a_reducer_reads_no_document_and_its_consumers_read_what_it_tells_of() -> None:
    pipe = gathers()
    for node in ("group", "all"):
        assert not {"ReadSources", "ReadForwarded"} & set(held(pipe, node))
    reads = held(pipe, "results")
    assert reads["ReadSources"].resources == (objects("all"),)
    assert set(reads["ReadForwarded"].resources) == {objects("group"), objects("unzip")}


def test_where_no_grant_may_be_forwarded_it_reads_what_it_copies() -> None:
    pipe = gathers(strict=True)
    assert held(pipe)["ReadSources"].resources == (objects("unzip"),)
    assert held(pipe, "results")["ReadSources"].resources == (objects("all"),)
    assert "ReadForwarded" not in held(pipe, "results")
