"""How long values are once a stack stands: texts of the same length, names at their longest."""

from __future__ import annotations

from typing import Any

import pytest

from lakenb.template.lengths import Lengths

RESOURCES = {
    "Store": {"Type": "AWS::S3::Bucket", "Properties": {}},
    "Named": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "in-${AWS::Region}"}}},
    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${AWS::StackName}_q"}}},
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
    "Role": {"Type": "AWS::IAM::Role", "Properties": {}},
    "Key": {"Type": "AWS::KMS::Key", "Properties": {}},
}
PLACE = "eu-west-1:111111111111"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("text", "text"),
        ({"Ref": "Store"}, "stack-Store-XXXXXXXXXXXXX"),
        ({"Fn::GetAtt": ["Store", "Arn"]}, "arn:aws:s3:::stack-Store-XXXXXXXXXXXXX"),
        ({"Ref": "Named"}, "in-eu-west-1"),
        ({"Ref": "Queue"}, "https://sqs.eu-west-1.amazonaws.com/111111111111/stack_q"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, f"arn:aws:sqs:{PLACE}:stack_q"),
        ({"Ref": "Topic"}, f"arn:aws:sns:{PLACE}:stack-Topic-XXXXXXXXXXXXX"),
        ({"Fn::Sub": "${Role.Arn}"}, "arn:aws:iam::111111111111:role/stack-Role-XXXXXXXXXXXXX"),
        ({"Fn::Sub": ["${A}/${AWS::AccountId}", {"A": {"Ref": "Named"}}]}, "in-eu-west-1/111111111111"),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::Region"}]]}, "a-eu-west-1"),
        ({"A": [{"Ref": "Named"}, 1, True]}, '{"A":["in-eu-west-1",1,true]}'),
    ],
)
def test_a_value_is_as_long_as_it_will_be(value: Any, text: str) -> None:
    assert Lengths(RESOURCES, "stack", "eu-west-1").of(value) == text


def test_a_name_is_cut_to_what_its_service_takes() -> None:
    assert len(Lengths(RESOURCES, "s" * 128).of({"Ref": "Store"})) == 63
    assert len(Lengths(RESOURCES, "s" * 128).of({"Ref": "Role"})) == 64


def test_a_nested_stacks_name_is_a_part_of_generated_names() -> None:
    lengths = Lengths(RESOURCES, "root", "eu-west-1", {"Topic": "InnerStack"})
    assert lengths.of({"Ref": "Topic"}).endswith(":root-InnerStack-XXXXXXXXXXXXX-Topic-XXXXXXXXXXXXX")


def test_without_a_stacks_name_every_name_counts_at_its_longest() -> None:
    lengths = Lengths(RESOURCES, None)
    assert len(lengths.of({"Ref": "Store"})) == 63
    assert len(lengths.of({"Ref": "Topic"}).rpartition(":")[2]) == 256
    assert lengths.of({"Fn::GetAtt": ["Key", "Arn"]}).count("1") == 12 + 36
