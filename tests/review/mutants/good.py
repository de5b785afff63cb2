"""The good templates that mutations start from: each is proved as it stands."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import lakenb as lk
from tests.backends.local.everything import everything
from tests.examples import letters
from tests.review.handmade import in_vpc, keyed, pipeline, under_key
from tests.review.services import PIPELINES

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.review.mutants.mutations import Template


class Good(NamedTuple):
    """A template, and the pipeline that it must be."""

    template: Template
    pipeline: lk.Pipeline


def strict() -> lk.Pipeline:
    """Return a strict pipeline: its pass-through node copies into a store of its own."""
    inbox = lk.S3Trigger("inbox", prefix="in/", suffix=".txt")
    seen = inbox.pipe(lk.Passthrough("seen", metadata={"checked": "yes"}))
    parts = seen.pipe(lk.RecursiveCharacterTextSplitter("parts", chunk_size=200, chunk_overlap=0))
    return lk.Pipeline("strict", parts.pipe(lk.S3Storage("results")), strict=True)


def _generated(name: str) -> Good:
    """Return what is generated of a pipeline with services."""
    made = PIPELINES[name]()
    return Good(made.template(), made)


_MAKERS: dict[str, Callable[[], Good]] = {
    "letters": lambda: Good(letters().template(), letters()),
    "everything": lambda: Good(everything().template(), everything()),
    "strict": lambda: Good(strict().template(), strict()),
    "under a key": lambda: Good(under_key(), keyed()),
    "in a VPC": lambda: Good(in_vpc(), pipeline()),
    "gathering": lambda: _generated("gathering"),
    "waiting": lambda: _generated("waiting"),
    "timed": lambda: _generated("timed"),
    "listed": lambda: _generated("listed"),
    "intake": lambda: _generated("intake"),
    "indexed": lambda: _generated("indexed"),
    "filed": lambda: _generated("filed"),
}
NAMES = tuple(_MAKERS)


@lru_cache
def good(name: str) -> Good:
    """Return one of them, shared: its template is not to be changed."""
    return _MAKERS[name]()


def fresh(name: str) -> Template:
    """Return a template of one's own."""
    return copy.deepcopy(good(name).template)
