"""The text splitter: a text becomes overlapping chunks, cut where the text itself pauses.

The rule, exactly. Characters are Unicode code points. Chunk *k* is ``text[s:e]``. If at most ``chunk_size``
characters are left, ``e`` is the text's end, and the chunk is the last one. Else the first separator, in
their order, that occurs within ``text[s + chunk_overlap + 1 : s + chunk_size]`` decides: ``e`` is just behind
its last occurrence there. The empty separator occurs everywhere: it cuts at ``s + chunk_size``, and so does a
text in which no separator occurs. The next chunk starts at ``e - chunk_overlap``, always behind ``s``.

A document may be at most ``max_chunks * (chunk_size - chunk_overlap)`` bytes long. That is known before the
first byte is read, and a text longer than that would, as plain ASCII, be more than ``max_chunks`` chunks.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, NewDocument


@dataclass(frozen=True, slots=True)
class Rule:
    """How to cut; see the module's text.

    Parameters
    ----------
    chunk_size, chunk_overlap
        In characters; the overlap is smaller than the size.
    separators
        In the order in which they are tried.
    max_chunks
        A document of more is refused.
    """

    chunk_size: int = 4000
    chunk_overlap: int = 200
    separators: tuple[str, ...] = ("\n\n", "\n", " ", "")
    max_chunks: int = 10_000

    def __post_init__(self) -> None:
        """Refuse a rule by which a text would never end."""
        if not 0 <= self.chunk_overlap < self.chunk_size:
            raise ValueError("chunk_overlap must be smaller than chunk_size")

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Rule:
        """Return the rule that a node's options describe."""
        values = dict(options)
        if "separators" in values:
            values["separators"] = tuple(values["separators"])
        return cls(**values)

    @property
    def max_bytes(self) -> int:
        """The longest document that is read."""
        return self.max_chunks * (self.chunk_size - self.chunk_overlap) + self.chunk_overlap


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a text: characters `start` to `end` of it."""

    text: str
    start: int
    end: int


def split(blocks: Iterable[str], rule: Rule) -> Iterator[Chunk]:
    """Return a text's chunks.

    Parameters
    ----------
    blocks
        The text, cut anywhere. No more of it is held than one chunk and one block.
    rule
        How to cut it.
    """
    source = iter(blocks)
    window = ""
    begin = 0  # of the next chunk, within the window
    start = 0  # of the next chunk, within the text
    while True:
        if len(window) - begin <= rule.chunk_size:
            window, begin = _filled(window[begin:], source, rule.chunk_size), 0
        if len(window) - begin <= rule.chunk_size:
            break
        end = _cut(window, begin, rule)
        yield Chunk(window[begin:end], start, start + end - begin)
        start += end - rule.chunk_overlap - begin
        begin = end - rule.chunk_overlap
    if window:
        yield Chunk(window[begin:], start, start + len(window) - begin)


def _filled(window: str, source: Iterator[str], size: int) -> str:
    """Return the window with more than `size` characters, or with all that are left."""
    parts, length = [window], len(window)
    while length <= size:
        block = next(source, None)
        if block is None:
            break
        parts.append(block)
        length += len(block)
    return "".join(parts)


def _cut(window: str, begin: int, rule: Rule) -> int:
    """Return where the chunk that begins there ends; more than a chunk's size follows."""
    first, last = begin + rule.chunk_overlap + 1, begin + rule.chunk_size
    for separator in rule.separators:
        if not separator:
            return last
        found = window.rfind(separator, first, last)
        if found >= 0:
            return found + len(separator)
    return last


def handle(document: InputDocument, context: Context) -> Iterator[NewDocument]:
    """Return the chunks of a text as documents.

    Raises
    ------
    FaultError
        If the document is empty, is no text, or would be too many chunks.
    """
    rule = Rule.from_options(context.options)
    if document.size == 0:
        raise _empty()
    if document.size is not None and document.size > rule.max_bytes:
        reason = f"the document has {document.size} bytes, and this node splits at most {rule.max_bytes}"
        raise _too_large(reason, rule)
    made = _Made()
    for order, chunk in enumerate(split(document.text(), rule)):
        if order == rule.max_chunks:
            raise _too_large(f"the document has more than {rule.max_chunks} chunks", rule)
        made.total = order + 1
        place = {
            "id": context.output_id(order),
            "order": order,
            "startOffset": chunk.start,
            "endOffset": chunk.end,
        }
        # The total is known at the end, which is when metadata is asked for.
        yield context.document(chunk.text, type="text/plain", metadata=partial(_metadata, place, made))
    if made.total == 0:
        raise _empty()


@dataclass(slots=True)
class _Made:
    total: int = 0


def _metadata(place: Mapping[str, Any], made: _Made) -> Mapping[str, Any]:
    return {"properties": {"kind": "text", "attrs": {"chunk": {**place, "total": made.total}}}}


def _empty() -> FaultError:
    return FaultError(Kind.EMPTY_DOCUMENT, "the document is empty: there is no text in it to split")


def _too_large(reason: str, rule: Rule) -> FaultError:
    mend = f"raise chunk_size ({rule.chunk_size}) or max_chunks ({rule.max_chunks})"
    return FaultError(Kind.TOO_LARGE, f"{reason}: {mend}")
