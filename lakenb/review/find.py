"""A pipeline's resources in a world, found by what the functions really use.

Names and logical ids are no evidence: a function's environment says where it puts documents, its event source
mapping which queue it receives from, its role what it may do. A template that calls its resources otherwise
is read all the same, and one that calls them well and wires them wrongly is found out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.stacks.world import UNKNOWN
from lakenb.review.state import NONE, State, publishes_to, state_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.iam.stacks.world import Resource, World

FUNCTION = "AWS::Lambda::Function"
MAPPING = "AWS::Lambda::EventSourceMapping"
QUEUE = "AWS::SQS::Queue"
TOPIC = "AWS::SNS::Topic"
BUCKET = "AWS::S3::Bucket"
LOGS = "AWS::Logs::LogGroup"
ROLE = "AWS::IAM::Role"
_VERSIONED = 7  # colons of arn:aws:lambda:REGION:ACCOUNT:function:NAME:VERSION
SUBSCRIPTION = "AWS::SNS::Subscription"


@dataclass(frozen=True, slots=True)
class FoundNode:
    """One node's resources, by logical id; empty where it has none.

    Parameters
    ----------
    id
        The node's id; in a template without lakenb's variables the function's logical id.
    function, role, queue, dead_letters, topic, store, logs
        Logical ids in the world.
    store_arn
        The ARN of the bucket in which its documents lie: a given bucket has an ARN and no logical id.
    prefix, suffix
        What the keys of its documents begin and end with, as the function has it.
    given_queue
        The ARN of the queue that it receives from, where the template does not make that queue.
    sources
        The places of which the function is told: bucket, prefix, suffix.
    is_given
        Whether these are where documents lie that nobody here put: those of a trigger without a bucket.
    puts
        Whether the function is told to put into its store.
    is_announced
        Whether another service than the function publishes to its topic.
    handler
        The module that runs in its function, as the function has it.
    state
        What it has beside the common things.
    """

    id: str
    function: str
    role: str = ""
    queue: str = ""
    dead_letters: str = ""
    topic: str = ""
    store: str = ""
    logs: str = ""
    store_arn: str = ""
    prefix: str = ""
    suffix: str = ""
    given_queue: str = ""
    sources: tuple[tuple[str, str, str], ...] = ()
    is_given: bool = False
    puts: bool = False
    is_announced: bool = False
    handler: str = ""
    state: State = NONE


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a pipeline.

    Parameters
    ----------
    nodes
        By id, sorted.
    edges
        Producer and consumer, by subscriptions of the consumer's queue to the producer's topic. Sorted.
    cache, cache_arn
        The cache's logical id and ARN; empty where there is none.
    unclear
        What could not be told apart, in sentences.
    """

    nodes: Mapping[str, FoundNode]
    edges: tuple[tuple[str, str], ...]
    cache: str
    cache_arn: str
    unclear: tuple[str, ...] = ()


