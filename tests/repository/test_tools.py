"""The tools' settings keep what the style promises, and the documents name only commands that exist."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
REASON_CHARACTERS = 8


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):(?!=)", makefile, flags=re.MULTILINE))


def commands_named(document: str) -> set[str]:
    """Return the targets of every `make TARGET` in code spans and code blocks."""
    code = re.findall(r"```.*?```|`[^`\n]+`", document, flags=re.DOTALL)
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code)))


def ignores_without_reason(pyproject: str) -> list[str]:
    """Return the ruff codes that are ignored on a line without a comment."""
    ruff = pyproject.partition("[tool.ruff.lint]")[2].partition("[tool.mypy]")[0]
    tables = [text for text in re.split(r"^\[", ruff, flags=re.MULTILINE) if "ignore" in text]
    found = []
    for line in "\n".join(tables).splitlines():
        settings, _, reason = line.partition("#")
        codes = re.findall(r'"([A-Z]+\d*)"', settings)
        if codes and "select" not in settings and len(reason.strip()) < REASON_CHARACTERS:
            found.extend(codes)
    return found


def exemptions_without_reason(source: str) -> list[str]:
    """Return the exemptions in a source that say no reason after their code (bare ones ruff forbids)."""
    codes = r"#\s*(noqa:\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*|type:\s*ignore\[[\w, -]+\])(.*)"
    return [
        exemption
        for exemption, reason in re.findall(codes, source)
        if len(reason.strip(" -#:")) < REASON_CHARACTERS
    ]


def test_the_package_says_that_it_is_typed() -> None:
    assert (files("lakenb") / "py.typed").is_file()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_only_commands_that_exist(document: str) -> None:
    assert commands_named(read(document)) <= targets(read("Makefile"))


def test_the_readme_names_the_two_commands_of_the_set_up() -> None:
    assert {"demo", "test"} <= commands_named(read("README.md"))


def test_every_command_explains_itself() -> None:
    makefile = read("Makefile")
    explained = set(re.findall(r"^([a-z-]+):.*## \w", makefile, flags=re.MULTILINE))

    assert targets(makefile) - explained == {"setup-demo", "setup-test"}  # steps of the others


def test_a_command_that_does_not_exist_is_noticed() -> None:
    assert commands_named("Run `make deploy`, or make haste:\n```\nmake test\n```\n") == {"deploy", "test"}


def test_every_rule_that_ruff_ignores_has_its_reason() -> None:
    assert ignores_without_reason(read("pyproject.toml")) == []


def test_a_rule_ignored_without_reason_is_noticed() -> None:
    silent = (
        '[tool.ruff.lint]\nselect = ["ALL"]\nignore = [\n    "D107",\n    "D203",  # conflicts with D211\n]\n'
    )

    assert ignores_without_reason(silent) == ["D107"]


def test_every_exemption_in_the_source_has_its_reason() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {exemption}"
        for folder in ("lakenb", "tests", "benchmarks", "notebooks")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if path != Path(__file__)  # holds the example below
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        for exemption in exemptions_without_reason(line)
    ]

    assert found == []


def test_a_silent_exemption_is_noticed() -> None:
    reasons = "b  # noqa: S603, S607 - fixed arguments\nc  # type: ignore[misc]  # no stubs there\n"
    source = f"a  # noqa: S603\n{reasons}"

    assert exemptions_without_reason(source) == ["noqa: S603"]


def test_the_set_up_accepts_the_pythons_of_the_package() -> None:
    project = tomllib.loads(read("pyproject.toml"))["project"]
    span = re.search(
        r"^readonly OLDEST=3\.(\d+) NEWEST=3\.(\d+)", read("scripts/setup.sh"), flags=re.MULTILINE
    )
    assert span
    accepted = range(int(span[1]), int(span[2]) + 1)
    allowed = SpecifierSet(project["requires-python"])

    assert [minor for minor in range(6, 30) if f"3.{minor}.1" in allowed] == list(accepted)
    named = [
        text for text in project["classifiers"] if text.startswith("Programming Language :: Python :: 3.")
    ]
    assert [int(text.rpartition(".")[2]) for text in named] == list(accepted)
