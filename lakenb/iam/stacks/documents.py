"""From a resolved policy document to a compiled policy, with what is unknown in it undecided.

A text with `UNKNOWN` in it is a pattern that answers MAYBE. Where the policy's grammar has no patterns - an
effect, an action, a principal, a number to compare with - the statement is taken apart: what is known stays
as it is, and the rest becomes a statement that is about everything it could be about, under a condition of
which nobody knows whether it holds. A whole document that cannot be read may allow and may deny everything.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import PolicyError
from lakenb.iam.operators import OPERATORS
from lakenb.iam.parser import policy
from lakenb.iam.policies import Policy, PolicyKind, Statement, indexed
from lakenb.iam.stacks.world import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VERSION: Final = "2012-10-17"
UNKNOWN_CONDITION: Final = {"Unknown": {"template": "what the template does not tell"}}
"""No operator of AWS: the evaluator takes it as one that it does not know, so neither true nor false."""

OPEN_TEXT: Final = "a text of the statement is not known"
"""Said of a statement whose unknown text comes from elsewhere; where it stands here, that is said instead."""

_EFFECTS = ("Allow", "Deny")
_LIKE = ("String", "Arn")
_ELEMENTS = ("Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A policy, and what could not be read in it.

    Parameters
    ----------
    policy
        Compiled.
    unread
        Pairs of the place inside the document and a sentence without its full stop.
    """

    policy: Policy
    unread: tuple[tuple[str, str], ...] = ()


def compiled(document: Any, kind: PolicyKind, label: str) -> Compiled:
    """Return a document as a policy.

    Parameters
    ----------
    document
        Resolved; a text is read as JSON.
    kind
        Where it stands.
    label
        What explanations call it.
    """
    if isinstance(document, str) and document != UNKNOWN:
        try:
            document = json.loads(document)
        except (ValueError, RecursionError):
            return Compiled(unknown_policy(kind, label), (("", "the document is a text that is no JSON"),))
    if not isinstance(document, dict):
        return Compiled(unknown_policy(kind, label), (("", "the document is not known"),))
    if not _is_unsure(document):
        try:
            return Compiled(policy(document, kind, label=label))
        except PolicyError:
            pass  # one statement at a time, below
    return _by_statement(document, kind, label)


def unknown_policy(kind: PolicyKind, label: str, *, what: str = "unknown") -> Policy:
    """Return a policy that may allow and may deny everything."""
    both = [unknown_statement(kind, effect, what) for effect in ("Allow", "Deny")]
    return policy({"Version": VERSION, "Statement": both}, kind, label=label)


def unknown_statement(kind: PolicyKind, effect: str, sid: str) -> dict[str, Any]:
    """Return a statement about everything, of which nobody knows whether it applies."""
    statement: dict[str, Any] = {
        "Sid": sid,
        "Effect": effect,
        "Action": "*",
        "Resource": "*",
        "Condition": UNKNOWN_CONDITION,
    }
    if kind.names_principals:
        statement["Principal"] = "*"
    return statement


def policy_of(kind: PolicyKind, label: str, statements: Iterable[Statement]) -> Policy:
    """Return compiled statements as one policy."""
    several = tuple(statements)
    by_service, anywhere = indexed(several)
    return Policy(kind, label, several, by_service, anywhere)


def merged(policies: Mapping[str, Policy]) -> Policy:
    """Return several policies of one resource as one; labels of statements tell which each comes from."""
    [first, *others] = policies.values()
    if not others:
        return first
    statements = [
        replace(statement, label=f"{name} {statement.label}")
        for name, each in policies.items()
        for statement in each.statements
    ]
    return policy_of(first.kind, ", ".join(policies), statements)


def _is_unsure(value: Any) -> bool:
    rest = [value]
    while rest:
        each = rest.pop()
        kind = type(each)
        if kind is str:
            if UNKNOWN in each:
                return True
        elif kind is dict:
            rest += each.values()
            rest += each
        elif kind is list:
            rest += each
    return False


def _by_statement(document: Mapping[str, Any], kind: PolicyKind, label: str) -> Compiled:
    unread: list[tuple[str, str]] = []
    version = document.get("Version", "2008-10-17")
    if version not in {VERSION, "2008-10-17"} if isinstance(version, str) else True:
        unread.append(("Version", "the version is not known"))
        version = VERSION
    written = document.get("Statement")
    several = written if isinstance(written, list) else [written]
    if "Statement" not in document or not set(document) <= {"Version", "Id", "Statement"}:
        return Compiled(unknown_policy(kind, label), (("", "the document is none that AWS describes"),))
    statements: list[Statement] = []
    for number, each in enumerate(several):
        place = f"Statement[{number}]" if isinstance(written, list) else "Statement"
        for part, complaint in _parts(each, kind):
            if complaint:
                unread.append((place, complaint))
            statements += _read(part, kind, version, number, place, unread)
    return Compiled(policy_of(kind, label, statements), tuple(dict.fromkeys(unread)))


