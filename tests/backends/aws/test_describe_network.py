"""A VPC is read over HTTP from an AWS that is embedded, by boto3 as from AWS itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.backends.aws.describe_network import _endpoints, read_vpc
from lakenb.backends.local.emulator import start_emulator
from lakenb.errors import NetworkError
from lakenb.graph.network_parts import Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]}


class _Network:
    """A VPC with a private and a public subnet, two groups and two endpoints."""

    def __init__(self, ec2: Any) -> None:
        self.ec2 = ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            ec2.modify_vpc_attribute(VpcId=self.vpc, **{name: {"Value": True}})
        self.private, self.public = (
            ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.7.{number}.0/24")["Subnet"]["SubnetId"]
            for number in range(2)
        )
        self.table = self._table(self.private)
        out = self._table(self.public)
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=self.vpc)
        ec2.create_route(RouteTableId=out, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
        self.functions, self.guard = (
            ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
            for name in ("functions", "endpoints")
        )
        https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
        taken = {**https, "UserIdGroupPairs": [{"GroupId": self.functions}]}
        ec2.authorize_security_group_ingress(GroupId=self.guard, IpPermissions=[taken])
        name = "com.amazonaws.us-east-1"
        self.s3 = ec2.create_vpc_endpoint(
            VpcId=self.vpc, ServiceName=f"{name}.s3", VpcEndpointType="Gateway", RouteTableIds=[self.table]
        )["VpcEndpoint"]["VpcEndpointId"]
        self.sqs = ec2.create_vpc_endpoint(
            VpcId=self.vpc,
            ServiceName=f"{name}.sqs",
            VpcEndpointType="Interface",
            SubnetIds=[self.private],
            SecurityGroupIds=[self.guard],
            PrivateDnsEnabled=True,
            PolicyDocument=json.dumps(POLICY),
        )["VpcEndpoint"]["VpcEndpointId"]

    def _table(self, subnet: str) -> str:
        made: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=made, SubnetId=subnet)
        return made


@pytest.fixture(scope="module")
def network() -> Iterator[_Network]:
    with start_emulator() as emulator:
        yield _Network(emulator.client("ec2"))


def test_a_vpc_is_read_whole(network: _Network) -> None:
    found = read_vpc(network.vpc, security_groups=[network.functions], client=network.ec2)
    assert found.is_described
    assert (found.id, found.dns_names, found.dns_support) == (network.vpc, True, True)
    (subnet,) = found.placed_in  # the public one is no place for functions
    assert (subnet.id, subnet.vpc, subnet.route_table) == (network.private, network.vpc, network.table)
    assert subnet.zone
    assert [route.target for route in subnet.routes or () if route.leads_out] == []
    (group,) = found.guarded_by
    assert group.id == network.functions
    assert group.lets_out == (Rule("-1", -1, -1, cidr="0.0.0.0/0"),)


def test_endpoints_are_read(network: _Network) -> None:
    found = read_vpc(network.vpc, security_groups=[network.functions], client=network.ec2)
    endpoints = {one.service: one for one in found.endpoints or ()}
    assert set(endpoints) == {"s3", "sqs"}
    assert (endpoints["s3"].id, endpoints["s3"].type) == (network.s3, "Gateway")
    assert endpoints["s3"].route_tables == (network.table,)
    assert endpoints["sqs"].subnets == (network.private,)


# Amazon EC2 API Reference, DescribeVpcEndpoints, VpcEndpoint: the embedded AWS leaves some of it out
RAW: dict[str, Any] = {
    "VpcEndpointId": "vpce-1",
    "VpcEndpointType": "Interface",
    "ServiceName": "com.amazonaws.eu-west-1.sqs",
    "State": "available",
    "PolicyDocument": json.dumps(POLICY),
    "SubnetIds": ["subnet-2", "subnet-1"],
    "Groups": [{"GroupId": "sg-2", "GroupName": "endpoints"}],
    "PrivateDnsEnabled": True,
}


def test_groups_policy_and_private_names_of_an_endpoint_are_read() -> None:
    (found,) = _endpoints([RAW])
    assert found.security_groups == ("sg-2",)
    assert found.subnets == ("subnet-1", "subnet-2")
    assert found.document() == POLICY
    assert found.private_dns is True


@pytest.mark.parametrize(
    "other",
    [{"State": "deleting"}, {"State": "pendingAcceptance"}, {"VpcEndpointType": "GatewayLoadBalancer"}],
)
def test_what_nothing_reaches_aws_through_is_no_endpoint(other: dict[str, Any]) -> None:
    assert list(_endpoints([RAW | other])) == []


def test_a_named_public_subnet_is_taken_and_its_way_out_is_known(network: _Network) -> None:
    found = read_vpc(
        network.vpc, subnets=[network.public], security_groups=[network.functions], client=network.ec2
    )
    (subnet,) = found.placed_in
    assert any(route.leads_out for route in subnet.routes or ())


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ({"subnets": ["subnet-00000000"]}, "the subnet 'subnet-00000000' is not one of the VPC"),
        ({"security_groups": ["sg-00000000"]}, "the security group 'sg-00000000' is not one of the VPC"),
        ({}, "the VPC has no security groups"),
    ],
)
def test_what_is_not_of_the_vpc_is_told(network: _Network, place: dict[str, Any], what: str) -> None:
    with pytest.raises(NetworkError, match=what):
        read_vpc(network.vpc, **place, client=network.ec2)


def test_a_vpc_that_is_not_there_is_told(network: _Network) -> None:
    with pytest.raises(NetworkError, match="there is no VPC 'vpc-00000000' here"):
        read_vpc("vpc-00000000", security_groups=["sg-1"], client=network.ec2)
