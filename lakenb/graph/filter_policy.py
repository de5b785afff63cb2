"""From a filter to the SNS filter policy that says the same (``FilterPolicyScope: MessageBody``).

What all of a filter's branches (`lakenb.graph.filter_branches`) ask for stands once; in what they differ goes
under SNS's ``$or`` at the policy's top.

AWS's conditions for ``$or`` [and-or-logic]: an array, of two objects or more, none of which has a reserved
word as a name. Its quotas [subscription-filter-policy-constraints, and-or-logic], in the stricter reading:

- at most five keys, counting leaf keys (an older edition of the page) and not top-level ones (the present
  one), of which, ``$or`` included, there are never more;
- complexity at most 150: a key's number of values times its nesting level, multiplied over the keys, summed
  over the branches of ``$or``; here the values that an anything-but lists count as well;
- 256 KB of JSON; numbers are checked where a filter is made.

The pages named in brackets are in https://docs.aws.amazon.com/sns/latest/dg/.
"""

from __future__ import annotations

import json
from functools import lru_cache, reduce
from itertools import chain
from math import prod
from operator import or_
from typing import TYPE_CHECKING, Any

from lakenb.errors import FilterError
from lakenb.graph.filter_branches import Branch, branches_of, only
from lakenb.graph.filter_sets import (
    NotNumbers,
    NotTexts,
    Union,
    rendered,
)
from lakenb.graph.filters import Filter, when
from lakenb.graph.mime import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_KEYS = 5
MOST_COMBINATIONS = 150
MOST_BYTES = 256 * 1024

RESERVED = frozenset(
    ("anything-but", "cidr", "equals-ignore-case", "exists", "numeric", "prefix", "suffix", "wildcard")
)


def filter_policy(wanted: Filter) -> dict[str, Any]:
    """Return the SNS filter policy that lets through what a filter does.

    Parameters
    ----------
    wanted
        The filter. The consumer's own part is added by `consumer_filter`.

    Returns
    -------
    dict[str, Any]
        Plain JSON values, the same for the same filter; for a subscription whose scope is the message body.

    Raises
    ------
    FilterError
        If nothing can match, if SNS has no expression for it, or if it exceeds a quota of SNS.

    Examples
    --------
    >>> filter_policy(when("data.document.size").lt(10) & ~when("type").starts_with("x"))
    {'data': {'document': {'size': [{'numeric': ['<', 10]}]}}, 'type': [{'anything-but': {'prefix': 'x'}}]}
    """
    branches = branches_of(wanted)
    if isinstance(branches, str):
        raise _never_matches(branches)
    everywhere = {
        path: union
        for path, union in branches[0].items()
        if all(branch.get(path) == union for branch in branches)
    }
    ways = [{path: union for path, union in branch.items() if path not in everywhere} for branch in branches]
    ways = [way for way in ways if way]
    policy = _nested(everywhere)
    if ways:
        policy["$or"] = sorted(map(_nested, ways), key=json.dumps)
    _check_quotas(policy, everywhere, ways)
    return policy


def consumer_filter(types: Sequence[str], user_filter: Filter | None) -> Filter:
    """Return what a consumer lets through an edge: what it can take, and of that what the user asked for.

    Parameters
    ----------
    types
        The MIME patterns that the consumer accepts; ``*/*`` among them accepts every type.
    user_filter
        The edge's own filter, or None. It narrows the consumer's and never replaces it.

    Raises
    ------
    FilterError
        As `filter_policy`, which can compile the result.

    Examples
    --------
    >>> consumer_filter(["image/*"], when("data.document.size").lt(10)) # doctest: +NORMALIZE_WHITESPACE
    when('data.document.size').lt(10) & when('data.document.type').starts_with('image/')
     & when('type').equals('document-created')
    """
    return _consumer_filter(tuple(types), user_filter)


# Many edges of a pipeline ask the same, and several rooms ask for each edge. Filters are values.
@lru_cache(maxsize=1024)
def _consumer_filter(types: tuple[str, ...], user_filter: Filter | None) -> Filter:
    whole = when("type").equals("document-created")
    accepted = {normalize(pattern) for pattern in types}
    if not accepted:
        mend = "pipe into a middleware that accepts documents"
        raise FilterError(
            "the consumer accepts no type, so nothing reaches it", "key data.document.type", mend
        )
    if "*/*" not in accepted:
        document_type = when("data.document.type")
        families = [pattern.removesuffix("*") for pattern in sorted(accepted) if pattern.endswith("/*")]
        exact = [pattern for pattern in accepted if not pattern.endswith("/*")]
        parts = [document_type.starts_with(family) for family in families]
        parts += [document_type.includes(*exact)] if exact else []
        whole &= reduce(or_, parts)
    if user_filter is not None:
        alone = branches_of(user_filter)
        if isinstance(alone, str):
            raise _never_matches(alone)
        whole &= user_filter
    together = branches_of(whole)
    if isinstance(together, str):
        what = f"this filter asks of {together!r} what the consumer does not take, so it never matches"
        mend = (
            f"filter among what the consumer takes: created documents of type {', '.join(sorted(accepted))}"
        )
        raise FilterError(what, f"key {together}", mend)
    filter_policy(whole)  # so that an edge that cannot be fails where it is made, not in the template
    return whole


def _never_matches(path: str) -> FilterError:
    what = f"this filter never matches: what it asks of {path!r} excludes itself"
    mend = "use | between conditions of which one is enough; SNS wants one value to meet all that & joins"
    return FilterError(what, f"key {path}", mend)


def _nested(branch: Branch) -> dict[str, Any]:
    policy: dict[str, Any] = {}
    for path, asked in sorted(branch.items()):
        *parents, leaf = path.split(".")
        place = policy
        for name in parents:
            place = place.setdefault(name, {})
        place[leaf] = rendered(only(asked))
    return policy


def _check_quotas(policy: dict[str, Any], everywhere: Branch, ways: list[Branch]) -> None:
    paths = sorted({*everywhere, *chain.from_iterable(ways)})
    where = f"keys {', '.join(paths)}"
    if len(paths) > MOST_KEYS:
        what = f"this filter policy has {len(paths)} keys; SNS allows {MOST_KEYS}"
        raise FilterError(what, where, "test fewer keys; the consumer's own type and document type count too")
    combinations = _combinations(everywhere) * (sum(map(_combinations, ways)) if ways else 1)
    if combinations > MOST_COMBINATIONS:
        what = f"this filter policy has a complexity of {combinations}; SNS allows {MOST_COMBINATIONS}"
        mend = "list fewer values: values times nesting level, multiplied over the keys, is what SNS counts"
        raise FilterError(what, where, mend)
    size = len(json.dumps(policy))
    if size > MOST_BYTES:
        what = f"this filter policy takes {size} bytes; SNS allows {MOST_BYTES}"
        raise FilterError(what, where, "list fewer or shorter values")
    reserved = sorted(RESERVED.intersection(path.split(".")[0] for path in chain.from_iterable(ways)))
    if reserved:
        what = f"SNS takes {reserved[0]!r} for an operator and so knows no '|' over different keys here"
        raise FilterError(
            what, where, "give each side of the '|' an edge of its own to a consumer of its own"
        )


def _combinations(branch: Branch) -> int:
    return prod((path.count(".") + 1) * _values(only(asked)) for path, asked in branch.items())


def _values(union: Union) -> int:
    """Count a key's values, those that an anything-but lists among them."""
    count = 0
    for atom in union:
        match atom:
            case NotTexts(texts=listed) | NotNumbers(numbers=listed):
                count += len(listed)
            case _:
                count += 1
    return count
