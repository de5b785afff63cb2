"""What an obligation's needs cover: texts of statements whole, and single requests."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.conditions import Quantifier
from lakenb.iam.patterns import Kind
from lakenb.iam.proof.cells import plain
from lakenb.iam.proof.globs import Glob, contains, glob, of_action, strict
from lakenb.iam.proof.keys import splits_resources

if TYPE_CHECKING:
    from lakenb.iam.conditions import Condition
    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.values import Shape
    from lakenb.iam.requests import Request

# Operators that hold only where the key is there and fits one of their texts.
_POSITIVE: Final = {
    "StringEquals": Kind.TEXT,
    "StringLike": Kind.LIKE,
    "ArnEquals": Kind.ARN,
    "ArnLike": Kind.ARN,
}


@dataclass(frozen=True, slots=True)
class Need:
    """A shape, compiled.

    Parameters
    ----------
    shape
        As the obligation has it.
    actions, resources
        Its globs.
    context
        Its keys with their globs.
    places
        Resources on which the values of its keys depend.
    """

    shape: Shape
    actions: tuple[Glob, ...]
    resources: tuple[Glob, ...]
    context: tuple[tuple[str, tuple[Glob, ...]], ...]
    places: tuple[Glob, ...]

    def covers(self, action: str, resource: str) -> bool:
        """Return whether an action in lower case and a resource are among the need's, its context apart."""
        return any(each.accepts(action) for each in self.actions) and any(
            each.accepts(resource) for each in self.resources
        )

    def carried(self, request: Request) -> bool:
        """Return whether a request carries what the need's context wants."""
        for key, globs in self.context:
            values = request.values(key)
            if not values or not all(any(each.accepts(value) for each in globs) for value in values):
                return False
        return True


class Needs:
    """The needs of one obligation, indexed by what their resources begin with.

    Parameters
    ----------
    shapes
        In their order.
    """

    def __init__(self, shapes: tuple[Shape, ...]) -> None:
        self.all: tuple[Need, ...] = tuple(map(need, shapes))
        self._by_prefix: dict[str, list[int]] = {}
        for number, each in enumerate(self.all):
            for prefix in {one.prefix for one in each.resources}:
                self._by_prefix.setdefault(prefix, []).append(number)
        self._prefixes = sorted(self._by_prefix)
        self._lengths = sorted({len(prefix) for prefix in self._prefixes})

    def near(self, prefix: str, *, longer: bool = False) -> list[int]:
        """Return the needs on resources that begin so, or with less; with `longer` those with more, too."""
        found = [
            number
            for length in self._lengths
            if length <= len(prefix)
            for number in self._by_prefix.get(prefix[:length], ())
        ]
        if longer:
            place = bisect_right(self._prefixes, prefix)
            while place < len(self._prefixes) and self._prefixes[place].startswith(prefix):
                found += self._by_prefix[self._prefixes[place]]
                place += 1
        return sorted(set(found))

    def on(self, action: str, resource: str) -> list[int]:
        """Return the needs for an action in lower case on a resource, their contexts apart."""
        return [number for number in self.near(resource) if self.all[number].covers(action, resource)]

    def covering(self, request: Request) -> int | None:
        """Return the first need that covers a request; None where none does."""
        found = self.on(request.action, request.resource)
        return next((number for number in found if self.all[number].carried(request)), None)

    def holding(self, statement: Statement, action: Glob, resource: Glob) -> int | None:
        """Return the first need that covers all that a statement's two texts can; None where none does."""
        for number in self.near(resource.prefix):
            each = self.all[number]
            if (
                any(contains(one, action) for one in each.actions)
                and any(contains(one, resource) for one in each.resources)
                and implies(statement, each)
            ):
                return number
        return None


@lru_cache(maxsize=4096)
def needs(shapes: tuple[Shape, ...]) -> Needs:
    """Return the needs of an obligation."""
    return Needs(shapes)


@lru_cache(maxsize=16384)
def need(shape: Shape) -> Need:
    """Return a shape, compiled."""
    return Need(
        shape,
        tuple(map(of_action, shape.actions)),
        tuple(map(glob, shape.resources)),
        tuple((key, tuple(map(plain, texts))) for key, texts in shape.context),
        tuple(strict(text) for key, texts in shape.context for text in splits_resources(key, texts)),
    )


def implies(statement: Statement, wanted: Need) -> bool:
    """Return whether a statement holds only where the need's context is carried."""
    return all(
        any(_fits(condition, key, globs) for condition in statement.conditions)
        for key, globs in wanted.context
    )


def _fits(condition: Condition, key: str, globs: tuple[Glob, ...]) -> bool:
    kind = _POSITIVE.get(condition.operator)
    if condition.name != key or kind is None or condition.quantifier is not Quantifier.THE_ONE:
        return False
    if any("${" in value for value in condition.values):
        return False
    return all(any(contains(each, glob(value, kind)) for each in globs) for value in condition.values)
