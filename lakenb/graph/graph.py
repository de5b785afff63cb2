"""The graph: handles united by id, checked as a whole, and kept as a value.

Order never matters: nodes and edges are sorted, ids are the user's, nothing is counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from lakenb.errors import Fault, FilterError, PipelineError
from lakenb.graph.filter_policy import consumer_filter, filter_policy
from lakenb.graph.keys import Key, KeyPer, as_key, key_faults, key_per_faults
from lakenb.graph.mounts import mount_faults
from lakenb.graph.networks import Vpc, several_made_faults, vpc_faults
from lakenb.graph.options import PIPELINE_ID_LENGTH, id_faults, shown
from lakenb.graph.steps import Handle, Part, Pipeable, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from lakenb.graph.filters import Filter
    from lakenb.graph.keys import NamedKey


@dataclass(frozen=True, slots=True)
class Edge:
    """Documents go from one node to another, as far as the filter lets them.

    Parameters
    ----------
    producer, consumer
        Ids of the two nodes.
    filter
        What the user demands beside the consumer's own types; None demands nothing.
    """

    producer: str
    consumer: str
    filter: Filter | None = None

    def __str__(self) -> str:
        """Return ``producer -> consumer``."""
        return f"{self.producer} -> {self.consumer}"


@dataclass(frozen=True, init=False)
class Graph:
    """A pipeline as a value: nodes by id, edges between them.

    Parameters
    ----------
    id
        The pipeline's id; it becomes a part of bucket names.
    handles
        Handles or steps whose whole upstream makes the pipeline.
    key
        A customer managed key: `lakenb.Key()` for one that the stack makes, a key's ARN or alias, or a key of
        CDK. None leaves AWS's default encryption.
    key_per
        One key for the ``"pipeline"``, or one for each ``"node"`` or each ``"store"`` (bucket).
    vpc
        Placement of all nodes in a VPC.
    strict
        True makes pass-through nodes copy, so that no grant is forwarded.

    Attributes
    ----------
    nodes
        Every node's step by its id, sorted by id.
    edges
        Every edge, sorted by producer and consumer.

    Raises
    ------
    PipelineError
        With every fault of the graph: colliding ids, cycles, triggers as consumers, connectors as
        producers, nodes that nothing reaches, filters that SNS cannot express.
    """

    id: str
    nodes: Mapping[str, Step]
    edges: tuple[Edge, ...]
    key: Key | None
    key_per: KeyPer
    vpc: Vpc | None
    strict: bool
    _producers: Mapping[str, tuple[str, ...]] = field(repr=False, compare=False)
    _consumers: Mapping[str, tuple[str, ...]] = field(repr=False, compare=False)

    def __init__(
        self,
        id: str,  # noqa: A002 - the field's word
        *handles: Handle | Step,
        key: Key | str | NamedKey | None = None,
        key_per: KeyPer = "pipeline",
        vpc: Vpc | None = None,
        strict: bool = False,
    ) -> None:
        united = _unite(handles)
        taken = as_key(key)
        faults = [
            *id_faults(id, "the pipeline's id", PIPELINE_ID_LENGTH),
            *united.faults,
            *_place_faults(united),
            *_cycle_faults(united),
            *_filter_faults(united),
            *key_faults(taken, "its key"),
            *vpc_faults(vpc, "its VPC"),
        ]
        if taken is None or isinstance(taken, Key):
            faults += key_per_faults(taken, key_per, "its keys")
        vpcs = {node: step.vpc or vpc for node, step in united.nodes.items()}
        faults += several_made_faults(vpcs, "its VPC")
        if not vpc_faults(vpc, "its VPC"):
            faults += mount_faults(united.nodes.values(), vpc)
        if faults:
            raise PipelineError([Fault(f.what, f"{f.where}, pipeline {shown(id)}", f.mend) for f in faults])
        values: dict[str, Any] = {
            "id": id,
            "nodes": united.nodes,
            "edges": united.edges,
            "key": taken,
            "key_per": key_per,
            "vpc": vpc,
            "strict": strict,
            "_producers": _neighbours((edge.consumer, edge.producer) for edge in united.edges),
            "_consumers": _neighbours((edge.producer, edge.consumer) for edge in united.edges),
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __hash__(self) -> int:
        """Return a hash by id and edges."""
        return hash((self.id, self.edges))

    def under(self, key: Key) -> Self:
        """Return the same pipeline with everything under one key, nodes with keys of their own apart."""
        return self._with(key=key, key_per="pipeline")

    def within(self, vpc: Vpc) -> Self:
        """Return the same pipeline with every function in a VPC, nodes with VPCs of their own apart."""
        return self._with(vpc=vpc)

    def _with(self, **changed: Any) -> Self:
        made = object.__new__(type(self))
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        for name, value in (values | changed).items():
            object.__setattr__(made, name, value)
        return made

    def producers(self, node: str) -> tuple[str, ...]:
        """Return the ids of the nodes that send to `node`, sorted."""
        return self._producers.get(node, ())

    def consumers(self, node: str) -> tuple[str, ...]:
        """Return the ids of the nodes that `node` sends to, sorted."""
        return self._consumers.get(node, ())

    def topological(self) -> tuple[str, ...]:
        """Return the ids so that producers come before consumers, ties by id."""
        return _topological(self.nodes, self.edges)[0]


@dataclass(frozen=True, slots=True)
class _United:
    nodes: dict[str, Step]
    edges: tuple[Edge, ...]
    faults: tuple[Fault, ...]


def _unite(handles: Sequence[Handle | Step]) -> _United:
    """Walk every handle's upstream and unite handles by id."""
    for given in handles:
        if not isinstance(given, Pipeable):
            raise TypeError(f"a pipeline is made of middlewares and handles, not {shown(given)}")
    nodes: dict[str, Step] = {}
    filters: dict[tuple[str, str], Filter | None] = {}
    faults: list[Fault] = []
    if not handles:
        faults.append(Fault("the pipeline is empty", "its handles", "give it at least one handle"))
    for handle in _upstream(given.handle() for given in handles):
        step = handle.step
        known = nodes.setdefault(step.id, step)
        if known != step:
            faults.append(_collision(known, step, nodes))
        for edge in handle.in_edges:
            ends = (edge.producer.step.id, step.id)
            if ends in filters and filters[ends] != edge.filter:
                faults.append(_two_filters(ends, filters[ends], edge.filter))
            filters.setdefault(ends, edge.filter)
    edges = tuple(Edge(*ends, filters[ends]) for ends in sorted(filters))
    faults += _alike(nodes)
    return _United(dict(sorted(nodes.items())), edges, tuple(dict.fromkeys(faults)))


