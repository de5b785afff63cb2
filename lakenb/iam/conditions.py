"""Conditions: an operator on a key, with absent keys and keys of several values.

Pages: IAM User Guide, "IAM JSON policy elements: Condition operators" (``...IfExists``, ``Null``) and
"Set operators for multivalued context keys".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from lakenb.iam.operators import OPERATORS, Comparison, truth_value
from lakenb.iam.patterns import UNTOLD
from lakenb.iam.truth import MAYBE, NO, YES, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakenb.iam.requests import Request

_Read = TypeVar("_Read")
_IF_EXISTS = "IfExists"


class Quantifier(Enum):
    """How many of a request's values must fit."""

    THE_ONE = ""
    ALL = "ForAllValues:"
    ANY = "ForAnyValue:"


_SET_OPERATORS = (Quantifier.ALL, Quantifier.ANY)


@dataclass(frozen=True, slots=True)
class Condition:
    """One key under one operator.

    Parameters
    ----------
    operator
        As the policy writes it.
    key
        As the policy writes it.
    name
        The key in lower case.
    values
        As the policy writes them.
    quantifier
        What stands before the operator's name.
    comparisons
        One for each value.
    is_negated
        Whether it holds when none fits.
    is_if_exists
        Whether it holds where the key is absent.
    absent
        What ``Null`` asks: which of present and absent it wants, both perhaps; None for other operators.
    is_known
        Whether the operator is one of AWS's; if not, it is undecided.
    """

    operator: str
    key: str
    name: str
    values: tuple[str, ...]
    quantifier: Quantifier = Quantifier.THE_ONE
    comparisons: tuple[Comparison, ...] = ()
    is_negated: bool = False
    is_if_exists: bool = False
    absent: frozenset[bool] | None = None
    is_known: bool = True

    def holds(self, request: Request) -> Truth:
        """Return whether it holds for a request."""
        if not self.is_known:
            return MAYBE
        found = request.values(self.name)
        if found is None and self.name in UNTOLD and self.absent is None:
            return MAYBE
        if self.absent is not None:
            is_absent = not found and self.name not in UNTOLD
            return YES if is_absent in self.absent else NO
        if self.quantifier is Quantifier.THE_ONE:
            return self._one(found, request)
        return self._every(found, request) if self.quantifier is Quantifier.ALL else self._any(found, request)

    def _every(self, found: tuple[str, ...] | None, request: Request) -> Truth:
        if not found or not any(found):  # absent, no value, or empty texts only: the page says true
            return YES
        return min(self._fits(value, request) for value in found)

    def _any(self, found: tuple[str, ...] | None, request: Request) -> Truth:
        if not found:
            # Absent and IfExists: the page has ForAnyValue false and IfExists true, and does not join them.
            return MAYBE if self.is_if_exists else NO
        return max(self._fits(value, request) for value in found)

    def _one(self, found: tuple[str, ...] | None, request: Request) -> Truth:
        if not found:
            return YES if self.is_negated or self.is_if_exists else NO
        if len(found) == 1:
            return self._fits(found[0], request)
        # Several values want a set operator; what AWS makes of them without is not documented.
        answers = {self._fits(value, request) for value in found}
        return answers.pop() if len(answers) == 1 else MAYBE

    def _fits(self, value: str, request: Request) -> Truth:
        best = NO
        for compare in self.comparisons:
            truth = compare(value, request.values)
            if truth == YES:
                best = YES
                break
            best = max(best, truth)
        return YES - best if self.is_negated else best

    def __str__(self) -> str:
        """Return the condition in one line."""
        return f"{self.operator} {self.key}: {', '.join(self.values) or 'no value'}"


def condition(operator: str, key: str, values: Sequence[str], *, has_variables: bool) -> Condition:
    """Compile one key under one operator.

    Parameters
    ----------
    operator
        With what stands before and after its name, such as ``ForAllValues:StringLikeIfExists``.
    key
        The context key.
    values
        What the policy wants; any of them fits.
    has_variables
        Whether the policy's version has variables.

    Raises
    ------
    ValueError
        If a value does not suit the operator; the message is a sentence.

    Examples
    --------
    >>> condition("StringSounds", "aws:username", ["ada"], has_variables=True).is_known
    False
    """
    wanted = tuple(values)
    if operator == "Null":
        absent = frozenset(_compiled(truth_value, value, operator, key) for value in wanted)
        return Condition(operator, key, key.lower(), wanted, absent=absent)
    quantifier = next(
        (each for each in _SET_OPERATORS if operator.startswith(each.value)), Quantifier.THE_ONE
    )
    rest = operator.removeprefix(quantifier.value)
    base = rest.removesuffix(_IF_EXISTS)
    known = OPERATORS.get(base)
    if known is None:
        return Condition(operator, key, key.lower(), wanted, is_known=False)

    def compiled(value: str) -> Comparison:
        return known.compile(value, has_variables)

    comparisons = tuple(_compiled(compiled, value, operator, key) for value in wanted)
    return Condition(
        operator, key, key.lower(), wanted, quantifier, comparisons, known.is_negated, rest != base
    )


def _compiled(read: Callable[[str], _Read], value: str, operator: str, key: str) -> _Read:
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"the value {value!r} of {operator} {key} {error}") from None
