"""A first look at a value of a template: whether a template can hold it at all, and what it holds.

It goes through every value once, without recursion, so that whatever comes after may be simple: nothing is
nested too deeply, no list refers to itself, every key is a text.
"""

from __future__ import annotations

import marshal
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lakenb.iam.shown import short

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_NODES: Final = 2_000_000
_DEEPEST: Final = 60
_MARSHAL: Final = 2  # the version without references: equal values have equal bytes
_LARGEST: Final = 2**63
_ACCOUNT: Final = 12
_DIGITS = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_HOLE = re.compile(r"\$\{([A-Za-z0-9]+)\}")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a value holds.

    Parameters
    ----------
    written, raw
        The value, and its bytes.
    nodes
        How many values it is made of.
    conditions
        Conditions that it names.
    names
        What ``Ref`` and ``Fn::Sub`` name in it.
    accounts
        Numbers of twelve digits in its texts.
    faults
        What is wrong with it.
    """

    written: Any
    raw: bytes
    nodes: int
    conditions: frozenset[str]
    names: frozenset[str]
    accounts: frozenset[str]
    faults: tuple[str, ...]


def snapshot(value: Any) -> bytes | None:
    """Return a value's bytes, by which it is compared later; None for what is no plain value.

    Not the value itself: its owner may change it in place, and ``1 == True`` in Python.
    """
    try:
        return marshal.dumps(value, _MARSHAL)
    except (ValueError, RecursionError):
        return None


def look(value: Any, raw: bytes | None) -> Seen:
    """Return what a value holds.

    Parameters
    ----------
    value
        Anything.
    raw
        Its `snapshot`. `Seen.written` is a copy that belongs to nobody else.
    """
    walk = _Walk()
    walk.through(value)
    if raw is None and not walk.faults:
        walk.faults[f"{short(value)} is nothing that a template can hold"] = None
    own = value if raw is None or walk.faults else marshal.loads(raw)  # noqa: S302 - the bytes were made here
    return Seen(
        own,
        raw or b"",
        walk.nodes,
        frozenset(walk.conditions),
        frozenset(walk.names),
        frozenset(walk.accounts),
        tuple(walk.faults),
    )


class _Walk:
    """Goes through a value, and gathers."""

    def __init__(self) -> None:
        self.nodes = 0
        self.conditions: set[str] = set()
        self.names: set[str] = set()
        self.accounts: set[str] = set()
        self.faults: dict[str, None] = {}

    def through(self, value: Any) -> None:
        """Visit every value, holders before what they hold."""
        rest: list[tuple[Any, int]] = [(value, 0)]
        while rest:
            each, depth = rest.pop()
            self.nodes += 1
            kind = type(each)
            if kind is dict:
                self.mapping(each)
                rest += [(inner, depth + 1) for inner in each.values()]
            elif kind is list:
                rest += [(inner, depth + 1) for inner in each]
            else:
                self.scalar(each, kind)
            if depth > _DEEPEST or self.nodes > MOST_NODES:
                what = "it is nested more than 60 levels deep" if depth > _DEEPEST else "it is too large"
                self.faults[what] = None
                return

    def scalar(self, value: Any, kind: type) -> None:
        """Take a value that holds no others."""
        if kind is str:
            if len(value) >= _ACCOUNT:
                self.accounts.update(_DIGITS.findall(value))
            if "${" in value:
                self.names.update(_HOLE.findall(value))
        elif kind is int:
            if not -_LARGEST <= value <= _LARGEST:
                self.faults["a number is too large"] = None
        elif value is not None and kind is not bool and kind is not float:
            self.faults[f"a {kind.__name__} is nothing that a template can hold"] = None

    def mapping(self, value: Mapping[Any, Any]) -> None:
        """Take an object: the conditions and names that it asks for."""
        for key in value:
            if type(key) is not str:
                self.faults[f"{short(key)} is no key: keys are texts"] = None
        chosen = value.get("Fn::If")
        if type(chosen) is list and chosen and type(chosen[0]) is str:
            self.conditions.add(chosen[0])
        if type(asked := value.get("Condition")) is str:
            self.conditions.add(asked)
        if type(ref := value.get("Ref")) is str:
            self.names.add(ref)
