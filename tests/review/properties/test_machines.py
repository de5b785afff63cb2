import json
from typing import Any

import pytest

from tests.review.properties.examined import Template, altered, changed, faults, open_ones, without
from tests.review.services import waiting

WAITING = waiting()
MACHINE = "PauseStateMachine"


def found(template: Template) -> set[tuple[str, str, str]]:
    return set(faults(template, WAITING))


def state(name: str, *steps: str | int, to: Any) -> Template:
    place = ("Properties", "Definition", "States", name, *steps)
    return changed(WAITING.template(), MACHINE, *place, to=to)


@pytest.mark.parametrize(
    ("substitute", "value"),
    [
        ("Topic", {"Ref": "InboxTopic"}),
        ("Topic", "arn:aws:sns:eu-west-1:111122223333:elsewhere"),
        ("DeadLetters", {"Ref": "InboxDeadLetters"}),
    ],
)
def test_a_state_machine_that_works_for_another_is_found(substitute: str, value: object) -> None:
    place = ("Properties", "DefinitionSubstitutions", substitute)
    template = changed(WAITING.template(), MACHINE, *place, to=value)
    assert any(claim == "P10" for claim, *_ in found(template))


def test_a_task_that_calls_something_else_is_found() -> None:
    template = state("Publish", "Resource", to="arn:aws:states:::lambda:invoke")
    assert ("P10", MACHINE, "Properties.Definition") in found(template)


def test_a_state_that_publishes_to_nobody_is_found() -> None:
    template = state("Publish", "Type", to="Pass")
    assert ("P10", MACHINE, "Properties.Definition") in found(template)


@pytest.mark.parametrize("sort", ["Map", "Parallel"])
def test_branches_of_which_nobody_knows_what_they_do_are_found(sort: str) -> None:
    assert ("P10", MACHINE, "Properties.Definition") in found(state("Wait", "Type", to=sort))


def test_an_event_that_cannot_be_published_must_be_kept() -> None:
    template = WAITING.template()
    template = without(template, MACHINE, "Properties", "Definition", "States", "Publish", "Catch")
    assert ("P4", MACHINE, "Properties.Definition") in found(template)
    template = state("Publish", "Catch", 0, "ErrorEquals", to=["States.Timeout"])
    assert ("P4", MACHINE, "Properties.Definition") in found(template)
    template = state("Publish", "Catch", 0, "Next", to="NotPublished")
    assert ("P4", MACHINE, "Properties.Definition") in found(template)


def test_an_event_that_is_not_sent_as_it_came_is_found() -> None:
    assert ("P10", MACHINE, "Properties.Definition") in found(
        state("Publish", "Parameters", "Message.$", to="$.document")
    )


@pytest.mark.parametrize(
    "steps",
    [
        ("Publish", "Catch", 0, "ResultPath"),  # the error would take the event's place
        ("Keep", "Retry"),  # nothing catches what fails there
        ("Keep", "Parameters", "MessageBody"),
        ("Keep", "Parameters", "MessageBody", "event.$"),
    ],
)
def test_an_event_that_would_be_lost_on_its_way_aside_is_found(steps: tuple[str | int, ...]) -> None:
    place = ("Properties", "Definition", "States", *steps)
    assert ("P4", MACHINE, "Properties.Definition") in found(without(WAITING.template(), MACHINE, *place))


@pytest.mark.parametrize("steps", [("StartAt",), ("States", "Wait", "Next"), ("States", "Publish", "End")])
def test_a_machine_that_does_not_go_its_way_is_found(steps: tuple[str, ...]) -> None:
    template = without(WAITING.template(), MACHINE, "Properties", "Definition", *steps)
    assert ("P10", MACHINE, "Properties.Definition") in found(template)


def test_a_machine_that_publishes_at_once_is_found() -> None:
    steps = ("Properties", "Definition", "StartAt")
    template = changed(WAITING.template(), MACHINE, *steps, to="Publish")
    assert ("P10", MACHINE, "Properties.Definition") in found(template)


def test_another_wait_than_was_chosen_is_found() -> None:
    assert ("P10", MACHINE, "Properties.Definition") in found(state("Wait", "Seconds", to=60))


def test_an_express_state_machine_cannot_wait() -> None:
    template = changed(WAITING.template(), MACHINE, "Properties", "StateMachineType", to="EXPRESS")
    assert ("P10", MACHINE, "Properties.StateMachineType") in found(template)


def test_the_standard_type_is_the_default() -> None:
    assert found(without(WAITING.template(), MACHINE, "Properties", "StateMachineType")) == set()


def test_a_definition_may_be_a_text() -> None:
    def as_text(resources: Template) -> None:
        properties = resources[MACHINE]["Properties"]
        written = properties.pop("Definition")
        for state in written["States"].values():
            if "Resource" in state:  # no intrinsic function works within a text
                state["Resource"] = state["Resource"]["Fn::Sub"].replace("${AWS::Partition}", "aws")
        properties["DefinitionString"] = json.dumps(written)

    template = altered(WAITING.template(), as_text)
    assert found(template) == set()
    assert open_ones(template, WAITING) == []


def test_a_definition_that_lies_elsewhere_is_found() -> None:
    template = without(WAITING.template(), MACHINE, "Properties", "Definition")
    assert {claim for claim, *_ in found(template)} >= {"P10"}
