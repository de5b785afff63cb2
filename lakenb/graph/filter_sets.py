"""Sets of values at one key that an SNS filter policy can say, and what they have in common.

A policy lists *conditions* for a key, and a value passes when it meets one of them: so a list is a union.
It has none for "meets all of them" (AWS, and-or-logic: no AND between values of one key), so `intersection`
works out the union that says exactly that, or tells why there is none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise, product
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from lakenb.graph.filters import Exists, Number, OneOf, Prefix, Range, Test

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Text:
    """One string."""

    text: str


@dataclass(frozen=True, slots=True)
class Flag:
    """One boolean."""

    flag: bool


@dataclass(frozen=True, slots=True)
class Absent:
    """No value: the key is not there."""


@dataclass(frozen=True, slots=True)
class NotTexts:
    """Every value but a few strings (anything-but)."""

    texts: frozenset[str]


@dataclass(frozen=True, slots=True)
class NotNumbers:
    """Every value but a few numbers (anything-but)."""

    numbers: frozenset[Number]


@dataclass(frozen=True, slots=True)
class NotPrefix:
    """Every string but those with a prefix (anything-but prefix)."""

    text: str


# The order is from the narrowest to the widest: what is narrow is intersected first, which leaves less
# for the pairs that a policy cannot say.
Atom: TypeAlias = Text | Flag | Absent | Range | Prefix | NotPrefix | NotNumbers | NotTexts | Exists
_WIDTH: tuple[type[Atom], ...] = (
    Text,
    Flag,
    Absent,
    Range,
    Prefix,
    NotPrefix,
    NotNumbers,
    NotTexts,
    Exists,
)
Union: TypeAlias = frozenset[Atom]


class InexpressibleError(Exception):
    """No condition says what two have in common. Its arguments: what, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what, mend)
        self.what: str = what
        self.mend: str = mend


def unions(test: Test, *, is_negated: bool) -> tuple[Union, ...]:
    """Return a test of a filter, or its negation, as unions that a value must all be in."""
    match test:
        case Range():
            return (frozenset(_outside(test) if is_negated else (test,)),)
        case Prefix(text=text):
            return (frozenset((NotPrefix(text) if is_negated else test,)),)
        case Exists():
            return (frozenset((Absent() if is_negated else test,)),)
        case OneOf(texts=texts, numbers=numbers, flags=flags):
            if is_negated:
                parts: list[Atom] = [NotTexts(frozenset(texts))] if texts else []
                parts += [NotNumbers(frozenset(numbers))] if numbers else []
                others = (
                    [frozenset(Flag(flag) for flag in (False, True) if flag not in flags)] if flags else []
                )
                return (*others, *(frozenset((part,)) for part in parts))
            points = (Range(number, number) for number in numbers)
            return (frozenset((*map(Text, texts), *map(Flag, flags), *points)),)
        case _:
            assert_never(test)


def intersection(wanted: Iterable[Union]) -> Union:
    """Return the values that are in every one of these unions, as one union.

    Raises
    ------
    InexpressibleError
        If a filter policy cannot say it.
    """
    # The order is fixed, so that one filter always gives one policy, or one error.
    narrow_first = sorted(
        (sorted(union, key=_order) for union in wanted), key=lambda atoms: [*map(_order, atoms)][::-1]
    )
    common, *rest = narrow_first
    for union in rest:
        parts = (part for one, other in product(common, union) for part in _common(one, other))
        common = sorted(pruned(parts), key=_order)
    return pruned(common)


def pruned(atoms: Iterable[Atom]) -> Union:
    """Return a union without the conditions that another one of them covers."""
    kept: list[Atom] = []
    for atom in sorted(set(atoms), key=_width, reverse=True):
        if not any(covers(other, atom) for other in kept):
            kept = [other for other in kept if not covers(atom, other)] + [atom]
    return frozenset(kept)


def covers(outer: Atom, inner: Atom) -> bool:
    """Tell whether every value in `inner` is in `outer` too."""
    try:
        return _common(outer, inner) == (inner,)
    except InexpressibleError:
        return False


def rendered(union: Union) -> list[Any]:
    """Return a union as SNS writes it: the list of conditions for one key, in a fixed order."""
    return [_rendered(atom) for atom in sorted(union, key=_order)]


def _width(atom: Atom) -> int:
    return _WIDTH.index(type(atom))


def _order(atom: Atom) -> tuple[int, str]:
    return _width(atom), json.dumps(_rendered(atom))


def _rendered(atom: Atom) -> Any:
    match atom:
        case Text(text=value) | Flag(flag=value):
            return value
        case Absent() | Exists():
            return {"exists": isinstance(atom, Exists)}
        case Prefix(text=text):
            return {"prefix": text}
        case NotPrefix(text=text):
            return {"anything-but": {"prefix": text}}
        case NotTexts(texts=excluded) | NotNumbers(numbers=excluded):
            return {"anything-but": sorted(excluded)}
        case Range():
            return {"numeric": _bounds(atom)}
        case _:
            assert_never(atom)


def _bounds(numbers: Range) -> list[str | Number]:
    low, high = numbers.low, numbers.high
    if low is not None and low == high:  # SNS asks of a range that its bottom be less than its top
        return ["=", low]
    lower = [] if low is None else [">=" if numbers.low_included else ">", low]
    upper = [] if high is None else ["<=" if numbers.high_included else "<", high]
    return [*lower, *upper]


