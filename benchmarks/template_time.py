"""How long `template()` takes, and that ten times the nodes take ten times as long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import Result, measure, timed

import lakenb as lk

if TYPE_CHECKING:
    from collections.abc import Callable


def chain(nodes: int) -> lk.Pipeline:
    """Return a trigger, so many splitters in a row, and a store."""
    handle = lk.S3Trigger("inbox").handle()
    for number in range(nodes - 2):
        handle = handle.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}"))
    return lk.Pipeline("chain", handle.pipe(lk.S3Storage("results")))


def _template(nodes: int) -> Callable[[], object]:
    return chain(nodes).template


def template_100() -> Result:
    """Measure the template of 100 nodes."""
    return measure("template() of 100 nodes", timed(_template(100)), rounds=9, bound_seconds=0.150)


def template_1000() -> Result:
    """Measure the template of 1,000 nodes beside that of 100: 10 x is linear."""
    return measure(
        "template() of 1,000 nodes",
        timed(_template(1000)),
        rounds=5,
        peer=("template() of 100 nodes", timed(_template(100))),
        note="linear growth is a ratio of 10",
    )
