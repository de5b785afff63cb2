#!/usr/bin/env python3
"""Execute the notebooks and write their outputs, the same bytes as far as the notebooks allow.

::

    scripts/notebooks.py                         execute all of notebooks/ and write their outputs
    scripts/notebooks.py 01-first-pipeline       one of them, by name or by path
    scripts/notebooks.py --check                 write nothing: do the outputs stand that are there?

Each runs from top to bottom in a kernel of its own, in the folder where it lies, with no AWS credentials at
hand. Exit codes: 0 all is well, 1 a cell raised, a rule is broken or an output differs, 2 no such notebook.
"""
# ruff: noqa: T201 - a script that prints

from __future__ import annotations

import argparse
import os
import re
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from jupyter_client.manager import start_new_kernel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jupyter_client.blocking.client import BlockingKernelClient
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "notebooks"
SANITIZE = ROOT / "tests" / "notebooks" / "sanitize.cfg"

MOST_LINES = 10
RAISES = "raises-exception"
CELL_SECONDS = 300
_WIDGET = "application/vnd.jupyter.widget-view+json"
_KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_MACHINE = re.compile(
    r"(?<![\w.*}-])/(?:root|home|Users|work|tmp|private|usr|opt|mnt|var/(?:folders|tmp))/[\w.]\S*"
    r"|\b[A-Z]:\\\w\S*"
    r"|\bfile://\S+"
    r"|\b(?:localhost|127\.0\.0\.1|\[::1\]):\d+"
    r"|\b[a-z0-9][a-z0-9-]*\.(?:corp|intranet|lan|local|localdomain)\b(?!\()"  # not the call of a method
    r"|\bip-10(?:-\d{1,3}){3}\b"
)
_ANSI = re.compile(r"\x1b\[[0-9;]*m")


class CellError(Exception):
    """A cell raised that is not tagged to do so."""


def execute(path: Path) -> NotebookNode:
    """Return a notebook with the outputs that it has today.

    Parameters
    ----------
    path
        The notebook; it is read only.

    Raises
    ------
    CellError
        Naming the cell, with its traceback.
    """
    book = nbformat.read(path, as_version=4)
    displays: dict[str, list[Any]] = {}
    with _kernel(path.parent) as client:
        for number, cell in enumerate(_code(book), start=1):
            cell.execution_count, cell.outputs = None, []
            if not cell.source.strip():
                continue
            cell.execution_count = _run(client, cell, displays)
            errors = [output for output in cell.outputs if output.output_type == "error"]
            if errors and RAISES not in _tags(cell):
                trace = "\n".join(errors[0].traceback)
                raise CellError(f"{path.name}: code cell {number} raised\n{_ANSI.sub('', trace)}")
    return normalized(book)


def normalized(book: NotebookNode) -> NotebookNode:
    """Return a notebook without what differs from one machine or one moment to another."""
    book = nbformat.from_dict({**book, "nbformat": 4, "nbformat_minor": 5, "metadata": _KERNEL})
    for number, cell in enumerate(book.cells, start=1):
        cell.id = f"cell-{number}"
        cell.metadata = {"tags": tags} if (tags := _tags(cell)) else {}
        if cell.cell_type == "code":
            for output in cell.outputs:
                _normalize(output)
    return book


def faults(book: NotebookNode) -> list[str]:
    """Return which rules a notebook breaks, a line each; none for one that can be committed."""
    found = [f"cell {cell.id}: {fault}" for cell in book.cells for fault in _faults(cell)]
    ran = [cell for cell in _code(book) if cell.source.strip()]
    counts = [cell.execution_count for cell in ran]
    if counts != list(range(1, len(ran) + 1)):
        found.append(f"its cells did not run once each, from top to bottom: {counts}")
    if not any(cell.outputs for cell in ran):
        found.append("it has no outputs")
    if book != normalized(nbformat.from_dict(book)):
        found.append("its metadata are not what scripts/notebooks.py writes")
    return found


