"""A VPC that exists, read from AWS as a description; nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault, NetworkError
from lakenb.graph.network_parts import (
    GATEWAY,
    GATEWAY_SERVICES,
    INTERFACE,
    Endpoint,
    Route,
    Rule,
    SecurityGroup,
    Subnet,
)
from lakenb.graph.networks import Vpc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_ALL = -1
# Amazon EC2 API Reference, Route: what a route leads to stands in one of these
_TARGETS = (
    "GatewayId",
    "NatGatewayId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
)
_DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")


def read_vpc(
    id: str,  # noqa: A002 - the field's word
    *,
    subnets: Sequence[str] = (),
    security_groups: Sequence[str] = (),
    pin: bool = False,
    client: Any = None,
) -> Vpc:
    """Return the description of a VPC that exists.

    Asks ``ec2:DescribeVpcs``, ``DescribeVpcAttribute``, ``DescribeSubnets``, ``DescribeRouteTables``,
    ``DescribeVpcEndpoints``, ``DescribeSecurityGroups`` and ``DescribePrefixLists``, and nothing else.

    Parameters
    ----------
    id
        Its id.
    subnets
        The ids of the subnets in which functions are to be placed; all that do not lead to an internet
        gateway by default.
    security_groups
        The ids of the functions' security groups.
    pin
        As of `Vpc`.
    client
        A client of boto3 for EC2; by default one of the session's own account and region.

    Raises
    ------
    NetworkError
        If the VPC, a subnet or a security group does not exist there.
    """
    if client is None:
        import boto3  # noqa: PLC0415 - imported when used

        client = boto3.client("ec2")
    _exists(client, id)
    inside = {one["SubnetId"]: one for one in _pages(client, "describe_subnets", "Subnets", _of(id))}
    tables = _pages(client, "describe_route_tables", "RouteTables", _of(id))
    found = {name: _subnet(one, tables) for name, one in sorted(inside.items())}
    groups = {
        one["GroupId"]: _group(one)
        for one in _pages(client, "describe_security_groups", "SecurityGroups", _of(id))
    }
    _refuse_missing("subnet", subnets, found, id)
    _refuse_missing("security group", security_groups, groups, id)
    chosen = subnets or [name for name, one in found.items() if not _is_public(one)]
    endpoints = tuple(_endpoints(_pages(client, "describe_vpc_endpoints", "VpcEndpoints", _of(id, "vpc-id"))))
    guards = {group for endpoint in endpoints for group in endpoint.security_groups}
    vpc = Vpc(
        id=id,
        subnets=tuple(found[name] for name in chosen),
        security_groups=tuple(groups[name] for name in security_groups),
        endpoints=endpoints,
        other_groups=tuple(groups[name] for name in sorted(guards - set(security_groups)) if name in groups),
        prefix_lists=dict(_prefix_lists(client)),
        dns_names=_attribute(client, id, "enableDnsHostnames"),
        dns_support=_attribute(client, id, "enableDnsSupport"),
        pin=pin,
    )
    if faults := vpc.faults(f"VPC {id!r}"):
        raise NetworkError(faults)
    return vpc


def _of(vpc: str, name: str = "vpc-id") -> dict[str, Any]:
    return {"Filters": [{"Name": name, "Values": [vpc]}]}


def _exists(client: Any, vpc: str) -> None:
    """Raise for a VPC that is not there: ``DescribeVpcs`` by id would raise an error of boto3's."""
    if not _pages(client, "describe_vpcs", "Vpcs", _of(vpc)):
        fault = Fault(
            f"there is no VPC {vpc!r} here", "the account and region of the session", "look at its id"
        )
        raise NetworkError([fault])


def _refuse_missing(what: str, wanted: Iterable[str], found: Iterable[str], vpc: str) -> None:
    known = set(found)
    faults = [
        Fault(f"the {what} {name!r} is not one of the VPC {vpc!r}", f"VPC {vpc!r}", f"name a {what} of it")
        for name in wanted
        if name not in known
    ]
    if faults:
        raise NetworkError(faults)


