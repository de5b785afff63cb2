"""P10 of wiring: a node's function can run and is fed from its queue, an edge has its subscription."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lakenb.graph.filter_policy import consumer_filter, filter_policy
from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import said, whole, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.filters import Filter
    from lakenb.graph.graph import Edge
    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.reading import Said
    from lakenb.review.properties.surroundings import Subscription, Surroundings
    from lakenb.review.properties.values import PropertyResult

# AWS CloudFormation, AWS::Lambda::Function and AWS::SQS::Queue: what counts where nothing is written
_DEFAULT_TIMEOUT, _DEFAULT_VISIBILITY = 3, 30
_ENTRY = "lakenb.runtime.function.handle"  # where every function of lakenb's begins
_PROCESSORS = (["x86_64"], ["arm64"])
_PARTIAL = "ReportBatchItemFailures"


def wiring(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results of P10 for a node's function and queue, and the edges that end at it."""
    node, step = around.node(name), around.step(name)
    yield from _function(around, name, node, step)
    yield from _fed(around, name, node, step)
    yield from _logs(around, name, node, step)
    yield from _one_kind(around, name, node)
    for producer in around.producers(name):
        edge = around.edge(producer, name)
        if edge is not None and step is not None:
            yield _carried(around, edge, step)


def _function(
    around: Surroundings, name: str, node: FoundNode, step: Step | None
) -> Iterator[PropertyResult]:
    function = around.resource(node.function)
    if function is None:
        return
    yield _runs(around, name, function, step)
    yield _role_of_its_own(around, name, node, function)
    limit = said(function, "ReservedConcurrentExecutions")
    if limit.is_there:
        count = limit.number()
        verdict = Verdict.PROVED if count else Verdict.FAILED if limit.is_known else Verdict.UNDECIDED
        mend = "leave ReservedConcurrentExecutions out: with 0 the function is never started"
        yield around.result("P10", name, "the function may be started", verdict, limit, mend)


def _runs(around: Surroundings, name: str, function: Resource, step: Step | None) -> PropertyResult:
    text = f"the function of '{name}' says what it runs, and on what"
    if said(function, "PackageType").equals("Image") is Verdict.PROVED:
        place = said(function, "Code", "ImageUri")
        verdict = Verdict.PROVED if place.is_there else Verdict.FAILED
        return around.result("P10", name, text, verdict, place, "name the image in Code.ImageUri")
    handler = "" if step is None else step.row.handler
    checks = [*_zipped(function), *(_ours(function, handler) if handler else ())]
    verdict = worst([found for _, found, _ in checks])
    place, _, mend = next(check for check in checks if check[1] is verdict)
    return around.result("P10", name, text, verdict, place, mend)


def _zipped(function: Resource) -> Iterator[tuple[Said, Verdict, str]]:
    for part in ("Runtime", "Handler"):
        place = said(function, part)
        verdict = Verdict.PROVED if place.is_there and place.value else Verdict.FAILED
        yield place, verdict if place.is_known else Verdict.UNDECIDED, f"set {part}"
    code = said(function, "Code")
    is_known = isinstance(code.value, dict) or code.is_known
    lies = ("ZipFile",), ("S3Bucket", "S3Key")
    is_named = is_known and any(all(code.at(name).is_there for name in names) for names in lies)
    verdict = Verdict.PROVED if is_named else Verdict.FAILED
    yield code, verdict if is_known else Verdict.UNDECIDED, "name the zip in Code"


def _ours(function: Resource, handler: str) -> Iterator[tuple[Said, Verdict, str]]:
    told = said(function, "Environment", "Variables", "LAKENB_HANDLER")
    yield told, told.equals(handler), f"set LAKENB_HANDLER to {handler}"
    entry, python = said(function, "Handler"), said(function, "Runtime")
    yield entry, entry.equals(_ENTRY), f"set Handler to {_ENTRY}"
    is_python = str(python.value).startswith("python3.")
    verdict = Verdict.FAILED if python.is_known else Verdict.UNDECIDED
    yield (
        python,
        Verdict.PROVED if is_python else verdict,
        "set Runtime to the kernel's Python",
    )
    # our zips hold machine code: the processor is no matter of defaults
    listed = said(function, "Architectures")
    verdict = Verdict.FAILED if listed.is_known else Verdict.UNDECIDED
    is_named = listed.value in _PROCESSORS
    yield listed, Verdict.PROVED if is_named else verdict, "set Architectures to the processor of the zip"


