"""What many boxes say alike is said once, above: what is left on a box tells it from the others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakenb.views.picture.scene import Kind, Part

if TYPE_CHECKING:
    from lakenb.views.picture.scene import Box, Scene

MANY: Final = 20
WITH_MESSAGE: Final = "+ message"
_ALIKE = 4
_ID = "<id>"
_OUTLINES: Final = {
    Part.TRIGGER: "thick outline",
    Part.TRANSFORMER: "rounded",
    Part.PASS_THROUGH: "dashed outline",
    Part.COMPOSER: "dashed double outline",
    Part.CONNECTOR: "double outline",
}


def condensed(scene: Scene, many: int = MANY) -> Scene:
    """Return a scene of more than so many boxes with less on each; a smaller one as it is."""
    if len(scene.boxes) <= many:
        return scene
    patterns: dict[Part, dict[tuple[str, ...], int]] = defaultdict(lambda: defaultdict(int))
    for box in scene.boxes:
        if box.part in _OUTLINES:
            patterns[box.part][_pattern(box)] += 1
    common = {
        part: max(sorted(found), key=found.__getitem__)
        for part, found in patterns.items()
        if max(found.values()) >= _ALIKE
    }
    notes = [_note(part, common[part], len(patterns[part])) for part in _OUTLINES if common.get(part)]
    boxes = tuple(_bare(box) if common.get(box.part) == _pattern(box) else box for box in scene.boxes)
    arrows = scene.arrows
    reads = [arrow for arrow in arrows if arrow.kind is Kind.READ]
    if reads and all(WITH_MESSAGE in arrow.notes for arrow in reads):
        notes.append("beside every read: the message, the same way")
        arrows = tuple(
            replace(arrow, notes=tuple(note for note in arrow.notes if note != WITH_MESSAGE))
            for arrow in arrows
        )
    return replace(scene, boxes=boxes, arrows=arrows, notes=tuple(notes))


def _note(part: Part, said: tuple[str, ...], patterns: int) -> str:
    others = " but those that say otherwise" if patterns > 1 else ""
    return f"every {part.value} ({_OUTLINES[part]}){others}: {'; '.join(said)}"


def _pattern(box: Box) -> tuple[str, ...]:
    """Return what a box says, with its own name left out; an alarm is always its own."""
    if any(line.is_alarm for line in box.lines):
        return (box.name,)
    return tuple(f"{line.word} {line.text}".replace(f"{box.title}/", f"{_ID}/") for line in box.lines)


def _bare(box: Box) -> Box:
    return replace(box, word="", lines=())
