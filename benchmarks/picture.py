"""How long a bare `pipe` takes to show itself: template, reading it, and the picture in all its forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import Result, measure, timed
from template_time import chain

import lakenb as lk
from lakenb.views.picture import picture
from lakenb.views.seen import seen

if TYPE_CHECKING:
    from collections.abc import Callable


def fan(nodes: int) -> lk.Pipeline:
    """Return a trigger, so many splitters beside each other, and a store."""
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    parts = (lk.RecursiveCharacterTextSplitter(f"part-{number:02}") for number in range(nodes - 2))
    return lk.Pipeline("fan", *(inbox.pipe(part).pipe(store) for part in parts))


def _shown(pipe: lk.Pipeline) -> Callable[[], object]:
    def work() -> object:
        drawn = picture(seen(pipe, pipe.template()))
        if drawn.note:
            raise RuntimeError(f"there is no drawing, so its time means nothing: {drawn.note}")
        return drawn._repr_mimebundle_()

    return work


def picture_50() -> list[Result]:
    """Measure the bare repr of 50 nodes: one after the other, and all beside each other."""
    named = ((chain, "a chain"), (fan, "a fan-out"))
    return [
        measure(
            f"bare repr of {what} of 50 nodes",
            timed(_shown(make(50))),
            rounds=9,
            bound_seconds=0.150,
            note="template() and the reading of it included; SVG, PNG and text",
        )
        for make, what in named
    ]


def picture_1000() -> Result:
    """Measure the bare repr of 1,000 nodes, which fold."""
    return measure("bare repr of 1,000 nodes", timed(_shown(fan(1000))), rounds=3)
