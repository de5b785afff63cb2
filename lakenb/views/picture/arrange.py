"""Which way a picture runs, so that its text stays legible at the width of a notebook.

A guess from numbers of letters, made before the layout: trying every way would cost the time of each.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.views.picture.scene import CALLING, ranks
from lakenb.views.picture.texts import width

if TYPE_CHECKING:
    from lakenb.views.picture.scene import Arrow, Box, Scene

WIDEST = 1250  # in a cell of 1,050 px, text of 11 units is then still 9 px high
_GAP = 34
_LETTERS = 11
_FEW_BOXES = 6  # a chain of so many may as well run down
_SIDEWAYS = 0.2  # so much of a chain's arrows may lead elsewhere, for its rows to stay clear


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How boxes are placed.

    Parameters
    ----------
    is_across
        From left to right; else from top to bottom.
    rows
        A long chain in rows, read as the ox ploughs: every second one from right to left.
    """

    is_across: bool
    rows: tuple[tuple[str, ...], ...] = ()


def arrangement(scene: Scene) -> Arrangement:
    """Return how a scene is best placed."""
    depth = ranks(scene.boxes, scene.arrows)
    across = _across(scene, depth)
    if across <= WIDEST:
        return Arrangement(is_across=True)
    if _is_chain(scene, depth):
        return Arrangement(is_across=False, rows=_rows(scene, depth))
    return Arrangement(is_across=_down(scene, depth) > across)


def box_width(box: Box) -> float:
    """Return about how wide a box is."""
    longest = max((min(len(line.word) + len(line.text) + 1, 48) for line in box.lines), default=0)
    title = min(len(box.title), 34) * 1.3 + len(box.word) + 2 * bool(box.word)
    return max(longest, title, min(len(box.caption), 36)) * _LETTERS * 0.46 + 18


def label_width(arrow: Arrow) -> float:
    """Return about how wide the label of an arrow is."""
    return max((width(line, _LETTERS) for line in (*arrow.lines, *arrow.notes)), default=0) * 0.82 + 10


def _across(scene: Scene, depth: dict[str, int]) -> float:
    boxes: dict[int, float] = defaultdict(float)
    labels: dict[int, float] = defaultdict(float)
    for box in scene.boxes:
        boxes[depth[box.name]] = max(boxes[depth[box.name]], box_width(box))
    for arrow in scene.arrows:
        place = min(depth[arrow.tail], depth[arrow.head])
        labels[place] = max(labels[place], label_width(arrow))
    return sum(boxes.values()) + sum(labels.values()) + _GAP * len(boxes)


def _down(scene: Scene, depth: dict[str, int]) -> float:
    found: dict[int, float] = defaultdict(float)
    for box in scene.boxes:
        found[depth[box.name]] += box_width(box) + _GAP
    for arrow in scene.arrows:
        ends = sorted((depth[arrow.tail], depth[arrow.head]))
        for place in range(ends[0] + 1, ends[1]):  # an arrow that passes by takes its room
            found[place] += _GAP
    return max(found.values(), default=0)


def _is_chain(scene: Scene, depth: dict[str, int]) -> bool:
    if len(scene.boxes) < _FEW_BOXES or len(set(depth.values())) < len(scene.boxes):
        return False
    sideways = sum(depth[arrow.head] - depth[arrow.tail] != 1 for arrow in scene.arrows)
    return sideways <= _SIDEWAYS * len(scene.boxes)


def _rows(scene: Scene, depth: dict[str, int]) -> tuple[tuple[str, ...], ...]:
    widest = max(map(box_width, scene.boxes))
    steps = [arrow for arrow in scene.arrows if arrow.kind not in CALLING]
    step = widest + max(map(label_width, steps), default=0) + _GAP
    each = max(2, int((WIDEST + step - widest) // step))
    chain = sorted(depth, key=depth.__getitem__)
    return tuple(tuple(chain[start : start + each]) for start in range(0, len(chain), each))
