"""An embedded AWS that the CDK CLI has bootstrapped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.backends.local.emulator import start_emulator
from tests.backends.cdk.cli import Cli

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def cli(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The CLI, and the account that it has bootstrapped."""
    with start_emulator() as emulator:
        made = Cli(emulator, tmp_path_factory.mktemp("home"))
        ran = made("bootstrap", f"aws://{emulator.account}/{emulator.region}")
        assert ran.returncode == 0, ran.stderr
        yield made