def _outside(inside: Range) -> tuple[Range, ...]:
    below = () if inside.low is None else (Range(None, inside.low, high_included=not inside.low_included),)
    above = () if inside.high is None else (Range(inside.high, None, low_included=not inside.high_included),)
    return (*below, *above)


def _common(one: Atom, other: Atom) -> tuple[Atom, ...]:
    """Return the values in both conditions."""
    narrow, wide = sorted((one, other), key=_width)
    if narrow == wide:
        return (narrow,)
    match narrow:
        case Text() | Flag():
            return (narrow,) if _holds(wide, narrow) else ()
        case Absent():
            return ()
        case Range():
            return _common_with_range(narrow, wide)
        case Prefix():
            return _common_with_prefix(narrow, wide)
        case NotPrefix() | NotNumbers() | NotTexts() | Exists():
            return _common_exclusion(narrow, wide)
        case _:
            assert_never(narrow)


def _holds(wide: Atom, value: Text | Flag) -> bool:
    match wide, value:
        case Prefix(text=prefix), Text(text=text):
            return text.startswith(prefix)
        case NotPrefix(text=prefix), Text(text=text):
            return not text.startswith(prefix)
        case NotTexts(texts=texts), Text(text=text):
            return text not in texts
        case Exists(), Text(text=text):
            return bool(text)
        case _:
            return isinstance(wide, NotNumbers | NotTexts | Exists)


def _common_with_range(numbers: Range, wide: Atom) -> tuple[Atom, ...]:
    match wide:
        case Range():
            return _between(numbers, wide)
        case NotNumbers(numbers=excluded):
            holes = sorted(number for number in excluded if number in numbers)
            edges = [
                (numbers.low, numbers.low_included),
                *((hole, False) for hole in holes),
                (numbers.high, numbers.high_included),
            ]
            pieces = (Range(low, high, lin, hin) for (low, lin), (high, hin) in pairwise(edges))
            return tuple(piece for piece in pieces if not _is_empty(piece))
        case NotTexts() | Exists():
            return (numbers,)
        case _:
            return ()


def _between(one: Range, other: Range) -> tuple[Range, ...]:
    lows = [(edge.low, edge.low_included) for edge in (one, other) if edge.low is not None]
    highs = [(edge.high, edge.high_included) for edge in (one, other) if edge.high is not None]
    # Of two equal bounds the one that leaves the number out is the tighter.
    low, low_included = max(lows, key=lambda edge: (edge[0], not edge[1]), default=(None, True))
    high, high_included = min(highs, key=lambda edge: (edge[0], edge[1]), default=(None, True))
    both = Range(low, high, low_included, high_included)
    return () if _is_empty(both) else (both,)


def _is_empty(numbers: Range) -> bool:
    if numbers.low is None or numbers.high is None:
        return False
    is_point = numbers.low == numbers.high
    return numbers.low > numbers.high or (is_point and not (numbers.low_included and numbers.high_included))


def _common_with_prefix(strings: Prefix, wide: Atom) -> tuple[Atom, ...]:
    start = strings.text
    match wide:
        case Prefix(text=other):
            longer, shorter = sorted((start, other), key=len, reverse=True)
            return (Prefix(longer),) if longer.startswith(shorter) else ()
        case NotPrefix(text=other):
            if start.startswith(other):
                return ()
            if other.startswith(start):
                what = f"'starts with {start!r} and not with {other!r}'"
                raise InexpressibleError(what, "list the prefixes that may pass instead, joined by |")
            return (strings,)
        case NotTexts(texts=texts):
            inside = sorted(text for text in texts if text.startswith(start))
            if inside:
                what = f"'starts with {start!r} and is not {inside[0]!r}'"
                raise InexpressibleError(
                    what, "list the prefixes or the values that may pass instead, joined by |"
                )
            return (strings,)
        case NotNumbers() | Exists():
            return (strings,)
        case _:
            return ()


def _common_exclusion(one: Atom, other: Atom) -> tuple[Atom, ...]:
    """Return what two of the conditions leave that say what may *not* be there."""
    list_instead = "say what may pass instead: list values with includes(), or prefixes joined by |"
    match one, other:
        case NotPrefix(text=first), NotPrefix(text=second):
            shorter, longer = sorted((first, second), key=len)
            if longer.startswith(shorter):
                return (NotPrefix(shorter),)
            raise InexpressibleError(f"'starts neither with {first!r} nor with {second!r}'", list_instead)
        case NotPrefix(), NotNumbers():
            return (one,)
        case NotPrefix(text=prefix), NotTexts(texts=texts):
            outside = sorted(text for text in texts if not text.startswith(prefix))
            if not outside:
                return (one,)
            what = f"'does not start with {prefix!r} and is not {outside[0]!r}'"
            raise InexpressibleError(what, list_instead)
        case NotNumbers(numbers=numbers), NotNumbers(numbers=others):
            return (NotNumbers(numbers | others),)
        case NotTexts(texts=texts), NotTexts(texts=others):
            return (NotTexts(texts | others),)
        case NotTexts(texts=texts), Exists():
            return (NotTexts(texts | {""}),)
        case NotNumbers(numbers=numbers), NotTexts(texts=texts):
            what = f"'is neither {min(texts)!r} nor {min(numbers)!r}', a text and a number"
            raise InexpressibleError(what, "exclude only values of the type that the key holds")
        case _:
            what = "'is not excluded and not empty'"
            raise InexpressibleError(
                what, "leave exists() out: a comparison needs the key to be there anyway"
            )
