"""The zip as a function, under a role that holds exactly what the model grants a node of its kind."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.graph.code import Code
from lakenb.packaging import function_zip
from tests.runtime.room import SPLITTER, STORAGE, TRIGGER
from tests.runtime.test_trigger import notification

from lakenb.events import S3Location, derive_id  # isort: skip

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator
    from tests.runtime.room import Room


def statement(action: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def granted(room: Room, handler: str) -> list[dict[str, Any]]:
    """Return the statements of a node's role."""
    statements = [
        statement("s3:GetObject", f"arn:aws:s3:::{room.inbox}/*"),
        statement("sqs:SendMessage", room.arn(room.dead_letters)),
    ]
    if handler != STORAGE:
        statements.append(statement("sns:Publish", room.topic))
    if handler != TRIGGER:
        statements += [
            statement(["s3:PutObject", "s3:AbortMultipartUpload"], f"arn:aws:s3:::{room.store}/*"),
            statement("s3:GetObject", f"arn:aws:s3:::{room.cache}/*"),
            statement("s3:PutObject", f"arn:aws:s3:::{room.cache}/node/*"),
        ]
    return statements


def environment(room: Room, handler: str) -> dict[str, str]:
    variables = {
        "LAKENB_NODE": "node",
        "LAKENB_HANDLER": handler,
        "LAKENB_OPTIONS": "{}",
        "LAKENB_SOURCES": json.dumps([{"bucket": room.inbox, "prefix": "", "suffix": ""}]),
        "LAKENB_DEAD_LETTERS": room.dead_letters,
        "LAKENB_MAX_RECEIVES": "3",
    }
    if handler != STORAGE:
        variables["LAKENB_TOPIC"] = room.topic
    if handler != TRIGGER:
        variables |= {"LAKENB_STORE": room.store, "LAKENB_STORE_PREFIX": "", "LAKENB_CACHE": room.cache}
    return variables


def invoked(emulator: LocalEmulator, room: Room, handler: str, *bodies: str) -> Any:
    """Deploy the function under its role, hand it a batch, and return its answer."""
    name = f"{room.inbox}-{handler.rpartition('.')[2].replace('_', '-')}"[-60:].lstrip("-")
    iam, functions = emulator.client("iam"), emulator.client("lambda")
    trusted = {**statement("sts:AssumeRole", "*"), "Principal": {"Service": "lambda.amazonaws.com"}}
    del trusted["Resource"]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": granted(room, handler)})
    iam.put_role_policy(RoleName=name, PolicyName="node", PolicyDocument=policy)
    functions.create_function(
        FunctionName=name,
        Runtime=f"python{sys.version_info.major}.{sys.version_info.minor}",
        Role=role,
        Handler="lakenb.runtime.function.handle",
        Code={"ZipFile": function_zip(Code(handler)).build()},
        Timeout=30,
        Environment={"Variables": environment(room, handler)},
    )
    functions.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    records = [
        {"messageId": f"m{index}", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        for index, body in enumerate(bodies)
    ]
    answer = functions.invoke(FunctionName=name, Payload=json.dumps({"Records": records}).encode())
    return json.loads(answer["Payload"].read())


def test_a_trigger_needs_no_more_than_its_grants(emulator: LocalEmulator, room: Room) -> None:
    etag = room.upload("a b+c%2Fé'\".txt", b"abc").data.document.etag
    known = notification(S3Location(room.inbox, "a b+c%2Fé'\".txt"), etag)
    unknown = notification(
        S3Location(room.inbox, "unsaid"), room.upload("unsaid", b"%PDF-1").data.document.etag
    )
    assert invoked(emulator, room, TRIGGER, known, unknown) == {"batchItemFailures": []}
    types = {event.data.document.type for event in room.published(2)}
    assert types == {"text/plain", "application/pdf"}


def test_a_splitter_needs_no_more_than_its_grants(emulator: LocalEmulator, room: Room) -> None:
    event = room.upload("a.txt", b"abc")
    assert invoked(emulator, room, SPLITTER, event.to_json()) == {"batchItemFailures": []}
    assert [made.id for made in room.published(1)] == [derive_id(event.id, "node", 0)]


def test_a_connector_needs_no_more_than_its_grants(emulator: LocalEmulator, room: Room) -> None:
    event = room.upload("a b+c%2Fé'\".txt", b"abc", Tagging="a=b", Metadata={"c": "d"})
    assert invoked(emulator, room, STORAGE, event.to_json()) == {"batchItemFailures": []}
    assert len(room.keys(room.store)) == 2


@pytest.mark.parametrize("handler", [TRIGGER, SPLITTER, STORAGE])
def test_a_denied_or_missing_document_fails_with_the_servers_answer(
    emulator: LocalEmulator, room: Room, handler: str
) -> None:
    event = room.upload("a.txt", b"abc")
    room.clients.s3.delete_object(Bucket=room.inbox, Key="a.txt")
    body = event.to_json()
    if handler == TRIGGER:
        body = notification(S3Location(room.inbox, "a.txt"), event.data.document.etag)
    assert invoked(emulator, room, handler, body) == {"batchItemFailures": []}
    (letter,) = room.dead()
    # without s3:ListBucket S3 answers 403 for what is not there
    assert letter["kind"] in {"AccessDenied", "NotFound"}
    assert "deleted" in letter["reason"]
