"""Read back state machines: what they do, as whom, and under which key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack

# AWS::StepFunctions::StateMachine, and the same in the API's spelling
_ENCRYPTION = {
    "Type": "type",
    "KmsKeyId": "kmsKeyId",
    "KmsDataKeyReusePeriodSeconds": "kmsDataKeyReusePeriodSeconds",
}


def state_machine(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield property, as the template has it, as the service tells it."""
    arn = stack.physical[logical_id]
    found = emulator.client("stepfunctions").describe_state_machine(stateMachineArn=arn)
    yield "StateMachineName", wanted["StateMachineName"], found["name"]
    yield "StateMachineType", wanted["StateMachineType"], found["type"]
    yield "RoleArn", wanted["RoleArn"], found["roleArn"]
    yield "Definition", _definition(wanted), json.loads(found["definition"])
    encryption = wanted.get("EncryptionConfiguration", {"Type": "AWS_OWNED_KEY"})
    told = found.get("encryptionConfiguration", {})
    for name, value in encryption.items():
        yield f"EncryptionConfiguration.{name}", value, told.get(_ENCRYPTION[name])


def _definition(wanted: dict[str, Any]) -> Any:
    """Return the definition with its placeholders filled in, as CloudFormation does it."""
    text = json.dumps(wanted["Definition"])
    for name, value in wanted["DefinitionSubstitutions"].items():
        text = text.replace(f"${{{name}}}", value)
    return json.loads(text)
