"""Ending without being interrupted in the middle of it."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore interrupts for the moment that ending takes: a second one would leave things behind."""
    is_ours = threading.current_thread() is threading.main_thread()  # where interrupts arrive
    earlier = signal.getsignal(signal.SIGINT)
    if not is_ours or earlier is None:  # None: a handler that could not be put back
        yield
        return
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
