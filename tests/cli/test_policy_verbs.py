"""`lakenb verify`, `check`, `matrix`, `who-can`, `explain` and `diff`, each in a process of its own."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.commands import Said, run
from tests.examples import letters

if TYPE_CHECKING:
    from pathlib import Path

PIPELINE = """\
from tests.examples import letters

pipe = letters()
"""
UNKNOWN_NUMBER = {"Fn::FindInMap": ["Nowhere", "x", "y"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a pipeline, its template, and templates with a hole and with a riddle."""
    made = tmp_path_factory.mktemp("templates")
    (made / "letters.py").write_text(PIPELINE)
    template = letters().template()
    (made / "good.json").write_text(json.dumps(template))
    statements: list[dict[str, Any]] = template["Resources"]["SentencesRole"]["Properties"]["Policies"][0][
        "PolicyDocument"
    ]["Statement"]
    read = {"Sid": "Debugging", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    statements.append(read)
    (made / "hole.json").write_text(json.dumps(template))
    statements[-1] = read | {"Resource": {"Fn::ImportValue": "somewhere"}}
    (made / "riddle.json").write_text(json.dumps(template))
    return made


def say(folder: Path, tmp_path: Path, *arguments: str) -> Said:
    return run(tmp_path / "scratch", *arguments, cwd=folder)


@pytest.mark.parametrize("place", ["letters.py:pipe", "good.json"])
def test_verify_proves_a_pipeline_and_its_template_alone(folder: Path, tmp_path: Path, place: str) -> None:
    said = say(folder, tmp_path, "verify", place)
    assert said.code == 0, said.err
    assert "8 claims proved" in said.out.splitlines()[0]
    assert "P1   Least privilege        proved" in said.out
    assert "not available in AWS" in said.out


def test_verify_shows_the_request_that_breaks_a_promise(folder: Path, tmp_path: Path) -> None:
    said = say(folder, tmp_path, "verify", "hole.json")
    assert said.code == 1
    assert "P1 FAILED: 'sentences' may read everything, for example" in said.out
    assert "statement 'Debugging' of SentencesRole" in said.out
    assert ": ALLOWED" in said.out


def test_verify_as_json_is_one_object(folder: Path, tmp_path: Path) -> None:
    said = say(folder, tmp_path, "verify", "hole.json", "--format", "json")
    assert said.code == 1
    told = json.loads(said.out)
    assert told["proved"] is False
    claims = {one["claim"]: one["verdict"] for one in told["claims"]}
    assert claims["P1"] == "failed"
    assert claims["P7"] == "proved"
    assert told["findings"][0]["request"]["action"] == "s3:GetObject"


def test_what_is_undecided_is_forgiven_on_request_only(folder: Path, tmp_path: Path) -> None:
    strict = say(folder, tmp_path, "verify", "riddle.json")
    assert strict.code == 1
    assert "P1 undecided:" in strict.out
    assert say(folder, tmp_path, "verify", "riddle.json", "--allow-undecided").code == 0
    assert say(folder, tmp_path, "verify", "hole.json", "--allow-undecided").code == 1


def test_certificates_are_written_and_checked_again(folder: Path, tmp_path: Path) -> None:
    proofs = tmp_path / "proofs"
    written = say(folder, tmp_path, "verify", "good.json", "--certificates", str(proofs))
    assert written.code == 0
    files = sorted(proofs.iterdir())
    assert f"wrote {len(files)} certificates" in written.err

    some = [str(file) for file in files[::9]]
    held = say(folder, tmp_path, "check", *some, "--of", "good.json")
    assert (held.code, held.out) == (0, f"{len(some)} of {len(some)} certificates hold\n")

    other = say(folder, tmp_path, "check", some[0], "--of", "hole.json")
    assert other.code == 1
    assert "0 of 1 certificates hold" in other.out
    assert some[0] in other.out


def test_a_certificate_that_is_none_is_told(folder: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    said = say(folder, tmp_path, "check", str(bad), "--of", "good.json")
    assert said.code == 2
    assert "it is no JSON" in said.err
    assert "give a file that lakenb verify --certificates wrote" in said.err


def test_who_can_lists_the_readers(folder: Path, tmp_path: Path) -> None:
    said = say(
        folder, tmp_path, "who-can", "s3:GetObject", "${InboxStore}/letters/x", "good.json", "--format", "csv"
    )
    assert said.code == 0, said.err
    rows = list(csv.DictReader(io.StringIO(said.out)))
    assert [row["principal"] for row in rows] == ["InboxRole", "ParagraphsRole"]


def test_explain_decides_and_gives_the_nearest_miss(folder: Path, tmp_path: Path) -> None:
    asked = ("SentencesRole", "s3:GetObject", "${InboxStore}/letters/x", "good.json")
    said = say(folder, tmp_path, "explain", *asked)
    assert said.code == 0
    assert "because no identity-based policy allows the s3:GetObject action" in said.out
    assert "nearest: statement 'ReadSources'" in said.out
    refused = say(
        folder, tmp_path, "explain", "ParagraphsRole", *asked[1:],
        "--context", "aws:SecureTransport=false", "--format", "json",
    )  # fmt: skip
    [told] = json.loads(refused.out)
    assert told["decision"] == "EXPLICITLY_DENIED"


def test_matrix_is_a_table(folder: Path, tmp_path: Path) -> None:
    said = say(folder, tmp_path, "matrix", "good.json", "--format", "json")
    rows = json.loads(said.out)["rows"]
    sends = [row for row in rows if row["principal"] == "sns.amazonaws.com"]
    assert sends
    assert {row["standing"] for row in sends} == {"conditional"}


def test_diff_is_silent_on_equal_templates_and_a_sentence_on_others(folder: Path, tmp_path: Path) -> None:
    same = say(folder, tmp_path, "diff", "good.json", "letters.py:pipe")
    assert (same.code, same.out) == (0, "nobody can do more or less than before\n")
    wider = say(folder, tmp_path, "diff", "good.json", "hole.json")
    assert wider.code == 1
    assert "Role SentencesRole can now s3:GetObject" in wider.out
    told = json.loads(say(folder, tmp_path, "diff", "hole.json", "good.json", "--format", "json").out)
    assert {one["change"] for one in told["changes"]} == {"can no longer"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "template"),
        ("{", "no JSON"),
        ("[1]", "template"),
        ("Resources: {A: {Type: 3}}", "the resource has no Type"),
        ("Resources: &a {A: *a}", "the alias *a stands for nothing"),
        ("\0\1\2", "a letter that YAML does not allow"),
    ],
)
def test_what_is_no_template_is_told_and_never_crashes(
    folder: Path, tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(content)
    for command in (("verify", str(file)), ("matrix", str(file)), ("diff", str(file), "good.json")):
        said = say(folder, tmp_path, *command)
        assert said.code == 2, (said.out, said.err)
        assert told in said.err
        assert "Traceback" not in said.err


def test_names_that_are_not_there_are_told_with_the_nearest(folder: Path, tmp_path: Path) -> None:
    missing = say(folder, tmp_path, "verify", "goof.json")
    assert missing.code == 2
    assert "goof.json" in missing.err
    role = say(folder, tmp_path, "explain", "SentenceRole", "s3:GetObject", "*", "good.json")
    assert role.code == 2
    assert "did you mean SentencesRole" in role.err
    key = say(folder, tmp_path, "explain", "A", "s3:GetObject", "*", "good.json", "--context", "nothing")
    assert key.code == 2
    assert "'nothing' is no KEY=VALUE" in key.err
