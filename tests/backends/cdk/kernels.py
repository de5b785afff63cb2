"""A Python process of its own that synthesizes, its temporary files in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest

import lakenb as lk
from lakenb.backends.cdk.synth import without_additions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.backends.cdk.assembly import Assembly

ROOT = Path(lk.__file__).parents[1]
PROLOGUE = """
import os, signal, sys, time
from pathlib import Path
from lakenb.backends.cdk.synth import synth
from lakenb.backends.cdk.worker import WORKER
from tests.backends.cdk.kernels import is_ours
from tests.examples import chain, letters
out = Path(sys.argv[1])
"""


def is_ours(assembly: Assembly, pipe: lk.Pipeline) -> bool:
    """Tell whether an assembly holds a pipeline's template and all its zips."""
    made = json.loads(assembly.template.read_text(encoding="utf-8"))
    return without_additions(made) == without_additions(pipe.template()) and zips_of(made) == {
        zip_.name.removeprefix("asset.") for zip_ in assembly.assets
    }


def offers(bucket: Any) -> lk.Pipeline:
    """Return a pipeline that reads a given bucket."""
    inbox = lk.S3Trigger("inbox", bucket=bucket, prefix="in/", suffix=".txt")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks", chunk_size=400, chunk_overlap=0))
    return lk.Pipeline("offers", chunks.pipe(lk.S3Storage("results")))


def zips_of(template: dict[str, Any]) -> set[str]:
    """Return the keys of the zips that a template's functions take."""
    resources = template["Resources"].values()
    functions = (made for made in resources if made["Type"] == "AWS::Lambda::Function")
    return {function["Properties"]["Code"]["S3Key"] for function in functions}


def eventually(is_so: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.05)


@dataclass
class Kernel:
    """The process, and what it says."""

    process: subprocess.Popen[str]
    scratch: Path

    def line(self) -> str:
        """Return the next line that it says."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            assert self.process.stderr is not None
            pytest.fail(f"it ended: {self.process.stderr.read()}")
        return line.strip()

    def others(self) -> list[psutil.Process]:
        """Return the processes, besides itself, whose command or environment names its folder."""
        return [one for one in psutil.process_iter() if self._is_of_it(one)]

    def _is_of_it(self, one: psutil.Process) -> bool:
        if one.pid == self.process.pid:
            return False
        for known in (one.cmdline, one.environ):
            with suppress(psutil.Error):
                if one.status() != psutil.STATUS_ZOMBIE and str(self.scratch) in str(known()):
                    return True
        return False

    def left_nothing(self) -> bool:
        """Tell whether no process and no temporary file of it is there."""
        return not self.others() and not list(self.scratch.iterdir())


@contextmanager
def kernel(script: str, folder: Path, **environment: str) -> Iterator[Kernel]:
    """Run a script that speaks line by line; end it, and all that it left, at the end."""
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-c", PROLOGUE + script, str(folder / "cdk.out")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    made = Kernel(process, scratch)
    try:
        with process:
            yield made
            process.kill()
    finally:
        process.kill()
        for one in made.others():
            with suppress(psutil.Error):
                one.kill()
