"""Functions in a VPC: placed as Lambda places them, and asking by the way that their calls would take.

The embedded AWS has no network, so nothing is kept apart here. But placing a function asks its role, and a
policy may ask for ``aws:SourceVpce``, ``aws:SourceVpc`` or ``lambda:SourceFunctionArn``: so it is here as on
AWS. Source: AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC" and
"Using source function ARN to control function access behavior"; IAM User Guide, "AWS global condition context
keys".
"""

from __future__ import annotations

import contextvars
from typing import TYPE_CHECKING, Any, Final

from . import border

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ENGINE: Final = "ministack.core.iam_evaluator"
_LAMBDA: Final = "ministack.services.lambda_svc"
_FUNCTION, _VPC, _ENDPOINT = "lambda:sourcefunctionarn", "aws:sourcevpc", "aws:sourcevpce"
_KEYS: Final = frozenset({_FUNCTION, _VPC, _ENDPOINT})
_SESSION: Final = ":assumed-role/"
# What the Lambda service asks for with the role, from its own network, whenever it asks.
_BY_LAMBDA: Final = frozenset(
    {"sqs:receivemessage", "sqs:deletemessage", "sqs:getqueueattributes", "logs:createlogstream",
     "logs:putlogevents"}
)  # fmt: skip
_INTERFACE: Final = "network-interface/eni-0"
TAG_VPC: Final = "lakenb-given-vpc"
TAG_ENDPOINT: Final = "lakenb-given-endpoint"

_placing: contextvars.ContextVar[bool] = contextvars.ContextVar("lakenb_placing", default=False)


def install() -> None:
    """Place functions, and let their requests tell their way; after `conformance`, whose reading stays."""
    border.replace(_ENGINE, "_resolve_condition_key", _telling)
    handlers = border.of("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    functions = handlers["AWS::Lambda::Function"]
    functions["create"] = _placed(functions["create"])


def _placed(original: Any) -> Any:
    """Place a function that a stack makes: its role is asked, and its configuration says where it is."""

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        wanted = properties.get("VpcConfig") or {}
        if wanted.get("SubnetIds"):
            _ask(properties, wanted)
        name, attributes = original(logical_id, properties, stack_name)
        if wanted.get("SubnetIds"):
            config = border.of(_LAMBDA, "_functions").get(name)["config"]
            config["VpcConfig"] = border.of(_LAMBDA, "_vpc_config_with_id")(wanted)
        return name, attributes

    return create


def _ask(properties: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Refuse, as Lambda does, a function whose role may not make its network interfaces.

    Raises
    ------
    ValueError
        Which the emulator's CloudFormation takes for the resource's failure.
    """
    from . import gates  # noqa: PLC0415 - gates read contexts, which read this module

    function = {"Role": properties["Role"], "FunctionName": properties.get("FunctionName", "function")}
    token = _placing.set(True)
    try:
        for action, resource in _asked(properties["Role"].split(":")[4], wanted):
            if not gates.role_may("placement", function, action, resource):
                call = action.partition(":")[2]
                raise ValueError(
                    f"The provided execution role does not have permissions to call {call} on EC2 "
                    "(Service: Lambda, Status Code: 400)"
                )
    finally:
        _placing.reset(token)


def _asked(account: str, wanted: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what Lambda needs of a role. Service Authorization Reference, Amazon EC2."""
    yield "ec2:DescribeNetworkInterfaces", "*"
    yield "ec2:DescribeSubnets", "*"
    head = f"arn:aws:ec2:{border.of('ministack.core.responses', 'get_region')()}:{account}:"
    parts = [_INTERFACE, *(f"subnet/{one}" for one in wanted["SubnetIds"])]
    parts += [f"security-group/{one}" for one in wanted.get("SecurityGroupIds", [])]
    for part in parts:
        yield "ec2:CreateNetworkInterface", head + part
    for name in ("DeleteNetworkInterface", "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses"):
        yield f"ec2:{name}", head + _INTERFACE


def _telling(original: Any) -> Any:
    def resolve(key: str, ctx: Any) -> Any:
        if key.lower() in _KEYS:
            return way(ctx).get(key.lower())
        return original(key, ctx)

    return resolve


def way(ctx: Any) -> dict[str, str]:
    """Return what a request tells of its way; nothing for anybody but the code of a placed function.

    Parameters
    ----------
    ctx
        The engine's own context of the decision.
    """
    if _placing.get() or _SESSION not in ctx.principal_arn or ctx.action.lower() in _BY_LAMBDA:
        return {}
    record = border.of(_LAMBDA, "_functions").get(ctx.principal_arn.rpartition("/")[2])
    config = record["config"] if record else {}
    placed = config.get("VpcConfig") or {}
    if not placed.get("SubnetIds"):
        return {}
    told = {_FUNCTION: config["FunctionArn"]}
    service = ctx.action.partition(":")[0].lower()
    tags = record.get("tags") or {}
    vpc = placed.get("VpcId") or tags.get(TAG_VPC, "")
    endpoint = _endpoint(vpc, service) or (tags.get(TAG_ENDPOINT, "") if service == "s3" else "")
    return told | ({_VPC: vpc, _ENDPOINT: endpoint} if endpoint else {})


def _endpoint(vpc: str, service: str) -> str:
    """Return the id of a VPC's endpoint for a service."""
    endpoints = border.of("ministack.services.ec2", "_vpc_endpoints").values()
    ids = sorted(
        one["VpcEndpointId"]
        for one in endpoints
        if one["VpcId"] == vpc and one["ServiceName"].rpartition(".")[2] == service
    )
    return ids[0] if ids else ""
