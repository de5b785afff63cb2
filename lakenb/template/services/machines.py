"""The state machine in which a node's events wait.

It waits, publishes the event to the node's topic, and, where that fails for good, puts it into the node's
dead-letter queue. Its input is ``{"id", "document", "message"}``: see `lakenb.runtime.holding`.

Logging and tracing are off. A role that may deliver logs needs eight actions of CloudWatch Logs for which AWS
knows no resource, logs:PutResourcePolicy among them, and tracing four of X-Ray (AWS Step Functions Developer
Guide, "Using CloudWatch Logs to log execution history" and "Trace request data with AWS X-Ray"). A standard
state machine keeps each execution's history for 90 days without either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.catalog.delaying import Delay
from lakenb.template.names import Kind, machine_name
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from lakenb.template.resources import Resource, View

# What SNS and SQS refuse in passing is tried again over four minutes: then the event is a dead letter.
_RETRY = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 5, "BackoffRate": 3}]
_REASON = "States.Format('publishing the event after its wait failed ({})', $.error.Error)"
_LETTER_VERSION = 1  # of dead letters, as the runtime writes them


def resources(view: View) -> dict[Kind, Resource]:
    """Return the state machine. Its role is made of what `lakenb.security.services.machines` says."""
    properties = {
        "Definition": definition(view),
        "DefinitionSubstitutions": {
            "DeadLetters": {"Ref": view.id(Kind.DEAD_LETTERS)},
            "Topic": {"Ref": view.id(Kind.TOPIC)},
        },
        "RoleArn": view.arn(Kind.MACHINE_ROLE),
        # a name of its own: the role, which must exist before, is given to this state machine alone
        "StateMachineName": machine_name(view.node),
        "StateMachineType": "STANDARD",
    }
    return {Kind.MACHINE: resource("AWS::StepFunctions::StateMachine", properties)}


def environment(view: View) -> dict[str, Any]:
    """Return what the node's function is told of its state machine."""
    return {"LAKENB_MACHINE": {"Ref": view.id(Kind.MACHINE)}}


def definition(view: View) -> dict[str, Any]:
    """Return the Amazon States Language of the machine, with placeholders for what is made beside it."""
    step = view.step
    assert isinstance(step, Delay)  # noqa: S101 - the one middleware that waits in a state machine
    return {
        "Comment": f"Events wait here at the node {view.node}",
        "StartAt": "Wait",
        "States": {
            "Wait": {"Type": "Wait", **step.wait(), "Next": "Publish"},
            "Publish": {
                "Type": "Task",
                "Resource": {"Fn::Sub": "arn:${AWS::Partition}:states:::sns:publish"},
                "Parameters": {"TopicArn": "${Topic}", "Message.$": "$.message"},
                "Retry": _RETRY,
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Keep"}],
                "End": True,
            },
            "Keep": {
                "Type": "Task",
                "Resource": {"Fn::Sub": "arn:${AWS::Partition}:states:::sqs:sendMessage"},
                "Parameters": {
                    "QueueUrl": "${DeadLetters}",
                    "MessageBody": _letter(view.node),
                    "MessageAttributes": {
                        "node": {"DataType": "String", "StringValue": view.node},
                        "kind": {"DataType": "String", "StringValue": "NotPublished"},
                    },
                },
                "Retry": _RETRY,
                "Next": "NotPublished",
            },
            "NotPublished": {
                "Type": "Fail",
                "Error": "NotPublished",
                "Cause": "the event is in the dead-letter queue of its node",
            },
        },
    }


def _letter(node: str) -> dict[str, Any]:
    """Return the dead letter of an event that could not be published, as functions write theirs."""
    return {
        "lakenb": _LETTER_VERSION,
        "node": node,
        "eventId.$": "$.id",
        "kind": "NotPublished",
        "reason.$": _REASON,
        "event.$": "States.StringToJson($.message)",
        "document.$": "$.document",
    }
