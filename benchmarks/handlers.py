"""What each handler does in a second, and the most memory it takes, in the process of a function.

Each runs as Lambda would run it: from its own unpacked zip, entered where Lambda enters, in batches of its
own size, reading from and writing to the embedded AWS. One process works; the embedded AWS takes its part.
"""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import boto3
from harness import Result

import lakenb as lk
from lakenb.backends.local.emulator import start_emulator
from lakenb.events import DOCUMENT_CREATED, CloudEvent, Document, EventData, S3Location
from lakenb.packaging import function_zip
from lakenb.runtime.handlers.pdf_pages import png

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.emulator import LocalEmulator

ROOT = Path(__file__).parents[1]
_ROUNDS = 5
_DOCUMENTS = 20
_TIME = "2026-01-31T12:00:00.000Z"
_SENTENCE = "A small document that is read, split in chunks, and announced. "


def is_small(doc: Any) -> bool:
    """Return what a condition would ask."""
    return bool(doc.size < 1_000_000)


@dataclass(frozen=True, slots=True)
class Case:
    """A handler and the document that it gets, again and again.

    Parameters
    ----------
    step
        The node.
    what
        The document, in words.
    type
        Its MIME type.
    body
        Its bytes.
    """

    step: lk.Step
    what: str
    type: str
    body: bytes


