"""One line that says how far a run is, on standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.records.progress import Progress

_BAR = 24


def progress_text(progress: Progress) -> str:
    """Return a moment of a run as one line.

    Examples
    --------
    >>> from lakenb.records.progress import Progress
    >>> progress_text(Progress("running", 2.04, done=3, known=4, working=1))
    '[██████████████████░░░░░░] 3/4 messages · 1 at work · 2.0 s'
    """
    if not progress.known:
        return f"{progress.stage} · {progress.seconds:.1f} s"
    filled = _BAR * progress.done // progress.known
    bar = "█" * filled + "░" * (_BAR - filled)
    parts = [f"[{bar}] {progress.done}/{progress.known} messages", f"{progress.working} at work"]
    if progress.dead:
        parts.append(f"{progress.dead} dead letters")
    return " · ".join([*parts, f"{progress.seconds:.1f} s"])


@contextmanager
def progress_line(
    *, enabled: bool = True, stream: TextIO | None = None
) -> Iterator[Callable[[Progress], None]]:
    """Keep one line up to date, and take it away at the end.

    Where lines cannot be written over (a log file), each stage is written once.

    Parameters
    ----------
    enabled
        False shows nothing.
    stream
        Where to; standard error by default.
    """
    out = stream or sys.stderr
    rewritable = out.isatty() or type(out).__module__.startswith("ipykernel")
    last, longest = "", 0

    def show(progress: Progress) -> None:
        nonlocal last, longest
        text = progress_text(progress) if rewritable else progress.stage.partition(" (")[0]
        if not enabled or text == last:
            return
        last = text
        if rewritable:
            longest = max(longest, len(text))
            out.write(f"\r{text.ljust(longest)}")
        else:
            out.write(f"{text}\n")
        out.flush()

    try:
        yield show
    finally:
        if enabled and rewritable and longest:
            out.write(f"\r{' ' * longest}\r")
            out.flush()
