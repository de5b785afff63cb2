"""Functions that end in the middle of a document: a dead letter, with a reason from the log."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.events.locations import S3Location
from lakenb.packaging.zips import function_zip
from lakenb.template.names import Kind
from tests.backends.local.embedded import eventually
from tests.backends.local.sessions import edge, log_lines, pause, resume, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Failure, Run

RAISED = (
    "the handler stopped with ValueError; its text is left out, for it may hold content "
    "(tried 1 times, and not to be handed out again)"
)
SECOND = timedelta(seconds=1)
MARKER = "Archaeopteryx"
# Ends as its document's name says; stands in for the handler's module, all else is the deployed runtime.
FRAGILE = """
import os, signal, time

def handle(document, context):
    name = document.url.rpartition("/")[2]
    if name.startswith("exits"):
        os._exit(3)
    if name.startswith("is-killed"):
        os.kill(os.getpid(), signal.SIGKILL)
    if name.startswith("hangs"):
        time.sleep(600)
    if name.startswith("raises"):
        raise ValueError("".join(document.text()))
    yield context.document("".join(document.text()), type="text/plain")
"""
TRIGGER = "import os\n\nclass Trigger:\n    def __init__(self, *_):\n        os._exit(3)\n"
REASONS = {
    "exits.txt": ("Crashed", "the function ended while it worked on this document"),
    "is-killed.txt": ("Crashed", "the function ended while it worked on this document"),
    "hangs.txt": ("TimedOut", "Task timed out after 12.00 seconds"),
    "raises.txt": ("HandlerError", RAISED),
}


def pipeline() -> lk.Pipeline:
    """Return nodes that give up after one attempt, one of which gets its documents one by one."""
    once = {"timeout": 12 * SECOND, "visibility_timeout": 12 * SECOND, "max_retries": 1}
    inbox = lk.S3Trigger("inbox", **once)
    single = inbox.pipe(lk.RecursiveCharacterTextSplitter("single", batch_size=1, **once))
    several = inbox.pipe(
        lk.RecursiveCharacterTextSplitter("several", batch_size=10, **once),
        filter=lk.when("data.document.size").gt(1000),
    )
    return lk.Pipeline("fragile", single.pipe(lk.S3Storage("results")).with_sources(several))


def replace_handler(session: LocalSession, node: str, source: str) -> None:
    """Put another handler into a deployed function."""
    handler = session.graph.nodes[node].row.handler
    member = handler.replace(".", "/") + ".py"
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(function_zip(session.graph.nodes[node].code()).build())) as original,
        zipfile.ZipFile(made, "w") as changed,
    ):
        for name in original.namelist():
            changed.writestr(name, source if name == member else original.read(name))
    functions = session.client("lambda")
    functions.update_function_code(
        FunctionName=session.stack.id(node, Kind.FUNCTION), ZipFile=made.getvalue()
    )


@dataclass
class Story:
    """A session whose functions ended early."""

    session: LocalSession
    run: Run

    def failures(self, node: str, key: str) -> list[Failure]:
        url = S3Location(self.session.bucket("inbox"), key).url
        return [one for one in self.run.failures if (one.node, one.url) == (node, url)]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("documents")
    for name in (*REASONS, "good-1.txt", "good-2.txt"):
        (folder / name).write_text(f"{MARKER} {name}")
    batch = tmp_path_factory.mktemp("batch")
    for name in ("a-good.txt", "exits-in-a-batch.txt", "good-last.txt"):
        (batch / name).write_text(f"{MARKER} {name}".ljust(1001))
    late = tmp_path_factory.mktemp("late")
    (late / "never-announced.txt").write_text(MARKER)
    with pipeline().local() as session:
        for node in ("single", "several"):
            replace_handler(session, node, FRAGILE)
        pause(session, "several")
        for path in sorted(batch.iterdir()):
            session.client("s3").upload_file(str(path), session.bucket("inbox"), path.name)
        eventually(lambda: waiting(session, "several") == 3)
        resume(session, "several")
        session.run(folder)
        replace_handler(session, "inbox", TRIGGER)
        yield Story(session, session.run(late))


@pytest.mark.parametrize("name", REASONS)
def test_function_that_ends_early_leaves_a_dead_letter_with_the_reason_from_its_log(
    name: str, story: Story
) -> None:
    [failure] = story.failures("single", name)
    assert failure.event
    assert (failure.kind, failure.reason) == REASONS[name]


@pytest.mark.parametrize("name", ["good-1.txt", "good-2.txt"])
def test_documents_beside_it_go_on(name: str, story: Story) -> None:
    assert story.failures("single", name) == []
    stored = [
        story.session.read(one.url).decode() for one in story.run.document_records if one.node == "results"
    ]
    assert f"{MARKER} {name}" in stored


def test_batch_of_a_function_that_ends_early_is_lost_together_and_each_document_says_so(story: Story) -> None:
    reasons = [
        failure.reason
        for name in ("a-good.txt", "exits-in-a-batch.txt", "good-last.txt")
        for failure in story.failures("several", name)
    ]
    assert len(reasons) == 3
    assert "the function ended while it worked on this document" in reasons


def test_upload_whose_trigger_ends_early_is_accounted_for(story: Story) -> None:
    [failure] = story.failures("inbox", "never-announced.txt")
    assert failure.event
    assert failure.kind in {"Crashed", "NotProcessed"}
    assert edge(story.run, "bucket -> inbox") == (7, 6, 1, 0)


def test_nothing_is_lost(story: Story) -> None:
    assert story.run.is_complete


def test_text_of_a_handlers_error_is_in_no_log(story: Story) -> None:
    for node in story.session.graph.nodes:
        assert [line for line in log_lines(story.session, node) if MARKER in line] == []
