"""Middlewares that work on text."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.steps import Part, Row, Step, middleware


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class RecursiveCharacterTextSplitter(Step):
    """Split text into chunks at the coarsest separator that fits.

    Parameters
    ----------
    chunk_size
        Most characters (Unicode code points) of a chunk.
    chunk_overlap
        Characters that a chunk repeats from the one before it; less than `chunk_size`.
    separators
        Where to cut, coarsest first; the empty text cuts anywhere.
    max_chunks
        Most chunks of one document; a document that needs more fails, and says so.

    Notes
    -----
    Takes and sends ``text/plain``. Each chunk's metadata tells its order and its offsets in the text.
    All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="recursive-character-text-splitter",
        part=Part.TRANSFORMER,
        input_types=("text/plain",),
        output_types=("text/plain",),
        handler="lakenb.runtime.handlers.recursive_character_text_splitter",
    )

    _: KW_ONLY
    chunk_size: int = 4000
    chunk_overlap: int = 200
    separators: tuple[str, ...] = ("\n\n", "\n", " ", "")
    max_chunks: int = 10_000

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with sizes and separators."""
        faults: list[Fault] = []
        for name, least in (("chunk_size", 1), ("chunk_overlap", 0), ("max_chunks", 1)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                faults.append(wrong_type(name, value, "a whole number", where))
            elif value < least:
                faults.append(Fault(f"{name} is {value}", where, f"set {name} to at least {least}"))
        if not faults and self.chunk_overlap >= self.chunk_size:
            what = f"chunk_overlap {self.chunk_overlap} is not less than chunk_size {self.chunk_size}"
            faults.append(Fault(what, where, "set chunk_overlap below chunk_size, such as chunk_overlap=0"))
        if not isinstance(self.separators, tuple) or not all(
            isinstance(text, str) for text in self.separators
        ):
            faults.append(wrong_type("separators", self.separators, "a tuple of texts", where))
        elif not self.separators:
            mend = 'give at least one, such as separators=("",)'
            faults.append(Fault(f"separators is {shown(self.separators)}", where, mend))
        return faults

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        return {
            "chunk_size": self.chunk_size,
            "chunk_overlap": self.chunk_overlap,
            "separators": list(self.separators),
            "max_chunks": self.max_chunks,
        }
