"""What cannot be known is undecided wherever it could matter, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.evaluator import evaluate
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from tests.iam.stacks.templates import TRUST, allow, att, bucket, document, ref, resource, role, sub, template

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

ALLOWED, DENIED, REFUSED, OPEN = (
    Decision.ALLOWED,
    Decision.IMPLICITLY_DENIED,
    Decision.EXPLICITLY_DENIED,
    Decision.UNDECIDED,
)
SOMEWHERE = {"Fn::ImportValue": "elsewhere"}


def world_of(resources: dict[str, Any], **sections: Any) -> World:
    [world] = worlds(source(template(resources, **sections)), account="111122223333")
    assert world.unresolved
    return world


def decided(world: World, action: str, on: str, who: str = "Reader", **context: Any) -> Decision:
    identity = world.identities[who]
    return evaluate(request(identity.arn, action, on, context=context), world.in_force(identity, on))


@pytest.mark.parametrize(
    ("statement", "inside", "outside"),
    [
        (allow("s3:GetObject", SOMEWHERE), OPEN, OPEN),
        (allow("s3:GetObject", ["arn:aws:s3:::b/*", SOMEWHERE]), ALLOWED, OPEN),
        (allow("s3:GetObject", sub("arn:aws:s3:::b/${x}", x=SOMEWHERE)), OPEN, DENIED),
        (allow("s3:GetObject", sub("arn:aws:s3:::c/${x}", x=SOMEWHERE)), DENIED, DENIED),
        (allow(SOMEWHERE, "arn:aws:s3:::b/*"), OPEN, DENIED),
        (allow(["s3:GetObject", SOMEWHERE], "arn:aws:s3:::b/*"), ALLOWED, DENIED),
        ({"Effect": "Allow", "NotAction": SOMEWHERE, "Resource": "arn:aws:s3:::b/*"}, OPEN, DENIED),
        ({"Effect": "Allow", "NotAction": ["s3:GetObject", SOMEWHERE], "Resource": "*"}, DENIED, DENIED),
        ({"Effect": "Allow", "Action": "s3:*", "NotResource": SOMEWHERE}, OPEN, OPEN),
        ({"Effect": SOMEWHERE, "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}, OPEN, DENIED),
        (allow("s3:GetObject", "*", Condition=SOMEWHERE), OPEN, OPEN),
        (
            allow("s3:GetObject", "*", Condition={"StringEquals": {"aws:PrincipalTag/a": SOMEWHERE}}),
            DENIED,
            DENIED,
        ),
        (
            allow(
                "s3:GetObject",
                "*",
                Condition={"StringLike": {"aws:username": "x", "aws:PrincipalArn": SOMEWHERE}},
            ),
            DENIED,
            DENIED,
        ),
        (allow("s3:GetObject", "*", Condition={"ArnLike": {"aws:PrincipalArn": SOMEWHERE}}), OPEN, OPEN),
        (allow("s3:GetObject", "*", Condition={"NumericLessThan": {"s3:max-keys": SOMEWHERE}}), OPEN, OPEN),
        (SOMEWHERE, OPEN, OPEN),
        (allow("s3:GetObject", 5), OPEN, OPEN),
        ({"Effect": "Deny", "Action": "s3:*"}, DENIED, DENIED),
    ],
)
def test_an_unknown_part_of_a_statement(statement: Any, inside: Decision, outside: Decision) -> None:
    world = world_of({"Reader": role(statement)})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is inside
    assert decided(world, "s3:GetObject", "arn:aws:s3:::other/k") is outside


@pytest.mark.parametrize(
    "value", [SOMEWHERE, 5, [], {"Version": "2012-10-17"}, "no json", {"Statement": [], "More": 1}]
)
def test_a_document_that_cannot_be_read_may_allow_and_deny_everything(value: Any) -> None:
    policy = resource("AWS::IAM::Policy", PolicyName="p", Roles=[ref("Reader")], PolicyDocument=value)
    world = world_of({"Reader": role(allow("s3:GetObject", "*")), "More": policy, "Other": role()})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN
    assert decided(world, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q") is OPEN
    assert decided(world, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", "Other") is DENIED
    assert [each.logical_id for each in world.unresolved][-1] == "More"


def test_a_managed_policy_that_is_not_known_is_never_empty() -> None:
    world = world_of(
        {"Reader": role(ManagedPolicyArns=["arn:aws:iam::aws:policy/ReadOnlyAccess"]), "Other": role()}
    )
    [said] = world.unresolved
    assert said.where == "Properties.ManagedPolicyArns[0]"
    assert said.what == (
        "the document of the managed policy arn:aws:iam::aws:policy/ReadOnlyAccess is not known here"
    )
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k", "Other") is DENIED


def test_a_boundary_that_is_not_known_leaves_grants_open_and_gives_none() -> None:
    world = world_of(
        {"Reader": role(allow("s3:GetObject", "*"), PermissionsBoundary="arn:aws:iam::111122223333:policy/x")}
    )
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN
    assert decided(world, "s3:PutObject", "arn:aws:s3:::b/k") is DENIED


def test_a_group_that_is_not_of_the_template_may_hold_anything() -> None:
    world = world_of({"Reader": resource("AWS::IAM::User", Groups=["outside"])})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN


def test_a_policy_for_roles_that_are_not_known_may_be_for_each() -> None:
    policy = resource(
        "AWS::IAM::Policy", PolicyName="p", Roles=[SOMEWHERE], PolicyDocument=document(allow("s3:*", "*"))
    )
    world = world_of({"Reader": role(), "Ada": resource("AWS::IAM::User"), "More": policy})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN
    assert decided(world, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q") is DENIED
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k", "Ada") is DENIED


def test_a_bucket_policy_for_a_bucket_that_is_not_known_may_guard_each() -> None:
    policy = document(allow("s3:GetObject", "*", Principal={"AWS": att("Reader")}))
    guard = resource("AWS::S3::BucketPolicy", Bucket=SOMEWHERE, PolicyDocument=policy)
    world = world_of({"Reader": role(), "Store": bucket(), "Guard": guard})
    assert decided(world, "s3:GetObject", f"{world.resources['Store'].arn}/k") is OPEN
    assert decided(world, "s3:PutObject", f"{world.resources['Store'].arn}/k") is DENIED


@pytest.mark.parametrize(
    "principal", [{"AWS": SOMEWHERE}, SOMEWHERE, {"AWS": [SOMEWHERE]}, {"Service": SOMEWHERE}]
)
def test_a_principal_that_is_not_known_may_be_anybody(principal: Any) -> None:
    policy = document(allow("s3:GetObject", "*", Principal=principal))
    guard = resource("AWS::S3::BucketPolicy", Bucket=ref("Store"), PolicyDocument=policy)
    world = world_of({"Store": bucket(), "Guard": guard})
    inside = f"{world.resources['Store'].arn}/k"
    for asks in ("anonymous", {"Service": "sns.amazonaws.com"}, "arn:aws:iam::111122223333:role/x"):
        assert evaluate(request(asks, "s3:GetObject", inside), world.in_force(None, inside)) is OPEN
        assert evaluate(request(asks, "s3:PutObject", inside), world.in_force(None, inside)) is DENIED


def test_a_refusal_of_a_principal_that_is_not_known_leaves_grants_open() -> None:
    refusal = {"Effect": "Deny", "Principal": {"AWS": SOMEWHERE}, "Action": "s3:*", "Resource": "*"}
    guard = resource("AWS::S3::BucketPolicy", Bucket=ref("Store"), PolicyDocument=document(refusal))
    world = world_of({"Store": bucket(), "Guard": guard, "Reader": role(allow("s3:GetObject", "*"))})
    assert decided(world, "s3:GetObject", f"{world.resources['Store'].arn}/k") is OPEN


def test_a_refusal_of_an_unknown_resource_leaves_grants_open_and_a_known_one_refuses() -> None:
    refusal = {"Effect": "Deny", "Action": "s3:*", "Resource": ["arn:aws:s3:::b/secret", SOMEWHERE]}
    world = world_of({"Reader": role(allow("s3:GetObject", "*"), refusal)})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/secret") is REFUSED
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN


def test_a_transform_that_is_not_known_makes_everything_open() -> None:
    world = world_of({"Reader": role(), "Store": bucket()}, Transform="Mine")
    inside = f"{world.resources['Store'].arn}/k"
    assert decided(world, "s3:GetObject", inside) is OPEN
    assert evaluate(request("anonymous", "s3:GetObject", inside), world.in_force(None, inside)) is OPEN
    assert [str(each) for each in world.unresolved] == [
        "template Transform: the transform Mine may change or add any resource"
    ]


def test_sam_is_said_and_leaves_alone_what_is_written_out() -> None:
    doer = resource("AWS::Serverless::Function", Policies=["AmazonS3FullAccess"])
    world = world_of(
        {
            "Reader": role(allow("s3:GetObject", "*")),
            "Doer": doer,
            "Here": resource("AWS::Any::Thing", Value=att("DoerRole")),
        },
        Transform="AWS::Serverless-2016-10-31",
    )
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is ALLOWED
    assert decided(world, "s3:PutObject", "arn:aws:s3:::b/k") is DENIED
    assert "makes resources of its own" in str(world.unresolved)


def test_a_nested_stack_that_is_not_given_may_grant_to_what_it_is_told_of() -> None:
    child = resource("AWS::CloudFormation::Stack", TemplateURL="https://x/y", Parameters={"Who": ref("Told")})
    world = world_of(
        {
            "Told": role(),
            "Untold": role(),
            "Child": child,
            "Here": resource("AWS::Any::Thing", Value=att("Child", "Outputs.X")),
        }
    )
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k", "Told") is OPEN
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k", "Untold") is DENIED
    assert [each.logical_id for each in world.unresolved] == ["Here", "Child"]


def test_properties_that_are_not_known_leave_everything_open() -> None:
    odd = {"Type": "AWS::IAM::Policy", "Properties": {"Fn::Transform": {"Name": "AWS::Include"}}}
    world = world_of({"Reader": role(), "Odd": odd})
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN


def test_a_policy_of_a_type_that_is_not_known_is_said() -> None:
    odd = resource("AWS::New::Thing", SomePolicy=document(allow("new:Do", "*", Principal="*")))
    assert [str(each) for each in world_of({"Odd": odd}).unresolved] == [
        "Odd Properties.SomePolicy: policies of AWS::New::Thing are not read"
    ]


def test_a_role_whose_trust_is_not_known_may_be_assumed_by_anybody() -> None:
    world = world_of({"Reader": resource("AWS::IAM::Role", AssumeRolePolicyDocument=SOMEWHERE)})
    arn = world.resources["Reader"].arn
    asked = request("arn:aws:iam::444455556666:role/x", "sts:AssumeRole", arn)
    assert evaluate(asked, world.in_force(None, arn)) is DENIED  # its own account must allow it as well
    service = request({"Service": "lambda.amazonaws.com"}, "sts:AssumeRole", arn)
    assert evaluate(service, world.in_force(None, arn)) is OPEN


def test_a_known_trust_stays_as_it_is_beside_an_unknown_policy() -> None:
    world = world_of(
        {
            "Reader": resource("AWS::IAM::Role", AssumeRolePolicyDocument=TRUST, Policies=SOMEWHERE),
            "Other": role(),
        }
    )
    assert decided(world, "s3:GetObject", "arn:aws:s3:::b/k") is OPEN
    arn = world.resources["Reader"].arn
    service = request({"Service": "sns.amazonaws.com"}, "sts:AssumeRole", arn)
    assert evaluate(service, world.in_force(None, arn)) is DENIED
