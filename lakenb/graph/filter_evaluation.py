"""What a filter means: the answer that Amazon SNS gives, given here.

A filter compares *values*: the strings, numbers and booleans at a key, each of an array's elements by itself.

=========================  ==========================================================================
``lt lte gt gte between``  some number there lies in the range [numeric-value-matching]
``~lt`` and so on          some number there lies outside it; a string does neither
``equals includes``        some value there is one of these, type and case alike [string-, numeric-]
``~equals ~includes``      some value there is none of these, whatever its type: *anything-but* [both]
``~equals(True)``          ``equals(False)``: AWS shows anything-but with strings and numbers only
``starts_with``            some string there starts so: *prefix* [string-value-matching]
``~starts_with``           some string there does not: *anything-but* with *prefix* [the same]
``exists``                 some value there is not the empty string [attribute-key-matching]
``~exists``                the key is not there [the same]
=========================  ==========================================================================

- An absent key fails every comparison and every comparison's negation: each key of a policy must match a
  key of the message [sns-subscription-filter-policies]. Only ``~exists`` matches it, wherever on the path
  a name is missing, and only in an event that has some key [attribute-key-matching]. A null counts as an
  absent key: AWS says that ``exists`` does not match it, and is silent otherwise.
- An array matches when an element does, for anything-but too: ``["rugby", "baseball"]`` passes
  ``~equals("rugby")`` [string-value-matching]. So ``&`` on one path asks for *one* element that meets both
  sides: SNS has no AND between values of one key [and-or-logic].
- An object is no value [attribute-key-matching: leaf nodes only], nor is a null or an array in an array.
  Objects in an array are looked into, each path by itself (AWS Compute Blog, "Introducing payload-based
  message filtering for Amazon SNS").
- A string that spells a number or a boolean is a string: numbers and keywords stand without quotation marks
  [numeric-value-matching, subscription-filter-policy-constraints].
- ``~`` moves inwards by De Morgan's laws, so ``~~f`` is ``f``.

The pages named in brackets are in https://docs.aws.amazon.com/sns/latest/dg/.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, product
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

from lakenb.graph.filters import (
    AllOf,
    AnyOf,
    Condition,
    Exists,
    Filter,
    Not,
    OneOf,
    Prefix,
    Range,
    Test,
    Value,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# A condition, and whether it is negated.
Literal: TypeAlias = tuple[Condition, bool]


def evaluate(wanted: Filter, event: Mapping[str, Any]) -> bool:
    """Tell whether SNS would deliver an event through a filter.

    Parameters
    ----------
    wanted
        The filter; it may be one that SNS has no expression for.
    event
        The message body, parsed: plain JSON values.

    Examples
    --------
    >>> from lakenb.graph.filters import when
    >>> evaluate(when("data.document.size").lt(10), {"data": {"document": {"size": 3}}})
    True
    """
    return any(_passes_branch(event, branch) for branch in _branches(wanted))


def _branches(wanted: Filter, *, is_negated: bool = False) -> Iterator[tuple[Literal, ...]]:
    """Yield the ways to pass a filter: one is enough, and all of its literals must hold."""
    match wanted:
        case Condition():
            yield ((wanted, is_negated),)
        case Not(negated=negated):
            yield from _branches(negated, is_negated=not is_negated)
        case AllOf(filters=filters) | AnyOf(filters=filters):
            parts = [_branches(part, is_negated=is_negated) for part in filters]
            if isinstance(wanted, AllOf) is is_negated:  # De Morgan: a negated "all" is an "any"
                yield from chain.from_iterable(parts)
            else:
                yield from (tuple(chain.from_iterable(ways)) for ways in product(*parts))


def _passes_branch(event: Mapping[str, Any], branch: Iterable[Literal]) -> bool:
    by_path: dict[str, list[tuple[Test, bool]]] = {}
    for condition, is_negated in branch:
        by_path.setdefault(condition.path, []).append((condition.test, is_negated))
    return all(_passes_path(event, path, tests) for path, tests in by_path.items())


def _passes_path(event: Mapping[str, Any], path: str, tests: list[tuple[Test, bool]]) -> bool:
    values = _values_at(event, path.split("."))
    if values is None:
        return bool(event) and all(is_negated and isinstance(test, Exists) for test, is_negated in tests)
    return any(all(_holds(test, value, is_negated=negated) for test, negated in tests) for value in values)


def _values_at(node: Any, names: list[str]) -> list[Value] | None:
    """Return the values at a path; None where there is no key, or nothing but a null."""
    if names:
        elements = node if isinstance(node, list) else [node]
        found = [
            _values_at(element[names[0]], names[1:])
            for element in elements
            if isinstance(element, Mapping) and names[0] in element
        ]
        present = [values for values in found if values is not None]
        return list(chain.from_iterable(present)) if present else None
    if node is None:
        return None
    elements = node if isinstance(node, list) else [node]
    return [element for element in elements if isinstance(element, str | bool | int | float)]


def _holds(test: Test, value: Value, *, is_negated: bool) -> bool:
    match test:
        case Range():
            return not isinstance(value, str | bool) and (value in test) is not is_negated
        case Prefix(text=text):
            return isinstance(value, str) and value.startswith(text) is not is_negated
        case Exists():
            return not is_negated and value != ""
        case OneOf():
            if not is_negated:
                return value in test
            return value not in test and (not test.flags or isinstance(value, bool))
        case _:
            assert_never(test)
