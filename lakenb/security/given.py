"""What a pipeline cannot promise of buckets and queues that it does not make."""

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


def given_place_notes(graph: Graph) -> tuple[str, ...]:
    """Return what cannot be promised of buckets in which others' documents lie, a sentence each."""
    places = {(place.bucket, node) for node, step in graph.nodes.items() for place in step.given_places()}
    return tuple(
        f"'{node}' sends documents of the given bucket {bucket!r}: its encryption, its lifecycle and the "
        "refusal of requests without TLS 1.2 are its owner's; the pipeline only reads there"
        for bucket, node in sorted(places)
    )


def given_queue_notes(graph: Graph) -> tuple[str, ...]:
    """Return what the pipeline cannot promise of given queues, one sentence for each trigger."""
    given = ((node, step.given_queue()) for node, step in graph.nodes.items())
    return tuple(
        f"'{node}' polls the given queue {arn!r}: who may send to it, its encryption, its retention, its "
        "redrive and the refusal of plain http are its owner's; the pipeline changes nothing of it"
        for node, arn in given
        if arn
    )
