"""What is drawn, before anybody says where: boxes and arrows as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Kind(Enum):
    """The kinds of arrows, in the order of the legend. The value is the word that the text uses."""

    READ = "reads"
    FORWARDED = "forwarded"
    MESSAGE = "message"
    CACHE = "cache"
    UNINTENDED = "NOT INTENDED"
    REFUSED = "DENIED"


# what calls for attention: it moves no node, and no group hides it
CALLING = frozenset({Kind.UNINTENDED, Kind.REFUSED})


class Part(Enum):
    """What a box is. The value is the word on it."""

    TRIGGER = "trigger"
    TRANSFORMER = "transformer"
    PASS_THROUGH = "pass-through"  # noqa: S105 - a part of a pipeline
    COMPOSER = "composer"
    CONNECTOR = "connector"
    CACHE = "cache"
    STRANGER = "not a node of the pipeline"
    RESOURCE = "not a resource of a node"
    GROUP = "group"


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One line on a box: a word and what it says.

    Parameters
    ----------
    word, text
        Such as ``store`` and ``SSE-S3, key AWS owned``.
    is_alarm
        Whether it tells that something is wrong.
    """

    word: str
    text: str
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A node, the cache, a group of nodes, or somebody who is no node.

    Parameters
    ----------
    name
        Unique in its scene; letters that need no escape.
    title, word, caption
        What is written large, small beside it, and small below.
    part
        What it is.
    lines
        What else is written on it.
    details
        What a tooltip adds.
    members
        Of a group: title and kind of each box in it.
    """

    name: str
    title: str
    caption: str
    part: Part
    lines: tuple[Line, ...] = ()
    details: tuple[str, ...] = ()
    word: str = ""
    members: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Arrow:
    """Documents, messages or access from one box to another.

    Parameters
    ----------
    tail, head
        Names of two boxes.
    kind
        What it is, told by line, head and word.
    lines
        Its label: action and objects, a line each.
    notes
        Quieter lines below: the filter, the message that goes the same way.
    details
        What a tooltip adds: every grant in full.
    count
        How many arrows of the unfolded scene it stands for.
    """

    tail: str
    head: str
    kind: Kind
    lines: tuple[str, ...]
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    count: int = 1


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole picture.

    Parameters
    ----------
    title, summary
        What stands above, and one line about it all.
    boxes, arrows
        In topological order, strangers last; arrows sorted by their ends.
    is_alarming
        Whether the template differs from what the model asks for.
    missing
        What the model asks for and the template does not hold.
    notes
        What is said once for many boxes or arrows.
    """

    title: str
    summary: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    is_alarming: bool = False
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def kinds(self) -> tuple[Kind, ...]:
        """Return the kinds of arrows that are there, in the order of the legend."""
        present = {arrow.kind for arrow in self.arrows}
        return tuple(kind for kind in Kind if kind in present)


def pulls(arrow: Arrow) -> bool:
    """Tell whether an arrow decides where its ends lie."""
    # no node's id ends in a hyphen: those names are of the cache and of strangers
    return arrow.kind not in CALLING or arrow.tail.endswith("-") or arrow.head.endswith("-")


def ranks(boxes: Iterable[Box], arrows: Iterable[Arrow]) -> dict[str, int]:
    """Return how deep each box lies: one more than the deepest that points to it.

    What the model does not ask for moves no node, only those who are none.
    """
    behind: dict[str, set[str]] = {box.name: set() for box in boxes}
    waiting: dict[str, int] = dict.fromkeys(behind, 0)
    for arrow in arrows:
        if pulls(arrow) and arrow.tail != arrow.head and arrow.head not in behind[arrow.tail]:
            behind[arrow.tail].add(arrow.head)
            waiting[arrow.head] += 1
    found: dict[str, int] = dict.fromkeys(behind, 0)
    ready = [name for name, count in waiting.items() if count == 0]
    for name in ready:  # grows while it is walked
        for consumer in sorted(behind[name]):
            found[consumer] = max(found[consumer], found[name] + 1)
            waiting[consumer] -= 1
            if waiting[consumer] == 0:
                ready.append(consumer)
    return found
