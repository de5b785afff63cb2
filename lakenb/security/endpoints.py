"""Which services placed nodes' code calls, and for what: the least set of endpoints, and their policies.

Two parties call AWS with a node's role. The function's code does so from its VPC. The Lambda service polls
the queue, writes the log and attaches the function from its own network, and the services ask KMS
themselves: for all that no endpoint of the VPC matters.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.graph.networks import placed
from lakenb.security.statements import role_statements
from lakenb.security.values import ACCOUNT, EVERYONE, Condition, Sort, Statement, cached

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.security.stores import Store
    from lakenb.security.values import Target

# Resources that a policy names one by one for each action: some 180 ARNs take the 20,480 characters that AWS
# allows (AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies").
_MOST = 120
# By the prefix of IAM's actions: the last part of the endpoint service's name. AWS PrivateLink Guide, "AWS
# services that integrate with AWS PrivateLink" and "Gateway endpoints".
GATEWAYS = ("dynamodb", "s3")
CALLED = {service: service for service in (*GATEWAYS, "scheduler", "sns", "sqs", "states")}
# AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Using AWS Lambda with Amazon DynamoDB": what
# an event source mapping does with the function's role
_BY_LAMBDA = frozenset(
    {
        "sqs:ReceiveMessage",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "dynamodb:DescribeStream",
        "dynamodb:GetRecords",
        "dynamodb:GetShardIterator",
        "dynamodb:ListStreams",
    }
)
# the log is Lambda's, KMS is asked by the other services, ec2 attaches, EFS is mounted over NFS, and passing
# a role is asked for within the call that names it
_NOT_CALLED = frozenset({"ec2", "elasticfilesystem", "iam", "kms", "logs"})


@dataclass(frozen=True, slots=True)
class EndpointNeed:
    """One service that placed nodes call.

    Parameters
    ----------
    service
        The last part of the endpoint service's name.
    is_gateway
        Whether a gateway can stand for it.
    nodes
        The ids of the nodes that call it, sorted.
    statements
        The policy of the endpoint.
    """

    service: str
    is_gateway: bool
    nodes: tuple[str, ...]
    statements: tuple[Statement, ...]


def endpoint_needs(graph: Graph, provided: Mapping[str, tuple[Store, ...]]) -> tuple[EndpointNeed, ...]:
    """Return the services that the nodes in the VPC of the stack call, sorted by service.

    Parameters
    ----------
    graph
        The pipeline.
    provided
        What `provides` returns for it.
    """
    nodes: defaultdict[str, set[str]] = defaultdict(set)
    uses: defaultdict[str, defaultdict[str, set[Target]]] = defaultdict(lambda: defaultdict(set))
    for node, vpc in placed(graph).items():
        if not vpc.create:
            continue
        for statement in role_statements(graph, node, provided):
            for service, action in _called(statement):
                nodes[service].add(node)
                uses[service][action].update(statement.resources)
    return tuple(
        EndpointNeed(service, service in GATEWAYS, tuple(sorted(nodes[service])), _policy(uses[service]))
        for service in sorted(nodes)
    )


def services_called(graph: Graph, node: str, provided: Mapping[str, tuple[Store, ...]]) -> tuple[str, ...]:
    """Return the services that a node's own code calls, sorted: what it needs endpoints for, in any VPC."""
    statements = role_statements(graph, node, provided)
    return tuple(sorted({service for one in statements for service, _ in _called(one)}))


def _called(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield what the function's code calls of a statement: the service and the action."""
    if statement.effect != "Allow":
        return
    for action in statement.actions:
        prefix = action.partition(":")[0]
        if prefix not in _NOT_CALLED and action not in _BY_LAMBDA:
            yield CALLED[prefix], action


def _together(resources: Iterable[tuple[Target, ...]]) -> tuple[Target, ...]:
    """Return all resources, the cache's once: a long policy has each of the actions on each of them."""
    every = {one for some in resources for one in some}
    if cached() in every:
        every -= {one for one in every if one.sort == Sort.CACHE_OBJECTS.value} - {cached()}
    return tuple(sorted(every))


def _policy(uses: Mapping[str, Iterable[Target]]) -> tuple[Statement, ...]:
    """Return an endpoint's policy: each action on exactly what it is needed on, by this account alone.

    Roles are not named: with `pin` they name the endpoint, and neither could be made before the other. What
    each role may do is its own policy's; an endpoint's policy allows nothing by itself.
    """
    own = Condition("StringEquals", "aws:PrincipalAccount", (ACCOUNT,))
    by_resources: dict[tuple[Target, ...], list[str]] = {}
    for action in sorted(uses):
        by_resources.setdefault(tuple(sorted(uses[action])), []).append(action)
    if sum(map(len, by_resources)) > _MOST:
        by_resources = {_together(by_resources): sorted(uses)}
    ordered = sorted(by_resources.items(), key=lambda one: one[1])
    return tuple(
        Statement(
            f"ThisPipeline{number}",
            tuple(actions),
            resources,
            "what comes through the endpoint goes to this pipeline's resources",
            (own,),
            EVERYONE,
        )
        for number, (resources, actions) in enumerate(ordered, start=1)
    )
