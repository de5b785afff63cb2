"""Where the emulator would act for itself, the policies decide: denial beside permission."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.backends.local.embedded import (
    LOG_WRITER,
    eventually,
    function,
    function_role,
    invoke,
    named,
    policy,
    queue,
    set_policy,
)

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator
    from lakenb.backends.local.seam import Delivery

POLL = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
QUIET_CODE = "def handle(event, context):\n    print('seen')\n    return {'batchItemFailures': []}\n"


def poller(arn: str, *without: str) -> dict[str, Any]:
    return {"Sid": "ReceiveQueue", "Effect": "Allow", "Resource": arn,
            "Action": [action for action in POLL if action not in without]}  # fmt: skip


def delivery_statement(
    service: str, queue_arn: str, source: str, account: str | None = None
) -> dict[str, Any]:
    condition: dict[str, Any] = {"ArnEquals": {"aws:SourceArn": source}}
    if account:
        condition["StringEquals"] = {"aws:SourceAccount": account}
    return {"Sid": "Deliver", "Effect": "Allow", "Principal": {"Service": service},
            "Action": "sqs:SendMessage", "Resource": queue_arn, "Condition": condition}  # fmt: skip


def set_queue_policy(emulator: LocalEmulator, url: str, *statements: dict[str, Any]) -> None:
    document = policy(*statements) if statements else ""
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": document})


def visible(emulator: LocalEmulator, arn: str) -> int:
    return emulator.state().queue(arn).visible


def outcomes(emulator: LocalEmulator, topic: str) -> list[Delivery]:
    return [delivery for delivery in emulator.deliveries() if delivery.topic == topic]


def gate_outcomes(emulator: LocalEmulator, gate: str, resource: str) -> list[str]:
    return [
        decision.outcome
        for decision in emulator.decisions()
        if decision.source == f"gate:{gate}" and decision.resource.startswith(resource)
    ]


def test_mapping_polls_as_the_functions_role(emulator: LocalEmulator) -> None:
    sqs, functions = emulator.client("sqs"), emulator.client("lambda")
    name, (url, arn) = named("poll"), queue(emulator, named("poll"))
    role = function_role(emulator, name, poller(arn), LOG_WRITER)
    function(emulator, name, role, QUIET_CODE)
    functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=1)

    sqs.send_message(QueueUrl=url, MessageBody="one")
    eventually(lambda: sum_of(emulator, arn) == 0)
    assert gate_outcomes(emulator, "poll", arn) == ["ALLOWED"] * 3

    set_policy(emulator, name, LOG_WRITER)
    eventually(lambda: stops_polling(emulator, arn))
    sqs.send_message(QueueUrl=url, MessageBody="two")
    watched = eventually(lambda: "IMPLICITLY_DENIED" in gate_outcomes(emulator, "poll", arn))
    assert watched
    assert sum_of(emulator, arn) == 1
    refused = [
        decision for decision in emulator.decisions() if decision.resource == arn and decision.message
    ][-1]
    assert refused.session == name
    assert refused.role == name
    assert "is not authorized to perform: sqs:" in refused.message

    set_policy(emulator, name, LOG_WRITER, poller(arn))
    eventually(lambda: sum_of(emulator, arn) == 0)


def sum_of(emulator: LocalEmulator, arn: str) -> int:
    found = emulator.state().queue(arn)
    return found.visible + found.in_flight + found.delayed


def stops_polling(emulator: LocalEmulator, arn: str) -> bool:
    return "IMPLICITLY_DENIED" in gate_outcomes(emulator, "poll", arn)


@pytest.mark.parametrize("missing", POLL)
def test_mapping_is_refused_when_the_role_may_not_poll(emulator: LocalEmulator, missing: str) -> None:
    functions = emulator.client("lambda")
    name, (_, arn) = named("mapping"), queue(emulator, named("mapping"))
    role = function_role(emulator, name, poller(arn, missing))
    function(emulator, name, role, QUIET_CODE)
    with pytest.raises(ClientError) as refused:
        functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)
    assert refused.value.response["Error"] == {
        "Code": "InvalidParameterValueException",
        "Message": "The provided execution role does not have permissions to call "
        f"{missing.split(':')[1]} on SQS",
    }
    set_policy(emulator, name, poller(arn))
    functions.create_event_source_mapping(FunctionName=name, EventSourceArn=arn)


def test_mapping_is_refused_when_the_queue_forgets_sooner_than_the_function_ends(
    emulator: LocalEmulator,
) -> None:
    name, (_, arn) = named("mapping"), queue(emulator, named("mapping"), VisibilityTimeout="5")
    function(emulator, name, function_role(emulator, name, poller(arn)), QUIET_CODE, timeout=6)
    with pytest.raises(ClientError, match="visibility timeout: 5 seconds is less than Function timeout: 6"):
        emulator.client("lambda").create_event_source_mapping(FunctionName=name, EventSourceArn=arn)


def test_stack_with_a_mapping_that_may_not_poll_rolls_back(emulator: LocalEmulator) -> None:
    name, (_, arn) = named("stack"), queue(emulator, named("stack"))
    function(emulator, name, function_role(emulator, name), QUIET_CODE)
    template = json.dumps({"Resources": {"Mapping": {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"FunctionName": name, "EventSourceArn": arn, "BatchSize": 1},
    }}})  # fmt: skip
    stacks = emulator.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=template)
    eventually(
        lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "ROLLBACK_COMPLETE"
    )
    events = stacks.describe_stack_events(StackName=name)["StackEvents"]
    assert any("does not have permissions to call ReceiveMessage" in event.get("ResourceStatusReason", "")
               for event in events)  # fmt: skip
    set_policy(emulator, name, poller(arn))
    stacks.delete_stack(StackName=name)
    again = f"{name}-again"
    stacks.create_stack(StackName=again, TemplateBody=template)
    eventually(
        lambda: stacks.describe_stacks(StackName=again)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    )


def test_logs_are_written_only_if_the_role_may(emulator: LocalEmulator) -> None:
    name = named("logs")
    role = function_role(emulator, name)
    function(emulator, name, role, QUIET_CODE)
    group = f"/aws/lambda/{name}"
    logs = emulator.client("logs")
    invoke(emulator, name)
    assert logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"] == []
    logs.create_log_group(logGroupName=group)
    eventually(
        lambda: gate_outcomes(
            emulator, "logs", f"arn:aws:logs:us-east-1:{emulator.account}:log-group:{group}"
        )
    )
    invoke(emulator, name)
    assert logs.describe_log_streams(logGroupName=group)["logStreams"] == []
    own = f"arn:aws:logs:{emulator.region}:{emulator.account}:log-group:{group}:*"
    set_policy(emulator, name, {"Effect": "Allow", "Resource": own,
                                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]})  # fmt: skip

    def written() -> Any:
        invoke(emulator, name)
        return logs.describe_log_streams(logGroupName=group)["logStreams"]

    stream = eventually(written)[0]["logStreamName"]
    lines = logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
    assert "seen" in [line["message"] for line in lines]


def test_topic_delivers_only_to_a_queue_that_lets_it(emulator: LocalEmulator) -> None:
    sns = emulator.client("sns")
    topic = sns.create_topic(Name=named("topic"))["TopicArn"]
    url, arn = queue(emulator, named("topic"))
    _, foreign = queue(emulator, named("foreign"))
    statement = delivery_statement("sns.amazonaws.com", arn, topic)
    set_queue_policy(emulator, url, statement)
    for target in (arn, foreign):
        sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=target, Attributes={"RawMessageDelivery": "true"}
        )
    sns.publish(TopicArn=topic, Message=json.dumps({"id": "first"}))
    assert (visible(emulator, arn), visible(emulator, foreign)) == (1, 0)

    set_queue_policy(emulator, url)
    sns.publish(TopicArn=topic, Message=json.dumps({"id": "second"}))
    set_queue_policy(emulator, url, {**statement, "Condition": {"ArnEquals": {"aws:SourceArn": f"{topic}x"}}})
    sns.publish(TopicArn=topic, Message="no JSON")
    assert (visible(emulator, arn), visible(emulator, foreign)) == (1, 0)
    assert sorted((d.event_id, d.endpoint, d.outcome) for d in outcomes(emulator, topic)) == sorted(
        (event, target, "delivered" if (event, target) == ("first", arn) else "undeliverable")
        for event in ("first", "second", "")
        for target in (arn, foreign)
    )


def test_filtered_message_is_told_apart_from_a_delivered_one(emulator: LocalEmulator) -> None:
    sns = emulator.client("sns")
    topic = sns.create_topic(Name=named("filter"))["TopicArn"]
    url, arn = queue(emulator, named("filter"))
    set_queue_policy(emulator, url, delivery_statement("sns.amazonaws.com", arn, topic))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={
        "RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody",
        "FilterPolicy": json.dumps({"data": {"kind": ["text"]}}),
    })  # fmt: skip
    entries = [
        {"Id": kind, "Message": json.dumps({"id": kind, "data": {"kind": kind}})}
        for kind in ("text", "image")
    ]
    sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert [(d.event_id, d.outcome) for d in outcomes(emulator, topic)] == [
        ("text", "delivered"), ("image", "filtered")
    ]  # fmt: skip
    assert visible(emulator, arn) == 1


def test_undeliverable_message_goes_to_the_subscriptions_dead_letters_if_they_let_it(
    emulator: LocalEmulator,
) -> None:
    sns = emulator.client("sns")
    topic = sns.create_topic(Name=named("redrive"))["TopicArn"]
    _, arn = queue(emulator, named("redrive"))
    dead_url, dead = queue(emulator, named("dead"))
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={
        "RawMessageDelivery": "true", "RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})
    })  # fmt: skip
    sns.publish(TopicArn=topic, Message="lost")
    assert visible(emulator, dead) == 0
    set_queue_policy(emulator, dead_url, delivery_statement("sns.amazonaws.com", dead, topic))
    sns.publish(TopicArn=topic, Message="kept")
    received = emulator.client("sqs").receive_message(QueueUrl=dead_url)["Messages"]
    assert [message["Body"] for message in received] == ["kept"]


def test_bucket_notifies_only_a_queue_that_lets_it(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("notify")
    s3.create_bucket(Bucket=bucket)
    url, arn = queue(emulator, named("notify"))
    wanted = {"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]}
    for statement in (
        None,
        delivery_statement("s3.amazonaws.com", arn, "arn:aws:s3:::another", emulator.account),
        delivery_statement("s3.amazonaws.com", arn, f"arn:aws:s3:::{bucket}", "999999999999"),
        delivery_statement("sns.amazonaws.com", arn, f"arn:aws:s3:::{bucket}", emulator.account),
    ):
        set_queue_policy(emulator, url, *([statement] if statement else []))
        with pytest.raises(ClientError, match="Unable to validate the following destination configurations"):
            s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    set_queue_policy(
        emulator, url, delivery_statement("s3.amazonaws.com", arn, f"arn:aws:s3:::{bucket}", emulator.account)
    )
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
    s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    eventually(lambda: visible(emulator, arn) == 2)  # AWS's test event, and ours
    set_queue_policy(emulator, url)
    s3.put_object(Bucket=bucket, Key="k2", Body=b"x")
    eventually(lambda: emulator.state().pending_deliveries == 0)
    assert visible(emulator, arn) == 2


def test_rule_delivers_only_to_a_queue_that_lets_it(emulator: LocalEmulator) -> None:
    events, name = emulator.client("events"), named("rule")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    url, arn = queue(emulator, named("rule"))
    dead_url, dead = queue(emulator, named("rule-dead"))
    events.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": dead}}])
    entry = {"Source": name, "DetailType": "tested", "Detail": "{}"}
    set_queue_policy(emulator, dead_url, delivery_statement("events.amazonaws.com", dead, rule))

    events.put_events(Entries=[entry])
    assert (visible(emulator, arn), visible(emulator, dead)) == (0, 1)
    set_queue_policy(emulator, url, delivery_statement("events.amazonaws.com", arn, f"{rule}x"))
    events.put_events(Entries=[entry])
    assert (visible(emulator, arn), visible(emulator, dead)) == (0, 2)
    (letter, _) = emulator.client("sqs").receive_message(
        QueueUrl=dead_url, MaxNumberOfMessages=2, VisibilityTimeout=0, MessageAttributeNames=["All"]
    )["Messages"]
    told = json.loads(letter["Body"])  # the event as the queue would have got it
    assert (told["source"], told["detail-type"], told["detail"]) == (name, "tested", {})
    assert letter["MessageAttributes"]["RULE_ARN"]["StringValue"] == rule
    set_queue_policy(emulator, url, delivery_statement("events.amazonaws.com", arn, rule))
    events.put_events(Entries=[entry])
    assert (visible(emulator, arn), visible(emulator, dead)) == (1, 2)
