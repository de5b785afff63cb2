"""The launcher as a child process: started, waited for, and ended with all that it started.

It lives in a session of its own, so that an interrupt of the notebook does not reach
it, and ends by itself when its standard input does: with us, however we end.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from lakenb.backends.local.certificate import Certificate, make_certificate
from lakenb.backends.local.environment import emulator_python
from lakenb.errors import LocalRunError

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 1.0
_LOG_LINES: Final = 15
_SPACE_BYTES: Final = 32 * 2**20
# Run isolated (-I), with the launcher's own folder put on the path: it never imports lakenb.
PROGRAM: Final = "import sys; sys.path.insert(0, sys.argv.pop(1)); from launcher.server import main; main()"


class ServerProcess:
    """The server, its process groups and its folder; used once.

    Parameters
    ----------
    config
        What the launcher reads from its standard input: the account, the run's secrets.
    tls
        Serve over TLS, with a certificate of the run's own.
    """

    def __init__(self, config: dict[str, Any], *, tls: bool = False) -> None:
        self._config = config
        self._tls = tls
        self.certificate: Certificate | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._home: Path | None = None
        self._groups: list[int] = []
        self._owner = os.getpid()
        # Apart from any other lock: whoever waits for a server that hangs must not hold up its end.
        self._stopping = threading.RLock()

    @property
    def pid(self) -> int:
        """Return the server's process id."""
        if self._process is None:
            raise LocalRunError("the embedded AWS is not running", "the local run", "start it first")
        return self._process.pid

    @property
    def home(self) -> Path:
        """Return the run's folder: the server's log, objects and functions' code."""
        if self._home is None:
            raise LocalRunError("the embedded AWS is not running", "the local run", "start it first")
        return self._home

    def start(self) -> int:
        """Start the server, wait until it says that it answers, and return its port.

        Raises
        ------
        EnvironmentSetupError
            If what it needs cannot be installed, or made.
        LocalRunError
            If it ends, or says nothing in time; with the last lines of its log.
        """
        python = emulator_python()
        atexit.register(self.stop)
        try:
            self._home = Path(tempfile.mkdtemp(prefix="lakenb-aws-"))
            _check_space(self._home)
            if self._tls:
                self.certificate = make_certificate(self._home)
            self._spawn(python)
            ready = self._ready()
            if ready["workers"]:
                self._groups.append(ready["workers"])
            return int(ready["port"])
        except BaseException:  # an interrupt too: nothing may stay behind
            self.stop()
            raise

    def _spawn(self, python: Path) -> None:
        home = self.home
        with (home / "server.log").open("wb") as log:
            self._process = process = subprocess.Popen(  # noqa: S603 - our launcher with fixed arguments
                [str(python), "-I", "-c", PROGRAM, str(Path(__file__).parent)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=home,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": str(home)},
                start_new_session=True,
            )
        self._groups.append(process.pid)
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):  # it has died: the missing answer will tell
                process.stdin.write(self._first_line(home))
                process.stdin.flush()

    def _first_line(self, home: Path) -> bytes:
        made = self.certificate
        files = (
            {"certificate": str(made.path), "key": str(made.key)} if made else {"certificate": "", "key": ""}
        )
        whole = {**self._config, **files, "home": str(home), "parent": self._owner}
        return json.dumps(whole).encode() + b"\n"

    def _ready(self) -> dict[str, Any]:
        """Wait for the server's one line."""
        process = self._process
        if process is None or process.stdout is None:
            raise self.failure("the embedded AWS did not start")
        line = b""
        deadline = time.monotonic() + _START_SECONDS
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise self.failure(f"the embedded AWS did not answer within {_START_SECONDS:.0f} seconds")
                part = os.read(process.stdout.fileno(), 4096)
                if not part:
                    raise self.failure("the embedded AWS ended while it started")
                line += part
        ready: dict[str, Any] = json.loads(line)
        if "error" in ready:
            raise self.failure(ready["error"])
        return ready

    def failure(self, what: str) -> LocalRunError:
        """Return an error with the last lines of the server's log.

        Parameters
        ----------
        what
            What went wrong, in one sentence.
        """
        lines: list[str] = []
        with contextlib.suppress(OSError, LocalRunError):
            lines = (self.home / "server.log").read_text(encoding="utf-8", errors="replace").splitlines()
        shown = "\n    ".join(lines[-_LOG_LINES:]) or "(the log is empty)"
        return LocalRunError(
            what, "the server of the local run", f"report it with the last lines of its log:\n    {shown}"
        )

    def stop(self) -> None:
        """End the server, every function's process and the run's folder; again is fine."""
        if os.getpid() != self._owner:  # a fork of ours that ends is not our end
            return
        with self._stopping:
            process, home = self._process, self._home
            try:
                if process is not None:
                    _ask_to_end(process)
            finally:
                for group in self._groups:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(group, signal.SIGKILL)
                if process is not None:
                    _bury(process)
                if home is not None:
                    shutil.rmtree(home, ignore_errors=True)
            self._process, self._home, self._groups, self.certificate = None, None, [], None
            atexit.unregister(self.stop)


def _check_space(folder: Path) -> None:
    """Refuse a folder that cannot hold a run: its functions would fail one by one, and be retried."""
    free = shutil.disk_usage(folder).free
    if free < _SPACE_BYTES:
        raise LocalRunError(
            f"there is no space left for a local run: {free // 2**20} MB are free, "
            f"it needs {_SPACE_BYTES // 2**20} MB",
            f"the temporary folder {folder.parent}",
            "free some space, or name another folder with TMPDIR",
        )


def _ask_to_end(process: subprocess.Popen[bytes]) -> None:
    """Let the server end by itself: the end of its input is its order to do so."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=_STOP_SECONDS)


def _bury(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
