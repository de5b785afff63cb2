"""The policy engine as AWS documents it, in place of the emulator's where the two differ.

Replaced: parsing (once a document, not once a request), the match of a statement
(policy variables, escaped literals, line breaks, ARN operators) and the order of layers
(so that the deciding statement is known). Kept: who the caller is, which policies
apply, and how identity and resource policy combine.
"""

from __future__ import annotations

import contextlib
import contextvars
import functools
import json
from typing import Any, Final

from . import border, patterns

_OWNER: Final = "ministack.core.iam_evaluator"
_VARIABLES_SINCE: Final = "2012-10-17"
_PARSED_AT_MOST: Final = 8192
_LIKE: Final = frozenset({"stringlike", "stringnotlike"})
_ARN: Final = frozenset({"arnequals", "arnlike", "arnnotequals", "arnnotlike"})

# What `evaluate` answered since the list was put there: the layers of one decision.
trace: contextvars.ContextVar[list[Any] | None] = contextvars.ContextVar("lakenb_trace", default=None)

_parsed: dict[str, list[Any]] = {}
_parsed_resource: dict[str, list[tuple[Any, Any]]] = {}


def install() -> None:
    """Replace the emulator's policy engine where AWS answers otherwise."""
    border.replace(_OWNER, "parse_policy_document", _parsing_once)
    border.replace(_OWNER, "_first_match", lambda _: first_match)
    border.replace(_OWNER, "_conditions_met", lambda _: _conditions_met)
    border.replace(_OWNER, "_resolve_condition_key", _with_role_arn)
    border.replace(_OWNER, "evaluate", lambda _: _evaluate)
    border.replace(_OWNER, "evaluate_resource_policy", lambda _: _evaluate_resource_policy)


@functools.cache
def _engine(name: str) -> Any:
    """Return a name of the emulator's engine, looked up once: this runs several times a request."""
    return border.of(_OWNER, name)


def _parsing_once(original: Any) -> Any:
    def parse(document: Any) -> list[Any]:
        text = document if isinstance(document, str) else json.dumps(document, sort_keys=True)
        found = _parsed.get(text)
        if found is None:
            found = original(document)
            version = _version(document)
            for statement in found:
                statement.lakenb_variables = version >= _VARIABLES_SINCE
            if len(_parsed) > _PARSED_AT_MOST:
                _parsed.clear()
            _parsed[text] = found
        return found

    return parse


def _version(document: Any) -> str:
    if isinstance(document, str):
        with contextlib.suppress(ValueError):
            document = json.loads(document)
    version = document.get("Version") if isinstance(document, dict) else None
    return version if isinstance(version, str) else ""


def _with_role_arn(original: Any) -> Any:
    """For a role's session `aws:PrincipalArn` is the role's ARN, not the session's."""
    roles = border.of("ministack.services.iam", "_roles")

    def resolve(key: str, ctx: Any) -> Any:
        if key.lower() == "aws:principalarn" and ":assumed-role/" in ctx.principal_arn:
            name = ctx.principal_arn.split(":assumed-role/", 1)[1].split("/", 1)[0]
            role = roles.get_scoped(ctx.principal_account, None, name)
            return role["Arn"] if role else ctx.principal_arn
        return original(key, ctx)

    return resolve


def _resolver(ctx: Any) -> patterns.Resolver:
    def resolve(name: str) -> str | None:
        value = _engine("_resolve_condition_key")(name, ctx)
        # A variable of a multivalued key has no one value.
        return value if isinstance(value, str) else None

    return resolve


def first_match(ctx: Any, statements: list[Any], effect: str) -> Any:
    """Return the first statement of that effect which matches the request, or None."""
    for statement in statements:
        if statement.effect == effect and _matches(statement, ctx):
            return statement
    return None


def _matches(statement: Any, ctx: Any) -> bool:
    if statement.actions:
        if not any(patterns.matches_action(ctx.action, pattern) for pattern in statement.actions):
            return False
    elif any(patterns.matches_action(ctx.action, pattern) for pattern in statement.not_actions):
        return False
    resolve = _resolver(ctx) if getattr(statement, "lakenb_variables", False) else None
    if statement.resources:
        if not any(_covers(pattern, ctx.resource_arn, resolve) for pattern in statement.resources):
            return False
    elif any(_covers(pattern, ctx.resource_arn, resolve) for pattern in statement.not_resources):
        return False
    return not statement.conditions or _all_hold(statement.conditions, ctx, resolve)


def _covers(pattern: str, resource: str, resolve: patterns.Resolver | None) -> bool:
    try:
        return patterns.matches(resource, pattern, resolve)
    except patterns.UnresolvedVariableError:
        return False


def _conditions_met(conditions: dict[str, Any], ctx: Any) -> bool:
    """Stand in for the emulator's function of that name (trust policies use it directly)."""
    return not conditions or _all_hold(conditions, ctx, _resolver(ctx))


