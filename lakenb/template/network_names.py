"""Logical ids of the network that a stack makes, and the ARNs of what belongs to networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.networks import MADE_ENDPOINT, MADE_GROUP, MADE_SUBNETS
from lakenb.security.values import Sort
from lakenb.template.names import function_name

if TYPE_CHECKING:
    from lakenb.security.values import Target

VPC = "PipelineVpc"
ROUTES = "PipelineRoutes"
FUNCTIONS_GROUP = MADE_GROUP
ENDPOINTS_GROUP = "PipelineEndpointsGroup"
_TAILS = {Sort.SUBNET: "subnet", Sort.SECURITY_GROUP: "security-group"}


def subnet_id(number: int) -> str:
    """Return the logical id of a subnet that the stack makes.

    Examples
    --------
    >>> subnet_id(1)
    'PipelineSubnetB'
    """
    return MADE_SUBNETS[number]


def endpoint_id(service: str) -> str:
    """Return the logical id of the endpoint for a service.

    Examples
    --------
    >>> endpoint_id("dynamodb")
    'PipelineEndpointDynamodb'
    """
    return f"{MADE_ENDPOINT}{service.capitalize()}"


def reference(sort: Sort, name: str) -> Any:
    """Return the id of a subnet, a security group or an endpoint: by reference where the stack makes it."""
    if not name.startswith("Pipeline"):  # ids of AWS are lower case
        return name
    return {"Fn::GetAtt": [name, "GroupId"]} if sort is Sort.SECURITY_GROUP else {"Ref": name}


def arn_in_networks(target: Target) -> Any | None:
    """Return the ARN of what belongs to networks; None for all else."""
    sort = Sort(target.sort)
    match sort:
        case Sort.ANYTHING:
            return "*"
        case Sort.ENDPOINT:  # conditions name it by its id
            return reference(sort, target.id)
        case Sort.FUNCTION_BY_NAME:
            name = function_name(target.node)["Fn::Sub"]
            place = f":lambda:${{AWS::Region}}:${{AWS::AccountId}}:function:{name}"
            return {"Fn::Sub": f"arn:${{AWS::Partition}}{place}"}
        case Sort.NETWORK_INTERFACES:
            return {"Fn::Join": ["", [*_ec2(target), ":network-interface/*"]]}
        case Sort.SUBNET | Sort.SECURITY_GROUP:
            # INVARIANT: an id is a text of its own, never in Fn::Sub: a token of CDK holds '${' itself
            return {"Fn::Join": ["", [*_ec2(target), f":{_TAILS[sort]}/", reference(sort, target.id)]]}
    return None


def _ec2(target: Target) -> list[Any]:
    account = target.account or {"Ref": "AWS::AccountId"}
    return ["arn:", {"Ref": "AWS::Partition"}, ":ec2:", {"Ref": "AWS::Region"}, ":", account]
