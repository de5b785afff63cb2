"""The transport: TLS with the run's own certificate, and Denies that hear how a request really came."""

from __future__ import annotations

import http.client
import shutil
import ssl
import stat
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, SSLError

from lakenb.backends.local.emulator import LocalEmulator, start_emulator
from lakenb.backends.local.probe import Call
from lakenb.errors import EnvironmentSetupError
from tests.backends.local.embedded import (
    LOG_WRITER,
    NO_RETRIES,
    eventually,
    function,
    function_role,
    invoke,
    named,
    policy,
    queue,
)
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

LETTER = "\n\n".join(f"Paragraph {number}: {'some words of a letter ' * 9}." for number in range(8))
READER = """
import os, boto3

def handle(event, context):
    names = ("AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
    found = boto3.client("s3").get_object(Bucket=event["bucket"], Key="k")
    return {"body": found["Body"].read().decode(), **{name: os.environ[name] for name in names}}
"""


@pytest.fixture(scope="module")
def session() -> Iterator[LocalSession]:
    with letters().local(start=partial(start_emulator, tls=True)) as running:
        yield running


@pytest.fixture(scope="module")
def secure(session: LocalSession) -> LocalEmulator:
    running = session.emulator
    assert isinstance(running, LocalEmulator)
    assert running.endpoint.startswith("https://127.0.0.1:")
    return running


@pytest.fixture(scope="module")
def candid() -> Iterator[LocalEmulator]:
    """Plain http that says so."""
    with start_emulator(pin_transport=False) as running:
        yield running


def bucket(emulator: LocalEmulator, condition: Mapping[str, Mapping[str, str]]) -> str:
    """Make a bucket with an object `k` that nobody may get under a condition; return its name."""
    s3, name = emulator.client("s3"), named("transport")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"x")
    s3.put_bucket_policy(Bucket=name, Policy=policy(
        {"Sid": "Transport", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
         "Resource": f"arn:aws:s3:::{name}/*", "Condition": condition}
    ))  # fmt: skip
    return name


def code_of_get(emulator: LocalEmulator, name: str) -> str:
    """Get the object as the deployer and return what refused it, or nothing."""
    try:
        emulator.client("s3").get_object(Bucket=name, Key="k")["Body"].read()
    except ClientError as refused:
        return str(refused.response["Error"]["Code"])
    return ""


PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
SAFE = {"Bool": {"aws:SecureTransport": "true"}}


def test_letters_run_over_tls_and_the_run_is_complete(session: LocalSession, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text(LETTER)
    run = session.run(tmp_path)
    assert run.is_complete
    assert [one for one in run.document_records if one.node == "results"]


@pytest.mark.usefixtures("secure")
def test_denied_write_is_access_denied_over_tls_too(session: LocalSession) -> None:
    own, foreign = ("put_object", session.bucket("sentences")), ("put_object", session.bucket("inbox"))
    calls = [Call("s3", name, {"Bucket": at, "Key": "x", "Body": "x"}) for name, at in (own, foreign)]
    allowed, denied = session.probe("sentences", calls)
    assert not allowed.code
    assert denied.code == "AccessDenied"


def test_functions_find_it_over_tls_and_verify_it(secure: LocalEmulator) -> None:
    name, held = named("reader"), bucket(secure, PLAIN)
    get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{held}/k"}
    function(secure, name, function_role(secure, name, LOG_WRITER, get), READER)
    assert invoke(secure, name, {"bucket": held}) == {
        "body": "x", "AWS_ENDPOINT_URL": secure.endpoint, "AWS_CA_BUNDLE": str(secure.ca_bundle)
    }  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (PLAIN, ""),
        (SAFE, "AccessDenied"),
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, ""),
        ({"NumericGreaterThanEquals": {"s3:TlsVersion": "1.2"}}, "AccessDenied"),
        ({"Null": {"s3:TlsVersion": "true"}}, ""),
    ],
)
def test_policies_hear_of_tls_and_its_version(
    secure: LocalEmulator, condition: Mapping[str, Mapping[str, str]], code: str
) -> None:
    assert code_of_get(secure, bucket(secure, condition)) == code


@pytest.mark.parametrize(("version", "told"), [("TLSv1_2", "1.2"), ("TLSv1_3", "1.3")])
def test_version_told_is_the_connections_own(secure: LocalEmulator, version: str, told: str) -> None:
    held = bucket(secure, {"NumericEquals": {"s3:TlsVersion": told}})
    link = secure.client("s3").generate_presigned_url("get_object", {"Bucket": held, "Key": "k"})
    trust = ssl.create_default_context(cafile=str(secure.ca_bundle))
    trust.minimum_version = trust.maximum_version = ssl.TLSVersion[version]
    assert https_status(secure, link.removeprefix(secure.endpoint), trust) == 403
    other = {"TLSv1_2": ssl.TLSVersion.TLSv1_3, "TLSv1_3": ssl.TLSVersion.TLSv1_2}[version]
    different = ssl.create_default_context(cafile=str(secure.ca_bundle))
    different.minimum_version = different.maximum_version = other
    assert https_status(secure, link.removeprefix(secure.endpoint), different) == 200


