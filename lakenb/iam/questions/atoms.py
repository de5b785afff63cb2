"""Policies as sets of smallest statements: what is in one and not in another has to be looked at.

A statement with several actions, resources and principals says the same as one for each of them. So
statements that are split, joined, reordered, written twice or named otherwise leave the same atoms.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

from lakenb.iam.patterns import Pattern
from lakenb.iam.questions.places import glob_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from lakenb.iam.conditions import Condition
    from lakenb.iam.policies import Policy, Statement


@dataclass(frozen=True, slots=True, eq=False)
class Atom:
    """One principal, action and resource text of a statement; equal to those that say the same.

    Parameters
    ----------
    key
        What it says.
    policy, statement
        Where it stands.
    action, resource
        Globs that hold all that it is about.
    guard
        The ARN of what its policy guards; empty for an identity-based one.
    is_whole
        Whether it stands for all that a policy or resource that comes or goes touches.
    """

    key: Hashable
    policy: Policy
    statement: Statement
    action: str
    resource: str
    guard: str = ""
    is_whole: bool = False

    @property
    def is_allow(self) -> bool:
        """Whether it allows."""
        return self.statement.is_allow and not self.is_whole

    @property
    def name(self) -> str:
        """Its policy and statement, as witnesses name them."""
        return f"{self.policy.label}, {self.statement.label}"


def atoms(policies: Iterable[Policy], guard: str = "") -> dict[Hashable, Atom]:
    """Return the atoms of policies that stand together."""
    found: dict[Hashable, Atom] = {}
    for policy in policies:
        for statement in policy.statements:
            for atom in _of(policy, statement, guard):
                found.setdefault(atom.key, atom)
    return found


def _of(policy: Policy, statement: Statement, guard: str) -> Iterator[Atom]:
    conditions = frozenset(map(_condition, statement.conditions))
    who = tuple(_principals(statement))
    named = tuple(_actions(statement))
    on = tuple(_resources(statement))
    for principal, (action, told), (resource, where) in product(who, named, on):
        key = (statement.is_allow, principal, told, where, conditions)
        yield Atom(key, policy, statement, action, resource, guard)


def _actions(statement: Statement) -> Iterator[tuple[str, Hashable]]:
    actions = statement.actions
    folded = frozenset(text.lower() for text in actions.texts)
    if actions.is_negated:
        yield "*", ("all but", folded)
        return
    yield from ((text, text) for text in sorted(folded))


def _resources(statement: Statement) -> Iterator[tuple[str, Hashable]]:
    if statement.resources is None:
        yield "*", None
    elif statement.is_negated_resources:
        yield "*", ("all but", frozenset(each.pieces for each in statement.resources))
    else:
        yield from ((glob_of(each), each.pieces) for each in statement.resources)


def _principals(statement: Statement) -> Iterator[Hashable]:
    named = statement.principals
    if named is None:
        yield None
        return
    texts = {(text, text in named.services, text in named.providers) for text in named.texts}
    everybody = (named.has_everyone, named.has_any_service, named.has_canonical)
    if statement.is_negated_principals or "*" in named.texts or named.has_canonical:
        yield (statement.is_negated_principals, frozenset(texts), everybody)
        return
    yield from sorted(texts)


def _condition(condition: Condition) -> Hashable:
    pieces = []
    for value, compare in zip(condition.values, condition.comparisons, strict=False):
        owner = getattr(compare, "__self__", None)
        pieces.append(owner.pieces if isinstance(owner, Pattern) else value)
    return (condition.operator, condition.name, frozenset(pieces or condition.values))
