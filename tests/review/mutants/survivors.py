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
    Argument("condition's value dropped", "IAM::Role",
             r".*kms:EncryptionContext:aws:s3:arn\[1\] 'ReadUnderKey' .*",
             "the cache: PutUnderKey lets decrypt there as well, as puts in parts need it"),
    Argument("principal account", "KMS::Key", r".*'AccountDecides'",
             "an account is its root, written shorter"),
    Argument(r"condition's value \*", "KMS::Key", r".*'SnsDelivers' StringEquals aws:SourceAccount",
             "a topic's ARN, which stays, holds the account"),
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
    Argument("action widened", "EC2::VPCEndpoint", r".*'ThisPipeline' .*",
             "on the pipeline's own resources, where roles and guards bound it (P1 to P4)"),
    Argument(r"condition dropped|condition's value \*|operator IfExists", "EC2::VPCEndpoint",
             r".*'ThisPipeline' StringEquals aws:PrincipalAccount",
             "whose credentials reach the pipeline's own resources is bounded by their guards (P1, P4)"),
    Argument("(statement|resource) deleted|effect flipped|(action|resource) dropped|resource of another|"
             "NotAction for Action|condition's value changed|operator negated",
             "EC2::VPCEndpoint", "LogsEndpoint.*", _LOGS),
    Argument("property dropped|text changed|switch turned|reference to another", "EC2::VPCEndpoint",
             r"LogsEndpoint (ServiceName|Vpc(Id|EndpointType)|PrivateDnsEnabled|(Subnet|SecurityGroup)Ids.*)",
             _LOGS),
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
