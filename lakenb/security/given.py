"""What a pipeline cannot promise of buckets that it does not make."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.security.stores import given_bucket

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


def given_bucket_notes(graph: Graph) -> tuple[str, ...]:
    """Return what the pipeline cannot promise of given buckets, one sentence for each trigger.

    Parameters
    ----------
    graph
        The pipeline.

    Returns
    -------
    tuple[str, ...]
        In the order of the nodes; empty when the pipeline makes all its buckets.
    """
    given = ((node, given_bucket(step)) for node, step in graph.nodes.items())
    return tuple(
        f"'{node}' reads the given bucket {name!r}: its encryption, its lifecycle and the refusal of "
        "requests without TLS 1.2 are its owner's; the pipeline changes nothing of it"
        for node, name in given
        if name is not None
    )
