"""The published encryption table beside what the template says: a row for a service, and its resources."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.records.tables import Table
from lakenb.security.given import given_bucket_notes, given_place_notes, given_queue_notes
from lakenb.views.tables.at_rest import AtRest, at_rest, properties_of, schedule_group
from lakenb.views.tables.in_transit import InTransit, Transit
from lakenb.views.tables.order import positions
from lakenb.views.tables.published import BESIDE, PUBLISHED, PublishedRow, footnotes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.graph.graph import Graph
    from lakenb.views.seen import Seen

COLUMNS = ("service", "at rest", "in transit", "resources", "as published", "today")
RESOURCE_COLUMNS = (
    "logical id",
    "node",
    "service",
    "at rest",
    "in transit",
    "key",
    "as published",
    "says so",
)
SIDE_BY_SIDE = (
    "service",
    "at rest",
    "in transit",
    "this template",
    "at rest, the other",
    "in transit, the other",
    "the other template",
)
IDENTIFIERS = frozenset({"logical id", "key", "says so"})
NO_RESOURCES = "none in this pipeline"
NOT_OURS = "given bucket: not in this template, its owner's"
HOLDS = "✓ holds"
_PIPELINE = "the pipeline"
_STORAGE = "Middleware Storage"
_SERVICES = {
    "AWS::SQS::Queue": "SQS",
    "AWS::SNS::Topic": "SNS",
    "AWS::EFS::FileSystem": "EFS",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::DynamoDB::GlobalTable": "DynamoDB",
    "AWS::Logs::LogGroup": "Logs",
    "AWS::S3::Bucket": _STORAGE,
    "AWS::Lambda::Function": "Environment Variables",
    "AWS::ECS::TaskDefinition": "Environment Variables",
    "AWS::StepFunctions::StateMachine": "Step Functions",
    "AWS::Scheduler::Schedule": "EventBridge Scheduler",
    "AWS::Scheduler::ScheduleGroup": "EventBridge Scheduler",
}
_GROUP, _FUNCTION = "AWS::Scheduler::ScheduleGroup", "AWS::Lambda::Function"
_NAMED = 4


@dataclass(frozen=True, slots=True, repr=False)
class EncryptionTable(Table):
    """The services of the published table; in a notebook each unfolds to its resources.

    Parameters
    ----------
    resources
        A row for each resource: logical id, node, service, at rest, in transit, key, as published, and the
        property and the Denies in the template that say so. Those of services that the page does not have
        (Step Functions, EventBridge Scheduler) stand last.
    caption
        What the table holds, in a line.
    """

    resources: Table = field(default=Table("resources", RESOURCE_COLUMNS, (), identifiers=IDENTIFIERS))
    caption: str = ""

    def beside(self, other: EncryptionTable) -> Table:
        """Return this table and another side by side, such as that of the same pipeline under a key.

        Returns
        -------
        Table
            service, and of each of the two tables the page's cells and whether its template keeps them.
        """
        verdicts = (self.columns.index("as published"), other.columns.index("as published"))
        rows = tuple(
            (mine[0], *mine[1:3], mine[verdicts[0]], *theirs[1:3], theirs[verdicts[1]])
            for mine, theirs in zip(self.rows, other.rows, strict=True)
        )
        notes = tuple(dict.fromkeys((*self.notes, *other.notes)))
        return Table("services, side by side", SIDE_BY_SIDE, rows, notes)

    def _repr_html_(self) -> str | None:
        """Return the services as HTML, the resources of each folded below."""
        try:
            from lakenb.views.tables.encryption_html import (  # noqa: PLC0415 - pandas only when used
                encryption_html,
            )
        except ImportError:
            return None
        return encryption_html(self)


@dataclass(frozen=True, slots=True)
class _Resource:
    logical_id: str
    node: str
    service: str
    at_rest: AtRest
    in_transit: InTransit
    promised: str

    @property
    def faults(self) -> tuple[str, ...]:
        kept = self.at_rest.keeps(self.promised)
        resting = () if kept else (f"at rest {self.at_rest.words} ({self.at_rest.evidence})",)
        return (*resting, *self.in_transit.faults)

    @property
    def is_better(self) -> bool:
        return self.at_rest.exceeds(self.promised)

    def row(self) -> tuple[str, ...]:
        evidence = " · ".join(filter(None, (self.at_rest.evidence, self.in_transit.evidence)))
        return (
            self.logical_id,
            self.node,
            self.service,
            self.at_rest.words,
            self.in_transit.words,
            self.at_rest.key or "—",
            f"✗ {'; '.join(self.faults)}" if self.faults else HOLDS,
            evidence,
        )


def encryption_table(seen: Seen) -> EncryptionTable:
    """Return the published encryption table, and whether this template keeps it.

    Parameters
    ----------
    seen
        The template, read with the names of its pipeline.

    Returns
    -------
    EncryptionTable
        Columns service, at rest and in transit (the page's own cells), resources (how many), as published
        (``✓ holds``, or ``✗`` with the logical ids and what differs), today (what AWS does beside it). One
        row for each row of the page, in its order. `resources` holds a row for each resource.
    """
    found = _resources(seen)
    given = _given_buckets(seen)
    kept = [_is_under_key(seen.graph, node) for node in ("", *seen.graph.nodes)]
    rows = tuple(
        _service_row(
            published,
            [one for one in found if one.service == published.service],
            given if published.service == _STORAGE else (),
            kept,
        )
        for published in PUBLISHED
    )
    notes = (
        *footnotes(by_default=not all(kept), under_key=any(kept)),
        *_beside(found),
        *given_bucket_notes(seen.graph),
        *given_place_notes(seen.graph),
        *given_queue_notes(seen.graph),
    )
    which = (
        "under a customer managed key" if all(kept) else "in part under a key" if any(kept) else "by default"
    )
    caption = f"Encryption {which}, as published and in this template"
    resources = _resource_table(found, given)
    return EncryptionTable("services", COLUMNS, rows, notes, resources=resources, caption=caption)


def _is_under_key(graph: Graph, node: str) -> bool:
    """Return whether a node, or with an empty name the pipeline's own cache, was to be under a key."""
    own = graph.nodes[node].own_key() if node in graph.nodes else None
    return (own or graph.key) is not None


def _beside(found: Sequence[_Resource]) -> Iterator[str]:
    """Yield what the pipeline holds of services that the page does not have."""
    for row in BESIDE:
        ours = [one for one in found if one.service == row.service]
        if ours:
            counted = "1 resource" if len(ours) == 1 else f"{len(ours)} resources"
            yield f"Beside the page: {row.service}, {counted}: {' · '.join(_verdicts(ours))}."


def _resources(seen: Seen) -> list[_Resource]:
    transit = Transit(seen.template)
    published = {row.service: row for row in (*PUBLISHED, *BESIDE)}
    found = []
    for logical, resource in seen.template.get("Resources", {}).items():
        kind = resource.get("Type", "") if isinstance(resource, dict) else ""
        owner = seen.owners.get(logical)
        resting = _of_group(seen, owner) if kind == _GROUP else at_rest(kind, properties_of(resource))
        if resting is None:
            continue
        is_cache = owner == "" and kind == "AWS::S3::Bucket"
        service = "Cache Storage" if is_cache else _SERVICES[kind]
        node = "—" if owner is None else owner or _PIPELINE
        cells = published[service].cells(is_under_key=_is_under_key(seen.graph, owner or ""))
        found.append(_Resource(logical, node, service, resting, transit.of(logical), cells.at_rest))
    places = positions(seen.graph)
    order = {row.service: index for index, row in enumerate((*PUBLISHED, *BESIDE))}
    return sorted(
        found, key=lambda one: (order[one.service], places.get(one.node, len(places)), one.logical_id)
    )


def _of_group(seen: Seen, owner: str | None) -> AtRest | None:
    """Return how the schedules of a group are encrypted: its node's function gives each its key.

    None where no function makes any: then the group holds the template's own, each with a row of its own.
    """
    resources = seen.template["Resources"].items()
    functions = [one for logical, one in resources if owner is not None and seen.owners.get(logical) == owner]
    (function,) = [one for one in functions if one.get("Type") == _FUNCTION] or ({},)
    told = properties_of(function).get("Environment", {}).get("Variables", {})
    return schedule_group(properties_of(function)) if "LAKENB_SCHEDULE_GROUP" in told else None


def _given_buckets(seen: Seen) -> tuple[str, ...]:
    """Return the triggers whose bucket is not in the template."""
    resources = seen.template.get("Resources", {})
    made = {
        node for logical, node in seen.owners.items() if resources[logical].get("Type") == "AWS::S3::Bucket"
    }
    return tuple(
        node
        for node in seen.graph.topological()
        if seen.graph.nodes[node].row.part is Part.TRIGGER and node not in made
    )


def _resource_table(found: Sequence[_Resource], given: Sequence[str]) -> Table:
    rows = [one.row() for one in found]
    rows += [("—", node, _STORAGE, "—", "—", "—", f"○ {NOT_OURS}", NOT_OURS) for node in given]
    order = [row.service for row in (*PUBLISHED, *BESIDE)]
    rows.sort(key=lambda row: order.index(row[2]))
    return Table("resources", RESOURCE_COLUMNS, tuple(rows), identifiers=IDENTIFIERS)


def _service_row(
    published: PublishedRow, found: Sequence[_Resource], given: Sequence[str], kept: Sequence[bool]
) -> tuple[str, ...]:
    counted = str(len(found)) if found else NO_RESOURCES
    if given:
        counted = f"{len(found)}, and {len(given)} given"
    verdict = " · ".join(
        (*_verdicts(found), *(f"○ {NOT_OURS} ('{node}')" for node in given)) or (f"○ {NO_RESOURCES}",)
    )
    # without a key the page's first table counts, with one its second; for a mixture both
    cells = [published.cells(is_under_key=is_kept) for is_kept in sorted(set(kept))]
    words = zip(*((one.at_rest_cell, one.in_transit_cell, one.today) for one in cells), strict=True)
    at_rest_cell, in_transit_cell, today = (" / ".join(dict.fromkeys(texts)) for texts in words)
    return (published.service, at_rest_cell, in_transit_cell, counted, verdict, today)


def _verdicts(found: Sequence[_Resource]) -> Iterator[str]:
    faulty = [f"{one.logical_id}: {'; '.join(one.faults)}" for one in found if one.faults]
    better = [f"{one.logical_id}: {one.at_rest.words}" for one in found if one.is_better and not one.faults]
    if faulty:
        yield f"✗ {_some(faulty)}"
    elif found:
        yield f"{HOLDS}; more than published: {_some(better)}" if better else HOLDS


def _some(texts: Sequence[str]) -> str:
    more = f" · and {len(texts) - _NAMED} more, see .resources" if len(texts) > _NAMED else ""
    return " · ".join(texts[:_NAMED]) + more
