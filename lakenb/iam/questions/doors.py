"""Doors: actions by which somebody gets more than its own policies say, each with AWS's page.

A door either makes its user somebody else, or lets it write the policies that bind it, or opens a resource to
whomever it likes. Reviewed by `lakenb.iam.questions.reach`; what no row names is no door here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Gain(Enum):
    """What somebody gets who goes through."""

    IDENTITY = "acts as the role or user"
    CODE = "acts as the function's role, by code of its own"
    POLICIES = "gives the role, user, group or policy any permission"
    RESOURCE = "opens the resource to whomever it likes"
    CALL = "makes the function act"


@dataclass(frozen=True, slots=True)
class Door:
    """One door.

    Parameters
    ----------
    action
        What it takes.
    on
        The types of resources it is about, as CloudFormation names them.
    gain
        What it gives.
    text
        What its user then does; ``{on}`` is the resource.
    page
        Where AWS says so.
    """

    action: str
    on: tuple[str, ...]
    gain: Gain
    text: str
    page: str


@dataclass(frozen=True, slots=True)
class PassDoor:
    """A service that runs what it is given with a role that it is passed.

    Parameters
    ----------
    service
        Whom the role must trust.
    create
        What hands over role and code, beside ``iam:PassRole``.
    starts
        Any of these makes it run; none where it runs by itself.
    text, page
        As in `Door`; ``{on}`` is the role.
    """

    service: str
    create: tuple[str, ...]
    starts: tuple[str, ...]
    text: str
    page: str


_ROLE: Final = ("AWS::IAM::Role",)
_USER: Final = ("AWS::IAM::User",)
_GROUP: Final = ("AWS::IAM::Group",)
_MANAGED: Final = ("AWS::IAM::ManagedPolicy",)
_BUCKET: Final = ("AWS::S3::Bucket",)
_FUNCTION: Final = ("AWS::Lambda::Function", "AWS::Serverless::Function")
_IAM: Final = "Service Authorization Reference, AWS Identity and Access Management (IAM)"
_S3: Final = "Service Authorization Reference, Amazon S3"
_LAMBDA: Final = "Lambda Developer Guide, "

DOORS: Final = (
    Door("sts:AssumeRole", _ROLE, Gain.IDENTITY, "takes on {on}",
         "IAM User Guide, Switch to an IAM role (AWS API)"),
    Door("iam:UpdateAssumeRolePolicy", _ROLE, Gain.IDENTITY, "makes {on} trust it, and takes it on",
         "IAM User Guide, Update a role trust policy"),
    Door("iam:CreateAccessKey", _USER, Gain.IDENTITY, "makes itself an access key of {on}",
         "IAM User Guide, Manage access keys for IAM users"),
    Door("iam:CreateLoginProfile", _USER, Gain.IDENTITY, "gives {on} a password and signs in",
         "IAM User Guide, Manage passwords for IAM users"),
    Door("iam:UpdateLoginProfile", _USER, Gain.IDENTITY, "sets the password of {on} and signs in",
         "IAM User Guide, Manage passwords for IAM users"),
    Door("lambda:UpdateFunctionCode", _FUNCTION, Gain.CODE, "replaces the code of {on}",
         _LAMBDA + "Defining Lambda function permissions with an execution role"),
    Door("lambda:UpdateFunctionConfiguration", _FUNCTION, Gain.CODE,
         "adds a layer with code of its own to {on}", _LAMBDA + "Adding layers to functions"),
    Door("iam:PutRolePolicy", _ROLE, Gain.POLICIES, "writes a policy into {on}", _IAM),
    Door("iam:AttachRolePolicy", _ROLE, Gain.POLICIES, "attaches a policy to {on}", _IAM),
    Door("iam:PutUserPolicy", _USER, Gain.POLICIES, "writes a policy into {on}", _IAM),
    Door("iam:AttachUserPolicy", _USER, Gain.POLICIES, "attaches a policy to {on}", _IAM),
    Door("iam:PutGroupPolicy", _GROUP, Gain.POLICIES, "writes a policy into {on}", _IAM),
    Door("iam:AttachGroupPolicy", _GROUP, Gain.POLICIES, "attaches a policy to {on}", _IAM),
    Door("iam:CreatePolicyVersion", _MANAGED, Gain.POLICIES, "writes a new version of {on}",
         "IAM User Guide, Versioning IAM policies"),
    Door("iam:SetDefaultPolicyVersion", _MANAGED, Gain.POLICIES, "puts another version of {on} in force",
         "IAM User Guide, Versioning IAM policies"),
    Door("iam:DeleteRolePermissionsBoundary", _ROLE, Gain.POLICIES, "lifts the boundary of {on}",
         "IAM User Guide, Permissions boundaries for IAM entities"),
    Door("iam:PutRolePermissionsBoundary", _ROLE, Gain.POLICIES, "sets another boundary for {on}",
         "IAM User Guide, Permissions boundaries for IAM entities"),
    Door("s3:PutBucketPolicy", _BUCKET, Gain.RESOURCE, "writes the bucket policy of {on}", _S3),
    Door("s3:DeleteBucketPolicy", _BUCKET, Gain.RESOURCE, "removes the bucket policy of {on} with its denies",
         _S3),
    Door("s3:PutBucketAcl", _BUCKET, Gain.RESOURCE, "writes the access control list of {on}",
         "S3 User Guide, Access control list (ACL) overview; without effect where ACLs are disabled"),
    Door("s3:PutObjectAcl", _BUCKET, Gain.RESOURCE, "writes access control lists of objects of {on}",
         "S3 User Guide, Access control list (ACL) overview; without effect where ACLs are disabled"),
    Door("s3:PutBucketPublicAccessBlock", _BUCKET, Gain.RESOURCE, "lifts the public access block of {on}",
         "S3 User Guide, Blocking public access to your Amazon S3 storage"),
    Door("s3:PutBucketOwnershipControls", _BUCKET, Gain.RESOURCE, "lets access control lists count on {on}",
         "S3 User Guide, Controlling ownership of objects"),
    Door("s3:PutAccessPointPolicy", ("AWS::S3::AccessPoint",), Gain.RESOURCE,
         "opens a bucket by the policy of {on}", "S3 User Guide, Managing access with access points"),
    Door("s3:PutBucketNotification", _BUCKET, Gain.RESOURCE, "has what happens in {on} told elsewhere",
         "S3 User Guide, Amazon S3 Event Notifications"),
    Door("s3:PutReplicationConfiguration", _BUCKET, Gain.RESOURCE, "has {on} copied elsewhere",
         "S3 User Guide, Replicating objects within and across Regions"),
    Door("sqs:AddPermission", ("AWS::SQS::Queue",), Gain.RESOURCE, "lets others use {on}",
         "Amazon SQS API Reference, AddPermission"),
    Door("sqs:SetQueueAttributes", ("AWS::SQS::Queue",), Gain.RESOURCE, "writes the queue policy of {on}",
         "Amazon SQS API Reference, SetQueueAttributes"),
    Door("sns:AddPermission", ("AWS::SNS::Topic",), Gain.RESOURCE, "lets others use {on}",
         "Amazon SNS API Reference, AddPermission"),
    Door("sns:SetTopicAttributes", ("AWS::SNS::Topic",), Gain.RESOURCE, "writes the topic policy of {on}",
         "Amazon SNS API Reference, SetTopicAttributes"),
    Door("lambda:AddPermission", _FUNCTION, Gain.RESOURCE, "lets others call {on}",
         _LAMBDA + "Viewing resource-based IAM policies in Lambda"),
    Door("lambda:CreateFunctionUrlConfig", _FUNCTION, Gain.RESOURCE, "gives {on} a URL of its own",
         _LAMBDA + "Control access to Lambda function URLs"),
    Door("lambda:UpdateFunctionUrlConfig", _FUNCTION, Gain.RESOURCE, "sets who may call the URL of {on}",
         _LAMBDA + "Control access to Lambda function URLs"),
    Door("kms:PutKeyPolicy", ("AWS::KMS::Key",), Gain.RESOURCE, "writes the key policy of {on}",
         "KMS Developer Guide, Key policies in AWS KMS"),
    Door("kms:CreateGrant", ("AWS::KMS::Key",), Gain.RESOURCE, "grants the use of {on} to others",
         "KMS Developer Guide, Grants in AWS KMS"),
    Door("secretsmanager:PutResourcePolicy", ("AWS::SecretsManager::Secret",), Gain.RESOURCE,
         "writes the policy of {on}", "Secrets Manager User Guide, Resource-based policies"),
    Door("dynamodb:PutResourcePolicy", ("AWS::DynamoDB::Table",), Gain.RESOURCE, "writes the policy of {on}",
         "DynamoDB Developer Guide, Using resource-based policies for DynamoDB"),
    Door("ecr:SetRepositoryPolicy", ("AWS::ECR::Repository",), Gain.RESOURCE, "writes the policy of {on}",
         "Amazon ECR User Guide, Private repository policies"),
    Door("elasticfilesystem:PutFileSystemPolicy", ("AWS::EFS::FileSystem",), Gain.RESOURCE,
         "writes the policy of {on}", "Amazon EFS User Guide, Using IAM to control access to file systems"),
    Door("logs:PutSubscriptionFilter", ("AWS::Logs::LogGroup",), Gain.RESOURCE, "has {on} sent elsewhere",
         "CloudWatch Logs User Guide, Real-time processing of log data with subscriptions"),
    Door("sns:Subscribe", ("AWS::SNS::Topic",), Gain.RESOURCE, "subscribes whom it likes to {on}",
         "Amazon SNS API Reference, Subscribe"),
    Door("lambda:InvokeFunction", _FUNCTION, Gain.CALL, "calls {on}", _LAMBDA + "Invoking Lambda functions"),
    Door("lambda:InvokeFunctionUrl", _FUNCTION, Gain.CALL, "calls {on} by its URL",
         _LAMBDA + "Control access to Lambda function URLs"),
)  # fmt: skip

_HANDING: Final = "IAM User Guide, Grant a user permissions to pass a role to an AWS service; "
PASS_DOORS: Final = (
    PassDoor(
        "lambda.amazonaws.com", ("lambda:CreateFunction",),
        ("lambda:InvokeFunction", "lambda:CreateEventSourceMapping", "lambda:AddPermission",
         "lambda:CreateFunctionUrlConfig"),
        "makes a function that acts as {on}", _HANDING + _LAMBDA + "execution roles",
    ),
    PassDoor("lambda.amazonaws.com", ("lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionCode"), (),
             "gives a function code of its own and {on}", _HANDING + _LAMBDA + "execution roles"),
    PassDoor("ec2.amazonaws.com", ("ec2:RunInstances",), (), "starts a machine that acts as {on}",
             _HANDING + "EC2 User Guide, IAM roles for Amazon EC2"),
    PassDoor("ecs-tasks.amazonaws.com", ("ecs:RegisterTaskDefinition", "ecs:RunTask"), (),
             "runs a container that acts as {on}", _HANDING + "ECS Developer Guide, Task IAM role"),
    PassDoor("states.amazonaws.com", ("states:CreateStateMachine",), ("states:StartExecution",),
             "makes a state machine that acts as {on}", _HANDING + "Step Functions Developer Guide"),
    PassDoor("cloudformation.amazonaws.com", ("cloudformation:CreateStack",), (),
             "makes a stack that acts as {on}", _HANDING + "CloudFormation User Guide, Service role"),
    PassDoor("glue.amazonaws.com", ("glue:CreateJob",), ("glue:StartJobRun",),
             "makes a job that acts as {on}", _HANDING + "AWS Glue Developer Guide"),
    PassDoor("codebuild.amazonaws.com", ("codebuild:CreateProject",), ("codebuild:StartBuild",),
             "makes a build that acts as {on}", _HANDING + "CodeBuild User Guide"),
    PassDoor("scheduler.amazonaws.com", ("scheduler:CreateSchedule",), (),
             "has AWS call what it likes as {on}",
             _HANDING + "EventBridge Scheduler User Guide, Execution role"),
)  # fmt: skip

# A role is not changed by being handed over: what opens is the service that it is handed to, in PASS_DOORS.
_HANDS: Final = ("iam:PassRole", "hands a role to a service that acts with it")
_THINGS: Final = {
    "ManagedPolicy": "managed policy",
    "AccessPoint": "access point",
    "FileSystem": "file system",
}


def opened() -> dict[str, str]:
    """Return what whoever may take an action does with it, by action: ``writes a policy into a role``."""
    return {door.action: door.text.format(on=_thing(door.on[0])) for door in DOORS} | dict([_HANDS])


def _thing(kind: str) -> str:
    name = kind.rpartition("::")[2]
    word = _THINGS.get(name, name.lower())
    return f"{'an' if word[0] in 'aeio' else 'a'} {word}"
