"""A trigger on a given queue, end to end: what lies within its places goes through, all else is refused."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.probe import Call
from lakenb.backends.local.sending import event_about, send
from lakenb.errors import DeploymentError, LocalRunError
from lakenb.events import S3Location
from tests.backends.local.sessions import edge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.emulator import LocalEmulator
    from lakenb.backends.local.session import LocalSession

# another account and region than the embedded AWS's own: the run is that account then
QUEUE = "arn:aws:sqs:eu-central-1:444455556666:orders"


def pipeline(**options: Any) -> lk.Pipeline:
    intake = lk.SqsTrigger("intake", queue=QUEUE, documents_in=["s3://contracts/in/", "s3://offers/"])
    chunks = intake.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    return lk.Pipeline("orders", chunks.pipe(lk.S3Storage("results").with_sources(intake)), **options)


@pytest.fixture(scope="module")
def session() -> Iterator[LocalSession]:
    with pipeline().local() as running:
        yield running


def other_queue(session: LocalSession) -> str:
    url: str = session.client("sqs").create_queue(QueueName="somebody-elses")["QueueUrl"]
    return url


def put(session: LocalSession, url: str) -> S3Location:
    place = S3Location.from_url(url)
    session.client("s3").put_object(Bucket=place.bucket, Key=place.key, Body=b"A sentence.")
    return place


def test_documents_come_by_a_given_queue_of_another_account(session: LocalSession, tmp_path: Path) -> None:
    for name in ("a b+c.txt", "日本語.txt"):
        (tmp_path / name).write_text("A sentence. " * 5)
    run = session.run(tmp_path)
    assert run.is_complete
    assert edge(run, "queue -> intake") == (2, 2, 0, 0)
    assert edge(run, "intake -> results") == (2, 2, 0, 0)
    assert {one.url for one in run.document_records if one.node == "intake"} == {
        S3Location("contracts", f"in/{name}").url for name in ("a b+c.txt", "日本語.txt")
    }
    assert any(
        "The given queue 'orders' has a policy, a key and a redrive of its owner's" in one
        for one in run.unenforced
    )
    assert len(session.disagreement_records()) == 0


def test_an_event_that_points_outside_is_refused_and_one_within_another_place_passes(
    session: LocalSession,
) -> None:
    session.client("s3").create_bucket(
        Bucket="secrets", CreateBucketConfiguration={"LocationConstraint": session.emulator.region}
    )
    for url in ("s3://offers/deep/x.txt", "s3://contracts/out/x.txt", "s3://secrets/in/x.txt"):
        send(session.emulator, QUEUE, event_about(session.emulator, put(session, url)))
    run = session.follow()
    made = {one.url for one in run.document_records if one.node == "intake"}
    assert "s3://offers/deep/x.txt" in made
    refused = {one.url: (one.node, one.kind) for one in run.failures}
    assert refused == {
        "s3://contracts/out/x.txt": ("intake", "ForeignUrl"),
        "s3://secrets/in/x.txt": ("intake", "ForeignUrl"),
    }
    assert not made & refused.keys()


def test_consumers_read_within_the_places_and_nowhere_else(session: LocalSession) -> None:
    for url in ("s3://contracts/in/y.txt", "s3://contracts/other.txt"):
        put(session, url)
    for node in ("chunks", "results"):
        assert session.attempt(node, "s3:GetObject", "s3://contracts/in/y.txt").allowed
        assert not session.attempt(node, "s3:GetObject", "s3://contracts/other.txt").allowed
        assert not session.attempt(node, "s3:PutObject", "s3://contracts/in/y.txt").allowed
        assert not session.attempt(node, "s3:ListBucket", "s3://contracts/in/y.txt").allowed


def test_the_triggers_role_receives_from_its_queue_alone_and_opens_nothing(session: LocalSession) -> None:
    own = session.client("sqs").get_queue_url(QueueName="orders")["QueueUrl"]
    put(session, "s3://contracts/in/z.txt")
    answers = session.probe(
        "intake",
        [
            Call("sqs", "get_queue_attributes", {"QueueUrl": own}),
            Call("sqs", "receive_message", {"QueueUrl": other_queue(session)}),
            Call("sqs", "send_message", {"QueueUrl": own, "MessageBody": "forged"}),
            Call("s3", "get_object", {"Bucket": "contracts", "Key": "in/z.txt"}),
        ],
    )
    assert [answer.allowed for answer in answers] == [True, False, False, False]
    assert session.attempt("intake", "sqs:ReceiveMessage", "intake.dead-letters").allowed is False
    assert session.attempt("deployer", "sqs:ReceiveMessage", "intake.queue").allowed


def test_without_the_right_to_receive_nothing_is_deployed() -> None:
    template = copy.deepcopy(pipeline().template())
    inline = template["Resources"]["IntakeRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    inline["Statement"] = [one for one in inline["Statement"] if one["Sid"] != "ReceiveQueue"]
    with (
        pytest.raises(DeploymentError, match="does not have permissions to call ReceiveMessage on SQS"),
        pipeline().local(template=template),
    ):
        pass


def test_queues_of_two_accounts_and_queues_of_an_app_are_told_beforehand() -> None:
    def run(*queues: str) -> None:
        triggers = [
            lk.SqsTrigger(f"t{n}", queue=queue, documents_in=["s3://docs/"]) for n, queue in enumerate(queues)
        ]
        with lk.Pipeline("orders", lk.S3Storage("results").with_sources(*triggers)).local():
            pass

    with pytest.raises(
        LocalRunError, match="the queues of 't0' and 't1' lie in different accounts or regions"
    ):
        run(QUEUE, QUEUE.replace("444455556666", "111122223333"))
    with pytest.raises(LocalRunError, match="the queue of 't0' is one of a CDK app"):
        run("${Token[TOKEN.7]}")


def test_an_embedded_aws_of_another_account_is_refused_with_its_mend() -> None:
    def start() -> LocalEmulator:
        return start_emulator(region="eu-central-1")

    with (
        pytest.raises(
            LocalRunError, match="one of account 444455556666 in eu-central-1, and the embedded AWS"
        ),
        pipeline().local(start=start),
    ):
        pass


def test_a_pipeline_under_a_key_runs_on_a_given_queue(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("A sentence.")
    with pipeline(key=lk.Key()).local() as session:
        run = session.run(tmp_path)
    assert run.is_complete
    assert json.loads(json.dumps(edge(run, "queue -> intake"))) == [1, 1, 0, 0]
