"""Fixtures that several rooms share."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from lakenb.backends.local.emulator import start_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.emulator import LocalEmulator


# A job that a script starts in the background inherits that interrupts are ignored, and so would all that
# these tests start and interrupt: they would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def emulator() -> Iterator[LocalEmulator]:
    """One embedded AWS for all tests that only add to it, under names of their own."""
    with start_emulator() as running:
        yield running
