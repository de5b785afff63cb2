"""Texts of policies as sets of texts.

Every glob is two languages: what it matches for certain, and what it may match (`lakenb.iam.patterns`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.patterns import UNKNOWN, Kind, Pattern, Variable, Wild, pattern
from lakenb.iam.proof.machines import (
    ANY,
    FIELD,
    NOTHING,
    Chain,
    Language,
    Step,
    reads,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FIELDS: Final = 5  # colons before an ARN's resource part

Piece = str | Wild
Fill = Callable[[Variable], Piece | None]
"""What stands in place of a variable."""

_WILDCARD: Final = re.compile(r"(\*+|\?)")
_WILD: Final = {"?": Wild.ONE, "*": Wild.MANY}
_WITH_WILDCARDS: Final = (Kind.RESOURCE, Kind.LIKE, Kind.ARN)


class Glob:
    """One text of a policy as two languages; make it with `glob`, `of_pattern` or `of_action`.

    Two globs are the same when they are one object; equal texts are compiled once.

    Parameters
    ----------
    text
        As written.
    pieces
        Its literals, wildcards and unknown parts.
    kind
        How it is compared.
    is_strict
        Whether what is only possible is left out.
    is_empty
        Whether it matches nothing at all.
    """

    __slots__ = (
        "_certain",
        "_possible",
        "has_doubt",
        "is_literal",
        "is_open",
        "kind",
        "pieces",
        "prefix",
        "text",
    )

    def __init__(
        self,
        text: str,
        pieces: tuple[Piece, ...],
        kind: Kind,
        *,
        is_strict: bool = False,
        is_empty: bool = False,
    ) -> None:
        self.text: str = text
        self.pieces: tuple[Piece, ...] = pieces
        self.kind: Kind = kind
        first = pieces[0] if pieces else ""
        folds = kind is Kind.ANY_CASE
        #: What every text of the possible language begins with.
        self.prefix: str = first if isinstance(first, str) and not folds else ""
        #: Whether something is possible that is not certain.
        self.has_doubt: bool = not is_strict and (Wild.UNKNOWN in pieces or _may_run_on(pieces, kind))
        is_sure = not (folds or self.has_doubt or is_empty)
        #: Whether `prefix` is the only text, for certain.
        self.is_literal: bool = is_sure and (pieces in {(), (first,)}) and isinstance(first, str)
        #: Whether it is all that begins with `prefix`, for certain.
        self.is_open: bool = is_sure and (
            pieces == (Wild.MANY,)
            or (pieces == (first, Wild.MANY) and isinstance(first, str) and _runs(pieces, kind))
        )
        self._certain: Language | None = () if is_empty else None
        self._possible: Language | None = None

    @property
    def certain(self) -> Language:
        """What it matches for certain."""
        if self._certain is None:
            bound = _FIELDS if _is_arn(self.pieces, self.kind) else 0
            is_known = Wild.UNKNOWN not in self.pieces
            self._certain = (_chain(self.pieces, self.kind, bound),) if is_known else ()
        return self._certain

    @property
    def possible(self) -> Language:
        """What it may match; all that is certain is among it."""
        if not self.has_doubt:
            return self.certain
        if self._possible is None:
            opened = _joined(Wild.MANY if piece is Wild.UNKNOWN else piece for piece in self.pieces)
            self._possible = (_chain(opened, self.kind, 0),)
        return self._possible

    def accepts(self, text: str) -> bool:
        """Return whether a text is in the certain language."""
        if self.is_literal:
            return text == self.prefix
        return text.startswith(self.prefix) and (self.is_open or reads(self.certain, text))

    def may_accept(self, text: str) -> bool:
        """Return whether a text is in the possible language."""
        if self.has_doubt:
            return text.startswith(self.prefix) and reads(self.possible, text)
        return self.accepts(text)

    def filled(self, filling: str) -> str:
        """Return one of its texts, with words for its wildcards."""
        return "".join(
            piece if isinstance(piece, str) else "x" if piece is Wild.ONE else filling
            for piece in self.pieces
        )

    def __repr__(self) -> str:
        """Return the text."""
        return f"Glob({self.text!r})"


@lru_cache(maxsize=65536)
def glob(text: str, kind: Kind = Kind.RESOURCE) -> Glob:
    """Return a text with wildcards, and with ``${*}``, ``${?}`` and ``${$}`` for the letters themselves.

    Examples
    --------
    >>> glob("arn:aws:s3:::b/*").accepts("arn:aws:s3:::b/in/x")
    True
    """
    if _is_simple(text) and kind in _WITH_WILDCARDS:
        return _compiled(_split(text), kind, text)
    return of_pattern(pattern(text, kind, has_variables=True), lambda _: None)


@lru_cache(maxsize=65536)
def of_action(text: str) -> Glob:
    """Return an action of a policy, in lower case."""
    return _compiled(_split(text.lower()), Kind.LIKE, text)


@lru_cache(maxsize=4096)
def strict(text: str) -> Glob:
    """Return an ARN with wildcards that stay inside their fields, without any doubt."""
    return Glob(text, glob(text).pieces, Kind.RESOURCE, is_strict=True)


def of_pattern(read: Pattern, fill: Fill) -> Glob:
    """Return a compiled text of a policy.

    Parameters
    ----------
    read
        The text.
    fill
        What stands in place of a variable: a text, or `Wild.MANY` for any; None where it has none, and then
        the text matches nothing (IAM User Guide, "Policy variables with no value").
    """
    if read.matcher is not None:
        if _is_simple(read.source) and read.kind in _WITH_WILDCARDS:
            return _compiled(_split(read.source), read.kind, read.source)
        return _compiled(_joined(_known(read.pieces)), read.kind, read.source)
    pieces: list[Piece] = []
    for piece in read.pieces:
        filled = fill(piece) if isinstance(piece, Variable) else piece
        if filled is None:
            return NOWHERE
        pieces.append(filled)
    return _compiled(_joined(pieces), read.kind, read.source)


def _known(pieces: Iterable[Piece | Variable]) -> Iterator[Piece]:
    return (piece for piece in pieces if not isinstance(piece, Variable))


def _is_simple(text: str) -> bool:
    """Return whether a text has neither variables nor unknown parts."""
    return "${" not in text and UNKNOWN not in text


def _split(text: str) -> tuple[Piece, ...]:
    return tuple(_WILD.get(piece[:1], piece) for piece in _WILDCARD.split(text) if piece)


def _joined(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    """Return the pieces with neighbouring texts made one, and neighbouring stars, too."""
    joined: list[Piece] = []
    for piece in pieces:
        last = joined[-1] if joined else None
        if isinstance(piece, str) and isinstance(last, str):
            joined[-1] = last + piece
        elif piece and not (piece is Wild.MANY and last is Wild.MANY):
            joined.append(piece)
    return tuple(joined)


@lru_cache(maxsize=65536)
def _compiled(pieces: tuple[Piece, ...], kind: Kind, text: str) -> Glob:
    return Glob(text, pieces, kind)


def _is_arn(pieces: tuple[Piece, ...], kind: Kind) -> bool:
    """Return whether wildcards stay inside fields, as `lakenb.iam.patterns` has it: a test compares them."""
    if kind not in {Kind.RESOURCE, Kind.ARN} or len(pieces) < 2:  # noqa: PLR2004 - a text alone has no wildcard
        return False
    return isinstance(pieces[0], str) and pieces[0].startswith("arn:")


def _runs(pieces: tuple[Piece, ...], kind: Kind) -> bool:
    """Return whether a text and a star at its end match all that begins so."""
    return kind is not Kind.ARN or not _is_arn(pieces, kind) or str(pieces[0]).count(":") >= _FIELDS


def _chain(pieces: tuple[Piece, ...], kind: Kind, bound: int) -> Chain:
    """Return a chain whose wildcards stay inside their fields while `bound` colons have not been read."""
    steps: list[Step] = []
    loops: list[int] = [NOTHING]
    colons = 0
    for number, piece in enumerate(pieces):
        if isinstance(piece, str):
            colons += piece.count(":")
            steps += (_cases(letter) if kind is Kind.ANY_CASE else letter for letter in piece)
            loops += [NOTHING] * len(piece)
            continue
        runs = number == len(pieces) - 1 and kind is Kind.RESOURCE
        if piece is Wild.ONE:
            steps.append(FIELD if colons < bound else ANY)
            loops.append(NOTHING)
        else:
            loops[-1] = FIELD if colons < bound and not runs else ANY
    return Chain(tuple(steps), tuple(loops))


def _cases(letter: str) -> str:
    """Return a letter in both cases, where these are single letters."""
    forms = {letter, letter.lower(), letter.upper()}
    return "".join(sorted(form for form in forms if len(form) == 1 and form.casefold() == letter.casefold()))


def _may_run_on(pieces: tuple[Piece, ...], kind: Kind) -> bool:
    """Return whether a ``*`` ends one of the first five fields and does not run on for certain."""
    if not _is_arn(pieces, kind):
        return False
    colons = 0
    for piece, following in zip(pieces, (*pieces[1:], None), strict=True):
        if isinstance(piece, str):
            colons += piece.count(":")
        elif piece is Wild.MANY and colons < _FIELDS:
            if following is None:
                return kind is not Kind.RESOURCE
            if isinstance(following, str) and following.startswith(":"):
                return True
    return False


NOWHERE: Final = Glob("", (), Kind.TEXT, is_empty=True)
"""What a text with a variable that has no value matches: nothing."""
EVERYWHERE: Final = glob("*")