def _text(length: int) -> bytes:
    return (_SENTENCE * (length // len(_SENTENCE) + 1))[:length].encode()


def _zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as target:
        for number in range(10):
            target.writestr(f"{number}.txt", _text(10_000))
    return made.getvalue()


def _picture(width: int, height: int) -> bytes:
    """Return a picture of noise with sixteen levels, which deflates about as well as a drawing."""
    noise = random.Random(1).randbytes(3 * width * height)  # noqa: S311 - the same picture each time
    return png(bytearray(byte & 0xF0 for byte in noise), width, height, 3 * width, 72)


def _cases() -> Iterator[Case]:
    sys.path.append(str(ROOT))
    from tests.mails import composed  # noqa: PLC0415 - found by the line above
    from tests.pdfs import pdf  # noqa: PLC0415 - as the one above

    page = "\n".join([_SENTENCE] * 40)
    text = Case(lk.Passthrough(), "10 KB", "text/plain", _text(10_000))
    yield Case(lk.S3Trigger(), text.what, text.type, text.body)
    yield text
    yield Case(lk.Condition(predicate=is_small), text.what, text.type, text.body)
    yield Case(lk.S3Storage(), text.what, text.type, text.body)
    splitter = lk.RecursiveCharacterTextSplitter(chunk_size=4000)
    yield Case(splitter, "100 KB in chunks of 4,000", text.type, _text(100_000))
    letter = lk.EmailTextProcessor(include_attachments=True)
    yield Case(letter, "a letter, four attachments", "message/rfc822", composed().as_bytes())
    yield Case(lk.ZipInflate(), "ten files of 10 KB", "application/zip", _zipped())
    drawing = _picture(1600, 1200)
    yield Case(lk.ImageMetadataExtractor(), "a PNG, 1600 x 1200", "image/png", drawing)
    yield Case(lk.PdfTextConverter(), "text of 20 pages", "application/pdf", pdf([page] * 20))
    images = lk.PdfTextConverter(task="images")
    yield Case(images, "pictures of 2 pages", "application/pdf", pdf([page] * 2))


@dataclass(frozen=True, slots=True)
class _Place:
    """A node's surroundings in the embedded AWS."""

    aws: LocalEmulator
    inbox: str
    environment: dict[str, str]


def _place(aws: LocalEmulator, number: int, step: lk.Step) -> _Place:
    s3, sns, sqs = (aws.client(service) for service in ("s3", "sns", "sqs"))
    inbox, store, cache = (f"bench-{number}-{part}" for part in ("inbox", "store", "cache"))
    for bucket in (inbox, store, cache):
        s3.create_bucket(Bucket=bucket)
    dead_letters = sqs.create_queue(QueueName=f"bench-{number}")["QueueUrl"]
    environment = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": aws.access_key,
        "AWS_SECRET_ACCESS_KEY": aws.secret_key,
        "AWS_DEFAULT_REGION": aws.region,
        "LAKENB_NODE": step.id,
        "LAKENB_HANDLER": step.row.handler,
        "LAKENB_OPTIONS": json.dumps(step.own_options()),
        "LAKENB_SOURCES": json.dumps([{"bucket": inbox, "prefix": "", "suffix": ""}]),
        "LAKENB_DEAD_LETTERS": dead_letters,
        "LAKENB_TOPIC": sns.create_topic(Name=f"bench-{number}")["TopicArn"],
        "LAKENB_STORE": store,
        "LAKENB_CACHE": cache,
    }
    absent = {"s3-trigger": ("STORE", "CACHE"), "s3-storage": ("TOPIC",)}.get(step.id, ())
    if step.id in {"passthrough", "condition", "image-metadata-extractor"}:
        absent = ("STORE",)  # as in the default mode: they forward, and copy nothing
    for name in absent:
        del environment[f"LAKENB_{name}"]
    return _Place(aws, inbox, environment)


def _message(case: Case, place: _Place, etag: str, number: int) -> str:
    """Return what the node's queue would hand out: for a trigger a notification, else an event."""
    if isinstance(case.step, lk.S3Trigger):
        found = {"key": "document", "size": len(case.body), "eTag": etag, "sequencer": f"{number:016X}"}
        entity = {"bucket": {"name": place.inbox}, "object": found}
        entry = {"eventName": "ObjectCreated:Put", "eventTime": _TIME, "s3": entity}
        return json.dumps({"Records": [entry]})
    document = Document(S3Location(place.inbox, "document").url, case.type, len(case.body), etag)
    own = str(UUID(int=number, version=4))
    data = EventData(own, document, document, {}, ("inbox",))
    return CloudEvent(own, DOCUMENT_CREATED, _TIME, data).to_json()


def _rounds(case: Case, place: _Place, etag: str) -> list[list[list[dict[str, Any]]]]:
    """Return the batches of each round; the first round warms up."""
    size = case.step.settings().batch_size
    records = [
        {
            "messageId": f"m{number}",
            "body": _message(case, place, etag, number),
            "attributes": {"ApproximateReceiveCount": "1"},
        }
        for number in range((_ROUNDS + 1) * _DOCUMENTS)
    ]
    return [
        [records[at : at + size][: start + _DOCUMENTS - at] for at in range(start, start + _DOCUMENTS, size)]
        for start in range(0, len(records), _DOCUMENTS)
    ]


def _measured(case: Case, place: _Place) -> Result:
    put = place.aws.client("s3").put_object(Bucket=place.inbox, Key="document", Body=case.body)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(function_zip(case.step.code()).build())) as code:
            code.extractall(folder)
        rounds = _rounds(case, place, put["ETag"].strip('"'))
        site = str(Path(str(boto3.__file__)).parents[1])
        done = subprocess.run(
            (sys.executable, "-I", "-S", str(Path(__file__).with_name("handler_process.py"))),
            input=json.dumps({"folder": folder, "site": site, "rounds": rounds}),
            env=place.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return _result(case, [json.loads(line) for line in done.stdout.splitlines()])


def _result(case: Case, lines: list[dict[str, Any]]) -> Result:
    measured = lines[-1]["benchmark"]
    finished = [line for line in lines if line.get("lakenb") == "done"]
    if len(finished) != (_ROUNDS + 1) * _DOCUMENTS:
        raise RuntimeError(f"{case.step.id} did not finish all documents, so its time means nothing")
    calls = sum(sum(line["calls"].values()) for line in finished) / len(finished)
    own, child = measured["peak_mib"]
    return Result(
        f"{case.step.id}: {case.what}",
        tuple(seconds / _DOCUMENTS for seconds in measured["seconds"][1:]),
        is_per_document=True,
        peak_mib=(own, child) if child else (own,),
        note=f"{calls:.1f} AWS calls a document; memory_mib is {case.step.settings().memory_mib}",
    )


def handlers() -> list[Result]:
    """Measure every handler, each in a process of its own; packages are fetched once if they are not kept."""
    with start_emulator() as aws:
        return [_measured(case, _place(aws, number, case.step)) for number, case in enumerate(_cases())]
