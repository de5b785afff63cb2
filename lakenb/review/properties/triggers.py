"""P10 of triggers: exactly the uploads that a trigger asks for reach its queue."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lakenb.graph.steps import Part
from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.messages import keeps_undelivered
from lakenb.review.properties.reading import Said, attribute, said, worst
from lakenb.review.properties.schedules import schedules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_CREATED = "s3:ObjectCreated:*"


def triggers(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a trigger: by the graph, else a node that receives from none."""
    node, step = around.node(name), around.step(name)
    is_trigger = step.row.part is Part.TRIGGER if step is not None else not around.producers(name)
    queue = around.arn(node.queue)
    if is_trigger and node.state.schedule:
        yield from schedules(around, name, node, step)
    elif is_trigger and queue:
        yield from _trigger(around, name, node, queue)


def _trigger(around: Surroundings, name: str, node: FoundNode, queue: str) -> Iterator[PropertyResult]:
    prefix, suffix = _ends(around, name, node)
    asked = f"keys {prefix}*{suffix}" if prefix or suffix else "all keys"
    text = f"exactly the uploads that '{name}' asks for reach its queue ({asked})"
    bucket = around.resource(node.store)
    notified = _notifications(bucket, queue) if bucket is not None else ()
    ruled = _rules(around, queue)
    if notified and bucket is not None:
        yield _notifies(around, name, text, notified, (prefix, suffix))
        yield _after_queue_policy(around, name, bucket, node)
    elif ruled:
        rule, target = ruled[0]
        yield _rule(around, name, text, rule, (node.store_arn, prefix, suffix))
        yield keeps_undelivered(around, name, target)
    else:
        evidence, mend = "no bucket and no rule sends to its queue", "let the bucket notify the queue"
        made = around.lacks("P10", name, text, evidence, mend)
        # without a graph it may be fed by something outside of the template
        yield made if around.graph is not None else replace(made, verdict=Verdict.UNDECIDED)


def _ends(around: Surroundings, name: str, node: FoundNode) -> tuple[str, str]:
    step = around.step(name)
    if step is None:
        return node.prefix, node.suffix
    return str(getattr(step, "prefix", "")), str(getattr(step, "suffix", ""))


def _notifications(bucket: Resource, queue: str) -> tuple[Said, ...]:
    every = said(bucket, "NotificationConfiguration", "QueueConfigurations").items()
    return tuple(one for one in every if one.at("Queue").value == queue or not one.at("Queue").is_known)


def _notifies(
    around: Surroundings, name: str, text: str, notified: tuple[Said, ...], ends: tuple[str, str]
) -> PropertyResult:
    one = notified[0]
    wanted = sorted((part, value) for part, value in zip(("prefix", "suffix"), ends, strict=True) if value)
    rules = one.at("Filter", "S3Key", "Rules")
    # S3 takes the names in any case
    asked = sorted(
        (str(rule.at("Name").value).lower(), str(rule.at("Value").value)) for rule in rules.items()
    )
    filtered = Verdict.PROVED if asked == wanted and rules.is_known else Verdict.FAILED
    if not rules.is_known:
        filtered = Verdict.UNDECIDED
    prefix, suffix = ends
    checks = (
        (one.at("Queue"), Verdict.PROVED if one.at("Queue").is_known else Verdict.UNDECIDED, ""),
        (one.at("Event"), one.at("Event").equals(_CREATED), f"set Event to {_CREATED}"),
        (rules, filtered, f"filter by prefix {prefix!r} and suffix {suffix!r}, an empty one left out"),
    )
    return _first(around, name, text, checks)


def _after_queue_policy(around: Surroundings, name: str, bucket: Resource, node: FoundNode) -> PropertyResult:
    """Return whether the bucket is made after the policy of its queue: S3 tries the queue at once."""
    place = attribute(bucket, "DependsOn")
    awaited = {str(one.value) for one in place.items()}
    queue = around.resource(node.queue)
    wanted = {
        policy.logical_id.rpartition("/")[2]
        for policy in around.of_type("AWS::SQS::QueuePolicy")
        if queue is not None and any(one.value == queue.ref for one in said(policy, "Queues").items())
    }
    text = f"the bucket of '{name}' is made when its queue already lets it send"
    verdict = Verdict.PROVED if awaited & wanted else Verdict.FAILED
    mend = f"let the bucket depend on {' or '.join(sorted(wanted)) or 'the policy of its queue'}"
    return around.result("P10", name, text, verdict, place, mend)


def _rules(around: Surroundings, queue: str) -> tuple[tuple[Resource, Said], ...]:
    return tuple(
        (rule, target)
        for rule in around.of_type("AWS::Events::Rule")
        for target in said(rule, "Targets").items()
        if target.at("Arn").value == queue
    )


def _rule(
    around: Surroundings, name: str, text: str, rule: Resource, store: tuple[str, str, str]
) -> PropertyResult:
    arn, prefix, suffix = store
    state, pattern = said(rule, "State"), said(rule, "EventPattern").document()
    wanted = _pattern(arn.rpartition(":::")[2], prefix, suffix)
    asked = pattern.equals(wanted) if pattern.is_there else Verdict.FAILED
    switched = state.equals("ENABLED") if state.is_there else Verdict.PROVED
    mend = "write the pattern for Object Created of this bucket, and the keys that the trigger asks for"
    return _first(around, name, text, ((state, switched, "set State to ENABLED"), (pattern, asked, mend)))


def _first(
    around: Surroundings, name: str, text: str, checks: tuple[tuple[Said, Verdict, str], ...]
) -> PropertyResult:
    """Return the worst of several checks, or the last one where all hold."""
    verdict = worst([found for _, found, _ in checks])
    place, _, mend = next(check for check in reversed(checks) if check[1] is verdict)
    return around.result("P10", name, text, verdict, place, mend)


def _pattern(bucket: str, prefix: str, suffix: str) -> dict[str, Any]:
    """Return the event pattern of uploads to a bucket.

    Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns".
    """
    keys: list[Any] = []
    if prefix and suffix:
        keys = [{"wildcard": f"{_plain(prefix)}*{_plain(suffix)}"}]
        # a key that is too short for both ends one after the other
        keys += sorted(
            {
                prefix + suffix[shared:]
                for shared in range(1, min(len(prefix), len(suffix)) + 1)
                if prefix[-shared:] == suffix[:shared]
            }
        )
    elif prefix or suffix:
        keys = [{"prefix": prefix}] if prefix else [{"suffix": suffix}]
    detail: dict[str, Any] = {"bucket": {"name": [bucket]}}
    if keys:
        detail["object"] = {"key": keys}
    return {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}


def _plain(text: str) -> str:
    return text.replace("\\", "\\\\").replace("*", "\\*")
