"""Pipelines in files of the user's own: what is found, and what is told where it is not."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from lakenb.cli.load import load, split
from lakenb.cli.raised import UserFileError
from tests.cli.commands import Said, run

LETTERS = """\
import lakenb as lk

inbox = lk.S3Trigger("inbox")
chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
pipe = lk.Pipeline("letters", chunks.pipe(lk.S3Storage("results")))


def built():
    return lk.Pipeline("built", inbox.pipe(lk.S3Storage("store")))


def named(name):
    return lk.Pipeline(name, inbox.pipe(lk.S3Storage("store")))


def number():
    return 7
"""

TABLE = ("--table", "encryption", "--format", "json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "own"
    made.mkdir()
    (made / "letters.py").write_text(LETTERS)
    return made


def shown(folder: Path, place: str, **files: str) -> Said:
    """Return what `show` says of a place, beside files with such texts."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    return run(folder.parent / "scratch", "show", place, *TABLE, cwd=folder)


def pipeline_of(said: Said) -> str:
    assert said.code == 0, said.err
    found: str = json.loads(said.out)["pipeline"]
    return found


@pytest.mark.parametrize(
    ("place", "parts"),
    [
        ("letters.py:pipe", ("letters.py", "pipe")),
        ("letters.py", ("letters.py", None)),
        ("a:b/letters.py", ("a:b/letters.py", None)),
        (r"C:\flows\letters.py:pipe", (r"C:\flows\letters.py", "pipe")),
        (r"C:\flows\letters.py", (r"C:\flows\letters.py", None)),
        ("letters.py:", ("letters.py", "")),
        ("letters.py:not a name", ("letters.py", "not a name")),
        ("letters.txt:pipe", ("letters.txt", "pipe")),
        ("", ("", None)),
    ],
)
def test_place_is_split_at_its_last_colon_unless_that_belongs_to_the_file(
    place: str, parts: tuple[str, str | None]
) -> None:
    assert split(place) == parts


@pytest.mark.parametrize(
    ("place", "pipeline"),
    [("letters.py:pipe", "letters"), ("letters.py", "letters"), ("letters.py:built", "built")],
)
def test_pipeline_is_found_by_name_alone_in_its_file_or_made_by_a_function(
    folder: Path, place: str, pipeline: str
) -> None:
    assert pipeline_of(shown(folder, place)) == pipeline


def test_a_pipeline_under_two_names_is_still_one(folder: Path) -> None:
    assert pipeline_of(shown(folder, "twice.py", twice=f"{LETTERS}\nsame = pipe\n")) == "letters"


def test_file_imports_what_lies_beside_it_whatever_folder_the_command_runs_in(folder: Path) -> None:
    (folder / "parts.py").write_text("CHUNK = 500\n")
    (folder / "importing.py").write_text(f"from parts import CHUNK\n{LETTERS}")
    said = run(folder.parent / "scratch", "show", folder / "importing.py", *TABLE, cwd=folder.parent)
    assert pipeline_of(said) == "letters"


def test_function_of_the_file_travels_with_what_it_reads(folder: Path) -> None:
    text = """\
from __future__ import annotations

import lakenb as lk

LIMIT = 100


def is_long(size):
    return size > LIMIT


inbox = lk.S3Trigger("inbox")
long = inbox.pipe(lk.Condition("long", predicate=lambda doc: is_long(doc.size)))
pipe = lk.Pipeline("custom", long.pipe(lk.S3Storage("results"), filter=lk.matched))
"""
    assert pipeline_of(shown(folder, "custom.py", custom=text)) == "custom"


def test_what_is_guarded_for_running_the_file_does_not_run(folder: Path) -> None:
    guarded = f'{LETTERS}\nif __name__ == "__main__":\n    raise SystemExit("ran")\n'
    assert pipeline_of(shown(folder, "guarded.py", guarded=guarded)) == "letters"


def test_loading_leaves_path_and_folder_of_the_process_as_they_were(folder: Path) -> None:
    moving = f"import os\nimport sys\nos.chdir('/')\nsys.path.append('/nowhere')\n{LETTERS}"
    (folder / "moving.py").write_text(moving)
    (folder / "raising.py").write_text("import os\nos.chdir('/')\nraise ValueError('no')\n")
    before = [*sys.path], Path.cwd(), sys.stdout
    assert load(f"{folder}/moving.py").id == "letters"
    sys.path.remove("/nowhere")
    with pytest.raises(UserFileError, match="ValueError: no"):
        load(f"{folder}/raising.py:pipe")
    assert ([*sys.path], Path.cwd(), sys.stdout) == before


