from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.contexts import TooManyContextsError, contexts
from lakenb.iam.proof.keys import Setting
from lakenb.iam.stacks.world import Endpoint
from tests.iam.proof.small import HOME, ROLE, Json, allow, document, principal

QUEUE = f"arn:aws:sqs:eu-west-1:{HOME}:q"
SNS = {"Service": "sns.amazonaws.com"}
SNS_TOPIC = f"arn:aws:sns:eu-west-1:{HOME}:t"


def values(
    condition: Json,
    *keys: str,
    who: Any = ROLE,
    action: str = "sqs:sendmessage",
    resource: str = QUEUE,
    endpoints: tuple[Endpoint, ...] = (),
    zone: Any = (),
) -> list[tuple[Any, ...]]:
    """Return each class of contexts, as the values of the given keys; a single value as a text."""
    made = policy(document(allow("*", "*", Condition=condition)), PolicyKind.IDENTITY).statements
    setting = Setting(principal(who), action, resource, HOME, endpoints)
    found = contexts(setting, made, None, zone, (), 5000).found

    def one(value: Any) -> Any:
        return value[0] if value is not None and len(value) == 1 else value

    return [tuple(one(each.get(key)) for key in keys) for each in found]


def test_transport_is_always_told() -> None:
    assert values({"Bool": {"aws:SecureTransport": "false"}}, "aws:securetransport") == [
        ("true",),
        ("false",),
    ]


def test_a_key_that_nothing_says_more_of_may_be_absent_or_other() -> None:
    assert values({"StringEquals": {"x:k": "a"}}, "x:k") == [(None,), ("other",), ("a",)]


def test_a_text_of_wildcards_has_its_classes() -> None:
    found = values({"StringLike": {"x:k": ["a*", "*b"]}}, "x:k")
    assert [each for (each,) in found if each and each.startswith("a") and each.endswith("b")] == ["ab"]
    assert len(found) == 5


@pytest.mark.parametrize("key", ["aws:PrincipalArn", "aws:PrincipalAccount", "aws:ResourceAccount"])
def test_what_follows_from_the_request_is_no_part_of_its_context(key: str) -> None:
    assert values({"StringLike": {key: "a*"}}, key.lower()) == [(None,)]


def test_only_services_tell_their_source() -> None:
    condition = {"ArnLike": {"aws:SourceArn": SNS_TOPIC}}
    assert values(condition, "aws:sourcearn") == [(None,)]
    found = values(condition, "aws:sourcearn", who=SNS)
    assert found == [(None,), ("arn:aws:other:::thing",), (SNS_TOPIC,)]


def test_source_and_its_account_agree() -> None:
    condition = {"ArnLike": {"aws:SourceArn": SNS_TOPIC}, "StringEquals": {"aws:SourceAccount": HOME}}
    found = values(condition, "aws:sourcearn", "aws:sourceaccount", who=SNS)
    assert (SNS_TOPIC, HOME) in found
    assert (SNS_TOPIC, None) in found
    assert (SNS_TOPIC, "999999999999") not in found
    assert ("arn:aws:other:::thing", "999999999999") in found


@pytest.mark.parametrize(
    ("key", "action", "is_carried"),
    [
        ("kms:ViaService", "kms:decrypt", True),
        ("kms:ViaService", "s3:getobject", False),
        ("s3:prefix", "s3:listbucket", True),
        ("s3:prefix", "s3:getobject", False),
        ("s3:TlsVersion", "s3:getobject", True),
        ("lambda:SourceFunctionArn", "s3:getobject", True),
        ("ec2:SourceInstanceARN", "s3:getobject", True),
    ],
)
def test_a_services_keys_are_carried_by_its_requests_alone(
    key: str, action: str, *, is_carried: bool
) -> None:
    found = values({"StringLike": {key: "1*"}}, key.lower(), action=action)
    assert (found != [(None,)]) is is_carried


def test_a_way_through_an_endpoint_is_told_whole() -> None:
    gate = Endpoint("Gate", "vpce-1", "vpc-1", "s3", None)
    condition = {
        "StringEquals": {"aws:SourceVpce": "vpce-1", "aws:SourceVpc": "vpc-2"},
        "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
    }
    found = values(condition, "aws:sourcevpce", "aws:sourcevpc", "aws:sourceip", endpoints=(gate,))
    assert ("vpce-1", "vpc-1", None) in found
    assert all((vpce is None) == (vpc is None) for vpce, vpc, _ in found)
    assert all(vpc == "vpc-1" for vpce, vpc, _ in found if vpce == "vpce-1")
    assert all(address is None for vpce, _, address in found if vpce)


def test_numbers_change_at_the_policys_numbers() -> None:
    found = values({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, "s3:tlsversion", action="s3:getobject")
    assert found == [(None,), ("1.1",), ("1.2",), ("1.3",)]


def test_dates_are_one_moment_however_they_are_written() -> None:
    condition = {
        "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
        "DateGreaterThan": {"aws:EpochTime": "1767225600"},
    }
    found = values(condition, "aws:currenttime", "aws:epochtime")
    assert len(found) == 3
    assert all(one == other for one, other in found)


def test_addresses_change_at_the_edges_of_networks() -> None:
    found = values({"IpAddress": {"x:ip": ["10.0.0.0/8", "2001:db8::/32"]}}, "x:ip")
    assert ("203.0.113.7",) in found
    assert any(str(value).startswith("10.") for (value,) in found)
    assert any(str(value).startswith("2001:db8:") for (value,) in found)


def test_several_values_are_tried_where_a_key_may_have_them() -> None:
    condition = {"ForAllValues:StringEquals": {"aws:TagKeys": ["a"]}}
    assert any(set(value or ()) == {"a", "other"} for (value,) in values(condition, "aws:tagkeys"))
    single = {"ForAllValues:StringEquals": {"aws:SourceAccount": [HOME]}}
    assert all(isinstance(value, str | None) for (value,) in values(single, "aws:sourceaccount", who=SNS))


def test_an_empty_value_is_tried_where_it_counts_as_none() -> None:
    assert ("",) in values({"ForAllValues:StringEquals": {"x:k": ["a"]}}, "x:k")
    assert ("",) not in values({"StringEquals": {"x:k": ["a"]}}, "x:k")


def test_a_zone_says_what_is_carried() -> None:
    condition = {"StringEquals": {"x:k": "a"}}
    assert values(condition, "x:k", zone=(("x:k", ("a", "b*")),)) == [("a",), ("b",)]
    assert values({}, "aws:principalaccount", zone=(("aws:principalaccount", (HOME,)),)) == [(None,)]
    assert values({}, "aws:principalaccount", zone=(("aws:principalaccount", ("2*",)),)) == []


def test_nobody_anonymous_is_a_member() -> None:
    condition = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert values(condition, "aws:principalorgid", who="anonymous") == [(None,)]
    assert values(condition, "aws:principalorgid", who=SNS) == [(None,)]
    assert values(condition, "aws:principalorgid") == [(None,), ("o-other",), ("o-1",)]


def test_too_many_are_refused() -> None:
    keys = {f"x:k{number}": "a" for number in range(12)}
    with pytest.raises(TooManyContextsError):
        values({"StringEquals": keys}, "x:k1")
    with pytest.raises(TooManyContextsError):
        values({"ForAnyValue:StringLike": {"x:k": [f"*{letter}*" for letter in "abcdefghijkl"]}}, "x:k")
