"""What must hold, from graph and catalog alone: where documents lie, who reads what, who sends to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.graph import Graph
    from lakenb.graph.steps import Step
    from lakenb.review.find import Found


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where the documents of one node lie: in its bucket, under these ends of their keys."""

    node: str
    prefix: str = ""
    suffix: str = ""

    def keys(self) -> tuple[tuple[str, ...], ...]:
        """Return the keys as patterns: literal texts with a wildcard between each two.

        ``a*b`` needs room for both ends. A key that is shorter begins with the one and ends with the other
        all the same, and is a pattern of its own.

        Examples
        --------
        >>> Place("inbox", "in/re", "re.pdf").keys()
        (('in/re', 're.pdf'), ('in/re.pdf',))
        """
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
    publishes
        Whether it has a topic.
    producers
        Ids, sorted.
    """

    id: str
    is_trigger: bool
    bucket: str
    reads: tuple[Read, ...]
    puts: Place | None
    has_cache: bool
    publishes: bool
    producers: tuple[str, ...]


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
        part, producers = step.row.part, graph.producers(node)
        own = _own(step, is_strict=graph.strict)
        if part is Part.TRIGGER:
            reads = {Read(own or Place(node), node)}
        else:
            reads = {
                Read(place, producer, is_forwarded=place.node != producer)
                for producer in producers
                for place in provided[producer]
            }
        if part is Part.CONNECTOR:
            provided[node] = ()
        elif own is not None:
            provided[node] = (own,)
        else:
            provided[node] = tuple(sorted({read.place for read in reads}))
        given = getattr(step, "bucket", None) if part is Part.TRIGGER else None
        nodes[node] = WantedNode(
            id=node,
            is_trigger=part is Part.TRIGGER,
            bucket=given if isinstance(given, str) else "",
            reads=tuple(sorted(reads)),
            puts=None if part is Part.TRIGGER else own,
            has_cache=part is not Part.TRIGGER,
            publishes=part is not Part.CONNECTOR,
            producers=producers,
        )
    return Wanted(dict(sorted(nodes.items())))


def _own(step: Step, *, is_strict: bool) -> Place | None:
    """Return where a node's own documents lie; None for one that leaves them where they are."""
    match step.row.part:
        case Part.TRIGGER:
            return Place(step.id, getattr(step, "prefix", ""), getattr(step, "suffix", ""))
        case Part.CONNECTOR:
            return Place(step.id, getattr(step, "prefix", ""))
        case Part.TRANSFORMER:
            return Place(step.id)
        case Part.PASS_THROUGH:
            return Place(step.id) if is_strict else None


def rebuilt(found: Found) -> Wanted:
    """Return what must hold of a pipeline of which only the template is known.

    A node without producers is a trigger, one without a store of its own passes on what its producers
    provide, one without a topic is the end. What the template says of its own wiring is taken for meant.
    """
    producers: dict[str, list[str]] = {node: [] for node in found.nodes}
    for producer, consumer in found.edges:
        producers[consumer].append(producer)
    own = {
        node.id: Place(node.id, node.prefix, node.suffix) for node in found.nodes.values() if node.store_arn
    }
    nodes = {}
    for node in found.nodes.values():
        senders = tuple(sorted(producers[node.id]))
        is_trigger = not senders
        reads = {Read(own[node.id], node.id)} if is_trigger and node.id in own else set()
        for sender in senders:
            reads |= {
                Read(place, sender, is_forwarded=place.node != sender)
                for place in _provided(sender, own, producers)
            }
        nodes[node.id] = WantedNode(
            id=node.id,
            is_trigger=is_trigger,
            bucket=_name(node.store_arn) if is_trigger and not node.store else "",
            reads=tuple(sorted(reads)),
            puts=None if is_trigger else own.get(node.id),
            has_cache=bool(found.cache_arn) and not is_trigger,
            publishes=bool(node.topic),
            producers=senders,
        )
    return Wanted(nodes, is_rebuilt=True)


def _provided(node: str, own: Mapping[str, Place], producers: Mapping[str, list[str]]) -> set[Place]:
    """Return where the documents lie that a node sends on; wiring of strangers may go round in circles."""
    places: set[Place] = set()
    waiting, seen = [node], {node}
    while waiting:
        one = waiting.pop()
        if one in own:
            places.add(own[one])
            continue
        waiting.extend(each for each in producers[one] if each not in seen)
        seen.update(producers[one])
    return places


def _name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]
