"""What a certificate is about: who asks in which world, zone and needs, and what tells requests apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from lakenb.iam.checker.contexts import fits
from lakenb.iam.checker.forms import compiled
from lakenb.iam.evaluator import InForce, must_delegate
from lakenb.iam.parser import policy
from lakenb.iam.patterns import Kind, Pattern
from lakenb.iam.policies import PolicyKind
from lakenb.iam.principals import ITS_ACCOUNT
from lakenb.iam.requests import Request, request
from lakenb.iam.stacks.world import owner_arn
from lakenb.iam.truth import MAYBE, NO, YES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.values import Shape
    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import World
    from lakenb.iam.truth import Truth


ELSEWHERE: Final = policy(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    PolicyKind.RESOURCE,
    label="a policy of another account, which is not known here and taken to allow everything",
)
_ASSUMED: Final = "a policy of the account, which is not known here and taken to let the account decide"


_ASSUMPTIONS: Final = frozenset({_ASSUMED, ELSEWHERE.label})


@lru_cache(maxsize=64)
def _at_home(account: str) -> Policy:
    """Return what is assumed of keys and roles of the account that the template does not have.

    The default key policy does so (KMS Developer Guide, "Default key policy"), and most trust policies.
    """
    leaves = {"Effect": "Allow", "Action": ["kms:*", "sts:*"], "Resource": "*"}
    return policy(
        {"Statement": leaves | {"Principal": {"AWS": account}}}, PolicyKind.RESOURCE, label=_ASSUMED
    )


def is_assumed(name: str) -> bool:
    """Return whether a statement is of a policy that stands for one that is not known."""
    return name.startswith((f"{_ASSUMED}, ", f"{ELSEWHERE.label}, "))


class Stated(NamedTuple):
    """A statement, how a certificate writes it, and how it names who asks.

    One that names no more than the account of who asks grants nothing by itself there: it leaves it to the
    policies of who asks (IAM User Guide, "AWS account principals").
    """

    name: str
    statement: Statement
    is_own: bool = False
    is_ceiling: bool = False
    leaves_it: bool = False


@dataclass(frozen=True, slots=True)
class Set:
    """A set of requests, compiled from a `Shape`."""

    actions: tuple[Pattern, ...]
    resources: tuple[Pattern, ...]
    context: Mapping[str, tuple[Pattern, ...]]

    def names(self, asked: Request, *, least: Truth) -> bool:
        """Return whether it has a request's action and resource; `least` says whether a MAYBE counts."""
        action = asked.action.lower()
        return any(each.matches(action, asked.values) for each in self.actions) and any(
            each.matches(asked.resource, asked.values) >= least for each in self.resources
        )

    def holds(self, asked: Request, *, least: Truth) -> bool:
        """Return whether it has a request, context included."""
        return self.names(asked, least=least) and fits(self.context, asked.values)


def compiled_set(shape: Shape) -> Set:
    """Return a set of requests ready to be asked."""
    return Set(
        tuple(compiled(text.lower(), Kind.LIKE) for text in shape.actions),
        tuple(compiled(text, Kind.RESOURCE) for text in shape.resources),
        {key: tuple(compiled(text, Kind.LIKE) for text in globs) for key, globs in shape.context},
    )


class Signature(NamedTuple):
    """All that a decision, and a claim, can depend on: requests with equal ones are one class."""

    hits: frozenset[tuple[int, Truth]]
    needs: frozenset[int]
    is_cross_account: bool
    must_delegate: bool


