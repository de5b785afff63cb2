"""Files of installed packages through two sessions at once: nothing is lost, changed or mixed up."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import distribution
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.events.ids import derive_id
from lakenb.events.locations import S3Location
from tests.backends.local.sessions import edge, objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.records.run import Document, Run

PACKAGES = ("boto3", "botocore", "ipywidgets", "jmespath", "packaging", "pandas", "urllib3")
TYPES = {".md": "text/markdown", ".png": "image/png", ".txt": "text/plain"}
NODES = ("paragraphs", "sentences", "results")
OF_EACH, LARGEST = 6, 60_000
OWN = "only the second session knows this"


def pipeline() -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox")
    paragraphs = inbox.pipe(lk.RecursiveCharacterTextSplitter("paragraphs", chunk_size=3000, chunk_overlap=0))
    sentences = paragraphs.pipe(
        lk.RecursiveCharacterTextSplitter("sentences", chunk_size=900, chunk_overlap=0, separators=(". ", ""))
    )
    return lk.Pipeline("real", sentences.pipe(lk.S3Storage("results")))


def installed_documents() -> Iterator[tuple[str, Path]]:
    """Yield some files of installed packages: licences and notes, and what else they bring."""
    of_suffix: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for package in PACKAGES:
        for file in sorted(distribution(package).files or ()):
            path = Path(str(file.locate()))
            is_document = file.suffix in TYPES or file.name in {"LICENSE", "METADATA"}
            if is_document and path.is_file() and 0 < path.stat().st_size < LARGEST:
                of_suffix[file.suffix].append((f"{package}/{file.name}", path))
    for found in of_suffix.values():
        yield from islice(dict(found).items(), OF_EACH)


@dataclass(frozen=True)
class Outcome:
    """One session's run, and what lay in its buckets then."""

    run: Run
    stored: dict[str, dict[str, tuple[int, str]]]
    bodies: dict[str, bytes]
    endpoint: str

    def of(self, node: str) -> list[Document]:
        return [document for document in self.run.document_records if document.node == node]


def outcome(folder: Path) -> Outcome:
    with pipeline().local() as session:
        run = session.run(folder)
        stored = {node: objects(session, session.bucket(node)) for node in NODES}
        bodies = {one.url: session.read(one.url) for one in run.document_records}
        return Outcome(run, stored, bodies, session.emulator.endpoint)


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("documents")
    for name, path in installed_documents():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / name)
    return folder


@pytest.fixture(scope="module")
def outcomes(documents: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Outcome]:
    """Two sessions side by side with the same documents; the second has one more."""
    second = tmp_path_factory.mktemp("second") / "documents"
    shutil.copytree(documents, second)
    (second / "own.txt").write_text(OWN)
    with ThreadPoolExecutor(2) as threads:
        first, other = threads.map(outcome, (documents, second))
    return first, other


def names(folder: Path) -> list[Path]:
    return [path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file()]


def test_corpus_holds_text_and_what_is_none(documents: Path) -> None:
    assert {path.suffix for path in names(documents)} >= {"", ".png", ".txt"}
    assert len([path for path in names(documents) if path.suffix == ".txt"]) >= 3


def test_type_decides_who_sees_a_document(documents: Path, outcomes: tuple[Outcome, Outcome]) -> None:
    first, _ = outcomes
    types = {S3Location.from_url(one.url).key: one.type for one in first.of("inbox")}
    assert types == {
        path.as_posix(): TYPES.get(path.suffix, "application/octet-stream") for path in names(documents)
    }
    events = {one.event for one in first.of("inbox") if one.type != "text/plain"}
    assert {one.event for one in first.run.filtered_records} == events
    texts = sum(kind == "text/plain" for kind in types.values())
    assert edge(first.run, "inbox -> paragraphs") == (len(types), texts, 0, len(types) - texts)


def test_stored_chunks_of_each_text_are_that_text(documents: Path, outcomes: tuple[Outcome, Outcome]) -> None:
    for found in outcomes:
        children: dict[str, list[Document]] = defaultdict(list)
        for one in found.run.document_records:
            children[one.parent].append(one)
        texts = [one for one in found.of("inbox") if one.type == "text/plain"]
        for root in texts:
            key = S3Location.from_url(root.url).key
            paragraphs = sorted(children[root.event], key=file_name)
            sentences = [one for each in paragraphs for one in sorted(children[each.event], key=file_name)]
            kept = [one for each in sentences for one in children[each.event]]
            assert {one.node for one in kept} == {"results"}
            whole = b"".join(found.bodies[one.url] for one in kept)
            assert whole == (OWN.encode() if key == "own.txt" else (documents / key).read_bytes())


def file_name(document: Document) -> str:
    return document.url.rpartition("/")[2]


def test_nothing_is_lost_or_failed(outcomes: tuple[Outcome, Outcome]) -> None:
    for found in outcomes:
        assert found.run.is_complete
        assert found.run.failures == ()
        assert [one for one in found.run.decision_records if one.decision != "ALLOWED"] == []


def test_sessions_side_by_side_do_not_mix(outcomes: tuple[Outcome, Outcome]) -> None:
    first, second = outcomes
    assert first.endpoint != second.endpoint
    assert OWN.encode() not in first.bodies.values()
    assert list(second.bodies.values()).count(OWN.encode()) == 4
    assert len(second.run.names) == len(first.run.names) + 1
    assert len(second.of("inbox")) == len(first.of("inbox")) + 1


def test_same_files_give_the_same_documents_in_every_session(outcomes: tuple[Outcome, Outcome]) -> None:
    # each upload has an id of its own, of which keys and the events beside the documents speak
    own = hashlib.md5(OWN.encode(), usedforsecurity=False).hexdigest()
    for node in NODES:
        first, second = (
            Counter(
                (key.rpartition("/")[2], size, etag)
                for key, (size, etag) in found.stored[node].items()
                if etag != own and not key.endswith(".event.json")
            )
            for found in outcomes
        )
        assert first
        assert first == second


def test_ids_are_derived_from_the_upload_alone(outcomes: tuple[Outcome, Outcome]) -> None:
    for found in outcomes:
        for node in NODES:
            by_parent: dict[str, set[str]] = defaultdict(set)
            for one in found.of(node):
                by_parent[one.parent].add(one.event)
            for parent, events in by_parent.items():
                assert events == {derive_id(parent, node, ordinal) for ordinal in range(len(events))}


def test_every_object_in_a_store_is_a_document_of_the_run(outcomes: tuple[Outcome, Outcome]) -> None:
    for found in outcomes:
        for node in NODES:
            told = {S3Location.from_url(one.url).key for one in found.of(node)}
            beside = {f"{key}.event.json" for key in told} if node == "results" else set()
            assert set(found.stored[node]) == told | beside
