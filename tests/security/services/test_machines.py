"""What a node that waits holds: the function starts executions, the state machine publishes, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

import lakenb as lk
from lakenb.security.services import extra_roles
from lakenb.security.statements import extra_role_statements, role_statements
from lakenb.security.stores import provides
from lakenb.security.values import ACCOUNT, Sort, Statement, of


def waits(*, strict: bool = False) -> lk.Pipeline:
    pause = lk.S3Trigger("inbox", prefix="in/").pipe(lk.Delay("pause", duration=timedelta(hours=1)))
    return lk.Pipeline("p", pause.pipe(lk.S3Storage("results")), strict=strict)


@pytest.mark.parametrize("strict", [False, True])
def test_the_function_starts_executions_and_publishes_nothing(strict: bool) -> None:
    pipe = waits(strict=strict)
    held = {one.sid: one for one in role_statements(pipe, "pause", provides(pipe))}
    assert held["StartWaiting"].actions == ("states:StartExecution",)
    assert held["StartWaiting"].resources == (of(Sort.MACHINE, "pause"),)
    assert "PublishTopic" not in held
    assert ("PutStore" in held) == strict
    assert not [one for one in held.values() for action in one.actions if action.startswith("sns:")]


def test_the_state_machine_publishes_to_the_own_topic_and_keeps_what_fails() -> None:
    pipe = waits()
    (role,) = extra_roles(pipe, "pause")
    held = {one.sid: (one.actions, one.resources) for one in extra_role_statements(pipe, "pause", role)}
    assert held == {
        "PublishTopic": (("sns:Publish",), (of(Sort.TOPIC, "pause"),)),
        "SendDeadLetters": (("sqs:SendMessage",), (of(Sort.DEAD_LETTERS, "pause"),)),
    }


def test_step_functions_takes_the_role_for_this_state_machine_alone() -> None:
    (role,) = extra_roles(waits(), "pause")
    assert role.service == "states.amazonaws.com"
    assert {(one.operator, one.key, one.values) for one in role.conditions} == {
        ("ArnEquals", "aws:SourceArn", (of(Sort.MACHINE, "pause"),)),
        ("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    }


def test_a_consumer_reads_what_lies_behind_the_wait() -> None:
    pipe = waits()
    held = {one.sid: one for one in role_statements(pipe, "results", provides(pipe))}
    assert [str(target) for target in held["ReadForwarded"].resources] == ["inbox/in/*"]
    strict = waits(strict=True)
    held = {one.sid: one for one in role_statements(strict, "results", provides(strict))}
    assert [str(target) for target in held["ReadSources"].resources] == ["pause/*"]


def test_a_transform_reads_what_its_producers_provide_and_puts_into_its_own_store() -> None:
    split = lk.S3Trigger("inbox", prefix="in/").pipe(lk.RecursiveCharacterTextSplitter("split"))
    merge = split.pipe(lk.Passthrough("tag")).pipe(lk.Transform("merge", lambda docs: docs))
    pipe = lk.Pipeline("p", merge.pipe(lk.S3Storage("results")))
    held = {one.sid: [str(target) for target in one.resources] for one in _held(pipe, "merge")}
    assert held["ReadForwarded"] == ["split/*"]
    assert held["PutStore"] == ["merge/*"]
    assert held["PublishTopic"] == ["merge.topic"]
    held = {one.sid: [str(target) for target in one.resources] for one in _held(pipe, "results")}
    assert (held["ReadSources"], held["ReadForwarded"]) == (["merge/*"], ["split/*"])


def test_behind_a_strict_transform_nothing_but_its_store_is_read() -> None:
    merge = lk.S3Trigger("inbox", prefix="in/").pipe(lk.Transform("merge", lambda docs: docs))
    pipe = lk.Pipeline("p", merge.pipe(lk.S3Storage("results")), strict=True)
    held = {one.sid: [str(target) for target in one.resources] for one in _held(pipe, "results")}
    assert held["ReadSources"] == ["merge/*"]
    assert "ReadForwarded" not in held


def _held(pipe: lk.Pipeline, node: str) -> tuple[Statement, ...]:
    return role_statements(pipe, node, provides(pipe))
