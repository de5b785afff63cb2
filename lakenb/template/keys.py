"""The keys of a template: what is under which, by one table of properties, and the keys with their policies.

Policies of keys name their sources by explicit names, never by reference: a topic is under the key whose
policy names it, and a reference each way would be a cycle that CloudFormation refuses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.key_policies import given_keys, key_policy, service_statements
from lakenb.security.keys import key_at, keys_of, options_of
from lakenb.security.values import Sort, Target
from lakenb.template.key_names import alias_name, key_arn, key_id
from lakenb.template.names import CACHE, Kind, log_group_name, logical_id, rule_name, topic_name
from lakenb.template.policies import Arns, document
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.graph import Graph
    from lakenb.graph.keys import Key
    from lakenb.template.resources import Resource

# AWS Step Functions Developer Guide, "Data at rest encryption in Step Functions": a minute to 15
_LONGEST_OF_MACHINES = 900


def encrypt(graph: Graph, made: dict[str, Resource], arns: Arns) -> None:
    """Put a template under its keys, and add those that the stack makes.

    Parameters
    ----------
    graph
        The pipeline.
    made
        Its resources by logical id, all but the keys; changed in place.
    arns
        How targets are written.
    """
    for node, kinds in [("", (CACHE,)), *((node, _ids(node)) for node in graph.nodes)]:
        options = options_of(graph, node)
        for logical in kinds:
            one = made.get(logical)
            put = _UNDER.get(one["Type"]) if one is not None else None
            key = key_at(graph, node, is_bucket=one is not None and one["Type"] == _BUCKET)
            if one is not None and put is not None and key is not None and options is not None:
                put(one["Properties"], key_arn(key), options)
    named = NamedSources(arns)
    for key in keys_of(graph):
        policy = document(key_policy(graph, key), named)
        if key.sort != Sort.GIVEN_KEY.value:
            made[key_id(key)] = _key(graph, key, policy)
            made[f"{key_id(key)}Alias"] = _alias(key)
    for target in named.used:
        _give_name(made, target)


def _ids(node: str) -> tuple[str, ...]:
    return tuple(logical_id(node, kind) for kind in Kind)


def _key(graph: Graph, key: Target, policy: Resource) -> Resource:
    properties = {
        "Description": f"Documents, messages and logs of {_whose(key)} of the lakenb pipeline {graph.id}",
        "EnableKeyRotation": True,
        "KeyPolicy": policy,
    }
    return resource("AWS::KMS::Key", properties, retain=True)


def _whose(key: Target) -> str:
    if not key.node:
        return "the cache" if key.sort == Sort.STORE_KEY.value else "all nodes"
    return f"the store of {key.node}" if key.sort == Sort.STORE_KEY.value else key.node


def _alias(key: Target) -> Resource:
    properties = {"AliasName": alias_name(key), "TargetKeyId": {"Ref": key_id(key)}}
    return resource("AWS::KMS::Alias", properties)


class NamedSources(Arns):
    """Writes every source of a key's policy by its name, and remembers which names that takes."""

    def __init__(self, arns: Arns) -> None:
        super().__init__(arns.pipeline, arns.triggers, arns.queues)
        self.used: dict[Target, None] = {}

    def of_source(self, target: Target) -> Any:
        """Return the ARN of a source by its name."""
        self.used[target] = None
        name = _NAMED.get(target.sort)
        if name is None:
            return super().of_source(target)
        place, _, named = name
        return {"Fn::Sub": f"arn:${{AWS::Partition}}:{place}{named(target.node)['Fn::Sub']}"}


_HERE = "${AWS::Region}:${AWS::AccountId}:"
# By sort: the ARN up to the name, the property that holds the name, the name.
_NAMED: dict[str, tuple[str, tuple[Kind, str], Callable[[str], dict[str, Any]]]] = {
    Sort.TOPIC.value: (f"sns:{_HERE}", (Kind.TOPIC, "TopicName"), topic_name),
    Sort.RULE.value: (f"events:{_HERE}rule/", (Kind.RULE, "Name"), rule_name),
    Sort.LOGS.value: (f"logs:{_HERE}log-group:", (Kind.LOGS, "LogGroupName"), log_group_name),
}


