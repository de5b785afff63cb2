"""The layout program, as a command with a time limit: nothing that it does can end the kernel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS: Final = 10.0


class LayoutError(Exception):
    """The picture could not be laid out; its text says why in one line."""


@dataclass(frozen=True, slots=True)
class Drawings:
    """A graph as the program draws it: SVG at once, PNG when it is done."""

    svg: str
    png: Future[bytes]


@contextmanager
def drawings(dot: str, pixels_per_unit: float, seconds: float = SECONDS) -> Iterator[Drawings]:
    """Let the program draw a graph twice, side by side.

    Parameters
    ----------
    dot
        The graph.
    pixels_per_unit
        How sharp the PNG is.
    seconds
        How long each may take; what is not done then is killed.

    Raises
    ------
    LayoutError
        If there is no program, or it fails, or is not done in time.
    """
    program, graph = _program(), dot.encode()
    with ThreadPoolExecutor(max_workers=1) as pool:
        png = pool.submit(_run, program, graph, seconds, "png", f"-Gdpi={round(72 * pixels_per_unit)}")
        yield Drawings(_run(program, graph, seconds, "svg").decode(), png)


def _program() -> str:
    """Return the layout program: the pinned wheel's, beside this Python; else the system's."""
    beside = (Path(sys.executable).parent, Path(sysconfig.get_path("scripts")))
    for name, folders in (("graphviz-pure", (*map(str, beside), None)), ("dot", (None,))):
        for folder in folders:
            found = shutil.which(name, path=folder)
            if found:
                return found
    raise LayoutError("neither graphviz-pure nor dot is installed: pip install graphviz-pure")


def _run(program: str, dot: bytes, seconds: float, form: str, *options: str) -> bytes:
    try:
        # what it says on its standard error are guesses at letters' widths
        done = subprocess.run(  # noqa: S603 - our own program; the graph comes by standard input
            [program, f"-T{form}", *options],
            input=dot,
            capture_output=True,
            timeout=seconds,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(f"the layout was not done in {seconds:g} s") from None
    except OSError as error:
        raise LayoutError(f"the layout program cannot be started: {error.strerror}") from error
    if done.returncode != 0 or not done.stdout:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise LayoutError(f"the layout program failed: {said[-1][:120] if said else done.returncode}")
    return done.stdout


def _environment() -> dict[str, str]:
    # another Graphviz's settings (GV_FILE_PATH, GVBINDIR, fonts) must not change the picture
    return {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMP") if name in os.environ}
