"""A process that has boto3 loaded and forks functions' processes from itself.

Importing boto3 and reading its service descriptions is nearly all of a cold start. This
program does it once; each function's process is a fork of it, in its own environment,
folder and pipes, and sees the same modules as if it had imported them itself.

It is run by path, isolated, and imports nothing of this package.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import resource
import signal
import socket
import sys
import time
import types
from typing import Any, NoReturn

_MESSAGE = 1 << 18
_PIPES = 3
_OPEN_FILES = 1024  # as Lambda allows a function
# What nearly every function of a pipeline calls: their descriptions are read beforehand.
_SERVICES = ("s3", "sqs", "sns")


def main(packages: str, number: int) -> None:
    """Fork a process for every message on the socket; at its end, end with all of them.

    Parameters
    ----------
    packages
        The folder of Lambda's own packages, last on the functions' path.
    number
        The inherited socket.
    """
    requests = socket.socket(fileno=number)
    sys.path.append(packages)
    _load(packages)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft > _OPEN_FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, hard))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    gc.collect()
    gc.freeze()  # what is loaded stays shared with the forks
    while True:
        message, pipes, _, _ = socket.recv_fds(requests, _MESSAGE, _PIPES)
        if not message:
            os.killpg(0, signal.SIGKILL)  # the launcher is gone: so are its functions
        child = os.fork()
        if not child:
            requests.close()
            _become(json.loads(message), pipes)
        for pipe in pipes:
            os.close(pipe)
        requests.send(str(child).encode())


def _load(packages: str) -> None:
    """Import boto3, and keep each of its description files once read."""
    os.environ.clear()
    loaders = importlib.import_module("botocore.loaders")
    importlib.import_module("botocore.handlers")
    boto3 = importlib.import_module("boto3")
    reading = loaders.JSONFileLoader.load_file
    kept: dict[str, Any] = {}

    @functools.wraps(reading)
    def load_file(self: Any, path: str) -> Any:
        if not path.startswith(packages):
            return reading(self, path)
        if path not in kept:
            kept[path] = reading(self, path)
        return kept[path]

    loaders.JSONFileLoader.load_file = load_file
    session = boto3.session.Session("none", "none", region_name="us-east-1")
    for service in _SERVICES:
        session.client(service)


def _become(request: dict[str, Any], pipes: list[int]) -> NoReturn:
    """Turn this fork into the process that was asked for, and run its program."""
    status = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        os.chdir(request["folder"])
        os.environ.update(request["environment"])
        time.tzset()
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - open for the process's life
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as the one above
        errors = "backslashreplace"
        sys.stderr = open(2, "w", 1, "utf-8", errors, closefd=False)  # noqa: SIM115 - as the one above
        program = request["program"]
        sys.argv[:] = [program]
        module = types.ModuleType("__main__")
        module.__file__ = program
        sys.modules["__main__"] = module
        with open(program, encoding="utf-8") as file:  # noqa: PTH123 - pathlib need not be loaded for it
            code = compile(file.read(), program, "exec")
        exec(code, vars(module))  # noqa: S102 - the emulator's worker program
        status = 0
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
    except BaseException:  # noqa: BLE001 - the process's own last words
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:  # noqa: SIM105 - contextlib need not be loaded for it
                stream.flush()
            except (OSError, ValueError):
                pass
        os._exit(status)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
