"""Archives whose files are gathered and joined, run with IAM enforced, strict and not."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.session import LocalSession

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def joined(docs: Any, ctx: Any) -> Iterator[Any]:
    def pieces() -> Iterator[bytes]:
        for doc in docs:
            for block in doc.text():
                yield block.encode()

    yield ctx.document(pieces(), type="text/plain", name="all.txt", metadata={"title": f"{len(docs)} files"})
    yield ctx.pass_on(max(docs, key=lambda doc: doc.size), metadata={"title": "the largest"})


def archive(**texts: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as target:
        for name, text in texts.items():
            target.writestr(f"{name}.txt", text)
    return packed.getvalue()


@pytest.mark.parametrize("strict", [False, True])
def test_the_files_of_an_archive_are_joined(strict: bool, tmp_path: Path) -> None:
    files = lk.S3Trigger("inbox", prefix="in/").pipe(lk.ZipInflate("unzip"))
    merge = files.pipe(lk.Reducer("gather", count=3)).pipe(lk.Transform("merge", joined))
    pipe = lk.Pipeline("archives", merge.pipe(lk.S3Storage("results")), strict=strict)
    (tmp_path / "files.zip").write_bytes(archive(b="second, ", a="first, ", c="and the third, the longest."))
    with LocalSession(pipe) as session:
        run = session.run([tmp_path / "files.zip"])
        assert run.is_complete
        assert run.failures == ()
        assert run.disagreement_records == ()
        stored = {one.url.rpartition("/")[2]: one for one in run.document_records if one.node == "results"}
        bodies = {session.read(one.url) for one in stored.values()}
        assert bodies == {b"first, second, and the third, the longest.", b"and the third, the longest."}
        assert not session.attempt("merge", "s3:GetObject", "inbox/in/files.zip").allowed
        part = next(one.url for one in run.document_records if one.node == "unzip")
        assert session.attempt("results", "s3:GetObject", part).allowed is not strict
        own = next(one.url for one in run.document_records if one.node == "merge" and "all.txt" in one.url)
        assert session.attempt("results", "s3:GetObject", own).allowed
        assert not session.attempt("merge", "s3:GetObject", own).allowed


def test_what_a_function_does_wrong_is_told_by_a_dead_letter(tmp_path: Path) -> None:
    def forgets(docs: Any) -> None:
        list(docs)

    merge = lk.S3Trigger("inbox").pipe(lk.Transform("merge", forgets))
    (tmp_path / "a.txt").write_text("a", encoding="utf-8")
    run = lk.Pipeline("forgets", merge.pipe(lk.S3Storage("results"))).run([tmp_path / "a.txt"])
    assert run.is_complete
    (failure,) = run.failures
    assert (failure.node, failure.kind) == ("merge", "HandlerError")
    assert failure.reason.startswith("the function returned nothing")
