"""Which key a property names, and which keys a pipeline should be under.

What the graph says is taken by its word: one key for all, one for each node, or one for each bucket; a key of
a node's own before that. A key that is given is that one; a key that the stack makes is one of the template,
and no other group of resources is under it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings

AWS_MANAGED = "AWS managed"
_BUCKET = "AWS::S3::Bucket"
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


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """Resources that should be under one key.

    Parameters
    ----------
    node
        The node whose resources they are; empty for the pipeline's.
    is_buckets
        Whether it is buckets alone, apart from what else there is.
    given
        The key by its ARN or alias, where it is given.
    """

    node: str = ""
    is_buckets: bool = False
    given: str = ""

    @property
    def words(self) -> str:
        """What it is, for people."""
        if not self.node:
            return "the pipeline"
        return f"the documents of '{self.node}'" if self.is_buckets else f"'{self.node}'"


@dataclass(frozen=True, slots=True)
class Expected:
    """Which key each resource should be under.

    Parameters
    ----------
    by_resource
        By logical id; a resource of which nothing is expected is not there.
    shared
        Groups that should have keys of their own and have one between them: the groups in words, the key.
    """

    by_resource: Mapping[str, Key]
    shared: tuple[tuple[str, Key], ...] = ()


def expected_keys(around: Surroundings, used: Mapping[str, Key], held: Iterable[Resource]) -> Expected:
    """Return which key each resource should be under.

    Without a graph that says it, each node is under the key that most of its resources name, each bucket by
    itself where all of them are apart: what the template says of itself is taken for meant, and only what
    contradicts itself is found.

    Parameters
    ----------
    around
        The template.
    used
        The customer managed keys that resources name, by logical id.
    held
        The resources that hold something.
    """
    groups: dict[Group, list[str]] = defaultdict(list)
    resources = tuple(held)
    are_apart = _keyed(around) is None and _are_apart(resources, used)
    for resource in resources:
        group = _group(around, resource, are_apart=are_apart)
        if group is not None:
            groups[group].append(resource.logical_id)
    by_group = {
        group: _most_common(used[one] for one in members if one in used) for group, members in groups.items()
    }
    common = _of_pipeline(by_group) or _most_common(used.values())
    keys = {group: _expected(around, group, named, common) for group, named in by_group.items()}
    by_resource = {one: keys[group] for group, members in groups.items() for one in members}
    return Expected(by_resource, tuple(_shared(around, keys)))


def _of_pipeline(named: Mapping[Group, Key | None]) -> Key | None:
    """Return the key of what is no node's, where each node has one for itself; None elsewhere."""
    own = [key for group, key in named.items() if group.node]
    rest = named.get(Group())
    is_apart = len(own) > 1 and None not in own and len({*own}) == len(own)
    return rest if is_apart and rest not in own else None


def _are_apart(resources: Iterable[Resource], used: Mapping[str, Key]) -> bool:
    """Return whether each bucket is under a key of its own, as a pipeline with a key for each store is."""
    buckets = [used.get(one.logical_id) for one in resources if one.type == _BUCKET]
    others = {used.get(one.logical_id) for one in resources if one.type != _BUCKET}
    return (
        len(buckets) > 1
        and None not in buckets
        and len({*buckets}) == len(buckets)
        and not others & {*buckets}
    )


def _group(around: Surroundings, resource: Resource, *, are_apart: bool) -> Group | None:
    """Return with what a resource should be under one key; None where the graph asks for none."""
    graph, subject = _keyed(around), around.subject(resource.logical_id)
    is_bucket = resource.type == _BUCKET
    node = subject if subject in around.found.nodes else ""
    if graph is None:
        return Group(subject if are_apart and is_bucket else node, are_apart and is_bucket)
    step = graph.nodes.get(node)
    own = step.own_key() if step is not None else None
    if own is not None:
        return Group(node, given=own.name)
    if graph.key is None:
        return None
    if not graph.key.is_made:
        return Group(given=graph.key.name)
    if graph.key_per == "store" and is_bucket and around.is_owned(resource.logical_id):
        return Group(subject, is_buckets=True)
    return Group(node) if graph.key_per == "node" else Group()


def _keyed(around: Surroundings) -> Graph | None:
    """Return the graph where it says anything of keys."""
    graph = around.graph
    if graph is None or (graph.key is None and not any(step.own_key() for step in graph.nodes.values())):
        return None
    return graph


def _expected(around: Surroundings, group: Group, named: Key | None, common: Key | None) -> Key:
    if group.given:
        return key_of(around, group.given)
    if _keyed(around) is None:
        return (named if group.node else common) or common or Key(_UNREADABLE, _UNREADABLE)
    if named is not None and named.identity in around.world.resources:
        return named
    words = f"a key of the stack for {group.words}"
    return Key(words, words)


def _shared(around: Surroundings, keys: Mapping[Group, Key]) -> Iterator[tuple[str, Key]]:
    if _keyed(around) is None:
        return
    users: dict[Key, list[Group]] = defaultdict(list)
    for group, key in keys.items():
        if not group.given:
            users[key].append(group)
    for key, groups in users.items():
        if len(groups) > 1:
            yield " and ".join(group.words for group in sorted(groups)), key


def _most_common(keys: Iterable[Key]) -> Key | None:
    counted = Counter(keys)
    if not counted:
        return None
    return max(counted, key=lambda key: (counted[key], key.identity))
