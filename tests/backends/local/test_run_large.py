"""A text of 100 MB passes a splitter whose bounds allow it, piece by piece."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from tests.backends.local.sessions import edge

if TYPE_CHECKING:
    from pathlib import Path

SIZE, CHUNK = 100 * 2**20, 2**20
LINE = b"A line of a long letter, over and over again; 64 bytes with end.\n"


@pytest.mark.slow
def test_large_text_passes_whole_where_the_bounds_allow_it(tmp_path: Path) -> None:
    with (tmp_path / "large.txt").open("wb") as file:
        for _ in range(SIZE // CHUNK):
            file.write((LINE * (CHUNK // len(LINE) + 1))[:CHUNK])
    chunks = lk.RecursiveCharacterTextSplitter(
        "chunks", chunk_size=CHUNK, chunk_overlap=0, separators=("",), timeout=timedelta(minutes=5)
    )
    pipe = lk.Pipeline("large", lk.S3Trigger("inbox").pipe(chunks).pipe(lk.S3Storage("results")))
    with pipe.local() as session:
        run = session.run(tmp_path)
        digest = hashlib.sha256()
        made = [one for one in run.document_records if one.node == "chunks"]
        for document in sorted(made, key=lambda one: one.url.rpartition("/")[2]):
            digest.update(session.read(document.url))
    assert run.failures == ()
    assert run.is_complete
    assert edge(run, "chunks -> results") == (SIZE // CHUNK, SIZE // CHUNK, 0, 0)
    with (tmp_path / "large.txt").open("rb") as file:
        assert digest.hexdigest() == hashlib.file_digest(file, "sha256").hexdigest()
