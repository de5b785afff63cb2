"""A session: what it refuses, what it says when it cannot go on, and that it keeps its account."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

import lakenb as lk
from lakenb.backends.local.deploy import deploy
from lakenb.backends.local.emulator import LocalEmulator, start_emulator
from lakenb.backends.local.readback import read_back
from lakenb.errors import DeploymentError, InputsError, LocalRunError, QuotaError, RunTimeoutError
from lakenb.template.names import CACHE, Kind
from tests.backends.local.embedded import eventually
from tests.backends.local.sessions import edge, objects, pause, resume, waiting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.progress import Progress

ROOT = Path(lk.__file__).parents[1]
MANY = 612  # more than one line of a log lists


def pipeline(pipeline_id: str = "sessions") -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="in/")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks", chunk_size=10, chunk_overlap=0))
    results = chunks.pipe(
        lk.S3Storage("results", prefix="../up"), filter=lk.when("data.document.size").lt(10)
    )
    return lk.Pipeline(pipeline_id, results)


@pytest.fixture(scope="module")
def moments() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def session(moments: list[Progress]) -> Iterator[LocalSession]:
    with pipeline().local(on_progress=moments.append) as running:
        yield running


def test_session_that_is_not_open_says_so(tmp_path: Path) -> None:
    closed = pipeline().local()
    (tmp_path / "a.txt").write_text("x")
    for use in (lambda: closed.run(tmp_path), closed.follow, lambda: closed.emulator, lambda: closed.stack):
        with pytest.raises(LocalRunError) as refused:
            use()
        assert str(refused.value) == (
            "the session is not open\n  where: pipeline 'sessions'\n  mend:  use it in a with statement"
        )
    closed.close()


def test_stack_that_aws_would_not_hold_is_refused_before_anything_starts() -> None:
    # a function's environment has room for 4,096 bytes, and these places take more
    triggers = [lk.S3Trigger(f"inbox-{number}", prefix="p" * 900) for number in range(5)]
    handle = lk.S3Storage("results").with_sources(*triggers)

    def never() -> Any:
        pytest.fail("the embedded AWS was started")

    with pytest.raises(QuotaError), lk.Pipeline("large", handle).local(start=never):
        pass


def test_files_that_cannot_be_put_are_told_and_the_session_goes_on(
    session: LocalSession, tmp_path: Path
) -> None:
    with pytest.raises(InputsError):
        session.run([tmp_path / "missing.txt"])
    assert objects(session, session.bucket("inbox")) == {}


def test_every_output_of_a_document_with_many_is_seen(session: LocalSession, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_text("x" * (10 * MANY - 1))
    run = session.run(tmp_path, save=tmp_path / "saved")
    assert run.is_complete
    assert edge(run, "inbox -> chunks") == (1, 1, 0, 0)
    assert edge(run, "chunks -> results") == (MANY, 1, 0, MANY - 1)
    chunks = [one for one in run.document_records if one.node == "chunks"]
    assert len(chunks) == len({one.event for one in chunks}) == MANY
    [root] = [one for one in run.lineage.roots if one.node == "inbox"]
    assert len(root.children) == MANY


def test_saved_documents_stay_below_the_folder_whatever_the_key(
    session: LocalSession, tmp_path: Path
) -> None:
    folder = tmp_path / "a" / "saved"
    (tmp_path / "short.txt").write_text("short")
    run = session.run(tmp_path / "short.txt", save=folder)
    kept = [one.url for one in run.document_records if one.node == "results"]
    assert all("/../up" in url for url in kept)
    saved = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "short.txt"]
    assert len(saved) == len(kept)
    assert all(path.is_relative_to(folder / "results") for path in saved)
    assert "short" in [path.read_text() for path in saved]


def test_same_file_again_is_an_upload_of_its_own(session: LocalSession, tmp_path: Path) -> None:
    (tmp_path / "again.txt").write_text("again")
    before = edge(session.follow(), "bucket -> inbox")
    first, second = session.run(tmp_path), session.run(tmp_path)
    assert edge(first, "bucket -> inbox") == (before[0] + 1, before[1] + 1, 0, 0)
    assert edge(second, "bucket -> inbox") == (before[0] + 2, before[1] + 2, 0, 0)
    assert second.is_complete
    assert len(second.names) == len(first.names)


def test_progress_only_grows(session: LocalSession, moments: list[Progress], tmp_path: Path) -> None:
    del moments[:]
    for number in range(20):
        (tmp_path / f"{number}.txt").write_text("0123456789" * 5)
    session.run(tmp_path)
    assert [one.stage for one in moments][:20] == [f"putting documents ({n})" for n in range(1, 21)]
    running = [one for one in moments if one.stage == "running"]
    assert [one.known for one in running] == sorted(one.known for one in running)
    assert all(0 <= one.done <= one.known for one in running)
    assert running[-1].done == running[-1].known


def test_run_that_is_not_quiet_in_time_says_where_messages_wait(
    session: LocalSession, tmp_path: Path
) -> None:
    (tmp_path / "slow.txt").write_text("slow")
    usual, session.timeout = session.timeout, timedelta(seconds=1)
    pause(session, "chunks")
    try:
        with pytest.raises(RunTimeoutError) as late:
            session.run(tmp_path)
    finally:
        session.timeout = usual
        resume(session, "chunks")
    assert str(late.value) == (
        "not quiet after 0:00:01: chunks: 1 waiting, 0 in flight or to be retried\n"
        "  where: the local run\n"
        "  mend:  set a longer timeout=..., or a shorter visibility_timeout, which is how long a retry waits"
    )
    assert session.follow().is_complete  # the session is none the worse for it


def test_lost_message_is_missing_in_the_account(session: LocalSession) -> None:
    # the last test of this session: its account stays open
    pause(session, "chunks")
    session.client("s3").put_object(Bucket=session.bucket("inbox"), Key="in/lost.txt", Body=b"lost")
    eventually(lambda: waiting(session, "chunks") == 1)
    session.client("sqs").purge_queue(QueueUrl=session.stack.id("chunks", Kind.QUEUE))
    run = session.follow()
    assert not run.is_complete
    assert {one.edge: one.missing for one in run.accounts if one.missing} == {"inbox -> chunks": 1}
    assert "NOT COMPLETE" in repr(run)


# What a deployer may change behind the template's back, and how the refusal names it.
CHANGES: dict[str, Callable[[LocalSession], object]] = {
    "ChunksQueue.VisibilityTimeout is '7', not 360": lambda at: at.client("sqs").set_queue_attributes(
        QueueUrl=at.stack.id("chunks", Kind.QUEUE), Attributes={"VisibilityTimeout": "7"}
    ),
    "ChunksQueuePolicy.PolicyDocument is": lambda at: at.client("sqs").set_queue_attributes(
        QueueUrl=at.stack.id("chunks", Kind.QUEUE), Attributes={"Policy": ""}
    ),
    "ChunksDeadLetters.RedriveAllowPolicy is": lambda at: at.client("sqs").set_queue_attributes(
        QueueUrl=at.stack.id("chunks", Kind.DEAD_LETTERS),
        Attributes={"RedriveAllowPolicy": json.dumps({"redrivePermission": "allowAll"})},
    ),
    "ChunksTopicPolicy.PolicyDocument is": lambda at: at.client("sns").set_topic_attributes(
        TopicArn=at.stack.arn("chunks", Kind.TOPIC),
        AttributeName="Policy",
        AttributeValue=json.dumps({"Version": "2012-10-17", "Statement": []}),
    ),
    "ResultsFromChunksSubscription.FilterPolicy is": lambda at: at.client("sns").set_subscription_attributes(
        SubscriptionArn=at.stack.physical["ResultsFromChunksSubscription"],
        AttributeName="FilterPolicy",
        AttributeValue="{}",
    ),
    "ChunksStorePolicy.PolicyDocument is": lambda at: at.client("s3").put_bucket_policy(
        Bucket=at.bucket("chunks"), Policy=json.dumps(_OPEN)
    ),
    "PipelineCache.PublicAccessBlockConfiguration is": lambda at: at.client("s3").put_public_access_block(
        Bucket=at.stack.physical[CACHE], PublicAccessBlockConfiguration={"BlockPublicAcls": False}
    ),
    "InboxStore.NotificationConfiguration is [], not": lambda at: at.client(
        "s3"
    ).put_bucket_notification_configuration(Bucket=at.bucket("inbox"), NotificationConfiguration={}),
    "ChunksRole.Policies is ['node', 'more'], not ['node']": lambda at: at.client("iam").put_role_policy(
        RoleName=at.stack.id("chunks", Kind.ROLE), PolicyName="more", PolicyDocument=json.dumps(_ALL)
    ),
    "ResultsRole.Policies.PolicyDocument is": lambda at: at.client("iam").put_role_policy(
        RoleName=at.stack.id("results", Kind.ROLE), PolicyName="node", PolicyDocument=json.dumps(_ALL)
    ),
    "ChunksFunction.Timeout is 9, not 60": lambda at: at.client("lambda").update_function_configuration(
        FunctionName=at.stack.id("chunks", Kind.FUNCTION), Timeout=9
    ),
    "ChunksMapping.BatchSize is 3, not 5": lambda at: at.client("lambda").update_event_source_mapping(
        UUID=at.stack.id("chunks", Kind.MAPPING), BatchSize=3
    ),
}
_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_OPEN = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::x"}
    ],
}


@pytest.fixture(scope="module")
def changed(emulator: LocalEmulator) -> Iterator[LocalSession]:
    """A session of its own on the shared embedded AWS: its stack is changed and never mended."""
    held = pipeline("changed").local(start=lambda: _Shared(emulator))
    with held as running:
        yield running


class _Shared:
    """The shared embedded AWS, which a session's end leaves running."""

    def __init__(self, emulator: LocalEmulator) -> None:
        self._emulator = emulator

    def __getattr__(self, name: str) -> Any:
        return getattr(self._emulator, name)

    def stop(self) -> None:
        """Leave it running."""


