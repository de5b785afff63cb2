"""One request of every class of a domain, decided in one world or in two side by side.

As `lakenb.iam.proof.prover` does it for an obligation, by the same partition: what two worlds decide
differently, they decide differently on one of these requests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from lakenb.iam.evaluator import evaluate
from lakenb.iam.proof.asked import account, in_force
from lakenb.iam.proof.compiled import about
from lakenb.iam.proof.contexts import TooManyContextsError, contexts, filler
from lakenb.iam.proof.globs import Glob, contains, of_action, overlaps, strict
from lakenb.iam.proof.guards import guards, territory
from lakenb.iam.proof.keys import Setting
from lakenb.iam.proof.texts import action_classes, met, resource_classes, universe
from lakenb.iam.questions.places import by_arn
from lakenb.iam.requests import Request
from lakenb.iam.stacks.world import owner_arn
from lakenb.iam.truth import NO, Decision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.compiled import Compiled
    from lakenb.iam.proof.contexts import Limits
    from lakenb.iam.proof.globs import Fill
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World

STATES: Final = 20_000
_NEARBY: Final = 8
# Requests of which the evaluator itself knows more than texts: `lakenb.iam.evaluator.must_delegate`.
_DELEGATING: Final = (
    (of_action("kms:*"), strict("arn:*:kms:*:*:key/*")),
    (of_action("sts:*"), strict("arn:*:iam:*:*:role/*")),
)
_RESOURCE: Final = re.compile(r"arn:([^:]+):[^:]+:[^:]*:(?:[0-9]{12}|aws)?:.+", re.DOTALL)
_TOO_MANY: Final = "the policies in force cut the requests into more pieces than can be looked at"


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A world and who asks there; None where the template has nobody of that name."""

    world: World
    who: Who | None


@dataclass(frozen=True, slots=True, eq=False)
class Domain:
    """Requests that an Allow covers, or a part of them.

    Parameters
    ----------
    statement
        The Allow; only contexts in which its conditions can hold are looked at.
    actions, resources
        Globs, all of which must be met.
    guard
        The ARN of what its policy guards; empty for an identity-based one.
    """

    statement: Statement
    actions: tuple[Glob, ...]
    resources: tuple[Glob, ...]
    guard: str = ""


