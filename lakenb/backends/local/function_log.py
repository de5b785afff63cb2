"""What a function's log tells: the documents that it finished, and why it did not finish others."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.backends.local.seam import Emulator

_TIMED_OUT = re.compile(r"Task timed out after [0-9.]+ seconds")
# an invocation's lines lie between these two; a time-out is told before the second, or after it
_START, _END = "START RequestId: ", "END RequestId: "
_CRASHED = ("Crashed", "the function ended while it worked on this document")
_DRAGGED = ("Crashed", "the function ended while it worked on another document of the same batch")


@dataclass(slots=True)
class FunctionLog:
    """A node's log, as far as it was read.

    Parameters
    ----------
    finished
        By the event's id, the line that ended it, all of its outputs included.
    excuses
        By the event's id, kind and reason of the latest attempt that did not finish it.
    """

    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    excuses: dict[str, tuple[str, str]] = field(default_factory=dict)

    def read(self, emulator: Emulator, group: str) -> None:
        """Read a log group, each of its streams in time order."""
        for lines in _streams(emulator, group):
            self.read_stream(lines)

    def read_stream(self, lines: Iterable[str]) -> None:
        """Read the lines of one stream: one process's, so invocations follow each other."""
        begun: list[str] = []  # documents of the invocation that have no end yet, the current one last
        lost: list[str] = []  # those that the invocation left so
        ahead: dict[str, list[Any]] = {}  # outputs that did not fit the line that ends a document
        for line in lines:
            record = _record(line)
            if record:
                self._note(record, begun, ahead)
            elif line.startswith(_START):
                begun, lost = [], []
            elif line.startswith(_END):
                self._excuse(begun, _CRASHED)
                begun, lost = [], begun
            elif found := _TIMED_OUT.search(line):
                self._excuse(begun or lost, ("TimedOut", found[0]))
                begun, lost = [], []

    def _note(self, record: dict[str, Any], begun: list[str], ahead: dict[str, list[Any]]) -> None:
        event = str(record.get("eventId") or "")
        match record["lakenb"]:
            case "start":
                begun.append(event)
                ahead.pop(event, None)
            case "outputs":
                ahead.setdefault(event, []).extend(record["outputs"])
            case "done":
                record["outputs"] = ahead.pop(event, []) + record["outputs"]
                self.finished[event] = record
            case "failed" | "retry":
                self.excuses[event] = (str(record["kind"]), str(record["reason"]))
        if record["lakenb"] in {"done", "failed", "retry"} and event in begun:
            begun.remove(event)

    def _excuse(self, events: list[str], reason: tuple[str, str]) -> None:
        """Note why an invocation ended early: by its last document, which took the others with it."""
        self.excuses.update(dict.fromkeys(events[:-1], _DRAGGED) | dict.fromkeys(events[-1:], reason))


def json_object(text: str) -> dict[str, Any]:
    """Return the JSON object that a text is; an empty one if it is none."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _record(line: str) -> dict[str, Any]:
    return json_object(line) if line.startswith('{"lakenb"') else {}


def _streams(emulator: Emulator, group: str) -> Iterator[list[str]]:
    """Yield the lines of each log stream of a group, in time order."""
    pages = emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
    streams: dict[str, list[str]] = defaultdict(list)
    for page in pages:
        for event in page["events"]:
            streams[event["logStreamName"]] += event["message"].splitlines()
    yield from streams.values()
