"""Which key a property names, and which keys a pipeline is under."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.review.properties.surroundings import Surroundings

AWS_MANAGED = "AWS managed"
_UNREADABLE = "not readable"
_ARN_FIELDS = 6


@dataclass(frozen=True, slots=True)
class Key:
    """A key as a property names it.

    Parameters
    ----------
    identity
        The same text for the same key: the logical id of a key of the template, else its ARN; `AWS_MANAGED`
        for one of AWS's own.
    words
        For people.
    """

    identity: str
    words: str

    @property
    def is_customers(self) -> bool:
        """Whether it is a customer managed key that could be read."""
        return self.identity not in {AWS_MANAGED, _UNREADABLE}

    @property
    def is_known(self) -> bool:
        """Whether it could be read."""
        return self.identity != _UNREADABLE


def key_of(around: Surroundings, named: Any) -> Key:
    """Return the key that a property names: by key id, key ARN, alias or alias ARN."""
    if not isinstance(named, str) or not named or UNKNOWN in named:
        return Key(_UNREADABLE, _UNREADABLE)
    fields = named.split(":", _ARN_FIELDS - 1)
    rest = fields[-1] if len(fields) == _ARN_FIELDS else named
    if rest.startswith("alias/aws/"):
        return Key(AWS_MANAGED, rest)
    if rest.startswith("alias/"):
        return _by_alias(around, rest)
    for resource in around.of_type("AWS::KMS::Key", "AWS::KMS::ReplicaKey"):
        if named in {resource.ref, resource.arn}:
            return Key(resource.logical_id, resource.logical_id)
    world = around.world
    arn = named if len(fields) == _ARN_FIELDS else f"{_own_keys(around)}{named.removeprefix('key/')}"
    return Key(arn, world.shown(arn))


def _own_keys(around: Surroundings) -> str:
    world = around.world
    return f"arn:{world.partition}:kms:{world.region}:{world.account}:key/"


def _by_alias(around: Surroundings, alias: str) -> Key:
    for resource in around.of_type("AWS::KMS::Alias"):
        target = resource.properties.get("TargetKeyId")
        if resource.properties.get("AliasName") == alias and not str(target).startswith("alias/"):
            return key_of(around, target)
    return Key(alias, alias)


def expected_keys(around: Surroundings, used: Mapping[str, Key]) -> tuple[dict[str, Key], Key | None]:
    """Return the key that each node should be under, and the pipeline's own; None where nothing asks for one.

    What the graph names counts. Without it a node is under the key that most of its resources name, and the
    pipeline under the one that most resources of all name.

    Parameters
    ----------
    around
        The template.
    used
        The customer managed keys that resources name, by logical id.
    """
    graph = around.graph
    named = key_of(around, graph.key) if graph is not None and graph.key else None
    common = named or _most_common(used.values())
    groups: dict[str, list[Key]] = defaultdict(list)
    for logical_id, key in used.items():
        groups[around.subject(logical_id)].append(key)
    by_node: dict[str, Key] = {}
    for node in around.found.nodes:
        step = graph.nodes.get(node) if graph is not None else None
        own = key_of(around, step.key) if step is not None and step.key else None
        expected = own or named or _most_common(groups.get(node, ())) or common
        if expected is not None:
            by_node[node] = expected
    return by_node, common


def _most_common(keys: Iterable[Key]) -> Key | None:
    counted = Counter(keys)
    if not counted:
        return None
    return max(counted, key=lambda key: (counted[key], key.identity))
