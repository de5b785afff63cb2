"""The statements that a graph needs, and no others: P1 to P4, P7 and P9.

Every function returns the statements of one policy, in a fixed order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.security.deputies import EVENTS, S3, SNS, deputy
from lakenb.security.keys import extra_key_statements, key_statements
from lakenb.security.networks import network_statements, pinned
from lakenb.security.services import service_statements
from lakenb.security.stores import given_bucket, has_notifications, own_store
from lakenb.security.values import (
    ACCOUNT,
    EVERYONE,
    Condition,
    Sort,
    Statement,
    Target,
    cached,
    objects,
    of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.graph.steps import Step
    from lakenb.security.stores import Store
    from lakenb.security.values import ExtraRole

# A read that came through a pass-through node is a kind of its own (P1), and a statement of its own.
READ_SOURCES, READ_FORWARDED = "ReadSources", "ReadForwarded"
READS = (READ_SOURCES, READ_FORWARDED)
_SHOWN = 6
PLAIN_HTTP = (Condition("Bool", "aws:SecureTransport", ("false",)),)
OLD_TLS = (Condition("NumericLessThan", "s3:TlsVersion", ("1.2",)),)


def role_statements(
    graph: Graph, node: str, provided: Mapping[str, tuple[Store, ...]]
) -> tuple[Statement, ...]:
    """Return the identity policy of a node's role.

    Parameters
    ----------
    graph, node
        The pipeline, and the id of the node.
    provided
        What `provides` returns for the graph.

    Returns
    -------
    tuple[Statement, ...]
        Reads of exactly what direct producers provide, puts into the own store and the own part of the
        cache, the own queue, dead-letter queue, topic and logs, what its services need, and what all of
        that needs of keys and networks. No list, no delete, no own output.
    """
    step = graph.nodes[node]
    statements = [*_reads(graph, node, provided), *_puts(graph, node)]
    if step.row.part is not Part.TRIGGER:
        statements += _cache(node)
    statements += _messages(step)
    statements.append(
        Statement(
            "WriteLogs",
            ("logs:CreateLogStream", "logs:PutLogEvents"),
            (of(Sort.LOGS, node),),
            f"'{node}' writes its own log",
        )
    )
    statements += service_statements(graph, node)
    whole = (*pinned(graph, node, statements), *key_statements(graph, node, statements))
    return (*whole, *network_statements(graph, node))


def extra_role_statements(graph: Graph, node: str, role: ExtraRole) -> tuple[Statement, ...]:
    """Return what a role that a service takes for a node may do, and what that needs of keys."""
    return (*role.statements, *extra_key_statements(graph, node, role))


def _reads(graph: Graph, node: str, provided: Mapping[str, tuple[Store, ...]]) -> Iterator[Statement]:
    step = graph.nodes[node]
    # where no grant may be forwarded a composer copies what it sends on, which is to read it
    if not step.row.reads and not (graph.strict and step.row.part is Part.COMPOSER):
        return
    if step.row.part is Part.TRIGGER:
        if step.puts_documents():  # it makes its documents
            return
        why = f"'{node}' looks at the objects that arrive: an S3 event carries no content type"
        if step.given_places():
            why = f"'{node}' looks at the documents that it sends on, for their versions and types"
        yield Statement("ReadSources", ("s3:GetObject",), _targets(provided[node]), why)
        return
    for is_forwarded, sid, verb in ((False, READ_SOURCES, "provides"), (True, READ_FORWARDED, "passes on")):
        sent = {
            producer: stores
            for producer in graph.producers(node)
            if (stores := tuple(one for one in provided[producer] if (one.node != producer) is is_forwarded))
        }
        if not sent:
            continue
        read = tuple(sorted({store for stores in sent.values() for store in stores}))
        names = _some(tuple(sent))
        kind = "forwarded grant: " if is_forwarded else ""
        why = f"{kind}'{node}' reads what its direct producer {names} {verb}"
        edges = tuple((producer, node) for producer in sent)
        yield Statement(sid, ("s3:GetObject",), _targets(read), why, edges=edges)


def _some(nodes: tuple[str, ...]) -> str:
    """Return the names of nodes for a sentence, the first few of many."""
    shown = ", ".join(f"'{node}'" for node in nodes[:_SHOWN])
    return shown if len(nodes) <= _SHOWN else f"{shown} and {len(nodes) - _SHOWN} more"


def _targets(stores: tuple[Store, ...]) -> tuple[Target, ...]:
    return tuple(target for store in stores for target in store.targets())


def _puts(graph: Graph, node: str) -> Iterator[Statement]:
    store, step = own_store(graph, node), graph.nodes[node]
    if store is not None and (step.row.part is not Part.TRIGGER or step.puts_documents()):
        target = objects(node, store.prefix, "")
        why = f"'{node}' puts its documents into its own store"
        yield Statement("PutStore", ("s3:PutObject", "s3:AbortMultipartUpload"), (target,), why)


def _cache(node: str) -> Iterator[Statement]:
    yield Statement("ReadCache", ("s3:GetObject",), (cached(),), "the cache may be read by every middleware")
    # the slash belongs to the prefix: 'pdf-1/' does not cover 'pdf-10/'
    why = f"'{node}' puts large metadata under its own prefix of the cache"
    yield Statement("PutCache", ("s3:PutObject",), (cached(f"{node}/", ""),), why)


def _messages(step: Step) -> Iterator[Statement]:
    node = step.id
    sort, whose = (Sort.GIVEN_QUEUE, "given queue") if step.given_queue() else (Sort.QUEUE, "queue")
    yield Statement(
        "ReceiveQueue",
        ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"),
        (of(sort, node),),
        f"Lambda polls the {whose} of '{node}' with this role",
    )
    why = f"'{node}' sends documents that can never succeed to its own dead-letter queue"
    yield Statement("SendDeadLetters", ("sqs:SendMessage",), (of(Sort.DEAD_LETTERS, node),), why)
    if step.row.part is not Part.CONNECTOR and step.row.announces:
        why = f"'{node}' announces its documents on its own topic"
        yield Statement("PublishTopic", ("sns:Publish",), (of(Sort.TOPIC, node),), why)


def queue_statements(graph: Graph, node: str) -> tuple[Statement, ...]:
    """Return the policy of a node's queue: its producers' topics, or its trigger's source, over TLS."""
    queue = of(Sort.QUEUE, node)
    if given_bucket(graph.nodes[node]) is not None:
        why = f"the rule of '{node}' delivers what its given bucket announces"
        allow = _deliver(EVENTS, "queue policy", queue, (of(Sort.RULE, node),), why=why)
    elif has_notifications(graph, node):
        why = f"the bucket of '{node}' notifies it"
        allow = _deliver(S3, "queue policy", queue, (of(Sort.BUCKET, node),), why=why)
    elif graph.nodes[node].row.part is Part.TRIGGER:  # a role of the pipeline sends: its own policy says so
        return (_deny_plain_http("sqs:*", queue),)
    else:
        producers = graph.producers(node)
        topics = tuple(of(Sort.TOPIC, producer) for producer in producers)
        edges = tuple((producer, node) for producer in producers)
        why = f"the topics of the producers of '{node}' deliver to it"
        allow = _deliver(SNS, "queue policy", queue, topics, why=why, edges=edges)
    return (_deny_plain_http("sqs:*", queue), allow)


