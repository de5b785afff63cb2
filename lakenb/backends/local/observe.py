"""What a run leaves behind, read from the services: function logs, dead-letter queues, deliveries.

Three observers that know nothing of each other: a function says what it published and finished, the
topic's fan-out says what was delivered or filtered, the dead-letter queue holds what failed. The account
of a run is drawn from all three, so it can fail.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from lakenb.backends.local.clock import sent_by
from lakenb.backends.local.function_log import FunctionLog, json_object
from lakenb.errors import EventError
from lakenb.events.ids import derive_chain_id, derive_id
from lakenb.graph.services import Service
from lakenb.records.run import Account, Document, Failure, Filtered, Waiting, Work
from lakenb.runtime.faults import FaultError
from lakenb.runtime.firings import firing_of
from lakenb.runtime.notifications import uploads
from lakenb.template.names import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from lakenb.backends.local.seam import Delivery, Emulator
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph

# why a message is in the dead-letter queue that the function did not put there, where its log knows no more
_UNKNOWN = ("NotProcessed", "received too often, or never delivered; the function's log does not name it")
_RECEIVE = 10  # messages a ReceiveMessage call gives at most


@dataclass(slots=True)
class Observation:
    """Everything seen so far; `update` looks again.

    Parameters
    ----------
    graph, stack, emulator
        Where to look.
    """

    graph: Graph
    stack: Stack
    emulator: Emulator
    logs: dict[str, FunctionLog] = field(default_factory=lambda: defaultdict(FunctionLog))
    letters: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    deliveries: tuple[Delivery, ...] = ()

    def update(self) -> None:
        """Read logs, dead-letter queues and deliveries."""
        for node in self.graph.nodes:
            self.logs[node].read(self.emulator, self.stack.id(node, Kind.LOGS))
            self._read_dead_letters(node)
        self.deliveries = self.emulator.deliveries()

    def _read_dead_letters(self, node: str) -> None:
        sqs, url = self.emulator.client("sqs"), self.stack.id(node, Kind.DEAD_LETTERS)
        waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        left = int(waiting["Attributes"]["ApproximateNumberOfMessages"])
        while left > 0:
            # they stay where they are: hidden for a moment, so that each is read once
            answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=_RECEIVE, VisibilityTimeout=30)
            messages = answer.get("Messages", [])
            if not messages:
                return
            for message in messages:
                self.letters[message["MessageId"]] = tuple(self._failures(node, message["Body"]))
            left -= len(messages)

    def _failures(self, node: str, body: str) -> Iterator[Failure]:
        letter = json_object(body)
        if letter.get("lakenb") == 1:
            document = letter.get("document") or {}
            event, kind, reason = (str(letter.get(name) or "") for name in ("eventId", "kind", "reason"))
            yield Failure(node, event, kind, reason, str(document.get("url") or ""))
            return
        # not ours: SQS redrove the message after its last receive, or SNS could not deliver it
        firing = firing_of(letter)
        if firing is not None:
            subjects: Iterable[tuple[str, str]] = sent_by(firing, self.stack, self.graph.nodes[node])
        else:
            subjects = _subjects(node, letter)
        for event, url in subjects:
            kind, reason = self.logs[node].excuses.get(event, _UNKNOWN)
            yield Failure(node, event, kind, reason, url)

    def _finished(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        """Yield node, event and the log's line of each document that was finished."""
        for node, log in self.logs.items():
            yield from ((node, event, record) for event, record in log.finished.items())

    def documents(self) -> tuple[Document, ...]:
        """Return every document that a node sent on or stored."""
        begun = self._begun()
        return tuple(
            sorted(
                Document(
                    node,
                    str(output["url"]),
                    str(output["type"]),
                    output.get("size"),
                    str(output.get("eventId") or ""),
                    # a trigger's document has no parent; a composite comes of what its chain began with
                    "" if output.get("eventId") == event else begun.get(str(record.get("chain")), event),
                )
                for node, event, record in self._finished()
                for output in record["outputs"]
            )
        )

    def _begun(self) -> dict[str, str]:
        """Return by the chain's id the event with which it began."""
        first = (
            event
            for _, event, record in self._finished()
            for output in record["outputs"]
            if output.get("eventId") == event
        )
        return {derive_chain_id(event): event for event in first}

    def waiting(self) -> tuple[Waiting, ...]:
        """Return the chains of which a node has gathered events and made no composite."""
        gathered: Counter[tuple[str, str]] = Counter()
        composed = set()
        for node, _, record in self._finished():
            if chain := str(record.get("chain") or ""):
                gathered[node, chain] += 1
                composed |= {(node, chain)} if record["outputs"] else set()
        return tuple(
            sorted(Waiting(*place, events) for place, events in gathered.items() if place not in composed)
        )

    def failures(self) -> tuple[Failure, ...]:
        """Return what lies in dead-letter queues, an event's fault once however often its message came."""
        found = [failure for failures in self.letters.values() for failure in failures]
        nameless = [failure for failure in found if not failure.event]
        return tuple(sorted([*{failure for failure in found if failure.event}, *nameless]))

    def filtered(self) -> tuple[Filtered, ...]:
        """Return what subscriptions' filters held back."""
        held = {
            (one.topic, one.endpoint, one.event_id) for one in self.deliveries if one.outcome == "filtered"
        }
        topics = {
            self.stack.arn(node, Kind.TOPIC): node
            for node in self.graph.nodes
            if self.stack.has(node, Kind.TOPIC)
        }
        queues = {self.stack.queue_arn(node): node for node in self.graph.nodes}
        return tuple(
            sorted(
                Filtered(topics[topic], queues[queue], event)
                for topic, queue, event in held
                if topic in topics and queue in queues  # a session's user may subscribe queues of his own
            )
        )

    def work(self) -> tuple[Work, ...]:
        """Return each document's way through each node."""
        return tuple(
            sorted(
                Work(node, event, _milliseconds(record), tuple(sorted(record.get("calls", {}).items())))
                for node, event, record in self._finished()
            )
        )

    def accounts(self, put: Mapping[str, Counter[str]]) -> tuple[Account, ...]:
        """Return the account of every trigger and every edge.

        Parameters
        ----------
        put
            For each trigger the URLs of the objects that were put, and how often.
        """
        failed: dict[str, set[str]] = defaultdict(set)
        for failure in self.failures():
            failed[failure.node].add(failure.event)
        accounts = [self._uploads_account(trigger, put[trigger]) for trigger in sorted(put)]
        published: dict[str, set[str]] = defaultdict(set)
        for node, _, record in self._finished():
            published[node] |= {
                str(output["eventId"]) for output in record["outputs"] if output.get("eventId")
            }
        held: dict[tuple[str, str], set[str]] = defaultdict(set)
        for one in self.filtered():
            held[one.producer, one.consumer].add(one.event)
        for edge in self.graph.edges:
            seen = set(self.logs[edge.consumer].finished)
            ends = (edge.producer, edge.consumer)
            dead = failed[edge.consumer]
            if not self.graph.nodes[edge.producer].row.announces:  # what could not be sent after its wait
                dead = dead | failed[edge.producer]
            accounts.append(_account(str(edge), published[edge.producer], seen, dead, held[ends]))
        return tuple(accounts)

    def _uploads_account(self, trigger: str, put: Counter[str]) -> Account:
        """Count each upload once; one key may be put again, so an upload is an event, not a URL."""
        done, dead = defaultdict(set), defaultdict(set)
        for event, record in self.logs[trigger].finished.items():
            done[record["inputs"]["url"]].add(event)
        for failure in self.failures():
            if failure.node == trigger and failure.event not in done[failure.url]:
                dead[failure.url].add(failure.event)
        delivered = Counter({url: min(count, len(done[url])) for url, count in put.items()})
        failed = sum(min(put[url] - delivered[url], len(dead[url])) for url in put)
        name = f"{_source(self.graph, trigger)} -> {trigger}"
        return Account(name, put.total(), delivered.total(), failed, 0)


