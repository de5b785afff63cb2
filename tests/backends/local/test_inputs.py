"""Which files a run puts, under which keys; and one error that tells everything that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import lakenb as lk
from lakenb.backends.local.inputs import Input, firings, gather
from lakenb.errors import InputsError, LocalRunError

NOBODY = 65_534
ROOT = Path(lk.__file__).parents[1]


def pipeline(prefix: str = "", suffix: str = "") -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix=prefix, suffix=suffix)
    return lk.Pipeline("inputs", inbox.pipe(lk.S3Storage("results")))


def two_triggers() -> lk.Pipeline:
    results = lk.S3Storage("results").with_sources(lk.S3Trigger("letters"), lk.S3Trigger("scans"))
    return lk.Pipeline("inputs", results)


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def keys(paths: Any, **options: str) -> list[str]:
    return [made.key for made in gather(pipeline(**options), paths)]


def refusal(graph: lk.Pipeline, paths: Any) -> str:
    with pytest.raises(InputsError) as refused:
        gather(graph, paths)
    return str(refused.value)


def test_file_is_put_under_its_name_below_the_triggers_prefix(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    assert gather(pipeline(prefix="letters/"), tmp_path / "a.txt") == (
        Input("inbox", "letters/a.txt", tmp_path / "a.txt"),
    )
    assert keys(str(tmp_path / "a.txt")) == ["a.txt"]
    assert keys(os.fsencode(tmp_path / "a.txt")) == ["a.txt"]


def test_folder_stands_for_every_file_in_it_and_keeps_its_inner_paths(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a/c.txt", "a/.hidden", "a/d/e.txt")
    (tmp_path / "empty").mkdir()
    assert keys(tmp_path) == ["a/.hidden", "a/c.txt", "a/d/e.txt", "b.txt"]


def test_pattern_stands_for_the_files_that_it_matches(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.txt", "b.md", "c/d.txt")
    assert keys(str(tmp_path / "*.txt")) == ["a.txt", "b.txt"]
    assert keys(str(tmp_path / "**" / "*.txt")) == ["a.txt", "b.txt", "d.txt"]


@pytest.mark.parametrize("name", ["[a].txt", "*.txt", "what?.txt", "~", "$HOME", "a b+c%2Fé'\".txt", " "])
def test_file_whose_name_is_a_pattern_is_that_file(name: str, tmp_path: Path) -> None:
    write(tmp_path, name, "a.txt", "whaty.txt")
    assert keys(str(tmp_path / name)) == [name]


def test_several_paths_are_put_once_each_in_the_keys_order(tmp_path: Path) -> None:
    write(tmp_path, "b.txt", "a.txt", "c/a.md")
    given = [tmp_path / "b.txt", tmp_path, tmp_path / "c" / ".." / "a.txt"]
    assert keys(iter(given)) == ["a.txt", "b.txt", "c/a.md"]


def test_link_to_a_file_is_put_and_a_link_in_a_circle_ends(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    (tmp_path / "link.txt").symlink_to("a.txt")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "broken").symlink_to("nowhere")
    assert keys(tmp_path) == ["a.txt", "link.txt"]


def test_mapping_gives_each_trigger_its_files(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.png")
    given = {"letters": tmp_path / "a.txt", "scans": [tmp_path / "b.png"]}
    expected = (
        Input("letters", "a.txt", tmp_path / "a.txt"),
        Input("scans", "b.png", tmp_path / "b.png"),
    )
    assert gather(two_triggers(), given) == expected
    assert gather(two_triggers(), MappingProxyType(given)) == expected


def test_every_path_that_leads_to_no_file_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path, "a.txt")
    missing = [
        tmp_path / "missing.txt",
        f"{tmp_path}/*.pdf",
        tmp_path / "empty",
        tmp_path / "pipe",
        "",
        "a\0b",
    ]
    text = refusal(pipeline(), [*missing, tmp_path / "a.txt"])
    assert text.startswith("6 faults\n1. ")
    for place in missing:
        assert f"{str(place)!r} leads to no file" in text
    assert text.count("leads to no file\n  where: the paths to run\n  mend:  check the spelling") == 6


def test_nothing_at_all_is_told() -> None:
    assert refusal(pipeline(), []) == (
        "there is no file to run\n  where: paths []\n  mend:  name a file or a folder with files"
    )
    assert refusal(two_triggers(), {}).startswith("there is no file to run")


@pytest.mark.parametrize("given", [None, 3, [b"x", 3.5], [["nested"]]])
def test_what_is_no_path_is_told(given: Any) -> None:
    assert "but it must be a text or a pathlib.Path" in refusal(pipeline(), given)


def test_two_files_with_one_key_are_told(tmp_path: Path) -> None:
    write(tmp_path, "one/a.txt", "two/a.txt")
    text = refusal(pipeline(prefix="in/"), [tmp_path / "one", tmp_path / "two"])
    assert "would have one key, 'in/a.txt'" in text
    assert "  where: trigger 'inbox'" in text
    assert text.endswith("  mend:  rename one, or name the folder above both")


def test_file_that_the_trigger_would_not_see_is_told(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "b.md")
    assert keys(tmp_path / "a.txt", suffix=".txt") == ["a.txt"]
    text = refusal(pipeline(suffix=".txt"), tmp_path)
    assert text.startswith("its key 'b.md' does not end in '.txt': 'inbox' would not see it\n  where: file ")
    assert text.endswith("mend:  rename it, or change the suffix of 'inbox'")


def test_name_that_is_no_unicode_is_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("x")
    text = refusal(pipeline(), tmp_path)
    assert text.startswith("its name is no Unicode text, so it cannot be a key\n  where: file ")
    assert "caf\\udce9.txt" in text
    text.encode()  # so it can be printed


def test_key_that_is_too_long_is_told(tmp_path: Path) -> None:
    name = "/".join(["é" * 100] * 5)
    write(tmp_path, name)
    assert keys(tmp_path) == [name]
    text = refusal(pipeline(prefix="x" * 21), tmp_path)
    assert text.startswith("its key would have 1025 bytes; S3 takes 1024")
    assert text.endswith("mend:  shorten its path")


def test_name_that_the_system_does_not_take_is_told(tmp_path: Path) -> None:
    assert "cannot be looked at: File name too long" in refusal(pipeline(), tmp_path / ("a" * 300))


def test_several_triggers_need_a_mapping_and_a_mapping_known_triggers(tmp_path: Path) -> None:
    write(tmp_path, "a.txt")
    with pytest.raises(LocalRunError) as refused:
        gather(two_triggers(), tmp_path)
    assert str(refused.value) == (
        "the pipeline has 2 triggers: letters, scans\n  where: the paths to run\n"
        "  mend:  give a mapping, {'letters': paths, ...}"
    )
    with pytest.raises(LocalRunError) as refused:
        gather(two_triggers(), {"letter": tmp_path})
    assert str(refused.value) == (
        "the pipeline has no trigger 'letter'\n  where: the paths to run\n"
        "  mend:  its triggers are letters, scans"
    )


UNPRIVILEGED = """
import os, sys
sys.path.insert(0, {root!r})
import lakenb as lk
from lakenb.backends.local.inputs import gather
if os.geteuid() == 0:
    os.setgid({nobody}); os.setuid({nobody})