def dead_letter_statements(graph: Graph, node: str) -> tuple[Statement, ...]:
    """Return the policy of a node's dead-letter queue: what SNS or EventBridge could not deliver."""
    queue = of(Sort.DEAD_LETTERS, node)
    deny = _deny_plain_http("sqs:*", queue)
    if given_bucket(graph.nodes[node]) is not None:
        why = f"keeps what EventBridge could not deliver to '{node}'"
        allow = _deliver(EVENTS, "dead-letter queue policy", queue, (of(Sort.RULE, node),), why=why)
        return (deny, allow)
    producers = graph.producers(node)
    if not producers:  # a trigger with a bucket of its own: nobody but its own role sends here
        return (deny,)
    topics = tuple(of(Sort.TOPIC, producer) for producer in producers)
    edges = tuple((producer, node) for producer in producers)
    why = f"keeps what SNS could not deliver to '{node}'"
    return (deny, _deliver(SNS, "dead-letter queue policy", queue, topics, why=why, edges=edges))


def topic_statements(node: str) -> tuple[Statement, ...]:
    """Return the policy of a node's topic: publish over TLS only (AWS refuses ``sns:*`` here)."""
    return (_deny_plain_http("sns:Publish", of(Sort.TOPIC, node)),)


def bucket_statements(bucket: Target, its_objects: Target) -> tuple[Statement, ...]:
    """Return the policy of a bucket: over TLS only, and TLS 1.2 at least.

    Two Denies, never one: ANDed they would let old TLS through.
    """
    both = (bucket, its_objects)
    plain = "nobody reaches the bucket without TLS"
    old = "nobody reaches the bucket with TLS below 1.2"
    return (
        Statement("DenyPlainHttp", ("s3:*",), both, plain, PLAIN_HTTP, EVERYONE, "Deny"),
        Statement("DenyOldTls", ("s3:*",), both, old, OLD_TLS, EVERYONE, "Deny"),
    )


def _deny_plain_http(action: str, target: Target) -> Statement:
    why = f"nobody reaches '{target}' without TLS"
    return Statement("DenyPlainHttp", (action,), (target,), why, PLAIN_HTTP, EVERYONE, "Deny")


def _deliver(
    service: str,
    policy: str,
    queue: Target,
    sources: tuple[Target, ...],
    *,
    why: str,
    edges: tuple[tuple[str, str], ...] = (),
) -> Statement:
    # P9: the narrowest condition that AWS documents this service to send on this call
    conditions = {
        "aws:SourceArn": Condition("ArnEquals", "aws:SourceArn", sources),
        "aws:SourceAccount": Condition("StringEquals", "aws:SourceAccount", (ACCOUNT,)),
    }
    keys = deputy(service, "sqs:SendMessage", policy).keys
    return Statement(
        "AcceptSources",
        ("sqs:SendMessage",),
        (queue,),
        why,
        tuple(conditions[key] for key in keys),
        service,
        edges=edges,
    )
