"""Fixtures that several rooms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.backends.local.emulator import start_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.emulator import LocalEmulator


@pytest.fixture(scope="session")
def emulator() -> Iterator[LocalEmulator]:
    """One embedded AWS for all tests that only add to it, under names of their own."""
    with start_emulator() as running:
        yield running
