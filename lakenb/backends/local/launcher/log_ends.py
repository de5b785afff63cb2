"""Every line that an invocation logged, before its answer counts.

A function's log reaches the emulator through a pipe and a thread, its answer through another pipe; the
emulator waits a few milliseconds for the first and drops what comes later. On a busy machine whole
documents would be missing from a run's account. So each invocation ends its log with a mark that
nobody can guess, and the emulator waits for the mark.
"""

from __future__ import annotations

import queue
import secrets
import time
from typing import Any, Final

from . import border

_RUNTIME: Final = "ministack.core.lambda_runtime"
# The last thing that the worker program does with an invocation: hand its answer over.
_ANSWER: Final = "        _real_stdout.flush()\n\nrun()\n"
_LONGEST_WAIT: Final = 10.0
_LOOK: Final = 0.05
_END_OF_PIPE: Final = 2.0


def install() -> None:
    """Mark the end of each invocation's log, and wait for the mark."""
    mark = secrets.token_hex(16)
    border.replace(_RUNTIME, "_PYTHON_WORKER_SCRIPT", lambda program: _marking(program, mark))
    worker = border.of(_RUNTIME, "Worker")
    worker._drain_stderr_bounded = _until_mark(worker._drain_stderr_bounded, mark)  # noqa: SLF001 - its class is listed
    worker._drain_stderr = _until_end(worker._drain_stderr)  # noqa: SLF001 - as the one above


def _marking(program: str, mark: str) -> str:
    if program.count(_ANSWER) != 1:
        raise border.BorderError("the emulator's worker program does not end as this launcher expects")
    ending = f"        sys.stderr.flush(); os.write(2, b'{mark}\\n')\n{_ANSWER}"
    return program.replace(_ANSWER, ending)


def _until_mark(original: Any, mark: str) -> Any:
    def drain(worker: Any, *arguments: Any, **options: Any) -> str:
        if not str(worker.config.get("Runtime", "")).startswith("python"):
            return str(original(worker, *arguments, **options))
        lines: list[str] = []
        deadline = time.monotonic() + _LONGEST_WAIT
        while time.monotonic() < deadline:
            try:
                line = worker._stderr_queue.get(timeout=_LOOK)  # noqa: SLF001 - its class is listed
            except queue.Empty:
                reader = worker._stderr_thread  # noqa: SLF001 - as the one above
                if reader is None or not reader.is_alive():  # the process has died: there will be no mark
                    break
                continue
            if line.endswith(mark):
                lines.append(line.removesuffix(mark))
                return "\n".join(filter(None, lines))
            lines.append(line)
        return "\n".join(filter(None, [*lines, _rest(worker)]))

    return drain


def _until_end(original: Any) -> Any:
    """Return the drain of a process that was killed: its pipe has an end to wait for."""

    def drain(worker: Any) -> str:
        if worker._stderr_thread is not None:  # noqa: SLF001 - its class is listed
            worker._stderr_thread.join(_END_OF_PIPE)  # noqa: SLF001 - as the one above
        return str(original(worker))

    return drain


def _rest(worker: Any) -> str:
    lines: list[str] = []
    while not worker._stderr_queue.empty():  # noqa: SLF001 - its class is listed
        lines.append(worker._stderr_queue.get_nowait())  # noqa: SLF001 - as the one above
    return "\n".join(lines)
