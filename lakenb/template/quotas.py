"""AWS's quotas on a template, checked by name before it leaves.

Each bound names its AWS page. What depends on names is checked once the stack's name is known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault
from lakenb.template.build import to_json
from lakenb.template.lengths import BUCKET_NAME, LONGEST_REGION, Lengths
from lakenb.template.partition import OUTPUTS, PARAMETERS, RESOURCES, TEMPLATE_BYTES
from lakenb.template.split import Split, split

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# AWS CloudFormation User Guide, "Understand CloudFormation quotas": nested stacks, in one operation
RESOURCES_OF_ALL = 2_500
# Amazon SQS Developer Guide, "Amazon SQS policy quotas" and "Amazon SQS standard queue quotas"
QUEUE_POLICY_STATEMENTS = 20
QUEUE_POLICY_BYTES = 8_192
QUEUE_NAME = 80
# Amazon SNS API Reference, CreateTopic
TOPIC_NAME = 256
# IAM User Guide, "IAM and AWS STS quotas": a role's inline policies, white space not counted; managed ones
ROLE_POLICY_CHARACTERS = 10_240
MANAGED_POLICY_CHARACTERS = 6_144
MANAGED_POLICIES = 10
# AWS KMS Developer Guide, "Resource quotas": key policy document
KEY_POLICY_BYTES = 32_768
# AWS PrivateLink Guide, "AWS PrivateLink quotas": white space counts
ENDPOINT_POLICY_CHARACTERS = 20_480
# AWS Lambda Developer Guide, "Lambda quotas": all environment variables of a function together
ENVIRONMENT_BYTES = 4_096
FUNCTION_NAME = 64
LOG_GROUP_NAME = 512
# Amazon EventBridge User Guide, "Amazon EventBridge quotas": event pattern size
EVENT_PATTERN = 2_048
RULE_NAME = 64
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")

_LESS = "split the pipeline into two"


def quota_faults(template: Mapping[str, Any], stack_name: str, region: str = LONGEST_REGION) -> list[Fault]:
    """Return the quotas that a template exceeds, by name.

    Parameters
    ----------
    template
        What `build` returned, at any size: where one stack cannot hold it, the nested ones are judged.
    stack_name
        The stack's name, a part of queue and log group names.
    region
        Where it goes; the longest name of a region when unknown.

    Returns
    -------
    list[Fault]
        Empty when AWS would take the template, as far as quotas go.
    """
    whole = split(template)
    lengths = Lengths(template["Resources"], stack_name, region, whole.homes)
    return [
        *_stacks(whole),
        *_stack_name(stack_name),
        *(
            fault
            for logical_id, made in template["Resources"].items()
            for fault in _resource(logical_id, made, lengths.of)
        ),
    ]


def one_stack_faults(template: Mapping[str, Any]) -> list[Fault]:
    """Return the quotas that a template exceeds as a part of somebody else's stack, which is one stack."""
    mend = "give the pipeline stacks of its own by Pipeline.synth, which nests them, or split it into two"
    return list(_stack(template, "the template", mend))


def _stacks(whole: Split) -> Iterator[Fault]:
    for name, template in whole.templates.items():
        yield from _stack(template, f"the nested stack {name}" if name else "the template", _LESS)
    count = sum(len(template["Resources"]) for template in whole.templates.values())
    if count > RESOURCES_OF_ALL:
        what = f"{count:,} resources; CloudFormation makes {RESOURCES_OF_ALL:,} in nested stacks at once"
        yield Fault(what, "the template", _LESS)


def _stack(template: Mapping[str, Any], where: str, mend: str) -> Iterator[Fault]:
    for section, most in (("Resources", RESOURCES), ("Parameters", PARAMETERS), ("Outputs", OUTPUTS)):
        count = len(template.get(section, {}))
        if count > most:
            yield Fault(f"{count} {section.lower()}; a CloudFormation stack holds {most}", where, mend)
    size = len(to_json(template).encode())
    if size > TEMPLATE_BYTES:
        what = f"{size:,} bytes; a CloudFormation template has at most {TEMPLATE_BYTES:,}"
        yield Fault(what, where, mend)


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
        what = f"characters in the bucket's name {name!r}"
        yield what, len(name), BUCKET_NAME, "shorten the pipeline's or the node's id"


def _queue(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "QueueName" in properties:
        yield "characters in the queue's name", len(text(properties["QueueName"])), QUEUE_NAME, _NAMES


def _topic(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "TopicName" in properties:
        yield "characters in the topic's name", len(text(properties["TopicName"])), TOPIC_NAME, _NAMES


def _log_group(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    yield "characters in the log group's name", len(text(properties["LogGroupName"])), LOG_GROUP_NAME, _NAMES


def _queue_policy(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    policy = properties["PolicyDocument"]
    mend = f"{_FEWER}, or shorten the stack's name"
    yield "bytes in the queue's policy", len(text(policy).encode()), QUEUE_POLICY_BYTES, mend
    yield "statements in the queue's policy", len(policy["Statement"]), QUEUE_POLICY_STATEMENTS, _FEWER


def _role(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    length = sum(len(text(policy["PolicyDocument"])) for policy in properties.get("Policies", ()))
    yield "characters in the role's inline policies", length, ROLE_POLICY_CHARACTERS, _FEWER
    managed = len(properties.get("ManagedPolicyArns", ()))
    yield "managed policies of the role", managed, MANAGED_POLICIES, _FEWER


def _managed_policy(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    length = len(text(properties["PolicyDocument"]))
    yield "characters in a managed policy of the role", length, MANAGED_POLICY_CHARACTERS, _FEWER


def _key(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    length = len(text(properties["KeyPolicy"]).encode())
    yield "bytes in the key's policy", length, KEY_POLICY_BYTES, "let each node have a key: key_per='node'"


def _endpoint(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "PolicyDocument" in properties:
        length = len(text(properties["PolicyDocument"]))
        yield "characters in the endpoint's policy", length, ENDPOINT_POLICY_CHARACTERS, _LESS


def _function(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "FunctionName" in properties:
        length = len(text(properties["FunctionName"]))
        yield "characters in the function's name", length, FUNCTION_NAME, _NAMES
    variables = properties["Environment"]["Variables"]
    size = sum(len(name) + len(text(value).encode()) for name, value in variables.items())
    yield "bytes in the function's environment", size, ENVIRONMENT_BYTES, "shorten the node's options"


def _rule(properties: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Measure]:
    if "Name" in properties:
        yield "characters in the rule's name", len(text(properties["Name"])), RULE_NAME, _NAMES
    if "EventPattern" in properties:
        length = len(text(properties["EventPattern"]))
        yield "characters in the rule's event pattern", length, EVENT_PATTERN, "shorten prefix or suffix"


_MEASURES: dict[str, Callable[[Mapping[str, Any], Callable[[Any], str]], Iterator[Measure]]] = {
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::Events::Rule": _rule,
    "AWS::IAM::ManagedPolicy": _managed_policy,
    "AWS::IAM::Role": _role,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::S3::Bucket": _bucket,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::SQS::QueuePolicy": _queue_policy,
}


def _resource(logical_id: str, made: Mapping[str, Any], text: Callable[[Any], str]) -> Iterator[Fault]:
    measures = _MEASURES.get(made["Type"])
    if measures is None:
        return
    for what, length, longest, mend in measures(made["Properties"], text):
        if length > longest:
            yield Fault(f"{length:,} {what}; AWS takes {longest:,}", f"resource {logical_id}", mend)
