"""What roles need of networks: that Lambda can place a function, and that documents go one way only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakenb.graph.networks import placed, vpc_of
from lakenb.security.values import Condition, Sort, Statement, Target, of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.graph import Graph
    from lakenb.graph.networks import Vpc

# The one VPC that a stack makes, by logical ids: nothing else of the pipeline begins with the same word.
MADE_SUBNETS = ("PipelineSubnetA", "PipelineSubnetB", "PipelineSubnetC")
MADE_GROUP, MADE_ENDPOINT = "PipelineFunctionsGroup", "PipelineEndpoint"

# AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC", required IAM
# permissions. Service Authorization Reference, Amazon EC2: the two that describe know no resource.
_DESCRIBE = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_ATTACH = ("ec2:CreateNetworkInterface",)
_KEEP = ("ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses")


def network_statements(graph: Graph, node: str) -> tuple[Statement, ...]:
    """Return what a node's role needs so that its function can be placed in a VPC.

    They stand in the role's one inline policy and in no policy apart: the function refers to its role, so
    the role and what is inline in it are there before the function is made, and still there when Lambda
    gives the network interfaces back. A policy apart would want a ``DependsOn`` for either.

    Notes
    -----
    Lambda asks with the function's role, but not from its code: such requests carry no
    ``lambda:SourceFunctionArn``, those of the code do. So the Deny leaves Lambda what it needs, and the code
    nothing. Source: AWS Lambda Developer Guide, "Using source function ARN to control function access
    behavior", and the page named above, which recommends this very Deny.
    """
    vpc = vpc_of(graph, node)
    if vpc is None:
        return ()
    why = f"Lambda places the function of '{node}' in its VPC"
    interfaces = of(Sort.NETWORK_INTERFACES)
    own = Condition("ArnEquals", "lambda:SourceFunctionArn", (of(Sort.FUNCTION_BY_NAME, node),))
    return (
        Statement("LookAtNetwork", _DESCRIBE, (of(Sort.ANYTHING),), why),
        Statement("AttachToNetwork", _ATTACH, (interfaces, *_places(vpc)), why),
        Statement("KeepAttached", _KEEP, (interfaces,), why),
        Statement(
            "NotByOwnCode",
            (*_DESCRIBE, *_ATTACH, *_KEEP),
            (of(Sort.ANYTHING),),
            f"the code of '{node}' itself does nothing to networks",
            (own,),
            effect="Deny",
        ),
    )


def _places(vpc: Vpc) -> tuple[Target, ...]:
    """Return the subnets and security groups of the functions of a VPC."""
    subnet, group = Sort.SUBNET.value, Sort.SECURITY_GROUP.value
    if vpc.create:
        subnets = tuple(Target(subnet, id=name) for name in MADE_SUBNETS[: vpc.zones])
        return (*subnets, Target(group, id=MADE_GROUP))
    owners = {one.id: one.owner for one in vpc.placed_in}
    subnets = tuple(Target(subnet, id=one, account=owner) for one, owner in owners.items())
    return (*subnets, *(Target(group, id=one.id) for one in vpc.guarded_by))


def pinned(graph: Graph, node: str, statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return a role's statements, what S3 keeps bound to the VPC's endpoint where that was asked for.

    A condition of the Allow, and no Deny: the key is absent from what does not come through an endpoint
    (IAM User Guide, "AWS global condition context keys", ``aws:SourceVpce``), and an Allow whose key is
    absent allows nothing. It binds this role alone, so nothing that S3 or another service does for somebody
    else is cut off, as a Deny for everybody in the bucket's policy would. Queues are never bound: Lambda
    polls them from its own network. Nor are keys: S3 asks them, not the function.
    """
    vpc = vpc_of(graph, node)
    if vpc is None or not vpc.pin:
        return tuple(statements)
    endpoint = Target(Sort.ENDPOINT.value, id=f"{MADE_ENDPOINT}S3" if vpc.create else vpc.endpoint("s3"))
    through = Condition("StringEquals", "aws:SourceVpce", (endpoint,))
    return tuple(
        replace(one, conditions=(*one.conditions, through)) if _is_of_s3(one) else one for one in statements
    )


def _is_of_s3(statement: Statement) -> bool:
    return all(action.startswith("s3:") for action in statement.actions) and statement.effect == "Allow"


def network_notes(graph: Graph) -> tuple[str, ...]:
    """Return what the pipeline takes for granted of the VPCs that it does not make, one sentence each.

    Parameters
    ----------
    graph
        The pipeline.

    Returns
    -------
    tuple[str, ...]
        Without doubles, in the order of the nodes.
    """
    notes: dict[str, None] = {}
    for vpc in placed(graph).values():
        if vpc.create:
            continue
        name = repr(vpc.id) if vpc.id else f"of {vpc.placed_in[0].id!r}"
        what = (
            "its routes, endpoints and rules"
            if vpc.endpoints is None
            else "what else its endpoints let through"
        )
        notes[f"The VPC {name} is given: {what} are its owner's; the pipeline changes nothing of it."] = None
    return tuple(notes)
