"""What a run was: documents, lineage, failures, decisions, and an account in which nothing is lost."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from statistics import median
from typing import TYPE_CHECKING

from lakenb.records.disagreement import Disagreement, disagreement_text
from lakenb.records.lineage import Lineage, lineage
from lakenb.records.tables import Table, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from lakenb.records.disagreement import Reasoning


@dataclass(frozen=True, slots=True, order=True)
class Document:
    """A document that a node sent on or stored.

    Parameters
    ----------
    node
        The node that made it.
    url
        Where it lies, an ``s3://`` URL with percent-encoded key.
    type, size
        MIME type, and bytes (None when unknown).
    event, parent
        Ids of the event that announced it, and of the event that it was made from (empty for an input).
    """

    node: str
    url: str
    type: str
    size: int | None
    event: str
    parent: str


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """A document that a node gave up, as its dead-letter queue tells.

    Parameters
    ----------
    node, event
        Where, and the event's id (empty when the message was no event).
    kind, reason
        What sort of fault, and one sentence. Never content.
    url
        The document, where known.
    """

    node: str
    event: str
    kind: str
    reason: str
    url: str


@dataclass(frozen=True, slots=True, order=True)
class Filtered:
    """An event that a subscription's filter held back, as the server observed.

    Parameters
    ----------
    producer, consumer
        The edge.
    event
        The event's id.
    """

    producer: str
    consumer: str
    event: str


@dataclass(frozen=True, slots=True, order=True)
class Decision:
    """One decision of the server on one request.

    Parameters
    ----------
    order
        Position in time, from 0.
    who
        A node's id, ``deployer``, or a service's name.
    principal, action, resource
        As IAM names them.
    decision
        ``ALLOWED``, ``EXPLICITLY_DENIED`` or ``IMPLICITLY_DENIED``.
    decided_by
        Kind of policy and Sid of the statement that decided; for an implicit denial the kind that lacks one.
    message
        The server's own words for a denial.
    source
        ``request``, or the gate at which the server acted for itself.
    agrees
        Whether lakenb's own evaluator decides the same on the template: ``yes``, ``no``, or ``known``, where
        the server is known to differ from AWS. Empty where the template does not tell what a decision rests
        on, as for the deployer.
    """

    order: int
    who: str
    principal: str
    action: str
    resource: str
    decision: str
    decided_by: str
    message: str
    source: str
    agrees: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Work:
    """One document's way through one node.

    Parameters
    ----------
    node, event
        Where, and the id of the event that was worked on.
    milliseconds
        From the start of the work to its end.
    calls
        AWS calls that it took, as ``(action, count)``.
    """

    node: str
    event: str
    milliseconds: float
    calls: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """The account of an edge, or of a trigger's bucket: what came in is what went out.

    Parameters
    ----------
    edge
        ``producer -> consumer``, or ``bucket -> trigger``.
    inputs
        Events that were published (objects that were put).
    delivered, failed, filtered
        Worked on to the end, in the dead-letter queue, held back by the filter.
    """

    edge: str
    inputs: int
    delivered: int
    failed: int
    filtered: int

    @property
    def missing(self) -> int:
        """Inputs that have no end yet; 0 when nothing is lost."""
        return self.inputs - self.delivered - self.failed - self.filtered


@dataclass(frozen=True, slots=True, order=True)
class Waiting:
    """Events that a node has gathered, and of which it has made no composite yet.

    Parameters
    ----------
    node, chain
        Where, and the id of the chain that they belong to.
    events
        How many.
    """

    node: str
    chain: str
    events: int


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one node took.

    Parameters
    ----------
    node, documents
        Where, and how many documents it worked on.
    median_ms, longest_ms
        Milliseconds a document.
    calls_per_document
        AWS calls, the whole node's by its documents.
    """

    node: str
    documents: int
    median_ms: float
    longest_ms: float
    calls_per_document: float


