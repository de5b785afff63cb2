"""AWS's quotas on a template, checked by name before it leaves.

Each bound names its AWS page. What depends on names is checked once the stack's name is known.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from lakenb.catalog.places import without_tokens
from lakenb.errors import Fault
from lakenb.template.build import to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# AWS CloudFormation User Guide, "CloudFormation quotas"
RESOURCES = 500
TEMPLATE_BYTES = 1_000_000
# Amazon SQS Developer Guide, "Amazon SQS policy quotas" and "Amazon SQS standard queue quotas"
QUEUE_POLICY_STATEMENTS = 20
QUEUE_POLICY_BYTES = 8_192
QUEUE_NAME = 80
# IAM User Guide, "IAM and AWS STS quotas": a role's inline policies, white space not counted
ROLE_POLICY_CHARACTERS = 10_240
# Amazon S3 User Guide, "General purpose bucket naming rules"
BUCKET_NAME = 63
# AWS Lambda Developer Guide, "Lambda quotas": all environment variables of a function together
ENVIRONMENT_BYTES = 4_096
LOG_GROUP_NAME = 512
# Amazon EventBridge User Guide, "Amazon EventBridge quotas": event pattern size
EVENT_PATTERN = 2_048
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

_ACCOUNT, _LONGEST_REGION, _PARTITION = "1" * 12, "ap-southeast-2", "aws"
_PSEUDO = {"AWS::AccountId": _ACCOUNT, "AWS::Partition": _PARTITION}
# what CloudFormation makes of a logical id: <stack>-<logical id, at most so long>-<suffix>
_GENERATED_SUFFIX = "-" + "X" * 13
_ARN = f"arn:aws:service:{_LONGEST_REGION}:{_ACCOUNT}:"


def quota_faults(template: Mapping[str, Any], stack_name: str, region: str = _LONGEST_REGION) -> list[Fault]:
    """Return the quotas that a template exceeds, by name.

    Parameters
    ----------
    template
        What `build` returned.
    stack_name
        The stack's name, a part of queue and log group names.
    region
        Where it goes; the longest name of a region when unknown.

    Returns
    -------
    list[Fault]
        Empty when AWS would take the template, as far as quotas go.
    """
    return [
        *_whole(template),
        *_stack_name(stack_name),
        *(
            fault
            for logical_id, made in template["Resources"].items()
            for fault in _resource(logical_id, made, stack_name, region)
        ),
    ]


def _whole(template: Mapping[str, Any]) -> Iterator[Fault]:
    where, count = "the template", len(template["Resources"])
    mend = "split the pipeline into two: this version writes one stack"
    if count > RESOURCES:
        yield Fault(f"{count} resources; a CloudFormation stack holds {RESOURCES}", where, mend)
    size = len(to_json(template).encode())
    if size > TEMPLATE_BYTES:
        yield Fault(f"{size:,} bytes; a CloudFormation template has at most {TEMPLATE_BYTES:,}", where, mend)


def _stack_name(stack_name: str) -> Iterator[Fault]:
    if not STACK_NAME.fullmatch(stack_name):
        what = (
            f"{stack_name!r} cannot be a stack's name: letters, digits and hyphens, beginning with a letter"
        )
        yield Fault(what, "the stack's name", "for example 'contracts'")


# what is measured: its name, its length, the longest that AWS takes, how to mend it
Measure = tuple[str, int, int, str]
_NAMES = "shorten the stack's name or the node's id"
_FEWER = "let fewer producers send to this node, or put a middleware between"


def _bucket(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "BucketName" in properties:
        name = text(properties["BucketName"])
        yield (
            f"characters in the bucket's name {name!r}",
            len(name),
            BUCKET_NAME,
            "shorten the pipeline's or the node's id",
        )


def _queue(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "QueueName" in properties:
        yield "characters in the queue's name", len(text(properties["QueueName"])), QUEUE_NAME, _NAMES


def _log_group(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    yield "characters in the log group's name", len(text(properties["LogGroupName"])), LOG_GROUP_NAME, _NAMES


def _queue_policy(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    policy = properties["PolicyDocument"]
    yield "bytes in the queue's policy", len(text(policy).encode()), QUEUE_POLICY_BYTES, _FEWER
    yield "statements in the queue's policy", len(policy["Statement"]), QUEUE_POLICY_STATEMENTS, _FEWER


def _role(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    length = sum(len(text(policy["PolicyDocument"])) for policy in properties["Policies"])
    yield "characters in the role's inline policies", length, ROLE_POLICY_CHARACTERS, _FEWER


def _function(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    variables = properties["Environment"]["Variables"]
    size = sum(len(name) + len(text(value).encode()) for name, value in variables.items())
    yield "bytes in the function's environment", size, ENVIRONMENT_BYTES, "shorten the node's options"


def _rule(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    pattern = properties["EventPattern"]
    yield (
        "characters in the rule's event pattern",
        len(text(pattern)),
        EVENT_PATTERN,
        "shorten prefix or suffix",
    )


_MEASURES: dict[str, Callable[[Mapping[str, Any], Callable[[Any], str]], Iterator[Measure]]] = {
    "AWS::Events::Rule": _rule,
    "AWS::IAM::Role": _role,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
}


def _resource(logical_id: str, made: Mapping[str, Any], stack_name: str, region: str) -> Iterator[Fault]:
    measures = _MEASURES.get(made["Type"])
    if measures is None:
        return
    for what, length, longest, mend in measures(
        made["Properties"], lambda value: _resolve(value, stack_name, region)
    ):
        if length > longest:
            yield Fault(f"{length:,} {what}; AWS takes {longest:,}", f"resource {logical_id}", mend)


def _resolve(value: Any, stack_name: str, region: str) -> str:  # noqa: PLR0911 - one return for each shape
    """Return a text as long as the resolved value will be, physical names at their longest."""
    match value:
        case str():
            return without_tokens(value, "x" * BUCKET_NAME)  # only names of given buckets are tokens
        case {"Fn::Sub": str(text)}:
            known = {
                "StackName": stack_name,
                "AccountId": _ACCOUNT,
                "Region": region,
                "Partition": _PARTITION,
            }
            for name, replacement in known.items():
                text = text.replace(f"${{AWS::{name}}}", replacement)
            return text
        case {"Fn::Join": [str(glue), list(parts)]}:
            return glue.join(_resolve(part, stack_name, region) for part in parts)
        case {"Ref": str(name)}:
            return _PSEUDO.get(name) or _generated(stack_name, name)
        case {"Fn::GetAtt": [str(name), _]}:
            return _generated(stack_name, name)
        case dict():
            resolved = {key: _resolve(item, stack_name, region) for key, item in value.items()}
            return json.dumps(resolved, separators=(",", ":"))
        case list():
            return json.dumps([_resolve(item, stack_name, region) for item in value], separators=(",", ":"))
        case _:
            return json.dumps(value)


def _generated(stack_name: str, logical_id: str) -> str:
    return f"{_ARN}{stack_name}-{logical_id}{_GENERATED_SUFFIX}"
