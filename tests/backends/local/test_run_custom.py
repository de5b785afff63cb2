"""Functions of the user's own in a run: with packages, without them, and returning what they should not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from tests.cells import Notebook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

CELL = """
import importlib
import json
import lakenb as lk
BONUS = [2, 0.5]

def length(text):
    return len(text.split()) + BONUS[0]

@lk.middleware(input="text/plain", output="application/json", packages=["idna==3.10", "MarkupSafe==3.0.2"])
def count_words(doc, ctx):
    import idna
    from markupsafe import _speedups, escape
    text = "".join(doc.text())
    found = {"words": length(text), "domain": idna.encode("ö.de").decode(), "escaped": escape("<"),
             "machine code": _speedups.__file__.endswith(".so"), "at": idna.__file__.partition("idna")[2]}
    yield ctx.document(json.dumps(found), type="application/json", name="count.json")

@lk.middleware(input="application/json", output=None)
def note(doc, ctx):
    with doc.open() as stream:
        return {"title": f"{json.load(stream)['words']} words"}

@lk.middleware(input="*/*", output=None)
def silent(doc, ctx):
    pass

@lk.middleware(input="text/plain", output="text/plain")
def undeclared(doc, ctx):
    yield ctx.document(importlib.import_module("idna").__version__, type="text/plain")

@lk.middleware(input="text/plain", output="text/plain")
def mistyped(doc, ctx):
    return ctx.document("<p>", type="text/html")

@lk.middleware(input="text/plain", output="text/plain")
def plain_text(doc, ctx):
    return "just a text"

@lk.middleware(input="text/plain", output="text/plain")
def passing(doc, ctx):
    yield ctx.metadata({"title": "its consumers may not read it"})

@lk.middleware(input="text/plain", output=None)
def twice(doc, ctx):
    yield {"title": "one"}
    yield {"title": "two"}

@lk.middleware(input="text/plain", output=None)
def making(doc, ctx):
    return ctx.document("there is no store for it", type="text/plain")

@lk.middleware(input="text/plain", output="text/plain")
def stopping(doc, ctx):
    raise ValueError("Quetzalcoatlus")
"""
FAILING = ("undeclared", "mistyped", "plain_text", "passing", "twice", "making", "stopping")


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalSession, Run]]:
    """One document through all of them."""
    names = Notebook().run(CELL)
    folder: Path = tmp_path_factory.mktemp("inputs")
    (folder / "a.txt").write_text("one two three")
    inbox, out = lk.S3Trigger("inbox"), lk.S3Storage("out")
    noted = inbox.pipe(names["count_words"]()).pipe(names["note"]()).pipe(names["silent"]())
    failing = [inbox.pipe(names[name](max_retries=1)) for name in FAILING]
    pipe = lk.Pipeline("own", noted.pipe(out), *(handle.pipe(out) for handle in failing))
    with pipe.local() as session:
        yield session, session.run(folder / "a.txt")


def test_a_function_finds_its_values_its_helpers_and_its_packages(ran: tuple[LocalSession, Run]) -> None:
    session, run = ran
    (made,) = (document for document in run.document_records if document.node == "count-words")
    assert made.url.endswith("/count.json")
    assert json.loads(session.read(made.url)) == {
        "words": 5,
        "domain": "xn--nda.de",
        "escaped": "&lt;",
        "machine code": True,
        "at": "/__init__.py",
    }


def test_what_a_function_found_out_goes_on_with_the_document(ran: tuple[LocalSession, Run]) -> None:
    session, run = ran
    stored = [one for one in run.document_records if one.node == "out"]
    assert [one.type for one in stored] == ["application/json"]
    event = json.loads(session.read(f"{stored[0].url}.event.json"))
    assert event["data"]["metadata"] == {"title": "5 words"}
    assert event["data"]["callStack"] == ["silent", "note", "count-words", "inbox"]


def test_each_wrong_return_fails_with_its_reason(ran: tuple[LocalSession, Run]) -> None:
    _, run = ran
    reasons = {failure.node: (failure.kind, failure.reason) for failure in run.failures}
    no_output = "which is no output of its middleware"
    makes = "make documents with ctx.document(...); output=None is for metadata about the input"
    passes = "return a mapping of metadata, or ctx.metadata(...); documents need an output type"
    missing = "idna is neither Lambda's own nor in the zip; add the package that brings it to packages"
    left_out = "its text is left out, for it may hold content (tried 1 times, and not to be handed out again)"
    assert {kind for kind, _ in reasons.values()} == {"HandlerError"}
    assert {node: reason for node, (_, reason) in reasons.items()} == {
        "undeclared": f"the function stopped with ModuleNotFoundError: {missing}",
        "mistyped": "the function made a document of text/html, and its middleware sends text/plain",
        "plain-text": f"the function returned a str, {no_output}: {makes}",
        "passing": f"the function returned a PassedOn, {no_output}: {makes}",
        "twice": "the function returned 2 outputs; its middleware (output=None) passes on one",
        "making": f"the function returned a NewDocument, {no_output}: {passes}",
        "stopping": f"the handler stopped with ValueError; {left_out}",
    }
    assert "Quetzalcoatlus" not in str(run.failures)


def test_nothing_is_lost(ran: tuple[LocalSession, Run]) -> None:
    _, run = ran
    assert all(
        account.inputs == account.delivered + account.failed + account.filtered for account in run.accounts
    )
