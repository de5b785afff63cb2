"""What a node tries, in the pipeline's own names: the denial beside the permission."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.backends.local.attempts import what_decided
from lakenb.backends.local.probe import Call
from lakenb.backends.local.seam import RawDecision
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.session import LocalSession


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSession]:
    folder = tmp_path_factory.mktemp("letters")
    (folder / "one.txt").write_text("A letter.\n\nOf two paragraphs.\n")
    with letters().local() as session:
        session.run([folder / "one.txt"])
        yield session


def test_a_read_of_the_producers_document_names_the_statement(aws: LocalSession) -> None:
    tried = aws.attempt("paragraphs", "s3:GetObject", "inbox/letters/one.txt")
    assert (tried.allowed, tried.status, tried.decided_by) == (
        True,
        200,
        "the identity-based policy's statement ReadSources",
    )
    assert repr(tried) == (
        "ALLOWED  paragraphs · s3:GetObject on inbox/letters/one.txt\n"
        "         by the identity-based policy's statement ReadSources"
    )


def test_a_write_there_brings_the_servers_own_sentence(aws: LocalSession) -> None:
    tried = aws.attempt("paragraphs", "s3:PutObject", "inbox/letters/one.txt")
    assert (tried.allowed, tried.status, tried.code) == (False, 403, "AccessDenied")
    assert "is not authorized to perform: s3:PutObject" in tried.message
    assert "because no identity-based policy allows the s3:PutObject action" in tried.message
    assert repr(tried).startswith("DENIED   paragraphs · s3:PutObject on inbox/letters/one.txt\n")


def test_what_other_functions_do_meanwhile_decides_nothing() -> None:
    def read(role: str, resource: str, sid: str) -> RawDecision:
        principal = f"arn:aws:sts::111122223333:assumed-role/{role}/f"
        return RawDecision(
            0.0, "iam", "", principal, "s3:GetObject", resource, "ALLOWED", "identity", sid, ""
        )

    decisions = (
        read("letters-SentencesRole-1", "arn:aws:s3:::inbox/letters/one.txt", "Debugging"),
        read("letters-SentencesRole-1", "arn:aws:s3:::paragraphs/0.txt", "ReadSources"),
        read("letters-InboxRole-1", "arn:aws:s3:::inbox/letters/one.txt", "ReadSources"),
    )
    call = Call("s3", "get_object", {"Bucket": "inbox", "Key": "letters/one.txt"})
    said = what_decided(decisions, "letters-SentencesRole-1", "s3:GetObject", call)
    assert said == "the identity-based policy's statement Debugging"
    assert what_decided(decisions, "letters-ResultsRole-1", "s3:GetObject", call) == ""


def test_the_deployer_may_what_the_node_may_not(aws: LocalSession) -> None:
    assert not aws.attempt("sentences", "s3:GetObject", "inbox/letters/one.txt").allowed
    assert aws.attempt("deployer", "s3:GetObject", "inbox/letters/one.txt").allowed
    missing = aws.attempt("deployer", "s3:GetObject", "inbox/letters/none.txt")
    assert (missing.allowed, missing.code) == (False, "NoSuchKey")


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:PutObject", "cache/sentences/x", True),
        ("s3:PutObject", "cache/sentences-2/x", False),
        ("s3:PutObject", "cache/paragraphs/x", False),
        ("s3:GetObject", "cache/sentences/x", True),
        ("s3:DeleteObject", "cache/sentences/x", False),
        ("s3:ListBucket", "paragraphs", False),
        ("s3:ListBucket", "cache", False),
        ("sqs:SendMessage", "sentences.dead-letters", True),
        ("sqs:SendMessage", "paragraphs.dead-letters", False),
        ("sqs:ReceiveMessage", "sentences.queue", True),
        ("sqs:ReceiveMessage", "results.queue", False),
        ("sns:Publish", "paragraphs.topic", False),
    ],
)
def test_each_sort_of_resource_can_be_tried(
    aws: LocalSession, action: str, resource: str, *, allowed: bool
) -> None:
    assert aws.attempt("sentences", action, resource).allowed is allowed


@pytest.mark.parametrize(
    ("node", "action", "resource", "said"),
    [
        ("sentence", "s3:GetObject", "cache/x", "'sentence' is not a node of this pipeline"),
        ("sentences", "s3:Get", "cache/x", "did you mean s3:GetObject"),
        ("sentences", "s3:GetObject", "cash/x", "'cash' is not a node or the cache"),
        ("sentences", "s3:GetObject", "cache", "'cache' names no key"),
        ("sentences", "sqs:SendMessage", "sentences.qeue", "did you mean queue"),
    ],
)
def test_a_wrong_name_is_told_with_a_near_one(
    aws: LocalSession, node: str, action: str, resource: str, said: str
) -> None:
    with pytest.raises(lk.OptionError, match=said):
        aws.attempt(node, action, resource)


def test_a_documents_url_is_told_by_the_pipelines_names(aws: LocalSession) -> None:
    url = f"s3://{aws.bucket('inbox')}/letters/one.txt"
    assert aws.attempt("paragraphs", "s3:GetObject", url).resource == "inbox/letters/one.txt"
    strange = "s3://somebody-elses/one.txt"
    refused = aws.attempt("paragraphs", "s3:GetObject", strange)
    assert (refused.resource, refused.allowed) == (strange, False)


def test_a_node_without_a_store_is_told() -> None:
    inbox = lk.S3Trigger("inbox")
    pipe = lk.Pipeline("passing", inbox.pipe(lk.Passthrough("seen")).pipe(lk.S3Storage("results")))
    with pipe.local() as session, pytest.raises(lk.OptionError, match="'seen' has no store of its own"):
        session.attempt("results", "s3:GetObject", "seen/a.txt")


def test_a_hole_in_an_edited_template_is_open_on_the_embedded_aws() -> None:
    pipe = letters()
    template = pipe.template()
    role = template["Resources"]["SentencesRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    role["Statement"].append(
        {"Sid": "Debugging", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*"}
    )
    [hole] = [found for found in pipe.verify(template).findings if found.claim == "P1"]

    key = hole.request[2].removeprefix("inbox/")
    with pipe.local(template=template) as session:
        session.client("s3").put_object(Bucket=session.bucket("inbox"), Key=key, Body=b"x")
        opened = session.attempt(*hole.request)
    with pipe.local() as session:
        session.client("s3").put_object(Bucket=session.bucket("inbox"), Key=key, Body=b"x")
        mended = session.attempt(*hole.request)

    assert hole.request[:2] == ("sentences", "s3:GetObject")
    assert opened.allowed
    assert not mended.allowed
