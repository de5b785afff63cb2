"""What tests of the embedded AWS build on it: roles, sessions, small functions, raw requests."""

from __future__ import annotations

import http.client
import io
import json
import time
import zipfile
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import psutil
from botocore.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakenb.backends.local.emulator import LocalEmulator

DEADLINE = 20.0
NO_RETRIES = Config(
    retries={"mode": "standard", "max_attempts": 1}, s3={"addressing_style": "path"}, proxies={}
)
LOG_WRITER = {"Sid": "WriteLogs", "Effect": "Allow", "Resource": "*",
              "Action": ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"]}  # fmt: skip


def named(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}-{uuid4().hex[:10]}"


def policy(*statements: Mapping[str, Any]) -> str:
    """Return a policy document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def trust(principal: Mapping[str, Any]) -> str:
    """Return a trust policy for one principal."""
    return policy({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})


def function_role(emulator: LocalEmulator, name: str, *statements: Mapping[str, Any]) -> str:
    """Make a role that Lambda may assume and return its ARN."""
    iam = emulator.client("iam")
    document = trust({"Service": "lambda.amazonaws.com"})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    if statements:
        set_policy(emulator, name, *statements)
    return str(arn)


def set_policy(emulator: LocalEmulator, role: str, *statements: Mapping[str, Any]) -> None:
    """Let a role hold exactly these statements."""
    iam = emulator.client("iam")
    if statements:
        iam.put_role_policy(RoleName=role, PolicyName="tested", PolicyDocument=policy(*statements))
    else:
        iam.delete_role_policy(RoleName=role, PolicyName="tested")


def function(
    emulator: LocalEmulator, name: str, role: str, code: str, *, timeout: int = 10, **options: Any
) -> str:
    """Make a function whose module is `code` and whose handler is `handle`; return its ARN."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("tested.py", code)
    functions = emulator.client("lambda")
    made = functions.create_function(
        FunctionName=name, Runtime="python3.11", Role=role, Handler="tested.handle",
        Code={"ZipFile": content.getvalue()}, Timeout=timeout, **options,
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return str(made["FunctionArn"])


def invoke(emulator: LocalEmulator, name: str, event: Any = None) -> Any:
    """Invoke a function and return what it answers."""
    answer = emulator.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return json.loads(answer["Payload"].read())


def queue(emulator: LocalEmulator, name: str, **attributes: str) -> tuple[str, str]:
    """Make a queue; return its URL and ARN."""
    sqs = emulator.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def client(
    emulator: LocalEmulator, service: str, access_key: str, secret: str, token: str | None = None
) -> Any:
    """Return a client with a key of the test's choice, which does not retry."""
    return boto3.session.Session(access_key, secret, token, region_name=emulator.region).client(
        service, endpoint_url=emulator.endpoint, config=NO_RETRIES
    )


def raw(
    emulator: LocalEmulator,
    method: str,
    path: str,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
) -> tuple[int, str]:
    """Send a request as it is; return its status and body."""
    connection = http.client.HTTPConnection(emulator.endpoint.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read().decode("utf-8", "replace")
    finally:
        connection.close()


def listens(port: int, family: Iterable[psutil.Process]) -> bool:
    """Tell whether one of these processes listens on a port; others may have been given it since."""
    pids = {process.pid for process in family}
    return any(
        one.status == psutil.CONN_LISTEN and one.laddr.port == port and one.pid in pids
        for one in psutil.net_connections("tcp4")
    )


def eventually(what: Callable[[], Any], deadline: float = DEADLINE) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + deadline
    while True:
        answer = what()
        if answer:
            return answer
        assert time.monotonic() < end, f"not within {deadline} seconds"
        time.sleep(0.02)
