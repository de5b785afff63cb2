from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.questions import reach
from lakenb.iam.questions.doors import DOORS, PASS_DOORS, Gain, opened
from tests.iam.questions.worlds import (
    ACCOUNT,
    FUNCTION,
    INBOX,
    KEY,
    LAMBDA_TRUST,
    QUEUE,
    STORE,
    Statement,
    allow,
    deny,
    role_arn,
    world,
)

if TYPE_CHECKING:
    from lakenb.iam.questions.paths import Path

KEY_POLICY: list[Statement] = [{"Principal": {"AWS": ACCOUNT}, **allow("kms:*", "*")}]


def _trust(principal: object) -> list[Statement]:
    return [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]


def _found(paths: tuple[Path, ...]) -> set[tuple[Gain, str]]:
    return {(path.gain, path.on) for path in paths}


def test_a_pipelines_role_reaches_nothing_beyond_its_policies() -> None:
    plain = world({"Reader": [allow("s3:GetObject", f"{INBOX}/*"), allow("sqs:ReceiveMessage", QUEUE)]})
    assert str(reach(plain, "Reader")) == "Reader reaches nothing beyond its own policies"


def test_a_chain_of_roles_is_followed_step_by_step() -> None:
    chain = world(
        {
            "First": [allow("sts:AssumeRole", role_arn("Second"))],
            "Second": [],
            "Third": [allow("s3:PutBucketPolicy", STORE)],
        },
        trusts={"Second": _trust({"AWS": ACCOUNT}), "Third": _trust({"AWS": role_arn("Second")})},
    )
    found = reach(chain, "First")
    assert found.becomes == ("Second", "Third")
    last = found.paths[-1]
    assert (last.gain, last.on) == (Gain.RESOURCE, "${Store}")
    assert [step.text for step in last.steps] == [
        "First takes on ${Second}",
        "Second takes on ${Third}",
        "Third writes the bucket policy of ${Store}",
    ]
    assert [step.statements for step in last.steps] == [
        ("First.Policies[0], statement 1",),
        ("Third trust, statement 1",),
        ("Third.Policies[0], statement 1",),
    ]


def test_a_role_that_does_not_trust_cannot_be_taken_on() -> None:
    shut = world({"First": [allow("sts:AssumeRole", "*")], "Second": []})
    assert reach(shut, "First").paths == ()


def test_a_role_handed_to_a_new_function_is_reached() -> None:
    roles = {
        "Maker": [
            allow(
                "iam:PassRole",
                role_arn("Worker"),
                Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
            ),
            allow(["lambda:CreateFunction", "lambda:InvokeFunction"], "*"),
        ],
        "Worker": [],
    }
    assert _found(reach(world(roles), "Maker").paths) == {(Gain.CODE, "${Worker}")}
    distrustful = world(roles, trusts={"Worker": _trust({"Service": "ec2.amazonaws.com"})})
    assert reach(distrustful, "Maker").paths == ()