class Index:
    """The resources of a world by type, and by what refers to them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.of_type: defaultdict[str, list[Resource]] = defaultdict(list)
        self._named: dict[tuple[str, str], Resource] = {}
        for resource in world.resources.values():
            self.of_type[resource.type].append(resource)
            for name in filter(None, (resource.ref, resource.arn, bare(resource.arn))):
                self._named.setdefault((resource.type, name), resource)

    def named(self, kind: str, name: Any) -> Resource | None:
        """Return the resource of a type that a text refers to, by what Ref returns or by its ARN."""
        if not isinstance(name, str) or not name or UNKNOWN in name:
            return None
        return self._named.get((kind, name)) or self._named.get((kind, bare(name)))

    def id(self, kind: str, name: Any) -> str:
        """Return the logical id of the resource that a text refers to; empty where it is none of these."""
        found = self.named(kind, name)
        return "" if found is None else found.logical_id


def bare(arn: str) -> str:
    """Return an ARN without what GetAtt puts behind that of a log group."""
    return arn.removesuffix(":*")


def variables(function: Resource) -> Mapping[str, Any]:
    """Return the environment of a function, as far as it is one."""
    environment = function.properties.get("Environment")
    found = environment.get("Variables") if isinstance(environment, dict) else None
    return found if isinstance(found, dict) else {}


def bucket_arn(world: World, name: str) -> str:
    """Return the ARN of a bucket, by its name or by itself."""
    return name if name.startswith("arn:") else f"arn:{world.partition}:s3:::{name}"


def find(world: World, graph: Graph | None, *, index: Index | None = None) -> Found:
    """Return a pipeline's resources in a world.

    Parameters
    ----------
    world
        One deployment of the template.
    graph
        The pipeline; None where only the template is known.
    index
        The world's, where it is made already.

    Returns
    -------
    Found
        Nodes that are not in the graph are among them: what they are allowed is judged, too.
    """
    index = Index(world) if index is None else index
    ours = [one for one in index.of_type[FUNCTION] if isinstance(variables(one).get("LAKENB_NODE"), str)]
    unclear: list[str] = []
    if ours:
        nodes = _ours(index, ours, unclear)
    elif graph is None:
        from lakenb.review.foreign import foreign_nodes  # noqa: PLC0415 - it stands on this module

        nodes = foreign_nodes(index, unclear)
    else:
        nodes = {}
    caches = sorted({str(name) for one in ours if (name := variables(one).get("LAKENB_CACHE"))})
    if len(caches) > 1:
        shown = ", ".join(map(world.shown, caches))
        unclear.append(f"the functions use {len(caches)} caches: {shown}")
    cache = index.id(BUCKET, caches[0]) if caches else ""
    return Found(
        nodes=dict(sorted(nodes.items())),
        edges=_edges(index, nodes.values()),
        cache=cache,
        cache_arn=bucket_arn(world, caches[0]) if caches else "",
        unclear=tuple(unclear),
    )


def _ours(index: Index, functions: Iterable[Resource], unclear: list[str]) -> dict[str, FoundNode]:
    queues, given = queues_of(index), given_queues_of(index)
    nodes: dict[str, FoundNode] = {}
    for function in functions:
        told = variables(function)
        node = told["LAKENB_NODE"]
        if node in nodes:
            both = f"{nodes[node].function} and {function.logical_id}"
            unclear.append(f"two functions say that they are '{node}': {both}")
            continue
        received, others = queues.get(function.logical_id, []), given.get(function.logical_id, [])
        if len(received) + len(others) > 1:
            several = ", ".join([*received, *map(index.world.shown, others)])
            unclear.append(f"the function of '{node}' receives from several queues: {several}")
        queue = received[0] if received else ""
        given_queue = others[0] if others and not received else ""
        queue_arn = index.world.resources[queue].arn if queue else given_queue
        state = state_of(index, function, told, queue_arn, unclear)
        is_told = bool(given_queue or state.schedule) and not told.get("LAKENB_CACHE")
        store, prefix, suffix = _store(told, is_told=is_told)
        announced = publishes_to(index, state.machine)
        nodes[node] = FoundNode(
            id=node,
            function=function.logical_id,
            role=role_of(index, function),
            queue=queue,
            dead_letters=index.id(QUEUE, told.get("LAKENB_DEAD_LETTERS")),
            topic=index.id(TOPIC, told.get("LAKENB_TOPIC")) or announced,
            store=index.id(BUCKET, store),
            logs=logs_of(index, function),
            store_arn=bucket_arn(index.world, store) if store else "",
            prefix=prefix,
            suffix=suffix,
            given_queue=given_queue,
            sources=places_read(told),
            is_given=is_told and not store,
            puts=bool(told.get("LAKENB_STORE")),
            is_announced=not told.get("LAKENB_TOPIC") and bool(announced),
            handler=str(told.get("LAKENB_HANDLER", "")),
            state=state,
        )
    return nodes


def _store(told: Mapping[str, Any], *, is_told: bool) -> tuple[str, str, str]:
    """Return where a node's documents lie: its own store, or what a trigger reads.

    The events of a trigger that is told of documents (`is_told`) point to what others put in several places.
    """
    store = told.get("LAKENB_STORE")
    if store:
        return store if isinstance(store, str) else "", str(told.get("LAKENB_STORE_PREFIX", "")), ""
    sources = places_read(told)
    if told.get("LAKENB_CACHE") or is_told or not sources:  # documents stay where they are
        return "", "", ""
    return sources[0]


def places_read(told: Mapping[str, Any]) -> tuple[tuple[str, str, str], ...]:
    """Return the places that a function is told to read: bucket, prefix and suffix, in their order."""
    try:
        listed = json.loads(told.get("LAKENB_SOURCES", "[]"))
        return tuple(
            (one["bucket"], one["key"], one["key"])  # one document
            if "key" in one
            else (one["bucket"], one["prefix"], one["suffix"])
            for one in listed
        )
    except (TypeError, ValueError, KeyError):
        return ()


def queues_of(index: Index) -> dict[str, list[str]]:
    """Return for each function, by logical id, the queues that it receives from."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for mapping in index.of_type[MAPPING]:
        function = index.id(FUNCTION, _unversioned(mapping.properties.get("FunctionName")))
        queue = index.id(QUEUE, mapping.properties.get("EventSourceArn"))
        if function and queue:
            found[function].append(queue)
    return found


