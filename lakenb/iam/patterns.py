"""Texts of policies with wildcards and variables, compiled once.

In the first five fields of an ARN a wildcard stays inside its field. Where ``*`` ends a field, the page on
the Resource element lets it run on past the colon while the S3 User Guide says that no wildcard does: a
match that needs this is MAYBE, unless the ``*`` ends the whole pattern, on which both agree.

A template's text may have parts that cannot be known. The character `UNKNOWN` stands for each: it may be any
text, so what matches with ``*`` in its place is MAYBE and nothing is certain.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Final

from lakenb.iam.truth import MAYBE, NO, YES, Truth

Values = Callable[[str], tuple[str, ...] | None]
"""The values of a context key in lower case; None where the request does not carry the key."""

Matcher = Callable[[str], Truth]

UNKNOWN: Final = "\ufffc"
"""Stands in a text for a part that cannot be known (Unicode's object replacement character)."""

UNTOLD: frozenset[str] = frozenset({"aws:currenttime", "aws:epochtime"})
"""Keys that every request carries: a case without them has not told, which is not 'absent'."""

_FIELDS = 5  # colons before an ARN's resource part
_REFERENCE = re.compile(r"\s*([^,'{}\s]+)\s*(?:,\s*'([^']*)'\s*)?")
_LITERALS = frozenset("*?$")
_SPECIAL = re.compile(f"[*?${UNKNOWN}]")


class Wild(Enum):
    """A wildcard, as opposed to the same letter meant literally."""

    MANY = "*"
    ONE = "?"
    UNKNOWN = UNKNOWN


class Kind(Enum):
    """How a pattern is compared."""

    TEXT = "text, letter by letter"
    ANY_CASE = "text, letter case aside"
    LIKE = "text with wildcards"
    RESOURCE = "a resource"
    ARN = "an ARN, field by field"


@dataclass(frozen=True, slots=True)
class Variable:
    """A context key in a text, such as ``${aws:username, 'nobody'}``."""

    key: str
    default: str | None


Piece = str | Wild | Variable


@dataclass(frozen=True, slots=True)
class Pattern:
    """One text of a policy.

    Parameters
    ----------
    source
        As the policy writes it.
    pieces
        Its literals, wildcards and variables.
    kind
        How it is compared.
    matcher
        The comparison; None where variables must be filled in first.
    """

    source: str
    pieces: tuple[Piece, ...]
    kind: Kind
    matcher: Matcher | None

    def matches(self, text: str, values: Values) -> Truth:
        """Return whether a request's text is covered.

        A variable without a value makes it no match (IAM User Guide, "Policy variables with no value").
        """
        if self.matcher is not None:
            return self.matcher(text)
        filled: list[str | Wild] = []
        for piece in self.pieces:
            if not isinstance(piece, Variable):
                filled.append(piece)
                continue
            found = values(piece.key)
            if found is None and piece.key in UNTOLD:
                return MAYBE
            if not found:
                if piece.default is None:
                    return NO
                filled.append(piece.default)
            elif len(found) > 1:
                return MAYBE  # a variable's key must have one value; what several do is not documented
            else:
                filled.append(found[0])
        return _matcher(_joined(filled), self.kind)(text)


def pattern(text: str, kind: Kind, *, has_variables: bool) -> Pattern:
    """Compile a text.

    Parameters
    ----------
    text
        As written in a policy.
    kind
        How it is to be compared.
    has_variables
        Whether ``${`` begins a variable: in policies of version 2012-10-17. In older ones it is text.

    Raises
    ------
    ValueError
        If a ``${`` is not closed, or holds no variable. The message is a sentence's end.

    Examples
    --------
    >>> readable = pattern("arn:aws:s3:::b/${aws:username}/*", Kind.RESOURCE, has_variables=True)
    >>> readable.matches("arn:aws:s3:::b/ada/x", {"aws:username": ("ada",)}.get)
    2
    """
    pieces = _pieces(text, kind, has_variables=has_variables)
    fixed = [piece for piece in pieces if not isinstance(piece, Variable)]
    matcher = _matcher(_joined(fixed), kind) if len(fixed) == len(pieces) else None
    return Pattern(text, pieces, kind, matcher)


def _pieces(text: str, kind: Kind, *, has_variables: bool) -> tuple[Piece, ...]:
    has_wildcards = kind not in {Kind.TEXT, Kind.ANY_CASE}
    found: list[Piece] = []
    position = 0
    while special := _SPECIAL.search(text, position):
        at, letter = special.start(), special[0]
        found += text[position:at]
        position = at + 1
        if letter == UNKNOWN:
            found.append(Wild.UNKNOWN)
        elif letter == "$" and has_variables and text.startswith("${", at):
            end = text.find("}", at)
            if end < 0 and UNKNOWN not in text[at:]:
                raise ValueError("has '${' without '}'; a literal dollar sign is written ${$}")
            inner = text[at + 2 : end] if end >= 0 else UNKNOWN
            found.append(Wild.UNKNOWN if UNKNOWN in inner else _reference(inner))
            position = end + 1 if end >= 0 else len(text)
        else:
            found.append(Wild(letter) if has_wildcards and letter in "*?" else letter)
    found += text[position:]
    return tuple(found)


def _reference(inner: str) -> Piece:
    if inner in _LITERALS:
        return inner
    read = _REFERENCE.fullmatch(inner)
    if read is None:
        raise ValueError(f"has '${{{inner}}}', which is no variable; a literal dollar sign is written ${{$}}")
    return Variable(read[1].lower(), read[2])


def _joined(pieces: list[str | Wild]) -> tuple[str | Wild, ...]:
    """Return the pieces with neighbouring texts made one, and neighbouring stars, too."""
    joined: list[str | Wild] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif not (piece is Wild.MANY and last is Wild.MANY):
            joined.append(piece)
    return tuple(joined)


@lru_cache(maxsize=8192)
def _matcher(pieces: tuple[str | Wild, ...], kind: Kind) -> Matcher:
    if pieces == (Wild.MANY,):
        return lambda _: YES
    if Wild.UNKNOWN in pieces:
        return _of_unknown(pieces, kind)
    if all(isinstance(piece, str) for piece in pieces):
        return _equal("".join(str(piece) for piece in pieces), kind)
    return _with_wildcards(pieces, kind)


def _with_wildcards(pieces: tuple[str | Wild, ...], kind: Kind) -> Matcher:
    is_arn = kind in {Kind.RESOURCE, Kind.ARN} and _text(pieces).startswith("arn:")
    prefix = pieces[0]
    runs_on = not is_arn or kind is Kind.RESOURCE or _text(pieces).count(":") >= _FIELDS
    if runs_on and isinstance(prefix, str) and pieces[1:] == (Wild.MANY,):
        return lambda text: YES if text.startswith(prefix) else NO
    if not is_arn:
        whole = re.compile(_expression(pieces, fields=0), re.DOTALL).fullmatch
        return lambda text: YES if whole(text) else NO
    certain = re.compile(_expression(pieces, fields=_FIELDS, last_runs=kind is Kind.RESOURCE), re.DOTALL)
    if not _may_run_on(pieces):
        inside = certain.fullmatch
        return lambda text: YES if inside(text) else NO
    return _of_two(certain, re.compile(_expression(pieces, fields=0), re.DOTALL))


def _equal(wanted: str, kind: Kind) -> Matcher:
    if kind is Kind.ANY_CASE:
        folded = wanted.casefold()
        return lambda text: YES if text.casefold() == folded else NO
    return lambda text: YES if text == wanted else NO


def _of_unknown(pieces: tuple[str | Wild, ...], kind: Kind) -> Matcher:
    """Return a matcher for a text with unknown parts: how many fields these hold is not known either."""
    folds = kind is Kind.ANY_CASE
    opened = [piece.casefold() if isinstance(piece, str) and folds else piece for piece in pieces]
    widest = _joined([Wild.MANY if piece is Wild.UNKNOWN else piece for piece in opened])
    possible = re.compile(_expression(widest, fields=0), re.DOTALL).fullmatch
    return lambda text: MAYBE if possible(text.casefold() if folds else text) else NO


def _of_two(certain: re.Pattern[str], possible: re.Pattern[str]) -> Matcher:
    def match(text: str) -> Truth:
        if certain.fullmatch(text):
            return YES
        return MAYBE if possible.fullmatch(text) else NO

    return match


def _text(pieces: tuple[str | Wild, ...]) -> str:
    return "".join(piece if isinstance(piece, str) else piece.value for piece in pieces)


def _may_run_on(pieces: tuple[str | Wild, ...]) -> bool:
    """Return whether a ``*`` ends one of the first five fields."""
    colons = 0
    for piece, following in zip(pieces, (*pieces[1:], ""), strict=True):
        if isinstance(piece, str):
            colons += piece.count(":")
        elif piece is Wild.MANY and colons < _FIELDS:
            ends = not following or (isinstance(following, str) and following.startswith(":"))
            if ends:
                return True
    return False


def _expression(pieces: tuple[str | Wild, ...], *, fields: int, last_runs: bool = True) -> str:
    """Return a regular expression in which no ``*`` is tried twice: long texts must not take long.

    The leftmost place for what follows a ``*`` is as good as any other as long as another ``*`` of the same
    reach comes later, so the group is atomic. With field-bound stars a colon fixes the place anyway.
    """
    colons = 0
    groups: list[str] = [""]
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            colons += piece.count(":")
            groups[-1] += re.escape(piece)
            continue
        is_last = number == len(pieces) - 1
        letter = "[^:]" if colons < fields and not (is_last and last_runs) else "."
        if piece is Wild.ONE:
            groups[-1] += "[^:]" if colons < fields else "."
        else:
            groups.append(f"{letter}*")
    first, *rest = groups
    atomic = [f"(?>{group[: group.index('*') + 1]}?{group[group.index('*') + 1 :]})" for group in rest[:-1]]
    return first + "".join(atomic) + "".join(rest[-1:])
