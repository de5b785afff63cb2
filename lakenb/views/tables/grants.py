"""Every grant of a template as a table, a row for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.records.tables import Table
from lakenb.security.values import Sort
from lakenb.views.tables.order import NOT_INTENDED, positions

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.views.seen import Seen, SeenGrant

COLUMNS = ("edge", "principal", "action", "resource", "condition", "why", "kind")
ORDER = (
    "Ordered by resource, so that everybody who may reach one stands together: each node's objects, queue, "
    "dead letters, topic and logs, nodes as documents pass them; the cache last."
)
_SORTS = (
    Sort.OBJECTS.value,
    Sort.BUCKET.value,
    Sort.CACHE_OBJECTS.value,
    Sort.CACHE_BUCKET.value,
    Sort.QUEUE.value,
    Sort.DEAD_LETTERS.value,
    Sort.TOPIC.value,
    Sort.LOGS.value,
)
_READS_FIRST = ("s3:getobject", "s3:putobject", "s3:abortmultipartupload")
_MISSING_NAMED = 5


def grants_table(seen: Seen) -> Table:
    """Return every grant that stands in the template.

    Parameters
    ----------
    seen
        The template, read with the names of its pipeline.

    Returns
    -------
    Table
        Columns edge, principal, action, resource, condition, why, kind; one row for each grant. What the
        model does not ask for comes first, its kind ``NOT INTENDED``. The rest is ordered by resource:
        nodes in topological order, the cache last. Notes count what is not intended, and name what the
        model asks for and the template lacks.
    """
    rows = tuple(
        (
            grant.edge,
            grant.principal,
            grant.action,
            grant.resource,
            grant.condition,
            grant.why,
            NOT_INTENDED if grant.kind == "unintended" else grant.kind,
        )
        for grant in sorted(seen.grants, key=_reading_order(seen))
    )
    return Table("grants", COLUMNS, rows, (*_findings(seen), ORDER))


def _reading_order(seen: Seen) -> Callable[[SeenGrant], tuple[object, ...]]:
    places = positions(seen.graph)
    last = len(places)
    verbs = {action: rank for rank, action in enumerate(_READS_FIRST)}

    def place(grant: SeenGrant) -> tuple[object, ...]:
        sort = _SORTS.index(grant.sort) if grant.sort in _SORTS else len(_SORTS)
        return (
            grant.kind != "unintended",
            places.get(grant.owner, last),
            sort,
            verbs.get(grant.action.lower(), len(verbs)),
            grant.resource,
            grant.action,
            places.get(grant.principal, last),
            grant,
        )

    return place


def _findings(seen: Seen) -> tuple[str, ...]:
    notes = []
    unintended = sum(grant.kind == "unintended" for grant in seen.grants)
    if unintended:
        notes.append(f"✗ {unintended} of {len(seen.grants)} grants are {NOT_INTENDED}: they stand first.")
    if seen.missing:
        named = [f"{one.principal} {one.action} {one.resource}" for one in seen.missing[:_MISSING_NAMED]]
        left = len(seen.missing) - len(named)
        more = f", and {left} more" if left else ""
        notes.append(
            f"✗ {len(seen.missing)} grants that the model asks for are MISSING from the template, "
            f"so documents would fail: {'; '.join(named)}{more}."
        )
    return tuple(notes)
