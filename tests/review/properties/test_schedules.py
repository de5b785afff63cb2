import pytest

from tests.review.properties.examined import Template, changed, faults, open_ones, without
from tests.review.services import listed, timed

TIMED, LISTED = timed(), listed()


def found(template: Template) -> set[tuple[str, str, str]]:
    return set(faults(template, TIMED))


GROUP = {"Ref": "ClockScheduleGroup"}
OTHER = {"Fn::GetAtt": ["ResultsQueue", "Arn"]}


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("Target", "Arn"), OTHER),
        (("Target", "RoleArn"), {"Fn::GetAtt": ["ClockRole", "Arn"]}),
        (("State",), "DISABLED"),
        (("ScheduleExpression",), "rate(2 days)"),
        (("ScheduleExpressionTimezone",), "Europe/Berlin"),
        (("FlexibleTimeWindow", "Mode"), "FLEXIBLE"),
        (("StartDate",), "2030-01-01T00:00:00Z"),
        (("EndDate",), "2027-01-01T00:00:00Z"),
        (("Target", "Input"), '{"scheduledTime":"now"}'),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_schedule_that_says_something_else_is_found(steps: tuple[str, ...], value: object) -> None:
    template = changed(TIMED.template(), "ClockSchedule", "Properties", *steps, to=value)
    assert {claim for claim, *_ in found(template)} >= {"P10"}


@pytest.mark.parametrize("steps", [("DeadLetterConfig",), ("DeadLetterConfig", "Arn")])
def test_firings_that_would_be_lost_are_found(steps: tuple[str, ...]) -> None:
    template = without(TIMED.template(), "ClockSchedule", "Properties", "Target", *steps)
    assert ("P4", "ClockSchedule", "Properties.Target.DeadLetterConfig.Arn") in found(template)


def test_firings_that_go_to_another_s_dead_letters_are_found() -> None:
    other = {"Fn::GetAtt": ["ResultsDeadLetters", "Arn"]}
    steps = ("Properties", "Target", "DeadLetterConfig", "Arn")
    assert ("P4", "ClockSchedule", "Properties.Target.DeadLetterConfig.Arn") in found(
        changed(TIMED.template(), "ClockSchedule", *steps, to=other)
    )


def test_a_trigger_without_its_schedule_is_never_started() -> None:
    assert any(claim == "P10" for claim, *_ in found(without(TIMED.template(), "ClockSchedule")))


def test_what_cannot_be_read_is_undecided() -> None:
    template = TIMED.template()
    template["Parameters"] = {"When": {"Type": "String"}}
    steps = ("Properties", "ScheduleExpression")
    template = changed(template, "ClockSchedule", *steps, to={"Fn::ImportValue": "when"})
    assert ("P10", "ClockSchedule", "Properties.ScheduleExpression") in open_ones(template, TIMED)


def test_a_time_that_is_said_by_default_is_the_chosen_one() -> None:
    template = without(LISTED.template(), "ClockSchedule", "Properties", "ScheduleExpressionTimezone")
    template = without(template, "ClockSchedule", "Properties", "State")
    assert faults(template, LISTED) == []


def test_without_the_graph_any_time_is_taken_for_meant() -> None:
    template = changed(
        TIMED.template(), "ClockSchedule", "Properties", "ScheduleExpression", to="rate(2 days)"
    )
    assert faults(template) == []
