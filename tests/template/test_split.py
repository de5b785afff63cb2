"""A pipeline that one stack cannot hold: nested stacks in the graph's order, and nothing else changed."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.template.build import to_json
from lakenb.template.names import Kind, logical_id
from lakenb.template.partition import OUTPUTS, PARAMETERS, RESOURCES, TEMPLATE_BYTES
from lakenb.template.references import references
from lakenb.template.split import STACK, Split, split, template_key
from tests.examples import letters
from tests.large import chain, fan_in, tree

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGE = {
    "tree": tree,
    "chain": chain,
    "fan-in": fan_in,
    "tree under a key": lambda: tree(key=lk.Key()),
    "fan-in under a key": lambda: fan_in(key=lk.Key()),
    "tree, a key per node": lambda: tree(key=lk.Key(), key_per="node"),
    "fan-in, a key per store": lambda: fan_in(key=lk.Key(), key_per="store"),
    "fan-in in a network": lambda: fan_in(vpc=lk.Vpc(create=True)),
}


@pytest.fixture(scope="module", params=LARGE)
def large(request: pytest.FixtureRequest) -> tuple[dict[str, Any], Split]:
    template = LARGE[request.param]().template()
    return template, split(template)


def awaited_by(template: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return what each resource of one template awaits."""
    resources = template["Resources"]
    found = {}
    for name, made in resources.items():
        named = made.get("DependsOn", [])
        needed = {one.name for one in references(made)} | set([named] if isinstance(named, str) else named)
        found[name] = needed & resources.keys() - {name}
    return found


def test_a_pipeline_that_fits_is_one_stack_and_unchanged() -> None:
    template = letters().template()
    made = split(template)
    assert (made.root, dict(made.nested), dict(made.homes)) == (template, {}, {})


def test_every_resource_is_in_one_stack_under_its_own_id(large: tuple[dict[str, Any], Split]) -> None:
    template, made = large
    ids = [name for one in made.templates.values() for name in one["Resources"] if name not in made.nested]
    assert sorted(ids) == sorted(template["Resources"])
    assert all(name in made.nested[home]["Resources"] for name, home in made.homes.items())
    assert len(made.nested) > 1


