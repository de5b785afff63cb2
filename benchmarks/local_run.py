"""How long the embedded AWS takes to start, and documents take through it, beside the unmodified emulator."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path

from harness import Result, measure, timed

import lakenb as lk
from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.session import LocalSession

_DOCUMENTS = 1_000
_TEXT = "A small document that is read, split in one chunk, and announced. " * 4


def _start() -> None:
    start_emulator().stop()


def emulator_start() -> Result:
    """Measure from nothing to an embedded AWS that answers, and its end."""
    return measure("embedded AWS ready", timed(_start), rounds=5, bound_seconds=3.0, note="its end included")


def _pipeline() -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox")
    first = inbox.pipe(lk.RecursiveCharacterTextSplitter("first"))
    return lk.Pipeline("bench", first.pipe(lk.RecursiveCharacterTextSplitter("second")))


def _run(folder: str, calls: list[float], *, bare: bool) -> float:
    """Return the seconds from the first document put until all is quiet."""
    with LocalSession(_pipeline(), start=partial(start_emulator, bare=bare)) as session:
        started = time.perf_counter()
        run = session.run(folder)
        seconds = time.perf_counter() - started
    if not run.is_complete or len(run.document_records) != 3 * _DOCUMENTS:
        raise RuntimeError(f"the run is not complete, so its time means nothing:\n{run!r}")
    calls.append(sum(count for work in run.work for _, count in work.calls) / _DOCUMENTS)
    return seconds


def local_run() -> Result:
    """Measure 1,000 small documents through a trigger and two splitters."""
    calls: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(_DOCUMENTS):
            Path(folder, f"{number}.txt").write_text(f"{number}: {_TEXT}", encoding="utf-8")
        result = measure(
            "1,000 documents, two splitters",
            partial(_run, folder, calls, bare=False),
            rounds=3,
            peer=("the emulator unmodified", partial(_run, folder, calls, bare=True)),
            bound_ratio=1.3,
            warm_up=0,
            note="IAM enforced in both, same template, same functions",
        )
    note = f"{result.note}; {sum(calls) / len(calls):.2f} AWS calls a document by the functions"
    return Result(
        result.name,
        result.seconds,
        peer=result.peer,
        peer_seconds=result.peer_seconds,
        bound_ratio=result.bound_ratio,
        note=note,
    )
