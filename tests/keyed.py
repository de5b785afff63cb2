"""Pipelines under keys, one of each sort, for whoever tries all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lakenb as lk

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.keys import KeyPer

GIVEN_KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444"


def letters(key: lk.Key | str | None, key_per: KeyPer = "pipeline") -> lk.Pipeline:
    """Return trigger -> splitter -> store."""
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    return lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), key=key, key_per=key_per)


def on_given_bucket(key: lk.Key | str, key_per: KeyPer = "pipeline") -> lk.Pipeline:
    """Return a pipeline whose trigger stands on a bucket of somebody else, by EventBridge."""
    inbox = lk.S3Trigger("inbox", bucket="given-bucket", prefix="in/", suffix=".txt")
    end = inbox.pipe(lk.Passthrough("seen")).pipe(lk.S3Storage("results"))
    return lk.Pipeline("given", end, key=key, key_per=key_per)


def branching(key_per: KeyPer = "pipeline") -> lk.Pipeline:
    """Return a pipeline with a condition, a node that passes on, and two ends."""
    inbox = lk.S3Trigger("inbox")
    small = inbox.pipe(lk.Passthrough("small"), filter=lk.when("data.document.size").lt(1000))
    parts = small.pipe(lk.RecursiveCharacterTextSplitter("parts", chunk_size=200, chunk_overlap=0))
    ends = (parts.pipe(lk.S3Storage("results")), inbox.pipe(lk.S3Storage("archive")))
    return lk.Pipeline("branching", *ends, key=lk.Key(), key_per=key_per)


def of_some_nodes() -> lk.Pipeline:
    """Return a pipeline of which two nodes have keys of their own, and the rest has none."""
    splitter = lk.RecursiveCharacterTextSplitter("parts", chunk_size=80, chunk_overlap=0, key=lk.Key())
    store = lk.S3Storage("results", key=GIVEN_KEY)
    return lk.Pipeline("some", lk.S3Trigger("inbox").pipe(splitter).pipe(store))


KEYED_PIPELINES: dict[str, Callable[[], lk.Pipeline]] = {
    "a key for all": lambda: letters(lk.Key()),
    "a key for each node": lambda: letters(lk.Key(), "node"),
    "a key for each store": lambda: letters(lk.Key(), "store"),
    "a given key": lambda: letters(GIVEN_KEY),
    "a given alias": lambda: letters("alias/contracts"),
    "a given bucket": lambda: on_given_bucket(lk.Key()),
    "a given bucket, a key for each node": lambda: on_given_bucket(lk.Key(), "node"),
    "a given bucket, a key for each store": lambda: on_given_bucket(lk.Key(), "store"),
    "a given bucket, a given key": lambda: on_given_bucket(GIVEN_KEY),
    "branching": branching,
    "branching, a key for each store": lambda: branching("store"),
    "keys of some nodes": of_some_nodes,
}
