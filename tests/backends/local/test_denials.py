"""A deployed function, with its role's own credentials, is refused what the model does not grant.

Beside each denial stands the same call with the deployer's key, which the server carries out: what refused
the function was IAM, not a misspelt name.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import lakenb as lk
from lakenb.backends.local.probe import Answer, Call
from lakenb.template.names import CACHE, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.backends.local.seam import RawDecision
    from lakenb.backends.local.session import LocalSession

S3 = "arn:aws:s3:::"


def pipeline() -> lk.Pipeline:
    """Return two splitters in a row whose ids are each other's start, a sibling, and a store."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    first = inbox.pipe(lk.RecursiveCharacterTextSplitter("n-1", chunk_size=400, chunk_overlap=0))
    second = first.pipe(lk.RecursiveCharacterTextSplitter("n-10", chunk_size=80, chunk_overlap=0))
    sibling = inbox.pipe(lk.RecursiveCharacterTextSplitter("sibling"))
    return lk.Pipeline("denials", second.pipe(lk.S3Storage("results")).with_sources(sibling))


@dataclass(frozen=True)
class Place:
    """What the cases name: buckets, queues and topics of the deployed stack."""

    session: LocalSession

    def store(self, node: str) -> str:
        return self.session.bucket(node)

    @property
    def cache(self) -> str:
        return self.session.stack.physical[CACHE]

    def queue(self, node: str, kind: Kind = Kind.QUEUE) -> str:
        return self.session.stack.id(node, kind)

    def arn(self, node: str, kind: Kind) -> str:
        return self.session.stack.arn(node, kind)


@dataclass(frozen=True)
class Case:
    """One call of one node's function: what it is in IAM's words, and how it is made."""

    node: str
    action: str
    resource: Callable[[Place], str]
    call: Callable[[Place], Call]


def on_object(
    node: str,
    operation: str,
    action: str,
    bucket: Callable[[Place], str],
    key: str,
    **parameters: Any,
) -> Case:
    """Return the case of a call on one object."""
    return Case(
        node,
        action,
        lambda at: f"{S3}{bucket(at)}/{key}",
        lambda at: Call("s3", operation, {"Bucket": bucket(at), "Key": key, **parameters}),
    )


def get(node: str, bucket: Callable[[Place], str], key: str) -> Case:
    return on_object(node, "get_object", "s3:GetObject", bucket, key)


def head(node: str, bucket: Callable[[Place], str], key: str) -> Case:
    return on_object(node, "head_object", "s3:GetObject", bucket, key)


def put(node: str, bucket: Callable[[Place], str], key: str) -> Case:
    return on_object(node, "put_object", "s3:PutObject", bucket, key, Body="forged")


def delete(node: str, bucket: Callable[[Place], str], key: str) -> Case:
    return on_object(node, "delete_object", "s3:DeleteObject", bucket, key)


def of(node: str) -> Callable[[Place], str]:
    return lambda at: at.store(node)


def cache(at: Place) -> str:
    return at.cache


def on_bucket(node: str, operation: str, action: str, bucket: Callable[[Place], str], **extra: Any) -> Case:
    """Return the case of a call on a bucket."""
    return Case(
        node,
        action,
        lambda at: f"{S3}{bucket(at)}",
        lambda at: Call("s3", operation, {"Bucket": bucket(at), **extra}),
    )


def on_queue(node: str, operation: str, action: str, other: str, kind: Kind, **parameters: Any) -> Case:
    """Return the case of a call on another node's queue."""
    return Case(
        node,
        action,
        lambda at: at.arn(other, kind),
        lambda at: Call("sqs", operation, {"QueueUrl": at.queue(other, kind), **parameters}),
    )


def on_topic(node: str, operation: str, action: str, other: str, **parameters: Any) -> Case:
    """Return the case of a call on a topic."""
    return Case(
        node,
        action,
        lambda at: at.arn(other, Kind.TOPIC),
        lambda at: Call("sns", operation, {"TopicArn": at.arn(other, Kind.TOPIC), **parameters}),
    )


