"""Changes that no claim notices, each with the reason why it is no hole.

Most are equivalent: the template means the same as before. Some AWS refuses when the stack is deployed.
Some are about things that the ten promises are not about: cost, speed, the code itself.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tests.review.mutants.mutations import Mutant


class Argument(NamedTuple):
    """Why some changes are no hole.

    Parameters
    ----------
    kinds
        The kinds of change.
    types
        Of the resources, without ``AWS::``.
    place
        An expression for the place: after the logical id, or with it.
    reason
        A sentence.
    """

    kinds: str
    types: str
    place: str
    reason: str


_DENY = r".*'Deny(PlainHttp|OldTls)'.*"
_LOGS = (
    "no function writes its log by this way, for Lambda does so outside the VPC; and nothing beyond the "
    "pipeline's logs is let through"
)
ARGUMENTS = (
    Argument("lifetime dropped", r"(?!S3::Bucket$|KMS::Key$).*", r"(DeletionPolicy|UpdateReplacePolicy)",
             "it says Delete, which is what CloudFormation does by itself"),
    Argument("operator IfExists", ".*", _DENY, "every request to S3, SQS and SNS carries the key"),
    Argument(r"resource (\*|widened)", "S3::BucketPolicy|SQS::QueuePolicy|SNS::TopicPolicy", ".*",
             "a resource's own policy is about that resource alone, whatever it names"),
    Argument("action widened", "SNS::TopicPolicy", _DENY, "a wider deny of what nobody may do without TLS"),
    Argument("resource widened", "IAM::Role|EC2::VPCEndpoint", r".*'WriteLogs'|LogsEndpoint .*",
             "a log group's ARN ends in :* already"),
    Argument("resource widened", "IAM::Role", r".*'\w+UnderKey'",
             "no key's ARN continues another's: ids are equally long"),
    Argument("property dropped|text changed", "IAM::Role", r"Policies\[\d+\]\.PolicyName",
             "a name that nothing refers to; without one AWS refuses the stack"),
    Argument("number lowered|number raised|property dropped", "Lambda::EventSourceMapping",
             "BatchSize|MaximumBatchingWindowInSeconds", "how many messages at a time: speed, not safety"),
    Argument("number lowered|number raised|property dropped", "Lambda::Function", "MemorySize|Timeout",
             "speed and cost; a time-out within the queue's visibility loses nothing"),
    Argument("property dropped|text changed", "Lambda::Function",
             r"Code\.S3(Bucket|Key)|Handler|Runtime|Architectures.*",
             "the claims bound what any code can do; a wrong one fails loudly"),
    Argument("property dropped|text changed", "Lambda::Function", r"LoggingConfig\.LogFormat",
             "how lines are written"),
    Argument("property dropped|text changed", "Lambda::Function",
             r"Environment\.Variables\.LAKENB_(MAX_RECEIVES|OPTIONS|HANDLER|LOCKED)",
             "options of the code, which the claims take as any code"),
    Argument("property dropped", "Lambda::Function", r"Environment\.Variables\.LAKENB_STORE_PREFIX",
             "it is empty, which is what the function takes it for when it is absent"),
    Argument("number raised", "Logs::LogGroup", "RetentionInDays", "logs hold no content and stay longer"),
    Argument("number lowered|property dropped", "Logs::LogGroup", "RetentionInDays",
             "logs stay shorter, or for ever"),
    Argument("property dropped|text changed", "Logs::LogGroup", "LogGroupName",
             "function and role refer to the log group itself, whatever its name is"),
    Argument("number.*", "S3::Bucket", r"Lifecycle.*\.AbortIncompleteMultipartUpload\..*",
             "parts of unfinished uploads are no documents"),
    Argument("number raised|property dropped|text changed", "S3::Bucket",
             r"LifecycleConfiguration(\.Rules(\[\d+\](\..*)?)?)?",
             "nothing expires sooner than before, and parts of uploads are no documents"),
    Argument("number.*|property dropped", "SQS::Queue", "MessageRetentionPeriod",
             "within what stores outlive; four days is also what SQS does by itself"),
    Argument("number.*", "SQS::Queue", r"RedrivePolicy\.maxReceiveCount",
             "how often, never whether it is laid aside"),
    Argument("number raised", "SQS::Queue", "VisibilityTimeout",
             "a message is hidden for longer than any try takes"),
    Argument("number.*|property dropped", "SQS::Queue", "KmsDataKeyReusePeriodSeconds",
             "cost: the key is the same"),
    Argument("property dropped", "SQS::Queue", "VisibilityTimeout",
             "SQS's own thirty seconds are longer than any try of these functions takes"),
    Argument("property dropped|text changed", "KMS::Key", "Description", "a comment"),
    Argument("resource deleted|property dropped|text changed", "KMS::Alias", ".*",
             "a name for people: policies and resources name the key itself"),
    Argument("principal account", "KMS::Key", r".*'AccountDecides'",
             "an account is its root, written shorter"),
    Argument(r"condition's value \*", "KMS::Key", r".*'SnsDelivers' StringEquals aws:SourceAccount",
             "a topic's ARN, which stays, holds the account"),
    Argument(r"condition's value \*", "IAM::Role",
             r".*'TheServiceWorksForThisNode' StringEquals aws:SourceAccount",
             "the ARN of the group or state machine, which stays, holds the account"),
    Argument("resource widened", "IAM::Role", r".*'CreateSchedules'", "all schedules of the group already"),
    Argument("property dropped|text changed", "DynamoDB::Table", "BillingMode",
             "cost: without it AWS refuses a table of no provisioned throughput"),
    Argument("property dropped|switch turned", "DynamoDB::Table", r"PointInTimeRecoverySpecification.*",
             "a backup more: what is there is the same"),
    Argument("property dropped|switch turned|text changed", "EFS::FileSystem",
             r"BackupPolicy.*|ThroughputMode|Encrypted",
             "a backup more, speed; and without a key no encryption of file systems is promised"),
    Argument("property dropped|text changed", "Scheduler::Schedule", "Description|Name",
             "a name that nothing refers to"),
    Argument("property dropped", "Scheduler::Schedule", "ScheduleExpressionTimezone|State",
             "UTC and ENABLED are what counts where nothing is written"),
    Argument("number.*|property dropped", "Scheduler::Schedule", r"Target\.RetryPolicy.*",
             "how often and how long, never whether it is laid aside"),
    Argument("property dropped|text changed", "StepFunctions::StateMachine", r"Definition\.Comment",
             "a comment"),
    Argument("property dropped", "StepFunctions::StateMachine", "StateMachineType",
             "STANDARD is what it is by itself"),
    Argument(r"number.*|property dropped|text changed", "StepFunctions::StateMachine",
             r"Definition\.States\.(Publish\.Retry.*|Keep\.Retry\[0\]\..*(Seconds|Rate))",
             "how often and how patiently, never whether it is laid aside"),
    Argument("number.*|property dropped", "StepFunctions::StateMachine",
             r"Definition\.States\.Keep\.Retry\[0\]\.MaxAttempts", "how often: three times by itself"),
    Argument("text changed", "StepFunctions::StateMachine",
             r"Definition\.States\.Publish\.Catch\[0\]\.ResultPath",
             "another place in the input for the error"),
    Argument("text changed", "StepFunctions::StateMachine",
             r"Definition\.States\.Keep\.Parameters\.MessageBody\.event\.\$",
             "AWS refuses the state machine: nothing may stand behind an intrinsic function"),
    Argument("number.*|property dropped|text changed", "StepFunctions::StateMachine",
             r"Definition\.States\.Keep\.Parameters\.Message(Attributes.*"
             r"|Body\.(lakenb|node|eventId|kind|reason|document).*)",
             "what a dead letter says beside its event, which stays"),
    Argument("property dropped|text changed", "StepFunctions::StateMachine",
             r"Definition\.States\.(Keep\.Next|NotPublished.*)|DefinitionSubstitutions\.Partition",
             "the event is aside by then; or AWS refuses the state machine, whose definition is not whole"),
    Argument("operator IfExists|action (widened|dropped)", "EFS::FileSystem", r".*'Deny\w+'.*",
             "every request carries the first key; a wider deny; and root access is denied twice"),
    Argument("property dropped|text changed", "EFS::FileSystem",
             r"FileSystemPolicy\.(Version|Statement\[\d\]\.(Sid|Resource|Action\[2\]))",
             "names; a file system's policy is about itself; and root access is denied twice"),
    Argument("operator IfExists", "IAM::Role",
             r".*'MountFiles' StringEquals elasticfilesystem:AccessPointArn",
             "the file system itself denies whoever comes without an access point"),
)  # fmt: skip

OF_NETWORKS = (
    Argument("property dropped|text changed", "EC2::(VPC|Subnet)", "CidrBlock|AvailabilityZone",
             "which addresses there are; without any AWS refuses the stack"),
    Argument("property dropped", "EC2::VPC", "EnableDnsSupport", "it is on by itself"),
    Argument("property dropped|text changed", "EC2::(RouteTable|SecurityGroup)", "VpcId|GroupDescription",
             "a comment; or AWS refuses the stack, for the subnets are of another VPC"),
    Argument("property dropped", "EC2::SecurityGroup", r"SecurityGroupEgress(\[0\])?",
             "everything may go out by itself, and nothing but the endpoints is there"),
    Argument("number lowered", "EC2::SecurityGroup", r"SecurityGroup(In|E)gress\[0\]\.FromPort",
             "443 stays in the range"),
    Argument("number raised", "EC2::SecurityGroup", r"SecurityGroup(In|E)gress\[0\]\.ToPort",
             "443 stays in the range"),
    Argument("property dropped|reference to another", "EC2::VPCEndpoint|Lambda::Function",
             r"(VpcConfig\.)?SubnetIds\[\d+\]", "one zone less; the way stays"),
    Argument("property dropped", "EC2::VPCEndpoint", "VpcEndpointType", "Gateway is what S3's is by itself"),
    Argument("action widened", "EC2::VPCEndpoint", r".*'ThisPipeline\d*' .*",
             "on the pipeline's own resources, where roles and guards bound it (P1 to P4)"),
    Argument(r"condition dropped|condition's value \*|operator IfExists", "EC2::VPCEndpoint",
             r".*'ThisPipeline\d*' StringEquals aws:PrincipalAccount",
             "whose credentials reach the pipeline's own resources is bounded by their guards (P1, P4)"),
    Argument("(statement|resource) deleted|effect flipped|(action|resource) dropped|resource of another|"
             "NotAction for Action|condition's value changed|operator negated",
             "EC2::VPCEndpoint", "LogsEndpoint.*", _LOGS),
    Argument("property dropped|text changed|switch turned|reference to another", "EC2::VPCEndpoint",
             r"LogsEndpoint (ServiceName|Vpc(Id|EndpointType)|PrivateDnsEnabled|(Subnet|SecurityGroup)Ids.*)",
             _LOGS),
    Argument("resource widened", "EC2::VPCEndpoint", r".*'ThisPipeline\d*'",
             "within the pipeline's own cache, where roles and guards bound it (P3)"),
    Argument("property dropped|text changed", "EC2::SecurityGroup",
             r"SecurityGroup(In|E)gress\[\d\]\.Description", "a comment"),
    Argument("property dropped|text changed|number.*", "EC2::SecurityGroup",
             r"(\w+FileSystemGroup|PipelineEndpointsGroup) SecurityGroupEgress\[0\]\..*",
             "what only answers sends nothing by itself: security groups let answers through"),
    Argument("property dropped|text changed|number.*", "EC2::SecurityGroup",
             r"PipelineFunctionsGroup SecurityGroupEgress\[0\]\..*",
             "the way to gateways, which stays, is open for endpoints as well; no route leads out"),
    Argument("number (lowered|raised)", "EC2::SecurityGroup",
             r"PipelineFunctionsGroup SecurityGroupEgress\[[12]\]\.(From|To)Port",
             "the port stays in the range"),
    Argument("property dropped|switch turned", "EC2::Subnet", "MapPublicIpOnLaunch",
             "a public address leads nowhere without a route out; and Lambda's interfaces get none"),
    Argument(r"action widened|condition's value \*", "IAM::Role", r".*'NotByOwnCode'.*",
             "a wider deny of what Lambda does by itself"),
    Argument("text changed", "EFS::AccessPoint", r"RootDirectory\.(Path|CreationInfo\.Permissions)",
             "another folder of its own; or permissions that AWS refuses"),
)  # fmt: skip

# Real faults that no claim notices yet: each stands here only as long as that is so.
NOT_YET: tuple[Argument, ...] = ()


def argued(mutant: Mutant) -> str | None:
    """Return why a change is no hole; None where nothing is argued."""
    return _reason(mutant, (*ARGUMENTS, *OF_NETWORKS))


def not_yet(mutant: Mutant) -> str | None:
    """Return why a hole is not noticed yet; None where it has to be."""
    return _reason(mutant, NOT_YET)


def _reason(mutant: Mutant, arguments: tuple[Argument, ...]) -> str | None:
    kind = mutant.type.removeprefix("AWS::")
    _, _, place = mutant.place.partition(" ")
    for argument in arguments:
        if (
            re.fullmatch(argument.kinds, mutant.kind)
            and re.fullmatch(argument.types, kind)
            and (re.fullmatch(argument.place, place) or re.fullmatch(argument.place, mutant.place))
        ):
            return argument.reason
    return None