try:
    gather(lk.Pipeline("p", lk.S3Trigger("inbox").pipe(lk.S3Storage("results"))), sys.argv[1:])
except lk.LakenbError as error:
    print(error)
"""


def test_file_and_folder_that_may_not_be_read_are_told() -> None:
    # a user that is not root, for whom permissions count; pytest's own folders are closed to him
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())  # noqa: S607 - Debian's own
    try:
        write(folder, "file.txt", "closed/inner.txt", "good.txt")
        folder.chmod(0o755)
        (folder / "file.txt").chmod(0)
        (folder / "closed").chmod(0)
        program = UNPRIVILEGED.format(nobody=NOBODY, root=str(ROOT))
        given = [folder / "file.txt", folder / "closed", folder / "closed" / "inner.txt", folder / "good.txt"]
        said = subprocess.check_output([sys.executable, "-c", program, *given], text=True, cwd="/")
    finally:
        (folder / "closed").chmod(0o700)
        subprocess.check_call(["rm", "-r", folder])  # noqa: S607 - Debian's own
    assert said.startswith("3 faults\n")
    assert "it cannot be read\n  where: file" in said
    assert said.count("cannot be looked at: Permission denied") == 2


def queue_and_schedules() -> lk.Pipeline:
    queue = "arn:aws:sqs:eu-central-1:111122223333:intake"
    intake = lk.SqsTrigger("intake", queue=queue, documents_in=["s3://docs/in/", "s3://other/"])
    daily = lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=["s3://lists/deep/a.txt"])
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    return lk.Pipeline("inputs", lk.S3Storage("results").with_sources(intake, daily, nightly))


def test_files_go_where_triggers_were_told_that_documents_lie(tmp_path: Path) -> None:
    write(tmp_path, "a.txt", "more/b.txt")
    pipe = queue_and_schedules()
    assert gather(pipe, {"intake": tmp_path}) == (
        Input("intake", "in/a.txt", tmp_path / "a.txt", "docs"),
        Input("intake", "in/more/b.txt", tmp_path / "more/b.txt", "docs"),
    )
    given = {"daily": tmp_path / "a.txt", "nightly": 3}
    assert gather(pipe, given) == (Input("daily", "deep/a.txt", tmp_path / "a.txt", "lists"),)
    assert firings(pipe, given) == {"daily": 1, "nightly": 3}
    assert firings(pipe, {"intake": tmp_path}) == {}


@pytest.mark.parametrize("nothing", [(), []])
def test_schedules_that_make_their_documents_need_no_path(nothing: Any) -> None:
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    pipe = lk.Pipeline("inputs", nightly.pipe(lk.S3Storage("results")))
    assert gather(pipe, nothing) == ()
    assert firings(pipe, nothing) == {"nightly": 1}
    assert firings(pipe, 2) == {"nightly": 2}
    with pytest.raises(InputsError, match=r"it is told how often to fire, not 'a\.txt'"):
        firings(pipe, "a.txt")