@dataclass(frozen=True)  # no slots: what is derived is kept
class Setting:
    """Who asks in which world, for what.

    Parameters
    ----------
    world
        The template, read.
    principal, identity, boundaries
        Who asks, with the policies that it has.
    zone, needs
        Of the claim.
    is_exact
        Whether a request carries the zone's context and nothing else: for liveness.
    """

    world: World
    principal: Principal
    identity: tuple[Policy, ...]
    boundaries: tuple[Policy, ...]
    zone: Set
    needs: tuple[Set, ...]
    is_exact: bool

    def request(
        self, action: str, resource: str, context: Mapping[str, tuple[str, ...]] | None = None
    ) -> Request:
        """Return a request of who asks.

        What holds no account in its ARN, such as a bucket, is the deployment's where the template has it.
        Else it is taken for one of who asks: within an account fewer policies have to allow.
        """
        asked = request(self._named, action, resource, context=context)
        if asked.account and not asked.is_account_assumed:
            return asked
        is_ours = self.world.guard(resource) is not None or owner_arn(resource) in self._owned
        account = self.world.account if is_ours else self.principal.account or self.world.account
        return replace(asked, account=account)

    @cached_property
    def _owned(self) -> frozenset[str]:
        return frozenset(each.arn for each in self.world.resources.values() if each.arn)

    @cached_property
    def _named(self) -> object:
        sorts = {"service": "Service", "identity provider": "Federated"}
        word = sorts.get(self.principal.sort.value)
        return {word: self.principal.text} if word else self.principal.text

    def in_force(self, asked: Request) -> InForce:
        """Return every policy that a request meets.

        Endpoints only narrow, so they count where access is claimed, not where its absence is. Of a resource
        that the template does not have the resource-based policy is not known: at home it is taken to leave
        keys and roles to the account, elsewhere to allow everything where the absence of access is claimed.
        """
        endpoint: tuple[Policy, ...] = ()
        if self.is_exact:
            through = asked.values("aws:sourcevpce") or ()
            endpoint = tuple(
                each.policy for each in self.world.endpoints if each.id in through and each.policy is not None
            )
        guard = self.world.guard(asked.resource)
        if guard is None and asked.is_cross_account and asked.account != self.world.account:
            guard = None if self.is_exact else ELSEWHERE
        elif guard is None and asked.principal.account == asked.account:
            guard = _at_home(asked.account)
        return InForce(identity=self.identity, resource=guard, boundaries=self.boundaries, endpoint=endpoint)

    def stated(self, asked: Request) -> list[Stated]:
        """Return the statements in force for a request that are about who asks."""
        policies = self.in_force(asked)
        found: list[Stated] = []
        if self.principal.has_own_policies:
            found.extend(self._own)
        for guard in (policies.resource, *policies.endpoint):
            if guard is not None:
                found.extend(self.naming(guard))
        return found

    @cached_property
    def _own(self) -> tuple[Stated, ...]:
        return tuple(
            Stated(f"{policy.label}, {statement.label}", statement, is_own=True, is_ceiling=is_ceiling)
            for policies, is_ceiling in ((self.identity, False), (self.boundaries, True))
            for policy in policies
            for statement in policy.statements
        )

    def own_statements(self) -> tuple[Stated, ...]:
        """Return the statements of who asks, boundaries apart."""
        return (
            tuple(each for each in self._own if not each.is_ceiling)
            if self.principal.has_own_policies
            else ()
        )

    def naming(self, policy: Policy) -> list[Stated]:
        """Return the statements of a resource-based policy that are about who asks."""
        kept = self._kept.get(id(policy))
        if kept is None:
            kept = self._kept[id(policy)] = list(self._naming(policy))
        return kept

    @cached_property
    def _kept(self) -> dict[int, list[Stated]]:
        return {}

    def _naming(self, policy: Policy) -> Iterator[Stated]:
        anything = self.request("any:Thing", "*")
        for statement in policy.statements:
            possible = statement.reach(anything, has_boundary=bool(self.boundaries))[1]
            if possible:
                name = f"{policy.label}, {statement.label}"
                yield Stated(name, statement, leaves_it=possible == ITS_ACCOUNT)

    def hits(self, asked: Request) -> Iterator[tuple[Stated, Truth]]:
        """Yield the statements that match a request, certainly or possibly."""
        action = asked.action.lower()
        for stated in self.stated(asked):
            statement = stated.statement
            if statement.actions.cover(action):
                truth = min(statement.covers_resource(asked), statement.holds(asked))
                if truth != NO:
                    yield stated, truth

    def signature(self, asked: Request) -> Signature:
        """Return the class of a request.

        Where a policy is assumed, it leaves the decision to the policies of who asks, as within an account.
        """
        guard = self.in_force(asked).resource
        decides_alone = guard is not None and guard.label in _ASSUMPTIONS
        return Signature(
            frozenset(
                (id(stated.statement), truth)
                for stated, truth in self.hits(asked)
                if not is_assumed(stated.name)
            ),
            frozenset(self.covering(asked)),
            asked.is_cross_account and not decides_alone,
            must_delegate(asked) and not decides_alone,
        )

    def covering(self, asked: Request) -> Iterator[int]:
        """Yield the needs that cover a request, by number."""
        return (number for number, need in enumerate(self.needs) if need.holds(asked, least=YES))

    def is_in_zone(self, asked: Request) -> bool:
        """Return whether a request is one of those that the claim is about."""
        return self.zone.holds(asked, least=MAYBE)
