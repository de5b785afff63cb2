"""Policies and their statements as values, with everything compiled once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from lakenb.iam.truth import MAYBE, NO, YES, Truth

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Mapping

    from lakenb.iam.conditions import Condition
    from lakenb.iam.patterns import Pattern
    from lakenb.iam.principals import Named
    from lakenb.iam.requests import Request

_CERTAIN_ONE = (1, 1)


class PolicyKind(Enum):
    """Where a policy stands, in the words of AWS's own denials."""

    IDENTITY = "identity-based policy"
    RESOURCE = "resource-based policy"
    TRUST = "role trust policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"

    @property
    def names_principals(self) -> bool:
        """Whether its statements say whom they are about."""
        return self in _WITH_PRINCIPALS

    def __str__(self) -> str:
        """Return the words."""
        return self.value


_WITH_PRINCIPALS = frozenset(
    {PolicyKind.RESOURCE, PolicyKind.TRUST, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT}
)


@dataclass(frozen=True, slots=True)
class Actions:
    """The Action or NotAction element: exact names in lower case, and expressions for the others."""

    texts: tuple[str, ...]
    names: frozenset[str]
    globs: tuple[re.Pattern[str], ...]
    is_negated: bool

    def cover(self, action: str) -> bool:
        """Return whether an action in lower case is covered."""
        is_named = action in self.names or any(glob.fullmatch(action) for glob in self.globs)
        return is_named is not self.is_negated


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Parameters
    ----------
    label
        Its Sid in quotes, or its number.
    is_allow
        Whether its effect is Allow.
    principals
        Whom it names; None where such policies name nobody.
    is_negated_principals
        Whether it is about everybody but these.
    actions
        What it is about.
    resources
        On what; none stand for every resource, as in a trust policy.
    is_negated_resources
        Whether on everything but these.
    conditions
        All must hold.
    """

    label: str
    is_allow: bool
    principals: Named | None
    is_negated_principals: bool
    actions: Actions
    resources: tuple[Pattern, ...] | None
    is_negated_resources: bool
    conditions: tuple[Condition, ...]

    def covers_resource(self, request: Request) -> Truth:
        """Return whether the statement is about the request's resource."""
        if self.resources is None:
            return YES
        best = NO
        for pattern in self.resources:
            truth = (
                pattern.matches(request.resource, request.values)
                if pattern.matcher is None
                else pattern.matcher(request.resource)
            )
            if truth == YES:
                best = YES
                break
            best = max(best, truth)
        return YES - best if self.is_negated_resources else best

    def holds(self, request: Request) -> Truth:
        """Return whether all its conditions hold."""
        worst = YES
        for condition in self.conditions:
            truth = condition.holds(request)
            if truth == NO:
                return NO
            worst = min(worst, truth)
        return worst

    def reach(self, request: Request, *, has_boundary: bool) -> tuple[int, int]:
        """Return how the statement names who asks: certain and possible, as `Named.reach` has it."""
        if self.principals is None:
            return _CERTAIN_ONE
        if not self.is_negated_principals:
            return self.principals.reach(request.principal)
        spared = self.principals.exempts(request.principal, has_boundary=has_boundary)
        return (1 if spared == NO else 0), (0 if spared == YES else 1)


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; make it with `lakenb.iam.parser.policy`.

    Parameters
    ----------
    kind
        Where it stands.
    label
        What explanations call it.
    statements
        In their order.
    by_service
        The statements that can be about an action of a service, by its prefix in lower case.
    of_any_service
        Those for every other service.
    """

    kind: PolicyKind
    label: str
    statements: tuple[Statement, ...]
    by_service: Mapping[str, tuple[Statement, ...]]
    of_any_service: tuple[Statement, ...]

    def about(self, action: str) -> tuple[Statement, ...]:
        """Return the statements that can be about an action in lower case."""
        return self.by_service.get(action.partition(":")[0], self.of_any_service)

    def weigh(
        self,
        request: Request,
        action: str,
        *,
        has_boundary: bool = False,
        adjust: Callable[[tuple[int, int]], tuple[int, int]] | None = None,
    ) -> tuple[Truth, int, int]:
        """Return what the policy says of a request.

        Parameters
        ----------
        request
            Who asks for what.
        action
            Its action in lower case.
        has_boundary
            Whether a permissions boundary limits who asks.
        adjust
            Changes how principals are named, for policies that read them in a way of their own.

        Returns
        -------
        tuple
            Whether it denies, and how its allows name who asks: what is certain, and what is possible.
        """
        denies, certain, possible = NO, 0, 0
        for statement in self.about(action):
            if not statement.actions.cover(action):
                continue
            truth = statement.covers_resource(request)
            if truth == NO:
                continue
            reached = statement.reach(request, has_boundary=has_boundary)
            if adjust is not None:
                reached = adjust(reached)
            if not reached[1]:
                continue
            if statement.conditions:
                truth = min(truth, statement.holds(request))
                if truth == NO:
                    continue
            if statement.is_allow:
                certain |= reached[0] if truth == YES else 0
                possible |= reached[1]
            elif truth == YES and reached[0]:
                return YES, 0, 0  # INVARIANT: nothing outweighs a certain deny
            else:
                denies = MAYBE
        return denies, certain, possible


def indexed(
    statements: tuple[Statement, ...],
) -> tuple[dict[str, tuple[Statement, ...]], tuple[Statement, ...]]:
    """Return the statements by the services that their actions name, and those of any service."""
    services: set[str] = set()
    prefixes = [_prefixes(statement.actions) for statement in statements]
    for found in prefixes:
        services |= found or set()
    by_service = {
        service: tuple(
            statement
            for statement, found in zip(statements, prefixes, strict=True)
            if found is None or service in found
        )
        for service in services
    }
    anywhere = tuple(each for each, found in zip(statements, prefixes, strict=True) if found is None)
    return by_service, anywhere


def _prefixes(actions: Actions) -> set[str] | None:
    """Return the services whose actions are named; None where it can be any."""
    prefixes = {text.partition(":")[0].lower() for text in actions.texts}
    if actions.is_negated or any("*" in prefix or "?" in prefix for prefix in prefixes):
        return None
    return prefixes