def test_read_back_accepts_the_stack_as_it_was_deployed(changed: LocalSession) -> None:
    assert read_back(changed.emulator, changed.stack) == ()


def test_read_back_applies_what_was_forgotten(changed: LocalSession) -> None:
    changed.client("s3").delete_bucket_lifecycle(Bucket=changed.bucket("chunks"))
    assert read_back(changed.emulator, changed.stack) == ("ChunksStore: lifecycle rules",)
    assert read_back(changed.emulator, changed.stack) == ()


@pytest.mark.parametrize("told", CHANGES)
def test_read_back_refuses_a_stack_that_does_not_hold_its_template(told: str, changed: LocalSession) -> None:
    CHANGES[told](changed)
    with pytest.raises(DeploymentError) as refused:
        read_back(changed.emulator, changed.stack)
    assert refused.value.fault.what.startswith("the embedded AWS does not hold what the template says: ")
    assert told in refused.value.fault.what
    assert refused.value.fault.where == "stack 'changed'"
    assert refused.value.fault.mend.startswith("a run would prove nothing")


def test_template_that_is_no_template_is_told_with_cloudformations_own_reason(
    emulator: LocalEmulator,
) -> None:
    graph = pipeline("refused")
    template = deepcopy(graph.template())
    template["Resources"]["ChunksQueue"]["Type"] = "AWS::Nowhere::Thing"
    with pytest.raises(DeploymentError) as refused:
        deploy(emulator, "refused", template, {step.code() for step in graph.nodes.values()})
    assert str(refused.value) == (
        "the embedded AWS refused the template: Template format error: Unrecognized resource types: "
        "[AWS::Nowhere::Thing]\n  where: stack 'refused'\n"
        "  mend:  mend what the reason names; if the template is right, the embedded AWS lacks something"
    )


