"""Matching as IAM does it: wildcards, escaped literals and policy variables.

Source: IAM User Guide, "IAM JSON policy elements: Resource", "... condition operators"
and "... variables and tags".
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Resolver = Callable[[str], str | None]

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERALS: Final = frozenset({"*", "?", "$"})
_ARN_PARTS: Final = 6


class UnresolvedVariableError(Exception):
    """A policy variable has no value in this request: its element does not match."""


@functools.lru_cache(maxsize=16_384)
def _wildcards(pattern: str) -> str:
    """Return the regular expression of a pattern without variables."""
    return "".join(".*" if char == "*" else "." if char == "?" else re.escape(char) for char in pattern)


@functools.lru_cache(maxsize=16_384)
def _compiled(expression: str) -> re.Pattern[str]:
    # A key may hold a line break, and `$` would match before a last one: so DOTALL and fullmatch.
    return re.compile(expression, re.DOTALL)


@functools.lru_cache(maxsize=16_384)
def _pieces(pattern: str) -> tuple[tuple[str, str], ...]:
    """Split a pattern into plain text and the insides of `${...}`."""
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _VARIABLE.finditer(pattern):
        pieces.extend((("text", pattern[end : match.start()]), ("variable", match.group(1))))
        end = match.end()
    pieces.append(("text", pattern[end:]))
    return tuple(pieces)


def _value(inside: str, resolve: Resolver) -> str:
    """Return what `${inside}` stands for: an escaped literal, a value, or its default."""
    if inside in _LITERALS:
        return inside
    name, comma, default = inside.partition(",")
    value = resolve(name.strip())
    if value is not None:
        return value
    if comma:
        return default.strip().strip("'")
    raise UnresolvedVariableError(name)


def literal(text: str, resolve: Resolver | None) -> str:
    """Return the text with its variables replaced; wildcards are ordinary characters.

    Raises
    ------
    UnresolvedVariableError
        If a variable has neither a value in this request nor a default.
    """
    if resolve is None or "${" not in text:
        return text
    return "".join(part if kind == "text" else _value(part, resolve) for kind, part in _pieces(text))


def matches(value: str, pattern: str, resolve: Resolver | None) -> bool:
    """Return whether the whole value matches the pattern, case-sensitively.

    Parameters
    ----------
    value
        The request's resource, or a context value.
    pattern
        `*` stands for any characters, `?` for one; `${*}`, `${?}`, `${$}` for themselves.
    resolve
        Gives a variable's value; None for a policy older than Version 2012-10-17,
        in which `${...}` is ordinary text.

    Raises
    ------
    UnresolvedVariableError
        If a variable has neither a value in this request nor a default.
    """
    if pattern == "*":
        return True
    if resolve is None or "${" not in pattern:
        expression = _wildcards(pattern)
    else:
        expression = "".join(
            _wildcards(part) if kind == "text" else re.escape(_value(part, resolve))
            for kind, part in _pieces(pattern)
        )
    return _compiled(expression).fullmatch(value) is not None


def matches_arn(value: str, pattern: str, resolve: Resolver | None) -> bool:
    """Return whether an ARN matches as `ArnLike` does: field by field, six of them."""
    if pattern == "*":
        return True
    expected = pattern.split(":", _ARN_PARTS - 1)
    found = value.split(":", _ARN_PARTS - 1)
    if len(expected) != _ARN_PARTS or len(found) != _ARN_PARTS:
        return False
    return all(matches(field, wanted, resolve) for field, wanted in zip(found, expected, strict=True))


@functools.lru_cache(maxsize=16_384)
def matches_action(action: str, pattern: str) -> bool:
    """Return whether an action matches, case-insensitively."""
    return pattern == "*" or _compiled(_wildcards(pattern.lower())).fullmatch(action.lower()) is not None
