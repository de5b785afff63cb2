"""Every request is decided once, recorded once, and refused in AWS's own words."""

from __future__ import annotations

import contextvars
from typing import Any, Final

from . import border, conformance
from .actions import bucket_and_key
from .records import RECORDS, Decision

_NOT_FOUND: Final = 404
_OUTCOMES: Final = {"Allow": "ALLOWED", "Deny": "EXPLICITLY_DENIED", "ImplicitDeny": "IMPLICITLY_DENIED"}

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("lakenb_request_id", default="")
_refusal: contextvars.ContextVar[Decision | None] = contextvars.ContextVar("lakenb_refusal", default=None)


def install() -> None:
    """Record each decision, and word each refusal as AWS words it."""
    border.replace("ministack.core.iam_evaluator", "enforce", _recording)
    border.replace("ministack.core.iam_actions", "access_denied_response", _worded)
    border.replace(
        "ministack.app", "_dispatch_service_request", lambda original: _numbered(_hiding(original))
    )
    # SQS and SNS would ask their policy again inside the call (a batch: once an entry). It was asked at the door,
    # with the request's whole context: the second answer, without it, could only be wrong.
    border.replace("ministack.services.sqs", "_enforce_queue_policy", lambda _: lambda *_: None)
    border.replace("ministack.services.sns", "_enforce_topic_policy", lambda _: lambda *_: None)


def _recording(original: Any) -> Any:
    def enforce(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:
        layers: list[Any] = []
        token = conformance.trace.set(layers)
        try:
            refused = original(access_key_id, iam_action, service, region, resource_arn, service_context)
        finally:
            conformance.trace.reset(token)
        if layers:  # else authentication failed, or AWS always allows the action
            decision = decide(layers, refused, iam_action, service, resource_arn)
            RECORDS.decided(decision, source="request", request=request_id.get())
            if refused is not None:
                _refusal.set(decision)
        return refused

    return enforce


def decide(layers: list[Any], refused: Any, action: str, service: str, resource: str) -> Decision:
    """Return what the layers' answers come to.

    Parameters
    ----------
    layers
        The engine's answers in the order in which it gave them: identity policies (within
        their boundary and session policies) first, then the resource's policy.
    refused
        None when the request is allowed, else the engine's refusal.
    action, service, resource
        What was asked.
    """
    identity, others = layers[0], layers[1:]
    if refused is None:
        if identity.decision == "Allow" or not others:
            return _decision(identity, identity.reason or "identity", action, service, resource)
        allowing = next((layer for layer in others if layer.decision == "Allow"), others[-1])
        return _decision(allowing, "resource", action, service, resource)
    if identity.decision == "Deny":
        return _decision(identity, identity.reason or "identity", action, service, resource)
    denying = next((layer for layer in others if layer.decision == "Deny"), None)
    if denying is not None:
        return _decision(denying, "resource", action, service, resource)
    return _decision(identity, identity.reason, action, service, resource, outcome="IMPLICITLY_DENIED")


def _decision(
    layer: Any, policy: str, action: str, service: str, resource: str, *, outcome: str = ""
) -> Decision:
    outcome = outcome or _OUTCOMES[layer.decision]
    principal = layer.principal_arn
    message = "" if outcome == "ALLOWED" else refusal(principal, action, service, resource, outcome, policy)
    return Decision(principal, action, resource, outcome, policy, layer.matched_sid, message)


def refusal(principal: str, action: str, service: str, resource: str, outcome: str, policy: str) -> str:
    """Return AWS's sentence for a refusal.

    Each service has its spelling: SQS writes actions in lower case, SNS its own name in
    capitals, S3 the resource in quotation marks.
    """
    prefix, _, name = action.partition(":")
    if service == "sqs":
        action = action.lower()
    elif service == "sns":
        action = f"{prefix.upper()}:{name}"
    shown = f'"{resource}"' if service == "s3" else resource
    kind = {"identity": "identity-based policy", "resource": "resource-based policy", "boundary": "permissions boundary",
            "": "identity-based policy"}[policy]  # fmt: skip
    if outcome == "EXPLICITLY_DENIED":
        article = "an" if kind.startswith("i") else "a"
        reason = f"with an explicit deny in {article} {kind}"
    else:
        reason = f"because no {kind} allows the {action} action"
    return f"User: {principal} is not authorized to perform: {action} on resource: {shown} {reason}"


def _worded(original: Any) -> Any:
    def respond(service: str, action: str, principal: str, request: str, **details: Any) -> Any:
        refused = _refusal.get()
        if refused is not None and not details.get("error_code"):
            details["message"] = refused.message
        return original(service, action, principal, request, **details)

    return respond


def _numbered(original: Any) -> Any:
    async def dispatch(
        method: str, path: str, headers: Any, body: bytes, query_params: Any, request: str
    ) -> Any:
        request_id.set(request)
        _refusal.set(None)
        return await original(method, path, headers, body, query_params, request)

    return dispatch


def _hiding(original: Any) -> Any:
    """Refuse, instead of 'no such key', whoever may not list the bucket: S3 does not say which keys exist.

    Source: S3 API, GetObject, "Permissions": without ``s3:ListBucket`` a missing object is 403.
    """
    router = border.module("ministack.core.router")
    responses = border.module("ministack.core.responses")
    actions = border.module("ministack.core.iam_actions")

    async def dispatch(
        method: str, path: str, headers: Any, body: bytes, query_params: Any, request: str
    ) -> Any:
        answer = await original(method, path, headers, body, query_params, request)
        if answer[0] != _NOT_FOUND or method not in ("GET", "HEAD", "PUT"):
            return answer
        if router.detect_service(method, path, headers, query_params) != "s3":
            return answer
        bucket, key = _missing(method, path, headers, actions)
        known = border.of("ministack.services.s3", "_buckets")
        if not key or not known.contains_scoped(responses.get_account_id(), None, bucket):
            return answer
        access_key = router.extract_access_key_id(headers, query_params)
        region = router.extract_region(headers, query_params)
        engine = border.module("ministack.core.iam_evaluator")
        arn = f"arn:aws:s3:::{bucket}"
        if engine.enforce(access_key, "s3:ListBucket", "s3", region, resource_arn=arn) is None:
            return answer
        return actions.access_denied_response("s3", "s3:ListBucket", "", request, headers=headers)

    return dispatch


def _missing(method: str, path: str, headers: Any, actions: Any) -> tuple[str, str]:
    """Return the bucket and key that a read looked for: a copy's source, else the path's own."""
    if method == "PUT":
        source = actions._s3_source_object(headers)  # noqa: SLF001 - the border
        return bucket_and_key(source[0].removeprefix("arn:aws:s3:::")) if source else ("", "")
    return bucket_and_key(path)
