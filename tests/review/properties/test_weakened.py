"""Every property of a good template is dropped once: a promise is then broken, or it is argued why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import source
from lakenb.review.find import find
from lakenb.review.properties import property_findings
from tests.review.properties.examined import Template, without
from tests.review.properties.templates import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.graph import Graph

_POLICIES = {"PolicyDocument", "AssumeRolePolicyDocument", "Policies", "KeyPolicy"}  # the prover's
_KEEPS_NOTHING = "it holds nothing that must outlive the stack"
_NOT_PROMISED = "no promise is about it"
_DEFAULT = "AWS's default is the same"
_PRESENCE = (
    "what a function is told to read and where to put is compared with the graph in lakenb.review.presence"
)
_POLICY_NAMES = "policies name it: the prover misses it"

# Why a property may go without a broken promise: by its end, or by a resource's type with it.
SURVIVES = {
    "LAKENB_CACHE": _PRESENCE,
    "LAKENB_SOURCES": _PRESENCE,
    "LAKENB_STORE": _PRESENCE,
    "LAKENB_STORE_PREFIX": _PRESENCE,
    "LAKENB_OPTIONS": "a node without options needs none; the others fail",
    "AWS::Lambda::EventSourceMapping BatchSize": _DEFAULT,
    "AWS::Lambda::EventSourceMapping MaximumBatchingWindowInSeconds": _DEFAULT,
    "AWS::Events::Rule State": _DEFAULT,
    "AWS::Events::Rule RetryPolicy": _DEFAULT,
    "MaximumEventAgeInSeconds": _DEFAULT,
    "MaximumRetryAttempts": _DEFAULT,
    "AWS::SQS::Queue MessageRetentionPeriod": _DEFAULT,
    "EnableDnsSupport": _DEFAULT,
    "AWS::EC2::VPCEndpoint VpcEndpointType": "a gateway is the default; an interface fails",
    "KmsDataKeyReusePeriodSeconds": _DEFAULT,
    "SecurityGroupEgress": "without rules a security group sends everything",
    "AWS::EC2::SecurityGroup 0": "without rules a security group sends everything",
    "AWS::EC2::VPCEndpoint 0": "an endpoint in one subnet serves the whole VPC",
    "AWS::EC2::VPCEndpoint 1": "an endpoint in one subnet serves the whole VPC",
    "AWS::Lambda::Function 0": "a function in one subnet runs",
    "AWS::Lambda::Function 1": "a function in one subnet runs",
    "VpcConfig": "a function outside of a VPC is what the graph asks for",
    "LogFormat": _NOT_PROMISED,
    "Description": _NOT_PROMISED,
    "GroupDescription": _NOT_PROMISED,
    "Id": _NOT_PROMISED,
    "AvailabilityZone": _NOT_PROMISED,
    "CidrBlock": "security groups name groups here, not addresses",
    "VpcId": "AWS refuses it, or it fails where a node needs it",
    "LifecycleConfiguration": "documents that never expire outlive every message",
    "Rules": "documents that never expire outlive every message",
    "AWS::S3::Bucket 0": "what is left of unfinished uploads is no document",
    "AWS::S3::Bucket 1": "documents that never expire outlive every message",
    "AbortIncompleteMultipartUpload": "what is left of unfinished uploads is no document",
    "DaysAfterInitiation": "what is left of unfinished uploads is no document",
    "ExpirationInDays": "documents that never expire outlive every message",
    "Status": "AWS refuses it",
    "BucketName": _POLICY_NAMES,
    "FunctionName": _POLICY_NAMES,
    "AWS::KMS::Alias Properties": "a name for people: what is under the key names the key itself",
    "AliasName": "a name for people: what is under the key names the key itself",
    "TargetKeyId": "a name for people: what is under the key names the key itself",
    "TopicName": _POLICY_NAMES,
    "LogGroupName": _POLICY_NAMES,
    "AWS::IAM::Role Properties": "policies: the prover misses them",
    "AWS::SNS::Topic Properties": "a topic without a key has none",
    "AWS::EC2::RouteTable Properties": "AWS refuses it",
}
_KEPT_FOR_NOTHING = ("DeletionPolicy", "UpdateReplacePolicy")


@pytest.mark.parametrize("name", ["letters", "given, bounded", "in a VPC"])
def test_a_property_that_is_dropped_breaks_a_promise_or_it_is_argued_why_not(name: str) -> None:
    pipe, template = GOOD[name]
    reader = Reader()
    tried, surviving = 0, []
    for logical_id, way in _ways(template):
        tried += 1
        if _holds(reader, without(template, logical_id, *way), pipe):
            surviving.append((logical_id, way))
    assert tried > 250
    kinds = {logical_id: one["Type"] for logical_id, one in template["Resources"].items()}
    unargued = [
        (logical_id, way)
        for logical_id, way in surviving
        if _argument(kinds[logical_id], logical_id, way[-1]) is None
    ]
    assert unargued == []


def _argument(kind: str, logical_id: str, last: str | int) -> str | None:
    if last in _KEPT_FOR_NOTHING and kind not in {"AWS::S3::Bucket", "AWS::KMS::Key"}:
        return _KEEPS_NOTHING
    if logical_id == "LogsEndpoint":
        return "Lambda writes logs from its own network"
    return SURVIVES.get(f"{kind} {last}") or SURVIVES.get(str(last))


def _holds(reader: Reader, template: Template, graph: Graph) -> bool:
    world = reader.worlds(source(template))[0]
    results = property_findings(world, find(world, graph), graph)
    return all(one.verdict is Verdict.PROVED for one in results)


def _ways(template: Template) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for logical_id, resource in template["Resources"].items():
        if not resource["Type"].endswith("Policy"):
            for way in _below(resource):
                if way[0] != "Type":
                    yield logical_id, way


def _below(value: Any, *way: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything below a value; a reference is one value."""
    entries: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        passed = {name for name in value if name in _POLICIES | {"Ref"} or name.startswith("Fn::")}
        entries = [(name, one) for name, one in value.items() if name not in passed]
    elif isinstance(value, list):
        entries = list(enumerate(value))
    for step, one in entries:
        yield (*way, step)
        yield from _below(one, *way, step)
