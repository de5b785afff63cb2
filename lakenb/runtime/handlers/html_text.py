"""From HTML to the text that a reader sees: in one pass, in memory that does not grow with the document.

Written for hostile mail. Each character is looked at a bounded number of times: the standard library's own
parser scans to the end again for every comment that never ends, and stops at some declarations. What is not
shown is dropped: scripts, styles, titles, comments, declarations, attributes. Nothing is fetched.
"""

from __future__ import annotations

import html
import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DROPPED = ("script", "style", "textarea", "title", "template")
_LINES = frozenset((
    "address", "article", "aside", "br", "caption", "center", "dd", "div", "dt", "fieldset", "figcaption",
    "footer", "form", "header", "hr", "legend", "li", "main", "nav", "option", "section", "tr",
))  # fmt: skip
_PARAGRAPHS = frozenset((
    "blockquote", "dl", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "pre", "table", "ul",
))  # fmt: skip
_CELLS = frozenset(("td", "th"))

_LONGEST_NAME = 32
_LONGEST_REFERENCE = 32  # the longest named one is &CounterClockwiseContourIntegral;
_TAG = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9:-]{{0,{_LONGEST_NAME - 1}}})")
_IN_TAG = re.compile(r"=[ \t\r\n\f]{0,16}([\"'])|>")
_IN_TAG_HELD = 17
_ENDS = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _DROPPED}
_END_HELD = max(map(len, _DROPPED)) + 3
# Python refuses to read numbers of thousands of digits; no character has more than seven
_NO_CHARACTER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")


class _Mode(Enum):
    TEXT = "text"
    TAG = "tag"
    QUOTED = "quoted"
    COMMENT = "comment"
    DECLARATION = "declaration"
    DROPPED = "dropped"


def text_of_html(pieces: Iterable[str]) -> Iterator[str]:
    r"""Return the text of an HTML document, piece by piece.

    Parameters
    ----------
    pieces
        The document, cut anywhere.

    Examples
    --------
    >>> "".join(text_of_html(["<p>One &amp; t", "wo<br>three<script>x</script><p>four"]))
    'One & two\nthree\n\nfour\n'
    """
    scanner = _Scanner()
    for piece in pieces:
        scanner.scan(piece)
        yield scanner.text.taken()
    scanner.scan("", is_last=True)
    scanner.text.end()
    yield scanner.text.taken()


class _Scanner:
    """Tells text from markup."""

    def __init__(self) -> None:
        self.text = _Text()
        self._mode = _Mode.TEXT
        self._rest = ""  # what cannot be told before more is there
        self._name = ""  # of the open tag, or of the element that is dropped
        self._quote = ""
        self._is_end_tag = False

    def scan(self, piece: str, *, is_last: bool = False) -> None:
        """Go on with a piece of the document."""
        data, self._rest = self._rest + piece, ""
        place: int | None = 0
        while place is not None and place < len(data):
            match self._mode:
                case _Mode.TEXT:
                    place = self._in_text(data, place, is_last=is_last)
                case _Mode.TAG:
                    place = self._in_tag(data, place)
                case _Mode.QUOTED:
                    place = self._until(data, place, self._quote, _Mode.TAG)
                case _Mode.COMMENT:
                    place = self._until(data, place, "-->", _Mode.TEXT)
                case _Mode.DECLARATION:
                    place = self._until(data, place, ">", _Mode.TEXT)
                case _Mode.DROPPED:
                    place = self._in_dropped(data, place)

    def _in_text(self, data: str, place: int, *, is_last: bool) -> int | None:
        start = data.find("<", place)
        if start < 0:
            end = len(data) if is_last else _end_of_whole_references(data, place)
            self.text.add(data[place:end])
            self._rest = data[end:]
            return None
        self.text.add(data[place:start])
        if len(data) - start <= _LONGEST_NAME + 2 and not is_last and ">" not in data[start:]:
            self._rest = data[start:]
            return None
        return self._markup(data, start)

    def _markup(self, data: str, start: int) -> int:
        """Begin what a less-than sign begins."""
        if data.startswith("<!--", start):
            self._mode = _Mode.COMMENT
            return start + 2  # <!--> is a whole comment
        if data.startswith(("<!", "<?"), start):
            self._mode = _Mode.DECLARATION
            return start + 2
        tag = _TAG.match(data, start)
        if tag is None:
            self.text.write("<")
            return start + 1
        self._is_end_tag, self._name = bool(tag[1]), tag[2].lower()
        self._mode = _Mode.TAG
        return tag.end()

    def _in_tag(self, data: str, place: int) -> int | None:
        found = _IN_TAG.search(data, place)
        if found is None:
            self._rest = data[max(place, len(data) - _IN_TAG_HELD) :]
            return None
        if found[1]:
            self._mode, self._quote = _Mode.QUOTED, found[1]
            return found.end()
        self._mode = _Mode.TEXT
        if self._name in _DROPPED:
            if not self._is_end_tag:
                self._mode = _Mode.DROPPED
        else:
            self.text.mark(self._name, is_end=self._is_end_tag)
        return found.end()

    def _until(self, data: str, place: int, end: str, mode: _Mode) -> int | None:
        found = data.find(end, place)
        if found < 0:
            self._rest = data[max(place, len(data) - len(end) + 1) :]
            return None
        self._mode = mode
        return found + len(end)

    def _in_dropped(self, data: str, place: int) -> int | None:
        found = _ENDS[self._name].search(data, place)
        if found is None:
            self._rest = data[max(place, len(data) - _END_HELD) :]
            return None
        self._mode = _Mode.TAG
        self._is_end_tag = True
        return found.end()


class _Text:
    """Lays text out: white space collapsed, blocks on lines of their own."""

    def __init__(self) -> None:
        self._made: list[str] = []
        self._breaks = 0
        self._space = ""
        self._is_empty = True
        self._is_verbatim = False

    def taken(self) -> str:
        """Return what was laid out since the last time."""
        made = "".join(self._made)
        self._made.clear()
        return made

    def add(self, source: str) -> None:
        """Add text as HTML writes it."""
        if not source:
            return
        text = html.unescape(_NO_CHARACTER.sub("\ufffd", source))
        if self._is_verbatim:
            self.write(text.replace("\r\n", "\n").replace("\r", "\n"))
            return
        words = text.split()
        if text[:1].isspace():
            self._space = self._space or " "
        if words:
            self.write(" ".join(words))
            if text[-1].isspace():
                self._space = " "

    def mark(self, name: str, *, is_end: bool) -> None:
        """Lay out what a tag stands for."""
        if name == "pre":
            self._is_verbatim = not is_end
        if name in _PARAGRAPHS:
            self._breaks = 2
        elif name in _LINES and not (name == "br" and is_end):
            self._breaks = max(self._breaks, 1)
            if name == "li" and not is_end:
                self.write("- ")
        elif name in _CELLS:
            self._space = "\t" if is_end else self._space

    def end(self) -> None:
        """End the last line."""
        if not self._is_empty:
            self._made.append("\n")

    def write(self, text: str) -> None:
        """Add characters that stand for themselves."""
        if not text:
            return
        if not self._is_empty:
            self._made.append("\n" * self._breaks if self._breaks else self._space)
        self._made.append(text)
        self._breaks, self._space, self._is_empty = 0, "", False


def _end_of_whole_references(data: str, place: int) -> int:
    """Return where text ends that has no character reference which the next piece goes on with."""
    start = data.rfind("&", max(place, len(data) - _LONGEST_REFERENCE))
    return len(data) if start < 0 or ";" in data[start:] else start
