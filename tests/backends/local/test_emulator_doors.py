"""Who gets in: nobody unsigned, nobody by a well-known key, no control endpoint without the run's token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import botocore
import pytest
from botocore import UNSIGNED
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from tests.backends.local.embedded import client, named, policy, queue, raw

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

CALLS = {
    "s3": lambda caller: caller.list_buckets(),
    "sqs": lambda caller: caller.list_queues(),
    "sns": lambda caller: caller.list_topics(),
    "iam": lambda caller: caller.list_roles(),
    "lambda": lambda caller: caller.list_functions(),
    "cloudformation": lambda caller: caller.list_stacks(),
    "logs": lambda caller: caller.describe_log_groups(),
    "sts": lambda caller: caller.get_caller_identity(),
}
CONTROL = [
    ("GET", "/_lakenb/state"),
    ("GET", "/_lakenb/decisions?since=0"),
    ("GET", "/_lakenb/deliveries"),
    ("GET", "/_ministack/health"),
    ("GET", "/_localstack/health"),
    ("GET", "/health"),
]


@pytest.mark.parametrize("service", CALLS)
def test_unsigned_request_is_refused_where_the_deployers_succeeds(
    emulator: LocalEmulator, service: str
) -> None:
    unsigned = botocore.session.get_session().create_client(
        service, region_name=emulator.region, endpoint_url=emulator.endpoint,
        config=Config(signature_version=UNSIGNED, retries={"max_attempts": 0}, proxies={}),
    )  # fmt: skip
    CALLS[service](emulator.client(service))
    with pytest.raises(ClientError) as refused:
        CALLS[service](unsigned)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403)


def test_unsigned_read_of_an_object_is_refused_even_if_its_bucket_is_public(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("public")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy(
        {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{bucket}/*"}
    ))  # fmt: skip
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    assert raw(emulator, "GET", f"/{bucket}/k")[0] == 403


@pytest.mark.parametrize(
    "key", ["test", "000000000000", "111122223333", "999999999999", "AKIAIOSFODNN7EXAMPLE", "mock"]
)
@pytest.mark.parametrize("secret", ["test", "", "111122223333"])
@pytest.mark.parametrize("service", ["s3", "sqs", "sts", "iam"])
def test_well_known_key_is_as_unknown_as_any(
    emulator: LocalEmulator, service: str, key: str, secret: str
) -> None:
    with pytest.raises(ClientError) as refused:
        CALLS[service](client(emulator, service, key, secret or "x"))
    assert refused.value.response["Error"]["Code"] in ("InvalidAccessKeyId", "InvalidClientTokenId")


def test_wrong_secret_of_the_deployers_key_is_refused(emulator: LocalEmulator) -> None:
    for service in ("s3", "sqs", "sns", "lambda"):
        CALLS[service](client(emulator, service, emulator.access_key, emulator.secret_key))
        with pytest.raises(ClientError) as refused:
            CALLS[service](client(emulator, service, emulator.access_key, emulator.secret_key + "x"))
        assert refused.value.response["Error"]["Code"] in (
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
        )


def test_presigned_link_of_the_deployer_works_and_a_changed_one_does_not(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("presigned")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    link = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"})
    path = link.removeprefix(emulator.endpoint)
    assert raw(emulator, "GET", path) == (200, "x")
    assert raw(emulator, "GET", path[:-4] + "0000")[0] == 403


@pytest.mark.parametrize(("method", "path"), CONTROL)
def test_control_endpoint_answers_to_the_runs_token_alone(
    emulator: LocalEmulator, method: str, path: str
) -> None:
    assert raw(emulator, method, path, {"X-Lakenb-Token": emulator.token})[0] == 200
    for wrong in ({}, {"X-Lakenb-Token": ""}, {"X-Lakenb-Token": emulator.token[:-1]},
                  {"X-Lakenb-Token": emulator.token + "x"}, {"Authorization": emulator.token}):  # fmt: skip
        assert raw(emulator, method, path, wrong)[0] == 403


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/_aws/sqs/messages", "/_other"])
@pytest.mark.parametrize("method", ["POST", "PUT", "GET", "OPTIONS"])
def test_emulators_own_endpoints_are_closed_without_the_token(
    emulator: LocalEmulator, method: str, path: str
) -> None:
    assert raw(emulator, method, path)[0] == 403
    assert raw(emulator, method, "/" + path)[0] in (403, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/oauth2/authorize",
        "/logout",
        "/v2/email/identities",
        "/pool/.well-known/jwks.json",
        "/Execute",
        "/v2/",
    ],
)
def test_browser_and_data_routes_of_other_services_are_no_way_around(
    emulator: LocalEmulator, path: str
) -> None:
    for method in ("GET", "POST"):
        assert raw(emulator, method, path)[0] in (400, 403)


def test_preflight_is_no_way_around(emulator: LocalEmulator) -> None:
    headers = {"Origin": "http://evil.example", "Access-Control-Request-Method": "GET"}
    for path in ("/", "/bucket/key", "/_lakenb/state"):
        assert raw(emulator, "OPTIONS", path, headers)[0] == 403


def test_foreign_host_name_is_refused(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("host")
    s3.create_bucket(Bucket=bucket)
    for host in ("evil.example", f"{bucket}.s3.amazonaws.com", f"{bucket}.localhost"):
        assert raw(emulator, "GET", "/", {"Host": host}) == (
            403, json.dumps({"__type": "AccessDeniedException", "message": "this host is not served here"})
        )  # fmt: skip


def signed(emulator: LocalEmulator, path: str, headers: dict[str, str]) -> tuple[int, str]:
    """Send a GET signed as the deployer, with more headers that are signed too."""
    request = AWSRequest("GET", f"{emulator.endpoint}{path}", headers=headers)
    S3SigV4Auth(Credentials(emulator.access_key, emulator.secret_key), "s3", emulator.region).add_auth(
        request
    )
    return raw(emulator, "GET", path, dict(request.headers.items()))


def test_client_cannot_say_how_its_request_came(emulator: LocalEmulator) -> None:
    """A Deny without TLS lets loopback pass, and neither word of the client changes that."""
    s3, bucket = emulator.client("s3"), named("transport")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")

    def deny(value: str) -> None:
        s3.put_bucket_policy(Bucket=bucket, Policy=policy(
            {"Sid": "Transport", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
             "Resource": f"arn:aws:s3:::{bucket}/*", "Condition": {"Bool": {"aws:SecureTransport": value}}}
        ))  # fmt: skip

    words: list[dict[str, str]] = [{}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https"}]
    unsigned_words = [{"Forwarded": "proto=http"}]
    deny("false")
    assert signed(emulator, f"/{bucket}/k", {})[0] == 200
    deny("true")
    for word in words[:1]:
        assert signed(emulator, f"/{bucket}/k", word)[0] == 403
    # A word that is not signed is dropped at the door; a signed one makes the signature wrong.
    link = s3.generate_presigned_url("get_object", {"Bucket": bucket, "Key": "k"}).removeprefix(
        emulator.endpoint
    )
    for word in (*words, *unsigned_words):
        assert raw(emulator, "GET", link, word)[0] == 403
    deny("false")
    for word in (*words, *unsigned_words):
        assert raw(emulator, "GET", link, word) == (200, "x")


def test_action_named_twice_is_the_one_that_is_done(emulator: LocalEmulator) -> None:
    """A role that may only ask for a queue's URL cannot delete it by naming both actions."""
    iam, sts = emulator.client("iam"), emulator.client("sts")
    role, (url, arn) = named("twice"), queue(emulator, named("twice"))
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=policy(
        {"Effect": "Allow", "Principal": {"AWS": emulator.account}, "Action": "sts:AssumeRole"}
    ))  # fmt: skip
    iam.put_role_policy(RoleName=role, PolicyName="p", PolicyDocument=policy(
        {"Effect": "Allow", "Action": "sqs:GetQueueUrl", "Resource": arn}
    ))  # fmt: skip
    given = sts.assume_role(RoleArn=f"arn:aws:iam::{emulator.account}:role/{role}", RoleSessionName="tested")[
        "Credentials"
    ]
    sqs = client(emulator, "sqs", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
    assert sqs.get_queue_url(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"] == url
    sqs.meta.events.register(
        "before-sign.sqs.*", lambda request, **_: request.params.update({"Action": "GetQueueUrl"})
    )
    with pytest.raises(ClientError, match="sqs:deletequeue"):
        sqs.delete_queue(QueueUrl=url)
