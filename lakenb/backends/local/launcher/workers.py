"""Functions' processes: a clean environment, only their zip and boto3, in a group that dies whole.

Fidelity, not a sandbox: they run as the user on this machine. The memory limit is not
enforced; the time limit is, by the emulator.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any, Final

from . import border, mounts, watch

# What Lambda's Python runtime brings: boto3 and what it needs.
RUNTIME_PACKAGES: Final = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "six.py", "urllib3")
_BOOTSTRAP: Final = (
    "import sys; sys.path.append(sys.argv[2]); sys.argv[:] = [sys.argv[1]]; "
    "exec(compile(open(sys.argv[0], encoding='utf-8').read(), sys.argv[0], 'exec'))"
)
_ANSWER: Final = 64
# A retry would meet them again: the run had better stop and say so.
_OF_THIS_MACHINE: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE}
)

_starter: Starter | None = None
_spawning = threading.local()  # the configuration of the function being started


def install(config: dict[str, Any], port: int) -> None:
    """Start functions in a clean environment.

    Parameters
    ----------
    config
        The run's configuration: its folder and region.
    port
        Where the functions find AWS on loopback; over TLS when the run has a certificate.
    """
    global _starter  # noqa: PLW0603 - one a launcher: it owns the processes
    home = Path(config["home"])
    clean = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "TMPDIR": str(home / "tmp"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info[0]}.{sys.version_info[1]}",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
    }
    certificate = config["certificate"]
    clean["AWS_ENDPOINT_URL"] = f"{'https' if certificate else 'http'}://127.0.0.1:{port}"
    if certificate:
        clean["AWS_CA_BUNDLE"] = certificate
    starter = _starter = Starter(_runtime_packages(home / "runtime"))
    owner = "ministack.core.lambda_runtime"
    border.replace(
        owner, "os", lambda original: types.SimpleNamespace(**{**vars(original), "environ": clean})
    )
    border.replace(
        owner, "subprocess", lambda original: types.SimpleNamespace(**{**vars(original), "Popen": starter})
    )
    worker = border.module(owner).Worker
    worker._spawn = _noting_function(worker._spawn, mounts.Mounts(home))  # noqa: SLF001 - a method: the border lists its class


def _noting_function(original: Any, files: mounts.Mounts) -> Any:
    def spawn(worker: Any) -> None:
        worker.config = _spawning.config = files.with_folders(worker.config)
        try:
            original(worker)
        except OSError as error:
            if error.errno in _OF_THIS_MACHINE:
                watch.TROUBLES.append(f"{worker.func_name} cannot be started: {error.strerror}")
            raise

    return spawn


def _of_function() -> dict[str, str]:
    """Return what Lambda tells a function about itself, where the emulator leaves it out."""
    config = getattr(_spawning, "config", {})
    group = (config.get("LoggingConfig") or {}).get(
        "LogGroup"
    ) or f"/aws/lambda/{config.get('FunctionName', '')}"
    return {"_HANDLER": config.get("Handler", ""), "AWS_LAMBDA_LOG_GROUP_NAME": group}


def _runtime_packages(folder: Path) -> Path:
    """Link what Lambda's runtime brings into a folder of its own: functions see that and their zip only."""
    site = Path(str(border.module("boto3").__file__)).parents[1]
    folder.mkdir()
    for name in RUNTIME_PACKAGES:
        (folder / name).symlink_to(site / name)
    return folder


