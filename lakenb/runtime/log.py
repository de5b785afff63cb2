"""The function's log: one JSON object a line, without content and without metadata."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakenb.events import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.events import Document
    from lakenb.runtime.faults import FaultError, RetryError
    from lakenb.runtime.tasks import Outcome, Task

_OUTPUTS_A_LINE = (
    500  # a log event holds 256 KB (CloudWatch Logs quotas, the stricter reading); one takes 400 bytes
)


def now() -> str:
    """Return the time in UTC, in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _write_to_stdout(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()  # a function that is killed has said what it was doing


class Log:
    """Writes what happens to each message.

    Parameters
    ----------
    node
        The node's id.
    write
        Takes one line, without its end.
    """

    def __init__(self, node: str, write: Callable[[str], None] = _write_to_stdout) -> None:
        self._node = node
        self._write = write

    def start(self, task: Task) -> None:
        """Say that work begins."""
        self._line("start", task)

    def done(self, task: Task, outcome: Outcome, started_at: str, calls: Mapping[str, int]) -> None:
        """Say that a message's outputs are stored and its events are sent.

        Many outputs do not fit one line: all but the last go ahead in lines of their own (``outputs``).
        """
        outputs = [{"eventId": event_id, **_describe(document)} for event_id, document in outcome.outputs]
        while len(outputs) > _OUTPUTS_A_LINE:
            self._line("outputs", task, outputs=outputs[:_OUTPUTS_A_LINE])
            outputs = outputs[_OUTPUTS_A_LINE:]
        document = outcome.document
        inputs = {"url": document.url, "type": document.type, "size": document.size}
        more = {"startedAt": started_at, "endedAt": now(), "calls": dict(sorted(calls.items()))}
        if outcome.chain:
            more["chain"] = outcome.chain
        self._line("done", task, inputs=inputs, outputs=outputs, **more)

    def failed(self, task: Task, fault: FaultError, calls: Mapping[str, int]) -> None:
        """Say that a message went to the dead-letter queue."""
        self._line("failed", task, kind=fault.kind, reason=fault.reason, calls=dict(sorted(calls.items())))

    def retry(self, task: Task, error: RetryError, calls: Mapping[str, int]) -> None:
        """Say that a message goes back to its queue."""
        self._line("retry", task, kind=error.kind, reason=error.reason, calls=dict(sorted(calls.items())))

    def skipped(self, task: Task, reason: str) -> None:
        """Say that a message is none of a document."""
        self._line("skipped", task, reason=reason)

    def _line(self, event: str, task: Task, **fields: Any) -> None:
        head = {"lakenb": event, "node": self._node, "eventId": task.event_id, "messageId": task.message.id}
        self._write(write_json({**head, **fields}))


def _describe(document: Document) -> dict[str, Any]:
    return {"url": document.url, "type": document.type, "size": document.size, "etag": document.etag}
