"""P4 and P9 of a node's queues: its own sources may send there, by the service that carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Modality, Obligation, Shape
from lakenb.review.case import ANY, Task, Unit
from lakenb.review.deputies import EVENTS, S3, SNS, SOURCE_ACCOUNT, SOURCE_ARN, keys_sent
from lakenb.review.needs import OVER_TLS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.review.case import Case
    from lakenb.review.needs import Resources
    from lakenb.review.wanted import WantedNode


_CARRIERS = frozenset({SNS, S3, EVENTS})


def deliveries_unit(case: Case, node: WantedNode, own: Resources) -> Unit:
    """Return what concerns who may send to the queues of one node."""
    brought = tuple(deliveries(case, node, own))
    return Unit(
        ("deliveries", node.id),
        (own, brought, tuple(one.label for one in case.callers)),
        case.guards((own.queue, own.dead_letters)),
        lambda: tuple(_delivery_tasks(case, node, own, brought)),
    )


@dataclass(frozen=True, slots=True)
class Delivery:
    """A service brings something to a queue for one source."""

    service: str
    queue: str
    source: str
    keys: tuple[str, ...]
    text: str


def deliveries(case: Case, node: WantedNode, own: Resources) -> Iterator[Delivery]:
    """Yield what services bring to the queues of a node, for which sources."""
    if node.given_queue:
        return  # its owner's policy says who sends there
    if node.bucket:
        sources = [(EVENTS, arn, f"the rule of '{node.id}'") for arn in _rules(case, node, own.queue)]
    elif node.is_trigger:
        # a trigger that puts its documents itself, or that is told of documents, is started by a role
        bucket = case.buckets.get(node.id, "") if is_notified(node) else ""
        sources = [(S3, bucket, f"the bucket of '{node.id}'")] if bucket else []
    else:
        topics = ((one, case.own[one].topic) for one in node.producers if one in case.own)
        sources = [(SNS, topic, f"the topic of '{one}'") for one, topic in topics if topic]
    targets = [(own.queue, "queue policy", "delivers to")]
    if not (node.is_trigger and not node.bucket):
        targets.append((own.dead_letters, "dead-letter queue policy", "lays aside what it cannot deliver to"))
    for service, source, name in sources:
        for queue, policy, verb in targets:
            if queue:
                keys = keys_sent(service, "sqs:SendMessage", policy)
                yield Delivery(service, queue, source, keys, f"{name} {verb} '{node.id}'")


def is_notified(node: WantedNode) -> bool:
    """Return whether a node is a trigger whose own bucket tells its queue of uploads."""
    is_fed_otherwise = node.bucket or node.given_queue or node.services
    return node.is_trigger and node.puts is None and not is_fed_otherwise


def _rules(case: Case, node: WantedNode, queue: str) -> Iterator[str]:
    """Yield the rules that bring a given bucket's events, and nobody else's, to a queue."""
    name = case.buckets.get(node.id, "").rpartition(":")[2]
    for rule in case.index.of_type["AWS::Events::Rule"]:
        targets, pattern = rule.properties.get("Targets"), rule.properties.get("EventPattern")
        if not _is_about(pattern, name):
            continue
        if isinstance(targets, list) and any(
            isinstance(one, dict) and one.get("Arn") == queue for one in targets
        ):
            yield rule.arn


def _is_about(pattern: Any, bucket: str) -> bool:
    """Return whether an event pattern lets the events of one bucket through only."""
    try:
        return bool(pattern["source"] == ["aws.s3"] and pattern["detail"]["bucket"]["name"] == [bucket])
    except (KeyError, TypeError):
        return False


def _sent(delivery: Delivery, account: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    values = {SOURCE_ARN: delivery.source, SOURCE_ACCOUNT: account}
    return tuple(sorted((key, (values[key],)) for key in delivery.keys))


def _delivery_tasks(
    case: Case, node: WantedNode, own: Resources, brought: tuple[Delivery, ...]
) -> Iterator[Task]:
    account = case.world.account
    queues = own.queues()
    for service in (one.label for one in case.callers if one.label in _CARRIERS):
        needs = tuple(
            Shape(("sqs:SendMessage",), (one.queue,), ((SOURCE_ARN, (one.source,)),))
            for one in brought
            if one.service == service
        )
        if queues:
            text = (
                f"{service} brings to the queues of '{node.id}' what its own sources send, and nothing else"
            )
            zone = Shape(ANY, queues)
            yield Task(Obligation("P4", node.id, text, Modality.ONLY, case.service(service), zone, needs))
    for one in brought:
        context = tuple(sorted((*_sent(one, account), *OVER_TLS)))
        zone = Shape(("sqs:SendMessage",), (one.queue,), context)
        yield Task(
            Obligation("P10", node.id, one.text, Modality.CAN, case.service(one.service), zone), about="P9"
        )
