"""Filters on edges: which events a consumer receives, as values.

`when` names a key of the event by its dotted path; an operator makes a `Filter` of it; filters combine
with ``&``, ``|`` and ``~``. Amazon SNS decides a filter before the consumer's queue sees the message:
`lakenb.graph.filter_policy` compiles it, and `lakenb.graph.filter_evaluation` says what it means.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain, pairwise
from math import isfinite
from typing import Any, NoReturn, TypeAlias, assert_never

from lakenb.errors import FilterError

Number: TypeAlias = int | float
Value: TypeAlias = str | bool | int | float

LARGEST_NUMBER = 10**9  # subscription-filter-policy-constraints: from -10^9 to 10^9
MOST_DECIMALS = 5  # the same page: five digits after the decimal point


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers between two bounds, either of which may be missing."""

    low: Number | None
    high: Number | None
    low_included: bool = True
    high_included: bool = True

    def __contains__(self, number: Number) -> bool:
        """Tell whether a number lies between the bounds."""
        above = self.low is None or number > self.low or (self.low_included and number == self.low)
        below = self.high is None or number < self.high or (self.high_included and number == self.high)
        return above and below


@dataclass(frozen=True, slots=True)
class OneOf:
    """A few values; apart by type, because Python takes ``1 == True`` for true. Each sorted."""

    texts: tuple[str, ...]
    numbers: tuple[Number, ...]
    flags: tuple[bool, ...]

    def __contains__(self, value: Value) -> bool:
        """Tell whether a value is one of these, by type too."""
        if isinstance(value, str):
            return value in self.texts
        return value in (self.flags if isinstance(value, bool) else self.numbers)


@dataclass(frozen=True, slots=True)
class Prefix:
    """The strings that start with a text."""

    text: str


@dataclass(frozen=True, slots=True)
class Exists:
    """A value is there."""


Test: TypeAlias = Range | OneOf | Prefix | Exists


class Filter:
    """Which events cross an edge: an immutable value, combined by ``&``, ``|`` and ``~``.

    Examples
    --------
    >>> small = when("data.document.size").lt(2**20)
    >>> ~small | when("data.metadata.language").equals("fr")
    when('data.metadata.language').equals('fr') | ~when('data.document.size').lt(1048576)
    """

    __slots__ = ()

    def __and__(self, other: Filter) -> Filter:
        """Return the filter that both this and the other one must let through."""
        return _joined(AllOf, self, other) if isinstance(other, Filter) else NotImplemented

    def __or__(self, other: Filter) -> Filter:
        """Return the filter that either this or the other one must let through."""
        return _joined(AnyOf, self, other) if isinstance(other, Filter) else NotImplemented

    def __invert__(self) -> Filter:
        """Return the filter's negation, which an absent key still does not pass (except `exists`)."""
        return self.negated if isinstance(self, Not) else Not(self)

    def __bool__(self) -> NoReturn:
        """Refuse: ``a and b`` would silently drop ``a``."""
        raise TypeError(
            "a filter is neither true nor false until an event is there: combine filters with & | ~ "
            "(each side in parentheses) instead of 'and', 'or', 'not', and compare with 'is None'"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Filter):
    """One test of the values at one path."""

    path: str
    test: Test

    def __repr__(self) -> str:
        """Return the expression that makes the filter."""
        return f"when({self.path!r}).{_call(self.test)}"


@dataclass(frozen=True, slots=True, repr=False)
class AllOf(Filter):
    """Every one of these filters; sorted, without repeats."""

    filters: tuple[Filter, ...]

    def __repr__(self) -> str:
        """Return the expression that makes the filter."""
        return " & ".join(f"({part})" if isinstance(part, AnyOf) else repr(part) for part in self.filters)


@dataclass(frozen=True, slots=True, repr=False)
class AnyOf(Filter):
    """At least one of these filters; sorted, without repeats."""

    filters: tuple[Filter, ...]

    def __repr__(self) -> str:
        """Return the expression that makes the filter."""
        return " | ".join(f"({part})" if isinstance(part, AllOf) else repr(part) for part in self.filters)


@dataclass(frozen=True, slots=True, repr=False)
class Not(Filter):
    """What a filter does not let through."""

    negated: Filter

    def __repr__(self) -> str:
        """Return the expression that makes the filter."""
        return f"~{self.negated}" if isinstance(self.negated, Condition) else f"~({self.negated})"