def test_a_nodes_resources_stay_together(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    for node in ("inbox", "n-0", "n-10", "n-59", "results"):
        ids = [logical_id(node, kind) for kind in Kind]
        homes = {made.homes[name] for name in ids if name in made.homes}
        assert len(homes) == 1, node


def test_each_stack_keeps_the_quotas(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    for one in made.templates.values():
        assert len(one["Resources"]) <= RESOURCES
        assert len(one.get("Parameters", {})) <= PARAMETERS
        assert len(one.get("Outputs", {})) <= OUTPUTS
        assert len(to_json(one).encode()) <= TEMPLATE_BYTES


def test_no_stack_awaits_itself(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    for one in made.templates.values():
        TopologicalSorter(awaited_by(one)).prepare()  # raises CycleError


def test_every_reference_leads_to_something_of_its_own_stack(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    for one in made.templates.values():
        known = one["Resources"].keys() | one.get("Parameters", {}).keys()
        own = {reference.name for reference in references({**one, "Parameters": {}})}
        assert {name for name in own if not name.startswith("AWS::")} <= known


def test_parameters_are_given_and_outputs_are_there(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    taken: dict[str, set[str]] = {name: set() for name in made.nested}
    for reference in references({"Resources": made.root["Resources"]}):
        if reference.name in made.nested:
            taken[reference.name].add(reference.attribute.removeprefix("Outputs."))
    for name, template in made.nested.items():
        given = made.root["Resources"][name]["Properties"]["Parameters"]
        assert given.keys() == template["Parameters"].keys()
        assert taken[name] == set(template.get("Outputs", {}))


def test_physical_names_are_the_root_stacks(large: tuple[dict[str, Any], Split]) -> None:
    template, made = large
    assert "${AWS::StackName}" in to_json(template)
    for name, one in made.nested.items():
        assert "AWS::StackName" not in to_json(one)
        given = made.root["Resources"][name]["Properties"]["Parameters"]
        assert given["PipelineStackName"] == {"Ref": "AWS::StackName"}
        assert '"${PipelineStackName}_' in to_json(one)


def test_a_nested_template_lies_where_its_resource_says(large: tuple[dict[str, Any], Split]) -> None:
    _, made = large
    for name, one in made.nested.items():
        resource = made.root["Resources"][name]
        assert (resource["Type"], resource["DeletionPolicy"]) == (STACK, "Delete")
        url = resource["Properties"]["TemplateURL"]["Fn::Sub"]
        assert url.startswith("https://s3.${AWS::Region}.${AWS::URLSuffix}/cdk-hnb659fds-assets-")
        assert url.endswith(f"/{template_key(one)}")
        assert re.fullmatch(r"[0-9a-f]{64}\.json", template_key(one))
        assert resource["Metadata"]["aws:asset:path"] == f"asset.{template_key(one)}"


def test_the_same_pipeline_is_split_alike() -> None:
    assert split(tree().template()) == split(tree().template())


def row_of(names: list[str]) -> lk.Pipeline:
    handle = lk.S3Trigger("inbox").handle()
    for name in names:
        handle = handle.pipe(lk.RecursiveCharacterTextSplitter(name))
    return lk.Pipeline("row", handle.pipe(lk.S3Storage("results")))


@pytest.mark.parametrize("place", [5, 35, 65, 95])
def test_a_new_node_moves_its_neighbours_at_most(place: int) -> None:
    names = [f"n-{number}" for number in range(98)]
    before = split(row_of(names).template()).homes
    after = split(row_of([*names[:place], "extra", *names[place:]]).template()).homes
    moved = {name for name, home in before.items() if after.get(name) != home}
    assert len(moved) * 20 < len(before)


def test_a_bucket_crosses_by_its_name_alone() -> None:
    made = split(fan_in().template())
    [last] = [one for one in made.nested.values() if "ResultsRole" in one["Resources"]]
    crossing = [name for name in last["Parameters"] if "Store" in name]
    assert crossing
    assert all(name.endswith("StoreRef") for name in crossing)
    assert "arn:${AWS::Partition}:s3:::${Bucket}" in to_json(last["Resources"]["ResultsRole"])


# --- templates that are not lakenb's own ------------------------------------------------------------


def several(nodes: int, each: int) -> dict[str, Any]:
    """Return a template of so many nodes, each with a function and so many log groups."""
    resources: dict[str, Any] = {}
    for number in range(nodes):
        node = f"n{number:03}"
        variables = {"LAKENB_NODE": node}
        resources[f"N{number:03}Function"] = {
            "Type": "AWS::Lambda::Function",
            "Properties": {"Environment": {"Variables": variables}},
        }
        for extra in range(each):
            resources[f"N{number:03}Extra{extra}"] = {"Type": "AWS::Logs::LogGroup", "Properties": {}}
    return {"Resources": resources}


def test_what_awaits_another_stack_awaits_its_resource() -> None:
    template = several(60, 9)
    template["Resources"]["N059Function"]["DependsOn"] = ["N000Extra0", "N059Extra0"]
    template["Resources"]["PipelineLast"] = {
        "Type": "AWS::SNS::Topic",
        "Properties": {},
        "DependsOn": "N059Function",
    }
    made = split(template)

    first, last = made.homes["N000Extra0"], made.homes["N059Function"]
    assert first != last
    assert made.root["Resources"][last]["DependsOn"] == [first]
    assert made.nested[last]["Resources"]["N059Function"]["DependsOn"] == "N059Extra0"
    assert made.root["Resources"]["PipelineLast"]["DependsOn"] == last


def test_two_stacks_that_would_await_each_other_share_what_both_need_in_the_root() -> None:
    template = several(60, 9)
    resources = template["Resources"]
    resources["PipelineEndpoint"] = {
        "Type": "AWS::EC2::VPCEndpoint",
        "Properties": {"PolicyDocument": [{"Ref": f"N{number:03}Extra0"} for number in range(60)]},
    }
    for number in range(60):
        resources[f"N{number:03}Function"]["Properties"]["Endpoint"] = {"Ref": "PipelineEndpoint"}
    made = split(template)

    assert all(f"N{number:03}Extra0" in made.root["Resources"] for number in range(60))
    assert made.homes["N000Extra1"] == made.homes["N000Function"]
    TopologicalSorter(awaited_by(made.root)).prepare()


def test_a_reference_against_the_order_is_resolved_in_the_root() -> None:
    template = several(60, 9)
    resources = template["Resources"]
    resources["N000Function"]["Properties"]["Next"] = {"Fn::GetAtt": ["N059Extra0", "Arn"]}
    for number in range(1, 60):
        before = {"Fn::Sub": f"${{N{number - 1:03}Extra0.Arn}}"}
        resources[f"N{number:03}Function"]["Properties"]["Before"] = before
    made = split(template)

    assert made.homes["N000Function"] != made.homes["N059Function"]
    assert "N059Extra0" in made.root["Resources"]
    assert "N058Extra0" not in made.root["Resources"]
    TopologicalSorter(awaited_by(made.root)).prepare()


def test_a_cycle_of_resources_is_told() -> None:
    template = several(60, 9)
    template["Resources"]["PipelineA"] = {"Type": "T", "Properties": {"X": {"Ref": "PipelineB"}}}
    template["Resources"]["PipelineB"] = {"Type": "T", "Properties": {"X": {"Ref": "PipelineA"}}}
    with pytest.raises(CycleError, match="without an end"):
        split(template)


def test_parameters_and_outputs_of_the_whole_stay_the_roots() -> None:
    template = several(60, 9)
    template["Parameters"] = {"Stage": {"Type": "String"}}
    template["Resources"]["N059Function"]["Properties"]["Stage"] = {"Fn::Sub": "${Stage}-${AWS::StackId}"}
    template["Outputs"] = {"Last": {"Value": {"Fn::GetAtt": ["N059Function", "Arn"]}}}
    made = split(template)

    home = made.homes["N059Function"]
    given = made.root["Resources"][home]["Properties"]["Parameters"]
    assert given == {"PipelineStackId": {"Ref": "AWS::StackId"}, "StageRef": {"Ref": "Stage"}}
    written = made.nested[home]["Resources"]["N059Function"]["Properties"]["Stage"]
    assert written == {"Fn::Sub": "${StageRef}-${PipelineStackId}"}
    assert made.root["Outputs"] == {"Last": {"Value": {"Fn::GetAtt": [home, "Outputs.N059FunctionArn"]}}}
    assert made.nested[home]["Outputs"] == {
        "N059FunctionArn": {"Value": {"Fn::GetAtt": ["N059Function", "Arn"]}}
    }


def test_what_belongs_to_no_node_is_never_split() -> None:
    template = {
        "Resources": {
            f"Topic{number}": {"Type": "AWS::SNS::Topic", "Properties": {}} for number in range(501)
        }
    }
    made = split(template)
    assert (len(made.root["Resources"]), dict(made.nested)) == (501, {})