def _role_of_its_own(around: Surroundings, name: str, node: FoundNode, function: Resource) -> PropertyResult:
    text = f"the function of '{name}' has a role that no other function has"
    place = said(function, "Role")
    mend = f"give the function of '{name}' a role of its own"
    if not place.is_there or not place.is_known or not node.role:
        verdict = Verdict.UNDECIDED if place.is_there else Verdict.FAILED
        return around.result("P1", name, text, verdict, place, mend)
    others = [
        other.logical_id for other in around.with_role(str(place.value)) if other.logical_id != node.function
    ]
    if others:
        evidence = f"{around.evidence(place)}, which is also the role of {', '.join(others)}"
        return around.result("P1", name, text, Verdict.FAILED, place, mend, evidence=evidence)
    return around.result("P1", name, text, Verdict.PROVED, place, mend)


def _fed(around: Surroundings, name: str, node: FoundNode, step: Step | None) -> Iterator[PropertyResult]:
    whose = "the queue that it was given" if node.given_queue else "its queue"
    text = f"Lambda takes the messages of '{name}' from {whose}"
    queue, function = around.resource(node.queue), around.resource(node.function)
    source = node.given_queue if queue is None else queue.arn
    if not source or function is None:
        return
    feeding = [
        one
        for one in around.mappings(source)
        if around.is_function(one.properties.get("FunctionName"), node.function)
    ]
    if not feeding:
        mend = "add an event source mapping from the queue to the function"
        evidence = f"no event source mapping from {node.queue or source} to {node.function}"
        yield around.lacks("P10", name, text, evidence, mend)
        return
    one = feeding[0]
    enabled = said(one, "Enabled")
    verdict = enabled.equals(wanted=True) if enabled.is_there else Verdict.PROVED
    place = enabled if enabled.is_there else said(one, "EventSourceArn")
    yield around.result("P10", name, text, verdict, place, "set Enabled to true, or leave it out")
    if step is not None or said(function, "Environment", "Variables", "LAKENB_NODE").is_there:
        yield from _loses_nothing(around, name, one)
    if queue is not None:
        yield _visible_in_time(around, name, queue, function, step)


def _loses_nothing(around: Surroundings, name: str, one: Resource) -> Iterator[PropertyResult]:
    # AWS Lambda Developer Guide, "Handling errors for an SQS event source": otherwise the whole batch is
    # deleted though the function said that a message of it failed
    place = said(one, "FunctionResponseTypes")
    partial = any(entry.value == _PARTIAL for entry in place.items())
    verdict = Verdict.PROVED if partial else Verdict.FAILED if place.is_known else Verdict.UNDECIDED
    text = f"messages that '{name}' gives back are not deleted"
    yield around.result("P10", name, text, verdict, place, f"set FunctionResponseTypes to [{_PARTIAL}]")
    # the same guide, "Using event filtering with an Amazon SQS event source": what does not match is deleted
    filters = said(one, "FilterCriteria", "Filters")
    if filters.items():
        verdict = Verdict.FAILED if filters.is_known else Verdict.UNDECIDED
        text = f"no message of '{name}' is deleted unread"
        yield around.result("P10", name, text, verdict, filters, "leave FilterCriteria out")


def _visible_in_time(
    around: Surroundings, name: str, queue: Resource, function: Resource, step: Step | None
) -> PropertyResult:
    text = f"a message of '{name}' is not handed out again while it is being worked on"
    hidden, running = said(queue, "VisibilityTimeout"), said(function, "Timeout")
    seconds = hidden.number() if hidden.is_there else float(_DEFAULT_VISIBILITY)
    timeout = running.number() if running.is_there else float(_DEFAULT_TIMEOUT)
    if seconds is None or timeout is None:
        return around.result("P10", name, text, Verdict.UNDECIDED, hidden, "")
    # Lambda refuses a mapping whose queue hides messages for less than the function's time-out
    wanted = timeout
    if step is not None:
        wanted = max(wanted, step.settings().visibility_timeout.total_seconds())
    verdict = Verdict.PROVED if seconds >= wanted else Verdict.FAILED
    mend = f"set VisibilityTimeout to {wanted:g} at least; AWS advises six times the function's time-out"
    evidence = f"{around.evidence(hidden)}, {around.evidence(running)} in {function.logical_id}"
    return around.result("P10", name, text, verdict, hidden, mend, evidence=evidence)