def _all_hold(conditions: dict[str, Any], ctx: Any, resolve: patterns.Resolver | None) -> bool:
    for operator, keys in conditions.items():
        for key, expected in keys.items():
            values = expected if isinstance(expected, list) else [expected]
            actual = _engine("_resolve_condition_key")(key, ctx)
            if not _holds(operator.lower(), actual, [_text(value) for value in values], resolve):
                return False
    return True


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(operator: str, actual: Any, expected: list[str], resolve: patterns.Resolver | None) -> bool:
    """Return whether one operator holds: values are ORed; for a negated operator none may match."""
    if operator == "null":
        return (actual is None) == (expected[0].lower() == "true")
    if_exists = operator.endswith("ifexists")
    operator = operator.removesuffix("ifexists")
    quantifier, colon, plain = operator.partition(":")
    operator = plain if colon else operator
    every, some = quantifier == "forallvalues", quantifier == "foranyvalue"
    negated = operator in _engine("_NEGATED_OPS")
    if operator not in _engine("_CONDITION_OPS"):
        return False
    if actual is None or (isinstance(actual, list) and not actual):
        return if_exists or every or (negated and not some)
    found = [_text(value) for value in (actual if isinstance(actual, list) else [actual])]
    results = [_any_equal(operator, value, expected, resolve) != negated for value in found]
    return all(results) if every or (negated and not some) else any(results)


def _any_equal(operator: str, value: str, expected: list[str], resolve: patterns.Resolver | None) -> bool:
    """Return whether the value is one of the expected, by the operator's own, unnegated comparison.

    A variable without a value equals nothing, so a negated operator holds on it (IAM User Guide, "Policy
    variables with no value").
    """
    return any(_equal(operator, value, text, resolve) for text in expected)


def _equal(operator: str, value: str, expected: str, resolve: patterns.Resolver | None) -> bool:
    with contextlib.suppress(patterns.UnresolvedVariableError):
        if operator in _LIKE:
            return patterns.matches(value, expected, resolve)
        if operator in _ARN:
            return patterns.matches_arn(value, expected, resolve)
        compare, negated = _engine("_CONDITION_OPS")[operator], operator in _engine("_NEGATED_OPS")
        return bool(compare(value, patterns.literal(expected, resolve))) != negated
    return False


def _evaluate(ctx: Any, policies: list[list[Any]], *limits: list[list[Any]]) -> Any:
    """Deny in any layer, then an Allow that every limit shares; the answer names the layer that decided."""
    result = _weigh(ctx, policies, limits)
    seen = trace.get()
    if seen is not None:
        result.lakenb_context = ctx  # what the request told goes into the record with the answer
        seen.append(result)
    return result


def _weigh(ctx: Any, policies: list[list[Any]], limits: tuple[list[list[Any]], ...]) -> Any:
    layers = [[statement for policy in layer for statement in policy] for layer in (policies, *limits)]
    for number, statements in enumerate(layers):
        denied = first_match(ctx, statements, "Deny")
        if denied is not None:
            return _result("Deny", ctx, denied.sid, "boundary" if number else "")
    allowed = first_match(ctx, layers[0], "Allow")
    if allowed is None:
        return _result("ImplicitDeny", ctx, "", "")
    if any(first_match(ctx, statements, "Allow") is None for statements in layers[1:]):
        return _result("ImplicitDeny", ctx, "", "boundary")
    return _result("Allow", ctx, allowed.sid, "")


def _result(decision: str, ctx: Any, sid: str, layer: str) -> Any:
    return _engine("EvalResult")(decision, ctx.principal_arn, sid, layer)


def _evaluate_resource_policy(
    document: Any, ctx: Any, service: str | None = None, named_only: bool = False, direct_only: bool = False
) -> Any:
    """Weigh the statements of a resource's policy that name the caller."""
    caller = ctx.principal_arn
    if direct_only:
        names = functools.partial(_names_directly, caller=caller)
    elif named_only:
        names = functools.partial(_names_itself, caller=caller)
    else:
        names = functools.partial(_names, caller=caller, service=service)
    return _evaluate(
        ctx, [[statement for principal, statement in _resource_statements(document) if names(principal)]]
    )


def _names_directly(principal: Any, *, caller: str) -> bool:
    return bool(_engine("_names_caller_directly")(principal, caller))


def _names_itself(principal: Any, *, caller: str) -> bool:
    return bool(_engine("_names_caller")(principal, caller))


def _names(principal: Any, *, caller: str, service: str | None) -> bool:
    if not isinstance(principal, dict):
        return bool(_engine("_principal_matches")(principal, caller))
    if _engine("_principal_matches")({"AWS": principal.get("AWS", [])}, caller):
        return True
    return bool(service) and bool(_engine("_service_principal_matches")(principal, service))


def _resource_statements(document: Any) -> list[tuple[Any, Any]]:
    """Return (principal, statement) pairs; one with NotPrincipal names nobody, so it stays closed."""
    text = document if isinstance(document, str) else json.dumps(document or {}, sort_keys=True)
    found = _parsed_resource.get(text)
    if found is None:
        found = []
        with contextlib.suppress(ValueError):
            parsed = json.loads(text) if text else {}
            raw = parsed.get("Statement", []) if isinstance(parsed, dict) else []
            version = _version(parsed)
            for entry in raw if isinstance(raw, list) else [raw]:
                alone = {"Version": version, "Statement": [entry]}
                statements = _engine("parse_policy_document")(alone)
                found.extend((entry.get("Principal", {}), statement) for statement in statements)
        if len(_parsed_resource) > _PARSED_AT_MOST:
            _parsed_resource.clear()
        _parsed_resource[text] = found
    return found
