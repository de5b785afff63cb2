"""Networks of a template: functions in their VPC, and the VPC that the stack makes.

That VPC has no internet gateway, no NAT and no route but its own and those of its gateways. Nothing is placed
in its default security group, whose rules CloudFormation cannot take away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.graph.networks import placed, vpc_of
from lakenb.graph.services import Service
from lakenb.security.endpoints import endpoint_needs
from lakenb.security.values import Sort
from lakenb.template.names import Kind, function_name, logical_id
from lakenb.template.network_names import (
    ENDPOINTS_GROUP,
    FUNCTIONS_GROUP,
    ROUTES,
    VPC,
    endpoint_id,
    reference,
    subnet_id,
)
from lakenb.template.policies import document
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.graph.graph import Graph
    from lakenb.graph.networks import Vpc
    from lakenb.security.endpoints import EndpointNeed
    from lakenb.security.stores import Store
    from lakenb.template.policies import Arns
    from lakenb.template.resources import Resource

_HTTPS, _NFS = 443, 2049
_EVERYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a node's function is placed, as a template says it.

    Parameters
    ----------
    vpc
        Id of the VPC; empty for a given one whose id is not told.
    subnets, security_groups
        Ids, one or more of each.
    """

    vpc: Any
    subnets: tuple[Any, ...]
    security_groups: tuple[Any, ...]


def placement(graph: Graph, node: str) -> Placement | None:
    """Return where a node's function is placed; None outside of every VPC."""
    vpc = vpc_of(graph, node)
    if vpc is None:
        return None
    if vpc.create:
        subnets = tuple(reference(Sort.SUBNET, subnet_id(number)) for number in range(vpc.zones))
        return Placement({"Ref": VPC}, subnets, (reference(Sort.SECURITY_GROUP, FUNCTIONS_GROUP),))
    groups = tuple(one.id for one in vpc.guarded_by)
    return Placement(vpc.id, tuple(one.id for one in vpc.placed_in), groups)


def place(
    graph: Graph, made: dict[str, Resource], arns: Arns, provided: Mapping[str, tuple[Store, ...]]
) -> None:
    """Place the functions of a template, and add the VPC that it makes.

    Parameters
    ----------
    graph
        The pipeline.
    made
        All its resources; changed in place.
    arns, provided
        What statements are written with, and what nodes provide.
    """
    for node in placed(graph):
        where = placement(graph, node)
        if where is None:
            continue
        properties = made[logical_id(node, Kind.FUNCTION)]["Properties"]
        # the Deny in its role names the function, and is there before it
        properties["FunctionName"] = function_name(node)
        properties["VpcConfig"] = {
            "SecurityGroupIds": list(where.security_groups),
            "SubnetIds": list(where.subnets),
        }
    vpc = next((one for one in placed(graph).values() if one.create), None)
    if vpc is not None:
        needs = endpoint_needs(graph, provided)
        made |= _network(vpc) | _groups(vpc, _gateways(vpc, needs), has_files=_has_files(graph))
        made |= {endpoint_id(need.service): _endpoint(vpc, need, arns) for need in needs}


def _network(vpc: Vpc) -> dict[str, Resource]:
    """Return a VPC of private subnets, all on one route table that leads nowhere by itself."""
    of_vpc = {"VpcId": {"Ref": VPC}}
    found = {
        # Amazon VPC User Guide, "DNS attributes for your VPC": private DNS names want both
        VPC: resource(
            "AWS::EC2::VPC",
            {"CidrBlock": vpc.cidr, "EnableDnsHostnames": True, "EnableDnsSupport": True},
        ),
        ROUTES: resource("AWS::EC2::RouteTable", dict(of_vpc)),
    }
    for number, network in enumerate(vpc.networks()):
        properties = {
            **of_vpc,
            "AvailabilityZone": {"Fn::Select": [number, {"Fn::GetAZs": ""}]},
            "CidrBlock": str(network),
            "MapPublicIpOnLaunch": False,
        }
        name = subnet_id(number)
        found[name] = resource("AWS::EC2::Subnet", properties)
        uses = {"RouteTableId": {"Ref": ROUTES}, "SubnetId": {"Ref": name}}
        found[f"{name}Routes"] = resource("AWS::EC2::SubnetRouteTableAssociation", uses)
    return found


