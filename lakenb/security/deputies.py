"""P9: which condition keys AWS documents each service to send on each call.

A service principal acts for somebody; without a source condition, for anybody. The table holds the
narrowest condition that an AWS page documents for the call, and names the calls for which there is none.
"""

from __future__ import annotations

from dataclasses import dataclass

SNS = "sns.amazonaws.com"
S3 = "s3.amazonaws.com"
EVENTS = "events.amazonaws.com"
LAMBDA = "lambda.amazonaws.com"
SCHEDULER = "scheduler.amazonaws.com"
STATES = "states.amazonaws.com"
LOGS = "logs.${AWS::Region}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Deputy:
    """One call that a service makes for a pipeline.

    Parameters
    ----------
    service
        The service principal.
    action
        The call.
    policy
        The kind of policy in which it is allowed.
    keys
        The condition keys that AWS documents the service to send; none is a named exception.
    page
        The AWS page that says so.
    exception
        Why there is no condition; empty when there is one.
    """

    service: str
    action: str
    policy: str
    keys: tuple[str, ...]
    page: str
    exception: str = ""


DEPUTIES = (
    Deputy(
        SNS,
        "sqs:SendMessage",
        "queue policy",
        ("aws:SourceArn",),
        "Amazon SNS Developer Guide, Subscribing an Amazon SQS queue to an Amazon SNS topic",
    ),
    Deputy(
        SNS,
        "sqs:SendMessage",
        "dead-letter queue policy",
        ("aws:SourceArn",),
        "Amazon SNS Developer Guide, Configuring an Amazon SNS dead-letter queue for a subscription",
    ),
    Deputy(
        S3,
        "sqs:SendMessage",
        "queue policy",
        ("aws:SourceArn", "aws:SourceAccount"),
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination",
    ),
    Deputy(
        EVENTS,
        "sqs:SendMessage",
        "queue policy",
        ("aws:SourceArn",),
        "Amazon EventBridge User Guide, Using resource-based policies, Amazon SQS permissions",
    ),
    Deputy(
        EVENTS,
        "sqs:SendMessage",
        "dead-letter queue policy",
        ("aws:SourceArn",),
        "Amazon EventBridge User Guide, Using dead-letter queues to process undelivered events",
    ),
    Deputy(
        STATES,
        "sts:AssumeRole",
        "trust policy",
        ("aws:SourceArn", "aws:SourceAccount"),
        "AWS Step Functions Developer Guide, Creating an IAM role for your state machine, Prevent "
        "cross-service confused deputy issue",
    ),
    Deputy(
        SCHEDULER,
        "sts:AssumeRole",
        "trust policy",
        ("aws:SourceAccount", "aws:SourceArn"),
        "Amazon EventBridge Scheduler User Guide, Confused deputy prevention in EventBridge Scheduler",
    ),
    Deputy(
        SNS,
        "kms:GenerateDataKey",
        "key policy",
        ("aws:SourceArn", "aws:SourceAccount"),
        "Amazon SQS Developer Guide, Key management, Configure AWS KMS permissions with confused deputy "
        "protection",
    ),
    Deputy(
        S3,
        "kms:GenerateDataKey",
        "key policy",
        ("aws:SourceArn", "aws:SourceAccount"),
        "Amazon S3 User Guide, Granting permissions to publish event notification messages to a destination, "
        "AWS KMS key policy",
    ),
    Deputy(
        EVENTS,
        "kms:GenerateDataKey",
        "key policy",
        ("aws:SourceArn", "aws:SourceAccount"),
        "Amazon SQS Developer Guide, Key management, Configure AWS KMS permissions with confused deputy "
        "protection (CloudWatch Events)",
    ),
    Deputy(
        LOGS,
        "kms:GenerateDataKey",
        "key policy",
        ("kms:EncryptionContext:aws:logs:arn",),
        "Amazon CloudWatch Logs User Guide, Encrypt log data in CloudWatch Logs using AWS KMS",
    ),
    Deputy(
        LAMBDA,
        "sts:AssumeRole",
        "trust policy",
        (),
        "AWS Lambda Developer Guide, Defining Lambda function permissions with an execution role",
        exception="not available in AWS: no page documents a source condition that Lambda sends for every "
        "execution role",
    ),
)


def deputy(service: str, action: str, policy: str) -> Deputy:
    """Return the row for one call; a call without a row is a mistake of ours and raises `KeyError`."""
    for row in DEPUTIES:
        if (row.service, row.action, row.policy) == (service, action, policy):
            return row
    raise KeyError(service, action, policy)
