"""Classes of access: what an action does to a resource, in a reader's words.

AWS sorts actions by level (List, Read, Write, Tagging, Permissions management; Service Authorization
Reference, "Actions, resources, and condition keys for AWS services"). Where a level mixes what a reviewer
keeps apart - reading a document and its bucket's settings, sending and deleting - the table has a word of its
own. An action that no row names is sorted by its verb.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from lakenb.iam.proof.actions import KNOWN

READ: Final = "read"
WRITE: Final = "write"
LIST: Final = "list"
DELETE: Final = "delete"
SETTINGS: Final = "read settings"
CONFIGURE: Final = "configure"
PERMISSIONS: Final = "manage permissions"
USE_KEY: Final = "use key"
SEND: Final = "send"
RECEIVE: Final = "receive"
PUBLISH: Final = "publish"
SUBSCRIBE: Final = "subscribe"
INVOKE: Final = "invoke"
LOG: Final = "log"
ASSUME: Final = "assume"
PASS: Final = "pass"  # noqa: S105 - of roles
TAG: Final = "tag"
NETWORK: Final = "use network"


class Row(NamedTuple):
    """Actions that begin alike, and their class."""

    prefix: str
    name: str


# Sorted from the narrower to the wider: the first row that an action begins with is its own.
_TABLE: Final = tuple(
    Row(prefix, name)
    for name, pairs in (
        (
            PERMISSIONS,
            (
                "s3:PutBucketPolicy s3:DeleteBucketPolicy s3:PutBucketAcl s3:PutObjectAcl "
                "s3:PutObjectVersionAcl s3:PutBucketPublicAccessBlock s3:PutBucketOwnershipControls "
                "s3:PutAccountPublicAccessBlock s3:BypassGovernanceRetention "
                "s3:ObjectOwnerOverrideToBucketOwner sqs:AddPermission sqs:RemovePermission "
                "sqs:SetQueueAttributes sns:AddPermission sns:RemovePermission sns:SetTopicAttributes "
                "lambda:AddPermission lambda:RemovePermission lambda:AddLayerVersionPermission "
                "lambda:CreateFunctionUrlConfig lambda:UpdateFunctionUrlConfig kms:PutKeyPolicy "
                "kms:CreateGrant kms:RevokeGrant kms:RetireGrant iam:Put iam:Attach iam:Detach iam:Create "
                "iam:Update iam:Add iam:Set iam:Delete iam:Remove secretsmanager:PutResourcePolicy "
                "secretsmanager:DeleteResourcePolicy logs:PutResourcePolicy dynamodb:PutResourcePolicy "
                "ecr:SetRepositoryPolicy elasticfilesystem:PutFileSystemPolicy events:PutPermission"
            ),
        ),
        (SETTINGS, "s3:GetObjectAcl s3:GetObjectTagging s3:GetObjectAttributes s3:GetObjectRetention"),
        (READ, "s3:GetObject s3:HeadObject s3:SelectObjectContent"),
        (WRITE, "s3:PutObject s3:RestoreObject s3:ReplicateObject s3:AbortMultipartUpload"),
        (DELETE, "s3:DeleteObject s3:ReplicateDelete s3:DeleteBucket"),
        (LIST, "s3:ListBucket s3:ListMultipartUploadParts s3:ListAllMyBuckets"),
        (SEND, "sqs:SendMessage"),
        (RECEIVE, "sqs:ReceiveMessage sqs:ChangeMessageVisibility"),
        (DELETE, "sqs:DeleteMessage sqs:PurgeQueue sqs:DeleteQueue"),
        (PUBLISH, "sns:Publish"),
        (SUBSCRIBE, "sns:Subscribe sns:ConfirmSubscription sns:Receive"),
        (INVOKE, "lambda:Invoke states:StartExecution execute-api:Invoke bedrock:Invoke sagemaker:Invoke"),
        (
            USE_KEY,
            ("kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:ReEncrypt kms:GenerateMac kms:Sign kms:Verify"),
        ),
        (LOG, "logs:CreateLogStream logs:PutLogEvents logs:CreateLogGroup"),
        (READ, "logs:GetLogEvents logs:FilterLogEvents logs:StartQuery logs:Unmask"),
        (READ, "dynamodb:GetItem dynamodb:BatchGetItem dynamodb:Query dynamodb:Scan dynamodb:GetRecords"),
        (
            WRITE,
            (
                "dynamodb:PutItem dynamodb:UpdateItem dynamodb:BatchWriteItem events:PutEvents "
                "kinesis:PutRecord firehose:PutRecord cloudwatch:PutMetricData"
            ),
        ),
        (DELETE, "dynamodb:DeleteItem dynamodb:DeleteTable"),
        (READ, "secretsmanager:GetSecretValue secretsmanager:BatchGetSecretValue ssm:GetParameter"),
        (WRITE, "secretsmanager:PutSecretValue secretsmanager:UpdateSecret ssm:PutParameter"),
        (READ, "kinesis:GetRecords ecr:GetDownloadUrlForLayer ecr:BatchGetImage"),
        (READ, "elasticfilesystem:ClientMount"),
        (WRITE, "elasticfilesystem:ClientWrite elasticfilesystem:ClientRootAccess"),
        (ASSUME, "sts:AssumeRole sts:GetFederationToken sts:GetSessionToken"),
        (PASS, "iam:PassRole"),
        (
            NETWORK,
            (
                "ec2:CreateNetworkInterface ec2:DeleteNetworkInterface ec2:AssignPrivateIpAddresses "
                "ec2:UnassignPrivateIpAddresses"
            ),
        ),
    )
    for prefix in pairs.split()
)
# Rows whose prefix is no action by itself: one that is.
_EXAMPLES: Final = {
    "iam:Put": "iam:PutRolePolicy",
    "iam:Attach": "iam:AttachRolePolicy",
    "iam:Detach": "iam:DetachRolePolicy",
    "iam:Create": "iam:CreatePolicyVersion",
    "iam:Update": "iam:UpdateAssumeRolePolicy",
    "iam:Add": "iam:AddUserToGroup",
    "iam:Set": "iam:SetDefaultPolicyVersion",
    "iam:Delete": "iam:DeleteRolePolicy",
    "iam:Remove": "iam:RemoveUserFromGroup",
    "lambda:Invoke": "lambda:InvokeFunction",
    "execute-api:Invoke": "execute-api:Invoke",
    "bedrock:Invoke": "bedrock:InvokeModel",
    "sagemaker:Invoke": "sagemaker:InvokeEndpoint",
}
_VERBS: Final = (
    ("BatchGet", READ), ("Get", SETTINGS), ("Describe", SETTINGS), ("Head", SETTINGS), ("List", LIST),
    ("Search", READ), ("Query", READ), ("Scan", READ), ("Delete", DELETE), ("Remove", DELETE),
    ("Tag", TAG), ("Untag", TAG), ("Put", CONFIGURE), ("Create", CONFIGURE), ("Update", CONFIGURE),
)  # fmt: skip
_WILD = re.compile(r"[*?]")


def access_class(action: str) -> str:
    """Return the class of one action.

    Examples
    --------
    >>> access_class("s3:GetObject"), access_class("kms:Decrypt"), access_class("glue:DeleteJob")
    ('read', 'use key', 'delete')
    """
    folded = action.lower()
    for row in _TABLE:
        if folded.startswith(row.prefix.lower()):
            return row.name
    verb = folded.partition(":")[2]
    return next((name for start, name in _VERBS if verb.startswith(start.lower())), CONFIGURE)


@lru_cache(maxsize=4096)
def classes(action: str, services: tuple[str, ...] = ()) -> tuple[tuple[str, str, str], ...]:
    """Return the classes that a text of a policy reaches.

    Parameters
    ----------
    action
        An action, or a glob of actions.
    services
        Of a glob over every service, the services to tell of; none for all in the table.

    Returns
    -------
    tuple
        For each class: its name, an action of it, and the glob of its actions that the text reaches.

    Examples
    --------
    >>> classes("s3:PutObject*")[0], len(classes("s3:*"))
    (('manage permissions', 's3:PutObjectAcl', 's3:PutObjectAcl*'), 7)
    """
    if not _WILD.search(action):
        return ((access_class(action), action, action),)
    head = _WILD.split(action.lower(), maxsplit=1)[0]
    is_prefix = action.lower() == f"{head}*"
    found: dict[str, tuple[str, str, str]] = {}
    for row in _TABLE:
        prefix = row.prefix.lower()
        if services and prefix.partition(":")[0] not in services:
            continue
        example = _EXAMPLES.get(row.prefix, row.prefix)
        if is_prefix and prefix.startswith(head):
            found.setdefault(row.name, (row.name, example, f"{row.prefix}*"))
        elif is_prefix and head.startswith(prefix):
            found.setdefault(row.name, (row.name, _lengthened(action, example), action))
        elif not is_prefix and _expression(action).fullmatch(example.lower()):
            found.setdefault(row.name, (row.name, example, example))
    for folded, name in KNOWN.items():
        if (not services or folded.partition(":")[0] in services) and _expression(action).fullmatch(folded):
            found.setdefault(access_class(name), (access_class(name), name, name))
    return tuple(found.values()) or ((access_class(head), _lengthened(action, action), action),)


def _lengthened(action: str, example: str) -> str:
    """Return an action that the glob covers: the example where it does."""
    if _expression(action).fullmatch(example.lower()):
        return example
    service, _, name = action.partition(":")
    return f"{service}:{name}".replace("*", "").replace("?", "X") if name else "any:Action"


@lru_cache(maxsize=1024)
def _expression(action: str) -> re.Pattern[str]:
    return re.compile(re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", "."))
