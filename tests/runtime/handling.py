"""A handler alone: given a file, returns what it made, without buckets and queues around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from lakenb.events import Document
from lakenb.runtime.cache import Cache
from lakenb.runtime.faults import FaultError
from lakenb.runtime.outputs import Context, NewDocument, PassedOn, each_output
from lakenb.runtime.settings import Settings
from lakenb.runtime.store import _blocks, _parts
from tests.runtime.room import created

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterable

    from lakenb.graph.steps import Step
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.documents import InputDocument


@dataclass(frozen=True)
class LocalDocument:
    """A file in the place of an object in S3."""

    path: Path
    url = "s3://inbox/a"
    metadata: ClassVar[dict[str, Any]] = {}

    def with_custom(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"custom": values}

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def open(self) -> io.BufferedReader:
        return self.path.open("rb")


@dataclass(frozen=True)
class Made:
    """One output, read to its end."""

    body: bytes
    metadata: dict[str, Any]
    type: str = ""
    name: str = ""


def handled(step: Step, path: Path) -> list[Made]:
    """Return what a step's handler makes of a file."""
    with closing(_outputs(step, path)) as outputs:
        return [_made(output) for output in outputs]


def _outputs(step: Step, path: Path) -> Generator[Any, None, None]:
    options = json.loads(json.dumps(step.own_options()))
    settings = Settings(node=step.id, handler=step.row.handler, dead_letters="", sources=(), options=options)
    event = created(Document("s3://inbox/a", "application/pdf"))
    context = Context(event, settings, Cache(settings, cast("Clients", None)))
    module = import_module(step.row.handler)
    made = module.handle(cast("InputDocument", LocalDocument(path)), context)
    yield from each_output(made)


def outcome(step: Step, path: Path) -> list[Made] | str:
    """Return what a step's handler makes of a file, or the kind of its fault."""
    try:
        return handled(step, path)
    except FaultError as fault:
        return fault.kind


def fault_of(step: Step, path: Path) -> FaultError:
    """Return the fault of a file that must have one."""
    try:
        made = handled(step, path)
    except FaultError as fault:
        return fault
    raise AssertionError(f"{path.name} was read: {len(made)} outputs")


def drained(step: Step, path: Path) -> int:
    """Return how many bytes a step's handler makes of a file, read as a store reads them, and let go."""
    with closing(_outputs(step, path)) as outputs:
        return sum(len(part) for output in outputs for part in _parts(_blocks(output.body)))


def peaks_mib(step: str, path: Path, work: str = "outcome") -> tuple[int, int, int]:
    """Return memory in MiB, measured in a process of its own: before, of the handler, of its child.

    Parameters
    ----------
    step
        The expression that makes the step, ``lk`` being lakenb.
    path
        The document.
    work
        What is done: the name of a function of this module.
    """
    code = (
        "import pathlib, re, resource, sys\n"
        "import lakenb as lk\n"
        f"from tests.runtime.handling import {work}\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "memory = lambda name: int(re.search(name + r':\\s+(\\d+)', status.read_text())[1]) // 1024\n"
        f"step = {step}\n"
        "pathlib.Path('/proc/self/clear_refs').write_text('5')\n"  # proc(5): the peak counts from here on
        "before = memory('VmRSS')\n"
        f"{work}(step, pathlib.Path(sys.argv[1]))\n"
        "print(before, memory('VmHWM'), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        (sys.executable, "-c", code, str(path)),
        check=True,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    before, own, child = map(int, done.stdout.split())
    return before, own, child


def _made(output: Any) -> Made:
    if isinstance(output, PassedOn):
        return Made(b"", _values(output))
    assert isinstance(output, NewDocument)
    body = output.body
    whole = body if isinstance(body, bytes) else b"".join(cast("Iterable[bytes]", body))
    values = _values(output)  # asked for when the body is made, as the runtime does
    return Made(whole, dict(values), output.type, output.placement.name or "")


def _values(output: Any) -> dict[str, Any]:
    return dict(output.metadata() if callable(output.metadata) else output.metadata)