def test_nothing_is_written_beside_the_file(folder: Path) -> None:
    pipeline_of(shown(folder, "letters.py"))
    assert [path.name for path in folder.iterdir()] == ["letters.py"]


def test_what_the_file_prints_does_not_mix_with_the_result(folder: Path) -> None:
    said = shown(folder, "printing.py:built", printing=f"{LETTERS}\nprint('composing')\n")
    assert pipeline_of(said) == "built"
    assert "composing" in said.err


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (
            "missing.py:pipe",
            ["there is no file 'missing.py'", "file 'missing.py'", "check its spelling and folder"],
        ),
        (
            "leters.py:pipe",
            ["there is no file 'leters.py'", "file 'leters.py'", "did you mean 'letters.py'?"],
        ),
        (
            "no/such.py:pipe",
            ["there is no file 'no/such.py'", "file 'no/such.py'", "check its spelling and folder"],
        ),
        (".", ["'.' is a folder, not a Python file", "file '.'", "name a Python file in it: letters.py"]),
        (
            "letters.txt:pipe",
            [
                "'letters.txt' is not a Python file: it does not end in .py",
                "file 'letters.txt'",
                "name it as FILE.py:NAME, as in pipelines.py:pipe",
            ],
        ),
        (
            "letters.ipynb:pipe",
            [
                "'letters.ipynb' is a notebook, not a Python file",
                "file 'letters.ipynb'",
                "write the cells that compose the pipeline into a .py file and name that",
            ],
        ),
        ("letters.py:pip", ["'letters.py' holds no 'pip'", "file 'letters.py'", "did you mean 'pipe'?"]),
        (
            "letters.py:xyz",
            ["'letters.py' holds no 'xyz'", "file 'letters.py'", "it holds pipe, built, number"],
        ),
        (
            "letters.py:",
            [
                "'' is not a name in Python",
                "file 'letters.py'",
                "name it as FILE.py:NAME, as in pipelines.py:pipe",
            ],
        ),
        (
            "letters.py:chunks",
            [
                "'chunks' is of type Handle, not a pipeline",
                "letters.py:chunks",
                "put it into a pipeline: lk.Pipeline('chunks', chunks)",
            ],
        ),
        (
            "letters.py:lk",
            [
                "'lk' is of type module, not a pipeline",
                "letters.py:lk",
                "name a pipeline, or a function without arguments that returns one",
            ],
        ),
        (
            "letters.py:named",
            [
                "'named' is a function that needs name",
                "letters.py:named",
                "give each argument a default, or name a function without arguments",
            ],
        ),
        (
            "letters.py:number",
            [
                "number() returns a value of type int, not a pipeline",
                "letters.py:number",
                "return a lk.Pipeline",
            ],
        ),
    ],
)
def test_wrong_place_is_told_with_what_where_and_mend(folder: Path, place: str, words: list[str]) -> None:
    what, where, mend = words
    assert shown(folder, place) == (2, "", f"lakenb: {what}\n  where: {where}\n  mend:  {mend}\n")


def test_several_pipelines_are_named(folder: Path) -> None:
    said = shown(folder, "several.py", several=f"{LETTERS}\nother = built()\n")
    assert said == (
        2,
        "",
        (
            "lakenb: 'several.py' holds 2 pipelines: pipe, other\n"
            "  where: file 'several.py'\n"
            "  mend:  say which, as in several.py:pipe\n"
        ),
    )


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("", "assign one to a name"),
        ("def made():\n    return 1\n", "if a function makes it, name that: none.py:made"),
    ],
)
def test_file_without_a_pipeline_is_told(folder: Path, text: str, mend: str) -> None:
    said = shown(folder, "none.py", none=text)
    assert said == (
        2,
        "",
        f"lakenb: 'none.py' holds no pipeline\n  where: file 'none.py'\n  mend:  {mend}\n",
    )


def test_what_a_file_raises_is_shown_in_its_own_lines_alone(folder: Path) -> None:
    (folder / "helper.py").write_text("import json\n\n\ndef read():\n    return json.loads('{')\n")
    said = shown(folder, "raising.py:pipe", raising="import helper\n\nvalue = helper.read()\n")
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("lakenb: 'raising.py' cannot be loaded:\nTraceback (most recent call last):\n")
    assert re.findall(r'File ".*/(\w+\.py)", line (\d+)', said.err) == [
        ("raising.py", "3"),
        ("helper.py", "5"),
    ]
    assert "    value = helper.read()\n" in said.err
    assert "json.decoder.JSONDecodeError: Expecting property name" in said.err.splitlines()[-1]