def _source(graph: Graph, trigger: str) -> str:
    """Return where the documents of a trigger come from, in one word."""
    step = graph.nodes[trigger]
    if step.given_queue():
        return "queue"
    return "schedule" if Service.SCHEDULE in step.services() else "bucket"


def _subjects(node: str, letter: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the id and the URL of what a message was about: an event of ours, or uploads."""
    try:
        for upload in uploads(letter):
            yield derive_id(upload.id, node, 0), upload.location.url
    except (EventError, FaultError):
        data = letter.get("data")
        document = data.get("document") if isinstance(data, dict) else None
        url = document.get("url") if isinstance(document, dict) else ""
        yield str(letter.get("id") or ""), str(url or "")


def _account(
    name: str,
    inputs: frozenset[str] | set[str],
    done: set[str],
    failed: set[str],
    filtered: frozenset[str] | set[str],
) -> Account:
    """Count each input once: the end it came to, a finished one first."""
    delivered = inputs & done
    dead = (inputs & failed) - delivered
    return Account(name, len(inputs), len(delivered), len(dead), len((inputs & filtered) - delivered - dead))


def _milliseconds(record: Mapping[str, Any]) -> float:
    begun, ended = (datetime.fromisoformat(str(record[name])) for name in ("startedAt", "endedAt"))
    return round((ended - begun).total_seconds() * 1000, 3)
