r"""Texts from outside made fit to be drawn: nothing commands, nothing reorders, nothing is endless."""

from __future__ import annotations

import unicodedata
from html import escape

# Control, format (RTL overrides, zero-width), half surrogates, private use, unassigned; line separators.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_MOST_MARKS = 2  # combining marks on one letter: more of them climb over the lines above
_WIDE_FROM = 0x1100  # from here on most letters are as wide as they are high


def clean(text: str) -> str:
    r"""Return a text whose unseen characters are written out, and whose letters stand in their order.

    Examples
    --------
    >>> clean("in\n\N{RIGHT-TO-LEFT OVERRIDE}fdp")
    'in\\n\\u202efdp'
    """
    if text.isascii() and text.isprintable():
        return text
    found: list[str] = []
    marks = 0
    for letter in text:
        category = unicodedata.category(letter)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks > _MOST_MARKS:
            continue
        found.append(_spelled(letter) if category in _UNSEEN else letter)
    return "".join(found)


def _spelled(letter: str) -> str:
    # half a surrogate pair has no encoding, but it has an escape
    return letter.encode("unicode_escape", "surrogatepass").decode("ascii")


def cut(text: str, most: int) -> str:
    """Return a clean text of at most so many letters: both ends of a long one, which is where names differ.

    Examples
    --------
    >>> cut("contracts-2026-january-february-march/*", 21)
    'contracts-202…march/*'
    """
    text = clean(text)
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 1]}…{text[-end:]}"


def marked_up(text: str) -> str:
    """Return a text for Graphviz's labels, which are XML; never empty, which they may not be."""
    return escape(text, quote=True) or " "


def width(text: str, size: float) -> float:
    """Return about how wide a text is in Helvetica, rather too much than too little."""
    return sum(size * (1.05 if ord(letter) >= _WIDE_FROM else 0.56) for letter in text)
