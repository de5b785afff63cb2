from __future__ import annotations

from typing import Any

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.requests import Sort, request

ROLE, KEY = "arn:aws:iam::111122223333:role/r", "arn:aws:s3:::b/k"


@pytest.mark.parametrize(
    ("principal", "sort", "account", "name"),
    [
        ("arn:aws:iam::111122223333:role/path/r", Sort.ROLE, "111122223333", "r"),
        ("arn:aws:sts::111122223333:assumed-role/r/s", Sort.SESSION, "111122223333", "r"),
        ("arn:aws-cn:iam::111122223333:user/u", Sort.USER, "111122223333", "u"),
        ("arn:aws:iam::111122223333:root", Sort.ROOT, "111122223333", ""),
        ("arn:aws:sts::111122223333:federated-user/f", Sort.FEDERATED_USER, "111122223333", "f"),
        ({"AWS": ROLE}, Sort.ROLE, "111122223333", "r"),
        ({"Service": "logs.eu-west-1.amazonaws.com"}, Sort.SERVICE, "", ""),
        ({"Federated": "accounts.google.com"}, Sort.FEDERATED, "", ""),
        ("anonymous", Sort.ANONYMOUS, "", ""),
    ],
)
def test_principals_are_told_apart(principal: object, sort: Sort, account: str, name: str) -> None:
    found = request(principal, "s3:GetObject", KEY).principal
    assert (found.sort, found.account, found.name) == (sort, account, name)


@pytest.mark.parametrize(
    "principal",
    [
        None, 3, "", "*", "reader", "arn:aws:iam::1:role/r", "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:role/*",
        "arn:aws:iam::111122223333:group/g", "arn:aws:sts::111122223333:assumed-role/r",
            "arn:aws:iam::111122223333:root/x",
        {}, {"Service": "sns"}, {"Service": ["sns.amazonaws.com"]}, {"Service": "a.amazonaws.com",
            "AWS": ROLE}, {"Other": "x"},
    ],
)  # fmt: skip
def test_what_is_no_principal_is_refused(principal: object) -> None:
    with pytest.raises(PolicyError) as refused:
        request(principal, "s3:GetObject", KEY)
    assert [fault.where for fault in refused.value.faults] == ["request.principal"]
    assert "is no principal" in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"action": "GetObject"}, "request.action"),
        ({"action": "s3:Get*"}, "request.action"),
        ({"action": None}, "request.action"),
        ({"resource": ""}, "request.resource"),
        ({"resource": 5}, "request.resource"),
        ({"resource_account": "1"}, "request.resource_account"),
        (
            {"resource": "arn:aws:sqs:eu-west-1:111122223333:q", "resource_account": "444455556666"},
            "request.resource_account",
        ),
        ({"context": []}, "request.context"),
        ({"context": {"aws:x": None}}, "request.context.'aws:x'"),
        ({"context": {"aws:x": [[]]}}, "request.context.'aws:x'"),
        ({"context": {"aws:x": "1", "AWS:X": "2"}}, "request.context.AWS:X"),
    ],
)
def test_malformed_request_is_refused_with_its_place(changed: dict[str, Any], where: str) -> None:
    given = {"action": "s3:GetObject", "resource": KEY, **changed}
    with pytest.raises(PolicyError) as refused:
        request(ROLE, **given)
    assert [fault.where for fault in refused.value.faults] == [where]


def test_values_are_texts_whatever_json_had() -> None:
    asked = request(ROLE, "s3:GetObject", KEY, context={"A:b": True, "a:n": 1.5, "a:l": ["x", 2], "a:e": []})
    found = [asked.values(key) for key in ("a:b", "a:n", "a:l", "a:e", "a:none")]
    assert found == [("true",), ("1.5",), ("x", "2"), (), None]


def test_a_given_key_is_stronger_than_what_follows_from_the_principal() -> None:
    told = "arn:aws:iam::111122223333:role/p/r"
    asked = request(ROLE, "s3:GetObject", KEY, context={"aws:PrincipalArn": told})
    assert asked.values("aws:principalarn") == (told,)
