"""Documents that wait, run with IAM enforced: who publishes, who may not, what a refusal leaves behind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.session import LocalSession
from lakenb.packaging.assets import asset_key
from lakenb.packaging.zips import function_zip
from lakenb.template.build import build
from lakenb.template.names import Kind
from tests.backends.local.sessions import Ear, edge, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def waits(*, strict: bool = False, **options: Any) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/")
    pause = inbox.pipe(lk.Delay("pause", **options))
    return lk.Pipeline("waits", pause.pipe(lk.S3Storage("results")), strict=strict)


def template(pipe: lk.Pipeline, edit: Callable[[Any], object]) -> Any:
    codes = {step.code() for step in pipe.nodes.values()}
    made = build(pipe, {code: asset_key(function_zip(code).hash) for code in codes})
    edit(made["Resources"])
    return made


def statements(resources: Any) -> Any:
    return resources["PauseRoleForWaiting"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.txt"
    path.write_text("A letter that waits.", encoding="utf-8")
    return path


@pytest.mark.parametrize("strict", [False, True])
def test_a_document_waits_and_goes_on(letter: Path, strict: bool) -> None:
    pipe = waits(duration=timedelta(seconds=2), strict=strict)
    with LocalSession(pipe) as session:
        run = session.run([letter])
        assert run.is_complete
        assert [tuple(one) for one in run.account] == [
            ("bucket -> inbox", 1, 1, 0, 0),
            ("inbox -> pause", 1, 1, 0, 0),
            ("pause -> results", 1, 1, 0, 0),
        ]
        assert run.disagreement_records == ()
        asked = {(one.who, one.action, one.decision) for one in run.decision_records}
        assert ("pause", "states:StartExecution", "ALLOWED") in asked
        assert ("pause (role for waiting)", "sns:Publish", "ALLOWED") in asked
        assert ("states.amazonaws.com", "sts:AssumeRole", "ALLOWED") in asked
        assert ("pause", "sns:Publish", "ALLOWED") not in asked
        denied = session.attempt("pause", "sns:Publish", "pause.topic")
        assert not denied.allowed
        assert "because no identity-based policy allows the SNS:Publish action" in denied.message
        assert session.attempt("pause", "states:StartExecution", "pause.machine").allowed
        assert not session.attempt("results", "states:StartExecution", "pause.machine").allowed


@pytest.mark.parametrize(
    "options",
    [{"duration": timedelta(days=2)}, {"until": datetime.now(UTC) + timedelta(days=40)}],
)
def test_a_run_does_not_sit_through_a_wait_and_says_so(letter: Path, options: dict[str, Any]) -> None:
    run = waits(**options).run([letter])
    assert run.is_complete
    assert edge(run, "pause -> results") == (1, 1, 0, 0)
    assert any(one.startswith("A run does not sit through a wait") for one in run.unenforced)


def test_a_run_without_waits_says_nothing_of_them(letter: Path) -> None:
    run = lk.Pipeline("plain", lk.S3Trigger("inbox").pipe(lk.S3Storage("results"))).run([letter])
    assert not any("wait" in one for one in run.unenforced)


def test_what_waits_shorter_goes_on_first(letter: Path) -> None:
    inbox = lk.S3Trigger("inbox")
    days = inbox.pipe(lk.Delay("days", duration=timedelta(days=2)))
    hours = inbox.pipe(lk.Delay("hours", duration=timedelta(hours=2)))
    again = hours.pipe(lk.Delay("again", duration=timedelta(hours=3)))
    pipe = lk.Pipeline("order", lk.S3Storage("results").with_sources(days, hours, again))
    with LocalSession(pipe) as session:
        assert session.run([letter]).is_complete
        ended = {node: execution(session, node)["stopDate"] for node in ("days", "hours", "again")}
    assert sorted(ended, key=lambda node: ended[node]) == ["hours", "again", "days"]


def execution(session: LocalSession, node: str) -> Any:
    machine = session.stack.id(node, Kind.MACHINE)
    (one,) = session.client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    return one


def test_many_documents_wait_at_the_same_time(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.txt" for number in range(30)]
    for path in paths:
        path.write_text(path.name, encoding="utf-8")
    run = waits(duration=timedelta(hours=1)).run(paths)
    assert run.is_complete
    assert edge(run, "pause -> results") == (30, 30, 0, 0)


def test_what_cannot_be_published_after_its_wait_is_a_dead_letter(letter: Path) -> None:
    pipe = waits(duration=timedelta(seconds=1))
    with LocalSession(pipe, template=template(pipe, lambda made: statements(made).pop(0))) as session:
        run = session.run([letter])
        assert run.is_complete
        assert edge(run, "pause -> results") == (1, 0, 1, 0)
        (failure,) = run.failures
        assert (failure.node, failure.kind) == ("pause", "NotPublished")
        assert failure.reason.startswith("publishing the event after its wait failed (SNS.")
        assert failure.url.endswith("/in/letter.txt")
        asked = {(one.who, one.action, one.decision) for one in run.decision_records}
        assert ("pause (role for waiting)", "sns:Publish", "IMPLICITLY_DENIED") in asked
        assert ("pause (role for waiting)", "sqs:SendMessage", "ALLOWED") in asked


def test_a_role_that_trusts_another_state_machine_makes_none() -> None:
    pipe = waits(duration=timedelta(seconds=1))

    def misname(made: Any) -> None:
        trust = made["PauseRoleForWaiting"]["Properties"]["AssumeRolePolicyDocument"]
        source = trust["Statement"][0]["Condition"]["ArnEquals"]["aws:SourceArn"]
        source["Fn::Sub"] = source["Fn::Sub"].replace("_pause", "_other")

    with (
        pytest.raises(lk.DeploymentError, match="Neither the global service principal states"),
        LocalSession(pipe, template=template(pipe, misname)),
    ):
        pass


def test_a_state_machine_does_nothing_that_is_not_asked(letter: Path) -> None:
    pipe = waits(duration=timedelta(seconds=1))

    def call_a_function(made: Any) -> None:
        publish = made["PauseStateMachine"]["Properties"]["Definition"]["States"]["Publish"]
        publish["Resource"] = "arn:aws:states:::lambda:invoke"
        publish["Parameters"] = {"FunctionName": {"Ref": "ResultsFunction"}, "Payload": {}}

    with LocalSession(pipe, template=template(pipe, call_a_function)) as session:
        run = session.run([letter])
        assert edge(run, "pause -> results") == (1, 0, 1, 0)
        assert "States.Runtime" in run.failures[0].reason


def test_a_message_that_comes_twice_waits_once(letter: Path) -> None:
    with LocalSession(waits(duration=timedelta(seconds=1))) as session:
        ear = Ear.at(session, "inbox")
        assert session.run([letter]).is_complete
        (event,) = ear.heard()[1].values()
        send(session, "pause", event)
        assert session.follow().is_complete
        assert len(session.follow().documents.where(node="results")) == 1
        assert execution(session, "pause")["status"] == "SUCCEEDED"


def without(sid: str) -> Callable[[Any], None]:
    def edit(made: Any) -> None:
        held = statements(made)
        held.remove(next(one for one in held if one["Sid"] == sid))

    return edit


def under_key(**options: Any) -> lk.Pipeline:
    pause = lk.S3Trigger("inbox").pipe(lk.Delay("pause", duration=timedelta(hours=1), **options))
    return lk.Pipeline("waits", pause.pipe(lk.S3Storage("results")), key=lk.Key())


def test_under_a_key_the_role_for_waiting_opens_what_waits(letter: Path) -> None:
    run = under_key().run([letter])
    assert run.is_complete
    assert edge(run, "pause -> results") == (1, 1, 0, 0)
    assert run.disagreement_records == ()
    asked = {(one.who, one.action, one.decided_by) for one in run.decision_records}
    assert ("pause (role for waiting)", "kms:GenerateDataKey", "identity RunUnderKey") in asked
    assert ("pause (role for waiting)", "kms:GenerateDataKey", "identity PublishUnderKey") in asked


@pytest.mark.parametrize(
    ("sid", "name", "reason"),
    [
        ("RunUnderKey", "inbox -> pause", "letting the event wait failed (KmsAccessDeniedException)"),
        ("PublishUnderKey", "pause -> results", "publishing the event after its wait failed (SNS."),
    ],
)
def test_without_its_statement_on_the_key_nothing_goes_on(
    letter: Path, sid: str, name: str, reason: str
) -> None:
    pipe = under_key(max_retries=1)
    with LocalSession(pipe, template=template(pipe, without(sid))) as session:
        run = session.run([letter])
        assert run.is_complete
        assert edge(run, name) == (1, 0, 1, 0)
        (failure,) = run.failures
        assert failure.reason.startswith(reason)
