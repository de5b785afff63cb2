"""The layout program's SVG, taken apart and written anew: known elements and attributes, and nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from lakenb.views.picture.scene import Kind
from lakenb.views.picture.texts import clean
from lakenb.views.picture.theme import FONTS, SCOPE, STYLE, light

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SVG = "{http://www.w3.org/2000/svg}"
_KEPT: Final = {
    "path": ("d", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "polygon": ("points", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "polyline": ("points", "fill", "stroke", "stroke-width", "stroke-dasharray"),
    "ellipse": ("cx", "cy", "rx", "ry", "fill", "stroke", "stroke-width"),
    "text": ("x", "y", "text-anchor", "fill", "font-size", "font-weight"),
}
NARROWEST: Final = 1000
_DASHES: Final = {"5,2": "6,4", "1,5": "1.5,3.5"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def dressed(
    drawn: str, tooltips: Mapping[str, str], *, title: str, text: str, heads: Sequence[Kind] = ()
) -> str:
    """Return a picture that stands alone, in any page, in any theme.

    Parameters
    ----------
    drawn
        What the layout program wrote.
    tooltips
        The full text of each box and arrow by the id that it has in the graph.
    title, text
        What a screen reader says: the one line, and all of it.
    heads
        The kinds in the legend, whose samples of lines get their heads here.
    """
    root = ET.fromstring(drawn)  # noqa: S314 - written by the layout program, of texts that were escaped
    wide, high = (float(number) for number in (root.get("viewBox") or "").split()[2:])
    graph = root.find(f"{_SVG}g")
    if graph is None:
        raise ValueError("the layout program wrote no graph")
    # without a width of its own a picture takes the cell's; a narrow one must not become a giant there
    wide = max(wide, NARROWEST)
    moved = _NUMBER.findall((graph.get("transform") or "").rpartition("translate")[2])
    body = "".join(_graph(graph, tooltips, iter(heads)))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{SCOPE}" role="img" aria-label={_attribute(title)}'
        f' viewBox="0 0 {wide:g} {high:g}" font-family={quoteattr(FONTS)} style="max-width:{wide:g}px">'
        f"<style>{STYLE}</style><desc>{_text(text)}</desc>"
        f'<rect x="0.5" y="0.5" width="{wide - 1:g}" height="{high - 1:g}" rx="8"'
        f' fill="{light("panel")}" stroke="{light("frame")}"/>'
        f'<g transform="translate({" ".join(moved)})">{body}</g></svg>\n'
    )


def size(svg: str) -> tuple[float, float]:
    """Return how wide and how high a dressed picture is, in its own units."""
    wide, high = svg.partition(' viewBox="0 0 ')[2].partition('"')[0].split()
    return float(wide), float(high)


def _graph(graph: ET.Element, tooltips: Mapping[str, str], heads: Iterator[Kind]) -> Iterator[str]:
    """Yield arrows, boxes and header, then the arrows' labels: no line runs over a label."""
    labels: list[str] = []
    elements = iter(graph)
    next(
        element for element in elements if element.tag == f"{_SVG}polygon"
    )  # the rounded panel takes its place
    for element in elements:
        if element.tag == f"{_SVG}g":
            tooltip = _text(tooltips.get(element.get("id") or "", ""))
            title = f"<title>{tooltip}</title>" if tooltip else ""
            if element.get("class") == "node":
                yield f'<g class="node">{title}{"".join(map(_shape, element))}</g>'
                continue
            lines = [shape for shape in element if not _is_label(shape)]
            if len(lines) > 1:  # a title alone is an invisible arrow
                yield f'<g class="edge">{title}{"".join(map(_shape, lines))}</g>'
                labels.append(
                    f'<g class="label">{title}{"".join(map(_shape, filter(_is_label, element)))}</g>'
                )
        else:
            yield _shape(element)
            if element.tag == f"{_SVG}polyline":
                yield _head(element, next(heads))
    yield from labels


def _is_backing(element: ET.Element) -> bool:
    return element.get("fill") == light("panel")


def _is_label(element: ET.Element) -> bool:
    return element.tag == f"{_SVG}text" or _is_backing(element)


def _head(sample: ET.Element, kind: Kind) -> str:
    """Return the arrowhead at the right end of a legend's sample."""
    points = _NUMBER.findall(sample.get("points") or "")
    x, y = max(map(float, points[::2])), float(points[1])
    colour = sample.get("stroke") or ""

    def polygon(tag: str, fill: str, *corners: tuple[float, float]) -> str:
        places = " ".join(f"{x + right:g},{y + down:g}" for right, down in corners)
        return f'<{tag} points="{places}" fill="{fill}" stroke="{colour}"/>'

    triangle = ((0, -3.5), (8, 0), (0, 3.5))
    match kind:
        case Kind.READ:
            return polygon("polygon", colour, *triangle)
        case Kind.FORWARDED:
            return polygon("polygon", "none", *triangle)
        case Kind.MESSAGE:
            return polygon("polyline", "none", (0, 0), (7, 0), (1, -3), (7, 0), (1, 3))
        case Kind.CACHE:
            return f'<ellipse cx="{x + 3:g}" cy="{y:g}" rx="3" ry="3" fill="{colour}" stroke="{colour}"/>'
        case Kind.UNINTENDED | Kind.REFUSED:
            return polygon("polygon", colour, (0, -6), (3, -6), (3, 6), (0, 6))
        case _:
            assert_never(kind)


def _shape(element: ET.Element) -> str:
    tag = element.tag.removeprefix(_SVG)
    if tag not in _KEPT:
        return ""
    kept = []
    for name in _KEPT[tag]:
        value = element.get(name)
        if value is None and name == "fill" and tag == "text":
            value = light("text")
        if name == "stroke-dasharray" and value in _DASHES:
            value = _DASHES[value]
        if value is not None:
            kept.append(f" {name}={quoteattr(value)}")
    if tag != "text":
        # an arrow's own line may bend behind its label: it shows through
        through = ' fill-opacity="0.8"' if _is_backing(element) else ""
        return f"<{tag}{''.join(kept)}{through}/>"
    if not (element.text or "").strip():
        return ""
    return f"<text{''.join(kept)}>{_text(element.text or '')}</text>"


def _text(text: str) -> str:
    return escape("\n".join(map(clean, text.split("\n"))))


def _attribute(text: str) -> str:
    return quoteattr(clean(text))
