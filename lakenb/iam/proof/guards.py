"""The resource-based policies of a world, indexed: whom they name, and which resources they guard."""

from __future__ import annotations

from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, count
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.globs import EVERYWHERE, Glob, glob, overlaps
from lakenb.iam.requests import Request
from lakenb.iam.stacks.world import owner_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import World

_LAST: Final = "\U0010ffff"
WORLDS: Final = 80  # how many are kept: a template is read into at most 64


@dataclass(frozen=True, slots=True)
class Naming:
    """An Allow of a guard that names somebody.

    Parameters
    ----------
    arn
        Of what is guarded.
    policy, statement
        Where it stands.
    """

    arn: str
    policy: Policy
    statement: Statement


class Guards:
    """The guards of one world.

    Parameters
    ----------
    world
        The world.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.arns: list[str] = sorted(world.guards)
        self.owned: frozenset[str] = frozenset(each.arn for each in world.resources.values() if each.arn)
        self.resources: tuple[str, ...] = tuple(sorted(self.owned))
        endpoints = ((each.id, each.vpc) for each in world.endpoints)
        self.endpoints: frozenset[tuple[str, str]] = frozenset(endpoints)
        self.number: int = next(_numbers)
        self._named: dict[object, list[Naming]] = {}
        for arn in self.arns:
            policy = world.guards[arn]
            for statement, keys in _keys(policy):
                naming = Naming(arn, policy, statement)
                for key in keys:
                    self._named.setdefault(key, []).append(naming)

    def naming(self, asks: Principal, zone: Sequence[Glob] = (EVERYWHERE,)) -> Iterator[tuple[Naming, int]]:
        """Yield every Allow that guards something of a zone and names who asks, and how it may."""
        anything = Request(asks, "", "", "", {})
        for naming in self._near(zone, _sought(asks)):
            possible = naming.statement.reach(anything, has_boundary=False)[1]
            if possible:
                yield naming, possible

    def _near(self, zone: Sequence[Glob], sought: tuple[object, ...]) -> Iterator[Naming]:
        if any(each.is_open and each.prefix == "" for each in zone):
            found = chain.from_iterable(self._named.get(key, ()) for key in sought)
            yield from {(each.arn, id(each.statement)): each for each in found}.values()
            return
        for arn in sorted({arn for each in zone for arn in self.about(each)}):
            policy = self.world.guards[arn]
            for statement, keys in _keys(policy):
                if not keys.isdisjoint(sought):
                    yield Naming(arn, policy, statement)

    def about(self, resource: Glob) -> list[str]:
        """Return the ARNs of the guards that guard something of a glob."""
        if resource.is_literal:
            found = self.world.guard(resource.prefix)
            if found is None:
                return []
            return [resource.prefix if resource.prefix in self.world.guards else owner_arn(resource.prefix)]
        prefix = resource.prefix
        first = bisect_left(self.arns, prefix)
        last = bisect_left(self.arns, prefix + _LAST)
        near = self.arns[first:last]
        owner = owner_arn(prefix)
        near += [
            each for each in dict.fromkeys((prefix, owner)) if each in self.world.guards and each not in near
        ]
        return [arn for arn in near if any(overlaps(resource, part) for part in territory(arn))]

    def arns_from(self, prefix: str, most: int) -> tuple[str, ...]:
        """Return some ARNs of the template's resources that begin so."""
        first = bisect_left(self.resources, prefix)
        return tuple(each for each in self.resources[first : first + most] if each.startswith(prefix))


def names(policy: Policy, asks: Principal) -> bool:
    """Return whether an Allow of a guard may name who asks."""
    sought = _sought(asks)
    return any(not keys.isdisjoint(sought) for _, keys in _keys(policy))


_ANYONE: Final = "*"


def _sought(asks: Principal) -> tuple[object, ...]:
    """Return what stands for who asks in `_keys`."""
    told = asks.keys.get("aws:principalarn", ("",))[0]
    return (_ANYONE, asks.text, told, asks.account, (asks.account, asks.name), (asks.account, ""))


def _keys(policy: Policy) -> tuple[tuple[Statement, frozenset[object]], ...]:
    """Return the Allow statements of a guard with whom they name."""
    found = _named.get(id(policy))
    if found is None:
        if len(_named) >= _MOST:
            _named.clear()
        made = tuple((each, _of(each)) for each in policy.statements if each.is_allow)
        found = _named[id(policy)] = policy, made
    return found[1]


_named: dict[int, tuple[Policy, tuple[tuple[Statement, frozenset[object]], ...]]] = {}
_MOST: Final = 20_000


def _of(statement: Statement) -> frozenset[object]:
    principals = statement.principals
    if (
        principals is None
        or statement.is_negated_principals
        or principals.has_everyone
        or principals.has_any_service
        or principals.has_canonical
    ):
        return frozenset({_ANYONE})
    return frozenset(
        chain(
            principals.arns,
            principals.services,
            principals.providers,
            principals.roles,
            principals.sessions,
            principals.accounts,
            ((account, "") for account in principals.users_of),
        )
    )


@lru_cache(maxsize=65536)
def territory(arn: str) -> tuple[Glob, ...]:
    """Return the resources that a guard guards, as `World.guard` has it: itself, and what lies in it.

    Examples
    --------
    >>> [part.text for part in territory("arn:aws:s3:::b")]
    ['arn:aws:s3:::b', 'arn:aws:s3:::b/*']
    """
    literal = glob(as_literal(arn))
    if owner_arn(arn) != arn:
        return (literal,)
    inside = next((mark for mark in "/:" if owner_arn(f"{arn}{mark}x") == arn), "")
    return (literal, glob(f"{as_literal(arn)}{inside}*")) if inside else (literal,)


def as_literal(text: str) -> str:
    """Return a text as policies write it, so that none of its letters is a wildcard."""
    for letter in "$*?":
        text = text.replace(letter, f"${{{letter}}}") if letter in text else text
    return text


_kept: OrderedDict[int, Guards] = OrderedDict()
_numbers = count()


def guards(world: World) -> Guards:
    """Return the index of a world; the last ones are kept."""
    found = _kept.get(id(world))
    if found is None or found.world is not world:
        found = _kept[id(world)] = Guards(world)
        if len(_kept) > WORLDS:
            _kept.popitem(last=False)
    return found
