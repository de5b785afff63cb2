"""Statements that do nothing: without them everybody could do exactly the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from lakenb.iam.policies import Policy, indexed
from lakenb.iam.proof.globs import contains, glob, of_action
from lakenb.iam.proof.principals import administrator
from lakenb.iam.questions.access import Standing, access, asked, decision
from lakenb.iam.questions.askers import everyone, holders
from lakenb.iam.questions.classes import classes
from lakenb.iam.questions.compare import Both, Comparison
from lakenb.iam.questions.grants import Grant, action_globs, resource_globs
from lakenb.iam.questions.places import described, label
from lakenb.iam.questions.suits import suits
from lakenb.iam.truth import Decision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World

_SHOWN: Final = 3


class Idle(Enum):
    """Why a statement does nothing."""

    UNSUITED = "matches no request"
    DENIED = "allows nothing that is not denied"
    COVERED = "is covered by another"
    GIVES_NOTHING = "gives nobody anything"
    DENIES_NOTHING = "denies nothing that anything allows"


@dataclass(frozen=True, slots=True)
class IdleRow:
    """One statement that does nothing, or a text of one.

    Parameters
    ----------
    holder
        Who or what carries the policy.
    statement
        As ``policy, statement``.
    kind
        Why it does nothing.
    why
        A sentence.
    """

    holder: str
    statement: str
    kind: Idle
    why: str

    def __str__(self) -> str:
        """Return one line."""
        return f"{self.holder}: {self.statement} {self.kind.value}: {self.why}"


@dataclass(frozen=True, slots=True, repr=False)
class IdleRows:
    """Every statement that does nothing.

    Parameters
    ----------
    rows
        Sorted by holder.
    undecided
        Of which statements it could not be told.
    """

    rows: tuple[IdleRow, ...]
    undecided: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return a line for each."""
        lines = [str(row) for row in self.rows] or ["every statement does something"]
        return "\n".join((*lines, *(f"not decided: {each}" for each in self.undecided)))


def vacuous(world: World) -> IdleRows:
    """Return the statements that do nothing.

    Parameters
    ----------
    world
        One deployment of a template. Denies count as doing something where they bind an administrator of the
        account, whose own policies allow everything.

    Returns
    -------
    IdleRows
        Of the template's identities and resource-based policies. That a statement does nothing today does
        not mean that it should go: a deny may stand there for a grant to come.
    """
    rows: list[IdleRow] = []
    doubts: list[str] = []
    for who in holders(world):
        rows += _of_identity(world, who, doubts)
    rows += _of_guards(world, doubts)
    return IdleRows(tuple(sorted(rows, key=lambda row: (row.holder, row.statement))), tuple(doubts))


def _of_identity(world: World, who: Who, doubts: list[str]) -> Iterator[IdleRow]:
    for policy in who.identity:
        for statement in policy.statements:
            name = f"{policy.label}, {statement.label}"
            yield from _unsuited(world, who.label, name, statement)
            without = tuple(_without(each, statement) if each is policy else each for each in who.identity)
            both = Both(who.label, who, replace(who, identity=without))
            if statement.is_allow and _shows(world, policy, statement, both):
                continue
            if not _differs(Comparison(world, world), both, name, doubts):
                yield _row(world, who, policy, statement)


def _of_guards(world: World, doubts: list[str]) -> Iterator[IdleRow]:
    """Yield the idle statements of guards: a policy may guard several resources, and is idle on all then."""
    everybody = (administrator(world), *everyone(world))
    idle: dict[str, tuple[list[str], Statement]] = {}
    busy: set[str] = set()
    for arn, policy in world.guards.items():
        for statement in policy.statements:
            name = f"{policy.label}, {statement.label}"
            if name in busy:
                continue
            other = replace(world, guards={**world.guards, arn: _without(policy, statement)})
            comparison = Comparison(world, other)
            if any(_differs(comparison, Both(who.label, who, who), name, doubts) for who in everybody):
                busy.add(name)
            else:
                idle.setdefault(name, ([], statement))[0].append(label(world, arn))
    for name, (holders_of, statement) in idle.items():
        if name not in busy:
            kind = Idle.GIVES_NOTHING if statement.is_allow else Idle.DENIES_NOTHING
            why = (
                "whom it names has it without" if statement.is_allow else "no statement allows what it denies"
            )
            yield IdleRow(" and ".join(holders_of), name, kind, why)


