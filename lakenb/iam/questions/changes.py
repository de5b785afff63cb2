"""What a new template lets somebody do that the old one did not, and what no longer, in sentences."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from lakenb.errors import Fault, PolicyError
from lakenb.iam.proof.principals import administrator
from lakenb.iam.questions.askers import holders, outsiders
from lakenb.iam.questions.compare import Both, Comparison
from lakenb.iam.questions.sentences import Change, Kind, title, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakenb.iam.stacks.world import World

_ANONYMOUS: Final = "anonymous"
EVERYBODY: Final = "everybody, anonymous callers too,"


@dataclass(frozen=True, slots=True, repr=False)
class Diff:
    """What changes from one template to another.

    Parameters
    ----------
    rows
        Changes; what is gained first.
    added, removed
        Labels of the principals that only one of them has.
    undecided
        Why the answer may be incomplete; none where it is exact.
    """

    rows: tuple[Change, ...]
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def is_wider(self) -> bool:
        """Whether anybody can do more, as far as is known."""
        return any(row.kind is not Kind.LOSES for row in self.rows) or bool(self.undecided)

    def __bool__(self) -> bool:
        """Return whether anything changes, or may."""
        return bool(self.rows or self.added or self.removed or self.undecided)

    def __repr__(self) -> str:
        """Return a line for each change; that nothing changes is said."""
        if not self:
            return "nobody can do more or less than before"
        lines = [f"{each} is new" for each in self.added]
        lines += [f"{each} is gone" for each in self.removed]
        lines += [row.sentence for row in self.rows]
        lines += [f"not decided: {each}" for each in self.undecided]
        return "\n".join(lines)


def diff(old_worlds: Sequence[World], new_worlds: Sequence[World]) -> Diff:
    """Return what a new template changes.

    Parameters
    ----------
    old_worlds, new_worlds
        As `lakenb.iam.stacks.read.worlds` returns them, read with the same account, region and stack name.
        Worlds that assume the same are compared with one another.

    Returns
    -------
    Diff
        Exact: of every class of requests that the statements of both tell apart, one is decided on both
        sides. Principals are matched by logical id, strangers by label. Nothing where both say the same.

    Raises
    ------
    PolicyError
        If the worlds were not read alike.
    """
    rows: dict[tuple[str, Kind, str, str], Change] = {}
    doubts: dict[str, None] = {}
    pairs, alone = _paired(old_worlds, new_worlds)
    for old, new in pairs:
        found, open_ones = _between(old, new)
        for row in found:
            rows.setdefault((row.principal, row.kind, row.action, row.resource), row)
        doubts |= dict.fromkeys(open_ones)
    for choices in alone:
        doubts[f"only one of the templates can be deployed so that {' and '.join(choices)}"] = None
    before = {each.label: each for each in holders(old_worlds[0])}
    after = {each.label: each for each in holders(new_worlds[0])}
    return Diff(
        tuple(
            sorted(
                _joined(rows.values()),
                key=lambda row: (row.kind is Kind.LOSES, row.principal, row.resource),
            )
        ),
        tuple(title(new_worlds[0], each) for name, each in after.items() if name not in before),
        tuple(title(old_worlds[0], each) for name, each in before.items() if name not in after),
        tuple(doubts),
    )


def _joined(rows: Iterable[Change]) -> Iterator[Change]:
    """Yield the changes, with one row for everybody where anonymous callers are among those it is for."""
    alike: dict[str, list[Change]] = {}
    for row in rows:
        alike.setdefault(row.sentence.partition(f"{row.principal} ")[2], []).append(row)
    for tail, found in alike.items():
        first = next((row for row in found if row.principal == _ANONYMOUS), None)
        if first is None:
            yield from found
        else:
            yield replace(first, principal=EVERYBODY, sentence=f"{EVERYBODY} {tail}")


def _paired(
    old: Sequence[World], new: Sequence[World]
) -> tuple[list[tuple[World, World]], list[tuple[str, ...]]]:
    """Return the worlds that assume the same, and the choices that have no partner."""
    _refuse_unlike(old[0], new[0])
    before = {frozenset(each.choices): each for each in old}
    after = {frozenset(each.choices): each for each in new}
    pairs = [(old[0], new[0])]
    pairs += [
        (each, after[choices])
        for choices, each in before.items()
        if choices in after and (each is not old[0] or after[choices] is not new[0])
    ]
    alone = [each.choices for each in old[1:] if frozenset(each.choices) not in after]
    alone += [each.choices for each in new[1:] if frozenset(each.choices) not in before]
    return pairs, alone


def _refuse_unlike(old: World, new: World) -> None:
    for name in ("account", "region", "partition"):
        one, other = getattr(old, name), getattr(new, name)
        if one != other:
            what = f"the old template was read for the {name} {one}, the new one for {other}"
            raise PolicyError([Fault(what, "the comparison", f"read both for the same {name}")])


def _between(old: World, new: World) -> tuple[list[Change], list[str]]:
    comparison = Comparison(old, new)
    found = [row for who in _everybody(old, new) for row in changes(comparison, who)]
    return found, comparison.doubts


def changes(comparison: Comparison, who: Both) -> Iterator[Change]:
    """Yield what two worlds decide differently for somebody."""
    for difference in comparison.of(who):
        yield from told(comparison, difference)


def _everybody(old: World, new: World) -> Iterator[Both]:
    """Yield everybody of either world, matched by logical id or label."""
    before = {each.logical_id: each for each in holders(old)}
    after = {each.logical_id: each for each in holders(new)}
    for name in sorted({*before, *after}):
        yield Both(name, before.get(name), after.get(name))
    strange = {each.label: each for each in outsiders(old)}
    others = {each.label: each for each in outsiders(new)}
    for name in sorted({*strange, *others}):
        one, other = strange.get(name) or others[name], others.get(name) or strange[name]
        yield Both(name, one, other)
    yield Both(administrator(new).label, administrator(old), administrator(new))
