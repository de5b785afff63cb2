"""Pipelines whose nodes use services beside the common ones, each as small as it can be."""

from __future__ import annotations

from datetime import timedelta

import lakenb as lk

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:orders"


def gathering(**options: object) -> lk.Pipeline:
    """Return trigger -> reducer with a table and schedules -> store."""
    group = lk.Reducer("group", window=timedelta(minutes=5))
    gathered = lk.S3Trigger("inbox", prefix="in/").pipe(group).pipe(lk.S3Storage("results"))
    return lk.Pipeline("gathering", gathered, **options)  # type: ignore[arg-type]  # whatever a test asks for


def waiting(**options: object) -> lk.Pipeline:
    """Return trigger -> delay with a state machine -> store."""
    pause = lk.Delay("pause", duration=timedelta(hours=1))
    waited = lk.S3Trigger("inbox", prefix="in/").pipe(pause).pipe(lk.S3Storage("results"))
    return lk.Pipeline("waiting", waited, **options)  # type: ignore[arg-type]  # whatever a test asks for


def timed(**options: object) -> lk.Pipeline:
    """Return a trigger that a schedule starts, which puts a document of its own -> store."""
    clock = lk.SchedulerTrigger("clock", schedule="rate(1 day)")
    return lk.Pipeline("timed", clock.pipe(lk.S3Storage("results")), **options)  # type: ignore[arg-type]  # see above


def listed(**options: object) -> lk.Pipeline:
    """Return a trigger that sends documents of somebody else at its times -> store."""
    documents = ["s3://contracts/2026/a.pdf", "s3://forms/b.pdf"]
    clock = lk.SchedulerTrigger("clock", schedule="cron(0 9 ? * MON-FRI *)", documents=documents)
    return lk.Pipeline("listed", clock.pipe(lk.S3Storage("results")), **options)  # type: ignore[arg-type]  # see above


def intake(**options: object) -> lk.Pipeline:
    """Return a trigger on a queue of somebody else -> store."""
    orders = lk.SqsTrigger("orders", queue=QUEUE, documents_in=["s3://contracts/2026/", "s3://forms/"])
    return lk.Pipeline("intake", orders.pipe(lk.S3Storage("results")), **options)  # type: ignore[arg-type]  # see above


def indexed(**options: object) -> lk.Pipeline:
    """Return trigger -> index in a bucket."""
    index = lk.LanceDBStorage("index", on="s3", dimensions=3)
    return lk.Pipeline("indexed", lk.S3Trigger("inbox").pipe(index), **options)  # type: ignore[arg-type]  # see above


def filed(**options: object) -> lk.Pipeline:
    """Return trigger -> index on a file system, in a VPC that is made."""
    index = lk.LanceDBStorage("index", on="efs", dimensions=3, vpc=lk.Vpc(create=True))
    return lk.Pipeline("filed", lk.S3Trigger("inbox").pipe(index), **options)  # type: ignore[arg-type]  # see above


PIPELINES = {
    "gathering": gathering,
    "waiting": waiting,
    "timed": timed,
    "listed": listed,
    "intake": intake,
    "indexed": indexed,
    "filed": filed,
}
