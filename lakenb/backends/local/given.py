"""Given buckets and queues on the embedded AWS: the run makes them, as their owner."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.regions import in_region
from lakenb.catalog.places import has_token
from lakenb.errors import LocalRunError
from lakenb.security.stores import given_bucket, own_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakenb.backends.local.seam import Emulator
    from lakenb.graph.graph import Graph


def given_buckets(graph: Graph) -> dict[str, str]:
    """Return the names of given buckets by the ids of the triggers that hear of their uploads.

    Raises
    ------
    LocalRunError
        For a bucket of a CDK app, whose name is known at deployment only.
    """
    given = {node: name for node, step in graph.nodes.items() if (name := given_bucket(step)) is not None}
    for node, name in given.items():
        if has_token(name):
            raise _unknown(("bucket", "name"), name, node, graph, ", or leave bucket out")
    return given


def given_places(graph: Graph) -> tuple[str, ...]:
    """Return the names of the buckets in which triggers were told that documents lie, sorted.

    Raises
    ------
    LocalRunError
        For a bucket of a CDK app.
    """
    for node, step in graph.nodes.items():
        for place in step.given_places():
            if has_token(place.bucket):
                raise _unknown(("bucket", "name"), place.bucket, node, graph)
    return tuple(sorted({place.bucket for step in graph.nodes.values() for place in step.given_places()}))


def given_queues(graph: Graph) -> dict[str, str]:
    """Return the ARNs of given queues by the ids of their triggers.

    Raises
    ------
    LocalRunError
        For a queue of a CDK app, and for queues of several accounts or regions: a run has one of each.
    """
    given = {node: arn for node, step in graph.nodes.items() if (arn := step.given_queue())}
    for node, arn in given.items():
        if has_token(arn):
            raise _unknown(("queue", "ARN"), arn, node, graph)
    places = {tuple(arn.split(":")[3:5]): node for node, arn in given.items()}
    if len(places) > 1:
        names = " and ".join(repr(node) for node in sorted(places.values())[:2])
        raise LocalRunError(
            f"the queues of {names} lie in different accounts or regions, and a run has one of each",
            f"pipeline {graph.id!r}",
            "give queues of one account and region for a local run",
        )
    return given


def starting_in(queues: Mapping[str, str], start: Callable[[], Emulator]) -> Callable[[], Emulator]:
    """Return what starts the embedded AWS: in the account and region of given queues, if there are some."""
    if start is not start_emulator or not queues:
        return start
    region, account = next(iter(queues.values())).split(":")[3:5]
    return partial(start_emulator, account=account, region=region)


def make_given_buckets(emulator: Emulator, given: Mapping[str, str], places: Iterable[str] = ()) -> None:
    """Make the given buckets as their owner; those of whose uploads a trigger hears tell EventBridge."""
    s3 = emulator.client("s3")
    for name in sorted({*given.values(), *places}):
        s3.create_bucket(Bucket=name, **in_region(emulator))
    for name in sorted(set(given.values())):
        s3.put_bucket_notification_configuration(
            Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )


def make_given_queues(emulator: Emulator, queues: Mapping[str, str]) -> None:
    """Make the given queues as their owner.

    Raises
    ------
    LocalRunError
        If the embedded AWS is another account or region than theirs.
    """
    for node, arn in sorted(queues.items()):
        region, account, name = arn.split(":")[3:]
        if (account, region) != (emulator.account, emulator.region):
            raise LocalRunError(
                f"the queue of {node!r} is one of account {account} in {region}, and the embedded AWS is "
                f"account {emulator.account} in {emulator.region}",
                f"node {node!r}",
                "start the embedded AWS as that account, in that region",
            )
        emulator.client("sqs").create_queue(QueueName=name)


def unlike_given(
    given: Mapping[str, str], places: Iterable[str] = (), queues: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """Return in what a run's given buckets and queues are unlike their owners', a sentence each."""
    sentences = [
        f"The given bucket {name!r} has a policy, a key and a lifecycle of its owner's: "
        "the run makes a bucket of that name without them"
        for name in sorted({*given.values(), *places})
    ]
    sentences += [
        f"The given queue {arn.rpartition(':')[2]!r} has a policy, a key and a redrive of its owner's: "
        "the run makes a queue of that name without them"
        for arn in sorted(set((queues or {}).values()))
    ]
    if given:
        sentences.append(
            "EventBridge retries for a day: it tries once, and what is refused goes to the dead-letter queue"
        )
    return tuple(sentences)


def hearers(graph: Graph, given: Mapping[str, str], trigger: str, key: str) -> tuple[str, ...]:
    """Return the triggers that hear of an upload for one of them: several may share a given bucket."""
    if trigger not in given:
        return (trigger,)
    stores = [own_store(graph, node) for node, name in given.items() if name == given[trigger]]
    return tuple(store.node for store in stores if store is not None and store.holds(key))


def _unknown(thing: tuple[str, str], name: str, node: str, graph: Graph, instead: str = "") -> LocalRunError:
    what, how = thing
    return LocalRunError(
        f"the {what} of {node!r} is one of a CDK app ({name}): its {how} is known at deployment only",
        f"node {node!r}, pipeline {graph.id!r}",
        f"give the {what}'s {how} as a text for a local run{instead}",
    )
