from __future__ import annotations

import pytest

from lakenb.iam.checker.facts import OF_BUCKETS, OF_OBJECTS, actions_of, can_be_asked, can_carry, fixed
from lakenb.iam.requests import request

ROLE = "arn:aws:iam::111122223333:role/r"
ACCESS_POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint/docs"


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", "arn:aws:s3:::b/k", True),
        ("s3:GetObject", "arn:aws:s3:::b", False),
        ("S3:getobject", "arn:aws:s3:::b", False),
        ("s3:ListBucket", "arn:aws:s3:::b", True),
        ("s3:ListBucket", "arn:aws:s3:::b/k", False),
        ("s3:ListBucket", ACCESS_POINT, True),
        ("s3:GetObjectOfTomorrow", "arn:aws:s3:::b", True),
        ("s3:GetObject", "*", True),
        ("s3:GetObject", "arn:aws:sqs:eu-west-1:111122223333:q", False),
        ("sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q", True),
        ("sts:AssumeRole", ROLE, True),
        ("iam:PassRole", ROLE, True),
        ("iam:PassRole", "arn:aws:sts::111122223333:assumed-role/r/s", False),
        ("kms:Decrypt", "arn:aws:s3:::b/k", False),
        ("tomorrow:Do", "arn:aws:s3:::b/k", True),
        ("s3:GetObject", "no arn", True),
    ],
)
def test_an_action_is_asked_of_its_own_kind(action: str, resource: str, *, expected: bool) -> None:
    assert can_be_asked(action, resource) is expected


def test_no_action_is_known_for_buckets_and_objects_at_once() -> None:
    assert not OF_BUCKETS & OF_OBJECTS


@pytest.mark.parametrize(
    ("key", "who", "action", "expected"),
    [
        ("aws:sourcearn", ROLE, "s3:GetObject", False),
        ("aws:sourcearn", {"Service": "sns.amazonaws.com"}, "sqs:SendMessage", True),
        ("aws:principalorgid", ROLE, "s3:GetObject", True),
        ("aws:principalorgid", "anonymous", "s3:GetObject", False),
        ("aws:username", ROLE, "s3:GetObject", False),
        ("kms:viaservice", ROLE, "kms:Decrypt", True),
        ("kms:viaservice", ROLE, "s3:GetObject", False),
        ("s3:prefix", ROLE, "s3:ListBucket", True),
        ("s3:prefix", ROLE, "s3:GetObject", False),
        ("iam:resourcetag/team", ROLE, "sts:AssumeRole", True),
        ("lambda:functionurlauthtype", ROLE, "s3:GetObject", False),
        ("lambda:sourcefunctionarn", ROLE, "s3:GetObject", True),
        ("ec2:sourceinstancearn", ROLE, "s3:GetObject", True),
        ("lambda:sourcefunctionarn", "anonymous", "s3:GetObject", False),
        ("nobody:knows", ROLE, "s3:GetObject", True),
    ],
)
def test_who_carries_a_key_and_with_what(key: str, who: object, action: str, *, expected: bool) -> None:
    assert can_carry(key, request(who, action, "*", resource_account="111122223333")) is expected


def test_a_region_is_told_by_the_arn() -> None:
    queue = request(ROLE, "sqs:SendMessage", "arn:aws:sqs:eu-west-1:111122223333:q")
    assert fixed("aws:requestedregion", queue) == "eu-west-1"
    assert fixed("aws:requestedregion", request(ROLE, "s3:GetObject", "arn:aws:s3:::b/k")) is None


def test_a_keys_caller_is_told_by_who_asks() -> None:
    assert fixed("kms:calleraccount", request(ROLE, "kms:Decrypt", "*")) == "111122223333"


def test_actions_that_alone_carry_a_key_are_told_apart() -> None:
    assert actions_of({"s3:prefix", "aws:sourceip"}) == {
        "s3:*",
        "s3:listbucket",
        "s3:listbucketmultipartuploads",
        "s3:listbucketversions",
    }
