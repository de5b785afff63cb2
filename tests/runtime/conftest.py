"""A node's surroundings in the embedded AWS, without a function: the runtime runs in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.runtime.clients import Clients
from tests.runtime.room import Room

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator


@pytest.fixture(scope="session")
def clients(emulator: LocalEmulator) -> Clients:
    """Clients of the embedded AWS, made once."""
    return Clients(emulator.client)


@pytest.fixture
def room(emulator: LocalEmulator, clients: Clients) -> Room:
    """Buckets, a topic with a listener, and a dead-letter queue of the test's own."""
    return Room(emulator, clients)
