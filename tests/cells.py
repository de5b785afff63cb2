"""Cells of a notebook, run as IPython does: compiled under a name of their own, their lines kept."""

from __future__ import annotations

import itertools
import linecache
from textwrap import dedent
from typing import Any

_numbers = itertools.count(1)


class Notebook:
    """The namespace that cells share."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {"__name__": "__main__"}

    def run(self, text: str) -> dict[str, Any]:
        """Run a cell and return the namespace."""
        source = dedent(text)
        name = f"<cell {next(_numbers)}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(source, name, "exec"), self.names)  # noqa: S102 - that is what a cell is
        return self.names
