"""VPCs that a pipeline does not make, as its graph describes them: read beside the template's own resources.

The description is what the user or AWS said of a VPC. It is judged as if it stood in the template, with two
differences: what is not known stays undecided, and what is its owner's is assumed, never demanded.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from lakenb.graph.networks import placed
from lakenb.iam.parser import policy as compiled
from lakenb.iam.policies import PolicyKind
from lakenb.iam.stacks.world import UNKNOWN, Endpoint, Resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.graph import network_parts as parts
    from lakenb.graph.graph import Graph
    from lakenb.graph.networks import Vpc
    from lakenb.iam.stacks.world import World

GIVEN = "Given"
_NOWHERE = {"IpProtocol": "tcp", "FromPort": 0, "ToPort": 0, "CidrIp": "127.0.0.1/32"}


def is_given(world: World, logical_id: str) -> bool:
    """Return whether a resource of a world is described by the graph, and none of the template's."""
    found = world.resources.get(logical_id)
    return found is not None and GIVEN in found.attributes


def with_given(world: World, graph: Graph | None) -> World:
    """Return a world with what a graph says of the VPCs that it was given.

    Parameters
    ----------
    world
        One deployment of the template.
    graph
        The pipeline; None describes nothing.

    Returns
    -------
    World
        The same world where no VPC is given.
    """
    if graph is None:
        return world
    users: dict[Vpc, list[str]] = {}
    for node, vpc in placed(graph).items():
        if not vpc.create:
            users.setdefault(vpc, []).append(node)
    if not users:
        return world
    resources = dict(world.resources)
    endpoints = list(world.endpoints)
    assumptions = list(world.assumptions)
    for vpc, nodes in users.items():
        resources |= {one.logical_id: one for one in _resources(world, vpc)}
        endpoints += _endpoints(world, vpc)
        assumptions += _assumptions(vpc, nodes)
    return replace(
        world,
        resources=MappingProxyType(dict(sorted(resources.items()))),
        endpoints=tuple({one.logical_id: one for one in endpoints}.values()),
        assumptions=tuple(dict.fromkeys(assumptions)),
    )


def network_name(vpc: Vpc) -> str:
    """Return what a given VPC is called, for people."""
    return f"the given VPC {vpc.id}" if vpc.id else f"the given VPC of {vpc.placed_in[0].id}"


def _assumptions(vpc: Vpc, nodes: list[str]) -> Iterator[str]:
    name, who = network_name(vpc), ", ".join(f"'{node}'" for node in nodes)
    if not vpc.is_described:
        yield (
            f"Nothing was read of {name}: that its routes, endpoints, private names and security groups let "
            f"{who} reach what they call is assumed."
        )
        return
    yield f"What {name} was said to be is what it is when the stack runs."
    yield f"The network access lists of {name} let HTTPS and its answers through."
    yield f"The endpoints of {name} are its owner's: what else they let through is not judged."


def _resources(world: World, vpc: Vpc) -> Iterator[Resource]:
    if not vpc.is_described:
        return
    if vpc.id:
        names = {"EnableDnsHostnames": vpc.dns_names, "EnableDnsSupport": vpc.dns_support}
        known = {name: UNKNOWN if value is None else value for name, value in names.items()}
        yield _resource("AWS::EC2::VPC", vpc.id, **known)
    for subnet in vpc.placed_in:
        more = {"OwnerId": subnet.owner} if subnet.owner else {}
        yield _resource("AWS::EC2::Subnet", subnet.id, VpcId=subnet.vpc or UNKNOWN, **more)
        if subnet.route_table:
            table = {"SubnetId": subnet.id, "RouteTableId": subnet.route_table}
            yield _resource("AWS::EC2::SubnetRouteTableAssociation", f"{subnet.id} routes", **table)
    for group in vpc.groups:
        rules = {
            "SecurityGroupIngress": _rules(group.lets_in, "Source"),
            "SecurityGroupEgress": _rules(group.lets_out, "Destination"),
        }
        yield _resource("AWS::EC2::SecurityGroup", group.id, VpcId=group.vpc or UNKNOWN, **rules)
    for endpoint in vpc.endpoints or ():
        yield _resource("AWS::EC2::VPCEndpoint", endpoint.id, **_endpoint(world, vpc, endpoint))


def _resource(kind: str, name: str, **properties: Any) -> Resource:
    return Resource(name, kind, name, "", MappingProxyType(properties), MappingProxyType({GIVEN: True}))


def _rules(rules: Iterable[parts.Rule] | None, way: str) -> Any:
    """Return rules as a template writes them; a group without any lets nothing through."""
    if rules is None:
        return UNKNOWN
    written = []
    for rule in rules:
        whom = {
            "CidrIp": rule.cidr,
            f"{way}SecurityGroupId": rule.group,
            f"{way}PrefixListId": rule.prefix_list,
        }
        ports = {"IpProtocol": rule.protocol, "FromPort": rule.first_port, "ToPort": rule.last_port}
        written.append(ports | {name: value for name, value in whom.items() if value})
    return written or [dict(_NOWHERE)]


def _endpoint(world: World, vpc: Vpc, endpoint: parts.Endpoint) -> dict[str, Any]:
    document = endpoint.document()
    return {
        "ServiceName": f"com.amazonaws.{world.region}.{endpoint.service}",
        "VpcId": vpc.id or UNKNOWN,
        "VpcEndpointType": endpoint.type,
        "PrivateDnsEnabled": UNKNOWN if endpoint.private_dns is None else endpoint.private_dns,
        "SubnetIds": list(endpoint.subnets),
        "SecurityGroupIds": list(endpoint.security_groups) or UNKNOWN,
        "RouteTableIds": list(endpoint.route_tables),
        "PolicyDocument": UNKNOWN if document is None else dict(document),
    }


def _endpoints(world: World, vpc: Vpc) -> Iterator[Endpoint]:
    for one in vpc.endpoints or ():
        document = one.document()
        label = f"the policy of the endpoint {one.id}"
        policy = None if document is None else compiled(document, PolicyKind.ENDPOINT, label=label)
        service = f"com.amazonaws.{world.region}.{one.service}"
        yield Endpoint(one.id, one.id, vpc.id, service, policy)
