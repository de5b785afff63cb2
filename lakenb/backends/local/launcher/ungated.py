"""What AWS asks and the embedded AWS does not: constant data, so that a run can say 'not enforced here'.

It imports nothing, and is read from both sides of the border.
"""

from __future__ import annotations

from typing import Final

_DOCS: Final = "https://docs.aws.amazon.com/"

# (what happens, the permission that AWS asks for, what happens here, the page where AWS says so)
UNGATED: Final = (
    ("Lambda opens a function's variables; EFS, Step Functions and EventBridge Scheduler open what they keep",
     "kms:Decrypt by a grant of the service, or of the role that the service takes",
     "the key is not asked; for S3, SQS, SNS, DynamoDB and logs it is",
     _DOCS + "kms/latest/developerguide/service-integration.html"),
    ("A service invokes a function (S3, SNS, EventBridge)", "lambda:InvokeFunction in the function's policy",
     "the function's policy is not asked",
     _DOCS + "lambda/latest/dg/access-control-resource-based.html"),
    ("CloudFormation acts for the deployer", "every action of the template's resources",
     "the deployer may do all, and inner calls are not asked",
     _DOCS + "AWSCloudFormation/latest/UserGuide/control-access-with-iam.html"),
    ("A role is passed to a service", "iam:PassRole",
     "asked where a function makes a schedule: all else the deployer passes",
     _DOCS + "IAM/latest/UserGuide/id_roles_use_passrole.html"),
    ("Lambda assumes a function's role", "sts:AssumeRole in the role's trust policy",
     "the trust policy is not asked",
     _DOCS + "lambda/latest/dg/lambda-intro-execution-role.html"),
    ("EventBridge acts as a role", "the target's action of that role",
     "the role is not asked",
     _DOCS + "eventbridge/latest/userguide/eb-use-identity-based.html"),
    ("A dead-letter queue takes a message of its source queue", "redriveAllowPolicy of the dead-letter queue",
     "every source queue may use it",
     _DOCS + "AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"),
    ("A call comes through a VPC endpoint", "the endpoint's policy",
     "there is no network: calls come by loopback, and tell the endpoint that they would take",
     _DOCS + "vpc/latest/privatelink/vpc-endpoints-access.html"),
    ("An organization's control policies", "SCP and RCP", "there are none",
     _DOCS + "organizations/latest/userguide/orgs_manage_policies_scps.html"),
    ("S3 Block Public Access and ACLs", "the account's and bucket's settings",
     "nobody anonymous gets in at all",
     _DOCS + "AmazonS3/latest/userguide/access-control-block-public-access.html"),
)  # fmt: skip

# Limits of Lambda that are not enforced: they bear on whether a function works, not on who may do what.
UNENFORCED_LIMITS: Final = (
    "the memory limit of a function",
    "the size of /tmp (a function's files lie in the run's folder)",
    "network isolation: a function may reach what its user may",
    "file permissions: a function runs as the user, on the same machine",
)
