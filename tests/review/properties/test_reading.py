import pytest

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.world import UNKNOWN, Resource
from lakenb.review.properties.reading import Said, attribute, said, worst

RESOURCE = Resource(
    "Queue",
    "AWS::SQS::Queue",
    "queue",
    "arn:q",
    {
        "A": {"B": [1, {"C": "x"}]},
        "On": "true",
        "Half": f"x{UNKNOWN}",
        "All": UNKNOWN,
        "Text": '{"n": 5}',
        "Null": None,
    },
    {"DeletionPolicy": "Retain"},
)


def test_a_place_is_written_as_people_write_it() -> None:
    assert said(RESOURCE, "A", "B", 1, "C").path == "Properties.A.B[1].C"
    assert said(RESOURCE, "A").at("B", 1, "C").value == "x"
    assert attribute(RESOURCE, "DeletionPolicy").shown() == "DeletionPolicy = Retain"


def test_what_is_not_there_is_absent_and_failed() -> None:
    for place in (
        said(RESOURCE, "No"),
        said(RESOURCE, "A", "B", 7),
        said(RESOURCE, "On", "x"),
        said(RESOURCE, "A", 0),
    ):
        assert not place.is_there
        assert place.equals("x") is Verdict.FAILED
        assert place.items() == ()
    assert said(RESOURCE, "No").shown() == "no Properties.No"
    assert said(RESOURCE, "Null").is_there


def test_what_is_not_known_is_undecided_all_the_way_down() -> None:
    assert said(RESOURCE, "Half").equals("x") is Verdict.UNDECIDED
    assert said(RESOURCE, "All", "B", 0).equals(wanted=True) is Verdict.UNDECIDED
    assert said(RESOURCE, "All").document().at("n").equals("5") is Verdict.UNDECIDED
    assert Said("Queue", (), {"x": [UNKNOWN]}).equals({"x": [1]}) is Verdict.UNDECIDED
    assert said(RESOURCE, "Half").shown() == "Properties.Half = x⟨unknown⟩"


@pytest.mark.parametrize(
    ("value", "wanted"), [(True, True), ("true", True), (5, "5"), ("5", 5), ({"a": [1]}, {"a": [1]})]
)
def test_a_value_is_the_same_as_a_text(value: object, wanted: object) -> None:
    assert Said("Queue", (), value).equals(wanted) is Verdict.PROVED


@pytest.mark.parametrize(
    ("value", "wanted"), [(1, True), (None, True), ([True], True), ("True ", True), (0, False), ({}, "")]
)
def test_what_is_alike_is_not_the_same(value: object, wanted: object) -> None:
    assert Said("Queue", (), value).equals(wanted) is Verdict.FAILED


@pytest.mark.parametrize(
    ("value", "number"),
    [(5, 5), ("5", 5), (True, None), ("x", None), ("nan", None), ("1e999", None), ([5], None)],
)
def test_a_number_may_be_written_as_a_text(value: object, number: float | None) -> None:
    assert Said("Queue", (), value).number() == number


def test_a_json_text_is_taken_apart_and_another_text_is_not() -> None:
    assert said(RESOURCE, "Text").document().at("n").value == 5
    assert said(RESOURCE, "On").document().value is True
    assert Said("Queue", (), "not json {").document().value == "not json {"


def test_long_values_are_cut() -> None:
    assert len(Said("Queue", ("P",), "x" * 1000).shown()) < 200


def test_the_worst_verdict_decides() -> None:
    assert worst([]) is Verdict.PROVED
    assert worst([Verdict.PROVED, Verdict.UNDECIDED]) is Verdict.UNDECIDED
    assert worst([Verdict.UNDECIDED, Verdict.FAILED]) is Verdict.FAILED