@pytest.mark.parametrize("missing", ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"])
def test_handing_over_a_role_takes_all_of_it(missing: str) -> None:
    needed = {"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"} - {missing}
    assert reach(world({"Maker": [allow(sorted(needed), "*")], "Worker": []}), "Maker").paths == ()


def test_a_role_that_may_be_handed_to_another_service_only_is_not_reached() -> None:
    passing = allow(
        "iam:PassRole", "*", Condition={"StringEquals": {"iam:PassedToService": "ecs.amazonaws.com"}}
    )
    making = allow(["lambda:CreateFunction", "lambda:InvokeFunction"], "*")
    assert reach(world({"Maker": [passing, making], "Worker": []}), "Maker").paths == ()


def test_code_of_a_function_is_its_role() -> None:
    told = world(
        {
            "Changer": [allow("lambda:UpdateFunctionCode", FUNCTION)],
            "Worker": [allow("kms:CreateGrant", KEY)],
        },
        {"Key": KEY_POLICY},
        properties={"Function": {"Role": role_arn("Worker")}},
    )
    found = reach(told, "Changer")
    assert found.becomes == ("Worker",)
    assert _found(found.paths) == {(Gain.CODE, "${Function}"), (Gain.RESOURCE, "${Key}")}


@pytest.mark.parametrize(
    ("action", "resource", "gain", "on"),
    [
        ("iam:PutRolePolicy", role_arn("Other"), Gain.POLICIES, "${Other}"),
        ("iam:AttachRolePolicy", role_arn("Other"), Gain.POLICIES, "${Other}"),
        ("iam:UpdateAssumeRolePolicy", role_arn("Other"), Gain.IDENTITY, "${Other}"),
        ("s3:PutBucketPolicy", STORE, Gain.RESOURCE, "${Store}"),
        ("s3:PutBucketAcl", STORE, Gain.RESOURCE, "${Store}"),
        ("s3:PutObjectAcl", f"{STORE}/*", Gain.RESOURCE, "${Store}"),
        ("sqs:AddPermission", QUEUE, Gain.RESOURCE, "${Queue}"),
        ("sqs:SetQueueAttributes", QUEUE, Gain.RESOURCE, "${Queue}"),
        ("lambda:AddPermission", FUNCTION, Gain.RESOURCE, "${Function}"),
        ("lambda:CreateFunctionUrlConfig", FUNCTION, Gain.RESOURCE, "${Function}"),
        ("kms:PutKeyPolicy", KEY, Gain.RESOURCE, "${Key}"),
        ("kms:CreateGrant", KEY, Gain.RESOURCE, "${Key}"),
    ],
)
def test_every_policy_putting_action_is_a_door(action: str, resource: str, gain: Gain, on: str) -> None:
    guards = {"Key": KEY_POLICY}
    opened = world({"Reader": [allow(action, resource)], "Other": []}, guards)
    assert _found(reach(opened, "Reader").paths) == {(gain, on)}
    shut = world({"Reader": [allow(action, resource), deny(action, "*")], "Other": []}, guards)
    assert reach(shut, "Reader").paths == ()


def test_object_lists_are_not_reached_by_the_bucket_alone() -> None:
    assert reach(world({"Reader": [allow("s3:PutObjectAcl", STORE)]}), "Reader").paths == ()


def test_a_condition_of_a_step_is_told() -> None:
    careful = world(
        {
            "Reader": [
                allow("s3:PutBucketPolicy", STORE, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})
            ]
        }
    )
    [path] = reach(careful, "Reader").paths
    assert path.steps[0].condition == "aws:MultiFactorAuthPresent is true"


def test_a_public_function_url_is_told_of_anonymous_callers_and_not_of_roles() -> None:
    opened = world(
        {"Reader": []}, {"Function": [{"Principal": "*", **allow("lambda:InvokeFunctionUrl", FUNCTION)}]}
    )
    assert _found(reach(opened, "anonymous").paths) == {(Gain.CALL, "${Function}")}
    assert reach(opened, "Reader").paths == ()


def test_an_unknown_principal_is_refused() -> None:
    with pytest.raises(PolicyError, match="no role or user 'Readr'"):
        reach(world({"Reader": []}), "Readr")


def test_every_door_tells_its_page_and_what_it_is_about() -> None:
    for door in DOORS:
        assert door.page
        assert "{on}" in door.text
        assert door.action.count(":") == 1
    for way in PASS_DOORS:
        assert way.page
        assert "{on}" in way.text
    assert LAMBDA_TRUST["Principal"] == {"Service": PASS_DOORS[0].service}


def test_a_way_back_to_oneself_is_no_path() -> None:
    itself = world(
        {"Reader": [allow(["sts:AssumeRole", "iam:UpdateAssumeRolePolicy"], role_arn("Reader"))]},
        trusts={"Reader": _trust({"AWS": ACCOUNT})},
    )
    assert reach(itself, "Reader").paths == ()


def test_what_a_door_opens_is_told_of_any_resource_of_its_kind() -> None:
    told = opened()
    assert told["iam:PutRolePolicy"] == "writes a policy into a role"
    assert told["s3:PutAccessPointPolicy"] == "opens a bucket by the policy of an access point"
    assert told["iam:PassRole"] == "hands a role to a service that acts with it"
    assert not [text for text in told.values() if "{" in text]
