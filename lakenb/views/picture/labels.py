"""What is written: on boxes, at arrows, and above all of it.

Every line is of spans, every label one cell of a table: the layout program's own markup, XML-escaped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.views.picture.condense import WITH_MESSAGE
from lakenb.views.picture.scene import CALLING, Kind, Part
from lakenb.views.picture.texts import cut, marked_up, width
from lakenb.views.picture.theme import light

if TYPE_CHECKING:
    from lakenb.views.picture.scene import Arrow, Box, Line, Scene

SMALL: Final = 11
_TITLE, _LARGE, _APART = 15, 13, 14
_MOST_TITLE, _MOST_CAPTION, _MOST_LINE, _MOST_LABEL, _MOST_NOTE = 40, 36, 42, 40, 150
_LEGEND_WIDTH = 340
_MOST_LINES = 5  # of one arrow's label; how many more there are is said

COLOUR_OF: Final = {
    Kind.READ: "read",
    Kind.FORWARDED: "forwarded",
    Kind.MESSAGE: "message",
    Kind.CACHE: "cache-arrow",
    Kind.UNINTENDED: "alarm",
    Kind.REFUSED: "alarm",
}
_LEGEND: Final = {
    Kind.READ: ("solid", "reads documents, from their store to the reader"),
    Kind.FORWARDED: ("dashed", "forwarded read: hollow head, past the node that passes documents on"),
    Kind.MESSAGE: ("solid", "message: thin, open head"),
    Kind.CACHE: ("dotted", "access to the cache: dotted, round head"),
    Kind.REFUSED: ("dashed", "DENIED: tried, and refused by the server; dashed, barred head"),
    Kind.UNINTENDED: ("solid", "NOT INTENDED: thick, barred head; from its holder to what it reaches"),
}
_LINE_WIDTHS: Final = {
    Kind.READ: 1.3,
    Kind.FORWARDED: 1.3,
    Kind.MESSAGE: 0.8,
    Kind.CACHE: 1.4,
    Kind.UNINTENDED: 3,
    Kind.REFUSED: 1.6,
}


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of one line of a label."""

    text: str
    colour: str
    size: int = SMALL
    is_bold: bool = False


def box_label(box: Box) -> str:
    """Return what is written on a box."""
    is_alarm = box.part in {Part.STRANGER, Part.RESOURCE}
    spans = [
        [
            Span(cut(box.title, _MOST_TITLE), "text", _LARGE, is_bold=True),
            *([Span(f"  {box.word}", "quiet")] if box.word else []),
        ],
        *([[Span(cut(box.caption, _MOST_CAPTION), "alarm" if is_alarm else "quiet")]] if box.caption else []),
        *map(_line, box.lines),
    ]
    return _cell(spans)


def _line(line: Line) -> list[Span]:
    text = cut(line.text, _MOST_LINE)
    if line.is_alarm:
        return [Span(f"{line.word} {text}", "alarm", is_bold=True)]
    return [Span(f"{line.word} ", "quiet"), Span(text, "text")]


def arrow_label(arrow: Arrow) -> str:
    """Return what is written at an arrow."""
    is_alarm = arrow.kind in CALLING
    # the label of a message is as quiet as its line
    strong = {Kind.READ: "text", Kind.MESSAGE: "quiet", Kind.CACHE: "text"}.get(
        arrow.kind, COLOUR_OF[arrow.kind]
    )
    lines = list(arrow.lines[:_MOST_LINES])
    if len(arrow.lines) > _MOST_LINES:
        lines.append(f"and {len(arrow.lines) - _MOST_LINES} more")
    if is_alarm:
        lines.insert(0, arrow.kind.value)
    spans = [[Span(cut(line, _MOST_LABEL), strong, is_bold=is_alarm)] for line in lines]
    spans += [[Span(cut(note, _MOST_LABEL), "quiet")] for note in arrow.notes]
    return _cell(spans, spacing=3, is_backed=True)


