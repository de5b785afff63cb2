"""P6: which keys a pipeline's resources are under, and who needs what of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Shape
from lakenb.iam.stacks.world import UNKNOWN
from lakenb.review.deputies import EVENTS, S3, SNS, SOURCE_ACCOUNT, SOURCE_ARN
from lakenb.review.find import BUCKET, LOGS, QUEUE, TOPIC
from lakenb.review.needs import OVER_TLS, Need

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.stacks.world import World
    from lakenb.review.find import Index
    from lakenb.review.needs import Resources
    from lakenb.review.wanted import WantedNode

_KEY, _ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"
_OPEN, _MAKE = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey")
# What each service sends as encryption context. Amazon S3 User Guide, "Using server-side encryption with AWS
# KMS keys" (the object's ARN, with a bucket key the bucket's); Amazon SQS and Amazon SNS Developer Guides,
# "Key management" and "Encryption at rest".
_CONTEXTS = {
    "s3": "kms:encryptioncontext:aws:s3:arn",
    "sqs": "kms:encryptioncontext:aws:sqs:arn",
    "sns": "kms:encryptioncontext:aws:sns:topicarn",
}
_LOG_CONTEXT = "kms:encryptioncontext:aws:logs:arn"
_LOG_ACTIONS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")
_NAMED_AT = {QUEUE: "KmsMasterKeyId", TOPIC: "KmsMasterKeyId", LOGS: "KmsKeyId"}


@dataclass(frozen=True, slots=True)
class Keys:
    """The customer managed keys of a pipeline.

    Parameters
    ----------
    of
        The key's ARN by the ARN of what is under it; a log group's without a star behind it.
    with_bucket_key
        The ARNs of buckets that have a bucket key.
    """

    of: Mapping[str, str]
    with_bucket_key: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[str, ...]:
        """The keys' ARNs, sorted."""
        return tuple(sorted(set(self.of.values())))


def keys_of(index: Index) -> Keys:
    """Return under which keys the resources of a world are."""
    found: dict[str, str] = {}
    with_bucket_key = set()
    for bucket in index.of_type[BUCKET]:
        named, has_bucket_key = _of_bucket(bucket.properties)
        key = _key(index, named)
        if key:
            found[bucket.arn] = key
            if has_bucket_key:
                with_bucket_key.add(bucket.arn)
    for kind, name in _NAMED_AT.items():
        for resource in index.of_type[kind]:
            key = _key(index, resource.properties.get(name))
            if key:
                found[resource.arn.removesuffix(":*")] = key
    return Keys(found, frozenset(with_bucket_key))


def _of_bucket(properties: Mapping[str, Any]) -> tuple[Any, bool]:
    try:
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        named = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
        return named, rule.get("BucketKeyEnabled") is True
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, False


def _key(index: Index, named: Any) -> str:
    """Return the ARN of the customer managed key that a property names; empty for AWS's own and for none."""
    if not isinstance(named, str) or not named or UNKNOWN in named or "alias/aws/" in named:
        return ""
    alias = named[named.index("alias/") :] if "alias/" in named else ""
    for resource in index.of_type[_ALIAS] if alias else ():
        if resource.properties.get("AliasName") == alias:
            return _key(index, resource.properties.get("TargetKeyId"))
    key = index.named(_KEY, named)
    if key is not None:
        return key.arn
    world = index.world
    return (
        named
        if named.startswith("arn:")
        else f"arn:{world.partition}:kms:{world.region}:{world.account}:key/{named}"
    )


def key_needs(  # noqa: PLR0917 - one value from all the others, called in one place
    world: World, keys: Keys, node: WantedNode, own: Resources, buckets: Mapping[str, str], cache: str
) -> Iterator[Need]:
    """Yield what a node's role needs of keys: for its reads and puts, through the service that does them."""
    uses: defaultdict[tuple[str, str, tuple[str, ...]], list[str]] = defaultdict(list)

    def use(service: str, actions: tuple[str, ...], arn: str) -> None:
        if arn in keys.of and arn not in uses[keys.of[arn], service, actions]:
            uses[keys.of[arn], service, actions].append(arn)

    for read in node.reads:
        use("s3", _OPEN, buckets.get(read.place.node, ""))
    if node.puts is not None:
        use("s3", _MAKE, own.bucket)
    if node.has_cache:
        use("s3", _OPEN, cache)
        use("s3", _MAKE, cache)
    use("sqs", _OPEN, own.queue)
    use("sqs", _MAKE, own.dead_letters)
    if node.publishes:
        use("sns", _MAKE, own.topic)
    for (key, service, actions), arns in uses.items():
        if arns:
            yield _need(world, keys, node.id, key, service, actions, arns)


def _need(  # noqa: PLR0917 - one value from all the others, called in one place
    world: World,
    keys: Keys,
    node: str,
    key: str,
    service: str,
    actions: tuple[str, ...],
    arns: list[str],
) -> Need:
    via = ("kms:viaservice", (f"{service}.{world.region}.amazonaws.com",))
    name = _CONTEXTS[service]
    within = tuple(text for arn in arns for text in ((arn, f"{arn}/*") if service == "s3" else (arn,)))
    may = Shape(actions, (key,), ((name, within), via))
    sent = (arn if service != "s3" or arn in keys.with_bucket_key else f"{arn}/{node}/x" for arn in arns)
    must = tuple(Shape(actions, (key,), tuple(sorted((*OVER_TLS, (name, (text,)), via)))) for text in sent)
    verb = "opens" if actions == _OPEN else "makes"
    what = {"s3": "documents", "sqs": "messages of its queues", "sns": "messages of its topic"}[service]
    return Need("P6", f"'{node}' {verb} {what} under the key", may, must)


def service_needs(
    world: World, keys: Keys, key: str, sources: Mapping[str, set[str]]
) -> dict[str, tuple[Shape, ...]]:
    """Return what services may do with a key for the pipeline, by service.

    Parameters
    ----------
    world, keys
        What is under which key.
    key
        The key's ARN.
    sources
        By service the ARNs for which it brings messages to queues under this key.
    """
    found: dict[str, tuple[Shape, ...]] = {}
    for service in (SNS, S3, EVENTS):
        if sources.get(service):
            context = ((SOURCE_ACCOUNT, (world.account,)), (SOURCE_ARN, tuple(sorted(sources[service]))))
            found[service] = (Shape(("kms:Decrypt", "kms:GenerateDataKey*"), (key,), context),)
    groups = tuple(arn for arn, one in keys.of.items() if one == key and ":log-group:" in arn)
    if groups:
        service = f"logs.{world.region}.amazonaws.com"
        found[service] = (Shape(_LOG_ACTIONS, (key,), ((_LOG_CONTEXT, groups),)),)
    return found
