"""What AWS asks of a key when something is done with what lies under it: one table, with AWS's pages.

A service asks the key on behalf of whoever calls it, so a role needs the key's actions for its own calls,
and ``kms:ViaService`` binds them to that service. Where AWS documents the encryption context that the service
sends, the context binds them to one resource; where it documents none, nothing is claimed of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lakenb.security.values import Sort

DECRYPT, MAKE, DESCRIBE = "kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey"


class Within(Enum):
    """Which text of a resource AWS documents as the value of the encryption context."""

    NOTHING = "nothing"  # AWS documents no context
    BUCKET = "bucket"  # the bucket's ARN, for buckets with a bucket key
    ARN = "arn"  # the resource's own ARN
    TABLE = "table"  # the table's name, and the account


@dataclass(frozen=True, slots=True)
class KeyUse:
    """What one action on something under a key needs of that key.

    Parameters
    ----------
    actions
        IAM's actions on the data.
    key_actions
        The actions on the key.
    service
        For ``kms:ViaService``, such as ``s3``.
    context
        The context key that AWS documents, such as ``aws:s3:arn``; empty where it documents none.
    within
        Which text stands in it.
    sid
        The name of the statement.
    why
        What the role does, a sentence without its subject.
    page
        The AWS page that says so.
    """

    actions: tuple[str, ...]
    key_actions: tuple[str, ...]
    service: str
    context: str
    within: Within
    sid: str
    why: str
    page: str


_S3_PAGE = (
    "Amazon S3 User Guide, Using server-side encryption with AWS KMS keys (SSE-KMS); Reducing the cost of "
    "SSE-KMS with Amazon S3 Bucket Keys: the encryption context is the bucket's ARN"
)
_SQS_PAGE = "Amazon SQS Developer Guide, Key management, Configure AWS KMS permissions for {}"
_SNS_PAGE = (
    "Amazon SNS Developer Guide, Key management (a publisher needs both); Setting up Amazon SNS topic "
    "encryption with server-side encryption (aws:sns:topicArn)"
)
_SCHEDULER_PAGE = (
    "EventBridge Scheduler User Guide, Using identity-based policies in EventBridge Scheduler, "
    "Example: CreateSchedule"
)
_READ_TABLE = (
    "dynamodb:BatchGetItem",
    "dynamodb:BatchWriteItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DeleteItem",
    "dynamodb:GetItem",
    "dynamodb:PutItem",
    "dynamodb:Query",
    "dynamodb:Scan",
    "dynamodb:TransactGetItems",
    "dynamodb:TransactWriteItems",
    "dynamodb:UpdateItem",
    "dynamodb:GetRecords",
)

KEY_USES = (
    KeyUse(
        ("s3:GetObject",),
        (DECRYPT,),
        "s3",
        "aws:s3:arn",
        Within.BUCKET,
        "ReadUnderKey",
        "opens the documents that it may read",
        _S3_PAGE,
    ),
    KeyUse(
        ("s3:PutObject",),
        # a multipart upload is put together from parts that S3 decrypts: Amazon S3 User Guide, "Uploading and
        # copying objects using multipart upload", permissions
        (DECRYPT, MAKE),
        "s3",
        "aws:s3:arn",
        Within.BUCKET,
        "PutUnderKey",
        "encrypts what it puts, in parts as well",
        _S3_PAGE,
    ),
    KeyUse(
        ("sqs:ReceiveMessage",),
        (DECRYPT,),
        "sqs",
        "",
        Within.NOTHING,
        "ReceiveUnderKey",
        "opens the messages of its queue",
        _SQS_PAGE.format("consumers"),
    ),
    KeyUse(
        ("sqs:SendMessage",),
        (DECRYPT, MAKE),
        "sqs",
        "",
        Within.NOTHING,
        "SendUnderKey",
        "encrypts the messages that it sends",
        _SQS_PAGE.format("producers"),
    ),
    KeyUse(
        ("sns:Publish",),
        (DECRYPT, MAKE),
        "sns",
        "aws:sns:topicArn",
        Within.ARN,
        "PublishUnderKey",
        "encrypts the events that it publishes",
        _SNS_PAGE,
    ),
    KeyUse(
        _READ_TABLE,
        (DECRYPT,),
        "dynamodb",
        "aws:dynamodb:tableName",
        Within.TABLE,
        "UseTableUnderKey",
        "opens its table",
        "Amazon DynamoDB Developer Guide, DynamoDB encryption at rest: usage notes and encryption context",
    ),
    KeyUse(
        ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
        (DECRYPT, MAKE),
        "scheduler",
        "aws:scheduler:schedule:arn",
        Within.ARN,
        "ScheduleUnderKey",
        "encrypts what its schedules will send",
        _SCHEDULER_PAGE,
    ),
    KeyUse(
        ("scheduler:CreateSchedule", "scheduler:UpdateSchedule"),
        # DescribeKey sends no encryption context (AWS KMS API Reference), so it is a use of its own
        (DESCRIBE,),
        "scheduler",
        "",
        Within.NOTHING,
        "DescribeForSchedules",
        "lets EventBridge Scheduler look at the key",
        _SCHEDULER_PAGE,
    ),
)


@dataclass(frozen=True, slots=True)
class RoleUse:
    """What a role that a service takes needs of the key of what the service keeps, beside its own calls.

    The service asks the key with the role's credentials and for nobody else, so ``kms:ViaService`` is not
    there: with that condition the role could do nothing.

    Parameters
    ----------
    role
        Whose role.
    of
        The resource that the service keeps.
    key_actions, context, sid, why, page
        As in `KeyUse`.
    """

    role: Sort
    of: Sort
    key_actions: tuple[str, ...]
    context: str
    sid: str
    why: str
    page: str


ROLE_USES = (
    RoleUse(
        Sort.SCHEDULE_ROLE,
        Sort.SCHEDULES,
        (DECRYPT,),
        "aws:scheduler:schedule:arn",
        "OpenScheduleUnderKey",
        "opens what its schedules send",
        "EventBridge Scheduler User Guide, Encryption at rest in EventBridge Scheduler, Execution role "
        "permissions for customer managed keys",
    ),
    RoleUse(
        Sort.MACHINE_ROLE,
        Sort.MACHINE,
        (DECRYPT, MAKE),
        "aws:states:stateMachineArn",
        "RunUnderKey",
        "encrypts and opens the executions of its state machine",
        "AWS Step Functions Developer Guide, Data at rest encryption in Step Functions, Scope down AWS KMS "
        "permission policies with conditions",
    ),
)

# Actions that ask no key of the caller, each with AWS's page. Every action of every middleware stands here or
# above: what is not known to this table would be forgotten under a key.
ASKS_NO_KEY = {
    "elasticfilesystem:ClientMount": "Amazon EFS User Guide, Encrypting data at rest: EFS asks by its grant",
    "elasticfilesystem:ClientWrite": "Amazon EFS User Guide, Encrypting data at rest: EFS asks by its grant",
    "states:StartExecution": "AWS Step Functions Developer Guide, Data at rest encryption in Step Functions, "
    "Required permissions for API callers",
    "scheduler:DeleteSchedule": "EventBridge Scheduler User Guide, Encryption at rest: a key is asked to "
    "encrypt and to open, not to delete",
    "logs:CreateLogStream": "Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using "
    "AWS KMS: the service asks the key itself",
    "logs:PutLogEvents": "Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS "
    "KMS: the service asks the key itself",
    "s3:AbortMultipartUpload": "Amazon S3 User Guide, Uploading and copying objects using multipart upload",
    "s3:DeleteObject": "Amazon S3 User Guide, Protecting data with encryption: nothing is opened",
    "s3:ListBucket": "Amazon S3 User Guide, Protecting data with encryption: names are not encrypted",
    "sqs:DeleteMessage": "Amazon SQS Developer Guide, Encryption at rest: bodies alone are encrypted",
    "sqs:GetQueueAttributes": "Amazon SQS Developer Guide, Encryption at rest: bodies alone are encrypted",
    "iam:PassRole": "AWS KMS asks nothing where a role is passed",
}


def uses_of(action: str) -> tuple[KeyUse, ...]:
    """Return what an action needs of the key of what it is about; nothing for those that ask no key.

    Examples
    --------
    >>> [use.sid for use in uses_of("s3:PutObject")]
    ['PutUnderKey']
    """
    return tuple(use for use in KEY_USES if action in use.actions)
