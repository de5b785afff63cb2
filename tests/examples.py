"""Pipelines and middlewares that several tests use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import lakenb as lk
from lakenb.graph.steps import Part, Row, Step, middleware


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class PngOnly(Step):
    """Takes and sends PNG images."""

    row: ClassVar[Row] = Row(
        "png-only", Part.TRANSFORMER, ("image/png",), ("image/png",), "lakenb.runtime.handlers.s3_storage"
    )


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Forwarder(Step):
    """A pass-through node: sends on what its producers provide."""

    row: ClassVar[Row] = Row(
        "forwarder", Part.PASS_THROUGH, ("*/*",), ("*/*",), "lakenb.runtime.handlers.s3_storage"
    )


def letters() -> lk.Pipeline:
    """Return trigger -> splitter -> splitter -> store, and a shortcut from the first splitter."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    paragraphs = inbox.pipe(lk.RecursiveCharacterTextSplitter("paragraphs", chunk_size=400, chunk_overlap=0))
    sentences = paragraphs.pipe(
        lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    )
    store = lk.S3Storage("results")
    return lk.Pipeline(
        "letters", sentences.pipe(store), paragraphs.pipe(store, filter=lk.when("data.document.size").gt(100))
    )


def chain(nodes: int) -> lk.Pipeline:
    """Return a trigger, so many splitters in a row, and a store."""
    handle = lk.S3Trigger("inbox").handle()
    for number in range(nodes):
        handle = handle.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}"))
    return lk.Pipeline("chain", handle.pipe(lk.S3Storage("results")))
