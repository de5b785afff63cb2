"""``lakenb demo``: the whole way of documents, and one thing that is not allowed."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import lakenb as lk
from lakenb.backends.local.inputs import gather
from lakenb.backends.local.probe import Call
from lakenb.cli.corpus import write_corpus
from lakenb.cli.outcome import failures
from lakenb.events.locations import S3Location
from lakenb.records.disagreement import disagreement_text
from lakenb.records.lineage import Lineage
from lakenb.records.tables import Table, printable
from lakenb.template.names import CACHE
from lakenb.views.progress import progress_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakenb.backends.local.probe import Answer
    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Document, Run


def pipeline() -> lk.Pipeline:
    """Return the demo's pipeline: trigger -> splitter -> splitter -> store."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    paragraphs = inbox.pipe(lk.RecursiveCharacterTextSplitter("paragraphs", chunk_size=600, chunk_overlap=0))
    sentences = paragraphs.pipe(
        lk.RecursiveCharacterTextSplitter(
            "sentences", chunk_size=120, chunk_overlap=0, separators=(". ", " ", "")
        )
    )
    return lk.Pipeline("letters", sentences.pipe(lk.S3Storage("results")))


def demo(paths: Sequence[str], *, seed: int, save: str | None) -> int:
    """Run the demo and print it.

    Parameters
    ----------
    paths
        The user's own files; none runs the generated corpus.
    seed
        Seed of the generated corpus.
    save
        A folder for the resulting documents, or None.

    Returns
    -------
    int
        0 when nothing was lost, every answer was as promised and every decision confirmed, else 1.
    """
    pipe = pipeline()
    if paths:
        gather(pipe, paths)  # a wrong path is told before anything starts
    print(
        f"lakenb {lk.__version__} · trigger -> splitter -> splitter -> store on an embedded AWS, IAM enforced"
    )
    _title(1, "Who may do what with documents, by the template")
    print(_document_grants(pipe).text(most=None))
    with tempfile.TemporaryDirectory(prefix="lakenb-demo-") as folder, progress_line() as show:
        given: Sequence[str] = paths
        if not paths:
            write_corpus(Path(folder), seed)
            given = [folder]
        with pipe.local(on_progress=show) as session:
            run = session.run(given, save=save)
            answers = _try(session, run)
            apart = session.disagreement_records()
    _title(2, f"What became of every document ({run.duration.total_seconds():.1f} s)")
    print(run.account)
    if run.failures:
        print(f"\n{failures(run).text(most=None)}")
    _title(3, "Lineage")
    print(_lineage(run))
    _title(4, "The function of 'sentences' tries, with its role's own credentials, and the server answers")
    as_promised = [_print_answer(*answer) for answer in answers]
    good = run.is_complete and all(as_promised) and not apart
    ends = f"{len(run.failures)} failed, {len(run.filtered_records)} filtered"
    lost = "nothing lost" if run.is_complete else "NOT COMPLETE"
    if apart:
        print(f"\n{disagreement_text(apart)}")
    print(f"\n{'✓' if good else '✗'} {len(run.document_records)} documents, {ends}; {lost}")
    print(f"  {len(run.unenforced)} things that AWS asks are not asked here: run.unenforced lists them")
    return 0 if good else 1


def _title(number: int, text: str) -> None:
    print(f"\n{number}  {text}\n")


def _document_grants(pipe: lk.Pipeline) -> Table:
    """Return the grants that touch documents: what the page of the security model is about."""
    rows = [
        (edge, who, action, what) for edge, who, action, what, *_ in pipe.grants if action.startswith("s3:")
    ]
    return Table("grants", ("edge", "who", "action", "on"), tuple(rows))


def _lineage(run: Run) -> str:
    """Return one tree to read, and a line for every input."""
    whole = [root for root in run.lineage.roots if any(child.children for child in root.children)]
    tree = f"{Lineage(tuple(whole[:1])).text(most=3)}\n\n" if whole else ""
    return tree + run.lineage.digest()


def _try(session: LocalSession, run: Run) -> list[tuple[str, bool, Answer]]:
    """Return what was tried: in words, whether the model allows it, and the server's answer."""
    by_event = {document.event: document for document in run.document_records if document.event}
    paragraph = next((document for document in run.document_records if document.node == "paragraphs"), None)
    cache = session.stack.physical[CACHE]
    tried: list[tuple[str, bool, Call]] = []
    if paragraph is not None:
        tried.append(("reads a paragraph, which its producer made", True, _get(paragraph)))
    put = {"Bucket": cache, "Key": "paragraphs/forged", "Body": "x"}
    tried.append(("writes under the cache prefix of 'paragraphs'", False, Call("s3", "put_object", put)))
    if paragraph is not None:
        original = by_event[paragraph.parent]
        tried.append(("reads the original letter, which lies behind 'paragraphs'", False, _get(original)))
    answers = session.probe("sentences", [call for _, _, call in tried])
    return [(words, allowed, answer) for (words, allowed, _), answer in zip(tried, answers, strict=True)]


def _get(document: Document) -> Call:
    place = S3Location.from_url(document.url)
    return Call("s3", "get_object", {"Bucket": place.bucket, "Key": place.key})


def _print_answer(words: str, expected: bool, answer: Answer) -> bool:
    action = {"get_object": "s3:GetObject", "put_object": "s3:PutObject"}[answer.call.operation]
    resource = f"arn:aws:s3:::{answer.call.parameters['Bucket']}/{answer.call.parameters['Key']}"
    verdict = "ALLOWED" if answer.allowed else "DENIED "
    surprise = "" if answer.allowed is expected else "  ← NOT AS PROMISED"
    print(f"{verdict}  {words} (HTTP {answer.status}{f' {answer.code}' if answer.code else ''}){surprise}")
    print(f"         {action} on {printable(resource)}")
    if answer.message:
        print(f"         “{printable(answer.message)}”")
    return answer.allowed is expected