def given_queues_of(index: Index) -> dict[str, list[str]]:
    """Return for each function the ARNs of queues that it receives from and that are not of the template."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for mapping in index.of_type[MAPPING]:
        function = index.id(FUNCTION, _unversioned(mapping.properties.get("FunctionName")))
        source = mapping.properties.get("EventSourceArn")
        if (
            function
            and isinstance(source, str)
            and UNKNOWN not in source
            and source.split(":")[2:3] == ["sqs"]
            and not index.id(QUEUE, source)
        ):
            found[function].append(source)
    return found


def _unversioned(name: Any) -> Any:
    """Return a function's name or ARN without the version or alias that may stand behind it.

    AWS Lambda API Reference, CreateEventSourceMapping, FunctionName: a name, an ARN, or
    ``account:function:name``, each perhaps with a version or an alias.
    """
    if not isinstance(name, str):
        return name
    if name.startswith("arn:"):
        return name.rpartition(":")[0] if name.count(":") == _VERSIONED else name
    return name.rpartition(":function:")[2].removeprefix("function:").partition(":")[0]


def role_of(index: Index, function: Resource) -> str:
    """Return the logical id of a function's role; empty where the template does not make it."""
    return index.id(ROLE, function.properties.get("Role"))


def logs_of(index: Index, function: Resource) -> str:
    """Return the logical id of the log group that a function writes."""
    config = function.properties.get("LoggingConfig")
    named = config.get("LogGroup") if isinstance(config, dict) else None
    # AWS Lambda Developer Guide, "Sending Lambda function logs to CloudWatch Logs": the default name
    return index.id(LOGS, named or f"/aws/lambda/{function.ref}")


def _edges(index: Index, nodes: Iterable[FoundNode]) -> tuple[tuple[str, str], ...]:
    by_topic: defaultdict[str, list[str]] = defaultdict(list)
    by_queue: defaultdict[str, list[str]] = defaultdict(list)
    for node in nodes:
        by_topic[node.topic].append(node.id)
        by_queue[node.queue].append(node.id)
    found: set[tuple[str, str]] = set()
    for subscription in index.of_type[SUBSCRIPTION]:
        topic = index.id(TOPIC, subscription.properties.get("TopicArn"))
        queue = index.id(QUEUE, subscription.properties.get("Endpoint"))
        if topic and queue:
            found.update((one, other) for one in by_topic[topic] for other in by_queue[queue])
    return tuple(sorted(found))
