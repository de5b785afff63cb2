"""A context that meets conditions, by a guess at each; the evaluator checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.keys import Setting, fixed, is_consistent
from lakenb.iam.truth import YES

if TYPE_CHECKING:
    from lakenb.iam.conditions import Condition
    from lakenb.iam.requests import Request
    from lakenb.iam.stacks.world import World


def satisfying(conditions: tuple[Condition, ...], plain: Request) -> dict[str, tuple[str, ...]] | None:
    """Return a context that meets conditions, by a guess at each; None where a guess fails.

    A guess is checked by the evaluator, and where it fails every class is looked at.
    """
    found = dict(plain.context)
    for condition in conditions:
        if condition.holds(plain) == YES:
            continue
        value = _guess(condition)
        if condition.absent is not None:
            if True in condition.absent:
                found.pop(condition.name, None)
            elif condition.name not in found:
                found[condition.name] = ("x",)
        elif condition.is_negated or not condition.is_known:
            continue
        elif value is None:
            return None
        else:
            found[condition.name] = (value,)
    return found


def can_be(world: World, request: Request, context: dict[str, tuple[str, ...]]) -> bool:
    """Return whether a request can carry a context, by the prover's rules on keys."""
    setting = Setting(
        request.principal, request.action.lower(), request.resource, request.account, world.endpoints
    )
    for key, values in context.items():
        is_fixed, wanted = fixed(key, setting)
        if is_fixed and wanted != values:
            return False
    return is_consistent(context, setting)


def _guess(condition: Condition) -> str | None:
    if not condition.values:
        return None
    value, operator = condition.values[0], condition.operator
    if "Like" in operator or "Arn" in operator:
        return _filled(value)
    if "IpAddress" in operator:
        return value.partition("/")[0]
    if "Numeric" in operator and "Than" in operator and not operator.endswith("Equals"):
        try:
            return str(float(value) + (1 if "Greater" in operator else -1))
        except ValueError:
            return None
    return None if "${" in value else value


def _filled(text: str) -> str | None:
    for letter in "*?$":
        text = text.replace(f"${{{letter}}}", f"\0{ord(letter)}\0")
    if "${" in text:
        return None
    text = text.replace("*", "x").replace("?", "x")
    for letter in "*?$":
        text = text.replace(f"\0{ord(letter)}\0", letter)
    return text
