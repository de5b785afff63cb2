"""A second evaluator, for tests: by definition, on a tiny alphabet, without anything of the first.

It knows two-valued truth only. What AWS leaves open is a *reading*: the same request is decided under each,
and what differs between readings is what must be undecided.
"""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

Json = dict[str, Any]


class Reading(NamedTuple):
    """One way to take what the pages leave open."""

    everyone_escapes_limits: bool
    several_values_need_all: bool
    unknown_operator_holds: bool


READINGS = tuple(Reading(*flags) for flags in itertools.product((False, True), repeat=3))


def decisions(case: Json) -> set[str]:
    """Return the decision under each reading."""
    return {decide(case, reading) for reading in READINGS}


def decide(case: Json, reading: Reading) -> str:
    asked = case["request"]
    is_role = asked["principal"].startswith("arn:")
    resource = [case["resource_policy"]] if case.get("resource_policy") else []
    limits = [[each] for each in case.get("permission_boundaries", [])]
    limits += [[case["session_policy"]]] if case.get("session_policy") else []
    levels = case.get("service_control_policies", [])
    own = case["identity_policies"]
    in_force = [*resource, *(itertools.chain(own, *limits, *levels) if is_role else [])]
    if any(hits(policy, "Deny", asked, reading) for policy in in_force):
        return "EXPLICITLY_DENIED"

    def silent(group: list[Json]) -> bool:
        return not any(hits(policy, "Allow", asked, reading) for policy in group)

    ways = {way for policy in resource for way in hits(policy, "Allow", asked, reading)}
    if not is_role:
        return "ALLOWED" if ways else "IMPLICITLY_DENIED"
    if any(silent(level) for level in levels):
        return "IMPLICITLY_DENIED"
    is_limited = any(silent(group) for group in limits)
    by_identity = not silent(own) and not is_limited
    if asked["principal"].split(":")[4] != asked["resource_account"]:
        return "ALLOWED" if by_identity and ways else "IMPLICITLY_DENIED"
    by_resource = (
        "itself" in ways
        or ("role" in ways and not is_limited)
        or ("everyone" in ways and (reading.everyone_escapes_limits or not is_limited))
    )
    return "ALLOWED" if by_identity or by_resource else "IMPLICITLY_DENIED"


def hits(policy: Json, effect: str, asked: Json, reading: Reading) -> set[str]:
    """Return the ways in which statements of an effect name who asks; empty where none is about it."""
    found: set[str] = set()
    for statement in policy["Statement"]:
        if statement["Effect"] != effect:
            continue
        about = (
            listed(statement, "Action", lambda text: covers(text.lower(), asked["action"].lower()))
            and listed(statement, "Resource", lambda text: covers(text, asked["resource"]))
            and all(
                holds(operator, key, values, asked["context"], reading)
                for operator, lines in statement.get("Condition", {}).items()
                for key, values in lines.items()
            )
        )
        if about:
            found |= named(statement.get("Principal"), asked["principal"])
    return found


def listed(statement: Json, element: str, fits: Any) -> bool:
    if element in statement:
        return any(fits(text) for text in statement[element])
    return not any(fits(text) for text in statement["Not" + element])


def named(principal: Any, who: str) -> set[str]:
    if principal is None:
        return {"itself"}
    if principal == "*":
        return {"everyone"}
    ways = set()
    for name in principal["AWS"]:
        if name == who:
            ways.add("role" if ":role/" in who else "itself")
        if who.startswith("arn:") and name == who.split(":")[4]:
            ways.add("account")
    return ways


def covers(pattern: str, text: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return covers(pattern[1:], text) or (bool(text) and covers(pattern, text[1:]))
    return bool(text) and pattern[0] in ("?", text[0]) and covers(pattern[1:], text[1:])


def holds(operator: str, key: str, values: list[str], context: Json, reading: Reading) -> bool:
    found = context.get(key)
    if operator == "Null":
        return ("true" if not found else "false") in values
    quantifier, _, base = operator.rpartition(":")
    is_optional, base = base.endswith("IfExists"), base.removesuffix("IfExists")
    if base not in {"StringEquals", "StringNotEquals", "StringLike", "StringNotLike"}:
        return reading.unknown_operator_holds
    is_negated, is_like = "Not" in base, "Like" in base

    def fits(value: str) -> bool:
        one = any(covers(wanted, value) if is_like else wanted == value for wanted in values)
        return one != is_negated

    if quantifier == "ForAllValues":
        return all(fits(value) for value in found or [])
    if quantifier == "ForAnyValue":
        return any(fits(value) for value in found or [])
    if not found:
        return is_negated or is_optional
    return (all if reading.several_values_need_all else any)(fits(value) for value in found)