def compare(path: Path) -> subprocess.CompletedProcess[str]:
    """Run a notebook again in a process of its own, and let nbval compare each output with what is there.

    Pictures as SVG are compared, as PNG they are not.
    """
    with tempfile.TemporaryDirectory(prefix="lakenb-notebook-") as scratch:
        settings = Path(scratch, "pytest.ini")  # the repository's own are for its tests
        settings.write_text("[pytest]\n", encoding="utf-8")
        return subprocess.run(  # noqa: S603 - this very Python, with fixed arguments
            [
                *(sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-q", "--tb=short"),
                *("--nbval-sanitize-with", str(SANITIZE), "--nbval-cell-timeout", str(CELL_SECONDS)),
                *("-p", "no:cacheprovider", "-c", str(settings), "--rootdir", str(path.parent), str(path)),
            ],
            capture_output=True,
            text=True,
            encoding="utf-8",
            cwd=path.parent,
            env=_environment(scratch),
            check=False,
        )


def _code(book: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in book.cells if cell.cell_type == "code"]


def _tags(cell: NotebookNode) -> list[str]:
    return sorted(cell.metadata.get("tags", ()))


def _environment(scratch: str) -> dict[str, str]:
    """Return an environment in which neither an account nor a profile of the user's changes an output."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    apart = {"IPYTHONDIR": scratch, "JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": str(ROOT)}
    return {**kept, **apart, "COLUMNS": "110", "PYTHONIOENCODING": "utf-8"}


@contextmanager
def _kernel(folder: Path) -> Iterator[BlockingKernelClient]:
    """Start a kernel of this very Python in a folder, and end it."""
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # this environment's kernel, whatever the user's is
    with tempfile.TemporaryDirectory(prefix="lakenb-notebook-") as scratch:
        manager, client = start_new_kernel(
            cwd=str(folder),
            env=_environment(scratch),
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of its sockets on loopback
        )
        try:
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel()  # asked to, so that what it made for a while goes


def _run(client: BlockingKernelClient, cell: NotebookNode, displays: dict[str, list[Any]]) -> int:
    """Run a cell, let its outputs be what a reader would see at its end, and return its count."""

    def take(message: dict[str, Any]) -> None:
        kind, content = message["msg_type"], message["content"]
        display = content.get("transient", {}).get("display_id")
        if kind == "update_display_data":
            for output in displays.get(display, ()):
                output.update(data=nbformat.from_dict(content["data"]), metadata=content["metadata"])
        elif kind == "clear_output":
            cell.outputs = []
        elif kind == "stream" and cell.outputs and cell.outputs[-1].get("name") == content["name"]:
            cell.outputs[-1].text += content["text"]
        elif kind in {"stream", "display_data", "execute_result", "error"}:
            output = nbformat.v4.output_from_msg(message)
            cell.outputs.append(output)
            if display:
                displays.setdefault(display, []).append(output)

    reply = client.execute_interactive(
        cell.source, allow_stdin=False, timeout=CELL_SECONDS, output_hook=take, stop_on_error=False
    )
    count: int = reply["content"]["execution_count"]
    return count


def _normalize(output: NotebookNode) -> None:
    """Take from an output what needs a running kernel, and the frames of files from a traceback."""
    if output.output_type == "error":
        output.traceback = [part for part in output.traceback if not _ANSI.sub("", part).startswith("File ")]
    elif len(output.get("data", ())) > 1:  # its picture or its text stands for it where no kernel runs
        output.data.pop(_WIDGET, None)


def _faults(cell: NotebookNode) -> Iterator[str]:
    texts = [cell.source]
    if cell.cell_type == "code":
        if (lines := len(cell.source.splitlines())) > MOST_LINES:
            yield f"it has {lines} lines; {MOST_LINES} are the most"
        for output in cell.outputs:
            if output.output_type == "error" and RAISES not in _tags(cell):
                yield f"it raised {output.ename}"
            if output.get("name") == "stderr":
                yield f"it wrote to standard error: {output.text.splitlines()[:1]}"
            if _WIDGET in output.get("data", {}):
                yield "it shows a widget and nothing in its place"
        texts += [text for output in cell.outputs for text in _texts(output)]
    for text in texts:
        if "Traceback" in text and RAISES not in _tags(cell):
            yield "it shows a traceback"
        yield from (f"it names a machine: {trace}" for trace in machine_traces(text))


def machine_traces(text: str) -> list[str]:
    """Return absolute paths, ports, and names of hosts in a text; this machine's own name among them."""
    host = socket.gethostname()
    own = [host] if re.search(r"[\d.-]", host) and host in text else []  # a plain word may be a word
    return [*own, *(match.group() for match in _MACHINE.finditer(text))]


def _texts(output: NotebookNode) -> Iterator[str]:
    yield output.get("text", "")
    yield from (_ANSI.sub("", part) for part in output.get("traceback", ()))
    yield from (
        value
        for kind, value in output.get("data", {}).items()
        if isinstance(value, str) and kind not in {"image/png", "image/jpeg"}
    )


def _paths(names: Sequence[str]) -> list[Path]:
    """Return the notebooks that are named, all where none is."""
    if not names:
        return sorted(FOLDER.glob("*.ipynb"))
    return [path if (path := Path(name)).suffix == ".ipynb" else FOLDER / f"{name}.ipynb" for name in names]


def _write(path: Path) -> list[str]:
    try:
        book = execute(path)
    except CellError as error:
        return [str(error)]
    nbformat.write(book, path)
    return faults(book)


def _check(path: Path) -> list[str]:
    told = faults(nbformat.read(path, as_version=4))
    done = compare(path)
    return told if done.returncode == 0 else [*told, done.stdout + done.stderr]


def main(arguments: Sequence[str] | None = None) -> int:
    """Execute or check notebooks, and return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", metavar="NAME", nargs="*", help="notebooks; all of notebooks/ by default")
    parser.add_argument("--check", action="store_true", help="write nothing, compare with what is there")
    chosen = parser.parse_args(arguments)
    code = 0
    for path in _paths(chosen.names):
        if not path.is_file():
            print(f"there is no notebook {str(path)!r}", file=sys.stderr)
            return 2
        told = _check(path) if chosen.check else _write(path)
        print(f"{'✗' if told else '✓'} {path.name}", *told, sep="\n  ")
        code = 1 if told else code
    return code


if __name__ == "__main__":
    sys.exit(main())
