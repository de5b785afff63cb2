"""Nothing that a template can be made to be crashes the reader, or keeps it."""

from __future__ import annotations

import copy
import json
import random
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from lakenb.errors import TemplateError
from lakenb.iam.stacks.read import Reader, worlds
from lakenb.iam.stacks.source import Source, source
from lakenb.iam.stacks.written import template_of
from tests.examples import letters
from tests.iam.stacks.said import said
from tests.iam.stacks.templates import att, bucket, many_things, ref, resource, sub, template

if TYPE_CHECKING:
    from collections.abc import Callable

SAM = "AWS::Serverless-2016-10-31"
GOOD = [many_things(), letters().template()]
ODD: list[Any] = [
    None, True, False, 0, -1, 2.5, 10**30, float("nan"), "", "x", "Store", "12345678901234567890",
    [], {}, "*", "arn:aws:s3:::*", "${", "${!x}", "${AWS::Region}", "{{resolve:ssm:x}}", "\ufffc", "\ud800",
    {"Ref": "Nothing"}, {"Ref": []}, {"Ref": "AWS::NoValue"}, {"Ref": "Stage"}, {"Ref": "Names"},
    {"Fn::GetAtt": ["Store", "Arn"]}, {"Fn::GetAtt": "Store"}, {"Fn::GetAtt": [1, 2]}, {"Fn::Join": []},
    {"Fn::Join": ["", {"Ref": "Names"}]}, {"Fn::Sub": ["${a}", {"a": {"Ref": "Store"}}]},
    {"Fn::If": ["IsProd", 1, 2]}, {"Fn::If": ["No", 1, 2]}, {"Fn::Select": [9, []]},
    {"Fn::Split": ["", ""]}, {"Fn::ImportValue": {}},
    {"Fn::Cidr": ["x", 1]}, {"Fn::Transform": {}}, {"Fn::Nope": 1}, {"Fn::FindInMap": ["Nets", "x", "y"]},
    {"Condition": "IsProd"}, {"Fn::ForEach::X": ["a", ["b"], {"c${a}": 1}]}, {"Fn::ToJsonString": [1]},
]  # fmt: skip