def copy(node: str, source: str, source_key: str) -> Case:
    """Return the case of copying somebody's document into the own store: a read by another name."""
    return Case(
        node,
        "s3:GetObject",
        lambda at: f"{S3}{at.store(source)}/{source_key}",
        lambda at: Call(
            "s3",
            "copy_object",
            {
                "Bucket": at.store(node),
                "Key": "made/copied",
                "CopySource": {"Bucket": at.store(source), "Key": source_key},
            },
        ),
    )


TAGS = {"TagSet": [{"Key": "public", "Value": "yes"}]}
OPEN = {
    "BlockPublicAcls": False,
    "IgnorePublicAcls": False,
    "BlockPublicPolicy": False,
    "RestrictPublicBuckets": False,
}
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
# objects that lie there before anybody calls; deletions have objects of their own
ORIGINAL, OTHERS, MADE, ENTRY = "letters/original.txt", "private/diary.txt", "made/document", "entry"

DENIED = {
    # the cache: only below the own prefix
    "puts into another node's part of the cache": put("n-1", cache, "sibling/forged"),
    "puts into the part of the second instance of its kind": put("n-1", cache, "n-10/forged"),
    "puts into the part of the first instance of its kind": put("n-10", cache, "n-1/forged"),
    "puts beside its own part of the cache": put("n-1", cache, "n-1"),
    "puts into its own part's sibling by climbing": put("n-1", cache, "n-10/../n-1/forged"),
    "puts at the root of the cache": put("n-1", cache, "forged"),
    "puts into the cache under capitals": put("n-1", cache, "N-1/forged"),
    # reading: exactly what direct producers provide
    "reads the original behind a transforming node": get("n-10", of("inbox"), ORIGINAL),
    "looks at the original behind a transforming node": head("n-10", of("inbox"), ORIGINAL),
    "copies the original behind a transforming node": copy("n-10", "inbox", ORIGINAL),
    "the store reads the original": get("results", of("inbox"), ORIGINAL),
    "the store reads behind the last splitter": get("results", of("n-1"), MADE),
    "reads its own output": get("n-1", of("n-1"), MADE),
    "copies its own output": copy("n-1", "n-1", MADE),
    "reads its consumer's output": get("n-1", of("n-10"), MADE),
    "reads a sibling's store": get("n-1", of("sibling"), MADE),
    "the store reads what it holds": get("results", of("results"), MADE),
    "reads another prefix of the trigger's bucket": get("n-1", of("inbox"), OTHERS),
    "the trigger reads another prefix of its bucket": get("inbox", of("inbox"), OTHERS),
    "reads beside the prefix of the trigger's bucket": get("n-1", of("inbox"), "letters"),
    "the trigger reads what a splitter made": get("inbox", of("n-1"), MADE),
    "the trigger reads the cache": get("inbox", cache, f"n-1/{ENTRY}"),
    "reads a function's code": Case(
        "n-1",
        "s3:GetObject",
        lambda at: f"{S3}{assets(at)['Bucket']}/{assets(at)['Key']}",
        lambda at: Call("s3", "get_object", assets(at)),
    ),
    # listing
    "lists its source": on_bucket("n-1", "list_objects_v2", "s3:ListBucket", of("inbox")),
    "lists the prefix of its source that it may read": on_bucket(
        "n-1", "list_objects_v2", "s3:ListBucket", of("inbox"), Prefix="letters/"
    ),
    "lists its own store": on_bucket("n-1", "list_objects_v2", "s3:ListBucket", of("n-1")),
    "lists the cache": on_bucket("n-1", "list_objects_v2", "s3:ListBucket", cache),
    "lists its own part of the cache": on_bucket(
        "n-1", "list_objects_v2", "s3:ListBucket", cache, Prefix="n-1/"
    ),
    "lists unfinished uploads": on_bucket(
        "n-1", "list_multipart_uploads", "s3:ListBucketMultipartUploads", of("n-1")
    ),
    "lists all buckets": Case(
        "n-1", "s3:ListAllMyBuckets", lambda _: "*", lambda _: Call("s3", "list_buckets", {})
    ),
    # putting elsewhere
    "puts into its source": put("n-1", of("inbox"), "letters/forged"),
    "puts into its consumer's store": put("n-1", of("n-10"), "forged"),
    "puts into a sibling's store": put("n-1", of("sibling"), "forged"),
    "puts into the user's bucket": put("n-1", of("results"), "forged"),
    "the trigger puts into its own bucket": put("inbox", of("inbox"), "letters/forged"),
    "begins a long upload to its source": on_object(
        "n-1", "create_multipart_upload", "s3:PutObject", of("inbox"), "letters/forged"
    ),
    # changing what lies there
    "tags its own output": on_object(
        "n-1", "put_object_tagging", "s3:PutObjectTagging", of("n-1"), MADE, Tagging=TAGS
    ),
    "tags its source": on_object(
        "n-1", "put_object_tagging", "s3:PutObjectTagging", of("inbox"), ORIGINAL, Tagging=TAGS
    ),
    "opens its own output to others": on_object(
        "n-1", "put_object_acl", "s3:PutObjectAcl", of("n-1"), MADE, ACL="aws-exec-read"
    ),
    "puts its output open to everybody": on_object(
        "n-1", "put_object", "s3:PutObjectAcl", of("n-1"), "made/open", Body="x", ACL="public-read"
    ),
    "puts its output with tags": on_object(
        "n-1", "put_object", "s3:PutObjectTagging", of("n-1"), "made/tagged", Body="x", Tagging="public=yes"
    ),
    "locks its output": on_object(
        "n-1",
        "put_object_retention",
        "s3:PutObjectRetention",
        of("n-1"),
        MADE,
        Retention={"Mode": "COMPLIANCE", "RetainUntilDate": "2099-01-01T00:00:00Z"},
    ),
    "holds its output": on_object(
        "n-1", "put_object_legal_hold", "s3:PutObjectLegalHold", of("n-1"), MADE, LegalHold={"Status": "ON"}
    ),
    "reads its bucket's policy": on_bucket("n-1", "get_bucket_policy", "s3:GetBucketPolicy", of("n-1")),
    "opens its own bucket": on_bucket(
        "n-1",
        "put_public_access_block",
        "s3:PutBucketPublicAccessBlock",
        of("n-1"),
        PublicAccessBlockConfiguration=OPEN,
    ),
    # queues and topics
    "receives from another node's queue": on_queue(
        "n-1", "receive_message", "sqs:ReceiveMessage", "n-10", Kind.QUEUE
    ),
    "receives its own dead letters": on_queue(
        "n-1", "receive_message", "sqs:ReceiveMessage", "n-1", Kind.DEAD_LETTERS
    ),
    "receives another node's dead letters": on_queue(
        "n-1", "receive_message", "sqs:ReceiveMessage", "n-10", Kind.DEAD_LETTERS
    ),
    "sends to its consumer's queue, past the topic": on_queue(
        "n-1", "send_message", "sqs:SendMessage", "n-10", Kind.QUEUE, MessageBody="{}"
    ),
    "sends to its own queue": on_queue(
        "n-1", "send_message", "sqs:SendMessage", "n-1", Kind.QUEUE, MessageBody="{}"
    ),
    "sends to another node's dead letters": on_queue(
        "n-1", "send_message", "sqs:SendMessage", "n-10", Kind.DEAD_LETTERS, MessageBody="{}"
    ),
    "changes its own queue": on_queue(
        "n-1",
        "set_queue_attributes",
        "sqs:SetQueueAttributes",
        "n-1",
        Kind.QUEUE,
        Attributes={"ReceiveMessageWaitTimeSeconds": "1"},
    ),
    "publishes on another node's topic": on_topic("n-1", "publish", "sns:Publish", "n-10", Message="{}"),
    "publishes on its producer's topic": on_topic("n-1", "publish", "sns:Publish", "inbox", Message="{}"),
    "subscribes to its own topic": on_topic(
        "n-1",
        "subscribe",
        "sns:Subscribe",
        "n-1",
        Protocol="sqs",
        Endpoint="arn:aws:sqs:us-east-1:111122223333:elsewhere",
    ),
    # its own powers
    "widens its own role": Case(
        "n-1",
        "iam:PutRolePolicy",
        lambda at: at.arn("n-1", Kind.ROLE),
        lambda at: Call(
            "iam",
            "put_role_policy",
            {
                "RoleName": at.session.stack.id("n-1", Kind.ROLE),
                "PolicyName": "wider",
                "PolicyDocument": json.dumps(EVERYTHING),
            },
        ),
    ),
    "reads another function's configuration": Case(
        "n-1",
        "lambda:GetFunctionConfiguration",
        lambda at: at.arn("n-10", Kind.FUNCTION),
        lambda at: Call(
            "lambda",
            "get_function_configuration",
            {"FunctionName": at.session.stack.id("n-10", Kind.FUNCTION)},
        ),
    ),
    # deleting, last of all: with the deployer's key it is done
    "deletes its source": delete("n-1", of("inbox"), "letters/to delete"),
    "deletes its own output": delete("n-1", of("n-1"), "made/to delete"),
    "deletes what it cached": delete("n-1", cache, "n-1/to delete"),
    "deletes several outputs at once": Case(
        "n-1",
        "s3:DeleteObject",
        lambda at: f"{S3}{at.store('n-1')}/made/to delete too",
        lambda at: Call(
            "s3",
            "delete_objects",
            {"Bucket": at.store("n-1"), "Delete": {"Objects": [{"Key": "made/to delete too"}]}},
        ),
    ),
    "the store deletes what it holds": delete("results", of("results"), "made/to delete"),
    "purges another node's queue": on_queue("n-1", "purge_queue", "sqs:PurgeQueue", "n-10", Kind.QUEUE),
}
ALLOWED = {
    "reads what its producer provides": get("n-1", of("inbox"), ORIGINAL),
    "reads what its transforming producer made": get("n-10", of("n-1"), MADE),
    "puts into its own store": put("n-1", of("n-1"), "made/new"),
    "puts into its own part of the cache": put("n-1", cache, "n-1/new"),
    "the second instance puts into its own part of the cache": put("n-10", cache, "n-10/new"),
    "reads its own part of the cache": get("n-1", cache, f"n-1/{ENTRY}"),
    "reads what another node cached": get("n-1", cache, f"n-10/{ENTRY}"),
    "the store reads what its producers made": get("results", of("n-10"), MADE),
    "the store reads what its other producer made": get("results", of("sibling"), MADE),
    "the store puts what it keeps": put("results", of("results"), "output/new"),
    "the store copies what its producer made": copy("results", "n-10", MADE),
    "the trigger looks at what arrived": head("inbox", of("inbox"), ORIGINAL),
    "publishes on its own topic": on_topic("n-1", "publish", "sns:Publish", "n-1", Message="{}"),
    "sends to its own dead letters": on_queue(
        "n-1", "send_message", "sqs:SendMessage", "n-1", Kind.DEAD_LETTERS, MessageBody="{}"
    ),
}
# What IAM lets the deployer do and the bucket does not offer: there are no ACLs and no locks.
NOT_OFFERED = {
    "opens its own output to others": "AccessControlListNotSupported",
    "puts its output open to everybody": "AccessControlListNotSupported",
    "locks its output": "InvalidRequest",
    "holds its output": "InvalidRequest",
}


