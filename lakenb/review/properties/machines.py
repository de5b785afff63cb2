"""P4 and P10 of state machines: what waits in one is published to its node's topic, or laid aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, holds_unknown, said
from lakenb.review.state import MESSAGE, PUBLISH, SEND, definition

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_ALL = "States.ALL"
_BESIDE = {"Type", "Next", "End", "Comment"}
_PUBLISH_MEND = "let the machine wait once, publish the message to the node's topic, and end"
_KEEP_MEND = "let it catch States.ALL, keep its input, and send the message to the node's dead-letter queue"


@dataclass(frozen=True, slots=True)
class _Machine:
    """A state machine, and what it has to do with.

    Parameters
    ----------
    place
        Where its definition stands.
    start
        Its first state.
    states
        By name.
    topic, letters
        What names the node's topic and its dead-letter queue.
    """

    place: Said
    start: str
    states: Mapping[str, Mapping[str, Any]]
    topic: str
    letters: str

    def state(self, name: Any) -> Mapping[str, Any]:
        """Return a state; an empty one where there is none."""
        found = self.states.get(name) if isinstance(name, str) else None
        return found if isinstance(found, dict) else {}

    def way(self) -> tuple[Mapping[str, Any], ...]:
        """Return the states that an event goes through when nothing fails, in their order."""
        found: list[Mapping[str, Any]] = []
        name: Any = self.start
        while len(found) <= len(self.states):
            state = self.state(name)
            if not state:
                break
            found.append(state)
            name = state.get("Next")
        return tuple(found)

    def publishes(self, state: Mapping[str, Any]) -> bool:
        """Return whether a state publishes the event, as it came, to the node's topic."""
        arguments = _arguments(state)
        sent = arguments.get("Message.$", arguments.get("Message"))
        return _calls(state, PUBLISH) and arguments.get("TopicArn") == self.topic and sent in MESSAGE

    def keeps(self, state: Mapping[str, Any]) -> bool:
        """Return whether a state sends the event to the node's dead-letter queue, and tries again."""
        arguments = _arguments(state)
        is_own = _calls(state, SEND) and arguments.get("QueueUrl") == self.letters
        holds = any(MESSAGE[0] in text for text in _texts(arguments.get("MessageBody")))
        retries = [one for one in _listed(state.get("Retry")) if _ALL in _listed(one.get("ErrorEquals"))]
        return is_own and holds and any(one.get("MaxAttempts", 1) for one in retries)


