"""Outcomes of earlier proofs, for as long as what they rest on is the same.

An outcome depends on the obligation's words, on the policies of who asks, on the guards that its domains
meet, and on those that name who asks. Policies are told apart by identity, so each one that an outcome rests
on is kept alive with it; a guard that changed counts only where it can matter.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.proof.guards import WORLDS, names
from lakenb.iam.proof.values import Modality, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.guards import Guards
    from lakenb.iam.proof.values import Obligation, Outcome
    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import World

_MOST: Final = 60_000
_DIFFERENCES: Final = 256
_EDIT: Final = 30  # guards that an edit changes at most


@dataclass(slots=True, eq=False)
class _Kept:
    """One outcome.

    Parameters
    ----------
    outcome
        What became of the obligation.
    index
        The guards of the world in which it did, or of a later one in which it does.
    prefixes
        What the resources begin with whose guards were looked for.
    alive
        Policies that the key tells apart by identity.
    """

    outcome: Outcome
    index: Guards
    prefixes: tuple[str, ...]
    alive: tuple[Policy, ...]


_swept = [0]  # the number of the last world at which what only older ones need was let go
_kept: OrderedDict[Hashable, _Kept] = OrderedDict()
_differences: OrderedDict[tuple[int, int], tuple[Guards, Guards, tuple[str, ...]]] = OrderedDict()


def key(world: World, obligation: Obligation, endpoint: Sequence[Policy], states: int) -> Hashable:
    """Return what tells obligations apart, their guards aside."""
    who = obligation.who
    return (
        world.account,
        world.partition,
        (who.label, who.principal.sort, who.principal.text, who.logical_id),
        tuple(map(id, who.identity)),
        tuple(map(id, who.boundaries)),
        tuple(map(id, endpoint)),
        obligation.modality is Modality.ONLY,
        obligation.zone,
        obligation.needs,
        states,
    )


def recall(found: Hashable, index: Guards, asks: Principal) -> Outcome | None:
    """Return the outcome under a key, where it holds with these guards as well."""
    kept = _kept.get(found)
    if kept is None:
        return None
    if kept.index is index:
        return kept.outcome
    before = kept.index
    is_foreign = bool(asks.account) and asks.account != index.world.account
    if (
        kept.outcome.verdict is not Verdict.PROVED
        or before.endpoints != index.endpoints
        or (is_foreign and before.owned != index.owned)
        # another template: to prove again costs less than to compare
        or len(_changed(before, index)) > _EDIT
    ):
        return None
    for arn in _changed(before, index):
        if any(arn.startswith(prefix) or prefix.startswith(arn) for prefix in kept.prefixes):
            return None
        for guards in (before, index):
            policy = guards.world.guards.get(arn)
            if policy is not None and names(policy, asks):
                return None
    kept.index = index
    return kept.outcome


def keep(
    found: Hashable,
    index: Guards,
    outcome: Outcome,
    prefixes: tuple[str, ...],
    alive: tuple[Policy, ...],
) -> None:
    """Keep an outcome with what it rests on.

    Parameters
    ----------
    found
        From `key`.
    index
        Of the world.
    outcome
        What became of the obligation.
    prefixes
        What the resources begin with whose guards were looked for.
    alive
        Every policy that the key tells by its identity.
    """
    _kept[found] = _Kept(outcome, index, prefixes, alive)
    if len(_kept) > _MOST:
        _kept.popitem(last=False)
    if index.number >= _swept[0] + WORLDS:
        _swept[0] = index.number
        for each in [each for each, kept in _kept.items() if kept.index.number < index.number - WORLDS]:
            del _kept[each]


def _changed(one: Guards, other: Guards) -> tuple[str, ...]:
    """Return the ARNs of guards that differ; both indexes are kept alive, so their ids stay theirs."""
    mark = (id(one), id(other))
    found = _differences.get(mark)
    if found is None:
        before, after = one.world.guards, other.world.guards
        arns = [arn for arn in before if before[arn] is not after.get(arn)]
        arns += [arn for arn in after if arn not in before]
        found = _differences[mark] = one, other, tuple(arns)
        if len(_differences) > _DIFFERENCES:
            _differences.popitem(last=False)
    return found[2]