def assets(at: Place) -> dict[str, str]:
    """Return where the code of a function lies."""
    template = at.session.stack.template["Resources"]["N1Function"]["Properties"]["Code"]
    code = at.session.stack.resolve(template)
    return {"Bucket": code["S3Bucket"], "Key": code["S3Key"]}


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """A deployed pipeline at rest, with an object wherever a case reads or deletes one."""
    with pipeline().local() as session:
        at, s3 = Place(session), session.client("s3")
        objects = [
            *((at.store("inbox"), key) for key in (ORIGINAL, OTHERS, "letters", "letters/to delete")),
            *((at.store(node), key) for node in ("n-1", "n-10", "sibling", "results") for key in (MADE,)),
            *((at.cache, f"{node}/{name}") for node in ("n-1", "n-10") for name in (ENTRY, "to delete")),
            *((at.store(node), "made/to delete") for node in ("n-1", "results")),
            (at.store("n-1"), "made/to delete too"),
        ]
        for bucket, key in objects:
            s3.put_object(Bucket=bucket, Key=key, Body=b"text", ContentType="text/plain")
        session.follow()
        yield at


@pytest.fixture(scope="module")
def answers(place: Place) -> dict[str, Answer]:
    """What the server answered to the functions: one invocation a node for all of its cases."""
    of_node: dict[str, list[tuple[str, Call]]] = defaultdict(list)
    for name, case in (DENIED | ALLOWED).items():
        of_node[case.node].append((name, case.call(place)))
    told: dict[str, Answer] = {}
    for node, cases in of_node.items():
        answered = place.session.probe(node, [call for _, call in cases])
        told |= dict(zip((name for name, _ in cases), answered, strict=True))
    return told