@dataclass(slots=True, eq=False)
class Pieces:
    """The classes of requests that several sides tell apart.

    Parameters
    ----------
    sides
        With the same account, region and partition.
    asks
        Somebody of one side, for what all sides have in common.
    told
        What every request carries.
    doubts
        Why an answer may be incomplete; none when it is exact.
    is_about_some
        Whether an Allow's texts covered any request so far, its conditions apart.
    """

    sides: tuple[Side, ...]
    asks: Who
    told: Limits = ()
    doubts: list[str] = field(default_factory=list)
    is_about_some: bool = False

    def decided(self, domain: Domain) -> Iterator[tuple[Request, tuple[Decision, ...]]]:
        """Yield one request of each class of a domain, with the decision of each side."""
        try:
            for arn, resources in self._regions(domain):
                statements = list(self._statements(domain, arn, resources))
                actions, texts = self._texts(domain, statements, arn, resources)
                for text in texts:
                    for action in actions:
                        yield from self._of_one(domain, statements, action, text)
        except TooManyContextsError:
            self.doubts.append(_TOO_MANY)

    def decide(self, request: Request) -> tuple[Decision, ...]:
        """Return the decision of each side on one request."""
        return tuple(self._on(side, request) for side in self.sides)

    def _is_elsewhere(self, side: Side, resource: str) -> bool:
        """Return whether a resource is one that another side's template has and this one has not."""
        owner = owner_arn(resource)
        return owner not in by_arn(side.world) and any(owner in by_arn(each.world) for each in self.sides)

    def _on(self, side: Side, request: Request) -> Decision:
        if side.who is None or self._is_elsewhere(side, request.resource):
            return Decision.IMPLICITLY_DENIED
        if side.who.principal.text != request.principal.text:
            request = replace(request, principal=side.who.principal)
        guard = side.world.guard(request.resource)
        return evaluate(request, in_force(side.who, request.account, guard, side.world))

    def _regions(self, domain: Domain) -> Iterator[tuple[str, tuple[Glob, ...]]]:
        """Yield a domain's resources by what guards them on any side; those without a guard last."""
        if domain.guard:
            yield domain.guard, domain.resources
            return
        longest = max(domain.resources, key=lambda each: len(each.prefix))
        found = dict.fromkeys(arn for side in self.sides for arn in guards(side.world).about(longest))
        is_all = False
        for arn in found:
            for part in territory(arn):
                common = met((*domain.resources, part))
                if common is not None:
                    yield arn, common
                    is_all |= any(each.is_literal or contains(part, each) for each in domain.resources)
        if not is_all:
            yield "", domain.resources

    def _statements(self, domain: Domain, arn: str, resources: tuple[Glob, ...]) -> Iterator[Compiled]:
        """Yield every statement of any side that may be about some request of a domain."""
        anything = Request(self.asks.principal, "", "", "", {})
        service = next((each.prefix.partition(":")[0] for each in domain.actions if ":" in each.prefix), "")
        seen: set[int] = set()
        for side in self.sides:
            policies: list[Policy] = [] if side.who is None else [*side.who.identity, *side.who.boundaries]
            guard = side.world.guards.get(arn) if arn else None
            policies += [] if guard is None else [guard]
            has_boundary = side.who is not None and bool(side.who.boundaries)
            for each in about(policies, service):
                statement = each.statement
                if (
                    id(statement) not in seen
                    and (statement.actions.is_negated or _any_meets(each.actions, domain.actions))
                    and (
                        statement.resources is None
                        or statement.is_negated_resources
                        or bool(each.with_variables)
                        or _any_meets(each.resources, resources)
                    )
                    and statement.reach(anything, has_boundary=has_boundary)[1]
                ):
                    seen.add(id(statement))
                    yield each

    def _texts(
        self, domain: Domain, statements: Sequence[Compiled], arn: str, resources: tuple[Glob, ...]
    ) -> tuple[list[str], list[str]]:
        """Return one action and one resource of each class."""
        fill = self._fill()
        actions = [one for each in statements for one in (*each.actions, *each.splits)]
        on = [one for each in statements for one in each.on(fill)]
        for service, form in _DELEGATING:
            if all(overlaps(service, each) for each in domain.actions):
                actions.append(service)
                on.append(form)
        world = self.sides[0].world
        on.append(strict(f"arn:*:*:*:{self.asks.principal.account or world.account}:*"))
        is_bucket = any(
            each.is_literal and ":s3:::" in each.prefix and "/" not in each.prefix for each in resources
        )
        names = action_classes(domain.actions, actions, STATES, on_bucket=is_bucket)
        space, fits = universe(world.partition), self._fits(arn)
        texts = resource_classes(resources, on, space, fits, self._near, STATES)
        if arn:
            return names, texts
        if all(self._is_free(text) or self._is_inside(text, on) for text in texts):
            return names, [text for text in texts if self._is_free(text)]
        # Some class was shown by a guarded resource: whether it has others is told by taking these out.
        longest = max(resources, key=lambda each: len(each.prefix))
        on += [
            part
            for side in self.sides
            for guarded in guards(side.world).about(longest)
            for part in territory(guarded)
        ]
        texts = resource_classes(resources, on, space, fits, self._near, STATES)
        return names, [text for text in texts if self._is_free(text)]

    def _fill(self) -> Fill:
        setting = Setting(self.asks.principal, "", "", "", self.sides[0].world.endpoints)
        return filler(setting, dict(self.told))

    def _fits(self, arn: str) -> Callable[[str], bool]:
        partition = self.sides[0].world.partition

        def fits(text: str) -> bool:
            read = _RESOURCE.fullmatch(text)
            return (text == "*" or (read is not None and read[1] == partition)) and (
                bool(arn) or self._is_free(text)
            )

        return fits

    def _is_free(self, text: str) -> bool:
        return all(side.world.guard(text) is None for side in self.sides)

    def _is_inside(self, text: str, patterns: Sequence[Glob]) -> bool:
        """Return whether all of a text's class is guarded: one of its globs lies in what a guard guards."""
        owners = (text, owner_arn(text))
        guarded = {arn for arn in owners if any(arn in side.world.guards for side in self.sides)}
        parts = [part for arn in guarded for part in territory(arn)]
        reading = [each for each in patterns if each.accepts(text)]
        return any(contains(part, each) for part in parts for each in reading)

    def _near(self, prefix: str) -> Iterator[str]:
        for side in self.sides:
            for arn in guards(side.world).arns_from(prefix, _NEARBY):
                if ":s3:::" in arn:
                    yield f"{arn}/doc"
                yield arn

    def _of_one(
        self, domain: Domain, statements: Sequence[Compiled], action: str, text: str
    ) -> Iterator[tuple[Request, tuple[Decision, ...]]]:
        """Yield one action on one resource in every context."""
        first = self.sides[0].world
        owners = {account(side.world, self.asks, text) for side in self.sides}
        owner = first.account if first.account in owners else min(owners)
        bare = Request(self.asks.principal, action, text, owner, {})
        matching = [
            each.statement
            for each in statements
            if each.statement.actions.cover(action)
            and (each.with_variables or each.statement.covers_resource(bare) != NO)
        ]
        if all(each is not domain.statement for each in matching):
            return
        setting = Setting(bare.principal, action, text, owner, first.endpoints)
        has_variables = any(each.matcher is None for each in domain.statement.resources or ())
        self.is_about_some |= not has_variables
        found = contexts(setting, matching, domain.statement, self.told, (), STATES)
        if found.open_keys or not found.is_exact:
            self.doubts.append(
                f"not every value of {', '.join(found.open_keys) or 'the conditions'} was tried"
            )
        for context in found.found:
            request = Request(bare.principal, action, text, owner, context)
            if has_variables and domain.statement.covers_resource(request) == NO:
                continue
            self.is_about_some = True
            yield request, self.decide(request)


def _any_meets(globs: Sequence[Glob], domain: Sequence[Glob]) -> bool:
    return any(all(overlaps(each, part) for part in domain) for each in globs)
