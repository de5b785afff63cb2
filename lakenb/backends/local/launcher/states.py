"""Step Functions, as the state machine's role: a task acts only if that role may.

The emulator asks nobody. AWS takes the role by its trust policy when a state machine is made and when an
execution begins, and each task needs what its call needs (AWS Step Functions Developer Guide, "Creating an
IAM role for your state machine").
"""

from __future__ import annotations

import contextvars
import time
from typing import TYPE_CHECKING, Any, Final

from . import border, gates, keyed, watch
from .waits import Wait, listed

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATES: Final = "ministack.services.stepfunctions"
_SERVICE: Final = "states.amazonaws.com"
_TYPE: Final = "AWS::StepFunctions::StateMachine"
_LONGEST_PAUSE: Final = 0.5  # seconds before a refused call is tried again: here it is refused again
# AWS's own sentence on CreateStateMachine
_NOT_TRUSTED: Final = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume"
    " the provided role."
)
# How the AWS SDK, and so a state machine's history, names the refusals of the two services.
_REFUSALS: Final = {
    "sns:Publish": "SNS.AuthorizationErrorException",
    "sqs:SendMessage": "SQS.SqsException",
}

_execution: contextvars.ContextVar[Mapping[str, Any] | None] = contextvars.ContextVar(
    "lakenb_execution", default=None
)
_waits: contextvars.ContextVar[bool] = contextvars.ContextVar("lakenb_waits", default=False)


def install() -> None:
    """Ask a state machine's role for what its tasks do, and its trust for the role itself."""
    handlers = border.of("ministack.services.cloudformation.provisioners", "_RESOURCE_HANDLERS")[_TYPE]
    handlers["create"] = _made_with_trust(handlers["create"])
    border.replace(_STATES, "_start_execution", _under_key)
    border.replace(_STATES, "_execute_task", _noting_execution)
    border.replace(_STATES, "_invoke_resource", _as_role)
    border.replace(_STATES, "_execute_wait", _noting_wait)
    border.replace(_STATES, "_scaled_sleep", _sleeping)


def _made_with_trust(original: Any) -> Any:
    """Refuse a state machine whose role does not trust it, when a stack makes it."""

    def create(logical_id: str, properties: Mapping[str, Any], stack_name: str) -> Any:
        arn, attributes = original(logical_id, properties, stack_name)
        machines = border.of(_STATES, "_state_machines")
        if not _is_trusted(machines[arn]["roleArn"], arn):
            machines.pop(arn, None)
            raise ValueError(f"{_NOT_TRUSTED} (Service: Sfn, Status Code: 400)")
        return arn, attributes

    return create


def _is_trusted(role_arn: str, machine: str) -> bool:
    """Ask a role's trust policy whether Step Functions may take it for a state machine."""
    context = {"aws:sourcearn": machine, "aws:sourceaccount": machine.split(":")[4]}
    return gates.service_may_take(gates.Caller("states-role", _SERVICE, context), role_arn)


def _under_key(original: Any) -> Any:
    """Begin an execution under a key only if the state machine's role may use the key for it.

    Source: AWS Step Functions Developer Guide, "Data at rest encryption in Step Functions": the role needs
    both actions, the caller none.
    """

    def start(data: Mapping[str, Any]) -> Any:
        machine = str(data.get("stateMachineArn", ""))
        asked = keyed.of_machine(machine)
        if asked is not None:
            role = border.of(_STATES, "_state_machines")[machine]["roleArn"]
            session = {"Role": role, "FunctionName": str(data.get("name", ""))}
            for action in asked.actions:
                if not gates.role_may("states-key", session, action, asked.key, asked.context):
                    message = f"the role of {machine} may not {action} with {asked.key}"
                    return border.of(_STATES, "error_response_json")("KmsAccessDeniedException", message, 400)
        return original(data)

    return start


def _noting_execution(original: Any) -> Any:
    """Remember whose task it is that is done now."""

    def execute(state: Any, given: Any, execution: Mapping[str, Any], context: Any) -> Any:
        token = _execution.set(execution)
        try:
            return original(state, given, execution, context)
        finally:
            _execution.reset(token)

    return execute


def _as_role(original: Any) -> Any:
    """Do a task's call only if the state machine's role may make it."""

    def invoke(resource: str, given: Mapping[str, Any]) -> Any:
        fail = border.of(_STATES, "_ExecutionError")
        call = _call(resource, given)
        if call is None:
            raise fail("States.Runtime", f"{resource} is not served here: only SNS and SQS are")
        execution = _execution.get() or {}
        machine = execution.get("stateMachineArn", "")
        role = border.of(_STATES, "_state_machines")[machine]["roleArn"]
        if not _is_trusted(role, machine):
            raise fail("States.TaskFailed", _NOT_TRUSTED)
        session = {"Role": role, "FunctionName": str(execution.get("name", ""))}
        if not gates.role_may("states-task", session, *call):
            raise fail(_REFUSALS[call[0]], f"not authorized to perform: {call[0]} on resource: {call[1]}")
        return original(resource, given)

    return invoke


def _call(resource: str, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the action and the resource of a task, or None for a service that is not asked here."""
    match resource.partition(":states:::")[2]:
        case "sns:publish":
            return "sns:Publish", str(given.get("TopicArn", ""))
        case "sqs:sendMessage":
            account, name = str(given.get("QueueUrl", "")).split("/")[-2:]
            region = border.of("ministack.core.responses", "get_region")()
            return "sqs:SendMessage", f"arn:aws:sqs:{region}:{account}:{name}"
        case _:
            return None


def _noting_wait(original: Any) -> Any:
    """Tell a wait that the definition asks for from a pause before another try."""

    def wait(*args: Any) -> Any:
        token = _waits.set(True)
        try:
            return original(*args)
        finally:
            _waits.reset(token)

    return wait


def _sleeping(original: Any) -> Any:
    """Let a wait be one that a run may skip, and a pause be short; the definition stays what it is."""

    def sleep(seconds: float) -> None:
        if _waits.get():
            # listed before it counts as at rest, and until it counts as under way again
            with listed(Wait(time.time() + seconds)) as wait, watch.at_rest("stepfunctions"):
                wait.sit()
        else:
            original(min(seconds, _LONGEST_PAUSE))

    return sleep
