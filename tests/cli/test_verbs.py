"""`lakenb run`, `show` and `synth` on a pipeline of the user's own, each in a process of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from lakenb.cli.parser import duration
from lakenb.cli.verbs import TABLES
from tests.cli.commands import ROOT, Said, finish, run, start

if TYPE_CHECKING:
    from pathlib import Path

PIPELINES = """\
import json

import lakenb as lk

inbox = lk.S3Trigger("inbox")
chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks", chunk_size=60, chunk_overlap=0))
pipe = lk.Pipeline("letters", chunks.pipe(lk.S3Storage("results")))

scans = lk.S3Trigger("scans")
store = lk.S3Storage("results")
two = lk.Pipeline("two", inbox.pipe(store), scans.pipe(store))


class Tampered(lk.Pipeline):
    def run(self, paths, **options):
        more = {"Sid": "More", "Effect": "Allow", "Action": "*", "Resource": "*"}
        with self.local() as session:
            [role] = [name for id, name in session.stack.physical.items() if id == "ChunksRole"]
            session.client("iam").put_role_policy(
                RoleName=role, PolicyName="more",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [more]}),
            )
            session.attempt("chunks", "s3:DeleteObject", "chunks/x")
            return session.run(paths)


tampered = Tampered("letters", chunks.pipe(lk.S3Storage("results")))
"""
LETTER = "The tenant returned both keys on Monday. The clerk stamped a receipt. Nothing was mislaid."


class Runs(NamedTuple):
    """Runs that ran at the same time."""

    folder: Path
    good: Said
    failing: Said
    text: Said
    two: Said
    tampered: Said
    tampered_text: Said


def prepared(folder: Path) -> Path:
    folder.mkdir()
    (folder / "flows.py").write_text(PIPELINES)
    (folder / "letters").mkdir()
    (folder / "letters" / "a.txt").write_text(LETTER)
    (folder / "letters" / "b\x1b[2J.txt").write_text("Short.")
    (folder / "failing").mkdir()
    (folder / "failing" / "empty.txt").write_bytes(b"")
    (folder / "failing" / "a.txt").write_text(LETTER)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return prepared(tmp_path / "own")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    own = prepared(tmp_path_factory.mktemp("runs") / "own")
    scratch = own.parent / "scratch"

    def begin(*arguments: str) -> subprocess.Popen[str]:
        return start(scratch, "run", *arguments, cwd=own)

    started = (
        begin("flows.py:pipe", "letters", "--save", "kept", "--format", "json"),
        begin("flows.py:pipe", "failing", "--format", "json"),
        begin("flows.py:pipe", "failing/*.txt"),
        begin("flows.py:two", "inbox=letters/a.txt", "scans=failing", "--timeout", "2m"),
        begin("flows.py:tampered", "letters", "--format", "json"),
        begin("flows.py:tampered", "letters"),
    )
    return Runs(own, *map(finish, started))


def test_run_ends_with_0_when_nothing_failed_and_with_1_when_documents_failed(runs: Runs) -> None:
    assert (runs.good.code, runs.failing.code, runs.text.code, runs.two.code) == (0, 1, 1, 0)


def test_run_ends_with_1_when_the_two_policy_engines_decide_differently(runs: Runs) -> None:
    assert (runs.tampered.code, runs.tampered_text.code) == (1, 1)
    outcome: dict[str, Any] = json.loads(runs.tampered.out)
    assert (outcome["complete"], outcome["confirmed"], outcome["failures"]) == (True, False, [])
    [apart] = [one for one in outcome["disagreements"] if one["action"] == "s3:DeleteObject"]
    assert (apart["server"], apart["evaluator"]) == ("ALLOWED", "IMPLICITLY_DENIED")
    assert "nearest: statement '" in apart["evaluator_says"]
    assert "ChunksRole.Policies is ['node', 'more'], not ['node']" in apart["settle"]
    first = runs.tampered_text.out.splitlines()[0]
    assert first.startswith("THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on ")
    assert json.loads(runs.good.out)["confirmed"] is True


def test_run_as_json_is_one_object_with_the_keys_that_its_help_lists(runs: Runs) -> None:
    outcome: dict[str, Any] = json.loads(runs.good.out)
    told = run(runs.folder.parent / "scratch", "run", "--help").out.partition("prints one object")[2]
    assert re.findall(r"^  (\w+)  ", told, re.MULTILINE) == list(outcome)
    for key in ("account", "documents", "filtered", "failures", "denied", "disagreements"):
        listed = re.search(rf"^  {key}  .*objects? of ((?:\w+,\s+)+\w+)$", told, re.MULTILINE)
        assert listed, key
        others = (json.loads(said.out)[key] for said in (runs.failing, runs.tampered))
        for row in (*outcome[key], *chain(*others)):
            assert list(row) == re.split(r",\s+", listed[1])


def test_run_as_json_tells_what_became_of_the_documents(runs: Runs) -> None:
    outcome: dict[str, Any] = json.loads(runs.good.out)
    assert (outcome["pipeline"], outcome["complete"], outcome["failures"]) == ("letters", True, [])
    assert {
        "edge": "bucket -> inbox",
        "inputs": 2,
        "delivered": 2,
        "failed": 0,
        "filtered": 0,
    } in outcome["account"]
    assert sorted(outcome["names"].values()) == ["a.txt", "b\x1b[2J.txt"]
    assert "\x1b" not in runs.good.out
    failed: dict[str, Any] = json.loads(runs.failing.out)
    assert failed["complete"] is True
    assert [(one["node"], one["kind"]) for one in failed["failures"]] == [("chunks", "EmptyDocument")]


def test_run_as_text_prints_account_failures_lineage_and_a_verdict(runs: Runs) -> None:
    rows = [line.split() for line in runs.text.out.splitlines()]
    assert ["inbox", "->", "chunks", "2", "1", "1", "0"] in rows
    assert ["chunks", "empty.txt", "EmptyDocument"] in [row[:3] for row in rows]
    assert re.search(
        r"^inbox: a\.txt \(text/plain, \d+ B\) · chunks \d · results \d$", runs.text.out, re.MULTILINE
    )
    assert re.fullmatch(
        r"✗ \d+ documents, 1 failed, 0 filtered; nothing lost; \d+\.\d s", runs.text.out.splitlines()[-1]
    )
    assert runs.two.out.splitlines()[-1].startswith("✓ ")


def test_progress_is_not_among_the_results(runs: Runs) -> None:
    for said in (runs.good, runs.failing, runs.text, runs.two):
        assert said.err.splitlines()[:2] == ["starting the embedded AWS", "deploying the template"]
        assert "deploying" not in said.out


def test_saved_documents_lie_below_the_folder(runs: Runs) -> None:
    saved = {path.read_text() for path in (runs.folder / "kept" / "results").rglob("*") if path.is_file()}
    assert "Short." in saved
    assert len(saved) > 1


def test_each_trigger_gets_its_own_documents(runs: Runs) -> None:
    rows = [line.split() for line in runs.two.out.splitlines()]
    assert ["bucket", "->", "inbox", "1", "1", "0", "0"] in rows
    assert ["bucket", "->", "scans", "2", "2", "0", "0"] in rows


@pytest.mark.parametrize("given", ["letters", "inbos=letters", "=letters"])
def test_path_for_no_trigger_is_told(folder: Path, given: str) -> None:
    said = run(folder.parent / "scratch", "run", "flows.py:two", given, cwd=folder)
    assert said == (
        2,
        "",
        (
            f"lakenb: '{given}' names none of the pipeline's 2 triggers: inbox, scans\n"
            "  where: the paths to run\n"
            "  mend:  write TRIGGER=PATH, as in inbox=letters/\n"
        ),
    )


def test_path_that_leads_to_no_file_is_told_before_anything_starts(folder: Path) -> None:
    said = run(folder.parent / "scratch", "run", "flows.py:pipe", "leters/*.txt", cwd=folder)
    assert said == (
        2,
        "",
        ("lakenb: 'leters/*.txt' leads to no file\n  where: the paths to run\n  mend:  check the spelling\n"),
    )


def test_shell_words_in_a_path_are_a_name_and_nothing_else(folder: Path) -> None:
    said = run(folder.parent / "scratch", "run", "flows.py:pipe", "$(touch made);`touch made`", cwd=folder)
    assert said.code == 2
    assert not (folder / "made").exists()


def test_interrupted_run_ends_with_130_and_leaves_nothing(folder: Path) -> None:
    scratch = folder.parent / "scratch"
    process = start(scratch, "run", "flows.py:pipe", "letters", cwd=folder)
    assert process.stderr
    assert process.stderr.readline() == "starting the embedded AWS\n"
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    said = finish(process)
    assert said.code == 130
    assert said.out == ""
    assert said.err.endswith("lakenb: interrupted; everything it started has ended\n")
    assert "Traceback" not in said.err
    assert list(scratch.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("5m", 300), ("1h", 3600), ("0.5", 0.5), ("1e2", 100)]
)
def test_a_time_is_seconds_unless_it_names_its_unit(text: str, seconds: float) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "x", "0", "-5", "nan", "inf", "1e999", "5 minutes", "m", "8d", "169h"])
def test_a_time_that_is_none_is_told(folder: Path, text: str) -> None:
    said = run(folder.parent / "scratch", "run", "flows.py:pipe", "letters", f"--timeout={text}", cwd=folder)
    assert said.code == 2
    told = f"argument --timeout: '{text}' is no time such as 90, 5m or 1h, at most a week"
    assert said.err.splitlines()[-1] == f"lakenb run: error: {told}"


@pytest.mark.parametrize("table", TABLES)
def test_table_is_the_same_rows_in_every_form(folder: Path, table: str) -> None:
    scratch = folder.parent / "scratch"
    forms = [
        start(scratch, "show", "flows.py:pipe", "--table", table, "--format", form, cwd=folder)
        for form in ("json", "csv", "text")
    ]
    as_json, as_csv, as_text = map(finish, forms)
    assert [said.code for said in (as_json, as_csv, as_text)] == [0, 0, 0]
    made = json.loads(as_json.out)
    assert list(made) == ["pipeline", "table", "columns", "rows", "notes"]
    assert (made["pipeline"], made["table"]) == ("letters", table)
    assert all(list(row) == made["columns"] for row in made["rows"])
    read = list(csv.reader(io.StringIO(as_csv.out)))
    assert read[0] == made["columns"]
    assert len(read) == 1 + len(made["rows"])
    if made["rows"]:
        lines = as_text.out.splitlines()
        assert re.split(r"  +", lines[0]) == made["columns"]
        assert len(lines) == 2 + len(made["rows"]) + len(made["notes"])


def test_every_row_of_a_table_is_shown(folder: Path) -> None:
    long = "\n".join(
        ["import lakenb as lk", 'handle = lk.S3Trigger("inbox").handle()']
        + [f'handle = handle.pipe(lk.Passthrough("n-{number}"))' for number in range(12)]
        + ['pipe = lk.Pipeline("long", handle.pipe(lk.S3Storage("results")))']
    )
    (folder / "long.py").write_text(long)
    said = run(folder.parent / "scratch", "show", "long.py", "--table", "grants", cwd=folder)
    assert len(said.out.splitlines()) > 42
    assert "more grants" not in said.out


def test_picture_is_text_without_a_file(folder: Path) -> None:
    said = run(folder.parent / "scratch", "show", "flows.py:pipe", cwd=folder)
    assert said.code == 0, said.err
    for node in ("inbox", "chunks", "results"):
        assert node in said.out
    assert said.out.endswith("\n")
    assert said.err == ""


@pytest.mark.parametrize(
    ("name", "begins"), [("a.svg", b"<"), ("a.png", b"\x89PNG\r\n\x1a\n"), ("a.dot", b"")]
)
def test_picture_is_written_in_the_form_that_the_suffix_names(folder: Path, name: str, begins: bytes) -> None:
    said = run(folder.parent / "scratch", "show", "flows.py:pipe", "-o", name, cwd=folder)
    assert (said.code, said.out, said.err) == (0, "", f"wrote '{name}'\n")
    assert (folder / name).read_bytes().startswith(begins)
    assert (folder / name).stat().st_size > 200


@pytest.mark.parametrize("name", ["a.pdf", "a", "nowhere/a.svg"])
def test_picture_that_cannot_be_written_is_told(folder: Path, name: str) -> None:
    said = run(folder.parent / "scratch", "show", "flows.py:pipe", "-o", name, cwd=folder)
    assert said.code == 2
    assert said.err.startswith("lakenb: ")
    assert "Traceback" not in said.err
    assert not (folder / name).exists()


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        (
            ("-o", "a.svg", "--table", "grants"),
            "-o takes the picture, and --table prints a table",
            "leave -o out and send it to a file: --table grants > 'a.svg'",
        ),
        (
            ("--format", "json"),
            "--format json is the form of a table, and no table is named",
            "add --table with one of grants, access, encryption, endpoints",
        ),
    ],
)
def test_options_that_mean_nothing_together_are_told_before_the_file_runs(
    folder: Path, options: tuple[str, ...], what: str, mend: str
) -> None:
    said = run(folder.parent / "scratch", "show", "missing.py", *options, cwd=folder)
    assert said == (2, "", f"lakenb: {what}\n  where: the options\n  mend:  {mend}\n")


def test_synth_writes_a_cloud_assembly_and_says_what_is_in_it(folder: Path) -> None:
    said = run(folder.parent / "scratch", "synth", "flows.py:pipe", "-o", "out", cwd=folder)
    assert said.code == 0, said.err
    assert said.out.strip()
    assert (folder / "out" / "manifest.json").is_file()


def test_synth_into_a_file_is_told(folder: Path) -> None:
    said = run(folder.parent / "scratch", "synth", "flows.py:pipe", "-o", "flows.py", cwd=folder)
    assert said.code == 2
    assert said.err.splitlines()[-1]
    assert "Traceback" not in said.err
    assert (folder / "flows.py").read_text() == PIPELINES


CLOCK = """
import lakenb as lk

nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
pipe = lk.Pipeline("clock", nightly.pipe(lk.S3Storage("results")))
"""


@pytest.mark.parametrize(
    "arguments", [("run",), ("show",), ("synth",), ("show", "a.py", "--table", "no-such-table")]
)
def test_missing_and_unknown_words_are_told_with_the_usage(folder: Path, arguments: tuple[str, ...]) -> None:
    said = run(folder.parent / "scratch", *arguments, cwd=folder)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith(f"usage: lakenb {arguments[0]}")


def test_without_a_path_only_schedules_run(folder: Path) -> None:
    said = run(folder.parent / "scratch", "run", "flows.py:pipe", cwd=folder)
    assert said.code == 2
    assert "there is no file to run" in said.err
    (folder / "clock.py").write_text(CLOCK)
    said = run(folder.parent / "scratch", "run", "clock.py:pipe", "--format", "json", cwd=folder)
    assert said.code == 0, said.err
    assert json.loads(said.out)["account"][0] == {
        "edge": "schedule -> nightly",
        "inputs": 1,
        "delivered": 1,
        "failed": 0,
        "filtered": 0,
    }
    said = run(folder.parent / "scratch", "run", "clock.py:pipe", "2", "--format", "json", cwd=folder)
    assert json.loads(said.out)["account"][0]["inputs"] == 2


def test_unknown_option_does_not_command_the_terminal(folder: Path) -> None:
    said = run(folder.parent / "scratch", "show", "flows.py", "--a\x1b[2J", cwd=folder)
    assert said.code == 2
    assert "unrecognized arguments: --a\ufffd[2J" in said.err


def test_help_names_every_command_with_an_example_and_the_exit_codes(tmp_path: Path) -> None:
    whole = run(tmp_path / "scratch", "--help").out
    for verb in ("demo", "run", "show", "synth"):
        assert re.search(rf"^    {verb}  +\w", whole, re.MULTILINE)
        assert f"\n  lakenb {verb}" in whole.partition("examples:")[2]
        own = run(tmp_path / "scratch", verb, "--help")
        assert own.code == 0
        assert re.search(rf"^example.*:\n  lakenb {verb} ", own.out, re.MULTILINE)
        assert re.search(r"^exit codes: 0 \w", own.out, re.MULTILINE)
    for code in ("0", "1", "2", "130"):
        assert re.search(rf"^  {code}  +\w", whole.partition("exit codes:")[2], re.MULTILINE)


@pytest.mark.parametrize(
    "arguments", [("--help",), ("show", "flows.py:pipe", "--table", "grants"), ("show", "flows.py:pipe")]
)
def test_reader_that_goes_away_is_no_error(folder: Path, arguments: tuple[str, ...]) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.close(); sys.stdin = None"], stdin=subprocess.PIPE
    )
    process.wait(timeout=30)  # the pipe has no reader any more
    said = subprocess.run(
        [sys.executable, "-m", "lakenb", *arguments],
        stdout=process.stdin,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert process.stdin
    process.stdin.close()
    assert (said.returncode, said.stderr) == (141, "")


def test_output_without_room_is_told(folder: Path) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a file
        said = subprocess.run(
            [sys.executable, "-m", "lakenb", "show", "flows.py:pipe", "--table", "grants"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env={"PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert (said.returncode, said.stderr) == (2, "lakenb: No space left on device: this machine\n")


def test_terminal_that_lacks_letters_gets_question_marks(folder: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "lakenb", "show", "flows.py:pipe", "--table", "encryption"],
        capture_output=True,
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        check=False,
    )
    assert (said.returncode, said.stderr) == (0, b"")
    assert said.stdout.isascii()


def test_a_fault_nobody_foresaw_does_not_end_as_failed_documents_do(folder: Path) -> None:
    odd = "class Odd(lk.Pipeline):\n    @property\n    def grants(self):\n        return 1 / 0\n"
    (folder / "odd.py").write_text(f"{PIPELINES}\n\n{odd}\n\nodd = Odd('odd', inbox.pipe(store))\n")
    said = run(folder.parent / "scratch", "show", "odd.py:odd", "--table", "grants", cwd=folder)
    assert (said.code, said.out) == (2, "")
    assert "ZeroDivisionError" in said.err
    assert said.err.splitlines()[-1].startswith("lakenb: this is a fault of lakenb itself")
