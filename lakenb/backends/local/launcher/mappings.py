"""Lambda, as the function's role: a mapping polls its queue, and logs are written, only if that role may."""

from __future__ import annotations

import datetime as dt
import functools
from typing import TYPE_CHECKING, Any, Final

from . import border, gates

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LAMBDA: Final = "ministack.services.lambda_svc"
_POLL_ACTIONS: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_WRITE_LOG_ACTIONS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")


def install() -> None:
    """Ask a function's role where Lambda acts as it."""
    border.replace(_LAMBDA, "_iter_all_esms", _polling_as_role)
    border.replace(_LAMBDA, "_create_esm", _mapping_as_role)
    handlers = border.of("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")
    mapping = handlers["AWS::Lambda::EventSourceMapping"]
    mapping["create"] = _stack_mapping_as_role(mapping["create"])
    border.replace(_LAMBDA, "_emit_lambda_logs", _logging_as_role)


def _function(name: str, qualifier: Any) -> Mapping[str, Any] | None:
    """Return a function's configuration, or None when there is no such function."""
    record, _ = border.of(_LAMBDA, "_get_func_record_for_qualifier")(name, qualifier)
    return record["config"] if record else None


def _fault(function: Mapping[str, Any], queue_arn: str) -> str:
    """Return why Lambda would refuse to map this queue to this function, or nothing."""
    for action in _POLL_ACTIONS:
        if not gates.role_may("mapping", function, action, queue_arn):
            call = action.split(":", 1)[1]
            return f"The provided execution role does not have permissions to call {call} on SQS"
    queue = border.of("ministack.services.sqs", "_queue_by_arn")(queue_arn)
    if queue is None:
        return ""
    visibility = int(queue["attributes"].get("VisibilityTimeout", "30"))
    timeout = int(function.get("Timeout", 3))
    if visibility < timeout:
        return (
            f"Queue visibility timeout: {visibility} seconds is less than Function timeout: {timeout} seconds"
        )
    return ""


def _mapping_as_role(original: Any) -> Any:
    """Refuse a mapping as Lambda does, when it is made by a call."""

    def create(data: Mapping[str, Any]) -> Any:
        source = data.get("EventSourceArn", "")
        if ":sqs:" in source:
            resolve = border.of(_LAMBDA, "_resolve_existing_esm_function")
            name, qualifier, error = resolve(data.get("FunctionName", ""))
            function = None if error else _function(name, qualifier)
            fault = _fault(function, source) if function else ""
            if fault:
                return border.of(_LAMBDA, "_invalid_parameter_value")(fault)
        return original(data)

    return create


def _stack_mapping_as_role(original: Any) -> Any:
    """Refuse a mapping as Lambda does, when a stack makes it."""

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        made, attributes = original(logical_id, properties, stack_name)
        source = properties.get("EventSourceArn", "")
        mappings = border.of(_LAMBDA, "_esms")
        mapping = mappings.get(made)
        if mapping and ":sqs:" in source:
            function = _function(mapping["FunctionName"], mapping["Qualifier"])
            fault = _fault(function, source) if function else ""
            if fault:
                mappings.pop(made, None)
                raise ValueError(f"Invalid request provided: {fault} (Service: Lambda, Status Code: 400)")
        return made, attributes

    return create


def _polling_as_role(original: Any) -> Any:
    scope = border.of("ministack.core.responses", "request_scope")

    def mappings() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        for account, region, mapping in original():
            if ":sqs:" in mapping.get("EventSourceArn", ""):
                ask = functools.partial(_may_poll, mapping)
                with scope(account, region):
                    if not gates.remembered(("poll", mapping["UUID"]), ask):
                        continue
            yield account, region, mapping

    return mappings


def _may_poll(mapping: Mapping[str, Any]) -> bool:
    function = _function(mapping["FunctionName"], mapping.get("Qualifier"))
    if function is None:
        return False
    # Each is asked, so that the record holds all three.
    asked = [gates.role_may("poll", function, action, mapping["EventSourceArn"]) for action in _POLL_ACTIONS]
    return all(asked)


def _logging_as_role(original: Any) -> Any:
    def emit(function: Mapping[str, Any], *args: Any, **kwargs: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        key = ("logs", config["FunctionArn"], config["Role"], group)
        if gates.remembered(key, lambda: _may_log(config, group)):
            original(function, *args, **kwargs)

    return emit


def _may_log(function: Mapping[str, Any], group: str) -> bool:
    region, account = function["FunctionArn"].split(":")[3:5]
    group_arn = f"arn:aws:logs:{region}:{account}:log-group:{group}"
    groups = border.of("ministack.services.cloudwatch_logs", "_log_groups")
    if group not in groups and not gates.role_may(
        "logs", function, "logs:CreateLogGroup", f"{group_arn}:log-stream:"
    ):
        return False
    today = dt.datetime.now(dt.UTC).strftime("%Y/%m/%d")
    stream = f"{group_arn}:log-stream:{today}/[{function.get('Version', '$LATEST')}]{'0' * 32}"
    asked = [gates.role_may("logs", function, action, stream) for action in _WRITE_LOG_ACTIONS]
    return all(asked)
