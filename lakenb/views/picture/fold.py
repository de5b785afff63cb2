"""Groups in place of many boxes: siblings first, then runs, then what lies equally deep.

Nothing is counted or drawn at random: the same scene folds to the same groups. What the model does not ask
for and what is forwarded keeps its arrow, also where it begins and ends in one group.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from lakenb.views.picture.scene import CALLING, Arrow, Box, Kind, Line, Part, Scene, ranks

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable

MOST_BOXES: Final = 60
_MOST_NAMED = 3
_MOST_LINES = 3
_MOST_UNCOUNTED = 2
_MOST_DETAILS = 60

Groups: TypeAlias = list[tuple[str, ...]]


def folded(scene: Scene, most: int = MOST_BOXES) -> Scene:
    """Return a scene of at most so many boxes, or as few as there are parts of it that differ in depth."""
    if len(scene.boxes) <= most:
        return scene
    count = len(scene.boxes)
    ways: tuple[Callable[[Scene], Groups], ...] = (_siblings, _runs, _siblings, _levels, _bands(most))
    for way in ways:
        # every group of a way, or equals would be drawn unequally
        scene = _joined(scene, [group for group in way(scene) if len(group) > 1])
        if len(scene.boxes) <= most:
            break
    return replace(scene, summary=f"{scene.summary}; {count} boxes folded to {len(scene.boxes)}")


def _siblings(scene: Scene) -> Groups:
    """Return boxes of one kind that have the same producers and the same consumers."""
    around: dict[str, set[tuple[str, str, str]]] = {box.name: set() for box in scene.boxes}
    for arrow in scene.arrows:
        around[arrow.tail].add(("to", arrow.head, arrow.kind.name))
        around[arrow.head].add(("from", arrow.tail, arrow.kind.name))
    return _gathered(scene, lambda box: (box.part, _kind(box), frozenset(around[box.name])))


def _runs(scene: Scene) -> Groups:
    """Return boxes that follow one another, each with one consumer and that with one producer."""
    after: dict[str, set[str]] = defaultdict(set)
    before: dict[str, set[str]] = defaultdict(set)
    parts = {box.name: box.part for box in scene.boxes}
    for arrow in scene.arrows:
        if arrow.kind not in {*CALLING, Kind.CACHE} and arrow.tail != arrow.head:
            after[arrow.tail].add(arrow.head)
            before[arrow.head].add(arrow.tail)
    inner = {Part.TRANSFORMER, Part.PASS_THROUGH, Part.COMPOSER, Part.GROUP}
    following = {
        name: next(iter(ends))
        for name, ends in after.items()
        if len(ends) == 1 and parts[name] in inner and parts[next(iter(ends))] in inner
    }
    following = {name: end for name, end in following.items() if len(before[end]) == 1}
    runs: Groups = []
    for box in scene.boxes:
        if box.name in following and box.name not in following.values():
            run = [box.name]
            while run[-1] in following:
                run.append(following[run[-1]])
            runs.append(tuple(run))
    return runs


def _levels(scene: Scene) -> Groups:
    """Return boxes of one part that lie equally deep."""
    depth = ranks(scene.boxes, scene.arrows)
    return _gathered(scene, lambda box: (depth[box.name], box.part))


def _bands(most: int) -> Callable[[Scene], Groups]:
    """Return a way that joins neighbouring depths, so many that the picture has at most `most` boxes."""

    def bands(scene: Scene) -> Groups:
        depth = ranks(scene.boxes, scene.arrows)
        deep = max(depth.values(), default=0) + 1
        each = max(1, -(-deep // max(1, most // 3)))
        return _gathered(
            scene, lambda box: (depth[box.name] // each, box.part in {Part.STRANGER, Part.RESOURCE})
        )

    return bands


def _gathered(scene: Scene, key: Callable[[Box], Hashable]) -> Groups:
    found: dict[Hashable, list[str]] = defaultdict(list)
    for box in scene.boxes:
        found[key(box)].append(box.name)
    return [tuple(names) for names in found.values()]


def _kind(box: Box) -> str:
    return box.caption or box.title


def _joined(scene: Scene, groups: Groups) -> Scene:
    """Return the scene with a box for each group."""
    home = {name: f"group-{group[0]}-" for group in groups for name in group}
    by_name = {box.name: box for box in scene.boxes}
    inside: dict[str, dict[Kind, int]] = defaultdict(lambda: defaultdict(int))
    joined: dict[tuple[str, str, Kind], list[Arrow]] = defaultdict(list)
    for arrow in scene.arrows:
        tail, head = home.get(arrow.tail, arrow.tail), home.get(arrow.head, arrow.head)
        if tail == head and tail in home.values() and arrow.kind in {Kind.READ, Kind.MESSAGE, Kind.CACHE}:
            inside[tail][arrow.kind] += arrow.count
        else:
            joined[tail, head, arrow.kind].append(arrow)
    boxes: dict[str, Box] = {}
    members = {home[group[0]]: [by_name[name] for name in group] for group in groups}
    for box in scene.boxes:
        name = home.get(box.name, box.name)
        if name not in boxes:
            boxes[name] = _group(name, members[name], inside[name]) if name in members else box
    arrows = tuple(_arrow(*ends, arrows) for ends, arrows in joined.items())
    return replace(scene, boxes=tuple(boxes.values()), arrows=arrows)


def _group(name: str, boxes: list[Box], inside: dict[Kind, int]) -> Box:
    members = sorted(
        (member for box in boxes for member in (box.members or ((box.title, _kind(box)),))),
        key=lambda member: _natural(member[0]),
    )
    kinds: dict[str, int] = defaultdict(int)
    for _, kind in members:
        kinds[kind] += 1
    names = [title for title, _ in members]
    shown = names if len(names) <= _MOST_NAMED else [*names[:2], f"… {names[-1]}"]
    is_one_kind = len(kinds) == 1
    title = f"{len(members)} x {next(iter(kinds))}" if is_one_kind else f"{len(members)} boxes"
    lines = [] if is_one_kind else [Line(f"{number} x", kind) for kind, number in sorted(kinds.items())]
    lines += [Line(word, text) for word, text in _shared(boxes)]
    lines += [Line("inside", f"{inside[kind]} x {kind.value}") for kind in Kind if kind in inside]
    lines += [line for box in boxes for line in box.lines if line.word == "inside"][:_MOST_LINES]
    alarms = [line for box in boxes for line in box.lines if line.is_alarm]
    lines += alarms[:_MOST_LINES]
    if len(alarms) > _MOST_LINES:
        lines.append(Line("MISSING", f"and {len(alarms) - _MOST_LINES} more", is_alarm=True))
    caption = ", ".join(shown)
    return Box(name, title, caption, Part.GROUP, tuple(lines), tuple(names), members=tuple(members))


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return a key by which ``part-2`` comes before ``part-10``."""
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split(r"(\d+)", text))