def https_status(emulator: LocalEmulator, path: str, trust: ssl.SSLContext, host: str = "127.0.0.1") -> int:
    """Send a GET over TLS and return its status."""
    port = int(emulator.endpoint.rpartition(":")[2])
    connection = http.client.HTTPSConnection(host, port, timeout=10, context=trust)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_certificate_is_for_this_host_by_number_and_by_name(secure: LocalEmulator, host: str) -> None:
    trust = ssl.create_default_context(cafile=str(secure.ca_bundle))
    trust.verify_flags |= ssl.VERIFY_X509_STRICT  # the default since Python 3.13
    assert https_status(secure, "/_lakenb/state", trust, host) == 403  # no token


def test_client_without_the_certificate_refuses_the_server(secure: LocalEmulator) -> None:
    stranger = boto3.session.Session(secure.access_key, secure.secret_key, region_name=secure.region)
    with pytest.raises(SSLError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.client("sqs", endpoint_url=secure.endpoint, config=NO_RETRIES).list_queues()
    known = stranger.client(
        "sqs", endpoint_url=secure.endpoint, config=NO_RETRIES, verify=str(secure.ca_bundle)
    )
    assert known.list_queues()["QueueUrls"]


def test_certificate_of_another_run_is_not_trusted(secure: LocalEmulator) -> None:
    with start_emulator(tls=True) as other:
        trust = ssl.create_default_context(cafile=str(other.ca_bundle))
        assert https_status(other, "/_lakenb/state", trust) == 403
        with pytest.raises(ssl.SSLCertVerificationError):
            https_status(secure, "/_lakenb/state", trust)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_old_tls_and_plain_http_are_refused(secure: LocalEmulator) -> None:
    old = ssl.create_default_context(cafile=str(secure.ca_bundle))
    old.set_ciphers("ALL:@SECLEVEL=0")  # else the client itself would refuse
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    # The server hangs up, with or without a word; a refusal of the client's own reads otherwise.
    with pytest.raises((ssl.SSLError, ConnectionError), match=r"EOF|ALERT_PROTOCOL_VERSION|reset"):
        https_status(secure, "/_lakenb/state", old)
    plain = http.client.HTTPConnection(secure.endpoint.partition("://")[2], timeout=10)
    try:
        plain.request("GET", "/_lakenb/state", headers={"X-Lakenb-Token": secure.token})
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            plain.getresponse()
    finally:
        plain.close()
    assert secure.state().queues  # it goes on


def test_key_is_readable_by_the_user_alone_and_goes_with_the_run() -> None:
    running = start_emulator(tls=True)
    try:
        assert running.ca_bundle is not None
        key = running.ca_bundle.with_name("key.pem")
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
        assert running.home in key.parents
    finally:
        running.stop()
    assert not key.exists()
    assert running.ca_bundle is None


def test_without_openssl_tls_is_refused_with_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert shutil.which("openssl")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentSetupError) as refused:
        start_emulator(tls=True)
    assert refused.value.fault.mend == "install it: apt-get install openssl"


def test_openssl_that_fails_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "openssl"
    broken.write_text("#!/bin/sh\necho 'unknown option -pkeyopt' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EnvironmentSetupError, match="unknown option -pkeyopt"):
        start_emulator(tls=True)


def test_plain_http_that_is_not_pinned_shows_that_the_denies_are_alive(candid: LocalEmulator) -> None:
    assert candid.endpoint.startswith("http://")
    assert candid.ca_bundle is None
    held = bucket(candid, PLAIN)
    assert code_of_get(candid, held) == "AccessDenied"
    assert candid.decisions()[-1].sid == "Transport"
    assert code_of_get(candid, bucket(candid, SAFE)) == ""
    candid.client("s3").delete_bucket_policy(Bucket=held)
    assert code_of_get(candid, held) == ""


def test_services_reach_each_other_over_tls_whatever_the_caller_used(candid: LocalEmulator) -> None:
    url, arn = queue(candid, named("transport"))
    topic = candid.client("sns").create_topic(Name=named("transport"))["TopicArn"]
    services: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}}
    everyone: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Condition": PLAIN}
    on_queue = {"Action": "sqs:SendMessage", "Resource": arn}
    held = policy(services | on_queue, everyone | on_queue)
    sqs, sns = candid.client("sqs"), candid.client("sns")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": held})
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    with pytest.raises(ClientError, match="explicit deny"):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sns.publish(TopicArn=topic, Message="x")
    eventually(lambda: candid.state().queue(arn).visible == 1)


def test_plain_http_is_pinned_by_default(emulator: LocalEmulator) -> None:
    assert code_of_get(emulator, bucket(emulator, PLAIN)) == ""
    assert code_of_get(emulator, bucket(emulator, SAFE)) == "AccessDenied"
    assert code_of_get(emulator, bucket(emulator, {"Null": {"s3:TlsVersion": "false"}})) == ""
