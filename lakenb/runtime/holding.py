"""Handing events to the node's own state machine, in which they wait and which then publishes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakenb.events import write_json
from lakenb.runtime.faults import FaultError, Kind, RetryError, judge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.publish import Verdict

# AWS Step Functions Developer Guide, "Step Functions service quotas": input of an execution, in bytes
_MAX_INPUT_BYTES = 262_144
_DOING = "letting the event wait"
# One name is one execution (API reference, StartExecution): the event came twice, and waits or has waited.
_STARTED_BEFORE = "ExecutionAlreadyExists"
_TOO_MANY = "ExecutionLimitExceeded"


class Holder:
    """Lets events wait.

    Parameters
    ----------
    machine
        The state machine's ARN.
    clients
        The function's own.
    """

    def __init__(self, machine: str, clients: Clients) -> None:
        self._machine = machine
        self._clients = clients

    def publish(self, messages: Sequence[str], deadline: Deadline) -> list[Verdict]:
        """Start an execution for each message, and return for each what went wrong with it, or None."""
        verdicts: list[Verdict] = []
        for message in messages:
            try:
                deadline.check()
                self._start(message)
                verdicts.append(None)
            except (FaultError, RetryError) as verdict:
                verdicts.append(verdict)
        return verdicts

    def _start(self, message: str) -> None:
        """Start the one execution of an event: its id is the execution's name."""
        event = json.loads(message)
        held = write_json({"id": event["id"], "document": event["data"]["document"], "message": message})
        if len(held) > _MAX_INPUT_BYTES:
            reason = f"the event has {len(held)} bytes; a state machine takes {_MAX_INPUT_BYTES}"
            raise FaultError(Kind.TOO_LARGE, reason)
        try:
            self._clients.states.start_execution(stateMachineArn=self._machine, name=event["id"], input=held)
        except Exception as error:
            if _code(error) == _STARTED_BEFORE:
                return
            raise _verdict(error) from error


def _verdict(error: Exception) -> FaultError | RetryError:
    """Return the verdict on a start that failed; what is not known is the surroundings' and may pass."""
    code = _code(error)
    if code == _TOO_MANY:
        return RetryError(Kind.THROTTLED, f"{_DOING} was refused: too many events wait ({code})")
    known = judge(error, _DOING, is_own=True)
    return known or RetryError(Kind.NOT_PUBLISHED, f"{_DOING} failed ({code or type(error).__name__})")


def _code(error: Exception) -> str:
    response = getattr(error, "response", None)
    return str(response.get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""
