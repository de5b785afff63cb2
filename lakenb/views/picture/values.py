"""The picture as a value that notebooks, files and terminals can show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault, OptionError
from lakenb.views.picture.arrange import arrangement
from lakenb.views.picture.condense import MANY, condensed
from lakenb.views.picture.depict import FACETS, depict
from lakenb.views.picture.dot import dot
from lakenb.views.picture.fold import MOST_BOXES, folded
from lakenb.views.picture.layout import SECONDS, LayoutError, drawings
from lakenb.views.picture.plain import plain
from lakenb.views.picture.svg import dressed, size
from lakenb.views.picture.texts import clean

if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike

    from lakenb.records.attempt import Attempt
    from lakenb.views.picture.scene import Scene
    from lakenb.views.seen import Seen

_SUFFIXES = (".dot", ".png", ".svg")
_LONGEST_TOOLTIP = 2000
_SHARP = 2
# where everything leads everywhere fewer boxes are too many: they are folded once more
_FEWER_BOXES = (20, 8)
_LEGIBLE = (1700, 6000)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in every form that it has.

    Parameters
    ----------
    dot
        In Graphviz's language.
    text
        As aligned text.
    svg, png
        As drawn; empty when the layout failed.
    note
        Why there is no drawing, in one line; empty when there is one.
    sharpness
        How many pixels of the PNG stand for one of the SVG, to a side.
    """

    dot: str
    text: str
    svg: str = ""
    png: bytes = b""
    note: str = ""
    sharpness: int = 1

    def save(self, path: str | PathLike[str]) -> Path:
        """Write the picture to a file, in the form that its suffix names.

        Parameters
        ----------
        path
            Ends in ``.svg``, ``.png`` or ``.dot``.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OptionError
            For another suffix, or where the layout failed.
        OSError
            If the file cannot be written.
        """
        file = Path(path)
        match file.suffix.lower():
            case ".dot":
                content = self.dot.encode()
            case ".svg":
                content = self.svg.encode()
            case ".png":
                content = self.png
            case other:
                what = f"a picture cannot be saved as {clean(other) or 'a file without a suffix'!r}"
                raise OptionError([Fault(what, f"path {str(path)!r}", f"end it in {', '.join(_SUFFIXES)}")])
        if not content:
            what = f"there is no drawing to save: {self.note}"
            mend = "save it as .dot, or install graphviz-pure for this Python"
            raise OptionError([Fault(what, f"path {str(path)!r}", mend)])
        file.write_bytes(content)
        return file

    def __repr__(self) -> str:
        """Return the picture as text."""
        return f"{self.text}\n\n(no drawing: {self.note})" if self.note else self.text

    def _repr_mimebundle_(
        self, include: Any = None, exclude: Any = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return every form for a notebook, which shows the best that it can and may."""
        del include, exclude  # the notebook takes what it wants
        data: dict[str, Any] = {"text/plain": repr(self)}
        metadata: dict[str, Any] = {}
        if self.svg:
            data |= {"image/svg+xml": self.svg, "image/png": self.png}
            # drawn larger for sharp screens, shown at the size that was meant
            sides = ("width", 16), ("height", 20)  # of the first chunk, by the PNG specification
            pixels = {side: int.from_bytes(self.png[place : place + 4], "big") for side, place in sides}
            metadata = {"image/png": {side: count // self.sharpness for side, count in pixels.items()}}
        return data, metadata


def picture(
    seen: Seen,
    *,
    kinds: Iterable[str] = FACETS,
    title: str | None = None,
    attempts: Iterable[Attempt] = (),
) -> Picture:
    """Return the picture of what a template grants.

    Parameters
    ----------
    seen
        A template, read with the names of its pipeline.
    kinds
        What to draw, of ``documents``, ``messages`` and ``cache``. A grant that the model does not ask for is
        drawn in any case.
    title
        What stands above; the pipeline's id by default.
    attempts
        Calls that were tried; those that the server refused are drawn.

    Raises
    ------
    OptionError
        For kinds that there are not.
    """
    facets = frozenset((kinds,) if isinstance(kinds, str) else kinds)
    if not facets or facets - set(FACETS):
        unknown = ", ".join(sorted(map(repr, facets - set(FACETS)))) or "none at all"
        what = f"kinds of a picture cannot be {unknown}"
        raise OptionError([Fault(what, "picture", f"choose of {', '.join(FACETS)}")])
    refused = [tried for tried in attempts if not tried.allowed]
    scene = depict(seen, facets, seen.graph.id if title is None else title, refused)
    for most in (MOST_BOXES, *_FEWER_BOXES):
        found = drawn(condensed(folded(scene, most)))
        if found.note or _is_legible(found.svg):
            break
    return found


def _is_legible(svg: str) -> bool:
    """Tell whether a picture can be read at a notebook's width, and without much scrolling."""
    return all(side <= most for side, most in zip(size(svg), _LEGIBLE, strict=True))


def drawn(scene: Scene, seconds: float = SECONDS) -> Picture:
    """Return the picture of a scene; without a drawing, and with the reason, where the layout fails."""
    text = plain(scene)
    graph = dot(scene, arrangement(scene))
    # letters cost the most in a PNG; a large picture is drawn at the size at which it is shown
    sharpness = _SHARP if len(scene.boxes) <= MANY else 1
    tooltips = {f"n{i}": _lines(box.title, *box.details) for i, box in enumerate(scene.boxes)}
    tooltips |= {
        f"e{i}": _lines(f"{arrow.kind.value}", *(arrow.details or arrow.lines))
        for i, arrow in enumerate(scene.arrows)
    }
    try:
        with drawings(graph, sharpness, seconds) as drawing:
            summary = f"{scene.title}: {scene.summary}"
            svg = dressed(drawing.svg, tooltips, title=summary, text=text, heads=scene.kinds())
            return Picture(graph, text, svg, drawing.png.result(), sharpness=sharpness)
    except (LayoutError, ValueError, SyntaxError) as error:  # SyntaxError: what was written is no XML
        return Picture(graph, text, note=clean(str(error)))


def _lines(*lines: str) -> str:
    whole = "\n".join(map(clean, lines))
    return whole if len(whole) <= _LONGEST_TOOLTIP else f"{whole[:_LONGEST_TOOLTIP]}…"