def _upstream(handles: Iterable[Handle]) -> Iterator[Handle]:
    # a stack, not recursion: a chain of a thousand nodes is a legal pipeline
    stack, seen = list(handles), set[int]()
    while stack:
        handle = stack.pop()
        if id(handle) not in seen:
            seen.add(id(handle))
            yield handle
            stack.extend(edge.producer for edge in handle.in_edges)


def _collision(one: Step, other: Step, taken: Mapping[str, Step]) -> Fault:
    free = (f"{one.row.kind}-{suffix}" for suffix in ("b", "c", "d", "e", "f"))
    names = [name for name in free if name not in taken][:2]
    mend = f"give one of them an id of its own, such as {' or '.join(map(repr, names))}"
    pair = " and ".join(sorted((repr(one), repr(other))))
    return Fault(f"two different nodes are called {one.id!r}: {pair}", f"node {one.id!r}", mend)


def _two_filters(ends: tuple[str, str], one: Filter | None, other: Filter | None) -> Fault:
    pair = " and ".join(sorted((repr(one), repr(other))))
    return Fault(
        f"one edge has two filters: {pair}",
        f"edge {' -> '.join(ends)}",
        "SNS keeps one subscription for a topic and a queue: join the filters with |, or with &",
    )


def _alike(nodes: Iterable[str]) -> list[Fault]:
    # logical ids in CloudFormation are alphanumeric, so 'pdf-1' and 'pdf1' would be one resource
    same: dict[str, list[str]] = defaultdict(list)
    for node in nodes:
        same[node.replace("-", "")].append(node)
    return [
        Fault(
            f"the ids {' and '.join(map(repr, sorted(group)))} differ by hyphens only: not in logical ids",
            f"nodes {', '.join(sorted(group))}",
            "rename one of them",
        )
        for group in same.values()
        if len(group) > 1
    ]


