"""Medians of several rounds, and ratios against a peer measured in the same rounds; nothing is asserted."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

Sample = Callable[[], float]
"""Does the work once and returns the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found.

    Parameters
    ----------
    name
        What was measured, as the table's row says it.
    seconds
        Every round's time.
    bound_seconds
        What the project promises, printed beside the median; None where nothing is promised.
    peer
        What the peer is; empty without one.
    peer_seconds
        The peer's times, in the same rounds.
    bound_ratio
        The promised ratio to the peer; None where nothing is promised.
    note
        What a reader must know to repeat it.
    is_per_document
        Whether the times are those of one document, so that documents per second can be told.
    peak_mib
        The most memory that was resident, in MiB: of the process, and at most of
        the largest that it started.
    """

    name: str
    seconds: tuple[float, ...]
    bound_seconds: float | None = None
    peer: str = ""
    peer_seconds: tuple[float, ...] = ()
    bound_ratio: float | None = None
    note: str = ""
    is_per_document: bool = False
    peak_mib: tuple[int, ...] = ()

    @property
    def median(self) -> float:
        """The median of the rounds, in seconds."""
        return statistics.median(self.seconds)

    @property
    def ratio(self) -> float | None:
        """The median as a multiple of the peer's, where there is a peer."""
        return self.median / statistics.median(self.peer_seconds) if self.peer_seconds else None


def timed(work: Callable[[], object]) -> Sample:
    """Return a sample that times a call."""

    def sample() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return sample


def measure(
    name: str,
    subject: Sample,
    *,
    rounds: int,
    bound_seconds: float | None = None,
    peer: tuple[str, Sample] | None = None,
    bound_ratio: float | None = None,
    warm_up: int = 1,
    note: str = "",
) -> Result:
    """Run subject and peer in turns, so that both meet the same weather; rounds that warm up do not count."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(rounds + warm_up):
        ours.append(subject())
        if peer:
            theirs.append(peer[1]())
    return Result(
        name=name,
        seconds=tuple(ours[warm_up:]),
        bound_seconds=bound_seconds,
        peer=peer[0] if peer else "",
        peer_seconds=tuple(theirs[warm_up:]),
        bound_ratio=bound_ratio,
        note=note,
    )


def table(results: list[Result]) -> str:
    """Return the results as lines of equal columns."""
    rows = [("benchmark", "n", "median", "bound", "spread", "ratio", "bound", "documents/s", "peak", "peer")]
    rows += [
        (
            result.name,
            str(len(result.seconds)),
            milliseconds(result.median),
            milliseconds(result.bound_seconds),
            f"{milliseconds(min(result.seconds))} - {milliseconds(max(result.seconds))}",
            times(result.ratio),
            times(result.bound_ratio),
            f"{1 / result.median:,.1f}" if result.is_per_document else "-",
            f"{' + '.join(map(str, result.peak_mib))} MiB" if result.peak_mib else "-",
            f"{result.peer} {milliseconds(statistics.median(result.peer_seconds))}" if result.peer else "",
        )
        for result in results
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    notes = [f"{result.name}: {result.note}" for result in results if result.note]
    return "\n".join([*lines, *([""] if notes else []), *notes])


def milliseconds(seconds: float | None) -> str:
    """Return a time as text; a dash where there is none."""
    return "-" if seconds is None else f"{seconds * 1000:,.1f} ms"


def times(ratio: float | None) -> str:
    """Return a ratio as text; a dash where there is none."""
    return "-" if ratio is None else f"{ratio:.2f} x"


def write(results: list[Result], path: Path) -> None:
    """Write the results as JSON, with what the machine is (but not which)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
        },
        "results": [
            {**asdict(result), "median_seconds": result.median, "ratio": result.ratio} for result in results
        ],
    }
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
