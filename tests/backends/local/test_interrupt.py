"""Interrupting or killing a run, whatever it is doing: no process, port or file of it stays behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

import lakenb as lk
from tests.backends.local.embedded import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(lk.__file__).parents[1]
STAGES = ("starting the embedded AWS", "deploying the template", "putting documents", "running")
DOCUMENTS = 30
ENDED = 10.0  # generous; what was measured goes into pytest's log (--log-level=INFO)
LOG = logging.getLogger(__name__)
IN_PYTHON = """
import sys
from lakenb.cli.demo import pipeline
pipeline().run(sys.argv[1])
"""


@dataclass
class Victim:
    """A run in a process of its own, its temporary files in a folder of its own."""

    process: subprocess.Popen[str]
    scratch: Path

    def wait_for(self, stage: str) -> None:
        """Read what it says until it is at a stage."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.rstrip() == stage:
                return
        pytest.fail(f"it ended before {stage!r}")

    def family(self) -> list[psutil.Process]:
        """Return every process that lives in this run's folder: its server, its functions, itself."""
        return [one for one in psutil.process_iter() if self._is_of_it(one)]

    def _is_of_it(self, process: psutil.Process) -> bool:
        scratch = str(self.scratch)
        for known in (process.cmdline, process.cwd, process.environ):  # one of them names the folder
            with suppress(psutil.Error):
                if process.status() != psutil.STATUS_ZOMBIE and scratch in str(known()):
                    return True
        return False

    def ports(self) -> list[int]:
        """Return the ports on which it listens."""
        return [
            connection.laddr.port
            for process in self.family()
            for connection in process.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN
        ]

    def end(self, how: Callable[[], None]) -> float:
        """Do something that ends it; return the seconds until no process and no port of it was there."""
        ports, today = set(self.ports()), time.time()
        began = time.monotonic()
        how()
        self.process.wait(ENDED)
        eventually(lambda: not self.family() and not held(ports, today), ENDED)
        return time.monotonic() - began

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)


def held(ports: set[int], since: float) -> bool:
    """Tell whether a process older than that listens on one of the ports: a port is soon given anew."""
    listening = [
        one.pid
        for one in psutil.net_connections("tcp4")
        if one.status == psutil.CONN_LISTEN and one.laddr.port in ports and one.pid is not None
    ]
    for pid in listening:
        with suppress(psutil.NoSuchProcess):
            if psutil.Process(pid).create_time() < since:
                return True
    return False


@contextmanager
def started(scratch: Path, *arguments: str | Path) -> Iterator[Victim]:
    scratch.mkdir()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(scratch)},
        start_new_session=True,
    )
    victim = Victim(process, scratch)
    try:
        yield victim
    finally:
        for left in victim.family():
            left.kill()
        process.wait(ENDED)
        if process.stderr is not None:
            process.stderr.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("documents")
    for number in range(DOCUMENTS):
        (made / f"{number}.txt").write_text(f"Sentence {number}. Another one. " * 200)
    return made


@pytest.mark.parametrize("stage", STAGES)
def test_interrupted_command_leaves_nothing(stage: str, folder: Path, tmp_path: Path) -> None:
    with started(tmp_path / "scratch", "-m", "lakenb", "demo", folder) as victim:
        victim.wait_for(stage)
        if stage == "running":
            eventually(lambda: len(victim.family()) > 4)  # functions are at work
        assert bool(victim.ports()) is (stage != STAGES[0])
        LOG.info("%s: %.2f s", stage, victim.end(victim.interrupt))
        assert victim.process.returncode == 130
        assert victim.process.stderr is not None
        told = victim.process.stderr.read()
        assert told.splitlines()[-1] == "lakenb: interrupted; everything it started has ended"
        assert "Traceback" not in told
        assert list(victim.scratch.iterdir()) == []


def test_impatience_changes_nothing(folder: Path, tmp_path: Path) -> None:
    with started(tmp_path / "scratch", "-m", "lakenb", "demo", folder) as victim:
        victim.wait_for("running")

        def again_and_again() -> None:
            def is_over() -> bool:
                victim.interrupt()
                return victim.process.poll() is not None

            eventually(is_over, ENDED)

        victim.end(again_and_again)
        assert list(victim.scratch.iterdir()) == []


@pytest.mark.parametrize("stage", [STAGES[1], STAGES[3]])
def test_killed_notebook_takes_server_and_functions_with_it(stage: str, folder: Path, tmp_path: Path) -> None:
    with started(tmp_path / "scratch", "-c", IN_PYTHON, folder) as victim:
        victim.wait_for(stage)
        if stage == "running":
            eventually(lambda: len(victim.family()) > 4)
        assert victim.ports()
        LOG.info("%s: %.2f s", stage, victim.end(victim.process.kill))
        eventually(lambda: list(victim.scratch.iterdir()) == [], ENDED)


def test_interrupted_cell_raises_and_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    with started(tmp_path / "scratch", "-c", IN_PYTHON, folder) as victim:
        victim.wait_for("running")
        victim.end(victim.interrupt)
        assert victim.process.stderr is not None
        assert victim.process.stderr.read().rstrip().endswith("KeyboardInterrupt")
        assert victim.process.returncode == -signal.SIGINT
        assert list(victim.scratch.iterdir()) == []
