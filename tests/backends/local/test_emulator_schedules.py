"""A schedule on the embedded AWS: its role is asked, and what it cannot send is laid aside."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.backends.local.embedded import client, eventually, named, policy, queue, set_policy

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

PAST = "at(2026-01-31T12:00:00)"


class Scheduled:
    """A group, a role for it, a queue and a dead-letter queue."""

    def __init__(self, emulator: LocalEmulator) -> None:
        self.emulator = emulator
        self.scheduler = emulator.client("scheduler")
        self.group = named("group")
        group_arn = self.scheduler.create_schedule_group(Name=self.group)["ScheduleGroupArn"]
        self.url, self.arn = queue(emulator, named("due"))
        self.dead_url, self.dead_arn = queue(emulator, named("dead"))
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "scheduler.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {
                "ArnEquals": {"aws:SourceArn": group_arn},
                "StringEquals": {"aws:SourceAccount": emulator.account},
            },
        }
        self.role = named("sends")
        made = emulator.client("iam").create_role(RoleName=self.role, AssumeRolePolicyDocument=policy(trust))
        self.role_arn: str = made["Role"]["Arn"]
        self.may_send_to(self.arn, self.dead_arn)

    def may_send_to(self, *queues: str) -> None:
        """Let the role send to these queues."""
        send = {"Sid": "Send", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": list(queues)}
        set_policy(self.emulator, self.role, send)

    def make(self, group: str | None = None, **target: Any) -> str:
        """Make a schedule that is due, and return its ARN."""
        to = {"Arn": self.arn, "RoleArn": self.role_arn, "DeadLetterConfig": {"Arn": self.dead_arn}} | target
        made = self.scheduler.create_schedule(
            Name=named("s"),
            GroupName=group or self.group,
            ScheduleExpression=PAST,
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=to,
        )
        return str(made["ScheduleArn"])

    def fired(self, arn: str) -> None:
        """Wait until a schedule has fired: then it is gone."""
        name = arn.rpartition("/")[2]
        group = arn.split("/")[1]
        eventually(lambda: name not in {one["Name"] for one in self._listed(group)})

    def _listed(self, group: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.scheduler.list_schedules(GroupName=group)["Schedules"]
        return found

    def messages(self, url: str) -> list[dict[str, Any]]:
        """Return what a queue holds."""
        answer = self.emulator.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        return found


@pytest.fixture
def scheduled(emulator: LocalEmulator) -> Scheduled:
    return Scheduled(emulator)


def test_keywords_are_filled_in(scheduled: Scheduled) -> None:
    told = {
        name: f"<aws.scheduler.{name}>"
        for name in ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    }
    arn = scheduled.make(Input=json.dumps(told))
    scheduled.fired(arn)
    (message,) = scheduled.messages(scheduled.url)
    said = json.loads(message["Body"])
    assert said.pop("schedule-arn") == arn
    assert said.pop("scheduled-time") == "2026-01-31T12:00:00Z"
    assert said.pop("attempt-number") == "1"
    assert re.fullmatch("[0-9a-f]{16}", said["execution-id"])


def test_without_input_the_message_is_an_empty_object(scheduled: Scheduled) -> None:
    scheduled.fired(scheduled.make())
    (message,) = scheduled.messages(scheduled.url)
    assert message["Body"] == "{}"


def test_what_the_role_may_not_send_is_laid_aside_with_its_reason(scheduled: Scheduled) -> None:
    scheduled.may_send_to(scheduled.dead_arn)
    arn = scheduled.make(Input="{}")
    scheduled.fired(arn)
    assert scheduled.messages(scheduled.url) == []
    (letter,) = scheduled.messages(scheduled.dead_url)
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert told == {
        "ERROR_CODE": "NO_PERMISSIONS",
        "SCHEDULE_ARN": arn,
        "SCHEDULED_TIME": "2026-01-31T12:00:00Z",
        "TARGET_ARN": scheduled.arn,
    }


def test_a_role_is_taken_for_its_group_alone(scheduled: Scheduled) -> None:
    scheduled.fired(scheduled.make(group="default"))
    assert scheduled.messages(scheduled.url) == scheduled.messages(scheduled.dead_url) == []


def test_a_target_that_is_no_queue_is_laid_aside(scheduled: Scheduled) -> None:
    emulator = scheduled.emulator
    function = f"arn:aws:lambda:{emulator.region}:{emulator.account}:function:x"
    scheduled.fired(scheduled.make(Arn=function))
    (letter,) = scheduled.messages(scheduled.dead_url)
    assert letter["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "TARGET_NOT_SERVED_HERE"


def test_a_schedule_is_named_with_its_group(scheduled: Scheduled) -> None:
    emulator, iam = scheduled.emulator, scheduled.emulator.client("iam")
    user = named("user")
    iam.create_user(UserName=user)
    place = f"arn:aws:scheduler:{emulator.region}:{emulator.account}:schedule"
    allow = {
        "Effect": "Allow",
        "Action": ["scheduler:GetSchedule", "scheduler:DeleteSchedule", "scheduler:CreateSchedule"],
        "Resource": f"{place}/{scheduled.group}/*",
    }
    passing = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": scheduled.role_arn}
    iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=policy(allow, passing))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    mine = client(emulator, "scheduler", key["AccessKeyId"], key["SecretAccessKey"])
    given = {
        "Name": "later",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": scheduled.arn, "RoleArn": scheduled.role_arn},
    }
    mine.create_schedule(**given, GroupName=scheduled.group)
    assert mine.get_schedule(Name="later", GroupName=scheduled.group)["GroupName"] == scheduled.group
    for call, parameters in (
        ("create_schedule", given | {"GroupName": "default"}),
        ("create_schedule", given),
        ("get_schedule", {"Name": "later"}),
        ("delete_schedule", {"Name": "later", "GroupName": "default"}),
    ):
        with pytest.raises(ClientError, match=re.escape(f"{place}/default/later")):
            getattr(mine, call)(**parameters)
    mine.delete_schedule(Name="later", GroupName=scheduled.group)
