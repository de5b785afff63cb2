"""P5 and P6: what each resource holds is encrypted at rest, and with a key everything is under that key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.at_rest import READERS, AtRest, at_rest
from lakenb.review.properties.keys import Key, expected_keys
from lakenb.review.properties.reading import attribute, holds_unknown, said, worst
from lakenb.review.properties.surroundings import own_resources
from lakenb.review.properties.values import PropertyNote, PropertyResult

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings

KEY_TYPES = ("AWS::KMS::Key", "AWS::KMS::ReplicaKey")
RETAINED = ("Retain", "RetainExceptOnCreate")
# Types that hold no data of a pipeline at rest. Any other type that is not in `at_rest.READERS` is undecided.
_HOLDS_NOTHING = (
    "AWS::ApiGateway",
    "AWS::ApplicationAutoScaling::",
    "AWS::AutoScaling::",
    "AWS::CDK::",
    "AWS::CertificateManager::",
    "AWS::CloudFormation::",
    "AWS::CloudWatch::",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::EIP",
    "AWS::EC2::EgressOnly",
    "AWS::EC2::FlowLog",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::PrefixList",
    "AWS::EC2::Route",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECS::CapacityProvider",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::EFS::AccessPoint",
    "AWS::EFS::MountTarget",
    "AWS::ElasticLoadBalancing",
    "AWS::Events::Connection",
    "AWS::Events::EventBusPolicy",
    "AWS::Events::Rule",
    "AWS::IAM::",
    "AWS::KMS::",
    "AWS::Lambda::Alias",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::LayerVersion",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Lambda::Version",
    "AWS::Logs::LogStream",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::SubscriptionFilter",
    "AWS::Route53",
    "AWS::S3::AccessPoint",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Scheduler::ScheduleGroup",
    "AWS::SecretsManager::ResourcePolicy",
    "Custom::",
)
_NOT_PROMISED = {
    "AWS::SNS::Topic": "topics: no encryption at rest is promised without a key",
    "AWS::EFS::FileSystem": "file systems: no encryption at rest is promised without a key",
    "AWS::Lambda::Function": "environment variables: their encryption is promised with a key only; whoever "
    "may read a function's configuration sees them",
}

KEYS = "key"


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What the resources of a template hold, and under which keys it should be.

    Parameters
    ----------
    by_resource
        How each resource that holds something is encrypted.
    used
        The customer managed keys that resources name, by logical id.
    has_key
        Whether the pipeline is one with a key: its graph says so, or one of its resources does.
    expected
        The key that each resource should be under, by logical id.
    shared
        Groups of resources that should have keys of their own and have one between them, with that key.
    """

    by_resource: Mapping[Resource, tuple[AtRest, ...]]
    used: Mapping[str, Key]
    has_key: bool
    expected: Mapping[str, Key]
    shared: tuple[tuple[str, Key], ...] = ()


def held(around: Surroundings, before: Held | None = None) -> Held:
    """Return what the resources of a template hold; `before` of a template with the same keys."""
    known = before.by_resource if before is not None else {}
    by_resource = {
        resource: known[resource] if resource in known else at_rest(around, resource)
        for resource in around.world.resources.values()
        if resource.type in READERS
    }
    used = {
        resource.logical_id: one.key
        for resource, several in by_resource.items()
        for one in several
        if one.key is not None and one.key.is_customers
    }
    graph = around.graph
    has_key = graph is not None and bool(graph.key or any(step.key for step in graph.nodes.values()))
    has_key = has_key or any(not around.found.nodes or around.is_owned(name) for name in used)
    if not has_key:
        return Held(by_resource, used, has_key, {})
    expected = expected_keys(around, used, by_resource)
    return Held(by_resource, used, has_key, expected.by_resource, expected.shared)


def encryption(around: Surroundings, name: str, held: Held) -> Iterator[PropertyResult]:
    """Return the results of P5, and of P6 where the pipeline has a key, for a node's own resources."""
    for logical_id in own_resources(around.node(name)):
        resource = around.resource(logical_id)
        if resource is not None:
            yield from _encrypted(around, resource, held)


def other_encryption(around: Surroundings, held: Held) -> Iterator[PropertyResult]:
    """Return the results of P5 and P6 for what is no node's: the cache, helpers, the keys themselves."""
    for resource in held.by_resource:
        if around.subject(resource.logical_id) not in around.found.nodes:
            yield from _encrypted(around, resource, held)
    if held.has_key:
        yield from _logs_outside(around)
        yield from _not_known(around)
        named = {key.identity for key in held.used.values()}
        for resource in around.of_type(*KEY_TYPES):
            if resource.logical_id in named:
                yield from _key_itself(around, resource)
        for words, key in held.shared:
            text = f"{words} have keys of their own"
            mend = "make a key for each, or say key_per='pipeline'"
            yield around.lacks("P6", key.identity, text, f"all of it is under {key.words}", mend)


