"""The embedded AWS decides as AWS documents: each case over HTTP, with a role's own credentials."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.backends.local.embedded import client, named, queue, raw, trust
from tests.backends.local.iam_matrix import CASES, Case, Statement

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.backends.local.emulator import LocalEmulator

DENIED = {"AccessDenied", "AccessDeniedException", "AuthorizationError", "403"}
KEYS = (
    "k", "K", "k\n", "k3", "a*b", "axb", "a?b", "a.b", "a${x}", "ab", "abc", "a\nb", "a//b", "a/b/c",
    "pdf-1/k", "pdf-10/k", "of/111122223333/k", "of/999999999999/k", "of/nobody/k", "of//k",
    "a b+c%2Fé'\".txt",
)  # fmt: skip


class World(NamedTuple):
    """What one case works on."""

    emulator: LocalEmulator
    bucket: str
    queue_url: str
    queue: str
    topic: str
    keys: tuple[str, str, str]

    def client(self, service: str) -> Any:
        return client(self.emulator, service, *self.keys)


class Shared(NamedTuple):
    """What all cases work on."""

    bucket: str
    queue_url: str
    queue: str
    topic: str


@pytest.fixture(scope="module")
def shared(emulator: LocalEmulator) -> Shared:
    s3, bucket = emulator.client("s3"), named("matrix")
    s3.create_bucket(Bucket=bucket)
    for key in KEYS:
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    s3.put_object(Bucket=bucket, Key="tagged", Body=b"x", Tagging="a=b")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    )
    url, arn = queue(emulator, named("matrix"))
    topic = emulator.client("sns").create_topic(Name=named("matrix"))["TopicArn"]
    return Shared(bucket, url, arn, topic)


def upload(world: World, key: str) -> None:
    s3 = world.client("s3")
    begun = s3.create_multipart_upload(Bucket=world.bucket, Key=key)["UploadId"]
    where = {"Bucket": world.bucket, "Key": key, "UploadId": begun}
    part = s3.upload_part(**where, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        **where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    )


def abort(world: World, key: str) -> None:
    begun = world.emulator.client("s3").create_multipart_upload(Bucket=world.bucket, Key=key)["UploadId"]
    world.client("s3").abort_multipart_upload(Bucket=world.bucket, Key=key, UploadId=begun)


def copy(world: World, key: str, **options: str) -> None:
    world.client("s3").copy_object(
        Bucket=world.bucket, Key="copied", CopySource={"Bucket": world.bucket, "Key": key}, **options
    )


def missing(world: World, key: str) -> None:
    """Pass when the answer is 'no such key': the caller may know which keys exist."""
    s3 = world.client("s3")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=world.bucket, Key=key)


def delete_two(world: World, key: str) -> None:
    objects = [{"Key": key}, {"Key": "k4"}]
    answer = world.client("s3").delete_objects(Bucket=world.bucket, Delete={"Objects": objects})
    if answer.get("Errors"):
        raise ClientError({"Error": {"Code": answer["Errors"][0]["Code"]}}, "DeleteObjects")


def options(world: World, key: str) -> None:
    """Send, signed, a request that is no call of S3."""
    url = f"{world.emulator.endpoint}/{world.bucket}/{key}"
    request = AWSRequest("OPTIONS", url)
    S3SigV4Auth(Credentials(*world.keys), "s3", world.emulator.region).add_auth(request)
    status, _ = raw(world.emulator, "OPTIONS", f"/{world.bucket}/{key}", dict(request.headers.items()))
    if status != 200:
        raise ClientError({"Error": {"Code": str(status)}}, "OPTIONS")


def received(world: World) -> str:
    """Return the receipt of a message that the deployer has received."""
    sqs = world.emulator.client("sqs")
    sqs.send_message(QueueUrl=world.queue_url, MessageBody="x")
    return str(sqs.receive_message(QueueUrl=world.queue_url)["Messages"][0]["ReceiptHandle"])


def batch(world: World, call: str, **entry: Any) -> None:
    getattr(world.client("sqs"), call)(QueueUrl=world.queue_url, Entries=[{"Id": "1", **entry}])


CALLS: dict[str, Callable[[World, str], Any]] = {
    "get": lambda world, key: world.client("s3").get_object(Bucket=world.bucket, Key=key),
    "get-missing": missing,
    "head": lambda world, key: world.client("s3").head_object(Bucket=world.bucket, Key=key),
    "put": lambda world, key: world.client("s3").put_object(Bucket=world.bucket, Key=key, Body=b"y"),
    "put-tagged": lambda world, key: world.client("s3").put_object(
        Bucket=world.bucket, Key=key, Tagging="a=b"
    ),
    "put-acl": lambda world, key: world.client("s3").put_object(Bucket=world.bucket, Key=key, ACL="private"),
    "copy": copy,
    "copy-replace": lambda world, key: copy(
        world, key, TaggingDirective="REPLACE", MetadataDirective="REPLACE"
    ),
    "list": lambda world, prefix: world.client("s3").list_objects_v2(
        Bucket=world.bucket, Prefix=prefix, MaxKeys=5
    ),
    "multipart": upload,
    "abort": abort,
    "delete": lambda world, key: world.client("s3").delete_object(Bucket=world.bucket, Key=key),
    "delete-two": delete_two,
    "options": options,
    "send": lambda world, _: world.client("sqs").send_message(QueueUrl=world.queue_url, MessageBody="x"),
    "send-batch": lambda world, _: batch(world, "send_message_batch", MessageBody="x"),
    "receive": lambda world, _: world.client("sqs").receive_message(QueueUrl=world.queue_url),
    "delete-batch": lambda world, _: batch(world, "delete_message_batch", ReceiptHandle=received(world)),
    "visibility-batch": lambda world, _: batch(
        world, "change_message_visibility_batch", ReceiptHandle=received(world), VisibilityTimeout=0
    ),
    "delete-queue": lambda world, _: world.client("sqs").delete_queue(QueueUrl=world.queue_url),
    "publish": lambda world, _: world.client("sns").publish(TopicArn=world.topic, Message="x"),
    "publish-batch": lambda world, _: world.client("sns").publish_batch(
        TopicArn=world.topic, PublishBatchRequestEntries=[{"Id": "1", "Message": "x"}]
    ),
    "subscribe": lambda world, _: world.client("sns").subscribe(
        TopicArn=world.topic, Protocol="sqs", Endpoint=world.queue
    ),
}


def document(statements: tuple[Statement, ...], names: dict[str, str], version: str = "2012-10-17") -> str:
    text = json.dumps({"Version": version, "Statement": list(statements)}, ensure_ascii=False)
    for name, value in names.items():
        text = text.replace("{" + name + "}", value)
    return text


def prepare(emulator: LocalEmulator, shared: Shared, case: Case) -> World:
    """Make the case's role, policies and session."""
    iam, role = emulator.client("iam"), named("matrix")
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": emulator.account}))
    names = {
        "role": made["Role"]["Arn"], "account": emulator.account, "bucket": f"arn:aws:s3:::{shared.bucket}",
        "queue": shared.queue, "topic": shared.topic,
    }  # fmt: skip
    if case.identity:
        text = document(case.identity, names, case.version)
        iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=text)
    if case.boundary is not None:
        text = document(case.boundary, names)
        limit = iam.create_policy(PolicyName=named("limit"), PolicyDocument=text)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=limit)
    narrowed = {"Policy": document(case.session, names)} if case.session is not None else {}
    set_resource_policies(
        emulator, shared, document(case.resource, names) if case.resource else "", case.call
    )
    given = emulator.client("sts").assume_role(
        RoleArn=made["Role"]["Arn"], RoleSessionName="tested", **narrowed
    )["Credentials"]
    keys = (given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    return World(emulator, shared.bucket, shared.queue_url, shared.queue, shared.topic, keys)


def set_resource_policies(emulator: LocalEmulator, shared: Shared, text: str, call: str) -> None:
    """Give the case's policy to the resource that it calls, and none to the others."""
    s3, sqs, sns = (emulator.client(service) for service in ("s3", "sqs", "sns"))
    on = (
        "sns"
        if call.startswith(("publish", "subscribe"))
        else "sqs"
        if "{queue}" in CALL_TEXT[call]
        else "s3"
    )
    if text and on == "s3":
        s3.put_bucket_policy(Bucket=shared.bucket, Policy=text)
    else:
        s3.delete_bucket_policy(Bucket=shared.bucket)
    sqs.set_queue_attributes(QueueUrl=shared.queue_url, Attributes={"Policy": text if on == "sqs" else ""})
    own = json.dumps({"Version": "2012-10-17", "Statement": []})
    sns.set_topic_attributes(
        TopicArn=shared.topic, AttributeName="Policy", AttributeValue=text if text and on == "sns" else own
    )


CALL_TEXT = dict.fromkeys(CALLS, "") | dict.fromkeys(
    ("send", "send-batch", "receive", "delete-batch", "visibility-batch", "delete-queue"), "{queue}"
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_decision_is_as_aws_documents_it(emulator: LocalEmulator, shared: Shared, case: Case) -> None:
    world = prepare(emulator, shared, case)
    seen = len(emulator.decisions())
    if case.allowed:
        CALLS[case.call](world, case.on)
    else:
        with pytest.raises(ClientError) as refused:
            CALLS[case.call](world, case.on)
        assert refused.value.response["Error"]["Code"] in DENIED
    asked = [decision for decision in emulator.decisions()[seen:] if decision.session == "tested"]
    assert asked
    assert (
        all(decision.outcome == "ALLOWED" for decision in asked)
        is (case.allowed and case.call != "get-missing")
        or case.call == "get-missing"
    )


def test_matrix_is_large_and_names_its_sources() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
    assert all(case.source for case in CASES)
    assert {case.call for case in CASES} == set(CALLS)
