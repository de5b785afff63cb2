"""The words of the model: symbolic resources, conditions, statements, grants.

Nothing here is an ARN: a `Target` names a node's resource, and becomes an ARN in the template.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Sort(Enum):
    """The sorts of resources that statements name."""

    OBJECTS = "objects"  # objects of a node's bucket, by key pattern
    BUCKET = "bucket"
    QUEUE = "queue"
    DEAD_LETTERS = "dead-letters"
    TOPIC = "topic"
    LOGS = "logs"
    RULE = "rule"
    CACHE_OBJECTS = "cache objects"
    CACHE_BUCKET = "cache bucket"
    TABLE = "table"
    SCHEDULE_GROUP = "schedule group"
    SCHEDULES = "schedules"  # those of a node's group
    SCHEDULE_ROLE = "role for schedules"
    MACHINE = "state machine"
    MACHINE_ROLE = "role for waiting"
    FILES = "file system"
    ACCESS_POINT = "access point"
    INDEX_BUCKET = "index bucket"
    INDEX_OBJECTS = "index objects"
    FUNCTION = "function"
    GIVEN_QUEUE = "given queue"
    FUNCTION_BY_NAME = "function by its name"  # in its own role's policy, which is there before it
    ANYTHING = "any resource"  # where AWS knows no resource
    NETWORK_INTERFACES = "network interfaces"
    SUBNET = "subnet"
    SECURITY_GROUP = "security group"
    ENDPOINT = "endpoint"
    KEY = "key"
    STORE_KEY = "key of its store"
    GIVEN_KEY = "given key"
    THIS_KEY = "this key"  # in the key's own policy
    GIVEN_BUCKET = "given bucket"
    TABLE_NAME = "table's name"


EVERYTHING = ("", "")
_OF_NETWORKS = frozenset(
    one.value
    for one in (Sort.ANYTHING, Sort.NETWORK_INTERFACES, Sort.SUBNET, Sort.SECURITY_GROUP, Sort.ENDPOINT)
)

_OF_KEYS = frozenset(one.value for one in (Sort.KEY, Sort.STORE_KEY, Sort.GIVEN_KEY, Sort.THIS_KEY))


@dataclass(frozen=True, slots=True, order=True)
class Target:
    """A resource of a pipeline, by its node; for objects with the keys that are meant.

    Parameters
    ----------
    sort
        What it is, the value of a `Sort`.
    node
        Id of the node that it belongs to; empty for the pipeline's own (the cache).
    key_parts
        Literal parts of the object keys, a wildcard between each two: ``("in/", ".pdf")`` is
        ``in/*.pdf``, ``("in/a.pdf",)`` is that one key. Empty where the resource has no keys.
    bucket
        The name of a given bucket in which the objects lie; empty for a bucket of the pipeline.
    id, account
        For what belongs to a network: its id, or its logical id where the pipeline makes it; and the account
        that owns it, where that is another one. For a given key its ARN or alias.
    """

    sort: str
    node: str = ""
    key_parts: tuple[str, ...] = ()
    bucket: str = ""
    id: str = ""
    account: str = ""

    def __str__(self) -> str:
        """Return a readable name, such as ``inbox/contracts/*``."""
        if self.sort in _OF_NETWORKS:
            return f"{self.sort} {self.id}".rstrip()
        if self.sort in _OF_KEYS:
            return _key_in_words(self)
        if self.sort == Sort.GIVEN_BUCKET.value:  # several triggers may stand on one
            return f"{self.sort} {self.bucket}"
        owner = self.node or "cache"
        if self.key_parts:
            return f"{owner}/{'*'.join(self.key_parts)}"
        return owner if self.sort == Sort.CACHE_BUCKET.value else f"{owner}.{self.sort}"


def _key_in_words(key: Target) -> str:
    """Return a key as people name it, such as ``chunks.key``; the pipeline's own is ``pipeline.key``."""
    match Sort(key.sort):
        case Sort.GIVEN_KEY | Sort.THIS_KEY:
            return key.id or key.sort
        case Sort.STORE_KEY:
            return f"{key.node or 'cache'}.{key.sort}"
        case _:
            return f"{key.node or 'pipeline'}.{key.sort}"


def objects(node: str, *key_parts: str, bucket: str = "") -> Target:
    """Return objects of a node's bucket; without parts all of them."""
    return Target(Sort.OBJECTS.value, node, key_parts or EVERYTHING, bucket)


def cached(*key_parts: str) -> Target:
    """Return objects of the pipeline's cache; without parts all of them."""
    return Target(Sort.CACHE_OBJECTS.value, "", key_parts or EVERYTHING)


def of(sort: Sort, node: str = "") -> Target:
    """Return a resource that has no keys."""
    return Target(sort.value, node)


@dataclass(frozen=True, slots=True, order=True)
class Condition:
    """One line of a statement's condition.

    Parameters
    ----------
    operator
        IAM's operator, such as ``ArnEquals``.
    key
        IAM's context key, such as ``aws:SourceArn``.
    values
        Any of them fits: targets stand for their ARN, texts for themselves. ``ACCOUNT`` is the
        pipeline's own account.
    """

    operator: str
    key: str
    values: tuple[Target | str, ...]

    def __str__(self) -> str:
        """Return the condition on one line."""
        return f"{self.key} {self.operator} {', '.join(map(str, self.values))}"


ACCOUNT = "the pipeline's account"
EVERYONE = "*"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, with the reason that it exists.

    Parameters
    ----------
    sid
        Its name; unique in its policy.
    actions, resources, conditions
        What it is about. Conditions are ANDed.
    why
        One sentence for the reader of the grants.
    principal
        A service, or `EVERYONE` for a Deny; None in an identity policy, which belongs to its role.
    effect
        ``"Allow"`` or ``"Deny"``.
    edges
        The edges ``(producer, consumer)`` that need it; none for a node's own needs.
    """

    sid: str
    actions: tuple[str, ...]
    resources: tuple[Target, ...]
    why: str
    conditions: tuple[Condition, ...] = ()
    principal: str | None = None
    effect: str = "Allow"
    edges: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ExtraRole:
    """A role that a service takes to do one thing for a node.

    Parameters
    ----------
    sort
        ``Sort.SCHEDULE_ROLE`` or ``Sort.MACHINE_ROLE``.
    service
        Who may take it, such as ``scheduler.amazonaws.com``.
    statements
        What it may do.
    conditions
        For whom the service must work to take it (P9).
    why
        One sentence for the reader of the grants.
    """

    sort: Sort
    service: str
    statements: tuple[Statement, ...]
    conditions: tuple[Condition, ...]
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One row of the grants: somebody may do one thing to one resource.

    Parameters
    ----------
    edge
        The edge that needs it, as ``producer -> consumer``; empty for a node's own needs.
    principal
        The node whose role holds it, or a service.
    action, resource, condition
        IAM's action, the resource by name, and the condition (empty when there is none).
    why
        The reason in one sentence.
    kind
        ``edge`` for what an edge needs, ``forwarded`` for a read that came through a pass-through node,
        ``own`` for a node's own needs.
    """

    edge: str
    principal: str
    action: str
    resource: str
    condition: str
    why: str
    kind: str = "own"
