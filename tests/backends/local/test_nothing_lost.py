"""Nothing is lost: over a hundred real documents, every message twice, functions killed while they work."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import psutil
import pytest

from lakenb.backends.local.inputs import gather
from lakenb.template.names import Kind
from tests.backends.local.everything import everything
from tests.corpus import write_corpus

if TYPE_CHECKING:
    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

# For each document what must become of it: copies in the store, and the faults, by node.
OUTCOMES: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("outcomes.json").read_text("utf-8"))
KILLS = 12
Made: TypeAlias = Counter[tuple[str, str, int | None, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    made = tmp_path_factory.mktemp("corpus")
    write_corpus(made, pytestconfig.cache.mkdir("documents"))
    return made


@pytest.fixture(scope="module")
def calm(folder: Path) -> Run:
    with everything().local() as session:
        return session.run(folder)


@pytest.fixture(scope="module")
def stormy(folder: Path) -> Run:
    """The same documents: each notification twice, so every message downstream too, and killed functions."""
    with everything().local() as session:
        mapping = paused(session)
        session._upload(gather(session.graph, folder))
        doubled(session, len(list(folder.iterdir())))
        session.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True)
        killed: list[int] = []
        over = threading.Event()
        killer = threading.Thread(target=kill_functions, args=(session.emulator.pid, killed, over))
        killer.start()
        try:
            run = session.follow()
        finally:
            over.set()
            killer.join()
    assert len(killed) >= KILLS // 2, "the run was over before enough functions were killed"
    return run


def paused(session: LocalSession) -> str:
    mapping = session.stack.id("inbox", Kind.MAPPING)
    session.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=False)
    deadline = time.monotonic() + 20
    while session.client("lambda").get_event_source_mapping(UUID=mapping)["State"] != "Disabled":
        assert time.monotonic() < deadline
    return mapping


def doubled(session: LocalSession, count: int) -> None:
    """Take every notification out of the trigger's queue, and put it back twice."""
    sqs, url = session.client("sqs"), session.stack.id("inbox", Kind.QUEUE)
    bodies: list[str] = []
    deadline = time.monotonic() + 60
    while len(bodies) < count:
        assert time.monotonic() < deadline, f"{len(bodies)} of {count} notifications came"
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
            "Messages", []
        ):
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    for body in (*bodies, *bodies):
        sqs.send_message(QueueUrl=url, MessageBody=body)


def kill_functions(server: int, killed: list[int], over: threading.Event) -> None:
    """Kill functions' processes at moments that a seeded generator draws."""
    chance = random.Random(11)  # noqa: S311 - moments, not secrets
    warm = psutil.Process(server).children()
    while len(killed) < KILLS and not over.wait(chance.uniform(0.3, 1.5)):
        functions = [child for process in warm for child in process.children() if child.is_running()]
        if functions:
            victim = chance.choice(functions)
            victim.kill()
            killed.append(victim.pid)


def outcomes(run: Run) -> dict[str, dict[str, Any]]:
    """Return what became of each input: copies in the store and faults by node, whatever lies between."""
    names, parents = dict(run.names), {one.event: one.parent for one in run.document_records if one.event}
    roots = {one.event: names[one.url] for one in run.document_records if one.node == "inbox"}

    def root(event: str) -> str:
        while event not in roots:
            event = parents[event]
        return roots[event]

    stored: Counter[str] = Counter()
    failed: dict[str, list[str]] = defaultdict(list)
    for document in run.document_records:
        if document.node == "store":
            stored[root(document.parent)] += 1
    for failure in run.failures:
        failed[root(failure.event)].append(f"{failure.node}: {failure.kind}")
    return {name: {"stored": stored[name], "failed": sorted(failed[name])} for name in sorted(roots.values())}


def made(run: Run) -> Made:
    """Return every document that was made, without what depends on the moment of its upload."""
    return Counter((one.node, one.type, one.size, one.url.rpartition("/")[2]) for one in run.document_records)


def test_the_table_has_a_hundred_documents_and_at_least_twenty_fail() -> None:
    kinds = {name.rpartition(".")[2] for name in OUTCOMES}
    assert len(OUTCOMES) >= 100
    assert len(kinds) >= 6
    assert sum(bool(expected["failed"]) for expected in OUTCOMES.values()) >= 20


def test_every_document_has_the_outcome_of_the_table(calm: Run) -> None:
    assert calm.is_complete
    assert outcomes(calm) == OUTCOMES


def test_inputs_are_delivered_failed_or_filtered_exactly(calm: Run) -> None:
    for edge, inputs, delivered, failed, filtered in calm.account:
        assert inputs == delivered + failed + filtered, edge
    by_name = {account.edge: account for account in calm.accounts}
    assert by_name["bucket -> inbox"].inputs == len(OUTCOMES)
    assert (
        by_name["long -> split"].delivered + by_name["long -> store"].delivered
        == by_name["pdf -> long"].delivered
    )


def test_every_message_twice_and_killed_functions_change_nothing(calm: Run, stormy: Run) -> None:
    assert stormy.is_complete
    assert outcomes(stormy) == OUTCOMES
    assert made(stormy) == made(calm)
    assert [tuple(row) for row in stormy.account] == [tuple(row) for row in calm.account]


def test_the_lineage_of_a_pdf_in_a_zip_in_an_email_is_a_tree(calm: Run) -> None:
    tree = next(root for root in calm.lineage.roots if "papers.eml" in root.label)
    text = calm.lineage.text(most=None)
    archive = next(child for child in tree.children if "application/zip" in child.label)
    assert archive.node == "mail"
    pdf = next(child for child in archive.children if "crazyones.pdf" in child.label)
    assert (pdf.node, pdf.children[0].node, pdf.children[0].children[0].node) == ("unzip", "pdf", "long")
    assert "papers.eml (message/rfc822" in text
