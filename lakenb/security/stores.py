"""Where documents lie, and who provides what to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.security.values import Target, objects

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


@dataclass(frozen=True, slots=True, order=True)
class Store:
    """Where documents lie: a node's bucket, bounded by literal text at both ends of the keys.

    Parameters
    ----------
    node
        The node whose bucket it is. Two nodes never share one.
    prefix, suffix
        What every document's key begins and ends with.
    """

    node: str
    prefix: str = ""
    suffix: str = ""

    def targets(self) -> tuple[Target, ...]:
        """Return exactly the objects of this store, as key patterns.

        ``a*b`` needs room for both ends, so a key in which they overlap (prefix ``in/report``, suffix
        ``report.pdf``, key ``in/report.pdf``) is named for itself.
        """
        ends = (self.prefix, self.suffix)
        shared = range(1, min(map(len, ends)) + 1)
        overlapping = {
            self.prefix + self.suffix[length:]
            for length in shared
            if self.prefix.endswith(self.suffix[:length])
        }
        return (objects(self.node, *ends), *(objects(self.node, key) for key in sorted(overlapping)))


def own_store(graph: Graph, node: str) -> Store | None:
    """Return the store that a node has for itself, or None; a strict pass-through node copies into one."""
    step = graph.nodes[node]
    match step.row.part:
        case Part.TRIGGER:
            return Store(node, getattr(step, "prefix", ""), getattr(step, "suffix", ""))
        case Part.CONNECTOR:
            return Store(node, getattr(step, "prefix", ""))
        case Part.TRANSFORMER:
            return Store(node)
        case Part.PASS_THROUGH:
            return Store(node) if graph.strict else None


def provides(graph: Graph) -> dict[str, tuple[Store, ...]]:
    """Return, for every node, the stores that events leaving it may point to.

    A trigger provides its bucket and prefix, a transformer its own store, a pass-through node what its
    producers provide (its own store when the pipeline is strict), a connector nothing.
    """
    found: dict[str, tuple[Store, ...]] = {}
    for node in graph.topological():
        own = own_store(graph, node)
        if graph.nodes[node].row.part is Part.CONNECTOR:
            found[node] = ()
        elif own is not None:
            found[node] = (own,)
        else:
            forwarded = {store for producer in graph.producers(node) for store in found[producer]}
            found[node] = tuple(sorted(forwarded))
    return found
