"""A filter's normal form: *branches*, of which one must hold, and in each of them all that it asks.

A branch has, for each path, the unions of conditions that one value there must be in. Branches that differ on
one path are made one, which keeps an ``|`` over values of one key out of SNS's ``$or``.
"""

from __future__ import annotations

from functools import reduce
from itertools import chain, product
from typing import TypeAlias

from lakenb.errors import FilterError
from lakenb.graph.filter_sets import InexpressibleError, Union, covers, intersection, pruned, unions
from lakenb.graph.filters import AllOf, AnyOf, Condition, Filter, Not

# A resolved branch has a single union for each path: `only` returns it.
Branch: TypeAlias = dict[str, frozenset[Union]]

# A branch that is left costs at least one of a policy's 150 combinations; this bounds the work until then.
MOST_BRANCHES = 500


def branches_of(wanted: Filter) -> list[Branch] | str:
    """Return the branches that can hold, each with one union a path, none of them covered by another.

    Returns
    -------
    list[Branch] | str
        At least one branch; or, if nothing can pass the filter, a path of which it asks too much.

    Raises
    ------
    FilterError
        If SNS cannot say what a branch asks of a path.
    """
    possible: list[Branch] = []
    never: list[str] = []
    for branch in _asked(wanted):
        resolved = _resolved(branch)
        if isinstance(resolved, str):
            never.append(resolved)
        else:
            possible.append(resolved)
    if not possible:
        return min(never)
    kept: list[Branch] = []
    for branch in _merged(possible):
        if not any(_lets_through(other, branch) for other in kept):
            kept = [other for other in kept if not _lets_through(branch, other)] + [branch]
    return kept


def only(asked: frozenset[Union]) -> Union:
    """Return the one union that is left of a path when its branch is resolved."""
    (union,) = asked
    return union


def _asked(wanted: Filter, *, is_negated: bool = False) -> list[Branch]:
    """Return the ways to pass a filter, before what they ask of one path is worked out."""
    match wanted:
        case Condition(path=path, test=test):
            return [{path: frozenset(unions(test, is_negated=is_negated))}]
        case Not(negated=negated):
            return _asked(negated, is_negated=not is_negated)
        case AllOf(filters=filters) | AnyOf(filters=filters):
            parts = [_asked(part, is_negated=is_negated) for part in filters]
            if isinstance(wanted, AllOf) is is_negated:  # De Morgan: a negated "all" is an "any"
                return _merged(list(chain.from_iterable(parts)))
            return reduce(_all_pairs, parts)
    raise TypeError(f"not a filter: {wanted!r}")


def _all_pairs(left: list[Branch], right: list[Branch]) -> list[Branch]:
    if len(left) * len(right) > MOST_BRANCHES:
        what = f"this filter's '|' and '&' make more than {MOST_BRANCHES} combinations: too complex for SNS"
        mend = "use includes() for values of one key, and join fewer '|' by '&'"
        raise FilterError(what, "the filter", mend)
    none: frozenset[Union] = frozenset()
    pairs = (
        {path: one.get(path, none) | other.get(path, none) for path in (*one, *other)}
        for one, other in product(left, right)
    )
    return _merged(list(pairs))


def _merged(branches: list[Branch]) -> list[Branch]:
    """Return as few branches as joining those that differ on one path gives."""
    before = -1
    while before != len(branches):
        before = len(branches)
        for path in sorted({path for branch in branches for path in branch}):
            branches = _merged_on(path, branches)
    return branches


def _merged_on(path: str, branches: list[Branch]) -> list[Branch]:
    """Return the branches, those made one that agree on all other paths."""
    alike: dict[frozenset[tuple[str, frozenset[Union]]], list[Branch]] = {}
    for branch in branches:
        rest = frozenset((name, asked) for name, asked in branch.items() if name != path)
        known = alike.setdefault(rest, [])
        for place, other in enumerate(known):
            if path not in branch or path not in other:
                continue
            joined = _either(branch[path], other[path])
            if joined is not None:
                known[place] = {**branch, path: joined}
                break
        else:
            known.append(branch)
    return list(chain.from_iterable(alike.values()))


def _either(one: frozenset[Union], other: frozenset[Union]) -> frozenset[Union] | None:
    """Return what is asked of a path when either will do, or None if that cannot be said without an ``|``."""
    mine, theirs = one - other, other - one
    if not mine or not theirs:  # the one that asks for less lets the other through
        return one & other
    if len(mine) == len(theirs) == 1:
        return (one & other) | {pruned(frozenset().union(*mine, *theirs))}
    return None


def _resolved(branch: Branch) -> Branch | str:
    """Return a branch with one union a path, or the path on which nothing can match."""
    resolved: Branch = {}
    fault: FilterError | None = None
    for path, asked in sorted(branch.items()):
        try:
            union = intersection(asked)
        except InexpressibleError as error:
            what = f"a filter policy of SNS cannot say {error.what} of one key"
            fault = fault or FilterError(what, f"key {path}", error.mend)
            continue
        if not union:
            return path
        resolved[path] = frozenset((union,))
    if fault:
        raise fault
    return resolved


def _lets_through(wide: Branch, narrow: Branch) -> bool:
    return all(
        path in narrow
        and all(any(covers(outer, inner) for outer in only(asked)) for inner in only(narrow[path]))
        for path, asked in wide.items()
    )
