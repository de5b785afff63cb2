"""What executes, checks and compares the notebooks, on small notebooks of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from scripts.notebooks import (
    FOLDER,
    MOST_LINES,
    RAISES,
    SANITIZE,
    CellError,
    compare,
    execute,
    faults,
    machine_traces,
    main,
    normalized,
)

if TYPE_CHECKING:
    from pathlib import Path

    from nbformat import NotebookNode

SHOWING = """\
class Picture:
    def _repr_mimebundle_(self, include=None, exclude=None):
        data = {"image/svg+xml": "<svg><text>inbox</text></svg>", "text/plain": "inbox"}
        return data, {"image/svg+xml": {"width": 90}}


Picture()
"""
UPDATING = """\
import sys
import time

from lakenb.records.progress import Progress
from lakenb.views.progress import progress_line

with progress_line() as show:
    show(Progress("deploying the template", 0.5))
    show(Progress("running", 2.04, done=4, known=4, working=0))
"""


def written(path: Path, *sources: str, tags: tuple[str, ...] = ()) -> Path:
    """Write a notebook that has not run; its last cell has such tags."""
    book = new_notebook(cells=[new_markdown_cell("# Title"), *map(new_code_cell, sources)])
    book.cells[-1].metadata = {"tags": list(tags), "collapsed": True}
    book.metadata = {"widgets": {"state": {}}, "language_info": {"name": "python", "version": "3.0.1"}}
    nbformat.write(book, path)
    return path


def ran(cell_source: str = "1", **output: Any) -> NotebookNode:
    """Return a notebook with one cell, as it would be after it ran."""
    cell = new_code_cell(cell_source, execution_count=1)
    kind = output.pop("output_type", "stream")
    said = {"text": "fine\n"} if kind == "stream" else {}
    cell.outputs = [new_output(kind, **{**said, **output})]
    return normalized(new_notebook(cells=[cell]))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = written(
        tmp_path_factory.mktemp("notebooks") / "small.ipynb",
        "value = 6 * 7\nvalue",
        "",
        SHOWING,
        UPDATING,
        "import uuid\n\nprint('one')\nprint(f'{uuid.uuid4()}, {time.time() % 9:.1f} s')",
        "raise ValueError('on purpose')",
        tags=(RAISES,),
    )
    nbformat.write(execute(path), path)
    return path


def test_executed_notebook_keeps_the_rules_and_shows_the_same_again(executed: Path) -> None:
    assert faults(nbformat.read(executed, as_version=4)) == []
    done = compare(executed)
    assert done.returncode == 0, done.stdout


def test_cells_run_from_top_to_bottom_and_an_empty_one_is_left_out(executed: Path) -> None:
    cells = [cell for cell in nbformat.read(executed, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [1, None, 2, 3, 4, 5]
    assert cells[0].outputs[0].data == {"text/plain": "42"}
    assert cells[2].outputs[0].data == {
        "image/svg+xml": "<svg><text>inbox</text></svg>",
        "text/plain": "inbox",
    }
    assert cells[2].outputs[0].metadata == {"image/svg+xml": {"width": 90}}  # its size belongs to a picture


def test_output_that_is_updated_is_kept_as_it_was_last(executed: Path) -> None:
    (output,) = nbformat.read(executed, as_version=4).cells[4].outputs
    assert output.data == {"text/plain": f"[{'█' * 24}] 4/4 messages · 0 at work · 2.0 s"}


def test_what_differs_between_machines_is_not_written(executed: Path) -> None:
    book = nbformat.read(executed, as_version=4)
    assert book.metadata == {
        "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    assert [cell.id for cell in book.cells] == [f"cell-{number}" for number in range(1, 8)]
    assert [cell.metadata for cell in book.cells] == [{}] * 6 + [{"tags": [RAISES]}]


def test_traceback_on_purpose_keeps_its_words_and_names_no_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.ipynb", "import json\n\njson.loads('{')", tags=(RAISES,))
    book = execute(path)
    (output,) = book.cells[-1].outputs
    assert output.ename == "JSONDecodeError"
    assert "decoder.py" not in "".join(output.traceback)
    assert "JSONDecodeError" in output.traceback[-1]
    assert faults(book) == []


def test_cell_that_raises_is_named_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "raising.ipynb", "1", "{}['missing']", "2")
    before = path.read_bytes()
    with pytest.raises(CellError, match=r"raising\.ipynb: code cell 2 raised\n(?s:.*)KeyError: 'missing'"):
        execute(path)
    assert main([str(path)]) == 1
    assert capsys.readouterr().out.startswith("✗ raising.ipynb\n")
    assert path.read_bytes() == before


def test_every_tampered_output_is_found(executed: Path, tmp_path: Path) -> None:
    text = executed.read_text(encoding="utf-8")
    for old, new in (
        ('"42"', '"43"'),
        ("<svg><text>inbox<", "<svg><text>outbox<"),
        (r'"one\n', r'"two\n'),
        ('"evalue": "on purpose"', '"evalue": "by mistake"'),
    ):
        assert text.count(old) == 1 + (old in SHOWING)
        head, _, tail = text.rpartition(old) if old in SHOWING else text.partition(old)
        text = head + new + tail
    path = tmp_path / "tampered.ipynb"
    path.write_text(text, encoding="utf-8")
    done = compare(path)
    assert done.returncode == 1
    # under CI pytest's summary repeats every message in full
    found = re.findall(r"mismatch '([\w/+]+)'", done.stdout)
    assert sorted(set(found)) == ["evalue", "image/svg+xml", "stdout", "text/plain"], done.stdout


def test_missing_output_is_found(executed: Path, tmp_path: Path) -> None:
    book = nbformat.read(executed, as_version=4)
    book.cells[1].outputs = []
    nbformat.write(book, tmp_path / "missing.ipynb")
    done = compare(tmp_path / "missing.ipynb")
    assert done.returncode == 1
    assert re.findall(r"^FAILED missing\.ipynb::Cell (\d)", done.stdout, re.MULTILINE) == ["0"]


def test_check_writes_nothing_and_ends_with_1_when_an_output_differs(
    executed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(executed.read_text(encoding="utf-8").replace('"42"', '"43"'), encoding="utf-8")
    before = path.read_bytes()
    assert main(["--check", str(path)]) == 1
    assert path.read_bytes() == before
    assert "mismatch" in capsys.readouterr().out


def test_unknown_notebook_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "no-such"]) == 2
    assert capsys.readouterr().err == f"there is no notebook '{FOLDER / 'no-such.ipynb'}'\n"


def test_a_notebook_as_it_should_be_breaks_no_rule() -> None:
    assert faults(ran()) == []


@pytest.mark.parametrize(
    ("book", "fault"),
    [
        (ran("1\n" * (MOST_LINES + 1)), "cell cell-1: it has 11 lines; 10 are the most"),
        (ran(text="Traceback (most recent call last):\n"), "cell cell-1: it shows a traceback"),
        (ran(text="in /ho" + "me/ann/a.pdf\n"), "cell cell-1: it names a machine: /ho" + "me/ann/a.pdf"),
        (ran("open('/t" + "mp/a')"), "cell cell-1: it names a machine: /t" + "mp/a')"),
        (ran(name="stderr"), "cell cell-1: it wrote to standard error: ['fine']"),
        (
            ran(output_type="error", ename="KeyError", evalue="'a'", traceback=["KeyError: 'a'"]),
            "cell cell-1: it raised KeyError",
        ),
        (
            ran(output_type="display_data", data={"application/vnd.jupyter.widget-view+json": {}}),
            "cell cell-1: it shows a widget and nothing in its place",
        ),
    ],
)
def test_each_broken_rule_is_named(book: NotebookNode, fault: str) -> None:
    assert faults(book) == [fault]


def test_notebook_that_did_not_run_is_named() -> None:
    book = normalized(new_notebook(cells=[new_code_cell("1"), new_code_cell("2", execution_count=1)]))
    assert faults(book) == [
        "its cells did not run once each, from top to bottom: [None, 1]",
        "it has no outputs",
    ]


def test_metadata_of_an_editor_are_named() -> None:
    book = ran()
    book.metadata["vscode"] = {}
    assert faults(book) == ["its metadata are not what scripts/notebooks.py writes"]


def test_widget_gives_way_to_what_is_shown_without_a_kernel() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "a picture"}
    assert ran(output_type="display_data", data=widget).cells[0].outputs[0].data == {
        "text/plain": "a picture"
    }


@pytest.mark.parametrize(
    "parts", [("/ro", "ot/a.py"), ("C:\\Us", "ers\\ann"), ("127.0.0", ".1:8123"), ("build-7.co", "rp")]
)
def test_a_trace_of_a_machine_is_found(parts: tuple[str, str]) -> None:
    assert machine_traces(f"see {''.join(parts)} there")


@pytest.mark.parametrize(
    "text",
    [
        "s3://inbox/work/a.pdf",
        "arn:aws:s3:::inbox/tmp/*",
        "letters/*",
        "https://docs.example.org/home/a",
        "<g/>",
    ],
)
def test_what_belongs_to_the_product_is_no_trace(text: str) -> None:
    assert machine_traces(text) == []


def test_each_rule_of_sanitizing_says_what_it_is_for() -> None:
    text = SANITIZE.read_text(encoding="utf-8")
    assert len(re.findall(r"^\[.{10,}\]\nregex: .+\nreplace: .+$", text, re.MULTILINE)) == text.count(
        "regex:"
    )
