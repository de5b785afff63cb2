"""Logical ids and physical names.

A logical id is the node's id in capitals and the kind of the resource; no kind is the end of another, so
two resources never share one. A physical name is explicit only where another resource must know it
beforehand. Its prefix is ``${AWS::StackName}_``: an underscore cannot occur in a stack's name, so the
names of stack ``contracts`` never cover those of ``contracts-2``.
"""

from __future__ import annotations

from enum import Enum
from hashlib import sha256
from typing import Any

# the bucket that CDK's bootstrap makes for assets, with its default qualifier
ASSET_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"


def stored_under(asset_hash: str, suffix: str) -> str:
    """Return the object key under which CDK stores an asset whose hash is given by us.

    CDK hashes a custom asset hash once more before it becomes a name.
    """
    return f"{sha256(asset_hash.encode()).hexdigest()}{suffix}"


class Kind(Enum):
    """The kinds of resources a node may have."""

    STORE = "Store"
    STORE_POLICY = "StorePolicy"
    QUEUE = "Queue"
    QUEUE_POLICY = "QueuePolicy"
    DEAD_LETTERS = "DeadLetters"
    DEAD_LETTERS_POLICY = "DeadLettersPolicy"
    TOPIC = "Topic"
    TOPIC_POLICY = "TopicPolicy"
    LOGS = "Logs"
    ROLE = "Role"
    FUNCTION = "Function"
    MAPPING = "Mapping"
    RULE = "Rule"
    TABLE = "Table"
    SCHEDULE_GROUP = "ScheduleGroup"
    SCHEDULE = "Schedule"
    SCHEDULE_ROLE = "RoleForSchedules"
    MACHINE = "StateMachine"
    MACHINE_ROLE = "RoleForWaiting"
    MACHINE_LOGS = "LogsOfWaiting"
    FILES = "FileSystem"
    FILES_GROUP = "FileSystemGroup"
    MOUNT_TARGET_A = "MountTargetA"
    MOUNT_TARGET_B = "MountTargetB"
    MOUNT_TARGET_C = "MountTargetC"
    MOUNT_TARGET_D = "MountTargetD"
    MOUNT_TARGET_E = "MountTargetE"
    MOUNT_TARGET_F = "MountTargetF"
    ACCESS_POINT = "AccessPoint"
    INDEX = "Index"
    INDEX_POLICY = "IndexPolicy"


CACHE = "PipelineCache"
CACHE_POLICY = "PipelineCachePolicy"


def capitals(node: str) -> str:
    """Return a node's id without hyphens, each word with a capital.

    Examples
    --------
    >>> capitals("pdf-text-2")
    'PdfText2'
    """
    return "".join(word.capitalize() for word in node.split("-"))


def logical_id(node: str, kind: Kind) -> str:
    """Return the logical id of a node's resource.

    Examples
    --------
    >>> logical_id("chunks", Kind.DEAD_LETTERS)
    'ChunksDeadLetters'
    """
    return capitals(node) + kind.value


def subscription_id(producer: str, consumer: str) -> str:
    """Return the logical id of the subscription that carries an edge.

    Examples
    --------
    >>> subscription_id("inbox", "chunks")
    'ChunksFromInboxSubscription'
    """
    return f"{capitals(consumer)}From{capitals(producer)}Subscription"


def queue_name(node: str) -> dict[str, Any]:
    """Return the name of a node's queue, which its dead-letter queue must know."""
    return {"Fn::Sub": f"${{AWS::StackName}}_{node}"}


def topic_name(node: str) -> dict[str, Any]:
    """Return the name of a node's topic, which a key's policy must know."""
    return {"Fn::Sub": f"${{AWS::StackName}}_{node}"}


def rule_name(node: str) -> dict[str, Any]:
    """Return the name of a node's rule, which a key's policy must know."""
    return {"Fn::Sub": f"${{AWS::StackName}}_{node}"}


def function_name(node: str) -> dict[str, Any]:
    """Return the name of a node's function, which a Deny in its own role must know."""
    return {"Fn::Sub": f"${{AWS::StackName}}_{node}"}


def machine_name(node: str) -> dict[str, Any]:
    """Return the name of a node's state machine, which the trust of its role must know."""
    return {"Fn::Sub": f"${{AWS::StackName}}_{node}"}


def log_group_name(node: str) -> dict[str, Any]:
    """Return the name of a node's log group."""
    return {"Fn::Sub": f"/lakenb/${{AWS::StackName}}/{node}"}


def bucket_name(pipeline: str, node: str) -> dict[str, Any]:
    """Return the name of a trigger's bucket, which the policy of the queue that it notifies must know."""
    return {"Fn::Sub": f"{pipeline}-{node}-${{AWS::AccountId}}-${{AWS::Region}}"}
