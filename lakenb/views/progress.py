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
        parts.append(f"{progress.dead} dead letter{'' if progress.dead == 1 else 's'}")
    return " · ".join([*parts, f"{progress.seconds:.1f} s"])


@contextmanager
def progress_line(
    *, enabled: bool = True, stream: TextIO | None = None
) -> Iterator[Callable[[Progress], None]]:
    """Keep one line up to date, and take it away at the end.

    In a notebook the line is one output that is replaced, and stays as the last that was said. Where lines
    cannot be written over (a log file), each stage is written once.

    Parameters
    ----------
    enabled
        False shows nothing.
    stream
        Where to; standard error by default.
    """
    out = stream or sys.stderr
    if not enabled:
        yield lambda _: None
    elif type(out).__module__.startswith("ipykernel"):
        yield _in_notebook()
    elif out.isatty():
        line = _Line(out)
        try:
            yield line.show
        finally:
            line.clear()
    else:
        yield _in_log(out)


class _Line:
    """A line of a terminal that is written over."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._longest = 0

    def show(self, progress: Progress) -> None:
        text = progress_text(progress)
        self._longest = max(self._longest, len(text))
        self._out.write(f"\r{text.ljust(self._longest)}")
        self._out.flush()

    def clear(self) -> None:
        if self._longest:
            self._out.write(f"\r{' ' * self._longest}\r")
            self._out.flush()


def _in_log(out: TextIO) -> Callable[[Progress], None]:
    said: list[str] = []

    def show(progress: Progress) -> None:
        stage = progress.stage.partition(" (")[0]
        if said[-1:] != [stage]:
            said.append(stage)
            out.write(f"{stage}\n")
            out.flush()

    return show


def _in_notebook() -> Callable[[Progress], None]:
    from IPython.display import display  # noqa: PLC0415 - a kernel has it; nothing else needs it

    output = display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's

    def show(progress: Progress) -> None:
        output.update({"text/plain": progress_text(progress)}, raw=True)

    return show
