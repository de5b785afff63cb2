"""Where documents lie, and who provides what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.security.values import Target, objects

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph
    from lakenb.graph.steps import Step


@dataclass(frozen=True, slots=True, order=True)
class Store:
    """Where documents lie: a node's bucket, bounded by literal text at both ends of the keys.

    A given bucket counts as its trigger's: what is read there is named by the trigger, as if it were its own.

    Parameters
    ----------
    node
        The node whose bucket it is. Two nodes never share one that the pipeline makes.
    prefix, suffix
        What every document's key begins and ends with.
    bucket
        The name of the bucket, where it was given; empty for one of the pipeline.
    is_one
        Whether the prefix is the whole key of one document.
    """

    node: str
    prefix: str = ""
    suffix: str = ""
    bucket: str = ""
    is_one: bool = False

    def targets(self) -> tuple[Target, ...]:
        """Return exactly the objects of this store, as key patterns.

        ``a*b`` needs room for both ends, so a key in which they overlap (prefix ``in/report``, suffix
        ``report.pdf``, key ``in/report.pdf``) is named for itself.
        """
        if self.is_one:
            return (objects(self.node, self.prefix, bucket=self.bucket),)
        ends = (self.prefix, self.suffix)
        if not all(ends):
            return (objects(self.node, *ends, bucket=self.bucket),)
        overlapping = (objects(self.node, key, bucket=self.bucket) for key in self.overlapping_keys())
        return (objects(self.node, *ends, bucket=self.bucket), *overlapping)

    def holds(self, key: str) -> bool:
        """Tell whether a key is one of this store's."""
        if self.is_one:
            return key == self.prefix
        return key.startswith(self.prefix) and key.endswith(self.suffix)

    def overlapping_keys(self) -> tuple[str, ...]:
        """Return the keys in which prefix and suffix overlap, sorted: too short for the two after another."""
        shared = range(1, min(len(self.prefix), len(self.suffix)) + 1)
        overlapping = {
            self.prefix + self.suffix[length:]
            for length in shared
            if self.prefix.endswith(self.suffix[:length])
        }
        return tuple(sorted(overlapping))


def given_bucket(step: Step) -> str | None:
    """Return the name of the bucket that a trigger was given, or None where the pipeline makes it."""
    name = getattr(step, "bucket", None) if step.row.part is Part.TRIGGER else None
    return name if isinstance(name, str) else None


def own_store(graph: Graph, node: str) -> Store | None:
    """Return the store that a node has for itself, or None; a strict pass-through node copies into one."""
    step = graph.nodes[node]
    match step.row.part:
        case Part.TRIGGER:
            if step.given_places() or step.given_queue():
                return None  # its events point to what others put
            ends = (getattr(step, "prefix", ""), getattr(step, "suffix", ""))
            return Store(node, *ends, bucket=given_bucket(step) or "")
        case Part.CONNECTOR:
            # what keeps an index has state, and no store
            return Store(node, getattr(step, "prefix", "")) if step.puts_documents() else None
        case Part.TRANSFORMER | Part.COMPOSER:
            return Store(node)
        case Part.PASS_THROUGH:
            return Store(node) if graph.strict else None


def provides(graph: Graph) -> dict[str, tuple[Store, ...]]:
    """Return, for every node, the stores that events leaving it may point to.

    A trigger provides its bucket and prefix, a transformer its own store, a pass-through node what its
    producers provide (its own store when the pipeline is strict), a composer both (likewise), a connector
    nothing. A trigger that was told where documents lie provides those places.
    """
    found: dict[str, tuple[Store, ...]] = {}
    for node in graph.topological():
        step, own = graph.nodes[node], own_store(graph, node)
        stores = {own} if own is not None else set()
        if step.row.part is Part.TRIGGER:
            stores |= {
                Store(node, place.prefix, place.suffix, place.bucket, place.is_one)
                for place in step.given_places()
            }
        elif own is None or (step.row.part is Part.COMPOSER and not graph.strict):
            stores |= {store for producer in graph.producers(node) for store in found[producer]}
        found[node] = () if step.row.part is Part.CONNECTOR else tuple(sorted(stores))
    return found


def has_notifications(graph: Graph, node: str) -> bool:
    """Return whether a node is a trigger whose own bucket tells its queue of uploads."""
    step = graph.nodes[node]
    own = own_store(graph, node)
    return step.row.part is Part.TRIGGER and own is not None and not own.bucket and not step.puts_documents()