@pytest.fixture(scope="module")
def deployers(place: Place, answers: dict[str, Answer]) -> dict[str, str]:
    """What the server answered to the deployer, afterwards and in the cases' order: error codes, or ''."""
    assert answers
    return {name: deployers_answer(place.session, case.call(place)) for name, case in DENIED.items()}


@pytest.fixture(scope="module")
def refusals(place: Place, deployers: dict[str, str]) -> tuple[RawDecision, ...]:
    """What the server itself noted as refused."""
    assert deployers
    return tuple(one for one in place.session.emulator.decisions() if one.outcome != "ALLOWED")


def deployers_answer(session: LocalSession, call: Call) -> str:
    """Make a call with the deployer's key and return the error's code, or nothing."""
    try:
        getattr(session.client(call.service), call.operation)(**call.parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.mark.parametrize("name", DENIED)
def test_function_is_refused_what_the_deployer_may(
    name: str,
    place: Place,
    answers: dict[str, Answer],
    deployers: dict[str, str],
    refusals: tuple[RawDecision, ...],
) -> None:
    case, answer = DENIED[name], answers[name]
    assert not answer.allowed
    assert answer.status == 403
    assert deployers[name] == NOT_OFFERED.get(name, "")
    resource, role = case.resource(place), place.session.stack.id(case.node, Kind.ROLE)
    wanted = (role, case.action, resource)
    noted = {one.message for one in refusals if (one.role, one.action, one.resource) == wanted}
    told = answer.message
    if answer.call.operation.startswith("head_"):  # its answer has no body: the server's note has the words
        told = next(iter(noted))
    assert told in noted
    # SQS and SNS spell actions their own way
    assert f"is not authorized to perform: {case.action} ".lower() in told.lower()
    assert resource in told
    assert role in told


@pytest.mark.parametrize("name", ALLOWED)
def test_function_is_allowed_what_the_model_grants(name: str, answers: dict[str, Answer]) -> None:
    answer = answers[name]
    assert (answer.allowed, answer.status, answer.code) == (True, 200, "")


def test_same_calls_pass_once_the_role_is_widened(place: Place, deployers: dict[str, str]) -> None:
    # the deployer has carried out the case in which the function may do everything: what is refused no more
    # had been refused by the role's policy alone, and the table above sees a statement that is too wide
    assert deployers["widens its own role"] == ""
    names = [name for name, case in DENIED.items() if case.node == "n-1"]
    again = place.session.probe("n-1", [DENIED[name].call(place) for name in names])
    assert {name: answer.code for name, answer in zip(names, again, strict=True)} == {
        name: NOT_OFFERED.get(name, "") for name in names
    }
