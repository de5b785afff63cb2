"""Gates: where the emulator acts for itself, the policies are asked all the same.

A mapping polls as the function's role, logs are written as the role, and services
deliver as service principals. What is not gated is listed in `ungated`.
"""

from __future__ import annotations

import datetime
import json
import threading
import time
from typing import Any, Final

from . import border, conformance, enforcement, keys
from .records import RECORDS, Decision

_ASK_AGAIN_AFTER: Final = 0.5  # seconds: a poller passes many times a second, a policy changes seldom
_POLL_ACTIONS: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_WRITE_LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_DELIVERIES: Final = {"sns.amazonaws.com": "sns-delivery", "s3.amazonaws.com": "s3-notification"}

_answers: dict[tuple[str, ...], tuple[float, bool]] = {}
_current = threading.local()  # the subscription being served, and whether its queue's policy allowed


def install(*, log_only: bool) -> None:
    """Ask the policies where the emulator does not, and log what became of each message.

    Parameters
    ----------
    log_only
        Log deliveries, change nothing.
    """
    border.replace("ministack.services.sns", "_matches_filter_policy", _noting_filter)
    border.replace("ministack.services.sns", "_deliver_to_sqs", lambda original: _logging(original, log_only))
    border.replace(
        "ministack.services.sqs", "queue_policy_allows", _noting_answer if log_only else _asking_queue
    )
    if log_only:
        return
    border.replace("ministack.services.lambda_svc", "_iter_all_esms", _polling_as_role)
    border.replace("ministack.services.lambda_svc", "_create_esm", _mapping_as_role)
    handlers = border.of("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    mapping = handlers["AWS::Lambda::EventSourceMapping"]
    mapping["create"] = _stack_mapping_as_role(mapping["create"])
    border.replace("ministack.services.lambda_svc", "_emit_lambda_logs", _logging_as_role)
    border.replace("ministack.services.eventbridge", "_invoke_target", _delivering_as_rule)


def role_may(gate: str, role: str, function: str, action: str, resource: str) -> bool:
    """Ask whether a function's role may do something itself, and record the answer."""
    engine = border.module("ministack.core.iam_evaluator")
    iam = border.module("ministack.services.iam")
    account, name = role.split(":")[4], role.rsplit("/", 1)[-1]
    service = action.split(":", 1)[0]
    principal = keys.session_arn(role, function)
    ctx = engine.EvalContext(principal_arn=principal, principal_type="AssumedRole", principal_account=account,
                             action=action, resource_arn=resource, region=_region())  # fmt: skip
    layers: list[Any] = []
    token = conformance.trace.set(layers)
    try:
        limits = engine._permissions_boundary(iam._roles, name, account)  # noqa: SLF001 - the border
        result = engine.evaluate(ctx, engine._gather_role_policies(name, account), *limits)  # noqa: SLF001
        found = engine._resource_policy(service, resource)  # noqa: SLF001 - the border
        if found is not None:
            result = engine.combine_resource_policy(result, ctx, *found, limits=limits)
    finally:
        conformance.trace.reset(token)
    refused = None if result.decision == "Allow" else result
    RECORDS.gated(enforcement.decide(layers, refused, action, service, resource), gate=gate)
    return refused is None


def service_may(
    gate: str, service: str, action: str, resource: str, policy: Any, context: dict[str, str]
) -> bool:
    """Ask a resource's policy whether an AWS service may act on it, and record the answer.

    Parameters
    ----------
    gate
        The gate's name in the record.
    service
        The service principal, such as ``sns.amazonaws.com``.
    action, resource, policy
        What it would do, on what, and that resource's policy.
    context
        The condition keys that AWS documents this service to send, in lower case.
    """
    engine = border.module("ministack.core.iam_evaluator")
    ctx = engine.EvalContext(principal_arn="*", principal_type="Service", principal_account="", action=action,
                             resource_arn=resource, region=_region(), service_context=context)  # fmt: skip
    result = engine.evaluate_resource_policy(policy, ctx, service=service)
    outcome = {"Allow": "ALLOWED", "Deny": "EXPLICITLY_DENIED"}.get(result.decision, "IMPLICITLY_DENIED")
    message = ""
    if outcome != "ALLOWED":
        message = enforcement.refusal(service, action, action.split(":", 1)[0], resource, outcome, "resource")
    decision = Decision(service, action, resource, outcome, "resource" if result.matched_sid or outcome == "ALLOWED"
                        else "", result.matched_sid, message)  # fmt: skip
    RECORDS.gated(decision, gate=gate)
    return outcome == "ALLOWED"


def _region() -> str:
    return str(border.module("ministack.core.responses").get_region())


def _queue_policy(arn: str) -> Any:
    queue = border.of("ministack.services.sqs", "_queue_by_arn")(arn)
    return None if queue is None else queue["attributes"].get("Policy") or ""


def _remembered(key: tuple[str, ...], ask: Any) -> bool:
    """Return the answer, asked again at most twice a second."""
    until, answer = _answers.get(key, (0.0, False))
    now = time.monotonic()
    if now >= until:
        answer = bool(ask())
        _answers[key] = (now + _ASK_AGAIN_AFTER, answer)
    return answer


# --- SNS and S3 to a queue -------------------------------------------------------------------------------------


def _asking_queue(_: Any) -> Any:
    def allows(queue_arn: str, service: str, source_arn: str, source_account: str) -> bool:
        context = {"aws:sourcearn": source_arn}
        if service == "s3.amazonaws.com":  # SNS documents the ARN alone
            context["aws:sourceaccount"] = source_account
        policy = _queue_policy(queue_arn)
        _current.allowed = policy is not None and service_may(
            _DELIVERIES.get(service, service), service, "sqs:SendMessage", queue_arn, policy, context
        )
        return bool(_current.allowed)

    return allows


def _noting_answer(original: Any) -> Any:
    def allows(*args: Any) -> bool:
        _current.allowed = original(*args)
        return bool(_current.allowed)

    return allows


def _noting_filter(original: Any) -> Any:
    def passes(subscription: Any, attributes: Any, message: str = "") -> bool:
        _current.subscription = subscription
        passed = bool(original(subscription, attributes, message))
        if not passed:
            RECORDS.delivered(_topic_of(subscription), subscription.get("endpoint", ""), subscription.get("arn", ""),
                              _event_id(message), "filtered")  # fmt: skip
        return passed

    return passes


def _topic_of(subscription: Any) -> str:
    return str(subscription.get("arn", "")).rpartition(":")[0]


def _event_id(message: str) -> str:
    """Return the `id` of a message that is a JSON object, else nothing."""
    if getattr(_current, "message", None) is message:
        return str(_current.event)
    try:
        body = json.loads(message)
    except ValueError:
        body = None
    _current.message = message
    _current.event = str(body.get("id", "")) if isinstance(body, dict) else ""
    return str(_current.event)


def _logging(original: Any, log_only: bool) -> Any:
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


def _redrive(subscription: Any, topic: str, body: str) -> None:
    """Send what a subscription's queue refused to the subscription's dead-letter queue, if that one's policy allows."""
    policy = subscription.get("attributes", {}).get("RedrivePolicy")
    if policy:
        target = json.loads(policy).get("deadLetterTargetArn", "")
        _put_dead_letter("sns-redrive", "sns.amazonaws.com", target, body, {"aws:sourcearn": topic}, {})


def _put_dead_letter(
    gate: str, service: str, target: str, body: str, context: dict[str, str], attributes: dict[str, str]
) -> None:
    policy = _queue_policy(target)
    if policy is None or not service_may(gate, service, "sqs:SendMessage", target, policy, context):
        return
    sqs = border.module("ministack.services.sqs")
    url = f"/{target.split(':')[4]}/{target.rsplit(':', 1)[-1]}"
    named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
    sqs._HANDLERS["SendMessage"]({"QueueUrl": url, "MessageBody": body, "MessageAttributes": named}, url)  # noqa: SLF001


# --- EventBridge to a queue or a topic -------------------------------------------------------------------------


def _delivering_as_rule(original: Any) -> Any:
    def invoke(target: Any, event: Any, rule: Any, view: Any = None) -> None:
        arn, rule_arn = target.get("Arn", ""), rule.get("Arn", "")
        if ":sqs:" not in arn and ":sns:" not in arn:
            original(target, event, rule, view)
            return
        if ":sqs:" in arn:
            policy = _queue_policy(arn)
            may = service_may("eventbridge-delivery", "events.amazonaws.com", "sqs:SendMessage", arn, policy or "",
                              {"aws:sourcearn": rule_arn})  # fmt: skip
        else:  # EventBridge documents no condition key for a topic
            topic = border.of("ministack.services.sns", "_topic_by_arn_any_scope")(arn)
            policy = (topic or {}).get("attributes", {}).get("Policy") or ""
            may = service_may("eventbridge-delivery", "events.amazonaws.com", "sns:Publish", arn, policy, {})
        if may:
            original(target, event, rule, view)
            return
        dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn", "")
        if dead_letters:
            reason = {"RULE_ARN": rule_arn, "TARGET_ARN": arn, "ERROR_CODE": "NO_PERMISSIONS"}
            _put_dead_letter("eventbridge-redrive", "events.amazonaws.com", dead_letters, json.dumps(event),
                             {"aws:sourcearn": rule_arn}, reason)  # fmt: skip

    return invoke


# --- Lambda, as the function's role ----------------------------------------------------------------------------


def _mapping_fault(function: Any, queue_arn: str) -> str:
    """Return why Lambda would refuse to map this queue to this function, or nothing."""
    config = function["config"]
    for action in _POLL_ACTIONS:
        if not role_may("mapping", config["Role"], config["FunctionName"], action, queue_arn):
            call = action.split(":", 1)[1]
            return f"The provided execution role does not have permissions to call {call} on SQS"
    queue = border.of("ministack.services.sqs", "_queue_by_arn")(queue_arn)
    visibility = int(queue["attributes"].get("VisibilityTimeout", "30")) if queue else 0
    timeout = int(config.get("Timeout", 3))
    if queue and visibility < timeout:
        return (f"Queue visibility timeout: {visibility} seconds is less than "
                f"Function timeout: {timeout} seconds")  # fmt: skip
    return ""


def _function_of(reference: str, qualifier: Any) -> Any:
    functions = border.module("ministack.services.lambda_svc")
    record, _ = functions._get_func_record_for_qualifier(reference, qualifier)  # noqa: SLF001 - the border
    return record


def _mapping_as_role(original: Any) -> Any:
    functions = border.module("ministack.services.lambda_svc")

    def create(data: Any) -> Any:
        source = data.get("EventSourceArn", "")
        if ":sqs:" in source:
            name, qualifier, error = functions._resolve_existing_esm_function(data.get("FunctionName", ""))  # noqa: SLF001
            record = None if error else _function_of(name, qualifier)
            fault = _mapping_fault(record, source) if record else ""
            if fault:
                return functions._invalid_parameter_value(fault)  # noqa: SLF001 - the border
        return original(data)

    return create


def _stack_mapping_as_role(original: Any) -> Any:
    def create(logical_id: str, properties: Any, stack_name: str) -> Any:
        made, attributes = original(logical_id, properties, stack_name)
        source = properties.get("EventSourceArn", "")
        esms = border.of("ministack.services.lambda_svc", "_esms")
        mapping = esms.get(made)
        record = (
            _function_of(mapping["FunctionName"], mapping["Qualifier"])
            if mapping and ":sqs:" in source
            else None
        )
        fault = _mapping_fault(record, source) if record else ""
        if fault:
            esms.pop(made, None)
            raise ValueError(f"Invalid request provided: {fault} (Service: Lambda, Status Code: 400)")
        return made, attributes

    return create


def _polling_as_role(original: Any) -> Any:
    scope = border.module("ministack.core.responses").request_scope

    def mappings() -> Any:
        for account, region, mapping in original():
            source = mapping.get("EventSourceArn", "")
            if ":sqs:" in source:
                with scope(account, region):
                    if not _remembered(("poll", mapping["UUID"]), lambda m=mapping: _may_poll(m)):
                        continue
            yield account, region, mapping

    return mappings


def _may_poll(mapping: Any) -> bool:
    record = _function_of(mapping["FunctionName"], mapping.get("Qualifier"))
    if record is None:
        return False
    config = record["config"]
    asked = [role_may("poll", config["Role"], config["FunctionName"], action, mapping["EventSourceArn"])
             for action in _POLL_ACTIONS]  # fmt: skip
    return all(asked)


def _logging_as_role(original: Any) -> Any:
    def emit(function: Any, *args: Any, **kwargs: Any) -> None:
        config = function.get("config") or function
        name = config.get("FunctionName", "")
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
        if _remembered(("logs", config.get("FunctionArn", ""), config.get("Role", ""), group),
                       lambda: _may_log(config, group)):  # fmt: skip
            original(function, *args, **kwargs)

    return emit


def _may_log(config: Any, group: str) -> bool:
    function_arn = config["FunctionArn"].split(":")
    region, account = function_arn[3], function_arn[4]
    today = datetime.datetime.now(datetime.UTC).strftime("%Y/%m/%d")
    group_arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    stream_arn = f"{group_arn}:log-stream:{today}/[{config.get('Version', '$LATEST')}]{'0' * 32}"
    groups = border.of("ministack.services.cloudwatch_logs", "_log_groups")
    role, name = config["Role"], config["FunctionName"]
    if group not in groups and not role_may(
        "logs", role, name, "logs:CreateLogGroup", f"{group_arn}:log-stream:"
    ):
        return False
    return all([role_may("logs", role, name, action, stream_arn) for action in _WRITE_LOG_ACTIONS])
