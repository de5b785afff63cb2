"""P4 and P10 of state machines: what waits in one is published to its node's topic, or laid aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, holds_unknown, said
from lakenb.review.state import PUBLISH, definition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import FoundNode
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

SEND = ":states:::sqs:sendMessage"
_ALL = "States.ALL"


def machines(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node whose events go through a state machine."""
    node = around.node(name)
    machine = around.resource(node.state.machine)
    if machine is None:
        return
    place, states = _states(machine)
    yield _publishes(around, name, node, place, states)
    yield _lays_aside(around, name, node, place, states)
    yield _lasts(around, name, machine)
    step = around.step(name)
    if step is not None:
        yield from _waits(around, name, step, place, states)


def _states(machine: Resource) -> tuple[Said, dict[str, Any]]:
    """Return the states of a machine, and where they stand."""
    has_text = "Definition" not in machine.properties
    place = said(machine, "DefinitionString" if has_text else "Definition")
    found = definition(machine)
    states = found.get("States") if isinstance(found, dict) else None
    return place, states if isinstance(states, dict) else {}


def _publishes(
    around: Surroundings, name: str, node: FoundNode, place: Said, states: dict[str, Any]
) -> PropertyResult:
    text = f"the state machine of '{name}' publishes to its topic what waited there, and calls nothing else"
    topic, letters = around.resource(node.topic), around.resource(node.dead_letters)
    mend = "let its tasks publish to the node's topic, and lay aside in the node's dead-letter queue"
    if holds_unknown(states):
        return around.result("P10", name, text, Verdict.UNDECIDED, place, mend)
    published = False
    for label, state in states.items():
        sort = state.get("Type") if isinstance(state, dict) else ""
        if sort in {"Map", "Parallel"}:
            return _beside(around, name, text, place, f"{label} is a state of type {sort}")
        if sort != "Task":
            continue
        resource, arguments = str(state.get("Resource", "")), _arguments(state)
        if resource.endswith(PUBLISH) and topic is not None and arguments.get("TopicArn") == topic.ref:
            published = True
        elif not (
            resource.endswith(SEND) and letters is not None and arguments.get("QueueUrl") == letters.ref
        ):
            return _beside(around, name, text, place, f"{label} calls {around.shown(resource)} for another")
    if not published:
        return _beside(around, name, text, place, "no state publishes to the node's topic")
    return around.result("P10", name, text, Verdict.PROVED, place, mend, evidence="its tasks do so")


def _beside(around: Surroundings, name: str, text: str, place: Said, evidence: str) -> PropertyResult:
    mend = "let its tasks publish to the node's topic, and lay aside in the node's dead-letter queue"
    return around.result("P10", name, text, Verdict.FAILED, place, mend, evidence=evidence)


def _lays_aside(
    around: Surroundings, name: str, node: FoundNode, place: Said, states: dict[str, Any]
) -> PropertyResult:
    """Return whether an event that cannot be published is kept: it is in no queue while it waits."""
    text = f"what the state machine of '{name}' cannot publish goes to its dead-letter queue"
    letters = around.resource(node.dead_letters)
    verdict, evidence = Verdict.PROVED, "each publishing state catches every error, and lays aside"
    for label, state in states.items():
        if not isinstance(state, dict) or not str(state.get("Resource", "")).endswith(PUBLISH):
            continue
        caught = [one for one in state.get("Catch", ()) if _ALL in one.get("ErrorEquals", ())]
        target = states.get(caught[-1].get("Next"), {}) if caught else {}
        is_kept = (
            letters is not None
            and str(target.get("Resource", "")).endswith(SEND)
            and _arguments(target).get("QueueUrl") == letters.ref
        )
        if not is_kept:
            verdict, evidence = Verdict.FAILED, f"{label} does not catch {_ALL} with a state that lays aside"
    if holds_unknown(states):
        verdict = Verdict.UNDECIDED
    mend = f"let it catch {_ALL}, and send the event to the node's dead-letter queue"
    return around.result("P4", name, text, verdict, place, mend, evidence=evidence)


def _lasts(around: Surroundings, name: str, machine: Resource) -> PropertyResult:
    # AWS Step Functions Developer Guide, "Choosing workflow type": an express one lives five minutes and may
    # run twice; a standard one lives a year, and is what CloudFormation makes where nothing is written
    kind = said(machine, "StateMachineType")
    verdict = kind.equals("STANDARD") if kind.is_there else Verdict.PROVED
    text = f"events can wait in the state machine of '{name}' for as long as they have to"
    return around.result("P10", name, text, verdict, kind, "set StateMachineType to STANDARD")


def _waits(
    around: Surroundings, name: str, step: Step, place: Said, states: dict[str, Any]
) -> Iterator[PropertyResult]:
    wait = getattr(step, "wait", None)
    if wait is None:
        return
    wanted = dict(wait())
    found = [
        {key: value for key, value in state.items() if key not in {"Type", "Next", "End", "Comment"}}
        for state in states.values()
        if isinstance(state, dict) and state.get("Type") == "Wait"
    ]
    verdict = Verdict.PROVED if found == [wanted] else Verdict.FAILED
    if holds_unknown(states):
        verdict = Verdict.UNDECIDED
    text = f"events wait in the state machine of '{name}' for as long as was chosen"
    evidence = f"its wait states say {found}"
    yield around.result("P10", name, text, verdict, place, f"wait for {wanted}", evidence=evidence)


def _arguments(state: dict[str, Any]) -> dict[str, Any]:
    found = state.get("Arguments", state.get("Parameters"))
    return found if isinstance(found, dict) else {}
