"""Documents whose vectors end in an index, run with IAM enforced; the index is then searched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.probe import Call
from lakenb.template.names import Kind
from tests.vectors import fetched, rows

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

TEXTS = {"a.txt": "aaaa", "b.txt": "bananas", "c.txt": "cccccccccccc", "none.txt": "no vectors"}


@lk.middleware(input="text/plain", output=None)
def embed(doc: Any, ctx: Any) -> Any:
    """Return how long a text is, and how many letters a it has, as its vector."""
    text = "".join(doc.text())
    if text == "no vectors":
        return None
    return {"custom": {"embeddings": {"vectors": [len(text), text.count("a")], "model": ctx.node}, "kept": 1}}


def indexing(on: str, **options: Any) -> lk.Pipeline:
    """Return a pipeline whose documents end in an index."""
    index = lk.LanceDBStorage("index", on=on, dimensions=2, max_concurrency=2)  # type: ignore[arg-type]  # a parameter
    return lk.Pipeline("vectors", lk.S3Trigger("inbox").pipe(embed()).pipe(index), **options)


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    """Four texts, one of which gets no vector."""
    paths = [tmp_path / name for name in TEXTS]
    for path in paths:
        path.write_text(TEXTS[path.name])
    return paths


def place_of(session: LocalSession, on: str, folder: Path) -> Path:
    """Return the folder in which a run's index lies now."""
    if on == "s3":
        return fetched(session, session.stack.id("index", Kind.INDEX), folder / "fetched")
    point = session.stack.id("index", Kind.ACCESS_POINT)
    home: Path = session.emulator.home  # type: ignore[attr-defined]  # the embedded one has a folder
    return home / "files" / point / "lancedb"


@pytest.mark.parametrize(("on", "vpc"), [("s3", None), ("efs", lk.Vpc(create=True))])
def test_the_nearest_document_is_found(
    texts: list[Path], tmp_path: Path, on: str, vpc: lk.Vpc | None
) -> None:
    with indexing(on, vpc=vpc).local() as session:
        run = session.run(texts)
        found = rows(place_of(session, on, tmp_path), [7, 3])
        again = session.run(texts[:1])
        whole = rows(place_of(session, on, tmp_path / "again"))
    assert [one["document_url"].rpartition("/")[2] for one in found] == ["b.txt", "a.txt", "c.txt"]
    assert found[0]["model"] == "embed"
    assert found[0]["metadata"] == '{"custom":{"kept":1}}'
    assert [(one.node, one.kind) for one in run.failures] == [("index", "Unsupported")]
    assert run.is_complete
    assert again.is_complete
    assert len(whole) == 4, "another upload is another event"
    assert run.disagreement_records == ()
    sentence = (
        "A file system is a folder of the run: its mount, TLS, access point and policy were not exercised"
    )
    assert (sentence in run.unenforced) == (on == "efs")


def test_no_other_role_touches_an_index() -> None:
    with indexing("s3").local() as session:
        bucket = session.stack.id("index", Kind.INDEX)
        listing = Call("s3", "list_objects_v2", {"Bucket": bucket})
        reading = Call("s3", "get_object", {"Bucket": bucket, "Key": "lancedb/x"})
        putting = Call("s3", "put_object", {"Bucket": bucket, "Key": "lancedb/x", "Body": "x"})
        calls = (putting, reading, listing)
        own = session.probe("index", calls)
        others = [answer for node in ("embed", "inbox") for answer in session.probe(node, calls)]
    assert [answer.allowed for answer in own] == [True] * 3
    assert [answer.allowed for answer in others] == [False] * 6