def _logs(around: Surroundings, name: str, node: FoundNode, step: Step | None) -> Iterator[PropertyResult]:
    group, function = around.resource(node.logs), around.resource(node.function)
    if function is None or (group is None and step is None):
        return
    text = f"'{name}' writes a log of its own"
    place = said(function, "LoggingConfig", "LogGroup")
    mend = "name the node's log group in LoggingConfig.LogGroup"
    if group is None:
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        yield around.result("P10", name, text, verdict, place, mend)
        return
    others = [other for other in around.users(node.logs) if other != name]
    verdict = Verdict.FAILED if others else Verdict.PROVED
    yield around.result("P10", name, text, verdict, place, mend)
    if step is not None:
        kept = said(group, "RetentionInDays")
        days = step.settings().log_retention.days
        text = f"the log of '{name}' is kept for {days} days, then deleted"
        yield around.result("P10", name, text, kept.equals(days), kept, f"set RetentionInDays to {days}")


def _carried(around: Surroundings, edge: Edge, consumer: Step) -> PropertyResult:
    text = f"what '{edge.consumer}' takes of '{edge.producer}' reaches its queue"
    carriers = around.carriers(edge.producer, edge.consumer)
    if not carriers:
        evidence = f"no subscription of the queue of '{edge.consumer}' to the topic of '{edge.producer}'"
        mend = "add an SNS subscription from that topic to that queue"
        return around.lacks("P10", str(edge), text, evidence, mend)
    wanted = _wanted_filter(tuple(consumer.row.input_types), edge.filter)
    return _filtered(around, str(edge), text, carriers[0], wanted)


def _filtered(
    around: Surroundings, edge: str, text: str, one: Subscription, wanted: dict[str, Any]
) -> PropertyResult:
    protocol, scope = one.place.at("Protocol"), one.place.at("FilterPolicyScope")
    policy = one.place.at("FilterPolicy").document()
    checks = (
        (protocol, protocol.equals("sqs"), "set Protocol to sqs"),
        (scope, scope.equals("MessageBody"), "set FilterPolicyScope to MessageBody"),
        (
            policy,
            policy.equals(wanted),
            "set FilterPolicy to what the consumer takes and the edge's filter asks",
        ),
    )
    verdict = worst([found for _, found, _ in checks])
    for place, found, mend in checks:
        if found is verdict is not Verdict.PROVED:
            return around.result("P10", edge, text, verdict, place, mend)
    return around.result("P10", edge, text, verdict, policy, "")


@lru_cache(maxsize=4096)
def _wanted_filter(types: tuple[str, ...], asked: Filter | None) -> dict[str, Any]:
    """Return the filter policy of an edge; many edges ask the same."""
    return filter_policy(consumer_filter(types, asked))


def _one_kind(around: Surroundings, name: str, node: FoundNode) -> Iterator[PropertyResult]:
    """Return queues and topics that are FIFO: S3 and standard topics do not deliver to them.

    Source: Amazon S3 User Guide, "Event notification types and destinations"; Amazon SNS Developer Guide,
    "Amazon SNS message delivery for FIFO topics".
    """
    for what, logical_id, key in (
        ("queue", node.queue, "FifoQueue"),
        ("dead-letter queue", node.dead_letters, "FifoQueue"),
        ("topic", node.topic, "FifoTopic"),
    ):
        resource = around.resource(logical_id)
        place = said(resource, key) if resource is not None else whole("")
        if place.is_there and place.equals(wanted=False) is not Verdict.PROVED:
            verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
            text = f"the {what} of '{name}' takes what buckets and standard topics send"
            yield around.result("P10", name, text, verdict, place, f"leave {key} out")
