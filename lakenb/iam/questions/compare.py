"""What two deployments decide differently for somebody: exactly, one request for each class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.policies import PolicyKind
from lakenb.iam.principals import ITS_ACCOUNT
from lakenb.iam.proof.actions import is_known, shown
from lakenb.iam.proof.globs import EVERYWHERE, Glob, glob, of_action
from lakenb.iam.proof.guards import territory
from lakenb.iam.proof.principals import EVERYTHING, administrator
from lakenb.iam.proof.texts import met
from lakenb.iam.questions.atoms import Atom, atoms
from lakenb.iam.questions.grants import Grant, grants
from lakenb.iam.questions.pieces import Domain, Pieces, Side
from lakenb.iam.questions.places import by_arn, has_wildcard
from lakenb.iam.questions.suits import suits
from lakenb.iam.requests import Request
from lakenb.iam.stacks.world import owner_arn
from lakenb.iam.truth import Decision

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Who
    from lakenb.iam.stacks.world import World


@dataclass(frozen=True, slots=True, eq=False)
class Both:
    """The same principal in two worlds; None where the world has it not.

    Parameters
    ----------
    label
        For people.
    old, new
        Who it is there.
    """

    label: str
    old: Who | None
    new: Who | None

    @property
    def either(self) -> Who:
        """Who it is, in the world that has it."""
        found = self.new or self.old
        if found is None:
            raise LookupError(self.label)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What an Allow covers and a changed atom touches, decided on both sides.

    Parameters
    ----------
    who
        Whose.
    grant
        The Allow.
    is_new
        Whether the Allow stands in the new world.
    atom
        What changed.
    requests
        Those that are decided differently, with the decisions of the old and the new world.
    is_whole
        Whether all that was looked at is.
    """

    who: Both
    grant: Grant
    is_new: bool
    atom: Atom
    requests: tuple[tuple[Request, Decision, Decision], ...]
    is_whole: bool


class Comparison:
    """Two worlds side by side.

    Parameters
    ----------
    old, new
        With the same account, region and partition.
    """

    def __init__(self, old: World, new: World) -> None:
        self.old = old
        self.new = new
        self.doubts: list[str] = []
        self._alone = frozenset(by_arn(old).keys() ^ by_arn(new).keys())
        self._administrator = administrator(new).label
        self._guards = tuple(self._changed_guards())

    def of(self, who: Both) -> Iterator[Difference]:
        """Yield what the two worlds decide differently for somebody.

        Whoever may do everything gains nothing by a new resource.
        """
        for atom, is_new in self._changed(who):
            for grant, stands_new in self._grants(who, atom, is_new):
                found = self._looked_at(who, grant, atom, stands_new)
                if found is not None:
                    yield found
        if who.label != self._administrator:
            for grant, stands_new, atom in self._alone_of(who):
                found = self._looked_at(who, grant, atom, stands_new)
                if found is not None:
                    yield found

    def _changed(self, who: Both) -> Iterator[tuple[Atom, bool]]:
        """Yield the atoms about somebody that one world alone has, with whether it is the new one."""
        old, new = who.old, who.new
        if old is None or new is None or not _are_same(old.identity, new.identity):
            yield from _apart(atoms(old.identity if old else ()), atoms(new.identity if new else ()))
        before = atoms(old.boundaries if old else ())
        after = atoms(new.boundaries if new else ())
        if bool(before) is not bool(after) and old is not None and new is not None:
            yield from ((each, bool(after)) for each in _everything(after or before))
        else:
            yield from _apart(before, after)
        for atom, is_new in self._guards:
            asks = who.new if is_new else who.old
            asks = asks or who.either
            anything = Request(asks.principal, "", "", "", {})
            if atom.is_whole or atom.statement.reach(anything, has_boundary=bool(asks.boundaries))[1]:
                yield atom, is_new

    def _changed_guards(self) -> Iterator[tuple[Atom, bool]]:
        """Yield what changed in the guards of resources that both worlds have."""
        for arn in sorted({*self.old.guards, *self.new.guards}):
            before, after = self.old.guards.get(arn), self.new.guards.get(arn)
            if before is after or arn in self._alone:
                continue
            yield from _apart(atoms((before,) if before else (), arn), atoms((after,) if after else (), arn))
            if (before is None or after is None) and _must_tell(arn):
                yield _whole((before or after), arn), after is not None

    def _alone_of(self, who: Both) -> Iterator[tuple[Grant, bool, Atom]]:
        """Yield what somebody's Allow statements reach of resources that one world alone has."""
        if not self._alone:
            return
        for world, asks, is_new in ((self.old, who.old, False), (self.new, who.new, True)):
            there = by_arn(world)
            for grant in grants(world, asks) if asks is not None else ():
                owner = owner_arn(grant.resource)
                arns = self._alone if has_wildcard(owner) else {owner} & self._alone
                for arn in sorted(arns):
                    if arn in there:
                        yield grant, is_new, _whole(grant.policy, arn)

    def _grants(self, who: Both, atom: Atom, is_new: bool) -> Iterator[tuple[Grant, bool]]:
        """Yield the Allow statements in whose reach an atom can make a difference."""
        if atom.is_allow and self._grants_by_itself(who, atom):
            yield Grant(atom.policy, atom.statement, atom.action, atom.resource, atom.guard), is_new
            return
        for world, asks, stands_new in ((self.old, who.old, False), (self.new, who.new, True)):
            if asks is not None:
                yield from ((grant, stands_new) for grant in grants(world, asks))

    def _grants_by_itself(self, who: Both, atom: Atom) -> bool:
        if not atom.guard:
            return atom.policy.kind is PolicyKind.IDENTITY
        asks = who.either
        anything = Request(asks.principal, "", "", "", {})
        ways = atom.statement.reach(anything, has_boundary=False)[1]
        return bool(ways & ~ITS_ACCOUNT) or asks.principal.account != self.new.account

    def _looked_at(self, who: Both, grant: Grant, atom: Atom, is_new: bool) -> Difference | None:
        pieces = Pieces((Side(self.old, who.old), Side(self.new, who.new)), who.either)
        differing: list[tuple[Request, Decision, Decision]] = []
        total = 0
        for domain in _domains(grant, atom):
            for request, (before, after) in pieces.decided(domain):
                total += 1
                if (before is not after and Decision.ALLOWED in {before, after}) or _opens(before, after):
                    differing.append((request, before, after))
        for doubt in pieces.doubts:
            if f"{who.label}: {doubt}" not in self.doubts:
                self.doubts.append(f"{who.label}: {doubt}")
        if not differing:
            return None
        differing.sort(key=_smallest)
        return Difference(who, grant, is_new, atom, tuple(differing), len(differing) == total)