@dataclass(frozen=True, slots=True)
class Run:
    """The outcome of a run. Its tables print as text and give a DataFrame by ``.df``.

    Parameters
    ----------
    pipeline
        The pipeline's id.
    document_records, failures, filtered_records, decision_records, work
        What was observed, sorted.
    accounts
        One account for each trigger and each edge.
    names
        For each input document's URL the name that the user gave it.
    duration
        From the first document put until all was quiet.
    unenforced
        What the embedded AWS does not enforce, one sentence each.
    disagreement_records
        Decisions on which the embedded AWS and lakenb's evaluator differ; normally none.
    reasoning
        Tells why a decision is right, on demand.
    waiting_records
        What nodes have gathered when the run ended and made no composite of.
    """

    pipeline: str
    document_records: tuple[Document, ...]
    failures: tuple[Failure, ...]
    filtered_records: tuple[Filtered, ...]
    decision_records: tuple[Decision, ...]
    work: tuple[Work, ...]
    accounts: tuple[Account, ...]
    names: tuple[tuple[str, str], ...]
    duration: timedelta
    unenforced: tuple[str, ...] = ()
    disagreement_records: tuple[Disagreement, ...] = ()
    reasoning: Reasoning | None = field(default=None, compare=False, repr=False)
    waiting_records: tuple[Waiting, ...] = ()

    @property
    def documents(self) -> Table:
        """Every document that a node sent on or stored: node, url, type, size, event, parent."""
        return table_of("documents", self.document_records, Document)

    @property
    def failed(self) -> Table:
        """Every document that failed: node, event, kind, reason, url."""
        return table_of("failures", self.failures, Failure)

    @property
    def filtered(self) -> Table:
        """Every event that a filter held back: producer, consumer, event."""
        return table_of("filtered events", self.filtered_records, Filtered)

    @property
    def waiting(self) -> Table:
        """Every chain of which a node has gathered events and made no composite: node, chain, events."""
        return table_of("chains that wait", self.waiting_records, Waiting)

    @property
    def decisions(self) -> Table:
        """Every decision of the server: order, who, principal, action, resource, decision... agrees, because.

        ``because`` is lakenb's own reason, from the template: the policy and the Sid of the statement that
        decides; for a denial AWS's sentence and the nearest miss.
        """
        table = table_of("decisions", self.decision_records, Decision)
        told = self.reasoning
        reasons = ("" if told is None else told.because(one.order) for one in self.decision_records)
        rows = tuple((*row, because) for row, because in zip(table.rows, reasons, strict=True))
        return replace(table, columns=(*table.columns, "because"), rows=rows)

    @property
    def disagreements(self) -> Table:
        """Decisions that lakenb's own evaluator takes otherwise, with what both say; normally none."""
        return table_of("disagreements", self.disagreement_records, Disagreement)

    @property
    def is_confirmed(self) -> bool:
        """Whether lakenb's evaluator agrees with every decision of the server, but for known deviations."""
        return not self.disagreement_records

    @property
    def lineage(self) -> Lineage:
        """What became of every input, as trees."""
        return lineage(self.document_records, self.failures, self.filtered_records, dict(self.names))

    @property
    def account(self) -> Table:
        """For each trigger and edge: inputs, delivered, failed, filtered."""
        return table_of("edges", self.accounts, Account)

    @property
    def is_complete(self) -> bool:
        """Whether ``inputs = delivered + failed + filtered`` holds on every edge."""
        return all(account.missing == 0 for account in self.accounts)

    @property
    def timings(self) -> Table:
        """For each node: documents, median and longest milliseconds, AWS calls a document."""
        by_node: dict[str, list[Work]] = defaultdict(list)
        for work in self.work:
            by_node[work.node].append(work)
        rows = []
        for node, done in sorted(by_node.items()):
            spent = [work.milliseconds for work in done]
            calls = sum(count for work in done for _, count in work.calls)
            rows.append(
                Timing(node, len(done), round(median(spent), 1), round(max(spent), 1), calls / len(done))
            )
        return table_of("nodes", rows, Timing)

    def __repr__(self) -> str:
        """Return the outcome in a few lines, the account included."""
        seconds = self.duration.total_seconds()
        counts = f"{len(self.document_records)} documents, {len(self.failures)} failed"
        verdict = "nothing lost" if self.is_complete else "NOT COMPLETE"
        verdict = "; ".join((verdict, *self._waits()))
        head = f"<Run of {self.pipeline!r}: {counts}, {verdict}, {seconds:.1f} s>\n{self.account!r}"
        return head if self.is_confirmed else f"{disagreement_text(self.disagreement_records)}\n{head}"

    def _waits(self) -> Iterator[str]:
        """Yield what waits, node by node."""
        kept: Counter[str] = Counter()
        for one in self.waiting_records:
            kept[one.node] += one.events
        for node, events in sorted(kept.items()):
            yield f"{events} event{'' if events == 1 else 's'} wait{'s' if events == 1 else ''} in {node!r}"
