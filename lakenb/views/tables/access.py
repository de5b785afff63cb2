"""Who may do what with the documents of which store: a row for each principal, a column for each store."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.records.tables import Table
from lakenb.security.values import Sort
from lakenb.views.tables.order import NOT_INTENDED, positions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakenb.graph.graph import Graph
    from lakenb.views.seen import Seen, SeenGrant

NOTHING = "—"
_CACHE_SORTS = frozenset({Sort.CACHE_OBJECTS.value, Sort.CACHE_BUCKET.value})
_STORE_SORTS = frozenset({Sort.OBJECTS.value, Sort.BUCKET.value})
# 'Put' before 'Get': what a node makes, then what it is given
_VERBS = {"s3:putobject": "Put", "s3:getobject": "Get", "s3:deleteobject": "Delete"}
_ABORT = "s3:abortmultipartupload"
NOTES = (
    "Get is s3:GetObject. Put is s3:PutObject, with s3:AbortMultipartUpload where the same keys carry both.",
    "Delete is s3:DeleteObject. Other actions keep IAM's name.",
    "— is no statement at all: IAM denies it. (forwarded): the read came through a pass-through node.",
)


def access_table(seen: Seen) -> Table:
    """Return who may do what with the documents of which store, from the template's statements.

    Returns
    -------
    Table
        A row for each node in topological order, then for each stranger that reaches a store. A column for
        each store in the same order, then the cache; ``elsewhere`` is added where a statement names
        objects that belong to no store of the pipeline. Cells say the actions and key patterns, what is
        not intended first and marked.
    """
    stores = _stores(seen)
    cells: dict[tuple[str, str], list[SeenGrant]] = defaultdict(list)
    for grant in seen.grants:
        column = _column(grant, stores)
        if column is not None:
            cells[grant.principal, column].append(grant)
    places = positions(seen.graph)
    strangers = sorted({principal for principal, _ in cells} - set(places))
    used = [*stores, _CACHE, *([_ELSEWHERE] if any(column == _ELSEWHERE for _, column in cells) else [])]
    rows = tuple(
        (principal, *(_cell(cells.get((principal, column), ())) for column in used))
        for principal in (*places, *strangers)
    )
    names = _headings((_WHO, *used))
    return Table("principals", names, rows, _notes(seen, cells), frozenset(names[1:]))


# Columns that are no node's: a node's id has no blanks, so these never meet one.
_WHO, _CACHE, _ELSEWHERE = " who", " cache", " elsewhere"


def _headings(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns' names; a node that is called like a column of ours keeps its own name."""
    taken = set(columns)
    return tuple(column if not column.startswith(" ") else _free(column.strip(), taken) for column in columns)


def _free(name: str, taken: set[str]) -> str:
    return f"{name} (of the pipeline)" if name in taken else name


def _stores(seen: Seen) -> tuple[str, ...]:
    """Return the nodes that have a store: a bucket in the template, a trigger's source, objects granted."""
    resources = seen.template.get("Resources", {})
    found = {
        node
        for logical, node in seen.owners.items()
        if resources.get(logical, {}).get("Type") == "AWS::S3::Bucket"
    }
    found |= {grant.owner for grant in seen.grants if grant.sort in _STORE_SORTS}
    found |= _triggers(seen.graph)
    return tuple(node for node in seen.graph.topological() if node in found)


def _triggers(graph: Graph) -> set[str]:
    return {node for node, step in graph.nodes.items() if step.row.part is Part.TRIGGER}


def _column(grant: SeenGrant, stores: Sequence[str]) -> str | None:
    """Return the column of a grant; None for what is about no documents (queues, topics, logs)."""
    if grant.sort in _CACHE_SORTS:
        return _CACHE
    if grant.sort in _STORE_SORTS and grant.owner in stores:
        return grant.owner
    known_otherwise = bool(grant.sort) and grant.sort not in _STORE_SORTS
    return None if known_otherwise or not _reaches_objects(grant) else _ELSEWHERE


def _reaches_objects(grant: SeenGrant) -> bool:
    # what is not an action of another service by name may well reach objects: a star, a NotAction, a policy
    # by its ARN
    service, colon, _ = grant.action.partition(":")
    return not colon or " " in service or service.lower() == "s3" or "*" in service or "?" in service


def _cell(grants: Sequence[SeenGrant]) -> str:
    intended = [grant for grant in grants if grant.kind != "unintended"]
    unintended = [grant for grant in grants if grant.kind == "unintended"]
    said = [_said(intended)] if intended else []
    if unintended:
        said.insert(0, f"✗ {NOT_INTENDED}: {_said(unintended)}")
    return " · ".join(said) or NOTHING


def _said(grants: Sequence[SeenGrant]) -> str:
    put = {(grant.pattern, grant.condition) for grant in grants if grant.action.lower() == "s3:putobject"}
    patterns: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    for grant in grants:
        action = grant.action.lower()
        if action == _ABORT and (grant.pattern, grant.condition) in put:
            continue
        rank = list(_VERBS).index(action) if action in _VERBS else len(_VERBS)
        verb = _VERBS.get(action, grant.action)
        patterns[rank, verb, _remark(grant)].add(_keys(grant))
    return " · ".join(
        f"{verb} {', '.join(sorted(keys))}{remark}".strip()
        for (_, verb, remark), keys in sorted(patterns.items())
    )


def _keys(grant: SeenGrant) -> str:
    if grant.pattern:
        return grant.pattern
    return "" if grant.sort in {Sort.BUCKET.value, Sort.CACHE_BUCKET.value} else grant.resource


def _remark(grant: SeenGrant) -> str:
    remarks = ["forwarded"] if grant.kind == "forwarded" else []
    if grant.condition:
        remarks.append(f"if {grant.condition}")
    return f" ({'; '.join(remarks)})" if remarks else ""


def _notes(seen: Seen, cells: dict[tuple[str, str], list[SeenGrant]]) -> tuple[str, ...]:
    reached = [grant for grants in cells.values() for grant in grants if grant.kind == "unintended"]
    given = [
        f"The bucket of '{node}' is given: it is not in this template."
        for node in seen.graph.topological()
        if getattr(seen.graph.nodes[node], "bucket", None) is not None
    ]
    if not reached:
        return (*NOTES, *given)
    return (f"✗ {len(reached)} grants on stores are {NOT_INTENDED}.", *NOTES, *given)
