"""The classes of a domain's actions and resources that the policies in force tell apart."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from lakenb.iam.proof.compiled import about
from lakenb.iam.proof.globs import Fill, Glob, glob, of_action, overlaps, strict
from lakenb.iam.proof.guards import as_literal, territory
from lakenb.iam.proof.texts import action_classes, resource_classes, universe
from lakenb.iam.requests import Request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.compiled import Compiled
    from lakenb.iam.proof.covered import Domain, Region
    from lakenb.iam.proof.guards import Guards
    from lakenb.iam.proof.needs import Need, Needs
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World

# The forms of requests that the evaluator itself knows: keys and roles whose own policy must point to the
# account's policies (`lakenb.iam.evaluator.must_delegate`).
_DELEGATING: Final = (
    (of_action("kms:*"), "kms", strict("arn:*:kms:*:*:key/*")),
    (of_action("sts:*"), "iam", strict("arn:*:iam:*:*:role/*")),
)
_SERVICE, _ACCOUNT = 2, 5  # an ARN's service, and its fields before the resource
_ELSEWHERE: Final = (
    "arn:{0}:s3:::another-bucket/doc",
    "arn:{0}:sqs:{1}:{2}:another-queue",
    "arn:{0}:sns:{1}:{2}:another-topic",
    "arn:{0}:kms:{1}:{2}:key/another-key",
    "arn:{0}:lambda:{1}:{2}:function:another-function",
    "arn:{0}:logs:{1}:{2}:log-group:another-group",
    "arn:{0}:dynamodb:{1}:{2}:table/another-table",
    "arn:{0}:secretsmanager:{1}:{2}:secret:another-secret",
    "arn:{0}:iam::{2}:role/another-role",
)  # readable names of what the template does not have
_NEARBY: Final = 8  # resources of the template that are tried as readable texts


class Found(NamedTuple):
    """The classes of one domain under one guard.

    Parameters
    ----------
    statements
        Those in force that may be about it.
    actions
        One of each class, in lower case.
    resources
        One of each class.
    """

    statements: list[Compiled]
    actions: list[str]
    resources: list[str]


class Classes:
    """Finds classes for one principal in one world.

    Parameters
    ----------
    world, index
        The world with its guards.
    who
        Who asks.
    needs
        What an obligation's needs tell apart.
    zone
        What its zone does.
    endpoint
        Policies of endpoints on the way.
    fill
        What stands in place of variables.
    """

    def __init__(  # noqa: PLR0917 - all that classes depend on, called in one place
        self,
        world: World,
        index: Guards,
        who: Who,
        needs: Needs,
        zone: Need,
        endpoint: tuple[Policy, ...],
        fill: Fill,
    ) -> None:
        self._world = world
        self._index = index
        self._who = who
        self._needs = needs
        self._zone = zone
        self._policies = (*who.identity, *who.boundaries, *endpoint)
        self._fill = fill
        self._space = universe(world.partition)
        self._anything = Request(who.principal, "", "", "", {})

    def of(self, domain: Domain, region: Region, states: int) -> Found:
        """Return a domain's classes in a region.

        Raises
        ------
        TooManyStatesError
            Where there are too many.
        """
        statements = list(self._statements(domain, region))
        actions = [one for each in statements for one in (*each.actions, *each.splits)]
        resources = [one for each in statements for one in (*each.on(self._fill), *each.places)]
        prefix = max((each.prefix for each in region.resources), key=len)
        for number in self._needs.near(prefix, longer=True):
            actions += self._needs.all[number].actions
            resources += self._needs.all[number].resources
            resources += self._needs.all[number].places
        resources += self._zone.places
        fields = prefix.split(":")
        for service, kind, form in _DELEGATING:
            is_told = len(fields) > _SERVICE + 1
            if (not is_told or fields[_SERVICE] == kind) and all(
                overlaps(service, each) for each in domain.actions
            ):
                actions.append(service)
                resources.append(form)
        return Found(
            statements,
            action_classes(domain.actions, actions, states, on_bucket=_is_bucket(region.resources)),
            self._resources(region, resources, states),
        )

    def _statements(self, domain: Domain, region: Region) -> Iterator[Compiled]:
        """Yield every statement in force that may be about some request of a domain."""
        policies = self._policies if region.policy is None else (*self._policies, region.policy)
        service = next((each.prefix.partition(":")[0] for each in domain.actions if ":" in each.prefix), "")
        has_boundary = bool(self._who.boundaries)
        for each in about(policies, service):
            statement = each.statement
            if (
                (statement.actions.is_negated or _any_meets(each.actions, domain.actions))
                and (
                    statement.resources is None
                    or statement.is_negated_resources
                    or bool(each.with_variables)
                    or _any_meets(each.resources, region.resources)
                )
                and statement.reach(self._anything, has_boundary=has_boundary)[1]
            ):
                yield each

    def _resources(self, region: Region, patterns: list[Glob], states: int) -> list[str]:
        is_guarded = region.policy is not None
        guard = self._world.guard

        def fits(text: str) -> bool:
            return _is_resource(text, self._world.partition) and (is_guarded or guard(text) is None)

        outside: dict[str, tuple[Glob, ...]] = {}
        while True:
            told = [*patterns, *(part for parts in outside.values() for part in parts)]
            found = resource_classes(region.resources, told, self._space, fits, self._near, states)
            if is_guarded:
                break
            # A class may be shown by a guarded resource: whether it has others is told by taking that
            # guard's resources out.
            new = {
                arn for text in found for arn in self._index.about(glob(as_literal(text)))
            } - outside.keys()
            if not new:
                break
            outside.update((arn, territory(arn)) for arn in sorted(new))
        return sorted((text for text in found if is_guarded or guard(text) is None), key=_is_odd)

    def _near(self, prefix: str) -> Iterator[str]:
        """Yield readable texts that may begin in a given way: the template's own resources, and others."""
        if "/" in prefix:  # it says enough by itself
            return
        for arn in self._index.arns_from(prefix, _NEARBY):
            if ":s3:::" in arn:
                yield f"{arn}/doc"
            yield arn
        place = self._world.partition, self._world.region, self._world.account
        yield from (text.format(*place) for text in _ELSEWHERE)


def _is_odd(text: str) -> bool:
    """Return whether an ARN lacks the account that all but buckets' have: such a one is shown last."""
    fields = text.split(":", _ACCOUNT)
    return len(fields) > _ACCOUNT and not fields[_ACCOUNT - 1] and fields[_SERVICE] != "s3"


def _is_bucket(resources: Sequence[Glob]) -> bool:
    """Return whether only a bucket itself is meant."""
    return any(each.is_literal and ":s3:::" in each.prefix and "/" not in each.prefix for each in resources)


def _any_meets(globs: Sequence[Glob], domain: Sequence[Glob]) -> bool:
    first, *rest = domain  # most domains are one glob: this runs for every statement of every proof
    for each in globs:
        if overlaps(each, first) and (not rest or all(overlaps(each, part) for part in rest)):
            return True
    return False


def _is_resource(text: str, partition: str) -> bool:
    return text == "*" or bool(_resource(partition).fullmatch(text))


@lru_cache(maxsize=16)
def _resource(partition: str) -> re.Pattern[str]:
    return re.compile(f"arn:{re.escape(partition)}:[^:]+:[^:]*:(?:[0-9]{{12}}|aws)?:.+", re.DOTALL)
