"""P6: which keys a pipeline's resources are under, and who needs what of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Shape
from lakenb.iam.stacks.world import UNKNOWN
from lakenb.review.deputies import EVENTS, S3, SNS, SOURCE_ACCOUNT, SOURCE_ARN
from lakenb.review.find import BUCKET, LOGS, QUEUE, TOPIC
from lakenb.review.needs import OVER_TLS, Need, objects

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.stacks.world import World
    from lakenb.review.find import Index
    from lakenb.review.needs import Resources
    from lakenb.review.wanted import WantedNode

_KEY, _ALIAS = "AWS::KMS::Key", "AWS::KMS::Alias"
_OPEN, _MAKE, _LOOK = ("kms:Decrypt",), ("kms:Decrypt", "kms:GenerateDataKey"), ("kms:DescribeKey",)
# What each service is documented to send as encryption context. Amazon S3 User Guide, "Using server-side
# encryption with AWS KMS keys" (the object's ARN, with a bucket key the bucket's); Amazon SNS Developer
# Guide, "Setting up Amazon SNS topic encryption with server-side encryption"; Amazon DynamoDB Developer
# Guide, "DynamoDB encryption at rest"; EventBridge Scheduler User Guide, "Using identity-based policies";
# AWS Step Functions Developer Guide, "Data at rest encryption in Step Functions". None documents SQS's.
_CONTEXTS = {
    "s3": "kms:encryptioncontext:aws:s3:arn",
    "sns": "kms:encryptioncontext:aws:sns:topicarn",
    "dynamodb": "kms:encryptioncontext:aws:dynamodb:tablename",
    "scheduler": "kms:encryptioncontext:aws:scheduler:schedule:arn",
    "states": "kms:encryptioncontext:aws:states:statemachinearn",
}
_SUBSCRIBER = "kms:encryptioncontext:aws:dynamodb:subscriberid"
_ALIASES = "kms:resourcealiases"
_LOG_CONTEXT = "kms:encryptioncontext:aws:logs:arn"
_LOG_ACTIONS = ("kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*")
_NAMED_AT = {
    QUEUE: ("KmsMasterKeyId",),
    TOPIC: ("KmsMasterKeyId",),
    LOGS: ("KmsKeyId",),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::EFS::FileSystem": ("KmsKeyId",),
    "AWS::Scheduler::Schedule": ("KmsKeyArn",),
    "AWS::StepFunctions::StateMachine": ("EncryptionConfiguration", "KmsKeyId"),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """The customer managed keys of a pipeline.

    Parameters
    ----------
    of
        The key's ARN by the ARN of what is under it; a log group's without a star behind it.
    with_bucket_key
        The ARNs of buckets that have a bucket key.
    aliases
        The alias by the key's ARN, for keys that are given by an alias: that ARN is made up.
    made
        The ARNs of keys that the template makes.
    buckets
        The ARNs of all buckets of the template.
    by_node
        The key of what a node has beside buckets, by the node's id. What lies in a given bucket or queue is
        taken to be under its trigger's.
    """

    of: Mapping[str, str]
    with_bucket_key: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    made: frozenset[str] = frozenset()
    buckets: frozenset[str] = frozenset()
    by_node: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def all(self) -> tuple[str, ...]:
        """The keys' ARNs, sorted."""
        return tuple(sorted(set(self.of.values())))

    @property
    def given(self) -> tuple[str, ...]:
        """The ARNs of keys that the template does not make, sorted."""
        return tuple(key for key in self.all if key not in self.made)


def keys_of(index: Index, own: Mapping[str, Resources]) -> Keys:
    """Return under which keys the resources of a world are, and those of each node."""
    found: dict[str, str] = {}
    aliases: dict[str, str] = {}
    with_bucket_key = set()
    for bucket in index.of_type[BUCKET]:
        named, has_bucket_key = _of_bucket(bucket.properties)
        key = _key(index, named, aliases)
        if key:
            found[bucket.arn] = key
            if has_bucket_key:
                with_bucket_key.add(bucket.arn)
    for kind, path in _NAMED_AT.items():
        for resource in index.of_type[kind]:
            key = _key(index, _at(resource.properties, path), aliases)
            if key:
                found[resource.arn.removesuffix(":*")] = key
    made = frozenset(key.arn for key in index.of_type[_KEY])
    by_node = {node: found.get(one.dead_letters) or found.get(one.queue) or "" for node, one in own.items()}
    return Keys(
        of=found,
        with_bucket_key=frozenset(with_bucket_key),
        aliases=MappingProxyType(aliases),
        made=made,
        buckets=frozenset(bucket.arn for bucket in index.of_type[BUCKET]),
        by_node=MappingProxyType(by_node),
    )


