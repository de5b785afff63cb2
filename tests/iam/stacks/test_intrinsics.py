from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.stacks.world import UNKNOWN, World
from tests.iam.stacks.templates import att, bucket, ref, resource, sub, template


def read(value: Any) -> World:
    [world, *_] = worlds(
        source(
            template(
                {"Here": resource("AWS::Any::Thing", Value=value), "Store": bucket(BucketName="given")},
                Parameters={
                    "Stage": {"Type": "String", "Default": "dev"},
                    "Names": {"Type": "CommaDelimitedList", "Default": "a, b"},
                    "Count": {"Type": "Number", "Default": 3},
                },
                Mappings={"Sizes": {"dev": {"memory": 128}}},
                Conditions={"Never": {"Fn::Equals": ["a", "b"]}},
            )
        ),
        account="111122223333",
        region="eu-central-1",
        stack_name="Shop",
    )
    return world


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (ref("Store"), "given"),
        (att("Store"), "arn:aws:s3:::given"),
        ({"Fn::GetAtt": "Store.Arn"}, "arn:aws:s3:::given"),
        (ref("Stage"), "dev"),
        (ref("Names"), ["a", "b"]),
        (ref("Count"), "3"),
        (ref("AWS::AccountId"), "111122223333"),
        (ref("AWS::Region"), "eu-central-1"),
        (ref("AWS::Partition"), "aws"),
        (ref("AWS::URLSuffix"), "amazonaws.com"),
        (ref("AWS::StackName"), "Shop"),
        ([1, ref("AWS::NoValue"), 2], [1, 2]),
        ({"a": ref("AWS::NoValue"), "b": True}, {"b": True}),
        (sub("${Store.Arn}/${Stage}/${!literal}"), "arn:aws:s3:::given/dev/${literal}"),
        (sub("${x}-${Stage}", x={"Fn::Join": ["+", ["a", "b"]]}), "a+b-dev"),
        ({"Fn::Join": ["/", [att("Store"), ref("Stage")]]}, "arn:aws:s3:::given/dev"),
        ({"Fn::Join": ["/", ref("Names")]}, "a/b"),
        ({"Fn::Select": ["1", {"Fn::Split": [":", att("Store")]}]}, "aws"),
        ({"Fn::If": ["Never", "then", "else"]}, "else"),
        ({"Fn::FindInMap": ["Sizes", ref("Stage"), "memory"]}, 128),
        ({"Fn::Base64": "x"}, "eA=="),
        ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.1.0/24"),
        ({"Fn::GetAZs": ""}, ["eu-central-1a", "eu-central-1b", "eu-central-1c"]),
        ({"Fn::Length": ref("Names")}, 2),
        ({"Fn::ToJsonString": {"a": ref("Stage")}}, '{"a":"dev"}'),
    ],
)
def test_a_function_is_resolved(value: Any, means: Any) -> None:
    world = read(value)
    assert world.resources["Here"].properties["Value"] == means
    assert world.unresolved == ()


@pytest.mark.parametrize(
    ("value", "means", "why"),
    [
        ({"Fn::ImportValue": "vpc"}, UNKNOWN, "the export 'vpc' belongs to a stack that is not given here"),
        (sub("a/${x}", x={"Fn::ImportValue": "vpc"}), f"a/{UNKNOWN}", "the export 'vpc' belongs"),
        ("x{{resolve:ssm:/a}}y", f"x{UNKNOWN}y", "a dynamic reference is read when the stack is deployed"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, UNKNOWN, "what the transform 'AWS::Include' makes"),
        ({"Fn::FindInMap": ["Sizes", "prod", "memory"]}, UNKNOWN, "has nothing for 'prod' and 'memory'"),
        ({"Fn::Select": [5, ref("Names")]}, UNKNOWN, "item 5 of a list that has 2 here"),
        ({"Fn::Future": 1}, UNKNOWN, "Fn::Future is not known here"),
    ],
)
def test_what_cannot_be_resolved_is_unknown_and_said(value: Any, means: str, why: str) -> None:
    world = read(value)
    assert world.resources["Here"].properties["Value"] == means
    [said] = world.unresolved
    assert (said.logical_id, said.where.partition("[")[0]) == ("Here", said.where.partition("[")[0])
    assert said.where.startswith("Properties.Value")
    assert why in said.what


def test_a_part_of_an_unknown_text_is_unknown() -> None:
    world = read({"Fn::Select": [0, {"Fn::Split": [",", {"Fn::ImportValue": "subnets"}]}]})
    assert world.resources["Here"].properties["Value"] == UNKNOWN


def test_what_a_custom_resource_returns_is_unknown() -> None:
    things = {"Made": resource("Custom::Made"), "Here": resource("AWS::Any::Thing", Value=att("Made", "Key"))}
    [world] = worlds(source(template(things)))
    assert world.resources["Here"].properties["Value"] == UNKNOWN
    assert [str(each) for each in world.unresolved] == [
        "Here Properties.Value: what Made returns as Key is told by no template here"
    ]
