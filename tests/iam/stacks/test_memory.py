"""A reader remembers: what did not change keeps its policies, and nothing else is kept."""

from __future__ import annotations

import copy
from typing import Any

from lakenb.iam.stacks.read import Reader, worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.stacks.world import UNKNOWN
from tests.examples import letters
from tests.iam.stacks.said import said
from tests.iam.stacks.templates import allow, bucket, many_things, ref, resource, role, sub, template


def test_the_same_template_gives_the_same_worlds() -> None:
    reader = Reader()
    first = reader.worlds(source(letters().template()))
    assert reader.worlds(source(letters().template())) is first


def test_after_an_edit_all_but_the_edited_keep_their_policies() -> None:
    reader, whole = Reader(), letters().template()
    [first] = reader.worlds(source(whole))
    statement = whole["Resources"]["SentencesRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ][0]
    statement["Resource"] = "*"
    [second] = reader.worlds(source(whole))
    for path, identity in first.identities.items():
        is_same = second.identities[path].policies[0] is identity.policies[0]
        assert is_same is (path != "SentencesRole")
    assert all(second.guards[arn] is guard for arn, guard in first.guards.items())
    assert second.identities["SentencesRole"].trust is first.identities["SentencesRole"].trust


def test_an_edit_in_place_is_seen() -> None:
    reader = Reader()
    whole = template({"Reader": role(allow("s3:GetObject", "*"))})
    reader.worlds(source(whole))
    whole["Resources"]["Reader"]["Properties"]["Policies"] = []
    [world] = reader.worlds(source(whole))
    assert world.identities["Reader"].policies == ()


def test_one_and_true_are_told_apart() -> None:
    reader = Reader()
    reader.worlds(source(template({"It": resource("AWS::Any::Thing", Value=sub("${x}", x=True))})))
    [world] = reader.worlds(source(template({"It": resource("AWS::Any::Thing", Value=sub("${x}", x=1))})))
    assert world.resources["It"].properties["Value"] == "1"


def test_a_new_name_reaches_everything_that_names_it() -> None:
    def whole(name: str) -> dict[str, Any]:
        return template(
            {
                "Store": bucket(BucketName=name),
                "Copy": bucket(BucketName=sub("${Store}-copy")),
                "Reader": role(allow("s3:GetObject", sub("arn:aws:s3:::${Copy}/*"))),
            }
        )

    reader = Reader()
    reader.worlds(source(whole("a")))
    [world] = reader.worlds(source(whole("b")))
    [statement] = world.identities["Reader"].policies[0].statements
    assert statement.resources is not None
    assert statement.resources[0].source == "arn:aws:s3:::b-copy/*"


def test_every_edit_reads_as_if_it_were_the_first() -> None:
    reader, whole = Reader(), many_things()
    for path in list(whole["Resources"]):
        edited = copy.deepcopy(whole)
        edited["Resources"][path]["Properties"] = {
            **edited["Resources"][path].get("Properties", {}), "Tags": [{"Key": "k", "Value": ref("Stage")}],
        }  # fmt: skip
        again, fresh = reader.worlds(source(edited)), worlds(source(edited))
        assert [said(each) for each in again] == [said(each) for each in fresh]


def test_other_settings_are_another_reading() -> None:
    reader, whole = Reader(), many_things()
    reader.worlds(source(whole))
    again = reader.worlds(
        source(whole), account="111122223333", region="us-east-1", parameters={"Stage": "prod"}
    )
    fresh = worlds(source(whole), account="111122223333", region="us-east-1", parameters={"Stage": "prod"})
    assert [said(each) for each in again] == [said(each) for each in fresh]


def test_a_nested_stacks_output_that_changed_is_read_again() -> None:
    def whole(name: str) -> Any:
        inner = template({"Store": bucket(BucketName=name)}, Outputs={"Name": {"Value": ref("Store")}})
        here = resource("AWS::Any::Thing", Value={"Fn::GetAtt": ["Child", "Outputs.Name"]})
        outer = template({"Child": resource("AWS::CloudFormation::Stack", TemplateURL="x"), "Here": here})
        return source(outer, {"Child": source(inner)})

    reader = Reader()
    reader.worlds(whole("a"))
    [world] = reader.worlds(whole("b"))
    assert world.resources["Here"].properties["Value"] == "b"


def test_policies_are_shared_between_worlds() -> None:
    first, second = worlds(
        source(
            template(
                {"Store": {**bucket(), "Condition": "Is"}, "Reader": role(allow("s3:GetObject", "*"))},
                Parameters={"Stage": {"Type": "String", "Default": "dev"}},
                Conditions={"Is": {"Fn::Equals": [ref("Stage"), "prod"]}},
            )
        )
    )
    assert first.identities["Reader"].policies[0] is second.identities["Reader"].policies[0]


def test_what_was_unknown_is_read_again_once_it_is_there() -> None:
    loop = {"Fn::ForEach::Stores": ["Name", ref("AWS::NotificationARNs"), {"${Name}": bucket()}]}
    here = resource("AWS::Any::Thing", Value={"Fn::GetAtt": ["Store", "Arn"]})
    reader = Reader()
    [unknown, *_] = reader.worlds(source(template({**loop, "Here": here})))
    assert unknown.resources["Here"].properties["Value"] == UNKNOWN
    [known, *_] = reader.worlds(source(template({"Store": bucket(BucketName="b"), "Here": here})))
    assert known.resources["Here"].properties["Value"] == "arn:aws:s3:::b"
    assert known.unresolved == ()
