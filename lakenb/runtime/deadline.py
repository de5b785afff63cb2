"""How long the function may still work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lakenb.runtime.faults import Kind, RetryError

if TYPE_CHECKING:
    from collections.abc import Callable

_MARGIN_MS = 1500  # what sending the events, or a dead letter, and a reply takes, with a call's hiccup
_MARGIN_MS_BEFORE_NEXT = 3000
_LARGEST_SHARE = 4  # of a short time-out, no more than a quarter is kept back


class Deadline:
    """Stops work while there is time left to say so.

    A function that is killed in the middle of a document says nothing, and its whole batch comes again.

    Parameters
    ----------
    remaining_ms
        Returns the milliseconds until the function is killed.
    """

    def __init__(self, remaining_ms: Callable[[], int]) -> None:
        self._remaining_ms = remaining_ms
        share = remaining_ms() / _LARGEST_SHARE
        self._margin_ms = min(_MARGIN_MS, share)
        self._margin_before_next_ms = min(_MARGIN_MS_BEFORE_NEXT, 2 * share)
        self._slowest_ms = 0.0
        self._began = time.monotonic()
        self._is_first = True

    def begin(self) -> None:
        """Begin with a document, unless the slowest so far would not have the time that it took.

        The first of a batch is always tried: else a short time-out would never get to one.

        Raises
        ------
        RetryError
            If too little time is left.
        """
        needed = max(self._margin_before_next_ms, self._slowest_ms + self._margin_ms)
        if not self._is_first and self._remaining_ms() < needed:
            raise RetryError(
                Kind.OUT_OF_TIME, "the function had too little time left to begin with this document"
            )
        self._is_first = False
        self._began = time.monotonic()

    def end(self) -> None:
        """Note how long the document took."""
        self._slowest_ms = max(self._slowest_ms, (time.monotonic() - self._began) * 1000)

    def check(self) -> None:
        """Stop a document that would outlast the function.

        Raises
        ------
        RetryError
            If too little time is left.
        """
        if self._remaining_ms() < self._margin_ms:
            reason = "the function ran out of time within this document: give the node a longer time-out"
            raise RetryError(Kind.OUT_OF_TIME, reason)
