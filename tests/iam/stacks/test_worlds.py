"""What a template leaves open is followed every way it can turn out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.evaluator import evaluate
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from tests.iam.stacks.templates import allow, bucket, ref, resource, role, sub, template

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

STAGE = {"Stage": {"Type": "String", "Default": "dev"}}


def equals(first: Any, second: Any) -> dict[str, Any]:
    return {"Fn::Equals": [first, second]}


def present(found: tuple[World, ...]) -> list[tuple[str, ...]]:
    return [tuple(world.resources) for world in found]


def test_a_template_that_leaves_nothing_open_has_one_world() -> None:
    [world] = worlds(source(template({"Store": bucket(), "Reader": role(allow("s3:*", "*"))})))
    assert world.choices == ()


def test_a_condition_is_followed_both_ways_beginning_with_the_default() -> None:
    whole = template(
        {"A": bucket(), "B": {**bucket(), "Condition": "IsProd"}},
        Parameters=STAGE,
        Conditions={"IsProd": equals(ref("Stage"), "prod")},
    )
    found = worlds(source(whole))
    assert present(found) == [("A",), ("A", "B")]
    assert [world.choices for world in found] == [
        ("parameter Stage is 'dev'",),
        ("parameter Stage is 'prod'",),
    ]


def test_a_condition_whose_parameter_is_given_is_followed_one_way() -> None:
    whole = template(
        {"A": {**bucket(), "Condition": "IsProd"}},
        Parameters=STAGE,
        Conditions={"IsProd": equals(ref("Stage"), "prod")},
    )
    assert present(worlds(source(whole), parameters={"Stage": "prod"})) == [("A",)]
    assert present(worlds(source(whole), parameters={"Stage": "dev"})) == [()]


def test_conditions_that_exclude_one_another_never_hold_together() -> None:
    whole = template(
        {name: {**bucket(), "Condition": name} for name in ("Dev", "Prod", "Neither")},
        Parameters={"Stage": {"Type": "String"}},
        Conditions={
            "Dev": equals(ref("Stage"), "dev"),
            "Prod": equals("prod", ref("Stage")),
            "Neither": {"Fn::Not": [{"Fn::Or": [{"Condition": "Dev"}, {"Condition": "Prod"}]}]},
        },
    )
    assert sorted(present(worlds(source(whole)))) == [("Dev",), ("Neither",), ("Prod",)]


def test_allowed_values_are_all_that_a_parameter_can_be() -> None:
    whole = template(
        {"Store": bucket(BucketName=sub("b-${Stage}"))},
        Parameters={"Stage": {"Type": "String", "AllowedValues": ["dev", "prod"]}},
    )
    assert [world.resources["Store"].ref for world in worlds(source(whole))] == ["b-dev", "b-prod"]


def test_a_parameter_is_never_what_is_not_allowed() -> None:
    stage = {"Type": "String", "Default": "prod", "AllowedValues": ["dev", "prod", "test"]}
    whole = template(
        {"A": {**bucket(), "Condition": "IsProd"}},
        Parameters={"Stage": stage},
        Conditions={"IsProd": equals(ref("Stage"), "prod")},
    )
    assert [world.choices for world in worlds(source(whole))] == [
        ("parameter Stage is 'prod'",),
        ("parameter Stage is 'dev'",),
    ]


def test_a_default_that_decides_nothing_is_assumed_and_said() -> None:
    whole = template({"Store": bucket(BucketName=sub("b-${Stage}"))}, Parameters=STAGE)
    [world] = worlds(source(whole), account="111122223333", region="eu-west-1")
    assert world.resources["Store"].ref == "b-dev"
    assert world.assumptions == ("The parameter Stage has its default 'dev'.",)


def test_a_parameter_without_a_value_is_a_text_of_its_own() -> None:
    whole = template({"Store": bucket(BucketName=ref("Name"))}, Parameters={"Name": {"Type": "String"}})
    [world] = worlds(source(whole), account="111122223333", region="eu-west-1")
    assert world.shown(world.resources["Store"].arn) == "arn:aws:s3:::${Name}"
    assert world.assumptions == (
        "The parameter Name is a text that nothing else here names, without wildcards.",
    )


def test_a_condition_of_the_region_is_followed_unless_the_region_is_given() -> None:
    whole = template(
        {"A": {**bucket(), "Condition": "Here"}}, Conditions={"Here": equals(ref("AWS::Region"), "us-east-1")}
    )
    assert [(world.region, tuple(world.resources)) for world in worlds(source(whole))] == [
        ("eu-west-1", ()),
        ("us-east-1", ("A",)),
    ]
    assert present(worlds(source(whole), region="us-east-1")) == [("A",)]


def test_what_a_condition_hangs_on_in_a_way_that_is_not_followed_goes_both_ways() -> None:
    whole = template(
        {"A": {**bucket(), "Condition": "Long"}},
        Parameters=STAGE,
        Conditions={"Long": equals(sub("${Stage}-x"), "prod-x")},
    )
    found = worlds(source(whole))
    assert present(found) == [(), ("A",)]
    assert found[1].choices == (
        "Conditions.Long: {'Fn::Equals': [{'Fn::Sub': '${Stage}-x'}, 'prod-x']} holds",
    )


def test_a_condition_that_nothing_asks_for_makes_no_world() -> None:
    whole = template({"A": bucket()}, Parameters=STAGE, Conditions={"IsProd": equals(ref("Stage"), "prod")})
    assert len(worlds(source(whole))) == 1


def test_a_value_that_hangs_on_a_condition_takes_both() -> None:
    grant = allow("s3:GetObject", {"Fn::If": ["IsProd", "arn:aws:s3:::prod/*", "arn:aws:s3:::dev/*"]})
    whole = template(
        {"Reader": role(grant)}, Parameters=STAGE, Conditions={"IsProd": equals(ref("Stage"), "prod")}
    )
    found = worlds(source(whole))
    texts = [world.identities["Reader"].policies[0].statements[0].resources for world in found]
    assert [each[0].source for each in texts if each] == ["arn:aws:s3:::dev/*", "arn:aws:s3:::prod/*"]


def test_a_nested_stacks_condition_is_decided_by_the_parameter_of_the_root() -> None:
    inner = template(
        {"A": {**bucket(), "Condition": "IsProd"}},
        Parameters={"Level": {"Type": "String"}},
        Conditions={"IsProd": equals(ref("Level"), "prod")},
    )
    outer = template(
        {
            "B": {**bucket(), "Condition": "IsProd"},
            "Child": resource(
                "AWS::CloudFormation::Stack", TemplateURL="x", Parameters={"Level": ref("Stage")}
            ),
        },
        Parameters=STAGE,
        Conditions={"IsProd": equals(ref("Stage"), "prod")},
    )
    found = worlds(source(outer, {"Child": source(inner)}))
    assert present(found) == [("Child",), ("B", "Child", "Child/A")]


def test_more_worlds_than_are_followed_are_said() -> None:
    names = [f"P{number}" for number in range(7)]
    whole = template(
        {name: {**bucket(BucketName=name.lower()), "Condition": name} for name in names},
        Parameters={name: {"Type": "String", "Default": "no"} for name in names},
        Conditions={name: equals(ref(name), "yes") for name in names},
    )
    found = worlds(source(whole))
    assert len(found) == 64
    assert all("more worlds than the 64 that are followed" in world.unresolved[-1].what for world in found)


# --- names ---------------------------------------------------------------------------------------------


def reads(world: World) -> Decision:
    inside = f"{world.resources['Store'].arn}/k"
    reader = world.identities["Reader"]
    return evaluate(request(reader.arn, "s3:GetObject", inside), world.in_force(reader, inside))


@pytest.mark.parametrize(
    ("glob", "decisions"),
    [
        ("arn:aws:s3:::lake-*", [Decision.IMPLICITLY_DENIED, Decision.ALLOWED]),
        ("arn:aws:s3:::*-lake/*", [Decision.IMPLICITLY_DENIED, Decision.ALLOWED]),
        ("arn:aws:s3:::l?ke/*", [Decision.IMPLICITLY_DENIED, Decision.ALLOWED]),
        ("arn:aws:s3:::*", [Decision.ALLOWED]),
        ("*", [Decision.ALLOWED]),
        ("arn:aws:s3:::*/k", [Decision.ALLOWED]),
        ("arn:aws:s3:::lake/*", [Decision.IMPLICITLY_DENIED]),
        ("arn:aws:sqs:*:*:lake-*", [Decision.IMPLICITLY_DENIED]),
    ],
)
def test_a_name_that_a_wildcard_could_cover_is_followed_both_ways(
    glob: str, decisions: list[Decision]
) -> None:
    found = worlds(source(template({"Store": bucket(), "Reader": role(allow("s3:GetObject", glob))})))
    assert [reads(world) for world in found] == decisions


def test_overlapping_wildcards_make_a_world_for_each_class() -> None:
    reader = role(
        allow("s3:GetObject", ["arn:aws:s3:::a*/*", "arn:aws:s3:::*z/*"]),
        {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::ab*"},
    )
    found = worlds(source(template({"Store": bucket(), "Reader": reader})))
    assert {reads(world) for world in found} == {
        Decision.ALLOWED,
        Decision.IMPLICITLY_DENIED,
        Decision.EXPLICITLY_DENIED,
    }
    names = [world.resources["Store"].ref for world in found]
    assert len(set(names)) == len(names)
    assert any(name.startswith("ab") and name.endswith("z") for name in names)


def test_a_wildcard_behind_the_buckets_own_name_makes_no_world() -> None:
    found = worlds(
        source(template({"Store": bucket(), "Reader": role(allow("s3:GetObject", sub("${Store.Arn}*")))}))
    )
    assert [reads(world) for world in found] == [Decision.ALLOWED]


def test_a_bucket_that_has_a_name_is_not_renamed() -> None:
    whole = template(
        {"Store": bucket(BucketName="pond"), "Reader": role(allow("s3:GetObject", "arn:aws:s3:::lake-*"))}
    )
    assert [reads(world) for world in worlds(source(whole))] == [Decision.IMPLICITLY_DENIED]


def test_a_name_that_is_a_parameter_could_be_covered_too() -> None:
    whole = template(
        {
            "Store": bucket(BucketName=ref("Name")),
            "Reader": role(allow("s3:GetObject", "arn:aws:s3:::lake-*")),
        },
        Parameters={"Name": {"Type": "String"}},
    )
    found = worlds(source(whole))
    assert [reads(world) for world in found] == [Decision.IMPLICITLY_DENIED, Decision.ALLOWED]
    assert found[1].choices[0].startswith("Name is such as 'lake-")


def test_a_made_up_name_has_no_letter_that_cloudformation_does_not_put_in() -> None:
    grant = allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/dns/*")
    assert (
        len(worlds(source(template({"Logs": resource("AWS::Logs::LogGroup"), "Reader": role(grant)})))) == 1
    )


def test_a_made_up_name_begins_with_the_stacks_where_that_is_known() -> None:
    whole = template({"Store": bucket(), "Reader": role(allow("s3:GetObject", "arn:aws:s3:::lake-*"))})
    assert [reads(world) for world in worlds(source(whole), stack_name="Pond")] == [
        Decision.IMPLICITLY_DENIED
    ]
    found = worlds(source(whole), stack_name="Lake")
    assert [reads(world) for world in found] == [Decision.IMPLICITLY_DENIED, Decision.ALLOWED]
    assert found[1].resources["Store"].ref.startswith("lake-")


def test_what_a_world_is_like_is_told_and_shown_in_the_templates_words() -> None:
    found = worlds(
        source(template({"Store": bucket(), "Reader": role(allow("s3:GetObject", "arn:aws:s3:::lake-*"))}))
    )
    assert (
        found[1]
        .choices[0]
        .startswith("every AWS::S3::Bucket that the template does not name has a name such as 'lake-")
    )
    assert found[1].shown(found[1].resources["Store"].arn) == "arn:aws:s3:::${Store}"


def test_a_name_that_is_given_and_not_known_could_be_any() -> None:
    grant = allow("logs:PutLogEvents", "arn:aws:logs:*:*:log-group:/dns/*")
    logs = resource("AWS::Logs::LogGroup", LogGroupName={"Fn::ImportValue": "name"})
    found = worlds(source(template({"Logs": logs, "Reader": role(grant)})))
    assert [world.resources["Logs"].ref.startswith("/dns/") for world in found] == [False, True]
