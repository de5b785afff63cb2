"""Archives, their files and one composite of each archive, run with IAM enforced."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.probe import Call
from lakenb.events import COMPOSITE_TYPE, members
from lakenb.template.names import Kind
from tests.backends.local.embedded import eventually
from tests.backends.local.sessions import peek, send

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.probe import Answer
    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

FILES = 5
WINDOW = timedelta(hours=1)


def are_all(event: Any, events: Any) -> bool:
    return bool(event in events) and len(events) == FILES


REASONS: dict[str, dict[str, Any]] = {
    "count": {"count": FILES},
    "window": {"window": WINDOW},
    "until": {"until": are_all},
}


def gathering(*, strict: bool = False, key: lk.Key | None = None, **options: Any) -> lk.Pipeline:
    """Return a pipeline that makes composites of archives."""
    files = lk.S3Trigger("inbox").pipe(lk.ZipInflate("unzip"))
    group = files.pipe(lk.Reducer("group", **options))
    return lk.Pipeline("archives", group.pipe(lk.S3Storage("results")), strict=strict, key=key)


def archive(folder: Path, name: str = "a.zip", files: int = FILES) -> Path:
    """Write an archive."""
    path = folder / name
    with zipfile.ZipFile(path, "w") as target:
        for number in range(files):
            target.writestr(f"{number}.txt", f"{name} {number}")
    return path


def counts(run: Run) -> dict[str, tuple[int, ...]]:
    """Return inputs, delivered, failed, filtered by edge."""
    return {edge: tuple(numbers) for edge, *numbers in run.account}


@pytest.mark.parametrize("reason", list(REASONS))
@pytest.mark.parametrize("strict", [False, True])
def test_each_archive_makes_one_composite_of_its_files(reason: str, strict: bool, tmp_path: Path) -> None:
    pipe = gathering(strict=strict, **REASONS[reason])
    with pipe.local() as session:
        run = session.run([archive(tmp_path), archive(tmp_path, "b.zip")])
        assert counts(run) == {
            "bucket -> inbox": (2, 2, 0, 0),
            "inbox -> unzip": (2, 2, 0, 0),
            "unzip -> group": (2 * FILES, 2 * FILES, 0, 0),
            "group -> results": (2, 2, 0, 0),
        }
        assert run.is_confirmed
        assert run.waiting_records == ()
        landed = [document for document in run.document_records if document.node == "results"]
        assert [document.type for document in landed] == [COMPOSITE_TYPE] * 2
        owner = "group" if strict else "unzip"
        for document in landed:
            found = members(session.read(document.url))
            urls = [event.data.document.url for event in found]
            assert all(url.startswith(f"s3://{session.bucket(owner)}/") for url in urls)
            name = session.read(urls[0]).decode().split()[0]
            assert [session.read(url).decode() for url in urls] == [f"{name} {n}" for n in range(FILES)]


def test_under_a_key_events_are_kept_and_windows_end_as_well(tmp_path: Path) -> None:
    pipe = gathering(window=WINDOW, key=lk.Key())
    run = pipe.run([archive(tmp_path)])
    assert counts(run)["unzip -> group"] == (FILES, FILES, 0, 0)
    assert counts(run)["group -> results"] == (1, 1, 0, 0)
    assert run.is_confirmed
    asked = {one.action for one in run.decision_records if one.who == "group (role for schedules)"}
    assert asked == {"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"}


def test_a_composite_hangs_on_what_its_chain_began_with(tmp_path: Path) -> None:
    run = gathering(count=FILES).run([archive(tmp_path)])
    ((root,), (composite, *files)) = run.lineage.roots, run.lineage.roots[0].children
    assert root.label.startswith("inbox: a.zip")
    assert composite.label.startswith("group: composite.json")
    assert [child.node for child in composite.children] == ["results"]
    assert [file.children for file in files] == [()] * FILES


def test_events_that_make_no_composite_are_told(tmp_path: Path) -> None:
    run = gathering(count=FILES + 1).run([archive(tmp_path)])
    assert run.is_complete
    assert counts(run)["unzip -> group"] == (FILES, FILES, 0, 0)
    assert [(one.node, one.events) for one in run.waiting_records] == [("group", FILES)]
    assert f"nothing lost; {FILES} events wait in 'group'" in repr(run)


def test_what_comes_when_the_chain_is_closed_fails_by_name(tmp_path: Path) -> None:
    run = gathering(count=FILES - 2).run([archive(tmp_path)])
    assert counts(run)["unzip -> group"] == (FILES, FILES - 2, 2, 0)
    assert {(failure.node, failure.kind) for failure in run.failures} == {("group", "Late")}
    assert run.is_complete


def test_a_predicate_that_gives_no_answer_fails_its_events(tmp_path: Path) -> None:
    run = gathering(until=lambda event, events: None).run([archive(tmp_path)])  # noqa: ARG005 - the form
    assert counts(run)["unzip -> group"] == (FILES, 0, FILES, 0)
    assert {failure.kind for failure in run.failures} == {"HandlerError"}


def test_a_run_says_that_it_does_not_sit_through_a_window(tmp_path: Path) -> None:
    run = gathering(window=WINDOW).run([archive(tmp_path)])
    said = "A run does not sit through a wait: once all else is still, time is put forward to the next one"
    assert said in run.unenforced
    assert run.duration < WINDOW


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSession]:
    """A reducer with a window, after a run."""
    with gathering(window=WINDOW).local() as session:
        session.run([archive(tmp_path_factory.mktemp("archives"))])
        yield session


@pytest.mark.parametrize(
    ("who", "action", "allowed"),
    [
        ("group", "dynamodb:PutItem", True),
        ("group", "dynamodb:Query", True),
        ("group", "dynamodb:Scan", False),
        ("group", "dynamodb:DeleteItem", False),
        ("unzip", "dynamodb:PutItem", False),
        ("unzip", "dynamodb:Query", False),
        ("results", "dynamodb:Query", False),
        ("results", "dynamodb:Scan", False),
    ],
)
def test_a_table_is_its_own_nodes_alone(aws: LocalSession, who: str, action: str, allowed: bool) -> None:
    tried = aws.attempt(who, action, "group.table")
    assert tried.allowed is allowed
    if not allowed:
        assert f"is not authorized to perform: {action}" in tried.message
    assert aws.disagreement_records() == ()


def test_the_reducer_opens_no_document(aws: LocalSession) -> None:
    store = aws.bucket("unzip")
    (entry, *_) = aws.client("s3").list_objects_v2(Bucket=store)["Contents"]
    url = f"s3://{store}/{entry['Key']}"
    assert not aws.attempt("group", "s3:GetObject", url).allowed
    assert aws.attempt("results", "s3:GetObject", url).allowed


def scheduling(aws: LocalSession, **changed: Any) -> Answer:
    """Let the reducer make a schedule as its handler does, but for what is changed."""
    queue = aws.stack.arn("group", Kind.QUEUE)
    target = {
        "Arn": queue,
        "RoleArn": aws.stack.arn("group", Kind.SCHEDULE_ROLE),
        "Input": json.dumps({"close": "1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"}),
    }
    parameters: dict[str, Any] = {
        "Name": "tried",
        "GroupName": aws.stack.id("group", Kind.SCHEDULE_GROUP),
        "ScheduleExpression": "at(2100-01-01T00:00:00)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target | changed.pop("target", {}),
    }
    (answer,) = aws.probe("group", [Call("scheduler", "create_schedule", parameters | changed)])
    return answer


def test_schedules_are_made_in_the_own_group_and_for_the_own_role(aws: LocalSession) -> None:
    assert scheduling(aws).allowed
    elsewhere = scheduling(aws, GroupName="default")
    assert (elsewhere.allowed, elsewhere.code) == (False, "AccessDeniedException")
    assert "scheduler:CreateSchedule" in elsewhere.message
    stronger = scheduling(aws, Name="stronger", target={"RoleArn": aws.stack.arn("unzip", Kind.ROLE)})
    assert (stronger.allowed, stronger.code) == (False, "AccessDeniedException")
    assert "is not authorized to perform: iam:PassRole" in stronger.message
    assert aws.disagreement_records() == ()


def test_a_schedules_role_sends_to_the_own_queue_and_nowhere_else(aws: LocalSession) -> None:
    other = aws.stack.arn("results", Kind.QUEUE)
    soon = "at(2000-01-01T00:00:00)"
    name = {"Name": "astray", "ScheduleExpression": soon, "ActionAfterCompletion": "DELETE"}
    dead = {"DeadLetterConfig": {"Arn": aws.stack.arn("group", Kind.DEAD_LETTERS)}}
    assert scheduling(aws, **name, target={"Arn": other} | dead).allowed
    eventually(lambda: bool(peek(aws, "group")))
    denied = [one for one in aws.emulator.decisions() if one.source == "gate:scheduler-send" and one.message]
    assert [(one.action, one.resource, one.outcome) for one in denied] == [
        ("sqs:SendMessage", other, "IMPLICITLY_DENIED")
    ]
    assert json.loads(peek(aws, "group")[0]) == {"close": "1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"}


def test_without_its_permission_to_pass_the_role_no_window_begins(tmp_path: Path) -> None:
    pipe = gathering(window=WINDOW)
    template = pipe.template()
    (policy,) = template["Resources"]["GroupRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]
    policy["PolicyDocument"]["Statement"] = [one for one in statements if one["Sid"] != "PassRoleToSchedules"]
    with pipe.local(template=template) as session:
        run = session.run([archive(tmp_path)])
    assert {(failure.kind, "iam:PassRole" in failure.reason) for failure in run.failures} == {
        ("AccessDenied", True)
    }
    assert counts(run)["unzip -> group"] == (FILES, 0, FILES, 0)


def test_the_end_of_a_window_that_nobody_opened_is_a_dead_letter(aws: LocalSession) -> None:
    before = len(peek(aws, "group"))
    send(aws, "group", json.dumps({"close": "2d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"}))
    eventually(lambda: len(peek(aws, "group")) > before)
    kinds = [json.loads(body).get("kind") for body in peek(aws, "group")]
    assert "NotFound" in kinds
