"""Good templates: every promise about properties holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lakenb as lk
from tests.backends.local.everything import everything
from tests.examples import Forwarder, chain, letters
from tests.review import handmade

if TYPE_CHECKING:
    from tests.review.properties.examined import Template


def given(prefix: str = "", suffix: str = "") -> lk.Pipeline:
    """Return a pipeline on a bucket that it does not make."""
    inbox = lk.S3Trigger("inbox", bucket="given-bucket", prefix=prefix, suffix=suffix)
    return lk.Pipeline("given", inbox.pipe(Forwarder("middle")).pipe(lk.S3Storage("results")))


def two_on_one_given() -> lk.Pipeline:
    """Return a pipeline with two triggers on one given bucket."""
    store = lk.S3Storage("results").with_sources(
        lk.S3Trigger("in-a", bucket="given-bucket", prefix="a/"),
        lk.S3Trigger("in-b", bucket="given-bucket", prefix="b/"),
    )
    return lk.Pipeline("shared", store)


def strict() -> lk.Pipeline:
    """Return a pipeline whose pass-through node copies."""
    inbox = lk.S3Trigger("inbox", suffix=".txt")
    return lk.Pipeline("strict", inbox.pipe(Forwarder("middle")).pipe(lk.S3Storage("results")), strict=True)


GOOD: dict[str, tuple[lk.Pipeline, Template]] = {
    name: (pipe, pipe.template())
    for name, pipe in {
        "letters": letters(),
        "chain": chain(5),
        "everything": everything(),
        "given": given(),
        "given, bounded": given("in/report", "report*.pdf"),
        "two on one": two_on_one_given(),
        "strict": strict(),
    }.items()
} | {
    "under a key": (handmade.keyed(), handmade.under_key()),
    "in a VPC": (handmade.pipeline(), handmade.in_vpc()),
}
