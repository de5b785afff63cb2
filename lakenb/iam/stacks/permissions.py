"""``AWS::Lambda::Permission`` as the statement that Lambda writes into the function's policy.

Page: AWS CloudFormation Template Reference, "AWS::Lambda::Permission"; Lambda Developer Guide, "Viewing
resource-based IAM policies in Lambda".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

_CONDITIONS = {
    "SourceArn": ("ArnLike", "aws:SourceArn"),
    "SourceAccount": ("StringEquals", "aws:SourceAccount"),
    "PrincipalOrgID": ("StringEquals", "aws:PrincipalOrgID"),
    "EventSourceToken": ("StringEquals", "lambda:EventSourceToken"),
    "FunctionUrlAuthType": ("StringEquals", "lambda:FunctionUrlAuthType"),
    "InvokedViaFunctionUrl": ("Bool", "lambda:InvokedViaFunctionUrl"),
}
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?|[a-z0-9.-]+\.amazon\.com")


def permission_document(
    properties: Mapping[str, Any], around: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    """Return the function's ARN, qualified as the permission has it, and the policy document.

    Parameters
    ----------
    properties
        Resolved.
    around
        Partition, region and account of the deployment.
    """
    target = function_arn(properties.get("FunctionName", UNKNOWN), around)
    principal = properties.get("Principal", UNKNOWN)
    conditions: dict[str, dict[str, Any]] = {}
    for name, (operator, key) in _CONDITIONS.items():
        if name in properties:
            conditions.setdefault(operator, {})[key] = properties[name]
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": _principal(principal),
        "Action": properties.get("Action", UNKNOWN),
        "Resource": target,
    }
    if conditions:
        statement["Condition"] = conditions
    return target, {"Version": "2012-10-17", "Statement": statement}


def function_arn(name: Any, around: Mapping[str, str]) -> str:
    """Return a function's ARN from its name, its ARN, or ``account:function:name``.

    Examples
    --------
    >>> function_arn("f:live", {"partition": "aws", "region": "eu-west-1", "account": "111122223333"})
    'arn:aws:lambda:eu-west-1:111122223333:function:f:live'
    """
    if not isinstance(name, str):
        return UNKNOWN
    if name.startswith("arn:") or name == UNKNOWN:
        return name
    head = "arn:{partition}:lambda:{region}:".format_map(around)
    if ":function:" in name:
        return head + name
    return f"{head}{around['account']}:function:{name}"


def _principal(principal: Any) -> Any:
    if principal == "*":
        return "*"
    if isinstance(principal, str) and _SERVICE.fullmatch(principal):
        return {"Service": principal}
    return {"AWS": principal}
