"""P10 of lifetimes: documents and cache outlive the messages that point to them, and the stack."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from lakenb.graph.steps import Part
from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.encryption import RETAINED
from lakenb.review.properties.reading import Said, attribute, said
from lakenb.review.properties.surroundings import CACHE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_DAY = 24 * 3600
# Amazon SQS API Reference, SetQueueAttributes: what counts where nothing is written
_DEFAULT_RETENTION, _DEFAULT_VISIBILITY = 4 * _DAY, 30
# Amazon S3 User Guide, "Understanding S3 storage classes for long-term data storage": what lies in these
# must be restored before it can be read.
_FROZEN = ("GLACIER", "DEEP_ARCHIVE")


@dataclass(frozen=True, slots=True)
class Life:
    """How long the messages live that may point into a store.

    Parameters
    ----------
    seconds
        The longest life that could be read.
    is_known
        Whether all could be read.
    """

    seconds: float
    is_known: bool = True

    def with_other(self, other: Life) -> Life:
        """Return the longer of two."""
        return Life(max(self.seconds, other.seconds), self.is_known and other.is_known)

    def after(self, seconds: float) -> Life:
        """Return the same where an event is held for so long before."""
        return Life(self.seconds + seconds, self.is_known)


CACHED = ""  # under which the lives of all messages stand: any may point into the cache
LIVES = "life"


def lives(around: Surroundings) -> dict[str, Life]:
    """Return, for each node with a store that messages point into, and for the cache, how long they live.

    A message in a node's own queue points to what its source provides; one in a consumer's queue to what its
    producer does; and a node that passes on sends what points into its producers' stores, after it held it
    for as long as it may. Without a graph every node may, and nobody knows who holds what for how long.
    """
    own = {name: _longest_life(around, node) for name, node in around.found.nodes.items()}
    longest = reduce(Life.with_other, own.values(), Life(0.0))
    graph = around.graph
    held = sum(_held(around, name) for name in around.found.nodes)
    found = {CACHED: longest.after(held)}
    for name in reversed(graph.topological()) if graph is not None else own:
        if name not in own:
            continue
        reached = [] if around.producers(name) else [own[name]]
        for consumer in around.consumers(name):
            if graph is None:
                reached.append(longest)
            else:
                reached.append(own[consumer])
                if _passes_on(around, consumer) and consumer in found:
                    reached.append(found[consumer].after(_held(around, consumer)))
        if reached:
            found[name] = reduce(Life.with_other, reached)
    return found


def _passes_on(around: Surroundings, name: str) -> bool:
    step, graph = around.step(name), around.graph
    copies = graph is not None and graph.strict
    return step is not None and step.row.part in {Part.PASS_THROUGH, Part.COMPOSER} and not copies


def _held(around: Surroundings, name: str) -> float:
    """Return for how many seconds a node may keep an event beside its queue: in a table, or waiting."""
    step = around.step(name)
    return 0.0 if step is None else step.holds().total_seconds()


def lifetimes(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results of P10 for a node's queues and store."""
    node = around.node(name)
    yield from _waits_long_enough(around, name, node)
    bucket, life = around.resource(node.store), around.derived(LIVES, name)
    if bucket is not None:
        if life is not None:
            text = f"the documents of '{name}' outlive every message that points to them"
            yield _outlives(around, bucket, text, life)
        yield from _is_kept(around, bucket)
    for logical_id, what in ((node.state.index, "index"), (node.state.files, "file system")):
        state = around.resource(logical_id)
        if state is not None:
            yield from _stays(around, state, f"the {what} of '{name}'")
    index = around.resource(node.state.index)
    if index is not None:
        yield _never_expires(around, name, index)


def _never_expires(around: Surroundings, name: str, index: Resource) -> PropertyResult:
    text = f"nothing in the index of '{name}' expires"
    for place, _, is_readable in _ends(index):
        verdict = Verdict.FAILED if is_readable else Verdict.UNDECIDED
        return around.result(
            "P10", name, text, verdict, place, "leave it out: the index is what was asked for"
        )
    place = said(index, "LifecycleConfiguration")
    return around.result("P10", name, text, Verdict.PROVED, place, "")


def cache_lifetimes(around: Surroundings) -> Iterator[PropertyResult]:
    """Return the results of P10 for the cache."""
    cache = around.resource(around.found.cache)
    if cache is not None:
        text = "what the cache holds outlives every message that points to it"
        yield _outlives(around, cache, text, around.derived(LIVES, CACHED))
        yield from _is_kept(around, cache)


def _longest_life(around: Surroundings, node: FoundNode) -> Life:
    """Return how long a message may wait for a node.

    Its whole time in the queue, then in the dead-letter queue, and once more both after a redrive.
    """
    total, is_known = 0.0, True
    for logical_id in (node.queue, node.dead_letters):
        queue = around.resource(logical_id)
        retention = _retention(queue) if queue is not None else 0.0
        is_known = is_known and retention is not None
        total += retention or 0.0
    return Life(2 * total, is_known)


