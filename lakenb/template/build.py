"""The template of a graph."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakenb.errors import UnsupportedError
from lakenb.graph.steps import Part, refuse_unsupported
from lakenb.security.statements import bucket_statements
from lakenb.security.stores import given_bucket, provides
from lakenb.security.values import Sort, cached, of
from lakenb.template import resources, rules
from lakenb.template.names import CACHE, CACHE_POLICY, Kind, subscription_id
from lakenb.template.policies import Arns, document
from lakenb.template.resources import Resource, View

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
RESOURCES_OF: dict[Part, dict[Kind, Callable[[View], Resource]]] = {
    Part.TRIGGER: _EVERY_NODE | _STORE | _TOPIC,
    Part.TRANSFORMER: _EVERY_NODE | _STORE | _TOPIC,
    Part.PASS_THROUGH: _EVERY_NODE | _TOPIC,
    Part.CONNECTOR: _EVERY_NODE | _STORE,
}
# a given bucket is nobody's resource here; a rule takes its events
RESOURCES_OF_GIVEN_TRIGGER: dict[Kind, Callable[[View], Resource]] = (
    _EVERY_NODE | {Kind.RULE: rules.rule} | _TOPIC
)


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

    Raises
    ------
    UnsupportedError
        For a key or a VPC, which this version would otherwise leave out silently.
    """
    _refuse_unsupported(graph)
    provided = provides(graph)
    given = {node: name for node, step in graph.nodes.items() if (name := given_bucket(step)) is not None}
    triggers = frozenset(node for node, step in graph.nodes.items() if step.row.part is Part.TRIGGER)
    arns = Arns(graph.id, triggers - given.keys(), given)
    made: dict[str, Resource] = {CACHE: resources.bucket({}, expires=True), CACHE_POLICY: _cache_policy(arns)}
    for node in graph.nodes:
        view = View(graph, node, provided, arns, code)
        for kind, make in _resources_of(graph, node).items():
            made[view.id(kind)] = make(view)
    for edge in graph.edges:
        made[subscription_id(edge.producer, edge.consumer)] = resources.subscription(graph, edge)
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"lakenb pipeline {graph.id}",
        "Resources": dict(sorted(made.items())),
    }


def _resources_of(graph: Graph, node: str) -> Mapping[Kind, Callable[[View], Resource]]:
    step = graph.nodes[node]
    if given_bucket(step) is not None:
        return RESOURCES_OF_GIVEN_TRIGGER
    found = RESOURCES_OF[step.row.part]
    return found | _STORE if graph.strict and step.row.part is Part.PASS_THROUGH else found


def to_json(template: Mapping[str, Any]) -> str:
    """Return a template as compact JSON, the same bytes for the same value."""
    return json.dumps(template, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def _cache_policy(arns: Arns) -> Resource:
    statements = bucket_statements(of(Sort.CACHE_BUCKET), cached())
    properties = {"Bucket": {"Ref": CACHE}, "PolicyDocument": document(statements, arns)}
    return resources.resource("AWS::S3::BucketPolicy", properties)


def _refuse_unsupported(graph: Graph) -> None:
    for name, promise in (("key", "default encryption only"), ("vpc", "functions outside a VPC only")):
        if getattr(graph, name) is not None:
            what = f"the pipeline names a {name}; this version writes {promise}"
            raise UnsupportedError(what, f"pipeline {graph.id!r}", f"leave {name} out")
    for step in graph.nodes.values():
        refuse_unsupported(step)