def _place_faults(united: _United) -> list[Fault]:
    faults = []
    receiving = {edge.consumer for edge in united.edges}
    for edge in united.edges:
        producer, consumer = united.nodes[edge.producer], united.nodes[edge.consumer]
        if consumer.row.part is Part.TRIGGER:
            what = f"{consumer.id!r} is a trigger: it begins pipelines and receives from nobody"
            faults.append(Fault(what, f"edge {edge}", f"pipe {producer.id!r} into a middleware instead"))
        if producer.row.part is Part.CONNECTOR:
            what = f"{producer.id!r} is a connector: it ends a pipeline and sends to nobody"
            mend = f"pipe {consumer.id!r} behind one of the producers of {producer.id!r} instead"
            faults.append(Fault(what, f"edge {edge}", mend))
    for node, step in united.nodes.items():
        if step.row.part is not Part.TRIGGER and node not in receiving:
            what = f"nothing sends documents to {node!r}"
            mend = f"pipe a trigger or another middleware into {node!r}"
            faults.append(Fault(what, f"node {node!r}", mend))
    return faults


def _cycle_faults(united: _United) -> list[Fault]:
    _, left = _topological(united.nodes, united.edges)
    if not left:
        return []
    # every node that is left has a producer that is left: walking upwards must come round
    producers = {edge.consumer: edge.producer for edge in reversed(united.edges) if edge.producer in left}
    path = [min(left)]
    while path[-1] not in path[:-1]:
        path.append(producers[path[-1]])
    cycle = path[path.index(path[-1]) :][::-1]
    if len(cycle) == 2:  # noqa: PLR2004 - a node and itself
        mend = f"for a second {united.nodes[cycle[0]].row.kind!r}, give it an id of its own: '{cycle[0]}-b'"
    else:
        mend = (
            "take one of these edges away, or give the node that was meant to be another one an id of its own"
        )
    return [Fault(f"documents would go round for ever: {' -> '.join(cycle)}", f"node {cycle[0]!r}", mend)]


def _filter_faults(united: _United) -> list[Fault]:
    faults = []
    for edge in united.edges:
        accepted = united.nodes[edge.consumer].row.input_types
        if not accepted:  # a trigger as consumer is a fault of its own
            continue
        try:
            filter_policy(consumer_filter(accepted, edge.filter))
        except FilterError as error:
            fault = error.fault
            faults.append(Fault(fault.what, f"edge {edge}, {fault.where}", fault.mend))
    return faults


def _topological(nodes: Iterable[str], edges: Iterable[Edge]) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the ids in order, and those that a cycle keeps out of it."""
    waiting = dict.fromkeys(nodes, 0)
    consumers: dict[str, list[str]] = defaultdict(list)
    for edge in edges:
        waiting[edge.consumer] += 1
        consumers[edge.producer].append(edge.consumer)
    order: list[str] = []
    ready = sorted((node for node, count in waiting.items() if not count), reverse=True)
    while ready:
        node = ready.pop()
        order.append(node)
        freed = []
        for consumer in consumers[node]:
            waiting[consumer] -= 1
            if not waiting[consumer]:
                freed.append(consumer)
        ready.extend(sorted(freed, reverse=True))
    return tuple(order), frozenset(waiting) - frozenset(order)


def _neighbours(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for node, neighbour in pairs:
        found[node].append(neighbour)
    return {node: tuple(sorted(neighbours)) for node, neighbours in found.items()}