def _opens(before: Decision, after: Decision) -> bool:
    """Return whether it is newly open whether a request is allowed, or no longer."""
    return (before is Decision.UNDECIDED) is not (after is Decision.UNDECIDED)


def _smallest(found: tuple[Request, Decision, Decision]) -> tuple[bool, bool, int, bool, bool, int, str]:
    request = found[0]
    return (
        not suits(request.action, request.resource),
        request.resource == "*",
        len(request.context),
        request.context.get("aws:securetransport") == ("false",),
        not is_known(request.action),
        len(request.resource),
        shown(request.action),
    )


def _domains(grant: Grant, atom: Atom) -> Iterator[Domain]:
    """Yield what an Allow and an atom both are about."""
    named = met((of_action(grant.action), of_action(atom.action)))
    on = met((glob(grant.resource), glob(atom.resource)))
    if named is None or on is None:
        return
    for part in _territory(grant.guard):
        for other in _territory(atom.guard) if atom.guard != grant.guard else (EVERYWHERE,):
            inside = met((*on, part, other))
            if inside is not None:
                yield Domain(grant.statement, named, inside, grant.guard)


def _territory(guard: str) -> Iterable[Glob]:
    return territory(guard) if guard else (EVERYWHERE,)


def _apart(old: Mapping[Hashable, Atom], new: Mapping[Hashable, Atom]) -> Iterator[tuple[Atom, bool]]:
    yield from ((atom, False) for key, atom in old.items() if key not in new)
    yield from ((atom, True) for key, atom in new.items() if key not in old)


def _everything(found: Mapping[Hashable, Atom]) -> Iterator[Atom]:
    """Yield one atom about everything: a boundary that comes or goes touches whatever is allowed."""
    first = next(iter(found.values()), None)
    if first is not None:
        yield _whole(first.policy, "")


def _whole(policy: Policy | None, guard: str) -> Atom:
    """Return an atom about all that a guard guards, or about everything."""
    made = policy if policy is not None and policy.statements else EVERYTHING
    return Atom(("whole", guard), made, made.statements[0], "*", "*", guard, is_whole=True)


def _are_same(one: tuple[Policy, ...], other: tuple[Policy, ...]) -> bool:
    """Return whether these are the same objects: what the reader kept from one reading to the next."""
    return len(one) == len(other) and all(each is also for each, also in zip(one, other, strict=True))


def _must_tell(arn: str) -> bool:
    """Return whether a resource's policy decides if the account's own policies count: keys and roles."""
    return ":kms:" in arn or ":iam:" in arn
