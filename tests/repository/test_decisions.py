"""Every decision record is complete, numbered without a gap, one page long, and in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "adr"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
SECTIONS = ["Context", "Decision", "Consequences", "Evidence"]
ONE_PAGE_LINES = 60


def gaps(text: str) -> list[str]:
    """Return what a record lacks."""
    missing = []
    if not re.match(
        r"# \d{4}\. \S.*\n\nStatus: (Accepted|Superseded by \d{4})\nDate: \d{4}-\d{2}-\d{2}\n\n", text
    ):
        missing.append("title, status and date")
    if re.findall(r"^## (.+)$", text, flags=re.MULTILINE) != SECTIONS:
        missing.append("the sections " + ", ".join(SECTIONS))
    bodies = re.split(r"^## .+$", text, flags=re.MULTILINE)[1:]
    if not all(body.strip() for body in bodies):
        missing.append("words in every section")
    if text.count("\n") > ONE_PAGE_LINES:
        missing.append("brevity: one page")
    return missing


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_record_is_complete(record: Path) -> None:
    text = record.read_text(encoding="utf-8")

    assert gaps(text) == []
    assert text.startswith(f"# {record.name[:4]}. ")


def test_numbers_have_no_gap() -> None:
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert RECORDS


def test_index_lists_every_record_by_its_title() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((.+?)\) \| (.+?) \| (.+?) \|$", index, flags=re.MULTILINE)
    expected = []
    for record in RECORDS:
        title, _, status, *_ = record.read_text(encoding="utf-8").splitlines()
        expected.append(
            (record.name[:4], record.name, title.partition(". ")[2], status.removeprefix("Status: "))
        )

    assert rows == expected


def test_an_incomplete_record_is_refused() -> None:
    assert gaps("# 0012. Title\n\nStatus: Accepted\n\n## Context\n\n## Decision\n\nYes.\n") == [
        "title, status and date",
        "the sections Context, Decision, Consequences, Evidence",
        "words in every section",
    ]