@dataclass(frozen=True, slots=True)
class Subject:
    """A key of the event, waiting for its operator. Made by `when`."""

    path: str

    def lt(self, number: Number) -> Filter:
        """Return the filter that lets numbers below this one through."""
        return Condition(self.path, Range(None, self._number(number), high_included=False))

    def lte(self, number: Number) -> Filter:
        """Return the filter that lets this number and those below it through."""
        return Condition(self.path, Range(None, self._number(number)))

    def gt(self, number: Number) -> Filter:
        """Return the filter that lets numbers above this one through."""
        return Condition(self.path, Range(self._number(number), None, low_included=False))

    def gte(self, number: Number) -> Filter:
        """Return the filter that lets this number and those above it through."""
        return Condition(self.path, Range(self._number(number), None))

    def between(self, low: Number, high: Number) -> Filter:
        """Return the filter that lets numbers from `low` to `high` through, both included."""
        bounds = Range(self._number(low), self._number(high))
        if low > high:
            what = f"between({low}, {high}) never matches: its low end is above its high end"
            raise FilterError(what, f"key {self.path}", f"write between({high}, {low})")
        return Condition(self.path, bounds)

    def equals(self, value: Value) -> Filter:
        """Return the filter that lets one value through: a string, a number or a boolean."""
        return self.includes(value)

    def includes(self, *values: Value) -> Filter:
        """Return the filter that lets any of these values through."""
        if not values:
            mend = "give it at least one value, or use exists() for any value"
            raise FilterError("includes() lists no value, so it never matches", f"key {self.path}", mend)
        for value in values:
            if not isinstance(value, str | bool | int | float):
                raise FilterError(*_no_value(value, f"key {self.path}"))
        texts = {self._text(value) for value in values if isinstance(value, str)}
        flags = {value for value in values if isinstance(value, bool)}
        numbers = {self._number(value) for value in values if not isinstance(value, str | bool)}
        return Condition(self.path, OneOf(tuple(sorted(texts)), tuple(sorted(numbers)), tuple(sorted(flags))))

    def starts_with(self, prefix: str) -> Filter:
        """Return the filter that lets strings with this prefix through."""
        if not isinstance(prefix, str) or not prefix:
            mend = "give it at least one character, or use exists() for any value"
            raise FilterError(f"a prefix is a text, not {prefix!r}", f"key {self.path}", mend)
        return Condition(self.path, Prefix(self._text(prefix)))

    def exists(self) -> Filter:
        """Return the filter that lets events through which have a value here that is not empty."""
        return Condition(self.path, Exists())

    def _number(self, number: Any) -> Number:
        where, page = f"key {self.path}", "SNS compares numbers from -10^9 to 10^9 with at most 5 decimals"
        if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
            mend = "give it a number; for texts and booleans there are equals() and includes()"
            raise FilterError(f"{number!r} is no number to compare with", where, mend)
        if abs(number) > LARGEST_NUMBER:
            raise FilterError(f"{number!r} is out of range: {page}", where, "stay within -10^9 and 10^9")
        exact = Decimal(str(number))
        if exact != round(exact, MOST_DECIMALS):
            mend = f"round it to {round(number, MOST_DECIMALS)!r}"
            raise FilterError(f"{number!r} has too many decimals: {page}", where, mend)
        return int(number) if number == int(number) else number

    def _text(self, text: str) -> str:
        if not _is_clean(text):
            mend = "take the character out"
            raise FilterError(
                f"{text!r} holds a character that no filter policy can", f"key {self.path}", mend
            )
        return text


def when(path: str) -> Subject:
    """Name the key of an event that a filter looks at.

    Parameters
    ----------
    path
        Names from the event's top to the key, with dots between: ``data.document.size``.

    Raises
    ------
    FilterError
        If a name is empty, is ``$or``, or holds a control character.

    Examples
    --------
    >>> when("data.document.type").starts_with("image/") & ~when("data.document.size").gt(10**6)
    when('data.document.type').starts_with('image/') & ~when('data.document.size').gt(1000000)
    """
    if not isinstance(path, str):
        mend = "write it as a text, such as 'data.document.size'"
        raise FilterError(f"a path is a text, not {path!r}", "when()", mend)
    for name in path.split("."):
        if not name or name == "$or" or not _is_clean(name):
            what = f"{name!r} is no name of a key" if name else "a name between two dots is empty"
            mend = "write the names from the event's top, with single dots: 'data.document.size'"
            raise FilterError(what, f"path {path!r}", mend)
    return Subject(path)


def paths(wanted: Filter) -> frozenset[str]:
    """Return the paths that a filter looks at."""
    match wanted:
        case Condition(path=path):
            return frozenset((path,))
        case Not(negated=negated):
            return paths(negated)
        case AllOf(filters=filters) | AnyOf(filters=filters):
            return frozenset(chain.from_iterable(paths(part) for part in filters))
    raise TypeError(f"not a filter: {wanted!r}")


def _joined(kind: type[AllOf | AnyOf], *sides: Filter) -> Filter:
    """Return a combination: flat, sorted, without repeats, its paths checked."""
    flat = chain.from_iterable(side.filters if isinstance(side, kind) else (side,) for side in sides)
    unique = {repr(part): part for part in flat}
    names = sorted(tuple(path.split(".")) for side in sides for path in paths(side))
    for upper, lower in pairwise(names):
        if upper != lower and lower[: len(upper)] == upper:
            what = f"a filter cannot look at {'.'.join(upper)!r} and at {'.'.join(lower)!r} below it"
            mend = "an object is no value: test the key below it, which also tests that the object is there"
            raise FilterError(what, f"key {'.'.join(lower)}", mend)
    parts = tuple(unique[text] for text in sorted(unique))
    return kind(parts) if len(parts) > 1 else parts[0]


def _call(test: Test) -> str:
    """Return the call that makes a test."""
    match test:
        case Range(low=None, high=high):
            return f"{'lte' if test.high_included else 'lt'}({high})"
        case Range(low=low, high=None):
            return f"{'gte' if test.low_included else 'gt'}({low})"
        case Range(low=low, high=high):
            return f"between({low}, {high})"
        case OneOf(texts=texts, numbers=numbers, flags=flags):
            values = ", ".join(map(repr, (*texts, *numbers, *flags)))
            return f"{'equals' if len(texts + numbers + flags) == 1 else 'includes'}({values})"
        case Prefix(text=text):
            return f"starts_with({text!r})"
        case Exists():
            return "exists()"
        case _:
            assert_never(test)


def _no_value(value: Any, where: str) -> tuple[str, str, str]:
    """Return the error for what is no value of a filter."""
    if value is None:
        mend = "use ~when(path).exists() for a key that is not there"
        return "a filter cannot look for null: SNS takes it for an absent key", where, mend
    return f"{value!r} is no value to compare with", where, "give it texts, numbers or booleans, one by one"


def _is_clean(text: str) -> bool:
    """Tell whether a text has no control characters and no half of a surrogate pair."""
    return not any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text)
