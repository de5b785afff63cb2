"""What is under which key, read back after deployment; a bucket's key and a topic's are set where ignored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack

Difference = tuple[str, Any, Any]
Properties = dict[str, Any]


def apply_keys(emulator: Emulator, stack: Stack) -> Iterator[str]:
    """Put under their keys what CloudFormation left without; yield a line for each."""
    for logical_id, made in stack.template["Resources"].items():
        wanted = made.get("Properties", {})
        if made["Type"] == "AWS::S3::Bucket" and _names_key(wanted):
            rules = stack.resolve(wanted["BucketEncryption"])["ServerSideEncryptionConfiguration"]
            configuration = {
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {
                            "SSEAlgorithm": rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"],
                            "KMSMasterKeyID": rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"],
                        },
                        "BucketKeyEnabled": rule.get("BucketKeyEnabled", False),
                    }
                    for rule in rules
                ]
            }
            emulator.client("s3").put_bucket_encryption(
                Bucket=stack.physical[logical_id], ServerSideEncryptionConfiguration=configuration
            )
            yield f"{logical_id}: encryption with its key"
        if made["Type"] == "AWS::SNS::Topic" and "KmsMasterKeyId" in wanted:
            sns, arn = emulator.client("sns"), stack.physical[logical_id]
            key = stack.resolve(wanted["KmsMasterKeyId"])
            if sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("KmsMasterKeyId") != key:
                sns.set_topic_attributes(TopicArn=arn, AttributeName="KmsMasterKeyId", AttributeValue=key)
                yield f"{logical_id}: encryption with its key"
        if made["Type"] == "AWS::Lambda::Function" and "KmsKeyArn" in wanted:
            functions, name = emulator.client("lambda"), stack.physical[logical_id]
            key = stack.resolve(wanted["KmsKeyArn"])
            if functions.get_function_configuration(FunctionName=name).get("KMSKeyArn") != key:
                functions.update_function_configuration(FunctionName=name, KMSKeyArn=key)
                yield f"{logical_id}: the key of its variables"


def _names_key(properties: Properties) -> bool:
    rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return any("KMSMasterKeyID" in rule["ServerSideEncryptionByDefault"] for rule in rules)


def bucket_key(rules: list[Properties], wanted: Properties) -> Difference:
    """Return whether a bucket has a bucket key, as the template says and as S3 does."""
    expected = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    return (
        "BucketEncryption.BucketKeyEnabled",
        [rule.get("BucketKeyEnabled", False) for rule in expected],
        [rule.get("BucketKeyEnabled", False) for rule in rules],
    )


def topic(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    """Yield what a topic's key should be and is."""
    if "KmsMasterKeyId" in wanted:
        arn = stack.physical[logical_id]
        found = emulator.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        yield "KmsMasterKeyId", wanted["KmsMasterKeyId"], found.get("KmsMasterKeyId")


def log_group(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    """Yield what a log group's key should be and is."""
    if "KmsKeyId" in wanted:
        name = stack.physical[logical_id]
        groups = emulator.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        found = next((one.get("kmsKeyId") for one in groups if one["logGroupName"] == name), None)
        yield "KmsKeyId", wanted["KmsKeyId"], found


def key(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:
    """Yield what a key's policy and rotation should be and are."""
    kms, name = emulator.client("kms"), stack.physical[logical_id]
    policy = kms.get_key_policy(KeyId=name, PolicyName="default")["Policy"]
    yield "KeyPolicy", wanted["KeyPolicy"], json.loads(policy)
    rotates = kms.get_key_rotation_status(KeyId=name)["KeyRotationEnabled"]
    yield "EnableKeyRotation", wanted["EnableKeyRotation"], rotates


def alias(emulator: Emulator, stack: Stack, logical_id: str, wanted: Properties) -> Iterator[Difference]:  # noqa: ARG001 - as every reader
    """Yield whose an alias should be and is."""
    pages = emulator.client("kms").get_paginator("list_aliases").paginate()
    found = {one["AliasName"]: one.get("TargetKeyId") for page in pages for one in page["Aliases"]}
    yield "TargetKeyId", wanted["TargetKeyId"], found.get(wanted["AliasName"])
