"""What must hold, from graph and catalog alone: where documents lie, who reads what, who sends to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.networks import vpc_of
from lakenb.graph.steps import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.graph import Graph
    from lakenb.graph.services import Service
    from lakenb.graph.steps import Step
    from lakenb.review.find import Found, FoundNode


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where the documents of one node lie: in its bucket, under these ends of their keys.

    Parameters
    ----------
    node
        The node whose documents they are; for documents that nobody here put, the trigger that is told of
        them.
    prefix, suffix
        What their keys begin and end with.
    bucket
        The name of the bucket where it is not the node's.
    is_one
        Whether both ends are the whole key of one document.
    """

    node: str
    prefix: str = ""
    suffix: str = ""
    bucket: str = ""
    is_one: bool = False

    @property
    def owner(self) -> str:
        """By what the bucket is looked up: its node, or for a given one its name as a URL."""
        return f"s3://{self.bucket}" if self.bucket else self.node

    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the keys as patterns: literal texts with a wildcard between each two.

        ``a*b`` needs room for both ends. A key that is shorter begins with the one and ends with the other
        all the same, and is a pattern of its own.

        Examples
        --------
        >>> Place("inbox", "in/re", "re.pdf").keys()
        (('in/re', 're.pdf'), ('in/re.pdf',))
        """
        if self.is_one:
            return ((self.prefix,),)
        if not (self.prefix and self.suffix):
            return ((self.prefix, self.suffix),)
        lengths = range(max(len(self.prefix), len(self.suffix)), len(self.prefix) + len(self.suffix))
        short = (
            self.prefix + self.suffix[len(self.suffix) - length + len(self.prefix) :] for length in lengths
        )
        return ((self.prefix, self.suffix), *((key,) for key in short if key.endswith(self.suffix)))


@dataclass(frozen=True, slots=True, order=True)
class Read:
    """Documents that a node reads, and the direct producer whose events point to them.

    Parameters
    ----------
    place
        Where they lie.
    producer
        Who sends the events; the node itself for a trigger.
    is_forwarded
        Whether the producer passes on what others put.
    """

    place: Place
    producer: str
    is_forwarded: bool = False


@dataclass(frozen=True, slots=True)
class WantedNode:
    """What one node must be able to do, and nothing else.

    Parameters
    ----------
    id
        The node's.
    is_trigger
        Whether it brings documents in.
    bucket
        The name of the given bucket that a trigger reads; empty where the pipeline makes it.
    reads
        Sorted.
    puts
        Its own store; None for triggers and for those that pass on.
    has_cache
        Whether it reads the cache and puts under its own part of it.
    has_topic
        Whether it sends documents on.
    publishes
        Whether its own function publishes to its topic.
    producers
        Ids, sorted.
    told
        The places of which its function is told, sorted.
    passes_on
        Whether it has a store of its own, and passes on what its producers provide as well.
    given_queue
        The ARN of the queue of somebody else that it polls; empty for its own.
    handler
        The module that runs in its function.
    services
        What it has beside the common things.
    is_pinned
        Whether its documents are bound to the endpoint of its VPC.
    """

    id: str
    is_trigger: bool
    bucket: str
    reads: tuple[Read, ...]
    puts: Place | None
    has_cache: bool
    has_topic: bool
    publishes: bool
    producers: tuple[str, ...]
    told: tuple[Place, ...] = ()
    passes_on: bool = False
    given_queue: str = ""
    handler: str = ""
    services: tuple[Service, ...] = ()
    is_pinned: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What must hold of a pipeline.

    Parameters
    ----------
    nodes
        By id.
    is_rebuilt
        Whether it comes from the template itself, so that only what contradicts itself can be found.
    """

    nodes: Mapping[str, WantedNode]
    is_rebuilt: bool = False


def wanted(graph: Graph) -> Wanted:
    """Return what must hold of a graph (P1 to P4)."""
    provided: dict[str, tuple[Place, ...]] = {}
    nodes: dict[str, WantedNode] = {}
    for node in graph.topological():
        step = graph.nodes[node]
        is_trigger, producers = step.row.part is Part.TRIGGER, graph.producers(node)
        own = _own(step, is_strict=graph.strict)
        sent = {
            Read(place, producer, is_forwarded=place.node != producer)
            for producer in producers
            for place in provided[producer]
        }
        provided[node] = _sends(step, own, sent, is_strict=graph.strict)
        told = provided[node] if is_trigger else tuple(sorted({read.place for read in sent}))
        puts = not is_trigger or step.puts_documents()
        if not puts:
            sent = {Read(place, node) for place in told}
        given = getattr(step, "bucket", None) if is_trigger else None
        vpc = vpc_of(graph, node)
        nodes[node] = WantedNode(
            id=node,
            is_trigger=is_trigger,
            bucket=given if isinstance(given, str) else "",
            reads=tuple(sorted(sent)) if _opens(step, is_strict=graph.strict) else (),
            puts=own if puts else None,
            has_cache=not is_trigger,
            has_topic=step.row.part is not Part.CONNECTOR,
            publishes=step.row.part is not Part.CONNECTOR and step.row.announces,
            producers=producers,
            told=told,
            passes_on=step.row.part is Part.COMPOSER and not graph.strict,
            given_queue=step.given_queue(),
            handler=step.row.handler,
            services=step.services(),
            is_pinned=bool(vpc is not None and vpc.pin),
        )
    return Wanted(dict(sorted(nodes.items())))


