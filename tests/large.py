"""Pipelines that one stack cannot hold."""

from __future__ import annotations

from typing import Any

import lakenb as lk

_BEHIND_EACH = 3
_ENDS = 12


def tree(nodes: int = 97, **options: Any) -> lk.Pipeline:
    """Return a trigger, so many splitters behind one another, three behind each, and a store for the last."""
    handles = [lk.S3Trigger("inbox").handle()]
    for number in range(nodes):
        splitter = lk.RecursiveCharacterTextSplitter(f"n-{number}", chunk_size=1000)
        handles.append(handles[number // _BEHIND_EACH].pipe(splitter))
    store = lk.S3Storage("results")
    return lk.Pipeline("tree", *(handle.pipe(store) for handle in handles[-_ENDS:]), *handles, **options)


def chain(nodes: int = 98, **options: Any) -> lk.Pipeline:
    """Return a trigger, so many splitters in a row, and a store."""
    handle = lk.S3Trigger("inbox").handle()
    for number in range(nodes):
        handle = handle.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}"))
    return lk.Pipeline("chain", handle.pipe(lk.S3Storage("results")), **options)


def fan_in(producers: int = 60, **options: Any) -> lk.Pipeline:
    """Return a trigger, so many splitters beside one another, and one store for all of them."""
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    splitters = [inbox.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}")) for number in range(producers)]
    return lk.Pipeline("fan", *(one.pipe(store) for one in splitters), **options)