def _give_name(made: dict[str, Resource], target: Target) -> None:
    """Give a resource the name by which a key's policy knows it."""
    if target.sort in _NAMED:
        _, (kind, name), named = _NAMED[target.sort]
        made[logical_id(target.node, kind)]["Properties"][name] = named(target.node)


def owner_statements(graph: Graph, arns: Arns) -> dict[str, list[dict[str, Any]]]:
    """Return what the owners of given keys must add to the keys' policies.

    The pipeline cannot write them: CloudFormation gives a key's policy to whoever makes the key.

    Returns
    -------
    dict
        By the key's ARN or alias the statements, as JSON values in which ``${AWS::AccountId}`` and the like
        stand for what is known once the stack's account, Region and name are. Empty lists are left out.
    """
    named = NamedSources(arns)
    found = {}
    for key in given_keys(graph):
        if statements := service_statements(graph, key):
            found[key.id] = [_flat(one) for one in document(statements, named)["Statement"]]
    return found


def _flat(value: Any) -> Any:
    """Return a value with texts in the place of references."""
    match value:
        case {"Fn::Sub": str(text)}:
            return text
        case {"Fn::Join": [str(glue), list(parts)]}:
            return glue.join(map(str, map(_flat, parts)))
        case {"Ref": str(name)}:
            return f"${{{name}}}"
        case dict():
            return {key: _flat(item) for key, item in value.items()}
        case list():
            return [_flat(item) for item in value]
    return value


def _bucket(properties: Resource, key: Any, _: Key) -> None:
    # Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys": with a bucket key the
    # encryption context is the bucket's ARN, by which each role's use of the key is bound to its stores
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}
    properties["BucketEncryption"] = {"ServerSideEncryptionConfiguration": [rule]}


def _queue(properties: Resource, key: Any, options: Key) -> None:
    properties.pop("SqsManagedSseEnabled", None)  # SQS takes one of the two
    properties["KmsMasterKeyId"] = key
    properties["KmsDataKeyReusePeriodSeconds"] = int(options.data_key_reuse.total_seconds())


def _table(properties: Resource, key: Any, _: Key) -> None:
    properties["SSESpecification"] = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}


def _files(properties: Resource, key: Any, _: Key) -> None:
    properties["Encrypted"] = True
    properties["KmsKeyId"] = key


def _machine(properties: Resource, key: Any, options: Key) -> None:
    reuse = min(int(options.data_key_reuse.total_seconds()), _LONGEST_OF_MACHINES)
    properties["EncryptionConfiguration"] = {
        "Type": "CUSTOMER_MANAGED_KMS_KEY",
        "KmsKeyId": key,
        "KmsDataKeyReusePeriodSeconds": reuse,
    }


def _at(name: str) -> Callable[[Resource, Any, Key], None]:
    """Return what puts a resource under a key by one property."""

    def put(properties: Resource, key: Any, _: Key) -> None:
        properties[name] = key

    return put


_BUCKET = "AWS::S3::Bucket"
# The one table: how a resource of each type is put under a key (AWS CloudFormation Template Reference).
_UNDER: dict[str, Callable[[Resource, Any, Key], None]] = {
    _BUCKET: _bucket,
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _at("KmsMasterKeyId"),
    "AWS::Logs::LogGroup": _at("KmsKeyId"),
    "AWS::Lambda::Function": _at("KmsKeyArn"),
    "AWS::DynamoDB::Table": _table,
    "AWS::EFS::FileSystem": _files,
    "AWS::Scheduler::Schedule": _at("KmsKeyArn"),
    "AWS::StepFunctions::StateMachine": _machine,
}
