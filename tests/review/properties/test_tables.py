import pytest

from tests.review.properties.examined import Template, changed, faults, open_ones, without
from tests.review.services import gathering

GATHERING = gathering()
TABLE = "GroupTable"


def found(template: Template) -> set[tuple[str, str, str]]:
    return set(faults(template, GATHERING))


@pytest.mark.parametrize(
    "steps",
    [("KeySchema",), ("KeySchema", 1), ("AttributeDefinitions",), ("AttributeDefinitions", 0)],
    ids=str,
)
def test_a_table_without_the_keys_of_its_function_is_found(steps: tuple[str | int, ...]) -> None:
    template = without(GATHERING.template(), TABLE, "Properties", *steps)
    assert ("P10", TABLE, f"Properties.{steps[0]}") in found(template)


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("KeySchema", 0, "AttributeName"), "item_id"),
        (("KeySchema", 1, "KeyType"), "HASH"),
        (("AttributeDefinitions", 0, "AttributeType"), "N"),
    ],
)
def test_a_table_with_other_keys_is_found(steps: tuple[str | int, ...], value: str) -> None:
    template = changed(GATHERING.template(), TABLE, "Properties", *steps, to=value)
    assert ("P10", TABLE, f"Properties.{steps[0]}") in found(template)


@pytest.mark.parametrize(("name", "value"), [("Enabled", False), ("AttributeName", "other")])
def test_items_that_stay_for_ever_are_found(name: str, value: object) -> None:
    template = changed(GATHERING.template(), TABLE, "Properties", "TimeToLiveSpecification", name, to=value)
    assert ("P10", TABLE, "Properties.TimeToLiveSpecification") in found(template)


def test_keys_that_cannot_be_read_are_undecided() -> None:
    template = changed(GATHERING.template(), TABLE, "Properties", "KeySchema", to={"Fn::ImportValue": "x"})
    assert ("P10", TABLE, "Properties.KeySchema") in open_ones(template, GATHERING)


@pytest.mark.parametrize("name", ["KinesisStreamSpecification", "StreamSpecification"])
def test_a_copy_of_what_a_table_holds_is_found(name: str) -> None:
    template = changed(GATHERING.template(), TABLE, "Properties", name, to={"StreamViewType": "NEW_IMAGE"})
    assert ("P2", TABLE, f"Properties.{name}") in found(template)
