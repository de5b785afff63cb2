"""The command as people run it: a process of its own, its words on standard output."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import lakenb as lk

ROOT = Path(lk.__file__).parents[1]


class Said(NamedTuple):
    """What a command answered."""

    code: int
    out: str
    err: str


def start(scratch: Path, *arguments: str | Path, cwd: Path = ROOT) -> subprocess.Popen[str]:
    """Start a command with a folder of its own for temporary files."""
    scratch.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-m", "lakenb", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=cwd,
        env={**os.environ, "TMPDIR": str(scratch), "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
    )


def finish(process: subprocess.Popen[str]) -> Said:
    out, err = process.communicate(timeout=120)
    return Said(process.returncode, out, err)


def run(scratch: Path, *arguments: str | Path, cwd: Path = ROOT) -> Said:
    return finish(start(scratch, *arguments, cwd=cwd))
