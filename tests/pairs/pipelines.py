"""Every middleware in the smallest pipeline that has it, under each kind of encryption, in a VPC or not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import lakenb as lk
from lakenb.graph.steps import Part, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.keys import KeyPer

GIVEN_QUEUE = "arn:aws:sqs:eu-west-1:111122223333:orders"


@lk.middleware(input="text/plain", output=None)
def measured(doc: Any, ctx: Any) -> Any:
    """Note how long a text is."""
    return {"characters": len(doc.text()), "node": ctx.node}


# By name: the step, made anew each time.
STEPS: dict[str, Callable[[], Step]] = {
    "Condition": lambda: lk.Condition(predicate=lambda document: document.size > 10),
    "CustomMiddleware": lambda: measured("measured"),
    "Delay": lambda: lk.Delay("pause", duration=timedelta(seconds=5)),
    "EmailTextProcessor": lk.EmailTextProcessor,
    "ImageMetadataExtractor": lk.ImageMetadataExtractor,
    "LanceDBStorage": lambda: lk.LanceDBStorage("vectors", dimensions=4),
    "LanceDBStorage on EFS": lambda: lk.LanceDBStorage(
        "vectors", on="efs", dimensions=4, vpc=lk.Vpc(create=True)
    ),
    "Passthrough": lk.Passthrough,
    "PdfTextConverter": lk.PdfTextConverter,
    "RecursiveCharacterTextSplitter": lk.RecursiveCharacterTextSplitter,
    "Reducer": lambda: lk.Reducer("group", window=timedelta(minutes=5)),
    "Reducer by count": lambda: lk.Reducer("group", count=3),
    "S3Storage": lambda: lk.S3Storage("archive"),
    "S3Trigger": lambda: lk.S3Trigger("source", prefix="in/", suffix=".pdf"),
    "S3Trigger on a given bucket": lambda: lk.S3Trigger("source", bucket="given-archive", prefix="in/"),
    "SchedulerTrigger": lambda: lk.SchedulerTrigger("daily", schedule="rate(1 day)"),
    "SchedulerTrigger of documents": lambda: lk.SchedulerTrigger(
        "daily", schedule="rate(1 day)", documents=["s3://given-archive/in/letter.pdf"]
    ),
    "SqsTrigger": lambda: lk.SqsTrigger("orders", queue=GIVEN_QUEUE, documents_in=["s3://given-archive/in/"]),
    "Transform": lambda: lk.Transform("merge", lambda documents: documents),
    "ZipInflate": lk.ZipInflate,
}
KEYS: dict[str, tuple[bool, KeyPer]] = {
    "default": (False, "pipeline"),
    "one key": (True, "pipeline"),
    "key per node": (True, "node"),
    "key per store": (True, "store"),
}


def pipeline(name: str, key: str = "default", *, in_vpc: bool = False, strict: bool = False) -> lk.Pipeline:
    """Return the smallest pipeline with a middleware: a trigger before it, a store behind it."""
    step = STEPS[name]()
    has_key, key_per = KEYS[key]
    match step.row.part:
        case Part.TRIGGER:
            end: Any = step.pipe(lk.S3Storage("results"))
        case Part.CONNECTOR:
            end = lk.S3Trigger("inbox", prefix="letters/").pipe(step)
        case _:
            end = lk.S3Trigger("inbox", prefix="letters/").pipe(step).pipe(lk.S3Storage("results"))
    return lk.Pipeline(
        "pair",
        end,
        key=lk.Key() if has_key else None,
        key_per=key_per,
        vpc=lk.Vpc(create=True) if in_vpc else None,
        strict=strict,
    )