def _at(properties: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    value: Any = properties
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _of_bucket(properties: Mapping[str, Any]) -> tuple[Any, bool]:
    try:
        (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        named = rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID")
        return named, rule.get("BucketKeyEnabled") is True
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, False


def _key(index: Index, named: Any, aliases: dict[str, str]) -> str:
    """Return the ARN of the customer managed key that a property names; empty for AWS's own and for none."""
    if not isinstance(named, str) or not named or UNKNOWN in named or "alias/aws/" in named:
        return ""
    world = index.world
    alias = named[named.index("alias/") :] if "alias/" in named else ""
    for resource in index.of_type[_ALIAS] if alias else ():
        if resource.properties.get("AliasName") == alias:
            return _key(index, resource.properties.get("TargetKeyId"), aliases)
    key = index.named(_KEY, named)
    if key is not None:
        return key.arn
    place = f"arn:{world.partition}:kms:{world.region}:{world.account}:"
    if alias:
        place = named.removesuffix(alias) or place
        # which key has the alias, no template tells: one stands for it
        made_up = f"{place}key/{alias.replace('/', '-')}"
        aliases[made_up] = alias
        return made_up
    return named if named.startswith("arn:") else f"{place}key/{named}"


@dataclass(slots=True)
class _Uses:
    """What somebody does with what lies under keys, gathered by key, service and actions."""

    keys: Keys
    found: defaultdict[tuple[str, str, tuple[str, ...]], list[tuple[str, tuple[str, ...]]]]

    def add(self, key: str, service: str, actions: tuple[str, ...], sent: str = "", *may: str) -> None:
        """Add one use: what the service sends as its context, and what may stand there; empty for nothing."""
        if key and (sent, may) not in self.found[key, service, actions]:
            self.found[key, service, actions].append((sent, may or ((sent,) if sent else ())))


def key_needs(  # noqa: PLR0917 - one value from all the others, called in one place
    world: World, keys: Keys, node: WantedNode, own: Resources, buckets: Mapping[str, str], cache: str
) -> Iterator[Need]:
    """Yield what a node's role needs of keys: for its reads and puts, through the service that does them."""
    uses = _Uses(keys, defaultdict(list))
    _use_reads(uses, node, buckets)
    stores = [own.bucket] if node.puts is not None else []
    stores += [cache] if node.has_cache else []
    for arn in stores:
        uses.add(keys.of.get(arn, ""), "s3", _MAKE, *_bucket_context(keys, node.id, arn))
    if node.has_cache:
        uses.add(keys.of.get(cache, ""), "s3", _OPEN, *_bucket_context(keys, node.id, cache))
    uses.add(keys.by_node.get(own.id, "") if own.is_given_queue else keys.of.get(own.queue, ""), "sqs", _OPEN)
    uses.add(keys.of.get(own.dead_letters, ""), "sqs", _MAKE)
    if node.publishes:
        uses.add(keys.of.get(own.topic, ""), "sns", _MAKE, own.topic)
    _use_state(uses, node, own)
    for (key, service, actions), sent in uses.found.items():
        yield _need(world, keys, f"'{node.id}'", key, service, actions, sent)


def _use_reads(uses: _Uses, node: WantedNode, buckets: Mapping[str, str]) -> None:
    keys = uses.keys
    for read in node.reads:
        arn = buckets.get(read.place.owner, "")
        if arn in keys.of:
            uses.add(keys.of[arn], "s3", _OPEN, *_bucket_context(keys, node.id, arn))
        elif arn and arn not in keys.buckets:
            # whether a given bucket has a bucket key, its owner knows: S3 sends the one or the other
            patterns = objects(arn, read.place)
            one = patterns[0].replace("*", "x")
            for sent in (arn, *((one,) if "${" not in one else ())):
                uses.add(keys.by_node.get(read.place.node, ""), "s3", _OPEN, sent, arn, *patterns)


def _bucket_context(keys: Keys, node: str, arn: str) -> tuple[str, ...]:
    """Return what S3 sends for a bucket, and what may stand there."""
    return (arn if arn in keys.with_bucket_key else f"{arn}/{node}/x", arn, f"{arn}/*")


def _use_state(uses: _Uses, node: WantedNode, own: Resources) -> None:
    keys, state = uses.keys, own.state
    if table := state.table:
        uses.add(keys.of.get(table, ""), "dynamodb", _OPEN, table.rpartition(":table/")[2])
    if index := state.index:
        for actions in (_OPEN, _MAKE):
            uses.add(keys.of.get(index, ""), "s3", actions, *_bucket_context(keys, node.id, index))
    if group := state.open_group:
        pattern = group.replace(":schedule-group/", ":schedule/")
        uses.add(keys.by_node.get(own.id, ""), "scheduler", _MAKE, f"{pattern}/x", f"{pattern}/*")
        uses.add(keys.by_node.get(own.id, ""), "scheduler", _LOOK)


def extra_key_needs(world: World, keys: Keys, own: Resources, sort: str) -> tuple[Need, ...]:
    """Return what a role that a service takes for a node needs of keys: ``schedule_role``, ``machine_role``.

    For its own calls it asks through SQS and SNS. For what Scheduler and Step Functions keep, the services
    ask with the role itself: AWS's pages have no ``kms:ViaService`` there, and Step Functions' warns of it.
    """
    uses = _Uses(keys, defaultdict(list))
    state = own.state
    uses.add(keys.of.get(own.dead_letters, ""), "sqs", _MAKE)
    if sort == "machine_role":
        uses.add(keys.of.get(own.topic, ""), "sns", _MAKE, own.topic)
    else:
        uses.add(keys.by_node.get(own.id, ""), "sqs", _MAKE)
    who = f"the role of '{own.id}'"
    needs = [_need(world, keys, who, *place, sent) for place, sent in uses.found.items()]
    kept = _Uses(keys, defaultdict(list))
    if sort == "machine_role":
        kept.add(keys.of.get(state.machine, ""), "states", _MAKE, state.machine)
    elif state.open_group:
        pattern = state.open_group.replace(":schedule-group/", ":schedule/")
        kept.add(keys.by_node.get(own.id, ""), "scheduler", _OPEN, f"{pattern}/x", f"{pattern}/*")
    else:
        # the role is taken for the group, in which nobody of the pipeline makes another schedule
        pattern = f"{state.schedule.rpartition('/')[0]}/*"
        kept.add(keys.of.get(state.schedule, ""), "scheduler", _OPEN, state.schedule, pattern)
    needs += [_need(world, keys, who, *place, sent, is_direct=True) for place, sent in kept.found.items()]
    return tuple(needs)


_WORDS = {
    "s3": "documents",
    "sqs": "messages of its queues",
    "sns": "messages of its topic",
    "dynamodb": "items of its table",
    "scheduler": "what its schedules send",
    "states": "executions of its state machine",
}


def _need(  # noqa: PLR0917 - one value from all the others
    world: World,
    keys: Keys,
    who: str,
    key: str,
    service: str,
    actions: tuple[str, ...],
    sent: list[tuple[str, tuple[str, ...]]],
    *,
    is_direct: bool = False,
) -> Need:
    via = () if is_direct else (("kms:viaservice", (f"{service}.{world.region}.amazonaws.com",)),)
    fixed = (*via, (_SUBSCRIBER, (world.account,))) if service == "dynamodb" else via
    alias = keys.aliases.get(key)
    carried = (*fixed, *(((_ALIASES, (alias,)),) if alias else ()))
    name = _CONTEXTS.get(service, "")
    within = tuple(dict.fromkeys(text for _, several in sent for text in several))
    may = Shape(actions, (key,), tuple(sorted((*fixed, *(((name, within),) if within else ())))))
    must = tuple(
        Shape(actions, (key,), tuple(sorted((*OVER_TLS, *carried, *(((name, (text,)),) if text else ())))))
        for text, _ in sent
    )
    verb = {_OPEN: "opens", _MAKE: "makes", _LOOK: "lets Scheduler look at the key for"}[actions]
    return Need("P6", f"{who} {verb} {_WORDS[service]} under the key", may, must)


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
