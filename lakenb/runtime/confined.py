"""Work on hostile bytes in a process of its own, with bounds that the kernel enforces.

A PDF of three kilobytes can make its library ask for gigabytes, or crash. In the function's own process that
would end the whole batch, without a word about why. Here it ends a child, and the document has its verdict.

The child has no credentials in its environment, its memory is bounded, and its time is. It is no sandbox
against code that broke out of a library: it runs as the same user.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import IO, Any

from lakenb.runtime.faults import FaultError, Kind, RetryError

# A description, which is JSON, and bytes.
Piece = tuple[Mapping[str, Any], bytes]
Work = Callable[[IO[bytes], Mapping[str, Any]], Iterator[Piece]]

_START = "import sys; sys.path[:] = sys.argv[4:]; from lakenb.runtime.confined import child; child()"
# What a Python of Lambda's needs to start at all; nothing else of the environment goes along.
_INHERITED = ("LD_LIBRARY_PATH", "PATH", "TMPDIR")
_MAX_HEADER_BYTES = 2**20
_READ_BYTES = 2**18
# How a library ends when it gets no more memory: it aborts, or the kernel kills the process.
_OUT_OF_MEMORY = (signal.SIGABRT, signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the work on one document may use.

    Parameters
    ----------
    memory_mib
        Address space of the child.
    seconds
        From its start to its end, what the caller does with the pieces included.
    """

    memory_mib: int
    seconds: float


def confined(work: Work, file: IO[bytes], options: Mapping[str, Any], bounds: Bounds) -> Iterator[Piece]:
    """Return what a function yields about a file, one by one, while it runs in a child.

    Parameters
    ----------
    work
        A function of a module. It gets the file and the options.
    file
        A file with a descriptor, such as `spooled` gives.
    options
        JSON values.
    bounds
        What the child may use.

    Raises
    ------
    FaultError
        That of the function, or if the child went out of bounds or crashed.
    RetryError
        If the function raised anything else.
    """
    file.seek(0)
    name = f"{work.__module__}:{work.__qualname__}"
    command = (sys.executable, "-I", "-S", "-B", "-c", _START, name, json.dumps(dict(options)))
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    with subprocess.Popen(  # noqa: S603 - this very Python, and no shell
        (*command, str(bounds.memory_mib * 2**20), *sys.path),
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # a traceback may quote the document
        env=environment,
    ) as process:
        try:
            yield from _pieces(_Frames(process, time.monotonic() + bounds.seconds), bounds)
        finally:
            process.kill()


class _ChildDiedError(Exception):
    """The child ended in the middle."""


class _Frames:
    """What the child wrote: JSON lines, each followed by as many bytes as it says."""

    def __init__(self, process: subprocess.Popen[bytes], until: float) -> None:
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        self.process = process
        self._descriptor = process.stdout.fileno()
        self._until = until
        self._held = bytearray()

    def next(self) -> tuple[dict[str, Any], bytes]:
        """Return the next frame."""
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > _MAX_HEADER_BYTES:
                raise _ChildDiedError
            self._fill()
        header = json.loads(self._take(end + 1))
        while len(self._held) < header["size"]:
            self._fill()
        return header, self._take(header["size"])

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _fill(self) -> None:
        ready, _, _ = select.select([self._descriptor], [], [], max(0.0, self._until - time.monotonic()))
        if not ready:
            raise TimeoutError
        block = os.read(self._descriptor, _READ_BYTES)
        if not block:
            raise _ChildDiedError
        self._held += block


def _pieces(frames: _Frames, bounds: Bounds) -> Iterator[Piece]:
    while True:
        try:
            header, body = frames.next()
        except TimeoutError:
            reason = f"the document took more than {bounds.seconds:g} seconds: give the node a longer timeout"
            raise FaultError(Kind.OUT_OF_TIME, reason) from None
        except _ChildDiedError:
            raise _death(frames.process.wait(), bounds) from None
        match header["frame"]:
            case "piece":
                yield header["of"], body
            case "fault":
                raise FaultError(header["kind"], header["reason"])
            case "error":
                reason = f"reading the document stopped with {header['error']}; its text is left out"
                raise RetryError(Kind.HANDLER_ERROR, reason)
            case _:
                return


def _death(code: int, bounds: Bounds) -> FaultError | RetryError:
    """Return the verdict on a document whose child died."""
    if code >= 0:  # it did not even come to say why
        return RetryError(Kind.HANDLER_ERROR, f"the process that reads documents ended with status {code}")
    name = signal.Signals(-code).name
    if -code in _OUT_OF_MEMORY:
        return too_large(bounds.memory_mib)
    return FaultError(Kind.MALFORMED, f"the document makes the library that reads it crash ({name})")


def too_large(memory_mib: int) -> FaultError:
    """Return the verdict on a document that the child's memory does not hold."""
    reason = f"reading the document needs more than {memory_mib} MiB: raise memory_mib, if it can be trusted"
    return FaultError(Kind.TOO_LARGE, reason)


def child() -> None:
    """Be the child: work on the standard input as the command line says."""
    name, options, memory = sys.argv[1:4]
    _bound_memory(int(memory))
    # What a library prints must not get between the frames.
    with os.fdopen(os.dup(1), "wb") as out, open(0, "rb", closefd=False) as file:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        header: dict[str, Any] = {"frame": "end"}
        try:
            module, _, function = name.partition(":")
            for of, body in getattr(import_module(module), function)(file, json.loads(options)):
                _write(out, {"frame": "piece", "of": of}, body)
        except FaultError as fault:
            header = {"frame": "fault", "kind": fault.kind, "reason": fault.reason}
        except MemoryError:
            verdict = too_large(int(memory) // 2**20)
            header = {"frame": "fault", "kind": verdict.kind, "reason": verdict.reason}
        except Exception as error:  # noqa: BLE001 - the parent judges it
            header = {"frame": "error", "error": type(error).__name__[:80]}
        _write(out, header, b"")
        out.flush()
        os._exit(0)  # libraries have nothing to save, and their cleaning up may crash


def _write(out: IO[bytes], header: Mapping[str, Any], body: bytes) -> None:
    out.write(json.dumps({**header, "size": len(body)}).encode() + b"\n")
    out.write(body)
    out.flush()


def _bound_memory(size: int) -> None:
    import resource  # noqa: PLC0415 - of POSIX only, and of the child only

    with suppress(ValueError, OSError):  # macOS knows the bound and does not take it; Lambda is Linux
        resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would be the document, left behind
