"""What Allow statements cover of a zone: nothing else can be allowed there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.principals import EVERYONE, ITS_ROLE, ITSELF
from lakenb.iam.proof.actions import can_act_on
from lakenb.iam.proof.compiled import compiled
from lakenb.iam.proof.globs import EVERYWHERE, Fill, Glob, contains
from lakenb.iam.proof.guards import territory
from lakenb.iam.proof.texts import met
from lakenb.iam.requests import Sort

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.compiled import Compiled
    from lakenb.iam.proof.guards import Guards
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World

_ANSWERING: Final = ITSELF | ITS_ROLE | EVERYONE


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """A part of a zone: what one text of an Allow's actions and one of its resources cover.

    Parameters
    ----------
    actions, resources
        Globs, all of which must be met.
    statement
        The Allow; None where all of the zone is to be looked at.
    label
        Of its policy and itself.
    guard
        The ARN of what the Allow's policy guards; empty for an identity-based one.
    action, resource
        Its texts; None for a negation and for a resource with variables.
    """

    actions: tuple[Glob, ...]
    resources: tuple[Glob, ...]
    statement: Statement | None = None
    label: str = ""
    guard: str = ""
    action: Glob | None = None
    resource: Glob | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A domain's resources under one guard, or under none.

    Parameters
    ----------
    policy
        The guard; None for none.
    resources
        Globs, all of which must be met.
    """

    policy: Policy | None
    resources: tuple[Glob, ...]


def whole(actions: tuple[Glob, ...], resources: tuple[Glob, ...]) -> Iterator[Domain]:
    """Yield all of a zone."""
    for action in actions:
        for resource in resources:
            yield Domain((action,), (resource,))


def covered(  # noqa: PLR0917 - all that it depends on, called in one place
    world: World,
    index: Guards,
    who: Who,
    actions: tuple[Glob, ...],
    resources: tuple[Glob, ...],
    fill: Fill,
) -> Iterator[Domain]:
    """Yield what the Allow statements that may grant something to somebody cover of a zone.

    A stranger of another account needs its own side as well, which allows it everything; so what the
    template's resources grant is all that counts. In the account a policy that names the account alone
    only lets identity-based policies decide, and these are looked at anyway.
    """
    asks = who.principal
    is_at_home = asks.account == world.account
    if is_at_home and asks.sort is Sort.ROOT:
        yield from whole(actions, resources)
    if asks.has_own_policies and (is_at_home or who.logical_id):
        for policy in who.identity:
            for each in compiled(policy).values():
                if each.statement.is_allow:
                    yield from _parts(each, "", actions, resources, fill)
    ways = _ANSWERING if is_at_home else ~0
    for naming, possible in index.naming(asks, resources):
        if possible & ways:
            each = compiled(naming.policy)[id(naming.statement)]
            yield from _parts(each, naming.arn, actions, resources, fill)


def _parts(
    each: Compiled,
    guard: str,
    actions: tuple[Glob, ...],
    resources: tuple[Glob, ...],
    fill: Fill,
) -> Iterator[Domain]:
    named = list(_actions(each, actions))
    if not named:
        return
    for text, on in _resources(each, guard, resources, fill):
        for action, wanted in named:
            if can_be(wanted, on):
                yield Domain(wanted, on, each.statement, each.label, guard, action, text)


def can_be(actions: tuple[Glob, ...], resources: tuple[Glob, ...]) -> bool:
    """Return whether there are requests for these actions on these resources."""
    action = max(actions, key=lambda each: len(each.prefix))
    resource = max(resources, key=lambda each: len(each.prefix))
    service, colon, _ = action.prefix.partition(":")
    named = action.prefix if action.is_literal else service + colon
    return can_act_on(named, resource.prefix, is_literal=action.is_literal and resource.is_literal)


def _actions(each: Compiled, zone: tuple[Glob, ...]) -> Iterator[tuple[Glob | None, tuple[Glob, ...]]]:
    if each.statement.actions.is_negated:
        for one in zone:
            yield None, (one,)
        return
    for one in each.actions:
        for common in _common(one, zone):
            yield one, common


def _resources(
    each: Compiled, guard: str, zone: tuple[Glob, ...], fill: Fill
) -> Iterator[tuple[Glob | None, tuple[Glob, ...]]]:
    is_plain = not (each.statement.resources is None or each.statement.is_negated_resources)
    texts = each.on(fill) if is_plain else (EVERYWHERE,)
    for one in texts:
        text = one if is_plain and one in each.resources else None
        for common in _common(one, zone):
            if not guard:
                yield text, common
                continue
            for part in territory(guard):
                inside = met((*common, part))
                if inside is not None:
                    yield text, inside


def _common(one: Glob, zone: tuple[Glob, ...]) -> Iterator[tuple[Glob, ...]]:
    """Yield what a text has in common with each of a zone's globs; itself where one holds it whole."""
    if any(contains(each, one) for each in zone):
        yield (one,)
        return
    for each in zone:
        found = met((one, each))
        if found is not None:
            yield found


def regions(world: World, index: Guards, domain: Domain) -> Iterator[Region]:
    """Yield a domain's resources by what guards them, those without a guard last."""
    if domain.guard:
        yield Region(world.guards[domain.guard], domain.resources)
        return
    longest = max(domain.resources, key=lambda each: len(each.prefix))
    is_all = False
    for arn in index.about(longest):
        for part in territory(arn):
            common = met((*domain.resources, part))
            if common is None:
                continue
            is_all |= any(each.is_literal or contains(part, each) for each in domain.resources)
            if domain.statement is None or can_be(domain.actions, common):
                yield Region(world.guards[arn], common)
    if not is_all:
        yield Region(None, domain.resources)
