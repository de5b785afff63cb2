"""Filter policies on a message's body, as Amazon SNS documents them.

The emulator reads them otherwise where a parent of a key is missing, where a string spells a number or a
keyword, and where objects, nulls or arrays stand in an array.

- A key is a path; objects in arrays on the way are looked into, each path by itself (AWS Compute Blog,
  "Introducing payload-based message filtering for Amazon SNS"). A key matches when one value there meets one
  of its rules; all keys must match; ``$or`` asks for one of its members [and-or-logic].
- Values are strings, numbers, booleans, and nulls, each of an array's elements by itself. An object is no
  value, nor is an array in an array [attribute-key-matching: leaf nodes only]. Only the rule ``null`` meets
  a null; alone at a key it leaves the key absent [attribute-key-matching: non-null].
- A string that spells a number or a keyword is a string [numeric-value-matching,
  subscription-filter-policy-constraints].

The pages named in brackets are in https://docs.aws.amazon.com/sns/latest/dg/.
"""

from __future__ import annotations

import functools
import ipaddress
import json
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

# Field names that keep an `$or` from being one [and-or-logic].
_RESERVED: Final = frozenset(
    ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")
)
_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip


def on_bodies(original: Any) -> Any:
    """Stand in for the emulator's filter where a subscription's scope is the message's body.

    Parameters
    ----------
    original
        The emulator's own, which keeps message attributes.
    """

    def passes(subscription: Mapping[str, Any], attributes: Any, message: str = "") -> bool:
        settings = subscription.get("attributes", {})
        policy = None
        if settings.get("FilterPolicyScope") == "MessageBody":
            policy = _policy(settings.get("FilterPolicy"))
        if policy is None:
            return bool(original(subscription, attributes, message))
        if not policy:  # setting it to {} takes a filter policy away
            return True
        try:
            body = json.loads(message)
        except (ValueError, RecursionError):
            return False
        return isinstance(body, dict) and matches(policy, body)

    return passes


@functools.lru_cache(maxsize=1024)
def _policy(text: str | None) -> dict[str, Any] | None:
    """Return a filter policy, read once: it is asked for every message."""
    try:
        policy = json.loads(text or "")
    except (ValueError, RecursionError):
        return None
    return policy if isinstance(policy, dict) else None


def matches(policy: Mapping[str, Any], body: Mapping[str, Any], path: tuple[str, ...] = ()) -> bool:
    """Return whether a message passes a filter policy.

    Parameters
    ----------
    policy
        The policy, parsed, or a part of it.
    body
        The whole message, parsed: a JSON object.
    path
        Where in the body that part of the policy applies.
    """
    for name, asked in policy.items():
        if name == "$or" and _is_alternative(asked):
            met = any(matches(member, body, path) for member in asked)
        elif isinstance(asked, Mapping):
            met = matches(asked, body, (*path, name))
        else:
            met = _key_matches(asked if isinstance(asked, list) else [asked], body, (*path, name))
        if not met:
            return False
    return True


def _is_alternative(asked: Any) -> bool:
    return (
        isinstance(asked, list)
        and len(asked) > 1
        and all(isinstance(member, Mapping) and _RESERVED.isdisjoint(member) for member in asked)
    )


def _key_matches(rules: list[Any], body: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    is_present, values = _values_at(body, path)
    for rule in rules:
        if isinstance(rule, Mapping) and "exists" in rule:
            if rule["exists"] is True and any(value is not None and value != "" for value in values):
                return True
            # In an empty message no key counts as absent [attribute-key-matching].
            if rule["exists"] is False and body and not is_present:
                return True
        elif any(_value_matches(rule, value) for value in values):
            return True
    return False


def _values_at(node: Any, path: tuple[str, ...]) -> tuple[bool, list[Any]]:
    """Return whether a key is there, and the values at it."""
    if not path:
        elements = node if isinstance(node, list) else [node]
        scalars = [one for one in elements if one is None or isinstance(one, str | bool | int | float)]
        return node is not None, scalars
    is_present, values = False, []
    for element in node if isinstance(node, list) else [node]:
        if isinstance(element, Mapping) and path[0] in element:
            is_there, found = _values_at(element[path[0]], path[1:])
            is_present = is_present or is_there
            values.extend(found)
    return is_present, values


def _value_matches(rule: Any, value: Any) -> bool:
    if not isinstance(rule, Mapping):
        return _equal(rule, value)
    [(name, operand)] = rule.items() if len(rule) == 1 else [("", None)]
    if name == "anything-but":
        return _is_anything_but(operand, value)
    if name == "numeric":
        return isinstance(value, int | float) and not isinstance(value, bool) and _in_range(operand, value)
    return isinstance(value, str) and _text_matches(name, operand, value)


def _equal(asked: Any, value: Any) -> bool:
    """Return whether two values are the same, their types too; to Python true is 1."""
    return bool(asked == value) and isinstance(asked, bool) is isinstance(value, bool)


def _is_anything_but(excluded: Any, value: Any) -> bool:
    if isinstance(excluded, Mapping):  # an operator on strings says nothing about other values
        return isinstance(value, str) and not any(
            _text_matches(name, text, value)
            for name, texts in excluded.items()
            for text in (texts if isinstance(texts, list) else [texts])
        )
    listed = excluded if isinstance(excluded, list) else [excluded]
    return value is not None and not any(_equal(one, value) for one in listed)


def _in_range(bounds: Any, value: float) -> bool:
    """Return whether a number meets every comparison of a list like ``[">", 0, "<=", 150]``."""
    if not isinstance(bounds, list) or not bounds or len(bounds) % 2:
        return False
    return all(
        name in _COMPARISONS and isinstance(bound, int | float) and _COMPARISONS[name](value, bound)
        for name, bound in zip(bounds[::2], bounds[1::2], strict=True)
    )


def _text_matches(name: str, operand: Any, value: str) -> bool:
    compare = _TEXTS.get(name)
    return compare is not None and isinstance(operand, str) and compare(value, operand)


def _fits(value: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value, re.DOTALL) is not None


def _lies_within(value: str, block: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(block, strict=False)
    except ValueError:
        return False


_TEXTS: Final[dict[str, Callable[[str, str], bool]]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "equals-ignore-case": lambda value, text: value.lower() == text.lower(),
    "wildcard": _fits,
    "cidr": _lies_within,
}
