"""The template of a graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakenb.graph.steps import Part
from lakenb.security.statements import bucket_statements
from lakenb.security.stores import given_bucket, has_notifications, own_store, provides
from lakenb.security.values import Sort, cached, of
from lakenb.template import resources, rules
from lakenb.template.keys import encrypt
from lakenb.template.managed import spread
from lakenb.template.names import CACHE, CACHE_POLICY, Kind, subscription_id
from lakenb.template.networks import place
from lakenb.template.policies import Arns, document
from lakenb.template.resources import Resource, View
from lakenb.template.services import service_environment, service_resources
from lakenb.template.services.files import mount

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.graph.code import Code
    from lakenb.graph.graph import Graph

# Which resources a node has, by what it does with documents. A subscription is one more for each in-edge.
_EVERY_NODE: dict[Kind, Callable[[View], Resource]] = {
    Kind.QUEUE: resources.queue,
    Kind.QUEUE_POLICY: resources.queue_policy,
    Kind.DEAD_LETTERS: resources.dead_letters,
    Kind.DEAD_LETTERS_POLICY: resources.dead_letters_policy,
    Kind.LOGS: resources.logs,
    Kind.ROLE: resources.role,
    Kind.FUNCTION: resources.function,
    Kind.MAPPING: resources.mapping,
}
_STORE: dict[Kind, Callable[[View], Resource]] = {
    Kind.STORE: resources.store,
    Kind.STORE_POLICY: resources.store_policy,
}
_TOPIC: dict[Kind, Callable[[View], Resource]] = {
    Kind.TOPIC: resources.topic,
    Kind.TOPIC_POLICY: resources.topic_policy,
}
# a queue of somebody else is nobody's resource here
_OWN_QUEUE = (Kind.QUEUE, Kind.QUEUE_POLICY)


def build(graph: Graph, code: Mapping[Code, str]) -> dict[str, Any]:
    """Return the CloudFormation template of a graph.

    The whole value is returned at any size; AWS's quotas are checked where it leaves (`quota_faults`).

    Parameters
    ----------
    graph
        The pipeline.
    code
        For each function's code the key of its zip in the asset bucket.

    Returns
    -------
    dict
        Resources sorted by logical id, equal to the byte for equal graphs.

    """
    provided = provides(graph)
    arns = arns_of(graph)
    expires = resources.expiration_days(graph)
    made: dict[str, Resource] = {
        CACHE: resources.bucket({}, expires=expires),
        CACHE_POLICY: _cache_policy(arns),
    }
    for node in graph.nodes:
        view = View(graph, node, provided, arns, code)
        for kind, make in _resources_of(graph, node).items():
            made[view.id(kind)] = make(view)
        made |= {view.id(kind): one for kind, one in service_resources(view).items()}
        variables = made[view.id(Kind.FUNCTION)]["Properties"]["Environment"]["Variables"]
        variables |= service_environment(view)
        mount(view, made[view.id(Kind.FUNCTION)])
    for edge in graph.edges:
        made[subscription_id(edge.producer, edge.consumer)] = resources.subscription(graph, edge)
    encrypt(graph, made, arns)
    place(graph, made, arns, provided)
    spread(made)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"lakenb pipeline {graph.id}",
        "Resources": dict(sorted(made.items())),
    }


def arns_of(graph: Graph) -> Arns:
    """Return how the targets of a graph are written."""
    queues = {node: arn for node, step in graph.nodes.items() if (arn := step.given_queue())}
    triggers = frozenset(node for node in graph.nodes if has_notifications(graph, node))
    return Arns(graph.id, triggers, queues)


def _resources_of(graph: Graph, node: str) -> Mapping[Kind, Callable[[View], Resource]]:
    step, own = graph.nodes[node], own_store(graph, node)
    found = dict(_EVERY_NODE)
    if step.given_queue():
        found = {kind: make for kind, make in found.items() if kind not in _OWN_QUEUE}
    if own is not None and not own.bucket:
        found |= _STORE
    if given_bucket(step) is not None:  # nobody's resource here; a rule takes its events
        found[Kind.RULE] = rules.rule
    return found if step.row.part is Part.CONNECTOR else found | _TOPIC


def to_json(template: Mapping[str, Any]) -> str:
    """Return a template as compact JSON, the same bytes for the same value."""
    return json.dumps(template, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _cache_policy(arns: Arns) -> Resource:
    statements = bucket_statements(of(Sort.CACHE_BUCKET), cached())
    properties = {"Bucket": {"Ref": CACHE}, "PolicyDocument": document(statements, arns)}
    return resources.resource("AWS::S3::BucketPolicy", properties)
