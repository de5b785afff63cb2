"""What the embedded AWS tells of itself: decisions, deliveries and counts, whole and without a race."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from lakenb.backends.local.emulator import start_emulator
from tests.backends.local.embedded import (
    client,
    eventually,
    function,
    function_role,
    named,
    policy,
    queue,
    raw,
    trust,
)

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator
    from lakenb.backends.local.seam import Emulator, EmulatorState

FORWARD = """
import json, os, boto3
sqs = boto3.client("sqs")

def handle(event, context):
    entries = [{"Id": str(n), "MessageBody": record["body"]} for n, record in enumerate(event["Records"])]
    sqs.send_message_batch(QueueUrl=os.environ["NEXT"], Entries=entries)
    return {"batchItemFailures": []}
"""


def as_role(emulator: LocalEmulator, service: str, *statements: dict[str, Any]) -> Any:
    """Return a client that calls as a session of a new role."""
    name = named("caller")
    iam = emulator.client("iam")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": emulator.account}))
    if statements:
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy(*statements))
    given = emulator.client("sts").assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName=name)[
        "Credentials"
    ]
    return client(emulator, service, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])


def forwarding(emulator: LocalEmulator) -> tuple[str, str, str]:
    """Make a queue whose messages a function sends on to another; return the first's URL and both ARNs."""
    name = named("forward")
    url, arn = queue(emulator, name)
    next_url, following = queue(emulator, f"{name}-next")
    role = function_role(emulator, name, {
        "Effect": "Allow", "Resource": arn,
        "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    }, {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": following})  # fmt: skip
    function(emulator, name, role, FORWARD, Environment={"Variables": {"NEXT": next_url}})
    emulator.client("lambda").create_event_source_mapping(FunctionName=name, EventSourceArn=arn, BatchSize=10)
    return url, arn, following


def test_decision_tells_who_what_and_which_statement(emulator: LocalEmulator) -> None:
    bucket = named("told")
    emulator.client("s3").create_bucket(Bucket=bucket)
    emulator.client("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    statement = {
        "Sid": "ReadIt",
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    s3 = as_role(emulator, "s3", statement)
    seen = len(emulator.decisions())

    answered = s3.get_object(Bucket=bucket, Key="k")["ResponseMetadata"]
    [allowed] = emulator.decisions()[seen:]
    assert allowed.session is not None
    assert allowed.principal == (
        f"arn:aws:sts::{emulator.account}:assumed-role/{allowed.role}/{allowed.session}"
    )
    assert (allowed.source, allowed.request_id) == ("request", answered["HTTPHeaders"]["x-amzn-requestid"])
    assert (allowed.action, allowed.resource) == ("s3:GetObject", f"arn:aws:s3:::{bucket}/k")
    assert (allowed.outcome, allowed.policy, allowed.sid, allowed.message) == (
        "ALLOWED",
        "identity",
        "ReadIt",
        "",
    )

    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    denied = emulator.decisions()[seen + 1]
    assert (denied.outcome, denied.policy, denied.sid) == ("IMPLICITLY_DENIED", "", "")
    assert denied.message == refused.value.response["Error"]["Message"]
    assert denied.message == (
        f"User: {denied.principal} is not authorized to perform: s3:PutObject on resource: "
        f'"arn:aws:s3:::{bucket}/k" because no identity-based policy allows the s3:PutObject action'
    )

    emulator.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy(
        {**statement, "Sid": "NotThis", "Effect": "Deny", "Principal": "*"}
    ))  # fmt: skip
    with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
        s3.get_object(Bucket=bucket, Key="k")
    last = emulator.decisions()[-1]
    assert (last.outcome, last.policy, last.sid) == ("EXPLICITLY_DENIED", "resource", "NotThis")
    emulator.client("s3").delete_bucket_policy(Bucket=bucket)