def _has_files(graph: Graph) -> bool:
    return any(
        Service.FILES in graph.nodes[node].services() for node, vpc in placed(graph).items() if vpc.create
    )


def _groups(vpc: Vpc, gateways: list[Resource], *, has_files: bool) -> dict[str, Resource]:
    """Return the security groups of the functions and of the endpoints.

    Endpoints take from the functions' group. The functions send to the VPC's own addresses, where nothing but
    the endpoints and file systems of this stack stands: two groups that name each other could not be made.
    """
    own = [_rule(_HTTPS, "to the endpoints of this VPC", CidrIp=vpc.cidr)]
    if has_files:
        own.append(_rule(_NFS, "to the file systems in this VPC", CidrIp=vpc.cidr))
    taken = _rule(
        _HTTPS,
        "from the functions of the pipeline",
        SourceSecurityGroupId=reference(Sort.SECURITY_GROUP, FUNCTIONS_GROUP),
    )
    return {
        FUNCTIONS_GROUP: _group("The functions of the pipeline", SecurityGroupEgress=[*own, *gateways]),
        ENDPOINTS_GROUP: _group(
            "The endpoints of the pipeline",
            SecurityGroupIngress=[taken],
            # without a rule AWS adds one that lets everything out; an endpoint sends nothing by itself
            SecurityGroupEgress=[_rule(_HTTPS, "nowhere: an endpoint only answers", CidrIp="127.0.0.1/32")],
        ),
    }


def _gateways(vpc: Vpc, needs: Iterable[EndpointNeed]) -> list[Resource]:
    """Return the rules for what is reached by a gateway: its addresses are the service's public ones.

    They stand in a prefix list of AWS's whose id differs between regions and cannot be looked up by
    CloudFormation. Where it is not told, the rule names every address: no route leads to any other.
    """
    services = [need.service for need in needs if _is_gateway(vpc, need)]
    lists = {service: vpc.prefix_list(service) for service in services}
    if not all(lists.values()):
        return [_rule(_HTTPS, "to gateways: no route leads anywhere else", CidrIp=_EVERYWHERE)]
    return [
        _rule(_HTTPS, f"to {service} by its gateway", DestinationPrefixListId=found)
        for service, found in lists.items()
    ]


def _is_gateway(vpc: Vpc, need: EndpointNeed) -> bool:
    return need.is_gateway and not (need.service == "s3" and vpc.s3 == "interface")


def _rule(port: int, why: str, **whom: Any) -> Resource:
    return {"Description": why, "IpProtocol": "tcp", "FromPort": port, "ToPort": port, **whom}


def _group(description: str, **rules: Any) -> Resource:
    properties = {"GroupDescription": description, "VpcId": {"Ref": VPC}, **rules}
    return resource("AWS::EC2::SecurityGroup", properties)


def _endpoint(vpc: Vpc, need: EndpointNeed, arns: Arns) -> Resource:
    """Return an endpoint that lets through what the pipeline does, and nothing else."""
    properties: Resource = {
        "PolicyDocument": document(need.statements, arns),
        "ServiceName": {"Fn::Sub": f"com.amazonaws.${{AWS::Region}}.{need.service}"},
        "VpcId": {"Ref": VPC},
    }
    if _is_gateway(vpc, need):
        properties |= {"RouteTableIds": [{"Ref": ROUTES}], "VpcEndpointType": "Gateway"}
        return resource("AWS::EC2::VPCEndpoint", properties)
    properties |= {
        "PrivateDnsEnabled": True,
        "SecurityGroupIds": [reference(Sort.SECURITY_GROUP, ENDPOINTS_GROUP)],
        "SubnetIds": [{"Ref": subnet_id(number)} for number in range(vpc.zones)],
        "VpcEndpointType": "Interface",
    }
    if need.service == "s3":
        # Amazon S3 User Guide, "AWS PrivateLink for Amazon S3": by default private names are for resolvers
        # outside of the VPC alone, and want a gateway beside
        properties["DnsOptions"] = {"PrivateDnsOnlyForInboundResolverEndpoint": "AllResolvers"}
    return resource("AWS::EC2::VPCEndpoint", properties)
