"""The Allow statements that can grant something to somebody, text by text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.principals import ITS_ACCOUNT
from lakenb.iam.proof.globs import EVERYWHERE, glob, of_action, overlaps, partition
from lakenb.iam.proof.guards import territory
from lakenb.iam.proof.machines import TooManyStatesError
from lakenb.iam.proof.texts import met as common
from lakenb.iam.questions.pieces import Domain
from lakenb.iam.questions.places import forms, glob_of
from lakenb.iam.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World

_STATES: Final = 20_000
_Guarded = tuple[str, "Policy", "Statement"]


@dataclass(frozen=True, slots=True, eq=False)
class Grant:
    """One Allow that names somebody, for one of its action texts on one of its resource texts.

    Parameters
    ----------
    policy, statement
        Where it stands.
    action, resource
        The texts, as globs.
    guard
        The ARN of what its policy guards; empty for an identity-based policy.
    """

    policy: Policy
    statement: Statement
    action: str
    resource: str
    guard: str = ""

    @property
    def name(self) -> str:
        """The policy and the statement, as witnesses name them."""
        return f"{self.policy.label}, {self.statement.label}"


def grants(world: World, who: Who) -> Iterator[Grant]:
    """Yield every Allow that can grant something to somebody, text by text.

    An Allow in a guard that names the account only delegates: what it lets through is what an identity-based
    policy grants, and that is among these by itself.
    """
    asks = who.principal
    is_foreign = bool(asks.account) and asks.account != world.account
    if asks.has_own_policies and not is_foreign:
        for policy in who.identity:
            yield from policy_grants(policy)
    for arn, policy, statement in guard_allows(world, who):
        yield from guard_grants(arn, policy, statement)


def policy_grants(policy: Policy) -> Iterator[Grant]:
    """Yield the Allow statements of an identity-based policy, text by text."""
    for statement in policy.statements:
        if statement.is_allow:
            for resource in resource_globs(statement):
                for action in action_globs(statement):
                    yield Grant(policy, statement, action, resource)


def guard_grants(arn: str, policy: Policy, statement: Statement) -> Iterator[Grant]:
    """Yield one Allow of a guard, text by text, narrowed to what it guards."""
    for text in resource_globs(statement):
        for resource in _inside(text, arn):
            for action in action_globs(statement):
                yield Grant(policy, statement, action, resource, arn)


def action_globs(statement: Statement) -> tuple[str, ...]:
    """Return the globs that hold every action that a statement is about."""
    return ("*",) if statement.actions.is_negated else statement.actions.texts


def resource_globs(statement: Statement) -> tuple[str, ...]:
    """Return the globs that hold every resource that a statement is about."""
    if statement.resources is None or statement.is_negated_resources:
        return ("*",)
    return tuple(map(glob_of, statement.resources))


def _inside(text: str, guarded: str) -> tuple[str, ...]:
    """Return a glob of a guard's statement, within the texts that the guard is asked about."""
    if text.startswith(guarded):
        return (text,)
    asked = glob(text)
    return tuple(form for form in forms(guarded) if overlaps(asked, glob(form)))


def guard_allows(world: World, who: Who) -> Iterator[tuple[str, Policy, Statement]]:
    """Yield the Allow statements of guards that grant to somebody by themselves."""
    asks = who.principal
    is_ours = bool(asks.account) and asks.account == world.account
    everybodys, by_name = _index(world)
    role = asks.keys.get("aws:principalarn", ("",))[0]
    names = dict.fromkeys((asks.text, role, asks.account, f"{asks.account} {asks.name}"))
    found = [*everybodys, *(each for name in names if name for each in by_name.get(name, ()))]
    for arn, policy, statement in found:
        _, possible = statement.reach(_asked_by(who), has_boundary=bool(who.boundaries))
        if possible & (~ITS_ACCOUNT if is_ours else ~0):
            yield arn, policy, statement


@lru_cache(maxsize=512)
def _asked_by(who: Who) -> Request:
    return Request(who.principal, "any:Action", "*", who.principal.account, {})


@lru_cache(maxsize=64)
def _index(world: World) -> tuple[tuple[_Guarded, ...], Mapping[str, tuple[_Guarded, ...]]]:
    """Return the guards' Allow statements for anybody, and those for some by what names them."""
    anybody: list[_Guarded] = []
    by_name: dict[str, list[_Guarded]] = {}
    for arn, policy in world.guards.items():
        for statement in policy.statements:
            if not statement.is_allow:
                continue
            one, named = (arn, policy, statement), statement.principals
            if (
                named is None
                or statement.is_negated_principals
                or named.has_everyone
                or named.has_canonical
                or named.has_any_service
            ):
                anybody.append(one)
                continue
            roles = {f"{account} {name}" for account, name in named.roles | named.sessions}
            users = {f"{account}" for account in named.users_of}
            for name in named.arns | named.accounts | named.services | named.providers | roles | users:
                by_name.setdefault(name, []).append(one)
    return tuple(anybody), {name: tuple(each) for name, each in by_name.items()}


def domains(grant: Grant, actions: str, resource: str) -> Iterator[Domain]:
    """Yield what an Allow covers of a set of requests."""
    named = common((of_action(grant.action), of_action(actions)))
    on = common((glob(grant.resource), glob(resource)))
    if named is None or on is None:
        return
    for part in territory(grant.guard) if grant.guard else (EVERYWHERE,):
        inside = common((*on, part))
        if inside is not None:
            yield Domain(grant.statement, named, inside, grant.guard)


def met(one: str, other: str) -> str:
    """Return a short text that two globs of resources match; empty where there is none."""
    try:
        parts = partition((), [glob(one).possible, glob(other).possible], states=_STATES)
    except TooManyStatesError:
        return ""
    return parts[0].text if parts else ""


def actions_meet(one: str, other: str) -> bool:
    """Return whether two globs of actions have an action in common."""
    return one == "*" or other == "*" or overlaps(of_action(one), of_action(other))


def resources_meet(one: str, other: str) -> bool:
    """Return whether two globs of resources have one in common."""
    return one == other or overlaps(glob(one), glob(other))