def _without(policy: Policy, statement: Statement) -> Policy:
    left = tuple(each for each in policy.statements if each is not statement)
    return Policy(policy.kind, policy.label, left, *indexed(left))


def _shows(world: World, policy: Policy, statement: Statement, both: Both) -> bool:
    """Return whether a likely request shows that an Allow does something; if none does, it is open."""
    if both.old is None or both.new is None:
        return False
    for resource in resource_globs(statement):
        for action in action_globs(statement):
            grant = Grant(policy, statement, action, resource)
            found = access(world, both.old, grant, classes(action)[0][1], action, resource)
            if found.witness is None or found.standing not in {Standing.ALLOWED, Standing.CONDITIONAL}:
                continue
            seen = found.witness
            request = asked(world, both.new, seen.action, seen.resource, dict(seen.context))
            if decision(world, both.new, request) is not Decision.ALLOWED:
                return True
    return False


def _differs(comparison: Comparison, both: Both, name: str, doubts: list[str]) -> bool:
    """Return whether anything is decided differently; where that is open, yes, and it is noted."""
    if next(comparison.of(both), None) is not None:
        return True
    if comparison.doubts:
        doubts.append(f"whether {name} does anything: {comparison.doubts[0]}")
        return True
    return False


def _row(world: World, who: Who, policy: Policy, statement: Statement) -> IdleRow:
    name = f"{policy.label}, {statement.label}"
    if not statement.is_allow:
        why = f"no statement allows {who.label} what it denies"
        return IdleRow(who.label, name, Idle.DENIES_NOTHING, why)
    why = ""
    for resource in resource_globs(statement):
        for action in action_globs(statement):
            grant = Grant(policy, statement, action, resource)
            found = access(world, who, grant, classes(action)[0][1], action, resource)
            if found.standing is not Standing.DENIED:
                return IdleRow(who.label, name, Idle.COVERED, _covering(who, statement))
            why = why or found.why
    return IdleRow(who.label, name, Idle.DENIED, why)


def _covering(who: Who, statement: Statement) -> str:
    """Return which other statement allows the same, where one does by itself."""
    for policy in who.identity:
        for other in policy.statements:
            if (
                other is not statement
                and other.is_allow
                and not other.conditions
                and _holds(other, statement)
            ):
                return f"{policy.label}, {other.label} allows the same and perhaps more"
    return "others together allow the same"


def _holds(outer: Statement, inner: Statement) -> bool:
    if outer.actions.is_negated or outer.is_negated_resources:
        return False
    return all(
        any(contains(of_action(wide), of_action(text)) for wide in action_globs(outer))
        for text in action_globs(inner)
    ) and all(
        any(contains(glob(wide), glob(text)) for wide in resource_globs(outer))
        for text in resource_globs(inner)
    )


def _unsuited(world: World, holder: str, name: str, statement: Statement) -> Iterator[IdleRow]:
    """Yield the resources of an Allow on which none of its actions can be asked for."""
    if not statement.is_allow or statement.actions.is_negated or statement.is_negated_resources:
        return
    actions = action_globs(statement)
    for resource in resource_globs(statement):
        if not any(suits(action, resource) for action in actions):
            shown = ", ".join(actions[:_SHOWN]) + (" ..." if len(actions) > _SHOWN else "")
            why = f"{shown} is never asked for on {described(world, resource)}"
            yield IdleRow(holder, name, Idle.UNSUITED, why)
