"""Time that a run does not sit through: the next of what happens once is made due, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from lakenb.backends.local.emulator import start_emulator
from tests.backends.local.embedded import eventually, queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.emulator import LocalEmulator

ANYBODY = {"Version": "2012-10-17", "Statement": []}


@pytest.fixture(scope="module")
def emulator() -> Iterator[LocalEmulator]:
    """An embedded AWS of this module's own: others leave schedules behind, which would be the next."""
    with start_emulator() as started:
        yield started


@pytest.fixture
def role(emulator: LocalEmulator) -> str:
    """A role that the scheduler may take, and that may send anywhere."""
    name = f"sends-{uuid4().hex[:8]}"
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "scheduler.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam = emulator.client("iam")
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps(ANYBODY | {"Statement": [trust]})
    )
    send = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
    document = json.dumps(ANYBODY | {"Statement": [send]})
    iam.put_role_policy(RoleName=name, PolicyName="send", PolicyDocument=document)
    return str(made["Role"]["Arn"])


def schedule(emulator: LocalEmulator, role: str, target: str, when: str, **more: Any) -> str:
    """Make a schedule, and return its name."""
    name = f"later-{uuid4().hex[:8]}"
    emulator.client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=when,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": role, "Input": json.dumps({"name": name})},
        **{"ActionAfterCompletion": "DELETE"} | more,
    )
    return name


def messages(emulator: LocalEmulator, url: str) -> list[str]:
    """Return the names in a queue's messages, which are taken."""
    sqs, found = emulator.client("sqs"), []
    while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [json.loads(message["Body"])["name"] for message in got]
    return sorted(found)


def test_the_next_moment_comes_at_once_and_the_one_after_it_does_not(
    emulator: LocalEmulator, role: str
) -> None:
    url, arn = queue(emulator, f"skipped-{uuid4().hex[:8]}")
    first = schedule(emulator, role, arn, "at(2090-01-01T00:00:00)")
    same = schedule(emulator, role, arn, "at(2090-01-01T00:00:30)")
    later = schedule(emulator, role, arn, "at(2090-01-02T00:00:00)")
    assert emulator.state().pending_schedules == 3
    emulator.skip_time()
    eventually(lambda: emulator.state().pending_schedules == 1)
    assert messages(emulator, url) == sorted([first, same])
    emulator.skip_time()
    eventually(lambda: emulator.state().pending_schedules == 0)
    assert messages(emulator, url) == [later]
    left = emulator.client("scheduler").list_schedules(NamePrefix="later-")["Schedules"]
    assert left == []


def test_what_happens_again_and_again_and_what_stays_are_never_waited_for(
    emulator: LocalEmulator, role: str
) -> None:
    url, arn = queue(emulator, f"kept-{uuid4().hex[:8]}")
    kept = [
        schedule(emulator, role, arn, "rate(1 hours)"),
        schedule(emulator, role, arn, "at(2090-01-01T00:00:00)", ActionAfterCompletion="NONE"),
        schedule(emulator, role, arn, "at(2090-01-01T00:00:00)", State="DISABLED"),
    ]
    try:
        assert emulator.state().pending_schedules == 0
        emulator.skip_time()
        assert messages(emulator, url) == []
    finally:
        for name in kept:
            emulator.client("scheduler").delete_schedule(Name=name)


def test_nothing_is_skipped_when_nothing_is_scheduled(emulator: LocalEmulator) -> None:
    emulator.skip_time()
    assert emulator.state().pending_schedules == 0