def _shared(members: Iterable[Box]) -> list[tuple[str, str]]:
    """Return how the members' stores are encrypted, with counts where they differ."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for box in members:
        for line in box.lines:
            if line.word in {"store", "queue", "topic"} and not line.is_alarm:
                found[line.word, line.text] += 1
    count = sum(1 for _ in members)
    return [
        (word, text if number == count or " x " in text else f"{number} x {text}")
        for (word, text), number in sorted(found.items())
    ]


def _arrow(tail: str, head: str, kind: Kind, arrows: list[Arrow]) -> Arrow:
    if len(arrows) == 1:
        return replace(arrows[0], tail=tail, head=head)
    count = sum(arrow.count for arrow in arrows)
    lines = dict.fromkeys(line for arrow in arrows for line in arrow.lines if not _is_count(line))
    notes = dict.fromkeys(note for arrow in arrows for note in arrow.notes)
    details = tuple(detail for arrow in arrows for detail in arrow.details)[:_MOST_DETAILS]
    if kind in CALLING:
        return Arrow(tail, head, kind, tuple(lines), tuple(notes), details, count)
    told = (f"{count} x {kind.value}", *_few(lines))
    return Arrow(tail, head, kind, told, _few(notes), details, count)


def _is_count(line: str) -> bool:
    # a line of a joined arrow: an action has no blank after its first word but before its resource
    return re.fullmatch(r"\d+ x [a-z]+|and \d+ more", line) is not None


def _few(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the first line in its natural order, and how many more there are."""
    ordered = sorted(lines, key=_natural)
    return tuple(ordered) if len(ordered) <= _MOST_UNCOUNTED else (ordered[0], f"and {len(ordered) - 1} more")
