"""The pipeline in which nothing may be lost: nine middlewares, fan-out, fan-in, a filter and a condition."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import lakenb as lk

# A function that is killed gives its messages back after this time, so a killed worker costs no more.
PATIENT: dict[str, Any] = {
    "timeout": timedelta(seconds=15),
    "visibility_timeout": timedelta(seconds=15),
    "max_retries": 20,
}


def is_long(doc: Any) -> bool:
    return bool(doc.size > 2_000)


def everything() -> lk.Pipeline:
    """Return the pipeline."""
    inbox = lk.S3Trigger("inbox", **PATIENT)
    unzip = inbox.pipe(lk.ZipInflate("unzip", **PATIENT)).with_sources(
        inbox.pipe(lk.EmailTextProcessor("mail", include_attachments=True, **PATIENT))
    )
    mail = inbox.pipe(lk.EmailTextProcessor("mail", include_attachments=True, **PATIENT))
    sources = (inbox, unzip, mail)
    pdf = lk.PdfTextConverter("pdf", **PATIENT).with_sources(*sources)
    image = lk.ImageMetadataExtractor("image", **PATIENT).with_sources(*sources)
    seen = image.pipe(lk.Passthrough("seen", metadata={"checked": "yes"}, **PATIENT))
    long = pdf.pipe(lk.Condition("long", predicate=is_long, **PATIENT))
    split = lk.RecursiveCharacterTextSplitter("split", chunk_size=20_000, chunk_overlap=0, **PATIENT)
    chunks = split.with_sources(*sources).with_sources(long, filter=lk.matched)
    store = lk.S3Storage("store", **PATIENT)
    small = lk.when("data.document.size").lt(100_000)
    return lk.Pipeline(
        "everything",
        chunks.pipe(store),
        seen.pipe(store, filter=small),
        long.pipe(store, filter=lk.mismatched),
    )