def _retention(queue: Resource) -> float | None:
    place = said(queue, "MessageRetentionPeriod")
    return place.number() if place.is_there else _DEFAULT_RETENTION


def _waits_long_enough(around: Surroundings, name: str, node: FoundNode) -> Iterator[PropertyResult]:
    queue, dead_letters = around.resource(node.queue), around.resource(node.dead_letters)
    if queue is None or dead_letters is None:
        return
    first, second = _retention(queue), _retention(dead_letters)
    place = said(queue, "MessageRetentionPeriod")
    text = f"a message of '{name}' is not deleted before its last attempt"
    attempts = _attempts(queue)
    mend = "set a longer MessageRetentionPeriod: as many times the VisibilityTimeout as there are attempts"
    yield around.result("P10", name, text, _longer(first, attempts), place, mend)
    # Amazon SQS Developer Guide, "Using dead-letter queues": a message's age counts from its first queue
    place = said(dead_letters, "MessageRetentionPeriod")
    text = f"a message of '{name}' waits longer in its dead-letter queue than in its queue"
    mend = "set a longer MessageRetentionPeriod: SQS counts it from the message's arrival in the first queue"
    yield around.result("P10", name, text, _longer(second, first), place, mend)


def _attempts(queue: Resource) -> float | None:
    """Return for how many seconds a message may be tried; what is absent is a fault elsewhere."""
    hidden = said(queue, "VisibilityTimeout")
    count = said(queue, "RedrivePolicy").document().at("maxReceiveCount")
    each = hidden.number() if hidden.is_there else float(_DEFAULT_VISIBILITY)
    times = count.number() if count.is_there else 1.0
    return None if each is None or times is None else each * times


def _longer(one: float | None, other: float | None) -> Verdict:
    if one is None or other is None:
        return Verdict.UNDECIDED
    return Verdict.PROVED if one > other else Verdict.FAILED


def _outlives(around: Surroundings, bucket: Resource, text: str, life: Life) -> PropertyResult:
    subject, needed = around.subject(bucket.logical_id), life.seconds
    for place, days, is_readable in _ends(bucket):
        is_enough = days is not None and days * _DAY >= needed
        if is_enough and life.is_known:
            continue
        verdict = Verdict.FAILED if is_readable and not is_enough else Verdict.UNDECIDED
        mend = f"let nothing expire before {_days(needed)}: a message may wait as long, a redrive included"
        return around.result("P10", subject, text, verdict, place, mend)
    place = said(bucket, "LifecycleConfiguration")
    evidence = f"messages live {_days(needed)} at most, a redrive included; {_first_end(bucket)}"
    if not life.is_known:
        evidence = _first_end(bucket)
    return around.result("P10", subject, text, Verdict.PROVED, place, "", evidence=evidence)


def _ends(bucket: Resource) -> Iterator[tuple[Said, float | None, bool]]:
    """Return what ends an object's life in a bucket: the place, after how many days, whether it is known."""
    rules = said(bucket, "LifecycleConfiguration", "Rules")
    if not rules.is_known and isinstance(rules.value, str):
        yield rules, None, False
    for rule in rules.items():
        if rule.at("Status").equals("Disabled") is Verdict.PROVED:
            continue
        for name in ("ExpirationInDays", "ExpirationDate"):
            place = rule.at(name)
            if place.is_there:
                yield place, place.number() if name == "ExpirationInDays" else None, place.is_known
        moves = (*rule.at("Transitions").items(), rule.at("Transition"))
        for move in moves:
            stored = move.at("StorageClass")
            if move.is_there and (stored.value in _FROZEN or not stored.is_known):
                after = move.at("TransitionInDays")
                yield stored, after.number(), after.is_known and stored.is_known


def _first_end(bucket: Resource) -> str:
    days = [days for _, days, _ in _ends(bucket) if days is not None]
    return f"objects expire after {min(days):g} days" if days else "objects never expire"


def _days(seconds: float) -> str:
    return f"{seconds / _DAY:g} days"


def _is_kept(around: Surroundings, bucket: Resource) -> Iterator[PropertyResult]:
    subject = around.subject(bucket.logical_id)
    yield from _stays(around, bucket, "the cache" if subject == CACHE else f"the store of '{subject}'")


def _stays(around: Surroundings, resource: Resource, what: str) -> Iterator[PropertyResult]:
    subject = around.subject(resource.logical_id)
    for name, wanted, when in (
        ("DeletionPolicy", RETAINED, "is deleted"),
        ("UpdateReplacePolicy", ("Retain",), f"replaces the {_sort(resource)}"),
    ):
        place = attribute(resource, name)
        verdict = Verdict.PROVED if place.value in wanted else Verdict.FAILED
        text = f"{what} stays when the stack {when}"
        yield around.result("P10", subject, text, verdict, place, f"set {name} to Retain")


def _sort(resource: Resource) -> str:
    return "bucket" if resource.type == "AWS::S3::Bucket" else "file system"
