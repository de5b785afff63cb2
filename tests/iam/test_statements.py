from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.policies import PolicyKind
from lakenb.iam.statements import read
from lakenb.iam.texts import resolve


def one(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Resources": {"Thing": {"Type": kind, "Properties": properties}}}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


READ = {"Sid": "Read", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}


def test_a_roles_inline_policy_belongs_to_the_role_and_its_trust_stands_apart() -> None:
    trust = document(
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    inline = [{"PolicyName": "node", "PolicyDocument": document(READ)}]
    policies = read(one("AWS::IAM::Role", AssumeRolePolicyDocument=trust, Policies=inline))
    assert [(s.policy_type, s.sid, s.holders) for s in policies.statements] == [
        (PolicyKind.TRUST, "", ()),
        (PolicyKind.IDENTITY, "Read", (resolve({"Ref": "Thing"}),)),
    ]
    assert policies.statements[0].principals == (("Service", resolve("lambda.amazonaws.com")),)


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"])
def test_a_policy_of_its_own_belongs_to_the_roles_that_it_names(kind: str) -> None:
    [statement] = read(one(kind, Roles=[{"Ref": "Role"}], PolicyDocument=document(READ))).statements
    assert statement.policy_type is PolicyKind.IDENTITY
    assert statement.holders == (resolve({"Ref": "Role"}),)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("AWS::S3::BucketPolicy", "PolicyDocument"),
        ("AWS::SQS::QueuePolicy", "PolicyDocument"),
        ("AWS::KMS::Key", "KeyPolicy"),
        ("AWS::EFS::FileSystem", "FileSystemPolicy"),
    ],
)
def test_a_resources_policy_is_read_with_its_principals(kind: str, name: str) -> None:
    statement = READ | {"Principal": "*"}
    [found] = read(one(kind, **{name: document(statement)})).statements
    assert found.policy_type is PolicyKind.RESOURCE
    assert found.principals == (("*", resolve("*")),)


def test_one_statement_without_a_list_is_a_statement() -> None:
    [found] = read(one("AWS::S3::BucketPolicy", PolicyDocument={"Statement": READ})).statements
    assert found.sid == "Read"


def test_negated_elements_are_told_apart() -> None:
    statement = {
        "Effect": "Allow",
        "NotPrincipal": {"AWS": ["a", "b"]},
        "NotAction": "s3:DeleteObject",
        "NotResource": ["x", "y"],
    }
    [found] = read(one("AWS::S3::BucketPolicy", PolicyDocument=document(statement))).statements
    assert (found.negates_principals, found.negates_actions, found.negates_resources) == (True, True, True)
    assert [str(value) for _, value in found.principals] == ["a", "b"]


def test_every_line_of_a_condition_is_kept() -> None:
    condition = {"ArnEquals": {"aws:SourceArn": [{"Ref": "A"}, {"Ref": "B"}]}, "Bool": {"x": True}}
    statement = READ | {"Principal": "*", "Condition": condition}
    [found] = read(one("AWS::S3::BucketPolicy", PolicyDocument=document(statement))).statements
    lines = [(line.operator, line.key, [str(value) for value in line.values]) for line in found.conditions]
    assert lines == [("ArnEquals", "aws:SourceArn", ["${A}", "${B}"]), ("Bool", "x", ["true"])]


def test_what_cannot_be_taken_apart_is_said_and_not_passed_over() -> None:
    managed = one("AWS::IAM::Role", ManagedPolicyArns=["arn:aws:iam::aws:policy/AdministratorAccess"])
    [unread] = read(managed).unread
    assert unread.what == "managed policy"
    assert str(unread.value) == "arn:aws:iam::aws:policy/AdministratorAccess"
    assert [unread.what for unread in read(one("AWS::Lambda::Permission", Principal="*")).unread] == [
        "permission to invoke a function"
    ]
    conditional = {"Fn::If": ["X", document(READ), document()]}
    assert [u.what for u in read(one("AWS::S3::BucketPolicy", PolicyDocument=conditional)).unread] == [
        "resource-based policy without statements"
    ]
    odd = document(
        {"Effect": {"Ref": "Effect"}, "Action": "*", "Resource": "*"}, {"Fn::If": ["X", READ, READ]}
    )
    policies = read(one("AWS::SQS::QueuePolicy", PolicyDocument=odd))
    assert (len(policies.statements), len(policies.unread)) == (0, 2)
