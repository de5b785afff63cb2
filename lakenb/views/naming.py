"""The resources of a template by the names that its pipeline gives them.

A template says ``${ChunksStore.Arn}/in/*``; a reader wants ``chunks/in/*``. What belongs to no node keeps
the template's own words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.graph.steps import Part
from lakenb.iam.texts import Reference, Text, resolve, text
from lakenb.security.grants import held
from lakenb.security.keys import keys_of
from lakenb.security.stores import given_bucket, own_store
from lakenb.security.values import ACCOUNT, Sort, Target
from lakenb.template.build import arns_of
from lakenb.template.key_names import key_id
from lakenb.template.keys import NamedSources
from lakenb.template.names import CACHE, CACHE_POLICY, Kind, logical_id, subscription_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.graph import Graph
    from lakenb.security.stores import Store

_SORT_OF_KIND = {
    Kind.STORE: Sort.BUCKET,
    Kind.QUEUE: Sort.QUEUE,
    Kind.DEAD_LETTERS: Sort.DEAD_LETTERS,
    Kind.TOPIC: Sort.TOPIC,
    Kind.LOGS: Sort.LOGS,
    Kind.RULE: Sort.RULE,
    Kind.TABLE: Sort.TABLE,
    Kind.SCHEDULE_GROUP: Sort.SCHEDULE_GROUP,
    Kind.MACHINE: Sort.MACHINE,
    Kind.FILES: Sort.FILES,
    Kind.ACCESS_POINT: Sort.ACCESS_POINT,
    Kind.INDEX: Sort.INDEX_BUCKET,
}
_ROLES = {Kind.SCHEDULE_ROLE: Sort.SCHEDULE_ROLE, Kind.MACHINE_ROLE: Sort.MACHINE_ROLE}
_LITERALS = {"${*}": "*", "${?}": "?", "${$}": "$"}
_OBJECTS_OF = {
    Sort.BUCKET.value: Sort.OBJECTS.value,
    Sort.CACHE_BUCKET.value: Sort.CACHE_OBJECTS.value,
    Sort.INDEX_BUCKET.value: Sort.INDEX_OBJECTS.value,
}
_ROOT = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}


@dataclass(frozen=True, slots=True)
class Named:
    """A resource by the pipeline's names.

    Parameters
    ----------
    name
        Such as ``chunks.queue`` or ``chunks/in/*``; the template's own text for a stranger.
    sort
        The value of a `Sort`; empty for a stranger.
    owner
        The node that it belongs to; empty for the cache and for strangers.
    pattern
        The pattern of the keys, for objects.
    """

    name: str
    sort: str = ""
    owner: str = ""
    pattern: str = ""


class Names:
    """Names of one pipeline's resources, looked up by what the template says of them.

    Parameters
    ----------
    graph, template
        The pipeline, and the template to be read with its names.
    """

    def __init__(self, graph: Graph, template: Mapping[str, Any]) -> None:
        resources: Mapping[str, Any] = template.get("Resources", {})
        self.owners: dict[str, str] = _owners(graph, resources)
        self._roles: dict[Text, str] = {}
        self._arns: dict[Text, tuple[str, str]] = {}
        self._given: dict[Text, list[str]] = {}
        self._keys: dict[str, frozenset[str]] = {}
        for node, step in graph.nodes.items():
            self._roles[resolve({"Ref": logical_id(node, Kind.ROLE)})] = node
            for kind, sort in _ROLES.items():
                self._roles[resolve({"Ref": logical_id(node, kind)})] = f"{node} ({sort.value})"
            for kind, sort in _SORT_OF_KIND.items():
                self._add(resources, logical_id(node, kind), sort.value, node)
            if (given := given_bucket(step)) is not None:
                # several triggers may stand on one given bucket: whose objects are meant, the reader tells
                self._given.setdefault(_bucket_arn(given), []).append(node)
                self._keys[node] = _key_patterns(own_store(graph, node))
        self._add(resources, CACHE, Sort.CACHE_BUCKET.value, "")
        self._known = _known(graph)
        self._own_keys = {
            key_id(key): _named(key) for key in keys_of(graph) if key.sort != Sort.GIVEN_KEY.value
        }
        self.endpoints: frozenset[str] = frozenset(
            logical for logical, one in resources.items() if one.get("Type") == "AWS::EC2::VPCEndpoint"
        )

    def _add(self, resources: Mapping[str, Any], logical: str, sort: str, node: str) -> None:
        if logical not in resources:
            return
        self._arns[text([Reference(logical, "Arn")])] = (sort, node)
        if sort == Sort.TOPIC.value:  # the ARN of a topic is what Ref returns
            self._arns[text([Reference(logical)])] = (sort, node)
        name = resources[logical].get("Properties", {}).get("BucketName")
        if name is not None:
            self._arns[_bucket_arn(name)] = (sort, node)

    def role(self, holder: Text) -> str:
        """Return the node whose role this is; the template's text for a stranger's."""
        return self._roles.get(holder, str(holder))

    def resource(self, arn: Text) -> Named:
        """Return a resource by its ARN, with the keys after the first slash of a bucket's."""
        return self.resources(arn, frozenset())[0]

    def resources(self, arn: Text, likely: frozenset[str]) -> tuple[Named, ...]:
        """Return every name of a resource: one, but for a given bucket on which several triggers stand.

        Parameters
        ----------
        arn
            What the template says.
        likely
            The nodes that are meant where the bucket alone does not tell.
        """
        if arn in self._arns:
            return (self._whole(*self._arns[arn]),)
        bucket, keys = _split(arn)
        triggers = self._given.get(bucket, [])
        near = [node for node in triggers if node in likely] or triggers
        meant = [node for node in near if keys in self._keys[node]] or near[:1]
        if not meant and arn in self._known:
            return (self._known[arn],)
        if keys is None:
            return tuple(self._whole(Sort.BUCKET.value, node) for node in meant) or (Named(_readable(arn)),)
        if meant:
            return tuple(_objects(Sort.OBJECTS.value, node, keys) for node in meant)
        sort, owner = self._arns.get(bucket, ("", ""))
        return (_objects(_OBJECTS_OF[sort], owner, keys) if sort in _OBJECTS_OF else Named(_readable(arn)),)

    def key_itself(self, logical: str, arn: Text) -> tuple[Named, ...]:
        """Return a key's name for the star in its own policy, which means that key; else nothing."""
        return (self._own_keys[logical],) if logical in self._own_keys and str(arn) == "*" else ()

    @staticmethod
    def principal(sort: str, value: Text) -> str:
        """Return whom a resource's policy names, in words."""
        if sort == "AWS" and value == resolve(_ROOT):
            return ACCOUNT
        return str(value) if sort in {"Service", "*"} else f"{sort} {value}"

    def value(self, value: Text) -> str:
        """Return a condition's value: a resource by its name, the account in words, else the text."""
        if value == text([Reference("AWS::AccountId")]):
            return ACCOUNT
        return (self._known.get(value) or self.resource(value)).name

    @staticmethod
    def _whole(sort: str, owner: str) -> Named:
        name = "cache" if sort == Sort.CACHE_BUCKET.value else f"{owner}.{sort}"
        return Named(name, sort, owner)


def _owners(graph: Graph, resources: Mapping[str, Any]) -> dict[str, str]:
    """Return the node of each resource of the template, the empty one for the cache."""
    made = {logical_id(node, kind): node for node in graph.nodes for kind in Kind}
    made |= {subscription_id(edge.producer, edge.consumer): edge.consumer for edge in graph.edges}
    made |= {CACHE: "", CACHE_POLICY: ""}
    return {logical: node for logical, node in sorted(made.items()) if logical in resources}


def provided_by(
    graph: Graph, names: Names, messages: tuple[tuple[str, str], ...]
) -> dict[str, frozenset[str]]:
    """Return, for each node, whose stores its documents lie in, as template and messages tell.

    A node with a bucket in the template provides its own, a trigger the places that it was told of; one
    without passes on what its producers provide, a composer both.
    """
    found: dict[str, frozenset[str]] = {}
    for node in graph.topological():
        step = graph.nodes[node]
        own = logical_id(node, Kind.STORE) in names.owners or own_store(graph, node) is not None
        provided = frozenset({node} if own or step.given_places() else ())
        if not provided or (step.row.part is Part.COMPOSER and not graph.strict):
            producers = [producer for producer, consumer in messages if consumer == node]
            provided = provided.union(*(found.get(producer, frozenset()) for producer in producers))
        found[node] = provided
    return found


def _known(graph: Graph) -> dict[Text, Named]:
    """Return what the model names, by each text that stands for it in a template."""
    arns = arns_of(graph)
    named = NamedSources(arns)
    found: dict[Text, Named] = {}
    for _, statement in held(graph):
        values = (value for condition in statement.conditions for value in condition.values)
        for target in (*statement.resources, *(one for one in values if isinstance(one, Target))):
            for written in (arns.of(target), arns.of_source(target), named.of_source(target)):
                found.setdefault(resolve(written), _named(target))
    return found


def _named(target: Target) -> Named:
    return Named(str(target), target.sort, target.node, "*".join(target.key_parts))


def _objects(sort: str, owner: str, keys: str) -> Named:
    return Named(f"{owner or 'cache'}/{keys}", sort, owner, keys)


def _key_patterns(store: Store | None) -> frozenset[str]:
    return frozenset("*".join(target.key_parts) for target in store.targets()) if store else frozenset()


def _bucket_arn(name: Any) -> Text:
    return text(["arn:", Reference("AWS::Partition"), ":s3:::", *resolve(name).pieces])


def _split(arn: Text) -> tuple[Text, str | None]:
    """Return an ARN up to its first slash, and the keys behind it; None without a slash."""
    for index, piece in enumerate(arn.pieces):
        if isinstance(piece, str) and "/" in piece:
            before, _, after = piece.partition("/")
            bucket = text([*arn.pieces[:index], before])
            return bucket, _readable(text([after, *arn.pieces[index + 1 :]]))
    return arn, None


def _readable(value: Text) -> str:
    """Return a text as people read it, with IAM's escapes for literal stars and the like undone."""
    shown = str(value)
    for escaped, plain in _LITERALS.items():
        shown = shown.replace(escaped, plain)
    return shown
