"""A template on the command line: a file, a cloud assembly, or a pipeline of the user's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lakenb.cli.load import load, split
from lakenb.iam.stacks.source import Source, together
from lakenb.iam.stacks.source import load as load_source

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


@dataclass(frozen=True, slots=True)
class Place:
    """Where a template is.

    Parameters
    ----------
    text
        A file, a folder, or ``FILE.py:NAME``.
    stack
        Which stack of a cloud assembly; None where it has one.
    parameters
        Values for the template's parameters.
    """

    text: str
    stack: str | None = None
    parameters: tuple[tuple[str, str], ...] = ()


def read(place: Place) -> tuple[Source, Graph | None]:
    """Return a place's template, and its pipeline where the place is one.

    Raises
    ------
    UnusableError, UserFileError, TemplateError
        If there is no such file, or it holds no template or pipeline.
    """
    file, _ = split(place.text)
    if Path(file).suffix.lower() == ".py" and not Path(place.text).is_dir():
        pipe = load(place.text)
        made = pipe.templates()
        return together(made.root, made.nested, pipe.id), pipe
    return load_source(place.text, stack=place.stack), None