def test_resource_that_cannot_be_made_is_told_and_what_was_started_ends() -> None:
    started: list[int] = []

    def start() -> LocalEmulator:
        emulator = start_emulator()
        started.append(emulator.pid)
        # the name of the trigger's bucket is taken
        emulator.client("s3").create_bucket(Bucket="sessions-inbox-111122223333-us-east-1")
        return emulator

    with pytest.raises(DeploymentError) as refused, pipeline().local(start=start):
        pass
    assert "the embedded AWS refused the template: InboxStore: " in str(refused.value)
    assert "'sessions-inbox-111122223333-us-east-1' already exists. (ROLLBACK_COMPLETE)" in str(refused.value)
    assert not psutil.pid_exists(started[0])


FULL = "mount -t tmpfs -o size=4m tmpfs {folder} && exec env TMPDIR={folder} {python} -m lakenb demo {file}"


def test_full_disk_is_one_clear_error(tmp_path: Path) -> None:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        pytest.skip("a full disk is made with Linux's unshare and tmpfs")
    if subprocess.run(["unshare", "-rm", "true"], check=False).returncode:  # noqa: S607 - Debian's own
        pytest.skip("this user may not make a namespace to mount a small disk in")
    (tmp_path / "a.txt").write_text("A letter.")
    (tmp_path / "full").mkdir()
    program = FULL.format(folder=tmp_path / "full", python=sys.executable, file=tmp_path / "a.txt")
    command = ["unshare", "-rm", "sh", "-c", program]
    said = subprocess.run(command, text=True, capture_output=True, check=False, cwd=ROOT)
    assert said.returncode == 2
    assert "lakenb: there is no space left" in said.stderr
    assert "mend:  free some space" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_session_over_several_cells_ends_by_close_and_by_being_forgotten() -> None:
    pids = []
    for forgets in (False, True):
        session = pipeline().local().open()
        pids.append(session.emulator.pid)  # type: ignore[attr-defined]  # of the embedded AWS, not of the seam
        assert psutil.pid_exists(pids[-1])
        if forgets:
            del session  # as a cell does that runs again
            gc.collect()
        else:
            session.close()
        assert not psutil.pid_exists(pids[-1])
    assert len(set(pids)) == 2
