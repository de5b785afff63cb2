"""The command `lakenb demo` as people run it: in a process of its own, its words on standard output."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import distribution
from typing import TYPE_CHECKING, NamedTuple

import pytest

import lakenb as lk
from lakenb.backends.local.probe import Answer, Call
from lakenb.cli.demo import _print_answer
from tests.cli.commands import Said, finish, run, start

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "~$(reboot)`;..\uff0f..\x1b[31m\n.txt"


class Demos(NamedTuple):
    """Two commands that ran at the same time: the generated corpus, and own files."""

    generated: Said
    own: Said
    saved: Path
    scratch: Path


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Demos:
    folder = tmp_path_factory.mktemp("demos")
    own = folder / "own"
    own.mkdir()
    licence = next(file for file in distribution("urllib3").files or () if file.name == "LICENSE.txt")
    shutil.copyfile(str(licence.locate()), own / "LICENSE.txt")
    (own / HOSTILE).write_text("A hostile name. It stays below.")
    saved, scratch = folder / "saved", folder / "scratch"
    scratch.mkdir()
    both = (
        start(scratch, "demo", "--seed", "7"),
        start(scratch, "demo", "--save", saved, own / "LICENSE.txt", str(own / "*reboot*")),
    )
    generated, with_own = map(finish, both)
    return Demos(generated, with_own, saved, scratch)


def test_both_keep_what_they_promise(demos: Demos) -> None:
    for said in (demos.generated, demos.own):
        assert said.code == 0
        assert re.search(r"\n✓ \d+ documents, \d+ failed, \d+ filtered; nothing lost\n", said.out)
        assert "Traceback" not in said.err


def test_it_prints_who_may_do_what(demos: Demos) -> None:
    part = demos.generated.out.partition("1  Who may do what")[2].partition("\n2  ")[0]
    rows = [line.split() for line in part.splitlines()]
    assert ["inbox", "->", "paragraphs", "paragraphs", "s3:GetObject", "inbox/letters/*"] in rows
    assert ["sentences", "s3:PutObject", "cache/sentences/*"] in rows


def test_it_prints_account_and_failures_of_the_generated_corpus(demos: Demos) -> None:
    part = demos.generated.out.partition("\n2  What became")[2].partition("\n3  ")[0]
    rows = [line.split() for line in part.splitlines()]
    assert ["bucket", "->", "inbox", "11", "11", "0", "0"] in rows
    assert ["inbox", "->", "paragraphs", "11", "8", "2", "1"] in rows
    failures = [row[1:3] for row in rows if row[:1] == ["paragraphs"] and "->" not in row]
    assert sorted(failures) == [["empty.txt", "EmptyDocument"], ["no", "text.txt"]]


def test_it_prints_what_became_of_own_files(demos: Demos) -> None:
    part = demos.own.out.partition("\n3  Lineage")[2].partition("\n4  ")[0]
    assert "inbox: LICENSE.txt (text/plain, 1.1 kB)" in part
    assert "inbox: ~$(reboot)`;..\uff0f..\ufffd[31m\ufffd.txt (text/plain, 31 B)" in part
    assert re.search(r"results: \S+-00000\.txt \(text/plain, \d+ B\)", part)


def test_no_control_character_of_a_name_reaches_the_terminal(demos: Demos) -> None:
    said = demos.own.out + demos.own.err
    assert [letter for letter in said if not letter.isprintable() and letter != "\n"] == []


@pytest.mark.parametrize("which", ["generated", "own"])
def test_it_shows_what_is_allowed_and_what_is_denied_in_the_servers_words(which: str, demos: Demos) -> None:
    part = getattr(demos, which).out.partition("\n4  ")[2]
    assert re.search(
        r"ALLOWED +reads a paragraph, which its producer made \(HTTP 200\)\n"
        r" +s3:GetObject on arn:aws:s3:::letters-paragraphsstore-\S+\n",
        part,
    )
    denied = re.search(
        r"DENIED +writes under the cache prefix of 'paragraphs' \(HTTP 403 AccessDenied\)\n"
        r" +s3:PutObject on (?P<arn>arn:aws:s3:::letters-pipelinecache-\w+/paragraphs/forged)\n"
        r" +“(?P<words>[^”]+)”",
        part,
    )
    assert denied
    assert "is not authorized to perform: s3:PutObject on resource: " in denied["words"]
    assert f'"{denied["arn"]}" because no identity-based policy allows' in denied["words"]
    assert re.search(r"DENIED +reads the original letter, which lies behind 'paragraphs' \(HTTP 403", part)


def test_servers_words_do_not_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    call = Call("s3", "get_object", {"Bucket": "inbox", "Key": "a\x1b[2J.txt"})
    answer = Answer(call, allowed=False, status=403, code="AccessDenied", message="on resource a\x1b[2J.txt")
    assert _print_answer("reads it", expected=False, answer=answer)
    assert _print_answer("reads it", expected=True, answer=answer) is False
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert said.count("a\ufffd[2J.txt") == 4
    assert said.count("← NOT AS PROMISED") == 1


def test_progress_goes_to_standard_error_a_line_for_each_stage(demos: Demos) -> None:
    assert demos.generated.err.splitlines() == [
        "starting the embedded AWS",
        "deploying the template",
        "putting documents",
        "running",
    ]


def test_saved_documents_lie_below_the_folder_alone(demos: Demos) -> None:
    saved = [path for path in demos.saved.rglob("*") if path.is_file()]
    assert saved
    assert {path.relative_to(demos.saved).parts[0] for path in saved} == {"results"}
    assert "A hostile name. It stays below." in [path.read_text() for path in saved]
    assert sorted(path.name for path in demos.saved.parent.iterdir()) == ["own", "saved", "scratch"]


def test_nothing_is_left_in_the_folder_for_temporary_files(demos: Demos) -> None:
    assert list(demos.scratch.iterdir()) == []


@pytest.mark.slow
def test_same_seed_shows_the_same_documents(demos: Demos, tmp_path: Path) -> None:
    again = run(tmp_path / "scratch", "demo", "--seed", "7")
    other = run(tmp_path / "scratch", "demo", "--seed", "8")

    def letters(said: Said) -> list[str]:
        return re.findall(r"^inbox: .*$", said.out, re.MULTILINE)

    assert letters(again) == letters(demos.generated)
    assert letters(other) != letters(demos.generated)


def test_missing_path_is_one_clear_error(tmp_path: Path) -> None:
    said = run(tmp_path / "scratch", "demo", tmp_path / "missing.txt", f"{tmp_path}/*.pdf")
    assert said.code == 2
    assert said.err.splitlines()[-7:] == [
        "lakenb: 2 faults",
        f"1. {str(tmp_path / 'missing.txt')!r} leads to no file",
        "  where: the paths to run",
        "  mend:  check the spelling",
        f"2. '{tmp_path}/*.pdf' leads to no file",
        "  where: the paths to run",
        "  mend:  check the spelling",
    ]
    assert "Traceback" not in said.err
    assert list((tmp_path / "scratch").iterdir()) == []


def test_folder_to_save_in_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "a.txt").write_text("A letter.")
    said = run(tmp_path / "scratch", "demo", "--save", tmp_path / "file", tmp_path / "a.txt")
    assert said.code == 2
    assert said.err.splitlines()[-1].startswith("lakenb: ")
    assert str(tmp_path / "file") in said.err.splitlines()[-1]
    assert "Traceback" not in said.err


@pytest.mark.parametrize("arguments", [(), ("demo", "--seed", "x"), ("other",)])
def test_wrong_arguments_are_told_with_the_usage(arguments: tuple[str, ...], tmp_path: Path) -> None:
    said = run(tmp_path / "scratch", *arguments)
    assert said.code == 2
    assert said.err.startswith("usage: lakenb")


def test_it_tells_its_version(tmp_path: Path) -> None:
    assert run(tmp_path / "scratch", "--version").out == f"lakenb {lk.__version__}\n"
