"""Every request is decided once, recorded once, and refused in AWS's own words."""

from __future__ import annotations

import contextvars
from dataclasses import replace
from typing import Any, Final, NamedTuple

from . import border, conformance, contexts
from .actions import bucket_and_key
from .records import RECORDS, Decision

OUTCOMES: Final = {"Allow": "ALLOWED", "Deny": "EXPLICITLY_DENIED", "ImplicitDeny": "IMPLICITLY_DENIED"}
_NOT_FOUND: Final = 404
_KINDS: Final = {
    "identity": "identity-based policy",
    "resource": "resource-based policy",
    "boundary": "permissions boundary",
    "": "identity-based policy",
}

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("lakenb_request_id", default="")
_refusal: contextvars.ContextVar[str] = contextvars.ContextVar("lakenb_refusal", default="")


class Refused(NamedTuple):
    """What is said about a refusal: who, what, on what, how, and which kind of policy decided."""

    principal: str
    action: str
    resource: str
    outcome: str
    policy: str


def install() -> None:
    """Record each decision, and word each refusal as AWS words it."""
    border.replace("ministack.core.iam_evaluator", "enforce", _recording)
    border.replace("ministack.core.iam_actions", "access_denied_response", _worded)
    border.replace(
        "ministack.app", "_dispatch_service_request", lambda original: _numbered(_hiding(original))
    )
    # SQS and SNS would ask their policy again inside the call (a batch: once an entry). It was asked at the
    # door, with the request's whole context: the second answer, without it, could only be wrong.
    border.replace("ministack.services.sqs", "_enforce_queue_policy", lambda _: lambda *_: None)
    border.replace("ministack.services.sns", "_enforce_topic_policy", lambda _: lambda *_: None)


def _recording(original: Any) -> Any:
    def enforce(access_key_id: str, iam_action: str, *rest: Any, resource_arn: str = "*", **more: Any) -> Any:
        layers: list[Any] = []
        token = conformance.trace.set(layers)
        try:
            refused = original(access_key_id, iam_action, *rest, resource_arn=resource_arn, **more)
        finally:
            conformance.trace.reset(token)
        if layers:  # else authentication failed, or AWS always allows the action
            decision = decide(layers, iam_action, resource_arn, refused=refused is not None)
            decision = replace(decision, context=contexts.told(layers[0].lakenb_context))
            RECORDS.decided(decision, source="request", request=request_id.get())
            _refusal.set(decision.message)
        return refused

    return enforce


def decide(layers: list[Any], action: str, resource: str, *, refused: bool) -> Decision:
    """Return what the layers' answers come to.

    Parameters
    ----------
    layers
        The engine's answers in the order in which it gave them: identity policies (within
        their boundary and session policies) first, then the resource's policy.
    action, resource
        What was asked.
    refused
        Whether the engine refuses.
    """
    deciding, policy = _deciding(layers, refused=refused)
    outcome = OUTCOMES[deciding.decision]
    if refused and outcome == "ALLOWED":  # the identity allows, but a policy that must allow too does not
        outcome, policy = "IMPLICITLY_DENIED", "resource"
    principal = deciding.principal_arn
    message = refusal(Refused(principal, action, resource, outcome, policy)) if refused else ""
    if outcome == "IMPLICITLY_DENIED" and policy == "identity":
        policy = ""
    return Decision(
        principal, action, resource, outcome, policy, "" if not policy else deciding.matched_sid, message
    )


def _deciding(layers: list[Any], *, refused: bool) -> tuple[Any, str]:
    """Return the answer that decided, and the kind of policy that gave it."""
    identity, others = layers[0], layers[1:]
    own = identity.reason or "identity"
    wanted = "Deny" if refused else "Allow"
    if identity.decision == wanted:
        return identity, own
    other = next((layer for layer in others if layer.decision == wanted), None)
    return (identity, own) if other is None else (other, "resource")


def refusal(refused: Refused) -> str:
    """Return AWS's sentence for a refusal.

    Each service has its spelling: SQS writes actions in lower case, SNS its own name in
    capitals, S3 the resource in quotation marks.
    """
    service, _, name = refused.action.partition(":")
    action = {"sqs": refused.action.lower(), "sns": f"SNS:{name}"}.get(service, refused.action)
    resource = f'"{refused.resource}"' if service == "s3" else refused.resource
    kind = _KINDS[refused.policy]
    if refused.outcome == "EXPLICITLY_DENIED":
        reason = f"with an explicit deny in {'an' if kind.startswith('i') else 'a'} {kind}"
    else:
        reason = f"because no {kind} allows the {action} action"
    return (
        f"User: {refused.principal} is not authorized to perform: {action} on resource: {resource} {reason}"
    )


def _worded(original: Any) -> Any:
    def respond(*args: Any, **details: Any) -> Any:
        message = _refusal.get()
        if message and not details.get("error_code"):
            details["message"] = message
        return original(*args, **details)

    return respond


def _numbered(original: Any) -> Any:
    async def dispatch(*args: Any) -> Any:
        request_id.set(args[-1])
        _refusal.set("")
        return await original(*args)

    return dispatch


def _hiding(original: Any) -> Any:
    """Refuse, instead of 'no such key', whoever may not list the bucket: S3 does not say which keys exist.

    Source: S3 API, GetObject, "Permissions": without ``s3:ListBucket`` a missing object is 403.
    """
    router = border.module("ministack.core.router")
    enforce = border.of("ministack.core.iam_evaluator", "enforce")
    respond = border.of("ministack.core.iam_actions", "access_denied_response")
    account = border.of("ministack.core.responses", "get_account_id")
    buckets = border.of("ministack.services.s3", "_buckets")

    async def dispatch(*args: Any) -> Any:
        answer = await original(*args)
        if answer[0] != _NOT_FOUND:
            return answer
        method, path, headers, _, query_params, request = args
        if router.detect_service(method, path, headers, query_params) != "s3":
            return answer
        bucket, key = _sought(method, path, headers)
        if not key or not buckets.contains_scoped(account(), None, bucket):
            return answer
        access_key, region = (
            router.extract_access_key_id(headers, query_params),
            router.extract_region(headers, query_params),
        )
        if enforce(access_key, "s3:ListBucket", "s3", region, resource_arn=f"arn:aws:s3:::{bucket}") is None:
            return answer
        return respond("s3", "s3:ListBucket", "", request, headers=headers)

    return dispatch


def _sought(method: str, path: str, headers: Any) -> tuple[str, str]:
    """Return the bucket and key that a read looked for: a copy's source, else the path's own."""
    if method == "PUT":
        source = border.of("ministack.core.iam_actions", "_s3_source_object")(headers)
        return bucket_and_key(source[0].removeprefix("arn:aws:s3:::")) if source else ("", "")
    return bucket_and_key(path) if method in ("GET", "HEAD") else ("", "")
