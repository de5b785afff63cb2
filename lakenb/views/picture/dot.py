r"""The scene in Graphviz's language.

Written here and not by the `graphviz` package: every text of a label is one XML-escaped table cell, so no
quoting rule of DOT's own (backslashes, ``\N``, a label that begins like markup) meets a text from outside.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from lakenb.views.picture.arrange import box_width
from lakenb.views.picture.labels import COLOUR_OF, SMALL, arrow_label, arrow_lines, box_label, header
from lakenb.views.picture.scene import Kind, Part, pulls
from lakenb.views.picture.theme import FONT, light

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.views.picture.arrange import Arrangement
    from lakenb.views.picture.scene import Arrow, Box, Scene

# How a kind is told without its colour: by line and head here, by a word in its label.
_LINES: Final = {
    Kind.READ: "style=solid penwidth=1.3 arrowhead=normal arrowsize=0.8",
    Kind.FORWARDED: "style=dashed penwidth=1.3 arrowhead=onormal arrowsize=0.9",
    Kind.MESSAGE: "style=solid penwidth=0.8 arrowhead=vee arrowsize=0.7",
    Kind.CACHE: "style=dotted penwidth=1.4 arrowhead=dot arrowsize=0.5 constraint=true",
    Kind.REFUSED: "style=dashed penwidth=1.6 arrowhead=tee arrowsize=0.9",
    Kind.UNINTENDED: "style=bold penwidth=3 arrowhead=tee arrowsize=1.1",
}
_SHAPES: Final = {
    Part.TRIGGER: ("trigger", 'shape=box style="filled,bold" penwidth=2.2'),
    Part.TRANSFORMER: ("transformer", 'shape=box style="filled,rounded"'),
    Part.PASS_THROUGH: ("pass-through", 'shape=box style="filled,rounded,dashed"'),
    Part.COMPOSER: ("pass-through", 'shape=box style="filled,rounded,dashed" peripheries=2'),
    Part.CONNECTOR: ("connector", "shape=box style=filled peripheries=2"),
    Part.CACHE: ("cache", "shape=cylinder style=filled"),
    Part.STRANGER: ("alarm", "shape=octagon style=filled penwidth=2"),
    Part.RESOURCE: ("alarm", "shape=note style=filled penwidth=2"),
    Part.GROUP: ("transformer", "shape=tab style=filled"),
}


def dot(scene: Scene, placed: Arrangement) -> str:
    """Return a scene as a digraph, the same text for the same scene."""
    way = (
        "rankdir=LR nodesep=0.28 ranksep=0.3" if placed.is_across else "rankdir=TB nodesep=0.13 ranksep=0.36"
    )
    lines = [
        "digraph {",
        f"  graph [{way} bgcolor={_quoted(light('panel'))} pad=0.2 fontname={FONT} labelloc=t labeljust=l",
        f"    label=<{header(scene, _room(scene, placed))}>]",
        f'  node [fontname={FONT} fontsize={SMALL} margin="0.1,0.06" height=0.3]',
        f"  edge [fontname={FONT} fontsize={SMALL}]",
    ]
    # in rows the boxes are as wide as the widest, so that they stand below each other
    inches = (
        max((box_width(box) for box in scene.boxes if not box.lines), default=0) / 72 if placed.rows else 0
    )
    lines += (_box(number, box, inches) for number, box in enumerate(scene.boxes))
    names = {box.name: f"n{number}" for number, box in enumerate(scene.boxes)}
    lines += _ranked(placed, names)
    turned = {name for row in placed.rows[1::2] for name in row}
    lines += (_arrow(number, arrow, names, turned) for number, arrow in enumerate(scene.arrows))
    return "\n".join((*lines, "}", ""))


def _room(scene: Scene, placed: Arrangement) -> int:
    """Return the height of the labels above the first row, which the layout does not keep from the header."""
    first = set(placed.rows[0]) if placed.rows else set()
    labels = [arrow_lines(arrow) for arrow in scene.arrows if {arrow.tail, arrow.head} <= first]
    return 4 + SMALL * max(labels, default=0)


def _ranked(placed: Arrangement, names: Mapping[str, str]) -> Iterable[str]:
    for index, row in enumerate(placed.rows):
        shown = [names[name] for name in (row if index % 2 == 0 else row[::-1])]
        yield f"  {{rank=same {' '.join(shown)}}}"
        if len(shown) > 1:
            yield f"  {' -> '.join(shown)} [style=invis weight=50]"
    for upper, lower in pairwise(placed.rows):
        yield f"  {names[upper[-1]]} -> {names[lower[0]]} [style=invis weight=50]"


def _box(number: int, box: Box, width_inches: float) -> str:
    name, shape = _SHAPES[box.part]
    is_alarm = name == "alarm"
    colours = f"fillcolor={_quoted(light('alarm-fill' if is_alarm else name))} color=" + _quoted(
        light("alarm" if is_alarm else f"{name}-line")
    )
    size = f" width={width_inches:.2f}" if width_inches else ""
    return f"  n{number} [id=n{number} {shape}{size} {colours} label=<{box_label(box)}>]"


def _arrow(number: int, arrow: Arrow, names: Mapping[str, str], turned: set[str]) -> str:
    colour, style = COLOUR_OF[arrow.kind], _LINES[arrow.kind]
    ends = [names[arrow.tail], names[arrow.head]]
    extra = ""
    # a row that runs to the left is laid out to the right, with its arrows turned round
    if {arrow.tail, arrow.head} <= turned and arrow.tail != arrow.head:
        ends.reverse()
        style = style.replace("arrowhead", "arrowtail")
        extra = " dir=back"
    if not pulls(arrow) or (turned and abs(int(ends[0][1:]) - int(ends[1][1:])) != 1):
        extra += " constraint=false"
    return (
        f"  {ends[0]} -> {ends[1]} [id=e{number} {style}{extra} color={_quoted(light(colour))}"
        f" label=<{arrow_label(arrow)}>]"
    )


def _quoted(text: str) -> str:
    return f'"{text}"'
