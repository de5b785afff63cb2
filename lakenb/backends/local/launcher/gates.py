"""Gates: where the emulator acts for itself, the policies are asked all the same.

AWS's services call each other over TLS, so that is what the policies hear.

`deliveries` and `mappings` place them; what is not gated is listed in `ungated`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from . import border, conformance, contexts, enforcement, keyed, keys
from .records import RECORDS, Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ENGINE: Final = "ministack.core.iam_evaluator"
_ASK_AGAIN_AFTER: Final = 0.5  # seconds: a poller passes many times a second, a policy changes seldom

_answers: dict[tuple[str, ...], tuple[float, bool]] = {}


@dataclass(frozen=True, slots=True)
class Caller:
    """An AWS service that acts on a resource.

    Parameters
    ----------
    gate
        The gate's name in the record.
    service
        The service principal, such as ``sns.amazonaws.com``.
    context
        The condition keys that AWS documents this service to send on that call, in lower case.
    """

    gate: str
    service: str
    context: Mapping[str, str]


def service_may(caller: Caller, action: str, resource: str, policy: Any) -> bool:
    """Ask a resource's policy whether an AWS service may act on it, and record the answer.

    Parameters
    ----------
    caller
        The service, and what it says of itself.
    action, resource, policy
        What it would do, on what, and that resource's policy.
    """
    ctx = border.of(_ENGINE, "EvalContext")(
        principal_arn="*", principal_type="Service", principal_account="", action=action,
        resource_arn=resource, region=_region(), secure_transport=True, service_context=dict(caller.context),
    )  # fmt: skip
    result = border.of(_ENGINE, "evaluate_resource_policy")(policy, ctx, service=caller.service)
    outcome = enforcement.OUTCOMES[result.decision]
    decided_by = "" if outcome == "IMPLICITLY_DENIED" else "resource"
    refused = enforcement.Refused(caller.service, action, resource, outcome, "resource")
    message = "" if outcome == "ALLOWED" else enforcement.refusal(refused)
    told = contexts.told(ctx)
    RECORDS.gated(
        Decision(caller.service, action, resource, outcome, decided_by, result.matched_sid, message, told),
        gate=caller.gate,
    )
    return outcome == "ALLOWED" and _key_lets_service(caller, action, resource)


def _key_lets_service(caller: Caller, action: str, resource: str) -> bool:
    """Ask the key of a queue whether a service may encrypt what it brings there."""
    is_sent = action == "sqs:SendMessage"
    asked = keyed.of_queue(caller.service, resource, dict(caller.context)) if is_sent else None
    return asked is None or _key_allows(f"{caller.gate}-key", caller.service, asked)


def _key_allows(gate: str, service: str, asked: keyed.Asked) -> bool:
    policy = keyed.policy_of(asked.key)
    caller = Caller(gate, service, asked.context)
    return all(service_may(caller, one, asked.key, policy) for one in asked.actions)


def service_may_take(caller: Caller, role_arn: str) -> bool:
    """Ask a role's trust policy whether an AWS service may take the role, and record the answer.

    Parameters
    ----------
    caller
        The service, and for whom it works.
    role_arn
        The role; one that there is not cannot be taken.
    """
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = border.of("ministack.services.iam", "_roles").get_scoped(account, None, name)
    if role is None:
        return False
    return service_may(caller, "sts:AssumeRole", role_arn, role["AssumeRolePolicyDocument"])


def role_may(
    gate: str,
    function: Mapping[str, Any],
    action: str,
    resource: str,
    service_context: Mapping[str, Any] | None = None,
) -> bool:
    """Ask whether a function's role may do something itself, and record the answer.

    Parameters
    ----------
    gate
        The gate's name in the record.
    function
        The function's configuration.
    action, resource
        What its role would do, on what.
    service_context
        The condition keys that a service sends along, in lower case.
    """
    role = function["Role"]
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    service = action.split(":", 1)[0]
    ctx = border.of(_ENGINE, "EvalContext")(
        principal_arn=keys.session_arn(role, function["FunctionName"]), principal_type="AssumedRole",
        principal_account=account, action=action, resource_arn=resource, region=_region(),
        secure_transport=True, service_context=dict(service_context or {}),
    )  # fmt: skip
    layers: list[Any] = []
    token = conformance.trace.set(layers)
    try:
        roles = border.of("ministack.services.iam", "_roles")
        limits = border.of(_ENGINE, "_permissions_boundary")(roles, name, account)
        policies = border.of(_ENGINE, "_gather_role_policies")(name, account)
        result = border.of(_ENGINE, "evaluate")(ctx, policies, *limits)
        found = border.of(_ENGINE, "_resource_policy")(service, resource)
        if found is not None:
            result = border.of(_ENGINE, "combine_resource_policy")(
                result, ctx, *found, required=service == "kms", limits=limits
            )
    finally:
        conformance.trace.reset(token)
    refused = result.decision != "Allow"
    decision = enforcement.decide(layers, action, resource, refused=refused)
    RECORDS.gated(replace(decision, context=contexts.told(ctx)), gate=gate)
    return not refused and _key_lets_role(gate, function, action, resource)


def _key_lets_role(gate: str, function: Mapping[str, Any], action: str, resource: str) -> bool:
    """Ask the key of what a role acts on: the role, through the service; for a log CloudWatch Logs itself."""
    if action == "logs:PutLogEvents":
        asked = keyed.of_log_group(resource)
        return asked is None or _key_allows(f"{gate}-key", f"logs.{_region()}.amazonaws.com", asked)
    asked = keyed.asked_of(action, resource, _region())
    if asked is None:
        return True
    key, context = asked.key, asked.context
    return all(role_may(f"{gate}-key", function, one, key, context) for one in asked.actions)


def remembered(key: tuple[str, ...], ask: Callable[[], bool]) -> bool:
    """Return the answer, asked again at most twice a second.

    Parameters
    ----------
    key
        What the answer depends on, apart from the policies.
    ask
        Gives the answer of now.
    """
    until, answer = _answers.get(key, (0.0, False))
    now = time.monotonic()
    if now >= until:
        answer = ask()
        _answers[key] = (now + _ASK_AGAIN_AFTER, answer)
    return answer


def _region() -> str:
    return str(border.of("ministack.core.responses", "get_region")())
