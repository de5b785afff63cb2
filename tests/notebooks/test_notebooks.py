"""Every committed notebook keeps the rules, and shows what it would show today."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
import pytest

from scripts.notebooks import FOLDER, compare, faults

if TYPE_CHECKING:
    from pathlib import Path

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_keeps_the_rules(path: Path) -> None:
    assert faults(nbformat.read(path, as_version=4)) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_shows_today_what_it_showed_when_it_was_committed(path: Path) -> None:
    before = path.read_bytes()
    done = compare(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert path.read_bytes() == before