TEXTS = ["", "{", "]", ":", "&a ", "*a", "!Ref ", "!!set ", "\t", "\x07", "- ", "'", "<<: "]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every holder with the key of something that it holds."""
    found: list[tuple[Any, Any]] = []
    rest = [value]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            found += [(each, key) for key in each]
            rest += each.values()
        elif isinstance(each, list):
            found += [(each, number) for number in range(len(each))]
            rest += each
    return found


def broken(seed: int) -> dict[str, Any]:
    """Return a good template with one to four things made wrong at random places."""
    draw = random.Random(seed)  # noqa: S311 - no secret is drawn
    whole: dict[str, Any] = copy.deepcopy(draw.choice(GOOD))
    if draw.randrange(4) == 0:
        whole["Transform"] = draw.choice(["AWS::LanguageExtensions", "Mine", [SAM]])
    for _ in range(draw.randint(1, 4)):
        everywhere = places(whole)
        if not everywhere:
            break
        holder, key = draw.choice(everywhere)
        way = draw.randrange(4)
        if way == 0:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[
                draw.choice(["", "Fn::If", "Ref", "Fn::ForEach::Y", "Condition", "Type", "\ud800", key + "x"])
            ] = holder.pop(key)
        elif way == 2:
            other, name = draw.choice(everywhere)
            if name in other if isinstance(other, dict) else name < len(other):
                holder[key] = copy.deepcopy(other[name])
        else:
            holder[key] = draw.choice(ODD)
    return whole


def refused(whole: Any, nested: Any = None) -> list[str]:
    with pytest.raises(TemplateError) as error:
        worlds(source(whole, nested))
    assert all(fault.mend for fault in error.value.faults)
    return [f"{fault.where}: {fault.what}" for fault in error.value.faults]


@pytest.mark.parametrize(
    ("whole", "fault"),
    [
        (5, "template: 5 is no template"),
        ({}, "template: the template has no Resources"),
        ({"Resources": []}, "Resources: Resources are []"),
        ({"Resources": {}, "Resurces": {}}, "template: there is no section 'Resurces'"),
        ({"Resources": {"A": 5}}, "Resources.A: 5 is no resource"),
        ({"Resources": {"A": {}}}, "Resources.A: the resource has no Type"),
        ({"Resources": {"A": {"Type": 5}}}, "Resources.A: the resource has no Type"),
        (
            {"Resources": {"A": {"Type": "T", "Properties": 5}}},
            "Resources.A.Properties: its Properties are 5",
        ),
        ({"Resources": {5: {"Type": "T"}}}, "Resources: 5 is no name"),
        (
            {"Resources": {"A": {"Type": "T", "Properties": {5: 6}}}},
            "Resources.A: 5 is no key: keys are texts",
        ),
        (
            {"Resources": {"A": {"Type": "T", "Properties": {"a": {1, 2}}}}},
            "Resources.A: a set is nothing that a template can hold",
        ),
        (template({"A": bucket()}, Parameters={"P": 5}), "Parameters.P: 5 is no parameter"),
        (template({"A": bucket()}, Mappings={"M": {"a": 5}}), "Mappings.M: {'a': 5} is no mapping"),
        (template({"A": bucket()}, Outputs={"O": {}}), "Outputs.O: {} is no output"),
        (template({"A": {**bucket(), "Condition": "C"}}), "Resources.A.Condition: there is no condition 'C'"),
        (
            template({"A": {**bucket(), "Condition": "C"}}, Conditions={"C": {"Fn::Equals": [1]}}),
            "Conditions.C: {'Fn::Equals': [1]} is no condition",
        ),
        (
            template(
                {"A": {**bucket(), "Condition": "C"}}, Conditions={"C": {"Fn::Equals": [ref("P"), "a"]}}
            ),
            "Conditions.C: nothing here has the logical id 'P'",
        ),
        (
            template({"A": bucket(BucketName=ref("Stroe")), "Store": bucket()}),
            "Resources.A.Properties.BucketName: nothing here has the logical id 'Stroe'",
        ),
        (
            template({"A": bucket(Tags=[{"Value": {"Fn::Join": "x"}}])}),
            "Resources.A.Properties.Tags[0].Value: Fn::Join is given 'x'",
        ),
        (template({"A": bucket(X={"Ref": 5})}), "Resources.A.Properties.X: Ref is given 5"),
        (
            template({"A": bucket(X={"Fn::GetAtt": ["A"]})}),
            "Resources.A.Properties.X: Fn::GetAtt is given ['A']",
        ),
        (
            template({"A": bucket(X={"Fn::If": ["C", 1, 2]})}),
            "Resources.A.Properties.X: there is no condition 'C'",
        ),
        (
            template({"A": bucket(X={"Fn::FindInMap": ["M", "a", "b"]})}),
            "Resources.A.Properties.X: there is no mapping 'M'",
        ),
        (
            template({"A": bucket(X=sub("${B.Arn}"))}),
            "Resources.A.Properties.X: nothing here has the logical id 'B'",
        ),
        (template({"A": bucket(X=10**30)}), "Resources.A: a number is too large"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(whole: Any, fault: str) -> None:
    assert refused(whole) == [fault]


def test_every_fault_is_told() -> None:
    whole = template({"A": bucket(X=ref("Nope")), "B": bucket(X=ref("No")), "C": bucket(X={"Fn::Join": 1})})
    assert [each.split(":")[0] for each in refused(whole)] == [
        f"Resources.{name}.Properties.X" for name in "ABC"
    ]


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(TemplateError, match="did you mean Store"):
        worlds(source(template({"A": bucket(X=ref("Stroe")), "Store": bucket()})))


def test_names_that_hang_on_one_another_are_refused() -> None:
    whole = template({"A": bucket(BucketName=ref("B")), "B": bucket(BucketName=sub("${A}-x"))})
    assert any("names hang on one another without an end" in fault for fault in refused(whole))


def test_conditions_that_hang_on_one_another_are_refused() -> None:
    conditions = {"C": {"Condition": "D"}, "D": {"Fn::Not": [{"Condition": "C"}]}}
    found = refused(template({"A": {**bucket(), "Condition": "C"}}, Conditions=conditions))
    assert any("conditions ask for one another without an end" in fault for fault in found)


def test_a_nested_stack_whose_parameter_hangs_on_its_own_output_is_refused() -> None:
    inner = template(
        {"A": bucket(BucketName=ref("P"))},
        Parameters={"P": {"Type": "String"}},
        Outputs={"O": {"Value": ref("P")}},
    )
    outer = template(
        {"Child": resource("AWS::CloudFormation::Stack", Parameters={"P": att("Child", "Outputs.O")})}
    )
    assert any("without an end" in fault for fault in refused(outer, {"Child": source(inner)}))


def test_an_output_that_a_nested_stack_does_not_have_is_refused() -> None:
    outer = template(
        {"Child": resource("AWS::CloudFormation::Stack"), "A": bucket(X=att("Child", "Outputs.Nope"))}
    )
    [fault] = refused(outer, {"Child": source(template({"B": bucket()}))})
    assert fault == "Resources.A.Properties.X: the nested stack Child has no output 'Nope'"


def deep(levels: int) -> Any:
    value: Any = "x"
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize("value", [deep(100), deep(5000), endless()])
def test_what_is_nested_too_deeply_is_refused(value: Any) -> None:
    assert any("nested" in fault for fault in refused(template({"A": bucket(X=value)})))


def test_long_chains_and_long_texts_are_read_or_refused() -> None:
    chain = {f"C{number}": {"Condition": f"C{number + 1}"} for number in range(3000)}
    last = {"C3000": {"Fn::Equals": ["a", "a"]}}
    assert refused(template({"A": {**bucket(), "Condition": "C0"}}, Conditions={**chain, **last}))
    names = {f"B{number}": bucket(BucketName=sub(f"${{B{number + 1}}}")) for number in range(3000)}
    assert refused(template({**names, "B3000": bucket()}))
    wide = template({"A": bucket(X={"Fn::Join": ["", ["x" * 100_000] * 50]}, Y="y" * 5_000_000)})
    [world] = worlds(source(wide))
    assert [each.what for each in world.unresolved] == ["a text is longer than 200,000 letters"]


def test_texts_that_double_in_each_nested_stack_are_bounded() -> None:
    found = source(template({"A": bucket(X=ref("P"))}, Parameters={"P": {"Type": "String"}}))
    for _ in range(7):
        child = resource("AWS::CloudFormation::Stack", Parameters={"P": {"Fn::Join": ["", [ref("P")] * 50]}})
        found = source(template({"S": child}, Parameters={"P": {"Type": "String"}}), {"S": found})
    [world] = worlds(found, parameters={"P": "x" * 50})
    assert world.unresolved


def test_stacks_that_are_nested_in_themselves_are_refused() -> None:
    nested: dict[str, Any] = {}
    inner = Source(template({"S": resource("AWS::CloudFormation::Stack")}), nested)
    nested["S"] = inner
    with pytest.raises(TemplateError, match="stacks are nested too deeply"):
        worlds(inner)


@pytest.mark.parametrize(
    ("known", "what"),
    [
        ({"parameters": {"Nope": "x"}}, "the template has no parameter 'Nope'"),
        ({"parameters": {"Stage": 5}}, "the value of Stage is 5"),
        ({"account": "123"}, "'123' is no account"),
    ],
)
def test_what_is_said_of_a_deployment_is_looked_at(known: Any, what: str) -> None:
    whole = template({"A": bucket()}, Parameters={"Stage": {"Type": "String"}})
    with pytest.raises(TemplateError, match=what):
        worlds(source(whole), **known)


def read_or_refused(make: Callable[[], Any]) -> Any:
    """Return what is made, or None where it is refused as a template should be."""
    try:
        return make()
    except TemplateError as error:
        refusal = error
    assert all(fault.what and fault.where and fault.mend for fault in refusal.faults)
    return None


@settings(max_examples=300, deadline=5000)
@given(st.integers(0, 2**32))
def test_a_broken_template_is_read_or_refused_with_every_fault(seed: int) -> None:
    found = read_or_refused(lambda: worlds(source(broken(seed))))
    assert found is None or all(str(each) for world in found for each in (*world.unresolved, *world.names))


@settings(max_examples=100, deadline=5000)
@given(st.integers(0, 2**32))
def test_a_broken_nested_stack_is_read_or_refused_with_every_fault(seed: int) -> None:
    child = resource("AWS::CloudFormation::Stack", Parameters={"Stage": ref("Level"), "Names": "x,y"})
    here = bucket(X=att("Child", "Outputs.Where"))
    outer = template({"Child": child, "Here": here}, Parameters={"Level": {"Type": "String"}})
    read_or_refused(lambda: worlds(source(outer, {"Child": source(broken(seed))})))


@settings(max_examples=300, deadline=5000)
@given(st.integers(0, 2**32))
def test_a_broken_text_is_read_or_refused_with_every_fault(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - no secret is drawn
    text = draw.choice([yaml.safe_dump(many_things()), json.dumps(many_things(), indent=1)])
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice(TEXTS) + text[at + draw.choice([0, 1, 7, 40]) :]
    whole = read_or_refused(lambda: template_of(text, "stack"))
    read_or_refused(lambda: worlds(source(whole)))


@settings(max_examples=40, deadline=5000)
@given(st.lists(st.integers(0, 2**32), min_size=2, max_size=4))
def test_a_reader_reads_each_template_as_if_it_were_the_first(seeds: list[int]) -> None:
    reader = Reader()
    for seed in seeds:
        again = read_or_refused(partial(reader.worlds, source(broken(seed))))
        fresh = read_or_refused(partial(worlds, source(broken(seed))))
        assert (again and [*map(said, again)]) == (fresh and [*map(said, fresh)])
