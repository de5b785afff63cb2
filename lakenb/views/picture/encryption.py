"""How the template encrypts a node's resources, in a word: read from its properties, never from the model."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_SET = "encryption not set"


def bucket_encryption(properties: Mapping[str, Any]) -> str:
    """Return algorithm and key of a bucket's default encryption.

    Examples
    --------
    >>> default = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    >>> bucket_encryption({"BucketEncryption": {"ServerSideEncryptionConfiguration": [default]}})
    'SSE-S3, key AWS owned'
    """
    rules = _within(properties, "BucketEncryption", "ServerSideEncryptionConfiguration")
    rule = rules[0] if isinstance(rules, list) and rules else None
    default = _within(rule, "ServerSideEncryptionByDefault")
    match _within(default, "SSEAlgorithm"):
        case "AES256":
            return "SSE-S3, key AWS owned"
        case "aws:kms" | "aws:kms:dsse" as algorithm:
            name = "SSE-KMS" if algorithm == "aws:kms" else "DSSE-KMS"
            key = _within(default, "KMSMasterKeyID")
            return f"{name}, key {'aws/s3, AWS managed' if key is None else _shown(key)}"
        case None:
            return NOT_SET
        case other:
            return f"encryption {_shown(other)}"


def queue_encryption(properties: Mapping[str, Any]) -> str:
    """Return how a queue's messages are encrypted."""
    key = _within(properties, "KmsMasterKeyId")
    if key is not None:
        return f"SSE-KMS, key {_shown(key)}"
    match _within(properties, "SqsManagedSseEnabled"):
        case True | "true":
            return "SSE-SQS, key AWS owned"
        case False | "false":
            return "not encrypted"
        case _:
            return NOT_SET


def topic_encryption(properties: Mapping[str, Any]) -> str:
    """Return how a topic's messages are encrypted."""
    key = _within(properties, "KmsMasterKeyId")
    return "no encryption at rest" if key is None else f"SSE-KMS, key {_shown(key)}"


def state(kind: str, properties: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the word for a node's state of this type and its encryption; None for what is no state."""
    match kind:
        case "AWS::DynamoDB::Table":
            key = _within(properties, "SSESpecification", "KMSMasterKeyId")
            return "table", "SSE, key AWS owned" if key is None else f"KMS, key {_shown(key)}"
        case "AWS::EFS::FileSystem":
            key = _within(properties, "KmsKeyId")
            is_encrypted = _within(properties, "Encrypted") in {True, "true"}
            told = "AWS managed" if key is None else _shown(key)
            return "file system", f"KMS, key {told}" if is_encrypted else NOT_SET
        case "AWS::StepFunctions::StateMachine":
            key = _within(properties, "EncryptionConfiguration", "KmsKeyId")
            return "state machine", "SSE, key AWS owned" if key is None else f"KMS, key {_shown(key)}"
        case "AWS::Scheduler::Schedule":
            key = _within(properties, "KmsKeyArn")
            return "schedule", "SSE, key AWS owned" if key is None else f"KMS, key {_shown(key)}"
    return None


def _within(value: Any, *names: str) -> Any:
    """Return what lies below these names, or None: a template may hold anything."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _shown(value: Any) -> str:
    """Return a key as people know it: one of the template by its logical id alone."""
    match value:
        case {"Fn::GetAtt": [str(logical), "Arn"]} | {"Ref": str(logical)}:
            return logical
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
