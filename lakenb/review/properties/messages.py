"""P4 of messages: a queue has one reader and a dead-letter queue of its own, topics send to consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, said, whole, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Subscription, Surroundings
    from lakenb.review.properties.values import PropertyResult

_MOST_RECEIVES = 1000  # Amazon SQS API Reference, SetQueueAttributes, RedrivePolicy


def messages(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results of P4 for a node and the edges that end at it."""
    node = around.node(name)
    if node.given_queue:  # how often a message is tried, and what then becomes of it, its owner says
        yield _accepts_none(around, name, node)
    else:
        yield _redrives(around, name, node)
        yield _accepts_one(around, name, node)
    yield _one_reader(around, name, node)
    if node.topic:
        yield _sends_to_consumers(around, name, node)
    for producer in around.producers(name):
        for one in around.carriers(producer, name):
            yield from _delivers(around, producer, name, one)


def _redrives(around: Surroundings, name: str, node: FoundNode) -> PropertyResult:
    text = f"what '{name}' cannot work on goes to its own dead-letter queue"
    queue, dead_letters = around.resource(node.queue), around.arn(node.dead_letters)
    mend = "set RedrivePolicy with deadLetterTargetArn, the node's dead-letter queue, and maxReceiveCount"
    if queue is None or not dead_letters:
        return around.lacks("P4", name, text, "no queue, or no dead-letter queue, of the node", mend)
    policy = said(queue, "RedrivePolicy").document()
    target, count = policy.at("deadLetterTargetArn"), policy.at("maxReceiveCount")
    verdict = target.equals(dead_letters)
    if verdict is not Verdict.PROVED:
        return around.result("P4", name, text, verdict, target, mend)
    times = count.number()
    counts = times is not None and 1 <= times <= _MOST_RECEIVES
    if not counts:
        verdict = Verdict.FAILED if count.is_known else Verdict.UNDECIDED
    return around.result("P4", name, text, verdict, target if counts else count, mend)


def _accepts_one(around: Surroundings, name: str, node: FoundNode) -> PropertyResult:
    text = f"no queue but that of '{name}' may redrive into its dead-letter queue"
    mend = "set RedriveAllowPolicy with redrivePermission byQueue and the node's queue as the one source"
    resource, queue = around.resource(node.dead_letters), around.arn(node.queue)
    if resource is None or not queue:
        return around.lacks("P4", name, text, "no queue, or no dead-letter queue, of the node", mend)
    # Amazon SQS API Reference, SetQueueAttributes: without it every queue of the account may
    policy = said(resource, "RedriveAllowPolicy").document()
    permission, sources = policy.at("redrivePermission"), policy.at("sourceQueueArns")
    by_queue, own = permission.equals("byQueue"), sources.equals([queue])
    place = policy
    if by_queue is not Verdict.PROVED:
        place = permission
    elif own is not Verdict.PROVED:
        place = sources
    return around.result("P4", name, text, worst((by_queue, own)), place, mend)


def _accepts_none(around: Surroundings, name: str, node: FoundNode) -> PropertyResult:
    text = f"no queue may redrive into the dead-letter queue of '{name}': its own queue is given"
    mend = "set RedriveAllowPolicy with redrivePermission denyAll"
    resource = around.resource(node.dead_letters)
    if resource is None:
        return around.lacks("P4", name, text, "no dead-letter queue of the node", mend)
    permission = said(resource, "RedriveAllowPolicy").document().at("redrivePermission")
    return around.result("P4", name, text, permission.equals("denyAll"), permission, mend)


def _one_reader(around: Surroundings, name: str, node: FoundNode) -> PropertyResult:
    text = f"no function but that of '{name}' is fed from its queues"
    for logical_id in (node.queue, node.dead_letters):
        arn = around.arn(logical_id)
        for one in around.mappings(arn) if arn else ():
            place = said(one, "FunctionName")
            if not around.is_function(place.value, node.function):
                verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
                mend = f"leave {one.logical_id} out: it would take the messages of '{name}'"
                return around.result("P4", name, text, verdict, place, mend)
    for one in around.mappings(""):
        place = said(one, "EventSourceArn")
        if not place.is_known:
            return around.result("P4", name, text, Verdict.UNDECIDED, place, "")
    place = whole(node.queue)
    evidence = "no other event source mapping names them"
    return around.result("P4", name, text, Verdict.PROVED, place, "", evidence=evidence)


def _sends_to_consumers(around: Surroundings, name: str, node: FoundNode) -> PropertyResult:
    text = f"the topic of '{name}' sends to its consumers' queues and to nothing else"
    topic = around.arn(node.topic)
    queues = {around.arn(around.node(consumer).queue) for consumer in around.consumers(name)} - {""}
    for one in around.subscriptions(topic):
        place = one.place.at("Endpoint")
        if one.endpoint not in queues or one.place.at("Protocol").equals("sqs") is Verdict.FAILED:
            # without a graph nobody knows whether it was meant
            is_sure = place.is_known and around.graph is not None
            verdict = Verdict.FAILED if is_sure else Verdict.UNDECIDED
            mend = "leave the subscription out: what it sends to is no consumer of the node"
            return around.result("P4", name, text, verdict, place, mend)
    for one in around.subscriptions(""):
        return around.result("P4", name, text, Verdict.UNDECIDED, one.place.at("TopicArn"), "")
    evidence = f"its subscriptions are those of {', '.join(around.consumers(name)) or 'nobody'}"
    place = whole(node.topic)
    return around.result("P4", name, text, Verdict.PROVED, place, "", evidence=evidence)


def _delivers(
    around: Surroundings, producer: str, consumer: str, one: Subscription
) -> Iterator[PropertyResult]:
    edge = f"{producer} -> {consumer}"
    raw = one.place.at("RawMessageDelivery")
    text = "an event arrives as it was published, not in an envelope of SNS"
    yield around.result("P4", edge, text, raw.equals(wanted=True), raw, "set RawMessageDelivery to true")
    target = one.place.at("RedrivePolicy").document().at("deadLetterTargetArn")
    yield _keeps(around, edge, target, consumer)


def keeps_undelivered(around: Surroundings, name: str, target: Said) -> PropertyResult:
    """Return whether what a rule's or a schedule's target cannot take goes to the dead-letter queue."""
    return _keeps(around, name, target.at("DeadLetterConfig", "Arn"), name)


def _keeps(around: Surroundings, subject: str, place: Said, consumer: str) -> PropertyResult:
    text = f"what cannot be delivered to '{consumer}' goes to its dead-letter queue"
    dead_letters = around.arn(around.node(consumer).dead_letters)
    verdict = place.equals(dead_letters) if dead_letters else Verdict.FAILED
    mend = f"name the dead-letter queue of '{consumer}' in {place.path}"
    return around.result("P4", subject, text, verdict, place, mend)
