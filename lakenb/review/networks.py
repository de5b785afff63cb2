"""Which functions are placed in a VPC, what their roles need for it, and which way their calls take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Shape
from lakenb.iam.stacks.world import UNKNOWN
from lakenb.review.needs import Need

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from lakenb.iam.stacks.world import Endpoint
    from lakenb.review.find import FoundNode, Index

SUBNET = "AWS::EC2::Subnet"
# AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC". Service
# Authorization Reference, Amazon EC2: what describes has no resource; an interface is made in a subnet and
# with security groups, each of which is asked for; the rest is about interfaces.
_DESCRIBE = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_CREATE = ("ec2:CreateNetworkInterface",)
_KEEP = ("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")
ATTACH = (*_DESCRIBE, *_CREATE, *_KEEP)
_THE_STAR = "${*}"  # the star itself: what a request names whose action has no resource

# What the function's own code calls, from its VPC. Lambda polls, logs and attaches from its own network, KMS
# is asked by the other services, a file system is mounted, and a role is passed within another call.
CALLED = frozenset({"dynamodb", "s3", "scheduler", "sns", "sqs", "states"})
# AWS Lambda Developer Guide, "Using Lambda with Amazon SQS" and "Using AWS Lambda with Amazon DynamoDB"
_POLLED = frozenset(
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


def vpc_of(index: Index, node: FoundNode) -> str:
    """Return the VPC that a node's function is placed in; empty where in none, or in one not known here."""
    for name in _ids(_config(index, node), "SubnetIds"):
        found = index.named(SUBNET, name)
        if found is not None:
            where = str(found.properties.get("VpcId", ""))
            return "" if UNKNOWN in where else where
    return ""


def is_placed(index: Index, node: FoundNode) -> bool:
    """Return whether a node's function is placed in a VPC."""
    return bool(_config(index, node).get("SubnetIds"))


def _config(index: Index, node: FoundNode) -> Mapping[str, Any]:
    config = index.world.resources[node.function].properties.get("VpcConfig")
    return config if isinstance(config, dict) else {}


def _ids(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """Return the ids of a list that could be read, in their order."""
    listed = config.get(name)
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()


def attach_needs(index: Index, node: FoundNode) -> Iterator[Need]:
    """Yield what a role needs so that Lambda can place its function in a VPC.

    Lambda asks for it with the role, but not from the function's code: such a request carries no
    ``lambda:SourceFunctionArn`` ("Using source function ARN to control function access behavior").
    """
    if not is_placed(index, node):
        return
    world, config = index.world, _config(index, node)
    text = f"Lambda attaches the function of '{node.id}' to its VPC"
    yield Need("P8", text, Shape(_DESCRIBE, ("*",)), (Shape(_DESCRIBE, (_THE_STAR,)),))
    head = f"arn:{world.partition}:ec2:{world.region}"
    interfaces = f"{head}:{world.account}:network-interface/*"
    wanted, may = [interfaces], [interfaces]
    for name in _ids(config, "SubnetIds"):
        subnet = index.named(SUBNET, name)
        owner = world.account if subnet is None else subnet.properties.get("OwnerId", world.account)
        may.append(f"{head}:{owner}:subnet/{name}")
        wanted += [] if UNKNOWN in name else [f"{head}:{owner}:subnet/{name}"]
    for name in _ids(config, "SecurityGroupIds"):
        may.append(f"{head}:{world.account}:security-group/{name}")
        wanted += [] if UNKNOWN in name else [f"{head}:{world.account}:security-group/{name}"]
    yield Need("P8", text, Shape(_CREATE, tuple(may)), (Shape(_CREATE, tuple(wanted)),))
    yield Need("P8", text, Shape(_KEEP, (interfaces,)), (Shape(_KEEP, (interfaces,)),))


def service_of(endpoint: Endpoint) -> str:
    """Return the last part of an endpoint's service name."""
    return endpoint.service.rpartition(".")[2]


def called(shape: Shape) -> str:
    """Return the service that a function's own code calls for something; empty where somebody else does."""
    service = shape.actions[0].partition(":")[0]
    return service if service in CALLED and not _POLLED.intersection(shape.actions) else ""


def through(index: Index, node: FoundNode, needs: Iterable[Need]) -> Iterator[Need]:
    """Yield needs as they are asked for: what a placed function calls comes through its VPC's endpoint.

    Where there is no endpoint for it nothing is changed: that it is missing is a finding of its own.
    """
    vpc = vpc_of(index, node) if is_placed(index, node) else ""
    ways: dict[str, Endpoint] = {}
    for endpoint in index.world.endpoints:
        if vpc and endpoint.vpc == vpc:
            ways.setdefault(service_of(endpoint), endpoint)
    for need in needs:
        yield replace(need, must=tuple(_by(ways.get(called(one)), one) for one in need.must))


def _by(endpoint: Endpoint | None, shape: Shape) -> Shape:
    if endpoint is None:
        return shape
    way = (("aws:sourcevpc", (endpoint.vpc,)), ("aws:sourcevpce", (endpoint.id,)))
    return Shape(shape.actions, shape.resources, tuple(sorted((*shape.context, *way))))
