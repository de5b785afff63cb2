"""Read back after deployment what the security model rests on, apply what was ignored, refuse the rest.

An emulator may accept a property and forget it. A run on such a stack would prove nothing, so every
property below is read from the service itself and compared with the template.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lakenb.backends.local import readback_keys
from lakenb.backends.local.readback_files import (
    access_point,
    apply_mounts,
    file_system,
    mount_differences,
    mount_target,
)
from lakenb.backends.local.readback_machines import state_machine
from lakenb.backends.local.readback_networks import placement_differences
from lakenb.backends.local.readback_schedules import apply_to_schedules, schedule
from lakenb.backends.local.readback_tables import apply_to_tables, schedule_group, table
from lakenb.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack

# what differs: property, as the template has it, as the service tells it
Difference = tuple[str, Any, Any]
Properties = dict[str, Any]


def read_back(emulator: Emulator, stack: Stack) -> tuple[str, ...]:
    """Compare the stack with its template, and mend what can be set by another call.

    Returns
    -------
    tuple[str, ...]
        What was ignored by CloudFormation and applied afterwards, one line each.

    Raises
    ------
    DeploymentError
        Naming every property that the embedded AWS does not hold.
    """
    applied = tuple(_apply_ignored(emulator, stack))
    faults = [
        f"{logical_id}.{name} is {found!r}, not {wanted!r}"
        for logical_id, made in stack.template["Resources"].items()
        for name, wanted, found in _differences(emulator, stack, logical_id, made)
    ]
    if faults:
        raise DeploymentError(
            f"the embedded AWS does not hold what the template says: {'; '.join(faults)}",
            f"stack {stack.name!r}",
            "a run would prove nothing; use the pinned version of the embedded AWS",
        )
    return applied


def _differences(
    emulator: Emulator, stack: Stack, logical_id: str, made: Mapping[str, Any]
) -> Iterator[Difference]:
    read = _READERS.get(made["Type"])
    if read is None:
        return
    wanted = stack.resolve(made["Properties"])
    for name, expected, found in read(emulator, stack, logical_id, wanted):
        if _canonical(expected) != _canonical(found):
            yield name, expected, found


def _canonical(value: Any) -> Any:
    """Return a value in which a number as text equals the number, and a list of one its element."""
    if isinstance(value, dict):
        return {key: _canonical(item) for key, item in value.items()}
    if isinstance(value, list):
        return _canonical(value[0]) if len(value) == 1 else [_canonical(item) for item in value]
    return str(value).lower() if isinstance(value, (bool, int)) else value


def _apply_ignored(emulator: Emulator, stack: Stack) -> Iterator[str]:
    yield from apply_to_schedules(emulator, stack)
    yield from apply_to_tables(emulator, stack)
    yield from apply_mounts(emulator, stack)
    yield from readback_keys.apply_keys(emulator, stack)
    s3 = emulator.client("s3")
    for logical_id, made in stack.template["Resources"].items():
        if made["Type"] != "AWS::S3::Bucket":
            continue
        bucket, rules = stack.physical[logical_id], made["Properties"]["LifecycleConfiguration"]["Rules"]
        try:
            s3.get_bucket_lifecycle_configuration(Bucket=bucket)
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
                raise
            configuration = {"Rules": [_lifecycle_rule(rule) for rule in rules]}
            s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)
            yield f"{logical_id}: lifecycle rules"


def _lifecycle_rule(rule: Mapping[str, Any]) -> Properties:
    written: Properties = {"ID": rule["Id"], "Status": rule["Status"], "Filter": {"Prefix": ""}}
    if "ExpirationInDays" in rule:
        written["Expiration"] = {"Days": rule["ExpirationInDays"]}
    if "AbortIncompleteMultipartUpload" in rule:
        written["AbortIncompleteMultipartUpload"] = rule["AbortIncompleteMultipartUpload"]
    return written


def _bucket(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    s3, bucket = emulator.client("s3"), stack.physical[logical_id]
    rules = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    expected = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    algorithm = "ServerSideEncryptionByDefault"
    yield "BucketEncryption", expected[0][algorithm], rules[0]["ApplyServerSideEncryptionByDefault"]
    yield readback_keys.bucket_key(rules, wanted)
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    yield "PublicAccessBlockConfiguration", wanted["PublicAccessBlockConfiguration"], block
    owner = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    yield "OwnershipControls", wanted["OwnershipControls"]["Rules"], owner
    found = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    written = wanted["LifecycleConfiguration"]["Rules"]
    yield "LifecycleConfiguration", [rule["Id"] for rule in written], [rule["ID"] for rule in found]
    if "NotificationConfiguration" in wanted:
        queues = s3.get_bucket_notification_configuration(Bucket=bucket).get("QueueConfigurations", [])
        expected = wanted["NotificationConfiguration"]["QueueConfigurations"]
        yield (
            "NotificationConfiguration",
            [one["Queue"] for one in expected],
            [one["QueueArn"] for one in queues],
        )
        filters = [one.get("Filter", {}).get("S3Key", {}).get("Rules", []) for one in expected]
        kept = [one.get("Filter", {}).get("Key", {}).get("FilterRules", []) for one in queues]
        yield "NotificationConfiguration.Filter", filters, kept


def _bucket_policy(emulator: Emulator, _: Stack, __: str, wanted: Properties) -> Iterator[Difference]:
    policy = emulator.client("s3").get_bucket_policy(Bucket=wanted["Bucket"])["Policy"]
    yield "PolicyDocument", wanted["PolicyDocument"], json.loads(policy)


def _queue(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    url = stack.physical[logical_id]
    found = emulator.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    keyed = ("KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId")
    for name in (*keyed, "MessageRetentionPeriod", "SqsManagedSseEnabled", "VisibilityTimeout"):
        if name in wanted:
            yield name, wanted[name], found.get(name)
    for name in ("RedrivePolicy", "RedriveAllowPolicy"):
        if name in wanted:
            yield name, wanted[name], json.loads(found.get(name, "null"))


def _queue_policy(emulator: Emulator, _: Stack, __: str, wanted: Properties) -> Iterator[Difference]:
    for url in wanted["Queues"]:
        sqs = emulator.client("sqs")
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
        yield "PolicyDocument", wanted["PolicyDocument"], json.loads(found.get("Policy", "null"))


def _rule(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    events, name = emulator.client("events"), stack.physical[logical_id]
    found = events.describe_rule(Name=name)
    for field in ("Description", "State"):
        yield field, wanted[field], found.get(field)
    yield "EventPattern", wanted["EventPattern"], json.loads(found.get("EventPattern") or "null")
    yield "Targets", wanted["Targets"], events.list_targets_by_rule(Rule=name)["Targets"]


def _topic_policy(emulator: Emulator, _: Stack, __: str, wanted: Properties) -> Iterator[Difference]:
    for arn in wanted["Topics"]:
        found = emulator.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        yield "PolicyDocument", wanted["PolicyDocument"], json.loads(found.get("Policy", "null"))


def _subscription(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties
) -> Iterator[Difference]:
    arn = stack.physical[logical_id]
    sns = emulator.client("sns")
    found = sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    for name in ("FilterPolicyScope", "RawMessageDelivery"):
        yield name, wanted[name], found.get(name)
    pages = sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=wanted["TopicArn"])
    listed = (one for page in pages for one in page["Subscriptions"])
    ends = {one["SubscriptionArn"]: (one["Protocol"], one["Endpoint"]) for one in listed}
    yield "Endpoint", (wanted["Protocol"], wanted["Endpoint"]), ends.get(arn)
    for name in ("FilterPolicy", "RedrivePolicy"):
        yield name, wanted[name], json.loads(found.get(name, "null"))


def _role(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    iam, name = emulator.client("iam"), stack.physical[logical_id]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    yield "AssumeRolePolicyDocument", wanted["AssumeRolePolicyDocument"], _document(trust)
    names = iam.list_role_policies(RoleName=name)["PolicyNames"]
    yield "Policies", [policy["PolicyName"] for policy in wanted["Policies"]], names
    for policy in wanted["Policies"]:
        found = iam.get_role_policy(RoleName=name, PolicyName=policy["PolicyName"])["PolicyDocument"]
        yield "Policies.PolicyDocument", policy["PolicyDocument"], _document(found)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    expected = sorted(wanted.get("ManagedPolicyArns", ()))
    yield "ManagedPolicyArns", expected, sorted(policy["PolicyArn"] for policy in attached)


def _managed_policy(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties
) -> Iterator[Difference]:
    iam, arn = emulator.client("iam"), stack.physical[logical_id]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    yield "PolicyDocument", wanted["PolicyDocument"], _document(found)


def _document(found: Any) -> Any:
    return json.loads(found) if isinstance(found, str) else found


def _function(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    found = emulator.client("lambda").get_function_configuration(FunctionName=stack.physical[logical_id])
    for name in ("Handler", "MemorySize", "Role", "Runtime", "Timeout"):
        yield name, wanted[name], found.get(name)
    yield "Environment", wanted["Environment"]["Variables"], found.get("Environment", {}).get("Variables")
    if "KmsKeyArn" in wanted:
        yield "KmsKeyArn", wanted["KmsKeyArn"], found.get("KMSKeyArn")
    yield "LoggingConfig", wanted["LoggingConfig"]["LogGroup"], found.get("LoggingConfig", {}).get("LogGroup")
    yield from placement_differences(wanted, found)
    yield from mount_differences(wanted, found)


def _mapping(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    found = emulator.client("lambda").get_event_source_mapping(UUID=stack.physical[logical_id])
    for name in ("BatchSize", "EventSourceArn", "FunctionResponseTypes", "MaximumBatchingWindowInSeconds"):
        yield name, wanted[name], found.get(name)


_READERS: dict[str, Callable[[Emulator, Stack, str, Properties], Iterator[Difference]]] = {
    "AWS::DynamoDB::Table": table,
    "AWS::EFS::AccessPoint": access_point,
    "AWS::EFS::FileSystem": file_system,
    "AWS::EFS::MountTarget": mount_target,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Alias": readback_keys.alias,
    "AWS::KMS::Key": readback_keys.key,
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": readback_keys.log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::S3::BucketPolicy": _bucket_policy,
    "AWS::Scheduler::Schedule": schedule,
    "AWS::Scheduler::ScheduleGroup": schedule_group,
    "AWS::SNS::Subscription": _subscription,
    "AWS::SNS::Topic": readback_keys.topic,
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
    "AWS::StepFunctions::StateMachine": state_machine,
}
