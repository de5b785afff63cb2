"""Waits of state machines, by a clock that a run may put forward.

While it waits, an execution counts as something that will happen, like a schedule, and not as under way.
"""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_moved: Final = threading.Condition()
_waiting: Final[list[Wait]] = []


@dataclass(slots=True, eq=False)
class Wait:
    """One execution that waits.

    Parameters
    ----------
    due
        When it goes on, in seconds since the epoch.
    """

    due: float

    def sit(self) -> None:
        """Wait until it is due."""
        with _moved:
            while (left := self.due - time.time()) > 0:
                _moved.wait(left)


@contextlib.contextmanager
def listed(wait: Wait) -> Iterator[Wait]:
    """List a wait among those that go on some day."""
    with _moved:
        _waiting.append(wait)
    try:
        yield wait
    finally:
        with _moved:
            _waiting.remove(wait)


def dues() -> tuple[float, ...]:
    """Return when each of those that wait goes on."""
    with _moved:
        return tuple(wait.due for wait in _waiting)


def bring_nearer(seconds: float) -> None:
    """Let all that wait go on so much earlier: those that began after one another still end so."""
    with _moved:
        for wait in _waiting:
            wait.due -= seconds
        _moved.notify_all()
