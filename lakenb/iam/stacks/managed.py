"""A few policies that AWS manages, as of November 2026. Any other counts as unknown, never as empty.

Page: AWS Managed Policy Reference Guide, one page for each policy.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_INTERFACES = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
)
_TRACES = (
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:GetSamplingStatisticSummaries",
)


def _allowing(*actions: str) -> Mapping[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}


_DOCUMENTS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "AdministratorAccess": _allowing("*"),
        "AWSXRayDaemonWriteAccess": _allowing(*_TRACES),
        "AWSXrayWriteOnlyAccess": _allowing(*_TRACES),
        "service-role/AWSAppSyncPushToCloudWatchLogs": _allowing(*_LOGS),
        "service-role/AWSLambdaBasicExecutionRole": _allowing(*_LOGS),
        "service-role/AWSLambdaDynamoDBExecutionRole": _allowing(
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
            *_LOGS,
        ),
        "service-role/AWSLambdaENIManagementAccess": _allowing(*_INTERFACES),
        "service-role/AWSLambdaSQSQueueExecutionRole": _allowing(
            "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", *_LOGS
        ),
        "service-role/AWSLambdaVPCAccessExecutionRole": _allowing(
            *_LOGS, *_INTERFACES, "ec2:DescribeSubnets"
        ),
        "service-role/AmazonAPIGatewayPushToCloudWatchLogs": _allowing(
            *_LOGS,
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
            "logs:GetLogEvents",
            "logs:FilterLogEvents",
        ),
    }
)


def managed_document(arn: str) -> Mapping[str, Any] | None:
    """Return the document of a policy that AWS manages, by its ARN; None for one that is not bundled.

    Examples
    --------
    >>> managed_document("arn:aws:iam::aws:policy/ReadOnlyAccess") is None
    True
    """
    head, found, name = arn.partition(":iam::aws:policy/")
    return _DOCUMENTS.get(name) if found and head.startswith("arn:") else None
