"""Documents under a key on the embedded AWS: the key is asked each time, and a missing statement is felt."""

from __future__ import annotations

import contextlib
import hashlib
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import lakenb as lk
from lakenb.template.key_names import PIPELINE_KEY
from lakenb.template.names import Kind
from tests.backends.local.embedded import eventually
from tests.backends.local.sessions import edge
from tests.keyed import letters, on_given_bucket

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

LETTER = "A first sentence. A second one, which is longer. A third. " * 20


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    """A folder with one letter."""
    (tmp_path / "letter.txt").write_text(LETTER)
    return tmp_path


def asked(session: LocalSession) -> set[tuple[str, str, str]]:
    """Return who asked a key for what, and the answer: nodes by their ids, services by their names."""
    roles = {session.stack.id(node, Kind.ROLE): node for node in session.graph.nodes}
    return {
        (roles.get(one.principal.split("/")[1], one.principal) if "/" in one.principal else one.principal,
         one.action, one.outcome)
        for one in session.emulator.decisions()
        if one.action.startswith("kms:")
    }  # fmt: skip


@pytest.mark.parametrize("key_per", ["pipeline", "node", "store"])
def test_a_document_passes_and_every_key_on_its_way_is_asked(letter: Path, key_per: Any) -> None:
    with letters(lk.Key(), key_per).local() as session:
        run = session.run(letter)
        found = asked(session)
        own = next(one.url for one in run.document_records if one.node == "sentences")
        attempt = session.attempt("sentences", "s3:GetObject", own)
    assert run.failures == ()
    assert run.is_complete
    roles = {(node, action) for node, action, answer in found if answer == "ALLOWED"}
    for node in ("inbox", "sentences", "results"):
        assert (node, "kms:Decrypt") in roles
    assert {("sentences", "kms:GenerateDataKey"), ("results", "kms:GenerateDataKey")} <= roles
    assert {
        ("s3.amazonaws.com", "kms:GenerateDataKey"),
        ("sns.amazonaws.com", "kms:GenerateDataKey"),
        ("logs.us-east-1.amazonaws.com", "kms:GenerateDataKey"),
    } <= roles
    assert [one for one in found if one[2] != "ALLOWED"] == []
    # the key lets 'sentences' decrypt what it puts, for uploads in parts; reading it back stays refused
    assert not attempt.allowed
    assert "s3:GetObject" in str(attempt)


def test_everything_is_under_its_key_after_deployment() -> None:
    with letters(lk.Key(data_key_reuse=timedelta(minutes=10))).local() as session:
        key = session.stack.physical[PIPELINE_KEY]
        arn = session.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        url = session.stack.id("sentences", Kind.QUEUE)
        queue = session.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        bucket = session.client("s3").get_bucket_encryption(Bucket=session.bucket("sentences"))
        topic = session.client("sns").get_topic_attributes(TopicArn=session.stack.arn("inbox", Kind.TOPIC))
    (rule,) = bucket["ServerSideEncryptionConfiguration"]["Rules"]
    assert (queue["KmsMasterKeyId"], queue["KmsDataKeyReusePeriodSeconds"]) == (arn, "600")
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn}
    assert rule["BucketKeyEnabled"] is True
    assert topic["Attributes"]["KmsMasterKeyId"] == arn


def without(session: LocalSession, node: str, sid: str) -> None:
    """Take a statement out of a node's role; without a node out of the key's policy."""
    if node:
        iam, role = session.client("iam"), session.stack.id(node, Kind.ROLE)
        document = iam.get_role_policy(RoleName=role, PolicyName="node")["PolicyDocument"]
        document = json.loads(document) if isinstance(document, str) else document
        kept = [one for one in document["Statement"] if one["Sid"] != sid]
        assert len(kept) == len(document["Statement"]) - 1
        text = json.dumps(document | {"Statement": kept})
        iam.put_role_policy(RoleName=role, PolicyName="node", PolicyDocument=text)
        return
    kms, key = session.client("kms"), session.stack.physical[PIPELINE_KEY]
    document = json.loads(kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    kept = [one for one in document["Statement"] if one["Sid"] != sid]
    assert len(kept) == len(document["Statement"]) - 1
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document | {"Statement": kept}))


def refused(session: LocalSession, who: str, action: str) -> bool:
    return any(one == (who, action, "IMPLICITLY_DENIED") for one in asked(session))


# The statement that is taken away while the stack stands, and who is then refused what by name.
DELETED = {
    "a node's reads": ("sentences", "ReadUnderKey", "sentences", "kms:Decrypt"),
    "a node's puts": ("sentences", "PutUnderKey", "sentences", "kms:GenerateDataKey"),
    "a node's publishing": ("sentences", "PublishUnderKey", "sentences", "kms:GenerateDataKey"),
    "a node's queue": ("sentences", "SendUnderKey", "sentences", "kms:Decrypt"),
    "SNS to the queues": ("", "SnsDelivers", "sns.amazonaws.com", "kms:GenerateDataKey"),
    "S3 to the queue": ("", "S3Notifies", "s3.amazonaws.com", "kms:GenerateDataKey"),
    "the logs": ("", "LogsEncrypts", "logs.us-east-1.amazonaws.com", "kms:GenerateDataKey"),
    "the account": ("", "AccountDecides", "inbox", "kms:Decrypt"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DELETED)
def test_a_statement_that_is_taken_away_is_felt_by_name(name: str) -> None:
    node, sid, who, action = DELETED[name]
    with letters(lk.Key()).local() as session:
        session.client("s3").put_object(
            Bucket=session.bucket("inbox"), Key="letters/first.txt", Body=LETTER.encode()
        )
        eventually(lambda: ("results", "kms:Decrypt", "ALLOWED") in asked(session))
        assert not refused(session, who, action)
        without(session, node, sid)
        with contextlib.suppress(ClientError):  # without the account's statement the deployer is refused, too
            session.client("s3").put_object(
                Bucket=session.bucket("inbox"), Key="letters/second.txt", Body=LETTER.encode()
            )
        eventually(lambda: refused(session, who, action))


def test_a_rule_brings_events_to_a_queue_under_a_key(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    with on_given_bucket(lk.Key()).local() as session:
        run = session.run(tmp_path)
        found = asked(session)
    assert run.failures == ()
    assert run.is_complete
    assert ("events.amazonaws.com", "kms:GenerateDataKey", "ALLOWED") in found


@pytest.mark.slow
def test_a_document_of_100_mb_passes_in_parts_under_a_key(tmp_path: Path) -> None:
    line, lines = b"A line of a long letter, over and over again; 64 bytes with end.\n", 100 * 2**20 // 65
    with zipfile.ZipFile(tmp_path / "large.zip", "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("large.txt", line * lines)
    unzip = lk.ZipInflate("unzip", timeout=timedelta(minutes=5))
    end = lk.S3Trigger("inbox").pipe(unzip).pipe(lk.S3Storage("results", timeout=timedelta(minutes=5)))
    with lk.Pipeline("large", end, key=lk.Key()).local() as session:
        run = session.run(tmp_path)
        (made,) = (one for one in run.document_records if one.node == "unzip")
        digest = hashlib.sha256(session.read(made.url)).hexdigest()
        found = asked(session)
        attempt = session.attempt("unzip", "s3:GetObject", made.url)
    assert run.failures == ()
    assert edge(run, "unzip -> results") == (1, 1, 0, 0)
    assert digest == hashlib.sha256(line * lines).hexdigest()
    assert {("unzip", "kms:GenerateDataKey", "ALLOWED"), ("unzip", "kms:Decrypt", "ALLOWED")} <= found
    assert not attempt.allowed
