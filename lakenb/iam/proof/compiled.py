"""Policies as globs, made once for each policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.globs import Fill, Glob, of_action, of_pattern, strict
from lakenb.iam.proof.keys import splits_actions, splits_resources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.iam.patterns import Pattern, Variable
    from lakenb.iam.policies import Policy, Statement

_MOST: Final = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """One statement as globs.

    Parameters
    ----------
    label
        Of policy and statement.
    statement
        The statement.
    actions
        Its texts, negated or not.
    resources
        Its texts without variables, negated or not.
    with_variables
        Its texts with variables.
    splits
        Actions on which the presence of its condition keys depends.
    places
        Resources on which their values depend.
    """

    label: str
    statement: Statement
    actions: tuple[Glob, ...]
    resources: tuple[Glob, ...]
    with_variables: tuple[Pattern, ...]
    splits: tuple[Glob, ...]
    places: tuple[Glob, ...]

    def on(self, fill: Fill) -> Iterator[Glob]:
        """Yield its resources' texts, with variables filled in."""
        yield from self.resources
        yield from (of_pattern(each, fill) for each in self.with_variables)


_kept: dict[int, tuple[Policy, dict[int, Compiled]]] = {}


def compiled(policy: Policy) -> dict[int, Compiled]:
    """Return a policy's statements by their ids; the last used policies' are kept."""
    found = _kept.get(id(policy))
    if found is None:
        if len(_kept) >= _MOST:
            _kept.clear()
        made = {id(each): _statement(policy, each) for each in policy.statements}
        found = _kept[id(policy)] = policy, made
    return found[1]


def about(policies: Iterable[Policy], service: str) -> Iterator[Compiled]:
    """Yield the statements that can be about a service's actions; about any, where the service is empty."""
    for policy in policies:
        by_id = compiled(policy)
        if not service:
            yield from by_id.values()
            continue
        for each in policy.by_service.get(service, policy.of_any_service):
            yield by_id[id(each)]


def _statement(policy: Policy, each: Statement) -> Compiled:
    patterns = each.resources or ()
    return Compiled(
        f"{policy.label}, {each.label}",
        each,
        tuple(map(of_action, each.actions.texts)),
        tuple(of_pattern(one, _nothing) for one in patterns if one.matcher is not None),
        tuple(one for one in patterns if one.matcher is None),
        tuple(
            of_action(text)
            for key in dict.fromkeys(condition.name for condition in each.conditions)
            for text in splits_actions(key)
        ),
        tuple(
            strict(text)
            for condition in each.conditions
            for text in splits_resources(condition.name, condition.values)
        ),
    )


def _nothing(_: Variable) -> None:
    return None