def test_each_service_words_its_refusals_as_it_does_on_aws(emulator: LocalEmulator) -> None:
    url, arn = queue(emulator, named("worded"))
    topic = emulator.client("sns").create_topic(Name=named("worded"))["TopicArn"]
    group = named("worded")
    emulator.client("logs").create_log_group(logGroupName=group)
    stream = f"arn:aws:logs:{emulator.region}:{emulator.account}:log-group:{group}"
    calls = {
        ("sqs", "sqs:sendmessage", arn): lambda caller: caller.send_message(QueueUrl=url, MessageBody="x"),
        ("sns", "SNS:Publish", topic): lambda caller: caller.publish(TopicArn=topic, Message="x"),
        ("logs", "logs:CreateLogStream", stream): lambda caller: caller.create_log_stream(
            logGroupName=group, logStreamName="s"
        ),
    }
    for (service, action, resource), call in calls.items():
        with pytest.raises(ClientError) as refused:
            call(as_role(emulator, service))
        message = refused.value.response["Error"].get("Message") or refused.value.response["message"]
        assert f"is not authorized to perform: {action} on resource: {resource}" in message
        assert message.endswith(f"because no identity-based policy allows the {action} action")


def test_copy_is_two_decisions_and_names_the_one_that_failed(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("copied")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="from", Body=b"x")
    caller = as_role(emulator, "s3", {
        "Effect": "Allow", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/to"
    })  # fmt: skip
    seen = len(emulator.decisions())
    with pytest.raises(ClientError) as refused:
        caller.copy_object(Bucket=bucket, Key="to", CopySource={"Bucket": bucket, "Key": "from"})
    assert [(decision.action, decision.outcome) for decision in emulator.decisions()[seen:]] == [
        ("s3:PutObject", "ALLOWED"), ("s3:GetObject", "IMPLICITLY_DENIED")
    ]  # fmt: skip
    assert (
        f's3:GetObject on resource: "arn:aws:s3:::{bucket}/from"'
        in refused.value.response["Error"]["Message"]
    )


def test_records_are_served_from_a_position_on(emulator: LocalEmulator) -> None:
    total = emulator.control("/_lakenb/decisions?since=0")["total"]
    emulator.client("s3").list_buckets()
    page = emulator.control(f"/_lakenb/decisions?since={total}")
    assert (page["next"], len(page["entries"])) == (total + 1, 1)
    assert emulator.control(f"/_lakenb/decisions?since={total + 1}")["entries"] == []
    assert len(emulator.decisions()) == total + 1


def test_state_counts_visible_in_flight_and_delayed(emulator: LocalEmulator) -> None:
    sqs = emulator.client("sqs")
    url, arn = queue(emulator, named("counted"))
    for delay in (0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)
    sqs.receive_message(QueueUrl=url, VisibilityTimeout=60)
    counted = emulator.state().queue(arn)
    assert (counted.visible, counted.in_flight, counted.delayed) == (1, 1, 1)
    assert emulator.state().queue(url) == counted


def test_state_counts_a_running_invocation(emulator: LocalEmulator) -> None:
    name = named("running")
    code = "import time\n\ndef handle(event, context):\n    time.sleep(1)\n"
    function(emulator, name, function_role(emulator, name), code)
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(emulator.client("lambda").invoke, FunctionName=name)
        eventually(lambda: emulator.state().running_by_function.get(name) == 1)
        assert emulator.state().running_invocations == 1
        ended.result()
    assert name not in emulator.state().running_by_function


def is_quiet(state: EmulatorState, *queues: str) -> bool:
    counts = [state.queue(arn) for arn in queues]
    waiting = sum(count.visible + count.in_flight + count.delayed for count in counts)
    return not (state.pending_deliveries or state.running_invocations or waiting)


