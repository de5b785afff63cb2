"""Schedules end to end: a firing asks the role's trust and its policy, and says the same however often."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.readback import read_back
from lakenb.errors import DeploymentError, InputsError, LocalRunError
from lakenb.template.names import Kind
from tests.backends.local.sessions import edge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

LISTED = ("s3://lists/a.txt", "s3://lists/deep/b%20c.txt")


def both(**options: Any) -> lk.Pipeline:
    daily = lk.SchedulerTrigger(
        "daily", schedule="rate(1 day)", documents=["s3://lists/a.txt", "s3://lists/deep/b c.txt"]
    )
    nightly = lk.SchedulerTrigger("nightly", schedule="cron(0 3 * * ? *)", timezone="Europe/Berlin")
    return lk.Pipeline("clock", lk.S3Storage("results").with_sources(daily, nightly), **options)


def alone() -> lk.Pipeline:
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    return lk.Pipeline("alone", nightly.pipe(lk.S3Storage("results")))


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("a.txt", "b c.txt"):
        (tmp_path / name).write_text("A sentence.")
    return tmp_path


@pytest.fixture(scope="module")
def session() -> Iterator[LocalSession]:
    with both().local() as running:
        yield running


def role_of(template: dict[str, Any], node: str) -> dict[str, Any]:
    properties: dict[str, Any] = template["Resources"][f"{node}RoleForSchedules"]["Properties"]
    return properties


def test_schedules_fire_and_what_they_send_arrives(
    session: LocalSession, files: Path, tmp_path: Path
) -> None:
    run = session.run({"daily": files, "nightly": 2}, save=tmp_path / "saved")
    assert run.is_complete
    assert edge(run, "schedule -> daily") == (2, 2, 0, 0)
    assert edge(run, "schedule -> nightly") == (2, 2, 0, 0)
    assert {one.url for one in run.document_records if one.node == "daily"} == set(LISTED)
    notes = [json.loads(path.read_text()) for path in (tmp_path / "saved").rglob("firing.json")]
    assert [note.keys() for note in notes] == [{"scheduledTime"}] * 2
    asked = {
        (one.who, one.action, one.decision, one.source)
        for one in run.decision_records
        if one.source.startswith("gate:scheduler")
    }
    assert asked == {
        ("scheduler.amazonaws.com", "sts:AssumeRole", "ALLOWED", "gate:scheduler-role"),
        ("daily (role for schedules)", "sqs:SendMessage", "ALLOWED", "gate:scheduler-send"),
        ("nightly (role for schedules)", "sqs:SendMessage", "ALLOWED", "gate:scheduler-send"),
    }
    assert session.disagreement_records() == ()


def test_a_message_that_comes_again_makes_nothing_new(session: LocalSession) -> None:
    scheduler, group = session.client("scheduler"), session.stack.id("nightly", Kind.SCHEDULE_GROUP)
    arn = scheduler.get_schedule(GroupName=group, Name="nightly")["Arn"]
    body = json.dumps({"schedule": arn, "scheduledTime": "2026-01-31T03:00:00Z"})

    def send() -> set[str]:
        queue = session.stack.id("nightly", Kind.QUEUE)
        session.client("sqs").send_message(QueueUrl=queue, MessageBody=body)
        return {one.url for one in session.follow().document_records}

    once = send()
    assert send() == once
    assert any("firing.json" in url for url in once)


def test_consumers_read_the_listed_documents_and_no_others(session: LocalSession) -> None:
    for key in ("a.txt", "deep/b c.txt", "a.txt.bak", "deep/c", "b"):
        session.client("s3").put_object(Bucket="lists", Key=key, Body=b"x")
    for node in ("results", "daily"):
        for url in LISTED:
            assert session.attempt(node, "s3:GetObject", url).allowed
        for url in ("s3://lists/a.txt.bak", "s3://lists/deep/c", "s3://lists/b"):
            assert not session.attempt(node, "s3:GetObject", url).allowed
    assert not session.attempt("nightly", "s3:GetObject", LISTED[0]).allowed


def test_the_notes_store_is_put_into_and_never_read_by_its_node(session: LocalSession) -> None:
    assert session.attempt("nightly", "s3:PutObject", "nightly/x").allowed
    assert not session.attempt("nightly", "s3:GetObject", "nightly/x").allowed
    assert not session.attempt("nightly", "s3:DeleteObject", "nightly/x").allowed
    assert not session.attempt("daily", "s3:PutObject", "nightly/x").allowed
    assert session.attempt("results", "s3:GetObject", "nightly/x").allowed


def test_nobody_but_the_schedules_role_may_send_to_the_queue(session: LocalSession) -> None:
    for node in ("nightly", "daily", "results"):
        assert not session.attempt(node, "sqs:SendMessage", "nightly.queue").allowed


def test_a_schedule_holds_what_its_template_says(session: LocalSession) -> None:
    scheduler, group = session.client("scheduler"), session.stack.id("nightly", Kind.SCHEDULE_GROUP)
    found = scheduler.get_schedule(GroupName=group, Name="nightly")
    assert found["ScheduleExpressionTimezone"] == "Europe/Berlin"  # CloudFormation forgot it here
    kept = ("GroupName", "Name", "ScheduleExpression", "ScheduleExpressionTimezone", "Target", "Description")
    told = {name: found[name] for name in kept} | {"FlexibleTimeWindow": {"Mode": "OFF"}}
    scheduler.update_schedule(**told, State="DISABLED")
    try:
        with pytest.raises(DeploymentError, match=r"NightlySchedule.State is 'DISABLED', not 'ENABLED'"):
            read_back(session.emulator, session.stack)
    finally:
        scheduler.update_schedule(**told, State="ENABLED")


def test_schedules_alone_fire_once_without_being_told() -> None:
    run = alone().run(progress=False)
    assert run.is_complete
    assert edge(run, "schedule -> nightly") == (1, 1, 0, 0)
    assert any("does not wait for a schedule's time" in sentence for sentence in run.unenforced)


def test_a_role_that_may_not_send_to_the_queue_makes_a_dead_letter() -> None:
    template = copy.deepcopy(alone().template())
    (send,) = role_of(template, "Nightly")["Policies"][0]["PolicyDocument"]["Statement"]
    send["Resource"] = {"Fn::GetAtt": ["NightlyDeadLetters", "Arn"]}
    with alone().local(template=template) as session:
        run = session.run(1)
    assert edge(run, "schedule -> nightly") == (1, 0, 1, 0)
    (failure,) = run.failures
    assert (failure.node, failure.url.rpartition("/")[2]) == ("nightly", "firing.json")


def test_a_role_that_trusts_another_group_is_not_taken() -> None:
    template = copy.deepcopy(alone().template())
    (trust,) = role_of(template, "Nightly")["AssumeRolePolicyDocument"]["Statement"]
    another = "arn:aws:scheduler:us-east-1:111122223333:schedule-group/default"
    trust["Condition"]["ArnEquals"]["aws:SourceArn"] = another
    with alone().local(template=template) as session:
        run = session.run(1)
    assert not run.is_complete
    assert edge(run, "schedule -> nightly") == (1, 0, 0, 0)
    refused = [one for one in run.decision_records if one.source == "gate:scheduler-role"]
    assert {one.decision for one in refused} == {"IMPLICITLY_DENIED"}


def test_a_pipeline_under_a_key_runs_on_schedules(files: Path) -> None:
    with both(key=lk.Key()).local() as session:
        run = session.run({"daily": files, "nightly": 1})
        group = session.stack.id("nightly", Kind.SCHEDULE_GROUP)
        found = session.client("scheduler").get_schedule(GroupName=group, Name="nightly")
    assert run.is_complete
    assert ":key/" in found["KmsKeyArn"]


@pytest.mark.parametrize("sid", ["SendUnderKey", "OpenScheduleUnderKey"])
def test_a_schedules_role_that_may_not_use_the_key_sends_nothing(sid: str) -> None:
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    pipe = lk.Pipeline("alone", nightly.pipe(lk.S3Storage("results")), key=lk.Key())
    template = copy.deepcopy(pipe.template())
    inline = role_of(template, "Nightly")["Policies"][0]["PolicyDocument"]
    assert sid in {one["Sid"] for one in inline["Statement"]}
    inline["Statement"] = [one for one in inline["Statement"] if one["Sid"] != sid]
    with pipe.local(template=template) as session:
        run = session.run(1)
    assert edge(run, "schedule -> nightly")[:2] == (1, 0)
    assert not run.is_complete
    refused = {one.action for one in run.decision_records if one.decision == "IMPLICITLY_DENIED"}
    assert refused & {"kms:GenerateDataKey", "kms:Decrypt"}


@pytest.mark.parametrize(
    ("paths", "what"),
    [
        ({"nightly": "x"}, "'nightly' makes its documents itself: it is told how often to fire, not 'x'"),
        ({"nightly": 0}, "told how often to fire, not 0"),
        ({"nightly": True}, "told how often to fire, not True"),
        ({"nightly": 101}, "told how often to fire, not 101"),
        ({"daily": "{files}/a.txt"}, "'daily' sends s3://lists/deep/b c.txt, and there is no file for it"),
        ({"daily": ["{files}", "{files}/more/x"]}, "x' is none of the documents that 'daily' lists"),
    ],
)
def test_what_a_run_cannot_do_is_told_before_it_starts(files: Path, paths: dict[str, Any], what: str) -> None:
    (files / "more").mkdir()
    (files / "more" / "x").write_text("x")

    def placed(value: Any) -> Any:
        if isinstance(value, list):
            return [placed(one) for one in value]
        return value.replace("{files}", str(files)) if isinstance(value, str) else value

    given = {trigger: placed(value) for trigger, value in paths.items()}
    with pytest.raises(InputsError) as raised:
        both().run(given, progress=False)
    assert what in str(raised.value)


def test_several_triggers_are_told_apart() -> None:
    with pytest.raises(LocalRunError, match="the pipeline has 2 triggers: daily, nightly"):
        both().run(1, progress=False)
