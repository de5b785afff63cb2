"""Everybody's access to everything, by class: read, write, list, use of a key ...

Kept sparse: only what some Allow can reach is stored, any other pair is denied because no statement allows.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from lakenb.errors import Fault, PolicyError
from lakenb.iam.questions.access import NO_STATEMENT, ORDER, Access, Standing, access, standing_words
from lakenb.iam.questions.askers import everyone
from lakenb.iam.questions.classes import classes
from lakenb.iam.questions.grants import Grant, grants
from lakenb.iam.questions.places import by_arn, has_wildcard, label, mend_name, services, spread
from lakenb.iam.questions.suits import suits
from lakenb.iam.stacks.world import owner_arn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Who, Witness
    from lakenb.iam.stacks.world import World

_SHOWN: Final = 3
_OUTSIDE: Final = "everything else"


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One principal's access of one class to one resource.

    Parameters
    ----------
    principal, resource
        Labels.
    access
        The class, such as ``read``.
    standing
        Allowed and conditional mean: to a part of the resource at least.
    actions
        The action texts that reach it.
    condition
        On what condition, in words; several are alternatives.
    statements
        The Allow statements, or what denies.
    why
        Of denied and undecided, a sentence.
    witness
        A request with its decision.
    """

    principal: str
    resource: str
    access: str
    standing: Standing
    actions: tuple[str, ...] = ()
    condition: str = ""
    statements: tuple[str, ...] = ()
    why: str = ""
    witness: Witness | None = None

    def __str__(self) -> str:
        """Return one line."""
        more = len(self.actions) - _SHOWN
        names = ", ".join(self.actions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        by = f" ({names})" if names else ""
        how = standing_words(self.standing, self.condition, self.why)
        return f"{self.access} {self.resource}: {how}{by}"


@dataclass(frozen=True, slots=True, repr=False)
class Matrix:
    """Principals, resources and classes of access.

    Parameters
    ----------
    principals, resources, accesses
        The labels of its three sides, all that there are.
    cells
        What some Allow can reach, sorted.
    """

    principals: tuple[str, ...]
    resources: tuple[str, ...]
    accesses: tuple[str, ...]
    cells: tuple[MatrixCell, ...]
    _by_key: Mapping[tuple[str, str, str], MatrixCell] = field(repr=False, compare=False)

    def cell(self, principal: str, resource: str, access: str) -> MatrixCell:
        """Return one cell.

        Raises
        ------
        PolicyError
            If a name is none of the matrix's.
        """
        found = self._by_key.get((principal, resource, access))
        if found is not None:
            return found
        sides = (("principal", principal, self.principals), ("resource", resource, self.resources))
        for side, name, known in sides:
            if name not in known:
                mend = mend_name(name, list(known), f"name a {side} of the matrix")
                raise PolicyError([Fault(f"the matrix has no {side} {name!r}", "the question", mend)])
        return MatrixCell(principal, resource, access, Standing.DENIED, why=NO_STATEMENT.why)

    def of(self, principal: str) -> tuple[MatrixCell, ...]:
        """Return the stored cells of one principal."""
        return tuple(each for each in self.cells if each.principal == principal)

    def text(self) -> str:
        """Return the cells, principal by principal."""
        lines: list[str] = []
        last = ""
        for each in self.cells:
            if each.principal != last:
                lines.append(each.principal)
                last = each.principal
            lines.append(f"  {each}")
        return "\n".join((*lines, "every other pair: denied: no statement allows it"))

    def __repr__(self) -> str:
        """Return the cells, principal by principal."""
        return self.text()


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """Somebody's cells, and what they were made from: they hold as long as all of it is the same."""

    identity: tuple[Policy, ...]
    granting: tuple[Policy, ...]
    touched: Mapping[str, tuple[Policy | None, str]]
    resources: Mapping[str, str] | None  # of the world, where a text reaches over several of them
    cells: tuple[MatrixCell, ...]


_MOST: Final = 4096
_kept: OrderedDict[tuple[str, str, str], _Kept] = OrderedDict()


def matrix(world: World) -> Matrix:
    """Return everybody's access to everything.

    Parameters
    ----------
    world
        One deployment of a template. Cells of a principal are kept from one call to the next while every
        policy that they rest on is the same object.

    Returns
    -------
    Matrix
        ``allowed`` means that a plain request (over TLS, nothing asked of it) to a part of the resource is
        allowed; ``conditional`` that only requests with something more are.
    """
    cells: list[MatrixCell] = []
    for who in everyone(world):
        cells += _of(world, who)
    cells.sort(key=lambda each: (each.principal, each.resource, each.access))
    principals = tuple(sorted({who.label for who in everyone(world)}))
    known = {label(world, each.arn) for each in world.resources.values() if each.arn}
    resources = tuple(sorted(known | {each.resource for each in cells}))
    accesses = tuple(sorted({each.access for each in cells}))
    by_key = {(each.principal, each.resource, each.access): each for each in cells}
    return Matrix(principals, resources, accesses, tuple(cells), MappingProxyType(by_key))


def _of(world: World, who: Who) -> tuple[MatrixCell, ...]:
    key = (world.account + world.region, who.label, who.principal.text)
    granted = tuple(grants(world, who))
    granting = tuple(grant.policy for grant in granted)
    own = (*who.identity, *who.boundaries)
    kept = _kept.get(key)
    if (
        kept is not None
        and _same(kept.identity, own)
        and _same(kept.granting, granting)
        and all(_touched(world, arn) == each for arn, each in kept.touched.items())
        and (kept.resources is None or kept.resources == by_arn(world))
    ):
        _kept.move_to_end(key)
        return kept.cells
    touched: dict[str, tuple[Policy | None, str]] = {}
    cells = tuple(_cells(world, who, granted, touched))
    is_wide = any(has_wildcard(owner_arn(grant.resource)) for grant in granted)
    _kept[key] = _Kept(own, granting, touched, by_arn(world) if is_wide else None, cells)
    if len(_kept) > _MOST:
        _kept.popitem(last=False)
    return cells


def _touched(world: World, arn: str) -> tuple[Policy | None, str]:
    return world.guard(arn), label(world, arn)


def _same(one: tuple[Policy, ...], other: tuple[Policy, ...]) -> bool:
    return len(one) == len(other) and all(each is also for each, also in zip(one, other, strict=True))


def _cells(
    world: World, who: Who, granted: Iterable[Grant], touched: dict[str, tuple[Policy | None, str]]
) -> Iterator[MatrixCell]:
    """Yield a cell for each resource and class that somebody's Allow statements reach."""
    found: dict[tuple[str, str], list[tuple[Grant, Access]]] = {}
    for grant in granted:
        for name, example, actions in _classes(world, grant.action):
            service = example.partition(":")[0].lower()
            for arn, resource in _spread(world, grant.resource, service):
                if not suits(example, resource):
                    continue
                if arn and arn not in touched:
                    touched[arn] = _touched(world, arn)
                place = touched[arn][1] if arn else _OUTSIDE
                one = access(world, who, grant, example, actions, resource)
                if one is not NO_STATEMENT:
                    found.setdefault((place, name), []).append((grant, one))
    for (place, name), pairs in found.items():
        yield _joined(who.label, place, name, pairs)


def _classes(world: World, action: str) -> tuple[tuple[str, str, str], ...]:
    head = action.partition(":")[0]
    return classes(action, services(world) if "*" in head or "?" in head else ())


def _spread(world: World, resource: str, service: str) -> tuple[tuple[str, str], ...]:
    found = spread(world, resource, "iam" if service == "sts" else service)
    return found or (("", resource),)


def _joined(who: str, place: str, name: str, pairs: list[tuple[Grant, Access]]) -> MatrixCell:
    """Return one cell from every Allow that reaches it: the widest stands."""
    widest = min((each.standing for _, each in pairs), key=ORDER.__getitem__)
    top = [(grant, each) for grant, each in pairs if each.standing is widest]
    conditions = dict.fromkeys(each.condition for _, each in top if each.condition)
    return MatrixCell(
        who,
        place,
        name,
        widest,
        tuple(sorted({grant.action for grant, _ in top})),
        ", or if ".join(conditions),
        tuple(sorted({each.statement for _, each in top if each.statement})),
        top[0][1].why,
        top[0][1].witness,
    )
