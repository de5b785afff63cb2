"""Deliveries by services to queues and topics: asked, logged, and redriven where they are refused."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final

from . import border, filtering, gates
from .records import RECORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

_SNS: Final = "ministack.services.sns"
_SQS: Final = "ministack.services.sqs"
_EVENTS: Final = "ministack.services.eventbridge"
_GATES: Final = {"sns.amazonaws.com": "sns-delivery", "s3.amazonaws.com": "s3-notification"}

_current = (
    threading.local()
)  # the subscription being served, whether its queue's policy allowed, the event's id


def install(*, log_only: bool) -> None:
    """Log what becomes of each published message, and ask the policies where the emulator does not.

    Parameters
    ----------
    log_only
        Log, change nothing.
    """
    if not log_only:
        border.replace(_SNS, "_matches_filter_policy", filtering.on_bodies)
    border.replace(_SNS, "_matches_filter_policy", _noting_filter)
    border.replace(_SNS, "_deliver_to_sqs", lambda original: _logging(original, log_only=log_only))
    border.replace(_SQS, "queue_policy_allows", _noting_answer if log_only else _asking_queue)
    if not log_only:
        border.replace(_EVENTS, "_invoke_target", _delivering_as_rule)


def _queue_policy(arn: str) -> Any:
    """Return a queue's policy, "" when it has none, None when there is no such queue."""
    queue = border.of(_SQS, "_queue_by_arn")(arn)
    return None if queue is None else queue["attributes"].get("Policy") or ""


def _asking_queue(_: Any) -> Any:
    def allows(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
        context = {"aws:sourcearn": source_arn}
        if service == "s3.amazonaws.com":  # SNS documents the ARN alone
            context["aws:sourceaccount"] = source_account
        caller = gates.Caller(_GATES.get(service, service), service, context)
        policy = _queue_policy(queue_arn)
        _current.allowed = policy is not None and gates.service_may(
            caller, "sqs:SendMessage", queue_arn, policy
        )
        return bool(_current.allowed)

    return allows


def _noting_answer(original: Any) -> Any:
    def allows(*args: Any) -> bool:
        _current.allowed = original(*args)
        return bool(_current.allowed)

    return allows


def _noting_filter(original: Any) -> Any:
    def passes(subscription: Mapping[str, Any], attributes: Any, message: str = "") -> bool:
        _current.subscription = subscription
        passed = bool(original(subscription, attributes, message))
        if not passed:
            arn, endpoint = str(subscription.get("arn", "")), subscription.get("endpoint", "")
            RECORDS.delivered(arn.rpartition(":")[0], endpoint, arn, _event_id(message), "filtered")
        return passed

    return passes


def _event_id(message: str) -> str:
    """Return the `id` of a message that is a JSON object, else nothing."""
    if getattr(_current, "message", None) is not message:  # else: the next subscription of the same topic
        try:
            body = json.loads(message)
        except ValueError:
            body = None
        _current.message = message
        _current.event = str(body.get("id", "")) if isinstance(body, dict) else ""
    return str(_current.event)


def _logging(original: Any, *, log_only: bool) -> Any:
    def deliver(endpoint: str, envelope: str, raw: bool, raw_message: str, **options: Any) -> None:
        _current.allowed = None
        original(endpoint, envelope, raw, raw_message, **options)
        outcome = "delivered" if _current.allowed else "undeliverable"
        subscription = getattr(_current, "subscription", None) or {}
        topic = options.get("topic_arn", "")
        if outcome == "undeliverable" and not log_only:
            _redrive(subscription, topic, raw_message if raw else envelope)
        RECORDS.delivered(topic, endpoint, subscription.get("arn", ""), _event_id(raw_message), outcome)

    return deliver


def _redrive(subscription: Mapping[str, Any], topic: str, body: str) -> None:
    """Send what a queue refused to its subscription's dead-letter queue, if that one's policy allows."""
    policy = subscription.get("attributes", {}).get("RedrivePolicy")
    if policy:
        target = json.loads(policy).get("deadLetterTargetArn", "")
        caller = gates.Caller("sns-redrive", "sns.amazonaws.com", {"aws:sourcearn": topic})
        _put_dead_letter(caller, target, body, {})


def _put_dead_letter(caller: gates.Caller, target: str, body: str, reason: Mapping[str, str]) -> None:
    policy = _queue_policy(target)
    if policy is None or not gates.service_may(caller, "sqs:SendMessage", target, policy):
        return
    url = f"/{target.split(':')[4]}/{target.rsplit(':', 1)[-1]}"
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in reason.items()}
    message = {"QueueUrl": url, "MessageBody": body, "MessageAttributes": attributes}
    border.of(_SQS, "_HANDLERS")["SendMessage"](message, url)


def _delivering_as_rule(original: Any) -> Any:
    def invoke(target: Mapping[str, Any], event: Any, rule: Mapping[str, Any], view: Any = None) -> None:
        arn = target.get("Arn", "")
        if not (":sqs:" in arn or ":sns:" in arn) or _rule_may(arn, rule.get("Arn", "")):
            original(target, event, rule, view)
            return
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
        if dead_letters:
            rule_arn = rule.get("Arn", "")
            reason = {"RULE_ARN": rule_arn, "TARGET_ARN": arn, "ERROR_CODE": "NO_PERMISSIONS"}
            caller = gates.Caller("eventbridge-redrive", "events.amazonaws.com", {"aws:sourcearn": rule_arn})
            seen = view or border.of(_EVENTS, "_pattern_event_view")(event)
            _put_dead_letter(caller, dead_letters, json.dumps(seen.event_with_detail()), reason)

    return invoke


def _rule_may(target: str, rule: str) -> bool:
    """Ask the target's policy whether EventBridge may deliver a rule's events to it."""
    if ":sqs:" in target:
        caller = gates.Caller("eventbridge-delivery", "events.amazonaws.com", {"aws:sourcearn": rule})
        return gates.service_may(caller, "sqs:SendMessage", target, _queue_policy(target) or "")
    # EventBridge documents no condition key for a topic.
    caller = gates.Caller("eventbridge-delivery", "events.amazonaws.com", {})
    topic = border.of(_SNS, "_topic_by_arn_any_scope")(target) or {}
    return gates.service_may(caller, "sns:Publish", target, topic.get("attributes", {}).get("Policy") or "")