def arrow_lines(arrow: Arrow) -> int:
    """Return how many lines the label of an arrow has."""
    more = len(arrow.lines) > _MOST_LINES
    return min(len(arrow.lines), _MOST_LINES) + more + len(arrow.notes) + (arrow.kind in CALLING)


def header(scene: Scene, room: int) -> str:
    """Return title, summary, what is said once for many, and the legend of the kinds that are there.

    Below it is so much room, for the labels that stand above the first boxes.
    """
    hue = "alarm" if scene.is_alarming else "quiet"
    spans = [
        [Span(cut(scene.title, _MOST_TITLE * 2), "text", _TITLE, is_bold=True)],
        [Span(scene.summary, hue, is_bold=scene.is_alarming)],
        *([Span(cut(note, _MOST_NOTE), "quiet")] for note in scene.notes),
    ]
    # the words take all the width, or the samples of lines would be stretched
    longest = max(len(span.text) * span.size * 0.5 for line in spans for span in line)
    said = any(WITH_MESSAGE in arrow.notes for arrow in scene.arrows)
    more = {Kind.READ: f" ({WITH_MESSAGE}: sent the same way)"} if said else {}
    wide = round(max(_LEGEND_WIDTH, longest))
    items = [_legend_item(kind, more.get(kind, ""), wide) for kind in scene.kinds()]
    keys = "".join(f"<TR>{item}</TR>" for item in items)
    legend = f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">{keys}</TABLE>'
    legend = f'<TR><TD ALIGN="LEFT">{legend}</TD></TR>' if keys else ""
    return (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="2">'
        f'<TR><TD ALIGN="LEFT">{_cell(spans)}</TD></TR>'
        f"{legend}"
        f'<TR><TD HEIGHT="{room}"></TD></TR></TABLE>'
    )


def _legend_item(kind: Kind, more: str, width_units: int) -> str:
    colour = light(COLOUR_OF[kind])
    style, words = _LEGEND[kind]
    words += more
    # only the upper side of an inner cell is drawn: a sample of the line, at the height of the text
    sample = (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0">'
        '<TR><TD HEIGHT="8" WIDTH="28"></TD></TR>'
        f'<TR><TD BORDER="{max(1, round(_LINE_WIDTHS[kind]))}" SIDES="T" STYLE="{style}" COLOR="{colour}"'
        ' HEIGHT="7" WIDTH="28"></TD></TR></TABLE>'
    )
    told = _spans([Span(words, "quiet")])
    return f'<TD>{sample}</TD><TD WIDTH="10"></TD><TD ALIGN="LEFT" WIDTH="{width_units}">{told}</TD>'


def _cell(lines: list[list[Span]], *, spacing: int = 0, is_backed: bool = False) -> str:
    """Return lines as one cell, aligned to the left; backed by the panel's colour where arrows may cross."""
    # the layout program takes every letter beyond ASCII for as narrow as a space
    widths = [
        sum(width(span.text, span.size) for span in line)
        for line in lines
        if not all(span.text.isascii() for span in line)
    ]
    wide = f' WIDTH="{round(max(widths))}"' if widths else ""
    backed = f' BGCOLOR="{light("panel")}"' if is_backed else ""
    # a line is as high as its largest letter: an unseen large space keeps small lines apart
    apart = f'<FONT POINT-SIZE="{_APART}"> </FONT>'
    told = "".join(f'{_spans(line)}{apart}<BR ALIGN="LEFT"/>' for line in lines)
    return (
        f'<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="{spacing}" CELLPADDING="0">'
        f'<TR><TD ALIGN="LEFT" BALIGN="LEFT"{backed}{wide}>{told}</TD></TR></TABLE>'
    )


def _spans(spans: list[Span]) -> str:
    return "".join(
        f'<FONT COLOR="{light(span.colour)}" POINT-SIZE="{span.size}">'
        f"{f'<B>{marked_up(span.text)}</B>' if span.is_bold else marked_up(span.text)}</FONT>"
        for span in spans
    )
