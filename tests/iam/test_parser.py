from __future__ import annotations

from typing import Any

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind

GOOD = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
_NO_RANGE = "of IpAddress aws:SourceIp is no address or range such as 203.0.113.0/24"
_NO_WILDCARD = "has a wildcard: name it in full, or everyone with the condition key aws:PrincipalArn"


def changed(**elements: Any) -> dict[str, Any]:
    made = {**GOOD, **elements}
    return {
        "Version": "2012-10-17",
        "Statement": [{key: value for key, value in made.items() if value is not None}],
    }


def faults(document: object, kind: PolicyKind = PolicyKind.IDENTITY) -> list[tuple[str, str, str]]:
    with pytest.raises(PolicyError) as refused:
        policy(document, kind)
    return [(fault.what, fault.where, fault.mend) for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("document", "what", "where"),
    [
        ([], "[] is no policy", "policy"),
        ({}, "the policy has no Statement", "policy"),
        ({"Version": "2012-10-18", "Statement": []}, "'2012-10-18' is no version", "policy.Version"),
        ({"Version": [], "Statement": []}, "[] is no version", "policy.Version"),
        ({"Id": 1, "Statement": []}, "the Id is no text", "policy.Id"),
        ({"Statement": ["x"]}, "'x' is no statement", "policy.Statement[0]"),
        ({"Statement": None}, "None is no statement", "policy.Statement"),
        (changed(Effect="allow"), "'allow' is no effect", "policy.Statement[0].Effect"),
        (changed(Effect=None), "None is no effect", "policy.Statement[0].Effect"),
        (changed(Sid=7), "the Sid is no text", "policy.Statement[0].Sid"),
        (changed(Action=None), "the statement has no Action", "policy.Statement[0]"),
        (changed(NotAction="s3:*"), "the statement has Action and NotAction", "policy.Statement[0]"),
        (changed(Action=[]), "the list is empty", "policy.Statement[0].Action"),
        (changed(Action="GetObject"), "'GetObject' is no action", "policy.Statement[0].Action"),
        (changed(Action=["s3:GetObject", 4]), "4 is no text", "policy.Statement[0].Action"),
        (changed(Resource=None), "the statement has no Resource", "policy.Statement[0]"),
        (changed(NotResource="*"), "the statement has Resource and NotResource", "policy.Statement[0]"),
        (
            changed(Resource="arn:aws:s3:::b/${aws:username"),
            "'arn:aws:s3:::b/${aws:username' has '${' without '}'; a literal dollar sign is written ${$}",
            "policy.Statement[0].Resource",
        ),
        (
            changed(Resource="${a b}"),
            "'${a b}' has '${a b}', which is no variable; a literal dollar sign is written ${$}",
            "policy.Statement[0].Resource",
        ),
        (
            changed(Principal="*"),
            "the identity-based policy has a Principal: it is about whom it is attached to",
            "policy.Statement[0].Principal",
        ),
        (changed(Condition=[]), "[] is no condition", "policy.Statement[0].Condition"),
        (
            changed(Condition={"Bool": "true"}),
            "'true' is no object of keys and values",
            "policy.Statement[0].Condition.'Bool'",
        ),
        (
            changed(Condition={"Bool": {"aws:SecureTransport": "yes"}}),
            "the value 'yes' of Bool aws:SecureTransport is neither true nor false",
            "policy.Statement[0].Condition.Bool.aws:SecureTransport",
        ),
        (
            changed(Condition={"NumericLessThan": {"s3:max-keys": "ten"}}),
            "the value 'ten' of NumericLessThan s3:max-keys is no number",
            "policy.Statement[0].Condition.NumericLessThan.s3:max-keys",
        ),
        (
            changed(Condition={"DateLessThan": {"aws:CurrentTime": "2026-02-30"}}),
            "the value '2026-02-30' of DateLessThan aws:CurrentTime is no date: there is no such day or hour",
            "policy.Statement[0].Condition.DateLessThan.aws:CurrentTime",
        ),
        (
            changed(Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/33"}}),
            f"the value '203.0.113.0/33' {_NO_RANGE}",
            "policy.Statement[0].Condition.IpAddress.aws:SourceIp",
        ),
        (
            changed(Condition={"StringEquals": {"aws:username": {"a": 1}}}),
            "{'a': 1} is no value",
            "policy.Statement[0].Condition.StringEquals.aws:username",
        ),
    ],
)
def test_malformed_policy_is_refused_with_its_place(document: object, what: str, where: str) -> None:
    found = faults(document)
    assert (what, where) in [(fault[0], fault[1]) for fault in found]
    assert all(mend for _, _, mend in found)


def test_near_spelling_is_proposed() -> None:
    assert faults(changed(Resources="*")) == [
        ("there is no element 'Resources'", "policy.Statement[0]", "did you mean Resource?")
    ]


def test_every_fault_is_told_at_once() -> None:
    assert len(faults({"Statement": [{"Effect": "No", "Action": "x", "Resource": 1}, 5]})) == 4


@pytest.mark.parametrize(
    ("principal", "what"),
    [
        (None, "the statement has no Principal"),
        ("arn:aws:iam::111122223333:role/r", "'arn:aws:iam::111122223333:role/r' is no principal"),
        ({}, "{} is no principal"),
        ({"Aws": "*"}, "there is no element 'Aws'"),
        (
            {"AWS": "reader"},
            "'reader' is no principal: give an account, or the ARN of a role, session or user",
        ),
        (
            {"AWS": "arn:aws:iam::111122223333:role/*"},
            f"the principal 'arn:aws:iam::111122223333:role/*' {_NO_WILDCARD}",
        ),
    ],
)
def test_malformed_principal_is_refused(principal: object, what: str) -> None:
    assert what in [fault[0] for fault in faults(changed(Principal=principal), PolicyKind.RESOURCE)]


@pytest.mark.parametrize(
    ("effect", "kind"),
    [("Allow", PolicyKind.RESOURCE), ("Deny", PolicyKind.TRUST), ("Deny", PolicyKind.RESOURCE_CONTROL)],
)
def test_not_principal_is_for_denies_of_resource_policies(effect: str, kind: PolicyKind) -> None:
    found = faults(changed(Effect=effect, NotPrincipal="*"), kind)
    assert found[0][0] == "NotPrincipal is for a Deny in a resource-based policy"
    assert policy(changed(Effect="Deny", NotPrincipal="*"), PolicyKind.RESOURCE).statements


def test_trust_policy_alone_needs_no_resource() -> None:
    document = changed(Resource=None, Principal="*")
    assert policy(document, PolicyKind.TRUST).statements[0].resources is None
    assert faults(document, PolicyKind.RESOURCE)[0][0] == "the statement has no Resource"


def test_resource_control_policy_is_about_everyone() -> None:
    found = faults(changed(Principal={"AWS": "111122223333"}), PolicyKind.RESOURCE_CONTROL)
    assert found[0][0] == "a resource control policy is about everyone"


def test_variables_are_text_in_the_old_version() -> None:
    document = {"Version": "2008-10-17", "Statement": {**GOOD, "Resource": "${"}}
    assert policy(document, PolicyKind.IDENTITY).statements[0].label == "statement 1"