def test_quiet_means_that_everything_has_arrived(emulator: LocalEmulator) -> None:
    """The very first quiet state after a put comes after its last message, however often it is asked."""
    url, arn, following = forwarding(emulator)
    s3, bucket = emulator.client("s3"), named("quiet")
    s3.create_bucket(Bucket=bucket)
    emulator.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(
        {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
         "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}}}
    )})  # fmt: skip
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={
        "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    })  # fmt: skip
    eventually(lambda: emulator.state().queue(following).visible == 1)  # AWS's test event
    eventually(lambda: is_quiet(emulator.state(), arn))
    for number in range(30):
        s3.put_object(Bucket=bucket, Key=f"k{number}", Body=b"x")
        while True:
            state = emulator.state()
            if is_quiet(state, arn):
                break
        assert state.queue(following).visible == number + 2


def test_no_message_is_lost_while_a_mapping_deletes_others(emulator: LocalEmulator) -> None:
    url, arn, following = forwarding(emulator)
    sqs, each, senders = emulator.client("sqs"), 40, 8

    def send(sender: int) -> None:
        for number in range(each):
            sqs.send_message(QueueUrl=url, MessageBody=f"{sender}-{number}")

    with ThreadPoolExecutor(senders) as pool:
        list(pool.map(send, range(senders)))
    eventually(lambda: is_quiet(emulator.state(), arn), deadline=60)
    assert emulator.state().queue(following).visible == each * senders


def test_object_is_read_and_copied_only_as_it_was_announced(emulator: LocalEmulator) -> None:
    s3, bucket = emulator.client("s3"), named("match")
    s3.create_bucket(Bucket=bucket)
    old = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["ETag"]
    source = {"Bucket": bucket, "Key": "k"}
    assert s3.get_object(**source, IfMatch=old)["Body"].read() == b"old"
    replaced = {"Bucket": bucket, "Key": "c", "CopySource": source, "MetadataDirective": "REPLACE",
                "TaggingDirective": "REPLACE"}  # fmt: skip
    s3.copy_object(**replaced, CopySourceIfMatch=old)
    s3.put_object(Bucket=bucket, Key="k", Body=b"new")
    for call in (
        lambda: s3.get_object(**source, IfMatch=old),
        lambda: s3.head_object(**source, IfMatch=old),
        lambda: s3.copy_object(**replaced, CopySourceIfMatch=old),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412


def test_stack_keeps_what_it_is_told_to_keep(emulator: LocalEmulator) -> None:
    stacks, name = emulator.client("cloudformation"), named("kept")
    resource = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name},
                "DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}  # fmt: skip
    stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": {"Kept": resource}}))
    eventually(
        lambda: stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    )
    stacks.delete_stack(StackName=name)
    eventually(lambda: name not in [stack["StackName"] for stack in stacks.list_stacks()["StackSummaries"]
                                    if stack["StackStatus"] != "DELETE_COMPLETE"])  # fmt: skip
    emulator.client("s3").head_bucket(Bucket=name)


def test_bare_emulator_runs_the_same_and_counts_the_same() -> None:
    with start_emulator(bare=True) as bare:
        url, arn, following = forwarding(bare)
        for number in range(20):
            bare.client("sqs").send_message(QueueUrl=url, MessageBody=str(number))
        eventually(lambda: is_quiet(bare.state(), arn))
        assert bare.state().queue(following).visible == 20
        assert bare.decisions() == ()
        assert raw(bare, "GET", "/_lakenb/state")[0] == 403
        role = as_role(bare, "sqs")
        with pytest.raises(ClientError, match="not authorized"):  # it enforces IAM too, by itself
            role.send_message(QueueUrl=url, MessageBody="x")


def test_embedded_aws_is_an_emulator(emulator: LocalEmulator) -> None:
    seam: Emulator = emulator
    assert seam.client("s3") is emulator.client("s3")
    assert seam.client("s3").meta.config.max_pool_connections >= 16
    assert (seam.account, seam.region) == ("111122223333", "us-east-1")
    assert seam.client("s3").meta.endpoint_url == seam.endpoint
    assert repr(seam).startswith(f"<LocalEmulator {seam.endpoint}")
