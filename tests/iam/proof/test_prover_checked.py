"""What the independent checker once found wrong with the prover's proofs."""

from __future__ import annotations

from typing import Any

from lakenb.iam.proof.principals import administrator, holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Shape, Verdict
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source

TAGGED = {"StringEquals": {"aws:TagKeys": "a"}}


def template(*statements: dict[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [
            {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
        ],
    }
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}}
    return {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": role}, "Q": queue}}


def test_two_values_under_a_plain_operator_are_not_documented_and_so_undecided() -> None:
    allow = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Condition": TAGGED}
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": TAGGED}
    [world] = worlds(source(template(allow, deny)))
    nothing = Obligation(
        "X", "x", "nothing", Modality.ONLY, holder(world, "R"), Shape(("s3:*",), ("arn:aws:s3:::b/*",))
    )

    found = prove(world, nothing)

    assert found.verdict is Verdict.UNDECIDED
    assert found.witness is not None
    assert dict(found.witness.context)["aws:tagkeys"] != ("a",)


def test_what_other_accounts_let_one_do_is_not_known() -> None:
    [world] = worlds(source(template()))
    who = administrator(world)

    def can(resource: str) -> Verdict:
        zone = Shape(("sqs:SendMessage",), (resource,))
        return prove(world, Obligation("X", "x", "sends", Modality.CAN, who, zone)).verdict

    assert can("arn:aws:sqs:eu-west-1:*:q") is Verdict.UNDECIDED
    assert can(f"arn:aws:sqs:eu-west-1:{world.account}:q") is Verdict.PROVED
