"""Which functions are placed in a VPC, and what their roles need for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Shape
from lakenb.review.needs import Need

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.review.find import FoundNode, Index

SUBNET = "AWS::EC2::Subnet"
# AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC"
_ATTACH = tuple(
    f"ec2:{name}"
    for name in (
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DeleteNetworkInterface",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
)


def vpc_of(index: Index, node: FoundNode) -> str:
    """Return the VPC that a node's function is placed in; empty where in none, or in one not known here."""
    config = index.world.resources[node.function].properties.get("VpcConfig")
    subnets = config.get("SubnetIds") if isinstance(config, dict) else None
    for subnet in subnets if isinstance(subnets, list) else ():
        found = index.named(SUBNET, subnet)
        if found is not None:
            return str(found.properties.get("VpcId", ""))
    return ""


def is_placed(index: Index, node: FoundNode) -> bool:
    """Return whether a node's function is placed in a VPC."""
    config = index.world.resources[node.function].properties.get("VpcConfig")
    return isinstance(config, dict) and bool(config.get("SubnetIds"))


def attach_needs(index: Index, node: FoundNode) -> Iterator[Need]:
    """Yield what a role needs so that Lambda can place its function in a VPC."""
    if is_placed(index, node):
        text = f"Lambda attaches the function of '{node.id}' to its VPC"
        # the star itself: these actions are asked for without a resource
        yield Need("P8", text, Shape(_ATTACH, ("*",)), (Shape(_ATTACH, ("${*}",)),))
