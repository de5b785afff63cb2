"""What waits: one execution for an event, however often it comes, and nothing published by the function."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

import lakenb as lk
from lakenb.events import derive_id
from lakenb.runtime.deadline import Deadline
from lakenb.runtime.faults import FaultError, RetryError
from lakenb.runtime.holding import Holder
from tests.backends.local.embedded import eventually, named, policy, trust

if TYPE_CHECKING:
    from tests.runtime.room import Room

PUBLISHES = {
    "StartAt": "Publish",
    "States": {
        "Publish": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sns:publish",
            "Parameters": {"Message.$": "$.message"},
            "End": True,
        }
    },
}


def waiting(room: Room, step: lk.Delay) -> Room:
    """Make the room that of a delay, with a state machine that publishes at once."""
    name = named("machine")
    iam = room.emulator.client("iam")
    trusted = trust({"Service": "states.amazonaws.com"})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]["Arn"]
    publish = {"Effect": "Allow", "Action": "sns:Publish", "Resource": room.topic}
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(publish))
    definition = json.loads(json.dumps(PUBLISHES))
    definition["States"]["Publish"]["Parameters"]["TopicArn"] = room.topic
    states = room.emulator.client("stepfunctions")
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    room.settings = replace(
        room.settings,
        node=step.id,
        handler=step.row.handler,
        options=step.own_options(),
        store=None,
        topic=None,
        machine=machine["stateMachineArn"],
    )
    return room


def executions(room: Room) -> list[Any]:
    states = room.emulator.client("stepfunctions")
    listed: list[Any] = states.list_executions(stateMachineArn=room.settings.machine)["executions"]
    return listed


def test_an_event_waits_once_and_goes_on_as_it_is(room: Room) -> None:
    room = waiting(room, lk.Delay("pause", duration=timedelta(hours=1)))
    event = room.upload("a.txt", b"abc")
    result = room.run(event)
    assert result.failures == []
    assert result.done["calls"] == {"stepfunctions:StartExecution": 1}
    (made,) = room.published(1)
    assert made.id == derive_id(event.id, "pause", 0)
    assert made.data.document == event.data.document
    assert made.data.call_stack == ("pause", "inbox")
    assert [output["eventId"] for output in result.done["outputs"]] == [made.id]
    assert room.run(event).failures == []
    eventually(lambda: all(one["status"] == "SUCCEEDED" for one in executions(room)))
    assert [one["name"] for one in executions(room)] == [made.id]
    assert room.published(0) == []


def test_an_event_that_would_wait_too_long_is_a_fault_of_the_document(room: Room) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    room = waiting(room, lk.Delay("pause", until=later))
    assert room.run(room.upload("a.txt", b"abc")).failures == []
    (letter,) = room.dead()
    assert letter["kind"] == "TooEarly"
    assert "an event can wait for 364 days" in letter["reason"]
    assert executions(room) == []


def test_a_moment_that_has_passed_stops_nothing(room: Room) -> None:
    room = waiting(room, lk.Delay("pause", until=datetime(2020, 1, 1, tzinfo=UTC)))
    assert room.run(room.upload("a.txt", b"abc")).failures == []
    assert len(room.published(1)) == 1


def test_without_its_state_machine_a_message_comes_again(room: Room) -> None:
    room = waiting(room, lk.Delay("pause", duration=timedelta(hours=1)))
    result = room.run(room.upload("a.txt", b"abc"), machine=f"{room.settings.machine}-gone")
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["kind"] == "NotPublished"
    assert "StateMachineDoesNotExist" in line["reason"]
    assert room.published(0) == []


def refusing(code: str) -> Any:
    def start_execution(**_: Any) -> Any:
        raise ClientError({"Error": {"Code": code}}, "StartExecution")

    return SimpleNamespace(states=SimpleNamespace(start_execution=start_execution))


EVENT = json.dumps({"id": "e", "data": {"document": {"url": "s3://inbox/a"}}})
PATIENT = Deadline(lambda: 600_000)


@pytest.mark.parametrize(
    ("code", "kind", "verdict"),
    [
        ("ExecutionLimitExceeded", "Throttled", RetryError),
        ("ThrottlingException", "Throttled", RetryError),
        ("KmsAccessDeniedException", "NotPublished", RetryError),
        ("AccessDeniedException", "AccessDenied", FaultError),
        ("StateMachineDeleting", "NotPublished", RetryError),
    ],
)
def test_what_cannot_wait_now_has_a_verdict(code: str, kind: str, verdict: type[Exception]) -> None:
    (found,) = Holder("arn:machine", refusing(code)).publish([EVENT], PATIENT)
    assert type(found) is verdict
    assert isinstance(found, FaultError | RetryError)
    assert found.kind == kind


def test_an_event_that_waits_already_is_no_fault() -> None:
    assert Holder("arn:machine", refusing("ExecutionAlreadyExists")).publish([EVENT], PATIENT) == [None]


def test_an_event_that_no_state_machine_takes_is_a_fault() -> None:
    long = json.dumps({"id": "e", "data": {"document": {}, "metadata": '"' * 200_000}})
    short = EVENT
    found = Holder("arn:machine", refusing("ExecutionAlreadyExists")).publish([long, short], PATIENT)
    assert isinstance(found[0], FaultError)
    assert found[0].kind == "TooLarge"
    assert found[1] is None