def _opens(step: Step, *, is_strict: bool) -> bool:
    """Return whether a node's function reads documents; in a strict pipeline whoever passes on copies."""
    return step.row.reads or (is_strict and step.row.part in {Part.COMPOSER, Part.PASS_THROUGH})


def _sends(step: Step, own: Place | None, sent: set[Read], *, is_strict: bool) -> tuple[Place, ...]:
    """Return where the documents lie to which the events of a node point."""
    part = step.row.part
    if part is Part.CONNECTOR:
        return ()
    places = set() if own is None else {own}
    if part is Part.TRIGGER:
        places |= {
            Place(step.id, one.prefix, one.prefix if one.is_one else one.suffix, one.bucket, one.is_one)
            for one in step.given_places()
        }
    elif own is None or (part is Part.COMPOSER and not is_strict):
        places |= {read.place for read in sent}
    return tuple(sorted(places))


def _own(step: Step, *, is_strict: bool) -> Place | None:
    """Return where a node's own documents lie; None for one that leaves them where they are."""
    match step.row.part:
        case Part.TRIGGER:
            if step.given_places() or step.given_queue():
                return None
            return Place(step.id, getattr(step, "prefix", ""), getattr(step, "suffix", ""))
        case Part.CONNECTOR:
            return Place(step.id, getattr(step, "prefix", "")) if step.puts_documents() else None
        case Part.TRANSFORMER | Part.COMPOSER:
            return Place(step.id)
        case Part.PASS_THROUGH:
            return Place(step.id) if is_strict else None


# What a template without its graph does not tell: which nodes with a store of their own pass documents on
# as well, and which nodes open none.
_COMPOSING = ("lakenb.runtime.handlers.reducer", "lakenb.runtime.handlers.transform")
_OPENING_NONE = (
    "lakenb.runtime.handlers.lancedb_storage",
    "lakenb.runtime.handlers.reducer",
    "lakenb.runtime.handlers.sqs_trigger",
)


def rebuilt(found: Found) -> Wanted:
    """Return what must hold of a pipeline of which only the template is known.

    A node without producers is a trigger, one without a store of its own passes on what its producers
    provide, one without a topic is the end. What the template says of its own wiring is taken for meant.
    """
    wiring = _Wiring(found)
    nodes = {}
    for node in found.nodes.values():
        senders = wiring.producers[node.id]
        is_trigger = not senders
        puts = not is_trigger or node.puts
        reads = set() if puts else {Read(place, node.id) for place in wiring.provided(node.id)}
        for sender in senders:
            reads |= {
                Read(place, sender, is_forwarded=place.node != sender) for place in wiring.provided(sender)
            }
        nodes[node.id] = WantedNode(
            id=node.id,
            is_trigger=is_trigger,
            bucket=_name(node.store_arn) if is_trigger and not node.store else "",
            reads=tuple(sorted(reads)) if wiring.opens(node) else (),
            puts=wiring.own.get(node.id) if puts else None,
            has_cache=bool(found.cache_arn) and not is_trigger,
            has_topic=bool(node.topic),
            publishes=bool(node.topic) and not node.is_announced,
            producers=tuple(sorted(senders)),
            told=tuple(sorted(wiring.provided(node.id))) if is_trigger else (),
            given_queue=node.given_queue,
            handler=node.handler,
            services=node.state.services,
        )
    return Wanted(nodes, is_rebuilt=True)


class _Wiring:
    """Who sends to whom in a template, and where the documents lie."""

    def __init__(self, found: Found) -> None:
        self._nodes = found.nodes
        self.producers: dict[str, list[str]] = {node: [] for node in found.nodes}
        self._consumers: dict[str, list[str]] = {node: [] for node in found.nodes}
        for producer, consumer in found.edges:
            self.producers[consumer].append(producer)
            self._consumers[producer].append(consumer)
        self.own: dict[str, Place] = {
            node.id: Place(node.id, node.prefix, node.suffix)
            for node in found.nodes.values()
            if node.store_arn
        }

    def provided(self, node: str) -> set[Place]:
        """Return where the documents lie that a node sends on; strangers' wiring may go round in circles."""
        places: set[Place] = set()
        waiting, seen = [node], {node}
        while waiting:
            one = waiting.pop()
            own, known = self.own.get(one), self._nodes[one]
            places |= set() if own is None else {own}
            if known.is_given:
                places |= {
                    Place(one, prefix, suffix, bucket, is_one=bool(prefix) and prefix == suffix)
                    for bucket, prefix, suffix in known.sources
                }
            if own is None or self._passes_on(known):
                waiting.extend(each for each in self.producers[one] if each not in seen)
                seen.update(self.producers[one])
        return places

    def opens(self, node: FoundNode) -> bool:
        """Return whether a node reads documents: one that opens none copies them in a strict pipeline."""
        if node.handler not in _OPENING_NONE:
            return True
        return node.handler in _COMPOSING and not self._passes_on(node)

    def _passes_on(self, node: FoundNode) -> bool:
        """Return whether a node passes on beside its own documents.

        In a strict pipeline it copies: then no consumer is told of more than what its producers put.
        """
        if node.handler not in _COMPOSING:
            return False
        for consumer in self._consumers[node.id]:
            direct = {_name(self._nodes[one].store_arn) for one in self.producers[consumer]}
            if any(bucket not in direct for bucket, _, _ in self._nodes[consumer].sources):
                return True
        return False


def _name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]