def _pages(client: Any, operation: str, key: str, more: dict[str, Any]) -> list[dict[str, Any]]:
    pages = client.get_paginator(operation).paginate(**more)
    return [one for page in pages for one in page.get(key, [])]


def _attribute(client: Any, vpc: str, name: str) -> bool:
    answer = client.describe_vpc_attribute(VpcId=vpc, Attribute=name)
    return bool(answer[name[0].upper() + name[1:]]["Value"])


def _subnet(raw: dict[str, Any], tables: Sequence[dict[str, Any]]) -> Subnet:
    table = _table(raw["SubnetId"], tables)
    return Subnet(
        id=raw["SubnetId"],
        vpc=raw["VpcId"],
        zone=raw.get("AvailabilityZone", ""),
        route_table="" if table is None else table["RouteTableId"],
        routes=None if table is None else tuple(sorted(_routes(table))),
        owner=raw.get("OwnerId", ""),
    )


def _table(subnet: str, tables: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return a subnet's own route table, else the VPC's main one (Amazon VPC User Guide, "Route tables")."""
    main = None
    for table in tables:
        for use in table.get("Associations", []):
            if use.get("SubnetId") == subnet:
                return table
            if use.get("Main"):
                main = table
    return main


def _routes(table: dict[str, Any]) -> Iterator[Route]:
    for raw in table.get("Routes", []):
        where = next((raw[name] for name in _DESTINATIONS if raw.get(name)), "")
        yield Route(where, next((raw[name] for name in _TARGETS if raw.get(name)), ""))


def _is_public(subnet: Subnet) -> bool:
    return any(route.target.startswith("igw-") for route in subnet.routes or ())


def _group(raw: dict[str, Any]) -> SecurityGroup:
    lets_in, lets_out = (
        tuple(sorted(_rules(raw.get(name, [])))) for name in ("IpPermissions", "IpPermissionsEgress")
    )
    return SecurityGroup(raw["GroupId"], raw.get("VpcId", ""), lets_in, lets_out)


def _rules(permissions: Iterable[dict[str, Any]]) -> Iterator[Rule]:
    for raw in permissions:
        ports = (raw["IpProtocol"], raw.get("FromPort", _ALL), raw.get("ToPort", _ALL))
        for whom in raw.get("IpRanges", []):
            yield Rule(*ports, cidr=whom["CidrIp"])
        for whom in raw.get("UserIdGroupPairs", []):
            yield Rule(*ports, group=whom["GroupId"])
        for whom in raw.get("PrefixListIds", []):
            yield Rule(*ports, prefix_list=whom["PrefixListId"])


def _endpoints(raw: Iterable[dict[str, Any]]) -> Iterator[Endpoint]:
    for one in raw:
        kind = one.get("VpcEndpointType", GATEWAY)
        if kind not in (GATEWAY, INTERFACE) or one.get("State", "available").lower() != "available":
            continue  # of other types, or not there yet, or no more: nothing reaches AWS through it
        policy = one.get("PolicyDocument") or ""
        yield Endpoint(
            id=one["VpcEndpointId"],
            service=one["ServiceName"].rpartition(".")[2],
            type=kind,
            private_dns=bool(one.get("PrivateDnsEnabled")) if kind == INTERFACE else None,
            policy=policy if isinstance(policy, str) else json.dumps(policy, sort_keys=True),
            subnets=tuple(sorted(one.get("SubnetIds", []))),
            security_groups=tuple(sorted(group["GroupId"] for group in one.get("Groups", []))),
            route_tables=tuple(sorted(one.get("RouteTableIds", []))),
        )


def _prefix_lists(client: Any) -> Iterator[tuple[str, str]]:
    """Yield the region's managed prefix lists of the services that gateways stand for."""
    for raw in _pages(client, "describe_prefix_lists", "PrefixLists", {}):
        service = raw["PrefixListName"].rpartition(".")[2]
        if service in GATEWAY_SERVICES:
            yield service, raw["PrefixListId"]