def encryption_notes(around: Surroundings, held: Held) -> Iterator[PropertyNote]:
    """Return what neither promise covers."""
    if not held.has_key:
        text = "no resource of the pipeline names a customer managed key: P5 is what counts"
        yield PropertyNote("P6", text)
        for name, not_promised in _NOT_PROMISED.items():
            if around.of_type(name):
                yield PropertyNote("P5", not_promised)
    given = {key.words for key in held.used.values() if key.identity not in around.world.resources}
    for words in sorted(given):
        text = f"the key {words} is not in this template: its policy, rotation and life are its owner's"
        yield PropertyNote("P6", text)
    for name, node in around.found.nodes.items():
        given = {node.store_arn.rpartition(":::")[2]} if node.store_arn and not node.store else set()
        given |= {bucket for bucket, _, _ in node.sources} if node.is_given else set()
        for bucket in sorted(given):
            text = f"'{name}' works on the given bucket {bucket}: how it is encrypted is its owner's"
            yield PropertyNote("P5", text)
        if node.given_queue:
            queue = around.world.shown(node.given_queue)
            text = (
                f"'{name}' polls the given queue {queue}: who sends there and its encryption are its owner's"
            )
            yield PropertyNote("P4", text)


def _encrypted(around: Surroundings, resource: Resource, held: Held) -> Iterator[PropertyResult]:
    subject = around.subject(resource.logical_id)
    is_last = around.is_last(resource.logical_id)
    for one in held.by_resource.get(resource, ()):
        what = one.what.replace("queue", "dead-letter queue") if is_last else one.what
        if one.default is not None:
            text = f"there is encryption at rest for {what}"
            yield around.result("P5", subject, text, one.default, one.place, one.default_mend)
        if held.has_key:
            key = around.derived(KEYS, resource.logical_id)
            if key is not None:  # else a key of another node alone, and none for this
                yield _under_key(around, subject, what, one, key)


def _under_key(around: Surroundings, subject: str, what: str, one: AtRest, expected: Key) -> PropertyResult:
    whose = f"of '{subject}'" if subject in around.found.nodes else "of the pipeline"
    text = f"the key {whose} encrypts {what}"
    if one.key is None:
        verdict = Verdict.FAILED if one.place.is_known else Verdict.UNDECIDED
    elif not one.key.is_known or not expected.is_known:
        verdict = Verdict.UNDECIDED
    else:
        same = Verdict.PROVED if one.key.identity == expected.identity else Verdict.FAILED
        verdict = worst((same, one.is_switched_on))
    return around.result(
        "P6", subject, text, verdict, one.place, f"{one.key_mend}, with the key {expected.words}"
    )


def _logs_outside(around: Surroundings) -> Iterator[PropertyResult]:
    """Return the functions whose log group Lambda would make by itself, under no key."""
    groups = around.of_type("AWS::Logs::LogGroup")
    names = {name for group in groups if isinstance(name := group.ref, str)}
    for function in around.of_type("AWS::Lambda::Function"):
        place = said(function, "LoggingConfig", "LogGroup")
        by_default = f"/aws/lambda/{function.ref}" in names and not place.is_there
        if by_default or place.value in names:
            continue
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        text = "the key of the pipeline encrypts the function's log"
        mend = "name a log group of the template in LoggingConfig.LogGroup, and the key in its KmsKeyId"
        yield around.result("P6", around.subject(function.logical_id), text, verdict, place, mend)


def _not_known(around: Surroundings) -> Iterator[PropertyResult]:
    for name, resources in around.by_type.items():
        if name in READERS or name.startswith(_HOLDS_NOTHING):
            continue
        for resource in resources:
            yield PropertyResult(
                "P6",
                around.subject(resource.logical_id),
                f"the key of the pipeline encrypts what {resource.logical_id} holds",
                Verdict.UNDECIDED,
                f"{name}: it is not known here how resources of this type are encrypted",
                resource.logical_id,
                "Properties",
                "look it up, and keep such resources in a stack of their own",
            )


def _key_itself(around: Surroundings, key: Resource) -> Iterator[PropertyResult]:
    subject = key.logical_id
    if key.type == "AWS::KMS::Key":
        rotation = said(key, "EnableKeyRotation")
        mend = "set EnableKeyRotation to true"
        yield around.result("P6", subject, "the key rotates", rotation.equals(wanted=True), rotation, mend)
    for name, wanted in (("DeletionPolicy", RETAINED), ("UpdateReplacePolicy", ("Retain",))):
        place = attribute(key, name)
        verdict = Verdict.PROVED if place.value in wanted else Verdict.FAILED
        text = "the key outlives the stack: without it nothing that is kept can be read"
        yield around.result("P6", subject, text, verdict, place, f"set {name} to Retain")
    usable = said(key, "Enabled")
    verdict = Verdict.FAILED
    if usable.value is True or usable.value == "true" or not usable.is_there:
        verdict = Verdict.PROVED
    elif holds_unknown(usable.value):
        verdict = Verdict.UNDECIDED
    yield around.result("P6", subject, "the key is enabled", verdict, usable, "leave Enabled out")
