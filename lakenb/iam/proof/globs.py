"""What several globs have to do with one another: their classes, containment, overlap."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.languages import (
    EVERYWHERE,
    NOWHERE,
    Fill,
    Glob,
    glob,
    of_action,
    of_pattern,
    strict,
)
from lakenb.iam.proof.machines import NICE, Language, Machine, TooManyStatesError, walk

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "EVERYWHERE",
    "NOWHERE",
    "Fill",
    "Glob",
    "Part",
    "TooManyStatesError",
    "contains",
    "glob",
    "of_action",
    "of_pattern",
    "overlaps",
    "partition",
    "signature",
    "strict",
]

_FEW: Final = 4_000  # states of a product of two globs


@dataclass(frozen=True, slots=True)
class Part:
    """One class of texts.

    Parameters
    ----------
    text
        One of its shortest texts.
    certain, possible
        A bit for each pattern that reads it.
    """

    text: str
    certain: int
    possible: int


def partition(
    patterns: Sequence[Glob],
    within: Sequence[Language],
    *,
    states: int,
    nice: str = NICE,
    only: frozenset[str] | None = None,
) -> tuple[Part, ...]:
    """Return one part for each class of texts that the patterns tell apart.

    Parameters
    ----------
    patterns
        The globs.
    within
        Languages that a text must be in, all of them.
    states
        How many states of the product may be looked at.
    nice
        Letters for what no glob names, the first that is free.
    only
        Where texts have few letters: these.

    Raises
    ------
    TooManyStatesError
        Where there are more.

    Examples
    --------
    >>> [part.text for part in partition([glob("a*"), glob("*b")], [EVERYWHERE.certain], states=99)]
    ['', 'a', 'b', 'ab']
    """
    doubtful = [number for number, each in enumerate(patterns) if each.has_doubt]
    machine = Machine(
        [*within, *(each.certain for each in patterns), *(patterns[number].possible for number in doubtful)]
    )
    first = len(within)
    last = first + len(patterns)
    accepting = machine.accepting[first:last]
    unsure = list(zip((1 << number for number in doubtful), machine.accepting[last:], strict=True))
    found: dict[tuple[int, int], str] = {}
    for state, text in walk(machine, first, states, nice, only=only):
        certain = 0
        for number, mask in enumerate(accepting):
            if state & mask:
                certain |= 1 << number
        possible = certain
        for bit, mask in unsure:
            if state & mask:
                possible |= bit
        found.setdefault((certain, possible), text)
    return tuple(Part(text, *signature) for signature, text in found.items())


def signature(patterns: Sequence[Glob], text: str) -> tuple[int, int]:
    """Return the bits of the patterns that read a text: certain and possible."""
    certain = possible = 0
    for number, each in enumerate(patterns):
        if each.accepts(text):
            certain |= 1 << number
        if each.may_accept(text):
            possible |= 1 << number
    return certain, possible


@lru_cache(maxsize=65536)
def contains(outer: Glob, inner: Glob, states: int = _FEW) -> bool:
    """Return whether one glob's certain language holds all that is possible of another.

    Examples
    --------
    >>> contains(glob("arn:aws:s3:::b*"), glob("arn:aws:s3:::b/?*")), contains(glob("b/*"), glob("b*"))
    (True, False)
    """
    if outer is inner:
        return not inner.has_doubt
    if outer.is_open:
        return inner.prefix.startswith(outer.prefix) or (
            not (inner.is_literal or inner.is_open) and _is_inside(outer, inner, states)
        )
    if inner.is_literal:
        return outer.accepts(inner.prefix)
    if outer.is_literal or (inner.is_open and not inner.prefix.startswith(outer.prefix)):
        return False
    return _is_inside(outer, inner, states)


def _is_inside(outer: Glob, inner: Glob, states: int) -> bool:
    machine = Machine([inner.possible, outer.certain])
    accepting = machine.accepting[1]
    try:
        return all(state & accepting for state, _ in walk(machine, 1, states, NICE))
    except TooManyStatesError:
        return False


@lru_cache(maxsize=65536)
def overlaps(one: Glob, other: Glob, states: int = _FEW) -> bool:
    """Return whether a text may be in both; too many states count as yes."""
    if NOWHERE in {one, other} or not (
        one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    ):
        return False
    if one.is_literal:
        return other.may_accept(one.prefix)
    if other.is_literal:
        return one.may_accept(other.prefix)
    if (one.is_open and (other.is_open or not one.prefix)) or (other.is_open and not other.prefix):
        return True
    machine = Machine([one.possible, other.possible])
    try:
        return next(walk(machine, 2, states, NICE), None) is not None
    except TooManyStatesError:
        return True
