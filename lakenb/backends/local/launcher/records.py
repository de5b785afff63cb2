"""What the launcher remembers for the run: decisions and deliveries, read incrementally."""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

_KEPT: Final = 1_200_000
_DROPPED_AT_ONCE: Final = 200_000
_GATE_MEMORY: Final = 50_000


@dataclass(slots=True)
class Log:
    """An append-only list that is read from a position on, and drops its oldest when it grows too long.

    Parameters
    ----------
    kept
        How many entries are kept at most.
    dropped_at_once
        How many of the oldest go when there are more.
    """

    kept: int = _KEPT
    dropped_at_once: int = _DROPPED_AT_ONCE
    _entries: list[tuple[Any, ...]] = field(default_factory=list)
    _dropped: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, entry: tuple[Any, ...]) -> None:
        """Append one entry."""
        with self._lock:
            self._entries.append(entry)
            if len(self._entries) > self.kept:
                del self._entries[: self.dropped_at_once]
                self._dropped += self.dropped_at_once

    def page(self, since: int, limit: int) -> dict[str, Any]:
        """Return the entries from position `since` on, and the position to ask for next."""
        with self._lock:
            start = max(since - self._dropped, 0)
            entries = self._entries[start : start + limit]
            following = self._dropped + start + len(entries)
            return {"next": following, "dropped": self._dropped, "total": self._dropped + len(self._entries),
                    "entries": entries}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of the policy engine: who, what, on what, and which statement decided.

    `policy` is "identity", "resource" or "boundary" (boundary or session policy), or "" when nothing allowed.
    `source` is "request", or "gate:<name>" where the emulator acts for itself.
    `context` is what `contexts.told` says of the request.
    """

    principal: str
    action: str
    resource: str
    outcome: str
    policy: str
    sid: str
    message: str
    context: str = ""


class Records:
    """Everything that is recorded while the emulator runs."""

    def __init__(self) -> None:
        self.decisions: Log = Log()
        self.deliveries: Log = Log()
        self._gates: dict[tuple[str, str, str, str, str], tuple[str, str, str]] = {}

    def decided(self, decision: Decision, *, source: str, request: str) -> None:
        """Record one decision."""
        self.decisions.add(
            (time.time(), source, request, sys.intern(decision.principal), sys.intern(decision.action),
             decision.resource, decision.outcome, decision.policy, decision.sid, decision.message,
             sys.intern(decision.context))
        )  # fmt: skip

    def gated(self, decision: Decision, *, gate: str) -> None:
        """Record a gate's decision, unless it is what that gate said last: a poller asks again and again."""
        key = (gate, decision.principal, decision.action, decision.resource, decision.context)
        said = (decision.outcome, decision.policy, decision.sid)
        if self._gates.get(key) == said:
            return
        if len(self._gates) > _GATE_MEMORY:
            self._gates.clear()
        self._gates[key] = said
        self.decided(decision, source=f"gate:{gate}", request="")

    def delivered(self, topic: str, endpoint: str, subscription: str, event: str, outcome: str) -> None:
        """Record what became of one message for one subscription."""
        self.deliveries.add((time.time(), topic, endpoint, subscription, event, outcome))


RECORDS: Final = Records()
