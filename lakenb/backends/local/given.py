"""Given buckets on the embedded AWS: they do not exist there yet, so the run makes them, as their owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.catalog.places import has_token
from lakenb.errors import LocalRunError
from lakenb.security.stores import given_bucket, own_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.graph.graph import Graph


def given_buckets(graph: Graph) -> dict[str, str]:
    """Return the names of given buckets by the ids of their triggers.

    Raises
    ------
    LocalRunError
        For a bucket of a CDK app, whose name is known at deployment only.
    """
    given = {node: name for node, step in graph.nodes.items() if (name := given_bucket(step)) is not None}
    for node, name in given.items():
        if has_token(name):
            raise LocalRunError(
                f"the bucket of {node!r} is one of a CDK app ({name}): its name is known at deployment only",
                f"node {node!r}, pipeline {graph.id!r}",
                "give the bucket's name as a text for a local run, or leave bucket out",
            )
    return given


def make_given_buckets(emulator: Emulator, given: Mapping[str, str]) -> None:
    """Make the given buckets as their owner, each sending its events to EventBridge."""
    s3 = emulator.client("s3")
    for name in sorted(set(given.values())):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def unlike_given(given: Mapping[str, str]) -> tuple[str, ...]:
    """Return in what a run's given buckets are unlike their owners', a sentence each."""
    if not given:
        return ()
    return (
        *(
            f"The given bucket {name!r} has a policy, a key and a lifecycle of its owner's: "
            "the run makes a bucket of that name without them"
            for name in sorted(set(given.values()))
        ),
        "EventBridge retries for a day: it tries once, and what is refused goes to the dead-letter queue",
    )


def hearers(graph: Graph, given: Mapping[str, str], trigger: str, key: str) -> tuple[str, ...]:
    """Return the triggers that hear of an upload for one of them: several may share a given bucket."""
    if trigger not in given:
        return (trigger,)
    stores = [own_store(graph, node) for node, name in given.items() if name == given[trigger]]
    return tuple(store.node for store in stores if store is not None and store.holds(key))
