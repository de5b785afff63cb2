"""The demo's corpus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.cli.corpus import write_corpus

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, seed: int) -> dict[str, bytes]:
    folder.mkdir()
    write_corpus(folder, seed)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_equal_seeds_write_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    first, again, other = (written(tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first == again
    assert first.keys() == other.keys()
    assert first["letter 1.txt"] != other["letter 1.txt"]


def test_corpus_holds_what_fails_and_what_is_filtered_beside_letters(tmp_path: Path) -> None:
    corpus = written(tmp_path / "corpus", 3)
    assert len([name for name in corpus if name.startswith("letter ")]) == 8
    assert corpus["empty.txt"] == b""
    assert corpus["stamp.png"].startswith(b"\x89PNG\r\n\x1a\n")
    assert not corpus["no text.txt"].isascii()
