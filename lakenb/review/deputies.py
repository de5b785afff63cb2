"""P9: the calls that AWS services make for a pipeline, and what AWS documents them to send along.

A service acts for somebody; without a source condition, for anybody. The table is this module's own: it is
read from AWS's pages, not from what writes the templates.
"""

from __future__ import annotations

from dataclasses import dataclass

S3, SNS, EVENTS, LAMBDA, SCHEDULER, STATES = (
    f"{service}.amazonaws.com" for service in ("s3", "sns", "events", "lambda", "scheduler", "states")
)
SOURCE_ARN, SOURCE_ACCOUNT = "aws:sourcearn", "aws:sourceaccount"
_NO_CONDITION = (
    "not available in AWS: no page documents a source condition that Lambda sends whenever it assumes an "
    "execution role"
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a service.

    Parameters
    ----------
    service, action
        Who calls what.
    policy
        The kind of policy that allows it.
    keys
        The condition keys that AWS documents the service to send, in lower case; none where there is none.
    page
        The AWS page that says so.
    exception
        Why there is no condition; empty where there is one.
    """

    service: str
    action: str
    policy: str
    keys: tuple[str, ...]
    page: str
    exception: str = ""


CALLS = (
    Call(
        SNS,
        "sqs:SendMessage",
        "queue policy",
        (SOURCE_ARN,),
        "Amazon SNS Developer Guide, Fanout Amazon SNS notifications to Amazon SQS queues",
    ),
    Call(
        SNS,
        "sqs:SendMessage",
        "dead-letter queue policy",
        (SOURCE_ARN,),
        "Amazon SNS Developer Guide, Configuring an Amazon SNS dead-letter queue for a subscription",
    ),
    Call(
        S3,
        "sqs:SendMessage",
        "queue policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination",
    ),
    Call(
        EVENTS,
        "sqs:SendMessage",
        "queue policy",
        (SOURCE_ARN,),
        "Amazon EventBridge User Guide, Using resource-based policies for Amazon EventBridge",
    ),
    Call(
        EVENTS,
        "sqs:SendMessage",
        "dead-letter queue policy",
        (SOURCE_ARN,),
        "Amazon EventBridge User Guide, Using dead-letter queues to process undelivered events",
    ),
    Call(
        SNS,
        "kms:GenerateDataKey, kms:Decrypt",
        "key policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "Amazon SQS Developer Guide, Key management, compatibility between AWS services and encrypted queues",
    ),
    Call(
        S3,
        "kms:GenerateDataKey, kms:Decrypt",
        "key policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination",
    ),
    Call(
        EVENTS,
        "kms:GenerateDataKey, kms:Decrypt",
        "key policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "Amazon EventBridge User Guide, Using resource-based policies for Amazon EventBridge",
    ),
    Call(
        "logs.REGION.amazonaws.com",
        "kms:Encrypt, kms:Decrypt, kms:GenerateDataKey, kms:DescribeKey",
        "key policy",
        ("kms:encryptioncontext:aws:logs:arn",),
        "Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS KMS",
    ),
    Call(
        # the schedule's group: "do not scope the statement to a specific schedule"
        SCHEDULER,
        "sts:AssumeRole",
        "trust policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "EventBridge Scheduler User Guide, Confused deputy prevention in EventBridge Scheduler",
    ),
    Call(
        STATES,
        "sts:AssumeRole",
        "trust policy",
        (SOURCE_ARN, SOURCE_ACCOUNT),
        "AWS Step Functions Developer Guide, Creating an IAM role for your state machine",
    ),
    Call(
        LAMBDA,
        "sts:AssumeRole",
        "trust policy",
        (),
        "AWS Lambda Developer Guide, Defining Lambda function permissions with an execution role",
        exception=_NO_CONDITION,
    ),
)


def keys_sent(service: str, action: str, policy: str) -> tuple[str, ...]:
    """Return the condition keys that a service sends with a call; a call of no row is none of ours.

    Examples
    --------
    >>> keys_sent(S3, "sqs:SendMessage", "queue policy")
    ('aws:sourcearn', 'aws:sourceaccount')
    """
    for call in CALLS:
        if (call.service, call.policy) == (service, policy) and action in call.action.split(", "):
            return call.keys
    raise KeyError(service, action, policy)
