from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lakenb.iam.checker.contexts import Asked, NotCheckedError, TooLargeError, contexts
from lakenb.iam.checker.forms import compiled
from lakenb.iam.conditions import Condition, condition
from lakenb.iam.patterns import Kind
from lakenb.iam.requests import request
from lakenb.iam.stacks.world import Endpoint

ROLE = "arn:aws:iam::111122223333:role/r"
SNS = {"Service": "sns.amazonaws.com"}


def asked(
    *conditions: tuple[str, str, str | list[str]], who: object = ROLE, action: str = "s3:GetObject"
) -> Asked:
    read = [
        condition(operator, key, values if isinstance(values, list) else [values], has_variables=True)
        for operator, key, values in conditions
    ]
    return Asked(request(who, action, "arn:aws:s3:::b/k"), tuple(read), {}, (), is_exact=False)


def drawn(given: Asked) -> list[dict[str, tuple[str, ...]]]:
    return list(contexts(given))


def values(given: Asked, key: str) -> set[tuple[str, ...] | None]:
    return {each.get(key) for each in contexts(given)}


def test_without_conditions_there_is_one_context_and_it_is_empty() -> None:
    assert drawn(asked()) == [{}]


def test_every_request_says_whether_it_came_over_tls() -> None:
    assert values(asked(("StringEquals", "aws:SecureTransport", "true")), "aws:securetransport") == {
        ("true",),
        ("false",),
    }


def test_other_keys_may_be_absent() -> None:
    found = values(asked(("StringLike", "aws:PrincipalTag/team", ["a*", "*b"])), "aws:principaltag/team")
    assert None in found
    fits = {(text.startswith("a"), text.endswith("b")) for each in found if each for text in each}
    assert fits == {(True, True), (True, False), (False, True), (False, False)}


def test_keys_of_who_asks_are_fixed() -> None:
    assert drawn(asked(("StringEquals", "aws:PrincipalAccount", "999999999999"))) == [{}]
    assert drawn(asked(("StringEquals", "aws:username", "ada"))) == [{}]


@pytest.mark.parametrize(("who", "is_carried"), [(ROLE, False), ("anonymous", False), (SNS, True)])
def test_only_a_services_call_names_its_source(who: object, *, is_carried: bool) -> None:
    given = asked(("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:t"), who=who)
    assert (values(given, "aws:sourcearn") != {None}) == is_carried


def test_account_and_arn_of_a_source_agree() -> None:
    given = asked(
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:111122223333:t"),
        ("StringEquals", "aws:SourceAccount", ["111122223333", "444455556666"]),
        who=SNS,
    )
    found = drawn(given)
    for each in found:
        arn, account = each.get("aws:sourcearn"), each.get("aws:sourceaccount")
        fields = arn[0].split(":") if arn else []
        if account and len(fields) > 5 and len(fields[4]) == 12:
            assert fields[4] == account[0]
    topics = {
        each.get("aws:sourceaccount")
        for each in found
        if each.get("aws:sourcearn", ("",))[0].split(":")[4:] == ["111122223333", "t"]
    }
    assert topics == {("111122223333",), None}
    assert ("444455556666",) in {each.get("aws:sourceaccount") for each in found}


def test_through_an_endpoint_a_request_has_its_vpc_and_no_outer_address() -> None:
    given = asked(
        ("StringEquals", "aws:SourceVpce", "vpce-1"),
        ("StringEquals", "aws:SourceVpc", "vpc-1"),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24"),
    )
    found = drawn(given)
    assert {("aws:sourcevpce" in each, "aws:sourcevpc" in each) for each in found} == {
        (True, True),
        (False, False),
    }
    assert not any("aws:sourceip" in each and "aws:sourcevpc" in each for each in found)
    assert any(each.get("aws:sourceip") == ("203.0.113.0",) for each in found)


def test_an_endpoint_of_the_template_is_in_its_own_vpc() -> None:
    given = asked(("StringEquals", "aws:SourceVpce", "vpce-1"), ("StringEquals", "aws:SourceVpc", "vpc-1"))
    known = replace(given, endpoints=(Endpoint("E", "vpce-1", "vpc-2", "s3", None),))
    pairs = {(each["aws:sourcevpce"], each["aws:sourcevpc"]) for each in contexts(known) if each}
    assert (("vpce-1",), ("vpc-1",)) not in pairs
    assert ("vpce-1",) in {endpoint for endpoint, _ in pairs}


def test_a_services_keys_come_with_its_own_actions() -> None:
    lines = ("StringEquals", "kms:ViaService", "s3.eu-west-1.amazonaws.com")
    assert values(asked(lines), "kms:viaservice") == {None}
    assert len(values(asked(lines, action="kms:Decrypt"), "kms:viaservice")) == 3


