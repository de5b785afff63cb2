"""One process of the worker's: started, asked, and ended with all that it started."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from lakenb.backends.cdk.node import find_node

Answer = dict[str, Any]

# jsii never frees what it made: node grows by about 0.15 MB for each node of a synthesized pipeline.
SYNTHS_OF_A_WORKER: Final = 25
# One that nobody asks holds some 500 MB: it ends by itself, and the next request starts another.
IDLE_SECONDS: Final = 900.0
# The very first start unpacks CDK's 8,000 files; a minute is what a slow disk takes.
ANSWER_SECONDS: Final = 300.0
_LOG_LINES: Final = 8
_LAST_WORDS_SECONDS: Final = 1.0
_REMOVALS: Final = 20
_REMOVAL_SECONDS: Final = 0.05
# What would change an app: a CDK CLI, or the user's shell, may have set them for another one.
_FOREIGN: Final = (
    "PYTHONWARNINGS",
    "CDK_CONTEXT_JSON",
    "CDK_DEBUG",
    "CDK_OUTDIR",
    "JSII_DEBUG",
    "NODE_OPTIONS",
    "PYTHONOPTIMIZE",
)
_PROGRAM: Final = Path(__file__).with_name("program.py")


class WorkerEndedError(Exception):
    """The process is gone in the middle of a request."""


class WorkerProcess:
    """One worker process; used until it dies or is recycled."""

    def __init__(self) -> None:
        self.home: Path = Path(tempfile.mkdtemp(prefix="lakenb-cdk-"))
        self.owner: int = os.getpid()
        self.asked: int = 0
        self._pending = b""
        atexit.register(self.end)
        try:
            with (self.home / "log").open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 - our program with fixed arguments
                    [sys.executable, "-P", str(_PROGRAM), str(self.home), str(self.owner), str(IDLE_SECONDS)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    cwd=self.home,
                    env=_environment(self.home),
                    start_new_session=True,
                )
        except BaseException:
            shutil.rmtree(self.home, ignore_errors=True)
            atexit.unregister(self.end)
            raise

    @property
    def pid(self) -> int:
        """Its process id, which is its group's."""
        return self._process.pid

    @property
    def serves(self) -> bool:
        """Whether it lives, is ours (not that of the process that forked us), and is not worn out."""
        return (
            self.owner == os.getpid()
            and self.asked < SYNTHS_OF_A_WORKER
            and self._process.poll() is None
            and self.home.exists()
        )

    def new_folder(self) -> Path:
        """Return an empty folder for the next request."""
        self.asked += 1
        folder = self.home / str(self.asked)
        folder.mkdir()
        return folder

    def ask(self, folder: Path) -> Answer:
        """Return the answer to the request that lies in a folder.

        Raises
        ------
        WorkerEndedError
            If the worker dies meanwhile.
        TimeoutError
            If it does not answer.
        """
        request = json.dumps({"id": folder.name, "folder": str(folder)}).encode() + b"\n"
        try:
            # shorter than what a pipe takes in one piece: an interrupt cannot cut it in two
            os.write(self._descriptor(self._process.stdin), request)
            deadline = time.monotonic() + ANSWER_SECONDS
            while True:
                answer = self._answer(deadline)
                if answer.get("id") == folder.name:
                    return answer
                # stale: its request was interrupted
                shutil.rmtree(self.home / Path(str(answer.get("id"))).name, ignore_errors=True)
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:  # a closed pipe; an answer that is none
            raise WorkerEndedError from error

    def _answer(self, deadline: float) -> Answer:
        source = self._descriptor(self._process.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(source, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError
                part = os.read(source, 65536)
                if not part:
                    raise WorkerEndedError
                self._pending += part
        line, _, self._pending = self._pending.partition(b"\n")
        answer: Answer = json.loads(line)
        return answer

    @staticmethod
    def _descriptor(stream: Any) -> int:
        return int(stream.fileno())

    def last_words(self) -> str:
        """Return how it ended, and the last lines of its log."""
        lines: list[str] = []
        with contextlib.suppress(OSError):
            lines = (self.home / "log").read_text(encoding="utf-8", errors="replace").splitlines()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_WORDS_SECONDS)
        code = self._process.returncode
        ended = "it was stopped" if code is None else f"it ended with code {code}"
        return "\n    ".join([ended, *lines[-_LOG_LINES:]])

    def end(self) -> None:
        """End it with node, and remove its folder; again is fine."""
        if self.owner != os.getpid():  # a fork of ours that ends is not our end
            return
        atexit.unregister(self.end)
        if self._process.returncode is None:  # not waited for: its number is still its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        for _ in range(_REMOVALS):
            shutil.rmtree(self.home, ignore_errors=True)
            if not self.home.exists():
                break
            time.sleep(_REMOVAL_SECONDS)  # node may write once more before it is gone


def _environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    return {**kept, **find_node().environment, "CDK_VALIDATION": "false", "TMPDIR": str(home)}
