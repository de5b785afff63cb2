"""Conditions in plain words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakenb.iam.conditions import Quantifier

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.iam.conditions import Condition
    from lakenb.iam.stacks.world import World

_VERBS: Final = {
    "StringEquals": "is",
    "StringNotEquals": "is not",
    "StringEqualsIgnoreCase": "is, letter case aside,",
    "StringNotEqualsIgnoreCase": "is not, letter case aside,",
    "StringLike": "is like",
    "StringNotLike": "is not like",
    "ArnEquals": "is like",
    "ArnLike": "is like",
    "ArnNotEquals": "is not like",
    "ArnNotLike": "is not like",
    "Bool": "is",
    "BinaryEquals": "is",
    "IpAddress": "is in",
    "NotIpAddress": "is not in",
    "NumericEquals": "is",
    "NumericNotEquals": "is not",
    "NumericLessThan": "is below",
    "NumericLessThanEquals": "is at most",
    "NumericGreaterThan": "is above",
    "NumericGreaterThanEquals": "is at least",
    "DateEquals": "is",
    "DateNotEquals": "is not",
    "DateLessThan": "is before",
    "DateLessThanEquals": "is not after",
    "DateGreaterThan": "is after",
    "DateGreaterThanEquals": "is not before",
}
_WILD: Final = frozenset("*?")


def condition_words(condition: Condition, world: World | None = None) -> str:
    """Return one condition as a clause.

    Parameters
    ----------
    condition
        Of a statement.
    world
        Where its made-up names are to be turned back.

    Examples
    --------
    >>> from lakenb.iam.conditions import condition
    >>> condition_words(condition("StringEquals", "aws:SourceVpce", ["vpce-1", "vpce-2"], has_variables=True))
    'aws:SourceVpce is vpce-1 or vpce-2'
    """
    values = [world.shown(value) if world is not None else value for value in condition.values]
    if condition.absent is not None:
        wanted = ("absent" if each else "present" for each in sorted(condition.absent))
        return f"{condition.key} is {' or '.join(wanted)}"
    base = condition.operator.removeprefix(condition.quantifier.value)
    is_if_exists = base.endswith("IfExists")
    verb = _VERBS.get(base.removesuffix("IfExists"))
    if not condition.is_known or verb is None:
        return f"{condition.operator} {condition.key} {' or '.join(values)} holds, which is not known here"
    if verb.endswith("like") and not any(_WILD & set(value) for value in values):
        verb = verb.removesuffix(" like")
    sets = {Quantifier.THE_ONE: "", Quantifier.ALL: "every value of ", Quantifier.ANY: "a value of "}
    joined = (" nor " if condition.is_negated else " or ").join(values) or "no value"
    absent = ", or is absent" if is_if_exists else ""
    return f"{sets[condition.quantifier]}{condition.key} {verb} {joined}{absent}"


def conditions_words(conditions: Iterable[Condition], world: World | None = None) -> str:
    """Return several conditions, all of which must hold."""
    return " and ".join(dict.fromkeys(condition_words(each, world) for each in conditions))


def context_words(context: Iterable[tuple[str, tuple[str, ...]]], world: World | None = None) -> str:
    """Return what a request carries: ``aws:sourcevpc vpc-1, aws:securetransport true``."""
    parts = []
    for key, values in context:
        text = " and ".join(values) or "no value"
        parts.append(f"{key} {world.shown(text) if world is not None else text}")
    return ", ".join(parts)
