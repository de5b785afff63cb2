"""The order and the words that the tables share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from lakenb.graph.graph import Graph

NOT_INTENDED = "NOT INTENDED"
_NAMED = 6


def positions(graph: Graph) -> dict[str, int]:
    """Return, for each node, its place in the order in which documents pass the nodes."""
    return {node: place for place, node in enumerate(graph.topological())}


def nodes_in_words(nodes: Collection[str], graph: Graph) -> str:
    """Return nodes as a reader takes them in: by name, or all of them but a few.

    Examples
    --------
    >>> import lakenb as lk
    >>> pipe = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(lk.S3Storage("results")))
    >>> nodes_in_words({"results", "inbox"}, pipe)
    'every node (2): inbox, results'
    """
    order = graph.topological()
    named = [node for node in order if node in nodes]
    absent = [node for node in order if node not in nodes]
    if not named:
        return "—"
    if len(order) > _NAMED and not absent:
        return f"every node ({len(order)})"
    if len(order) > _NAMED and len(absent) <= _NAMED // 2:
        return f"every node but {', '.join(absent)} ({len(named)})"
    every = f"every node ({len(order)}): " if not absent else ""
    return every + ", ".join(named)