def test_what_a_function_raises_is_told_with_its_causes(folder: Path) -> None:
    text = """\
def made():
    try:
        return {}["a"]
    except KeyError as error:
        raise ValueError("no a") from error
"""
    said = shown(folder, "raising.py:made", raising=text)
    assert said.code == 2
    assert said.err.startswith("lakenb: made() in 'raising.py' does not return:\n")
    assert re.findall(r'File ".*/(\w+\.py)", line (\d+), in (\w+)', said.err) == [
        ("raising.py", "3", "made"),
        ("raising.py", "5", "made"),
    ]
    assert "KeyError: 'a'" in said.err
    assert said.err.endswith("ValueError: no a\n")


def test_a_fault_of_the_pipeline_is_told_with_its_mend_and_the_users_line(folder: Path) -> None:
    text = LETTERS.replace('"chunks")', '"chunks", chunk_size=-1)')
    said = shown(folder, "wrong.py:pipe", wrong=text)
    assert said.code == 2
    assert said.err.splitlines() == [
        "lakenb: chunk_size is -1",
        "  where: node 'chunks'",
        "  mend:  set chunk_size to at least 1",
        f"  line:  wrong.py:4: {text.splitlines()[3]}",
    ]


def test_a_file_that_is_no_python_is_told_with_its_line(folder: Path) -> None:
    said = shown(folder, "typo.py:pipe", typo="import lakenb as lk\n\npipe = lk.Pipeline('a'\n")
    assert said.code == 2
    assert said.err.startswith("lakenb: 'typo.py' cannot be loaded:\n  File ")
    assert 'typo.py", line 3\n' in said.err
    assert said.err.endswith("SyntaxError: '(' was never closed\n")
    assert "Traceback" not in said.err


@pytest.mark.parametrize("content", [b"\0\0", "x = 'é'".encode("latin-1"), b"# coding: none\n"])
def test_bytes_that_are_no_python_are_told(folder: Path, content: bytes) -> None:
    (folder / "bytes.py").write_bytes(content)
    said = shown(folder, "bytes.py:pipe")
    assert said.code == 2
    assert said.err.startswith("lakenb: 'bytes.py' cannot be loaded:\n")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("text", "place", "told"),
    [
        (
            "import sys\n\nsys.exit(0)\n",
            "leaving.py:pipe",
            "'leaving.py' cannot be loaded: it calls sys.exit(0)",
        ),
        (
            "def made():\n    raise SystemExit('bye')\n",
            "leaving.py:made",
            "made() in 'leaving.py' does not return: it calls sys.exit('bye')",
        ),
    ],
)
def test_a_file_that_ends_the_process_does_not_pass_for_success(
    folder: Path, text: str, place: str, told: str
) -> None:
    said = shown(folder, place, leaving=text)
    assert said.code == 2
    first, line, mend = said.err.splitlines()
    assert first == f"lakenb: {told}"
    assert re.fullmatch(r"  line:  leaving.py:\d: .*", line)
    assert mend == '  mend:  guard it: if __name__ == "__main__": ...'


def test_names_and_reasons_do_not_command_the_terminal(folder: Path) -> None:
    hostile = "a\x1b]0;owned\x07b"
    said = shown(folder, f"{hostile}.py:pipe")
    assert said.code == 2
    (folder / "raising.py").write_text(f"raise ValueError({hostile!r})\n")
    raising = shown(folder, "raising.py:pipe")
    assert raising.code == 2
    assert "ValueError: a\ufffd]0;owned\ufffdb" in raising.err
    assert not {"\x1b", "\x07"} & {*said.err, *raising.err}


def test_file_that_cannot_be_read_is_told(folder: Path) -> None:
    (folder / "memory.py").symlink_to("/proc/self/mem")  # reading its start fails, for root as well
    said = shown(folder, "memory.py:pipe")
    assert said == (
        2,
        "",
        (
            "lakenb: 'memory.py' cannot be read: Input/output error\n"
            "  where: file 'memory.py'\n"
            "  mend:  check its permissions\n"
        ),
    )
