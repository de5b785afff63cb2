"""P10 of settings: each node runs with the time, memory, attempts and options that were chosen."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import said, worst

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.reading import Said
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

# AWS Lambda API Reference, CreateEventSourceMapping: what counts where nothing is written
_DEFAULT_BATCH, _DEFAULT_WINDOW = 10, 0
_Check = tuple["Said", Verdict, str]


def settings(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the result for a node of the graph; without a graph nobody knows what was chosen."""
    node, step = around.node(name), around.step(name)
    function = around.resource(node.function)
    if step is not None and function is not None:
        yield _as_chosen(around, name, step, (node, function))


def _as_chosen(
    around: Surroundings, name: str, step: Step, where: tuple[FoundNode, Resource]
) -> PropertyResult:
    text = f"'{name}' runs with the time, memory, batches, attempts and options that the pipeline asks for"
    node, function = where
    checks = [*_function(function, step), *_queue(around, node, function, step)]
    verdict = worst([found for _, found, _ in checks])
    place, _, mend = next(check for check in checks if check[1] is verdict)
    return around.result("P10", name, text, verdict, place, mend)


def _function(function: Resource, step: Step) -> Iterator[_Check]:
    chosen = step.settings()
    yield _number(said(function, "Timeout"), int(chosen.timeout.total_seconds()))
    yield _number(said(function, "MemorySize"), chosen.memory_mib)
    options = said(function, "Environment", "Variables", "LAKENB_OPTIONS")
    wanted = json.loads(json.dumps(step.own_options()))
    told = options.document()
    verdict = told.equals(wanted) if told.is_there or wanted else Verdict.PROVED
    yield options, verdict, "write the node's options into LAKENB_OPTIONS"


def _queue(around: Surroundings, node: FoundNode, function: Resource, step: Step) -> Iterator[_Check]:
    chosen = step.settings()
    told = said(function, "Environment", "Variables", "LAKENB_MAX_RECEIVES")
    yield _number(told, chosen.max_retries)
    queue = around.resource(node.queue)
    if queue is not None:
        count = said(queue, "RedrivePolicy").document().at("maxReceiveCount")
        yield _number(count, chosen.max_retries)
    for mapping in around.mappings(node.given_queue if queue is None else queue.arn):
        if around.is_function(mapping.properties.get("FunctionName"), node.function):
            window = int(chosen.batching_window.total_seconds())
            yield _number(said(mapping, "BatchSize"), chosen.batch_size, _DEFAULT_BATCH)
            yield _number(said(mapping, "MaximumBatchingWindowInSeconds"), window, _DEFAULT_WINDOW)
            most = said(mapping, "ScalingConfig", "MaximumConcurrency")
            if chosen.max_concurrency is not None or most.is_there:
                yield _number(most, chosen.max_concurrency)


def _number(place: Said, wanted: int | None, default: int | None = None) -> _Check:
    name = place.steps[-1]
    if wanted is None:
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        return place, verdict, f"leave {name} out"
    is_default = not place.is_there and wanted == default
    return place, Verdict.PROVED if is_default else place.equals(wanted), f"set {name} to {wanted}"