class Starter:
    """Starts functions' processes: as forks of a warm one where that is possible, else each by itself.

    Called like `subprocess.Popen`, as the emulator does.

    Parameters
    ----------
    packages
        The folder of Lambda's own packages.
    """

    def __init__(self, packages: Path) -> None:
        self._packages = packages
        self._lock = threading.Lock()
        self._requests: socket.socket | None = None
        self._warm: subprocess.Popen[bytes] | None = None
        self.group: int = 0
        if hasattr(os, "pidfd_open"):  # Linux: the end of a process that is not our child can be waited for
            self._start_warm()

    def _start_warm(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            program = str(Path(__file__).with_name("warm_start.py"))
            warm = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-S", program, str(self._packages), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                process_group=0,
            )
        self._warm = warm
        self._requests = ours
        self.group = warm.pid

    def __call__(self, command: list[str], *, cwd: str, env: dict[str, str], **options: Any) -> Any:
        """Start the emulator's worker program in the function's folder and environment."""
        program, environment = command[1], {**env, **_of_function()}
        if self._requests is not None and self._may_fork(cwd, environment):
            with contextlib.suppress(OSError, ValueError):
                return self._fork(program, cwd, environment)
        command = [sys.executable, "-I", "-S", "-c", _BOOTSTRAP, program, str(self._packages)]
        try:
            process: Any = self._popen(command, group=self.group, cwd=cwd, env=environment, **options)
        except PermissionError:  # the group has died out
            process = self._popen(command, group=0, cwd=cwd, env=environment, **options)
        self.group = os.getpgid(process.pid)
        return process

    @staticmethod
    def _popen(command: list[str], *, group: int, **options: Any) -> Any:
        return subprocess.Popen(command, process_group=group, **options)  # noqa: S603 - the worker program

    def kill_all(self) -> None:
        """Kill every function's process, the warm one too, and bury it."""
        if self.group:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.group, signal.SIGKILL)
        if self._warm is not None:
            self._warm.wait()

    @staticmethod
    def _may_fork(folder: str, environment: dict[str, str]) -> bool:
        """Return whether the function takes the loaded packages as they are: it brings none of its own."""
        if "_LAMBDA_LAYERS_DIRS" in environment:
            return False
        names = set(os.listdir(folder))  # noqa: PTH208 - names are all that is needed
        return names.isdisjoint(RUNTIME_PACKAGES) and "six" not in names

    def _fork(self, program: str, folder: str, environment: dict[str, str]) -> _Fork:
        requests = self._requests
        if requests is None:
            raise OSError("there is no warm process")
        request = json.dumps({"program": program, "folder": folder, "environment": environment}).encode()
        pipes = [os.pipe() for _ in range(3)]
        theirs = [pipes[0][0], pipes[1][1], pipes[2][1]]
        ours = [pipes[0][1], pipes[1][0], pipes[2][0]]
        try:
            with self._lock:
                socket.send_fds(requests, [request], theirs)
                answer = requests.recv(_ANSWER)
            return _Fork(int(answer), *ours)
        except (OSError, ValueError):  # it has died: from now on each process starts by itself
            self._requests = None
            for pipe in ours:
                os.close(pipe)
            raise
        finally:
            for pipe in theirs:
                os.close(pipe)


class _Fork:
    """A forked process, with the part of `subprocess.Popen` that the emulator uses."""

    def __init__(self, pid: int, stdin: int, stdout: int, stderr: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self.stdin = open(stdin, "w", encoding="utf-8", buffering=1)  # noqa: SIM115 - open for the process's life
        self.stdout = open(stdout, encoding="utf-8")  # noqa: SIM115 - as the one above
        self.stderr = open(stderr, encoding="utf-8", errors="replace")  # noqa: SIM115 - as the one above
        try:
            self._handle = os.pidfd_open(pid)
        except ProcessLookupError:
            self._handle, self.returncode = -1, -1

    def poll(self) -> int | None:
        """Return None while it runs; its real exit status is the warm process's to know."""
        return self._wait(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end."""
        code = self._wait(timeout)
        if code is None:
            raise subprocess.TimeoutExpired("function", timeout or 0)
        return code

    def _wait(self, timeout: float | None) -> int | None:
        if self.returncode is None:
            poller = select.poll()
            poller.register(self._handle, select.POLLIN)
            if not poller.poll(None if timeout is None else timeout * 1000):
                return None
            os.close(self._handle)
            self._handle, self.returncode = -1, 0
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


def group() -> int | None:
    """Return the process group of the functions, if there is one apart from ours."""
    return _starter.group or None if _starter is not None else None


def kill_all() -> None:
    """Kill every function's process."""
    if _starter is not None:
        _starter.kill_all()
        return
    for workers in border.of("ministack.core.lambda_runtime", "_workers").values():
        for worker in workers:
            with contextlib.suppress(AttributeError, OSError):
                worker._proc.kill()  # noqa: SLF001 - same: the bare emulator's own process
