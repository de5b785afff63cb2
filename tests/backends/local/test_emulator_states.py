"""Step Functions on the embedded AWS: a state machine does what its role may, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.backends.local.embedded import eventually, named, policy, queue

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

TRUST = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}


def machine(
    emulator: LocalEmulator, resource: str, arguments: Any, *statements: Any, key: str = "", wait: int = 0
) -> str:
    """Make a state machine of one task, with a role that has these statements."""
    iam, name = emulator.client("iam"), named("machine")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(TRUST))["Role"]["Arn"]
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    states = {
        "Wait": {"Type": "Wait", "Seconds": wait, "Next": "Do"},
        "Do": {"Type": "Task", "Resource": resource, "Parameters": arguments, "End": True},
    }
    more: dict[str, Any] = {}
    if key:
        more["encryptionConfiguration"] = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key}
    made = emulator.client("stepfunctions").create_state_machine(
        name=name, roleArn=role, definition=json.dumps({"StartAt": "Wait", "States": states}), **more
    )
    return str(made["stateMachineArn"])


def end(emulator: LocalEmulator, arn: str) -> tuple[str, str]:
    """Run a state machine to its end: its status, and the error that it names."""
    states = emulator.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=execution)["status"] != "RUNNING")
    found = states.describe_execution(executionArn=execution)
    return str(found["status"]), str(found.get("error", ""))


def allow(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


def test_a_task_publishes_if_its_role_may(emulator: LocalEmulator) -> None:
    topic = emulator.client("sns").create_topic(Name=named("topic"))["TopicArn"]
    arguments = {"TopicArn": topic, "Message": "{}"}
    call = "arn:aws:states:::sns:publish"
    assert end(emulator, machine(emulator, call, arguments, allow("sns:Publish", topic)))[0] == "SUCCEEDED"
    denied = machine(emulator, call, arguments, allow("sns:Publish", f"{topic}-other"))
    assert end(emulator, denied) == ("FAILED", "SNS.AuthorizationErrorException")


def test_a_task_sends_if_its_role_may(emulator: LocalEmulator) -> None:
    url, arn = queue(emulator, named("queue"))
    arguments = {"QueueUrl": url, "MessageBody": {"a": 1}}
    call = "arn:aws:states:::sqs:sendMessage"
    assert end(emulator, machine(emulator, call, arguments, allow("sqs:SendMessage", arn)))[0] == "SUCCEEDED"
    assert emulator.state().queue(url).visible == 1
    assert end(emulator, machine(emulator, call, arguments)) == ("FAILED", "SQS.SqsException")
    assert emulator.state().queue(url).visible == 1


def test_a_topics_own_policy_may_forbid_it(emulator: LocalEmulator) -> None:
    topic = emulator.client("sns").create_topic(Name=named("topic"))["TopicArn"]
    nobody = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic}
    emulator.client("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="Policy", AttributeValue=policy(nobody)
    )
    arguments = {"TopicArn": topic, "Message": "{}"}
    made = machine(emulator, "arn:aws:states:::sns:publish", arguments, allow("sns:Publish", topic))
    assert end(emulator, made) == ("FAILED", "SNS.AuthorizationErrorException")


def test_a_role_that_trusts_it_no_more_does_nothing(emulator: LocalEmulator) -> None:
    topic = emulator.client("sns").create_topic(Name=named("topic"))["TopicArn"]
    arguments = {"TopicArn": topic, "Message": "{}"}
    made = machine(emulator, "arn:aws:states:::sns:publish", arguments, allow("sns:Publish", topic))
    other = {**TRUST, "Condition": {"ArnEquals": {"aws:SourceArn": f"{made}-other"}}}
    emulator.client("iam").update_assume_role_policy(
        RoleName=made.rpartition(":")[2], PolicyDocument=policy(other)
    )
    assert end(emulator, made) == ("FAILED", "States.TaskFailed")


def test_services_that_are_not_asked_are_not_called(emulator: LocalEmulator) -> None:
    call = "arn:aws:states:::dynamodb:putItem"
    made = machine(emulator, call, {"TableName": "t", "Item": {}}, allow("*", "*"))
    assert end(emulator, made) == ("FAILED", "States.Runtime")


def test_under_a_key_an_execution_begins_only_if_the_role_may_use_it(emulator: LocalEmulator) -> None:
    kms, topic = emulator.client("kms"), emulator.client("sns").create_topic(Name=named("topic"))["TopicArn"]
    owner = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
    key = kms.create_key(Policy=policy(owner))["KeyMetadata"]["Arn"]

    def made(context: str) -> str:
        condition = {"StringLike": {"kms:EncryptionContext:aws:states:stateMachineArn": context}}
        uses = {**allow("kms:Decrypt", key), "Action": ["kms:Decrypt", "kms:GenerateDataKey"]}
        held = ({**uses, "Condition": condition}, allow("sns:Publish", topic))
        arguments = {"TopicArn": topic, "Message": "{}"}
        return machine(emulator, "arn:aws:states:::sns:publish", arguments, *held, key=key)

    assert end(emulator, made("*:stateMachine:machine-*"))[0] == "SUCCEEDED"
    with pytest.raises(ClientError, match="KmsAccessDeniedException"):
        end(emulator, made("*:stateMachine:another-*"))


def test_a_wait_counts_as_something_to_come_and_time_can_be_put_forward(emulator: LocalEmulator) -> None:
    topic = emulator.client("sns").create_topic(Name=named("topic"))["TopicArn"]
    arguments, held = {"TopicArn": topic, "Message": "{}"}, allow("sns:Publish", topic)
    call, states = "arn:aws:states:::sns:publish", emulator.client("stepfunctions")
    hours = machine(emulator, call, arguments, held, wait=7200)
    days = machine(emulator, call, arguments, held, wait=172_800)
    begun = [states.start_execution(stateMachineArn=arn, input="{}")["executionArn"] for arn in (days, hours)]

    def status(number: int) -> str:
        return str(states.describe_execution(executionArn=begun[number])["status"])

    for left in (1, 0):
        eventually(lambda: emulator.state().pending_deliveries == 0)
        assert emulator.state().pending_schedules == left + 1
        emulator.skip_time()
        eventually(lambda left=left: status(left) == "SUCCEEDED")  # type: ignore[misc]  # the loop's own value
        assert [status(number) for number in range(left)] == ["RUNNING"] * left
