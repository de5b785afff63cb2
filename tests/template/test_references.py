from __future__ import annotations

from typing import Any

import pytest

from lakenb.template.references import Reference, references, rewritten

REF = {"Ref": "A"}
DOTTED = {"Fn::GetAtt": "A.Outputs.Arn"}
LISTED = {"Fn::GetAtt": ["A", "Outputs.Arn"]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (REF, ["A"]),
        (DOTTED, ["A.Outputs.Arn"]),
        (LISTED, ["A.Outputs.Arn"]),
        ({"Fn::Sub": "${A}-${A.Arn}-${AWS::Region}-${!A}"}, ["A", "A.Arn", "AWS::Region"]),
        ({"Fn::Sub": ["${Own}${A}", {"Own": {"Ref": "B"}}]}, ["B", "A"]),
        (
            {"Fn::Join": ["", ["x", REF, {"Fn::Select": [0, {"Fn::Split": ["-", LISTED]}]}]]},
            ["A", "A.Outputs.Arn"],
        ),
        ({"Statement": [{"Resource": [REF, {"Ref": "B"}]}]}, ["A", "B"]),
        ("A", []),
        (7, []),
    ],
)
def test_every_reference_is_found_wherever_it_stands(value: Any, found: list[str]) -> None:
    named = [f"{one.name}.{one.attribute}" if one.attribute else one.name for one in references(value)]
    assert sorted(named) == sorted(found)


def test_a_reference_gives_way_to_a_parameter_in_each_spelling() -> None:
    def instead(reference: Reference) -> Any:
        return {"Ref": "P"} if reference.name == "A" else None

    assert rewritten([REF, DOTTED, LISTED], instead) == [{"Ref": "P"}] * 3
    assert rewritten({"Fn::Sub": "${A}/${A.Arn}/${B}/${!A}"}, instead) == {"Fn::Sub": "${P}/${P}/${B}/${!A}"}


def test_what_is_no_name_becomes_a_variable_of_the_substitution() -> None:
    output = {"Fn::GetAtt": ["Inner", "Outputs.X"]}
    made = rewritten({"Fn::Sub": "arn:${A.Arn}/${A}"}, lambda one: output if one.name == "A" else None)
    assert made == {"Fn::Sub": ["arn:${AArn}/${A}", {"AArn": output, "A": output}]}


def test_a_variable_of_the_substitution_hides_a_resource_of_that_name() -> None:
    written = {"Fn::Sub": ["${A}", {"A": "text"}]}
    assert rewritten(written, lambda _: {"Ref": "P"}) == written


def test_the_value_itself_is_left_alone() -> None:
    value = {"Fn::Join": ["", [REF]]}
    rewritten(value, lambda _: {"Ref": "P"})
    assert value == {"Fn::Join": ["", [{"Ref": "A"}]]}