def machines(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node whose events go through a state machine."""
    node = around.node(name)
    resource = around.resource(node.state.machine)
    if resource is None:
        return
    topic, letters = around.resource(node.topic), around.resource(node.dead_letters)
    machine = _read(resource, "" if topic is None else topic.ref, "" if letters is None else letters.ref)
    yield _publishes(around, name, machine)
    yield _lays_aside(around, name, machine)
    yield _lasts(around, name, resource)
    step = around.step(name)
    if step is not None and hasattr(step, "wait"):
        yield _waits(around, name, step, machine)


def _read(resource: Resource, topic: str, letters: str) -> _Machine:
    has_text = "Definition" not in resource.properties
    place = said(resource, "DefinitionString" if has_text else "Definition")
    found = definition(resource)
    known = found if isinstance(found, dict) else {}
    states = known.get("States")
    start = known.get("StartAt")
    return _Machine(
        place,
        start if isinstance(start, str) else "",
        states if isinstance(states, dict) else {},
        topic,
        letters,
    )


def _publishes(around: Surroundings, name: str, machine: _Machine) -> PropertyResult:
    text = f"the state machine of '{name}' publishes to its topic what waited there, and calls nothing else"
    evidence = _wrong_way(around, machine)
    verdict = Verdict.FAILED if evidence else Verdict.PROVED
    if holds_unknown(machine.states):
        verdict = Verdict.UNDECIDED
    evidence = evidence or "it waits, publishes, and ends"
    return around.result("P10", name, text, verdict, machine.place, _PUBLISH_MEND, evidence=evidence)


def _wrong_way(around: Surroundings, machine: _Machine) -> str:
    """Return what a machine does otherwise than to wait, publish and end; empty where it does so."""
    for label, state in machine.states.items():
        sort = state.get("Type") if isinstance(state, dict) else ""
        if sort in {"Map", "Parallel"}:
            return f"{label} is a state of type {sort}"
        if sort == "Task" and not (machine.publishes(state) or _sends(machine, state)):
            return f"{label} calls {around.shown(str(state.get('Resource', '')))} otherwise"
    way = machine.way()
    sorts = [state.get("Type") for state in way]
    if sorts != ["Wait", "Task"] or not machine.publishes(way[-1]):
        return f"an event goes through states of type {', '.join(map(str, sorts)) or 'none'}"
    return "" if way[-1].get("End") is True else "the state that publishes is not the end"


def _sends(machine: _Machine, state: Mapping[str, Any]) -> bool:
    return _calls(state, SEND) and _arguments(state).get("QueueUrl") == machine.letters


def _lays_aside(around: Surroundings, name: str, machine: _Machine) -> PropertyResult:
    """Return whether an event that cannot be published is kept: it is in no queue while it waits."""
    text = f"what the state machine of '{name}' cannot publish goes to its dead-letter queue"
    lost = [
        label
        for label, state in machine.states.items()
        if isinstance(state, dict) and _calls(state, PUBLISH) and not _is_caught(machine, state)
    ]
    verdict = Verdict.FAILED if lost else Verdict.PROVED
    if holds_unknown(machine.states):
        verdict = Verdict.UNDECIDED
    evidence = f"{lost[0]} does not lay aside every event that fails" if lost else "every error is caught"
    return around.result("P4", name, text, verdict, machine.place, _KEEP_MEND, evidence=evidence)


def _is_caught(machine: _Machine, state: Mapping[str, Any]) -> bool:
    """Return whether whatever fails goes on to a state that keeps the event.

    AWS Step Functions Developer Guide, "Handling errors in Step Functions workflows": without a ResultPath of
    its own the error takes the place of the state's input, and the event is gone.
    """
    caught = [one for one in _listed(state.get("Catch")) if _ALL in _listed(one.get("ErrorEquals"))]
    if not caught or not str(caught[-1].get("ResultPath", "$")).startswith("$."):
        return False
    return machine.keeps(machine.state(caught[-1].get("Next")))


def _lasts(around: Surroundings, name: str, machine: Resource) -> PropertyResult:
    # AWS Step Functions Developer Guide, "Choosing workflow type": an express one lives five minutes and may
    # run twice; a standard one lives a year, and is what CloudFormation makes where nothing is written
    kind = said(machine, "StateMachineType")
    verdict = kind.equals("STANDARD") if kind.is_there else Verdict.PROVED
    text = f"events can wait in the state machine of '{name}' for as long as they have to"
    return around.result("P10", name, text, verdict, kind, "set StateMachineType to STANDARD")


def _waits(around: Surroundings, name: str, step: Step, machine: _Machine) -> PropertyResult:
    wanted = dict(getattr(step, "wait")())  # noqa: B009 - only some steps wait
    found = [
        {key: value for key, value in state.items() if key not in _BESIDE}
        for state in machine.states.values()
        if isinstance(state, dict) and state.get("Type") == "Wait"
    ]
    verdict = Verdict.PROVED if found == [wanted] else Verdict.FAILED
    if holds_unknown(machine.states):
        verdict = Verdict.UNDECIDED
    text = f"events wait in the state machine of '{name}' for as long as was chosen"
    evidence = f"its wait states say {found}"
    return around.result("P10", name, text, verdict, machine.place, f"wait for {wanted}", evidence=evidence)


def _calls(state: Mapping[str, Any], what: str) -> bool:
    return state.get("Type") == "Task" and str(state.get("Resource", "")).endswith(what)


def _arguments(state: Mapping[str, Any]) -> Mapping[str, Any]:
    found = state.get("Arguments", state.get("Parameters"))
    return found if isinstance(found, dict) else {}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts within a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