def _read(  # noqa: PLR0917 - one step of a loop, called in one place
    part: Mapping[str, Any],
    kind: PolicyKind,
    version: str,
    number: int,
    place: str,
    unread: list[tuple[str, str]],
) -> Iterator[Statement]:
    try:
        found = policy({"Version": version, "Statement": part}, kind).statements
    except PolicyError as error:
        unread.append((place, f"the statement cannot be read: {error.faults[0].what}"))
        effects = [part["Effect"]] if part.get("Effect") in ("Allow", "Deny") else ["Allow", "Deny"]
        parts = [unknown_statement(kind, effect, str(part.get("Sid", ""))) for effect in effects]
        found = policy({"Version": version, "Statement": parts}, kind).statements
    for each in found:
        yield each if part.get("Sid") else replace(each, label=f"statement {number + 1}")


def _parts(statement: Any, kind: PolicyKind) -> Iterator[tuple[dict[str, Any], str]]:
    """Return statements that together say what one with unknown texts says, each with a complaint."""
    if not isinstance(statement, dict) or any(UNKNOWN in key for key in statement):
        for effect in _EFFECTS:
            yield unknown_statement(kind, effect, ""), "the statement is not known"
        return
    known = {key: _flat(value) if key in _ELEMENTS else value for key, value in statement.items()}
    if "Principal" in known:
        known["Principal"] = _texts(known["Principal"])
    if isinstance(known.get("Sid"), str):
        known["Sid"] = known["Sid"].replace(UNKNOWN, "?")
    if known.get("Condition") is not None:
        known["Condition"] = _condition(known["Condition"])
    if not _is_unsure(known.get("Effect")):
        yield from _taken_apart(known)
        return
    for effect in _EFFECTS:
        for part, complaint in _taken_apart({**known, "Effect": effect}):
            yield _perhaps(part), complaint or "the effect is not known"


def _taken_apart(statement: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    for part, complaint in _split(statement, "Action"):
        for each, other in _split(part, "Principal"):
            open_text = OPEN_TEXT if _is_unsure(each) else ""
            yield each, " and ".join(filter(None, (complaint, other))) or open_text


def _split(statement: dict[str, Any], element: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Return a statement with what an element surely names, and one with what it may name."""
    negated = f"Not{element}"
    name = negated if negated in statement else element
    value = statement.get(name)
    if not _is_unsure(value):
        yield statement, ""
        return
    complaint = f"the statement's {name} is not known"
    sure = _sure(value)
    rest = {key: each for key, each in statement.items() if key != name}
    if name == negated:  # what it surely leaves out stays left out, the rest is undecided
        yield _perhaps({**rest, **({negated: sure} if sure else {element: "*"})}), complaint
        return
    if sure:
        yield {**rest, element: sure}, ""
    yield _perhaps({**rest, element: "*"}), complaint


def _sure(value: Any) -> Any:
    if isinstance(value, dict):
        found = {key: _sure(each) for key, each in value.items() if UNKNOWN not in key}
        return {key: each for key, each in found.items() if each}
    if isinstance(value, list):
        return [each for each in value if not _is_unsure(each)]
    return None if _is_unsure(value) else value


def _perhaps(statement: dict[str, Any]) -> dict[str, Any]:
    return {**statement, "Condition": {**statement.get("Condition", {}), **UNKNOWN_CONDITION}}


def _condition(written: Any) -> Any:
    """Return a condition in which every unknown part makes its own line undecided, and no other."""
    if not isinstance(written, dict):
        return UNKNOWN_CONDITION if _is_unsure(written) else written
    found: dict[str, Any] = {}
    for operator, lines in written.items():
        if not isinstance(lines, dict) or UNKNOWN in operator:
            found |= UNKNOWN_CONDITION if _is_unsure({operator: lines}) else {operator: lines}
            continue
        base = operator.rsplit(":", 1)[-1].removesuffix("IfExists")
        for key, values in lines.items():
            values = _flat(values)  # noqa: PLW2901 - the same values, lists of lists made one
            is_open = UNKNOWN in key or (
                _is_unsure(values) and not (base in OPERATORS and base.startswith(_LIKE))
            )
            name = f"{operator} (not known)" if is_open else operator
            found.setdefault(name, {})[key.replace(UNKNOWN, "?")] = values
    return found


def _texts(value: Any) -> Any:
    """Return numbers as texts: YAML takes an account's digits for a number."""
    if isinstance(value, dict):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return str(value) if type(value) is int else value


def _flat(value: Any) -> Any:
    """Return lists in a list as one: a list parameter among texts."""
    if isinstance(value, list):
        return [inner for each in value for inner in (_flat(each) if isinstance(each, list) else [each])]
    if isinstance(value, dict):
        return {key: _flat(each) for key, each in value.items()}
    return value
