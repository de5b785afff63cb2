"""Whether one policy, or one template, allows everything that another does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.errors import Fault, PolicyError
from lakenb.iam.policies import Policy, PolicyKind
from lakenb.iam.proof.principals import administrator, strangers
from lakenb.iam.proof.values import Verdict, Who, Witness
from lakenb.iam.questions.changes import changes, diff
from lakenb.iam.questions.compare import Both, Comparison
from lakenb.iam.questions.places import glob_of
from lakenb.iam.questions.sentences import Change, Kind
from lakenb.iam.requests import request
from lakenb.iam.stacks.world import World, owner_arn

if TYPE_CHECKING:
    from collections.abc import Iterator

_ACCOUNT: Final = "111122223333"
_IN_ARN: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:([0-9]{12}):")
_ALONE: Final = frozenset({PolicyKind.IDENTITY, PolicyKind.BOUNDARY, PolicyKind.SESSION})
Compared = Policy | World | Sequence[World]
"""What can be compared: two policies of one kind, or two templates by their worlds."""


@dataclass(frozen=True, slots=True, repr=False)
class Ordering:
    """Whether something holds between two policies or templates.

    Parameters
    ----------
    verdict
        PROVED, FAILED with the witness, or UNDECIDED.
    why
        A sentence; empty when proved.
    witness
        The smallest request that one allows and the other does not.
    """

    verdict: Verdict
    why: str = ""
    witness: Witness | None = None

    def __bool__(self) -> bool:
        """Return whether it is proved."""
        return self.verdict is Verdict.PROVED

    def __repr__(self) -> str:
        """Return the verdict and why."""
        return f"{self.verdict.value}: {self.why}" if self.why else self.verdict.value


def subsumes(old: Compared, new: Compared) -> Ordering:
    """Return whether the old one allows everything that the new one does: no new access.

    Parameters
    ----------
    old, new
        Two policies of one kind, each taken alone, or two templates by their worlds.

    Raises
    ------
    PolicyError
        If they are not of one kind.

    Examples
    --------
    >>> from lakenb.iam.parser import policy
    >>> def reads(on):
    ...     one = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": on}
    ...     return policy({"Statement": one}, PolicyKind.IDENTITY)
    >>> print(subsumes(reads("arn:aws:s3:::b/*"), reads("arn:aws:s3:::b/in/*")))
    proved
    >>> print(subsumes(reads("arn:aws:s3:::b/in/*"), reads("arn:aws:s3:::b/*")).verdict.value)
    failed
    """
    rows, doubts = _changes(old, new)
    return _ordering([row for row in rows if row.kind is not Kind.LOSES], doubts)


def equivalent(old: Compared, new: Compared) -> Ordering:
    """Return whether both allow the same; as `subsumes`, both ways."""
    return _ordering(*_changes(old, new))


def _ordering(rows: Sequence[Change], doubts: Sequence[str]) -> Ordering:
    certain = [row for row in rows if row.kind is not Kind.OPENS]
    if certain:
        return Ordering(Verdict.FAILED, certain[0].sentence, certain[0].witness)
    if rows or doubts:
        why = rows[0].sentence if rows else doubts[0]
        return Ordering(Verdict.UNDECIDED, why, rows[0].witness if rows else None)
    return Ordering(Verdict.PROVED)


def _changes(old: Compared, new: Compared) -> tuple[Sequence[Change], Sequence[str]]:
    if isinstance(old, Policy) and isinstance(new, Policy) and old.kind is new.kind:
        return _of_policies(old, new)
    if isinstance(old, Policy) or isinstance(new, Policy):
        mend = "compare two policies of one kind, or two templates by their worlds"
        raise PolicyError([Fault("the two are not of one kind", "the comparison", mend)])
    found = diff(_worlds(old), _worlds(new))
    return found.rows, found.undecided


def _worlds(given: World | Sequence[World]) -> Sequence[World]:
    return (given,) if isinstance(given, World) else given


def _of_policies(old: Policy, new: Policy) -> tuple[list[Change], list[str]]:
    """Return what two policies say differently, each alone in the world."""
    if old.kind in _ALONE:
        world = _world({})
        asks = request(f"arn:aws:iam::{_ACCOUNT}:role/holder", "x:y", "*").principal
        both = [
            Both(
                "whoever holds it", *(Who("whoever holds it", asks, identity=(each,)) for each in (old, new))
            )
        ]
        comparison = Comparison(world, world)
    elif old.kind in {PolicyKind.RESOURCE, PolicyKind.TRUST}:
        owners = sorted({*_owners(old), *_owners(new)})
        account = next((found[1] for each in owners if (found := _IN_ARN.match(each))), _ACCOUNT)
        one, other = (_world(dict.fromkeys(owners, each), account) for each in (old, new))
        comparison = Comparison(one, other)
        both = list(_askers(one, other))
    else:
        mend = "compare templates, or policies of identities and resources"
        raise PolicyError([Fault(f"a {old.kind} says nothing alone", "the comparison", mend)])
    rows = [row for each in both for row in changes(comparison, each)]
    return rows, comparison.doubts


def _askers(old: World, new: World) -> Iterator[Both]:
    """Yield everybody whom either policy can tell apart."""
    before = {each.label: each for each in (*strangers(old), administrator(old))}
    after = {each.label: each for each in (*strangers(new), administrator(new))}
    for label in sorted({*before, *after}):
        who = before.get(label) or after[label]
        yield Both(label, who, after.get(label) or who)


def _owners(policy: Policy) -> Iterator[str]:
    """Yield the ARNs of what a resource-based policy guards; where it says ``*`` only, one a service."""
    if policy.kind is PolicyKind.TRUST:
        yield f"arn:aws:iam::{_ACCOUNT}:role/trusting"
        return
    found = set()
    for statement in policy.statements:
        for each in statement.resources or ():
            head = re.split(r"[*?]", glob_of(each), maxsplit=1)[0]
            if head.count(":") == _COLONS and not head.endswith(":"):
                found.add(owner_arn(head).rstrip("/"))
    services = {text.partition(":")[0].lower() for each in policy.statements for text in each.actions.texts}
    plain = sorted(each for each in services if each.isalnum())
    yield from found or {
        f"arn:aws:{each}:eu-west-1:{_ACCOUNT}:{'key/' if each == 'kms' else ''}guarded" for each in plain
    }


_COLONS: Final = 5


def _world(guards: dict[str, Policy], account: str = _ACCOUNT) -> World:
    return World("aws", "eu-west-1", account, "stack", {}, {}, guards)
