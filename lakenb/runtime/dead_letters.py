"""The last place of a message whose document cannot be worked on: with the reason, without content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.events import MAX_MESSAGE_BYTES, write_json
from lakenb.runtime.faults import judged

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.faults import FaultError
    from lakenb.runtime.settings import Settings
    from lakenb.runtime.tasks import Task

_VERSION = 1
_ATTRIBUTES_BYTES = 1024  # what the attributes count of a message's size, generously


class DeadLetters:
    """Sends to the node's own dead-letter queue.

    Parameters
    ----------
    settings, clients
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients

    def send(self, task: Task, fault: FaultError) -> None:
        """Send one task's message with its fault."""
        node = self._settings.node
        with judged("sending to the dead-letter queue", is_own=True):
            self._clients.sqs.send_message(
                QueueUrl=self._settings.dead_letters,
                MessageBody=dead_letter(node, task, fault),
                MessageAttributes={
                    "node": {"DataType": "String", "StringValue": node},
                    "kind": {"DataType": "String", "StringValue": fault.kind},
                },
            )


def dead_letter(node: str, task: Task, fault: FaultError) -> str:
    """Return the body of a dead letter: one JSON object, short enough for a queue."""
    letter: dict[str, Any] = {
        "lakenb": _VERSION,
        "node": node,
        "eventId": task.event_id,
        "kind": fault.kind,
        "reason": fault.reason,
        "event": task.received,
        "document": task.document,
    }
    body = write_json(letter)
    if len(body) + _ATTRIBUTES_BYTES > MAX_MESSAGE_BYTES:
        reason = f"{fault.reason} (the event is left out: with it this letter would be too long for a queue)"
        body = write_json({**letter, "event": None, "reason": reason})
    return body