def test_a_tls_version_is_told_of_tls_only() -> None:
    given = asked(("NumericLessThan", "s3:TlsVersion", "1.2"), ("Bool", "aws:SecureTransport", "false"))
    assert not any(
        each["aws:securetransport"] == ("false",) and "s3:tlsversion" in each for each in contexts(given)
    )


def test_a_prefix_comes_with_the_listing_of_a_bucket() -> None:
    line = ("StringEquals", "s3:prefix", "in/")
    assert values(asked(line), "s3:prefix") == {None}
    assert ("in/",) in values(asked(line, action="s3:ListBucket"), "s3:prefix")


@pytest.mark.parametrize(
    ("operator", "key", "written"),
    [
        ("NumericLessThan", "s3:max-keys", "10"),
        ("NumericEquals", "s3:max-keys", "10"),
        ("DateGreaterThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8"),
        ("BinaryEquals", "aws:PrincipalTag/bytes", "QmluYXJ5"),
        ("StringNotLike", "aws:PrincipalTag/team", "b?ue"),
        ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", "Blue"),
        ("ArnNotEquals", "aws:PrincipalTag/arn", "arn:aws:s3:::b"),
        ("ForAnyValue:StringLike", "aws:TagKeys", "a*"),
    ],
)
def test_every_operator_is_drawn_both_ways(operator: str, key: str, written: str) -> None:
    given = asked((operator, key, written), action="s3:ListBucket")
    (one,) = given.conditions
    assert {one.holds(replace(given.request, context=each)) for each in contexts(given)} >= {0, 2}


def test_values_of_a_key_with_several_are_drawn_together() -> None:
    given = asked(("ForAllValues:StringEquals", "aws:TagKeys", ["a", "b"]))
    assert {("a", "b"), ("a",), ("b",), None} <= values(given, "aws:tagkeys")


def test_what_the_zone_wants_is_carried() -> None:
    zone = {"aws:sourcevpce": (compiled("vpce-*", Kind.LIKE),)}
    given = replace(asked(("StringEquals", "aws:SourceVpce", ["vpce-1", "other"])), required=zone)
    found = values(given, "aws:sourcevpce")
    assert ("vpce-1",) in found
    assert None not in found
    assert all(each and each[0].startswith("vpce-") for each in found)


def test_a_zone_that_no_request_can_meet_has_no_context() -> None:
    zone = {"aws:sourcearn": (compiled("*", Kind.LIKE),)}
    assert drawn(replace(asked(), required=zone)) == []


def test_a_liveness_claims_request_carries_its_keys_and_no_more() -> None:
    zone = {"aws:securetransport": (compiled("true", Kind.LIKE),)}
    given = replace(
        asked(("StringEquals", "aws:SourceVpce", "vpce-1"), ("Bool", "aws:SecureTransport", "false")),
        required=zone,
        is_exact=True,
    )
    assert drawn(given) == [{"aws:securetransport": ("true",)}]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (
            [("StringEquals", "aws:PrincipalTag/a", "${aws:PrincipalTag/b}")],
            "'${aws:PrincipalTag/b}' has a variable whose value who asks does not fix",
        ),
        (
            [("NumericEquals", "aws:RequestTag/n", "1"), ("DateEquals", "aws:RequestTag/n", "2030")],
            "conditions read aws:requesttag/n as moments and as numbers",
        ),
        (
            [("NumericEquals", "aws:RequestTag/n", "1"), ("StringLike", "aws:RequestTag/n", "1*")],
            "aws:requesttag/n is compared both in its order and with the text '1*'",
        ),
        (
            [
                ("DateLessThan", "aws:CurrentTime", "2030-01-01T00:00:00Z"),
                ("DateLessThan", "aws:EpochTime", "1893456000"),
            ],
            "conditions on aws:CurrentTime and on aws:EpochTime stand together",
        ),
    ],
)
def test_what_cannot_be_taken_apart_is_said(lines: list[Any], text: str) -> None:
    with pytest.raises(NotCheckedError) as caught:
        drawn(asked(*lines))
    assert str(caught.value) == text


def test_too_many_contexts_are_not_looked_at() -> None:
    lines = [("StringLike", f"aws:RequestTag/{number}", ["a*", "*b", "*c*"]) for number in range(6)]
    with pytest.raises(TooLargeError, match="contexts to look at, over aws:requesttag/0, "):
        drawn(asked(*lines))


def test_an_unknown_operator_needs_no_value() -> None:
    unknown = Condition("Unknown", "template", "template", (), is_known=False)
    given = replace(asked(), conditions=(unknown,))
    assert {} in drawn(given)
