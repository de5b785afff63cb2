from __future__ import annotations

import json

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.values import Shape, Verdict
from lakenb.iam.questions import Used, equivalent, tighten
from tests.iam.questions.worlds import INBOX, QUEUE, allow, deny, world

WIDE = world(
    {
        "Reader": [
            allow("s3:*", "*"),
            deny("s3:Put*", f"{INBOX}/locked/*"),
            allow("sqs:*", "*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
        ]
    }
)
LETTERS = Shape(("s3:GetObject",), (f"{INBOX}/letters/*",))


def test_what_is_needed_is_left_and_nothing_else_and_that_is_proved() -> None:
    found = tighten(WIDE, "Reader", [LETTERS])
    allows = [each for each in found.policy["Statement"] if each["Effect"] == "Allow"]
    assert allows == [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{INBOX}/letters/*"]}]
    assert found.outcome.verdict is Verdict.PROVED
    assert found.lost == found.missing == ()
    assert any("can no longer s3:* everything" in each for each in found.removed)


def test_denies_and_conditions_are_kept() -> None:
    found = tighten(WIDE, "Reader", [Shape(("s3:*", "sqs:SendMessage"), (f"{INBOX}/*", QUEUE))])
    text = json.dumps(found.policy)
    assert "aws:SourceVpce" in text
    assert any(each["Effect"] == "Deny" for each in found.policy["Statement"])
    assert found.lost == ()


def test_requests_that_were_made_are_needs() -> None:
    used = [Used("s3:GetObject", "Inbox/a"), Used("s3:PutObject", "Inbox/a"), Used("s3:GetObject", "Inbox/b")]
    found = tighten(WIDE, "Reader", used=used)
    allows = {
        (tuple(each["Action"]), tuple(each["Resource"]))
        for each in found.policy["Statement"]
        if each["Effect"] == "Allow"
    }
    assert allows == {
        (("s3:GetObject", "s3:PutObject"), (f"{INBOX}/a",)),
        (("s3:GetObject",), (f"{INBOX}/b",)),
    }
    assert found.outcome.verdict is Verdict.PROVED


def test_a_need_that_is_not_allowed_is_told_and_not_granted() -> None:
    found = tighten(WIDE, "Reader", [LETTERS, Shape(("kms:Decrypt",), ("*",))])
    assert found.missing == ("kms:Decrypt everything, no statement allows it",)
    assert "kms" not in json.dumps(found.policy)


def test_what_a_resource_policy_grants_by_itself_is_not_tightened_and_said() -> None:
    reader = {"AWS": "arn:aws:iam::111122223333:role/Reader"}
    opened = world(
        {"Reader": [allow("s3:*", "*")]}, {"Queue": [{"Principal": reader, **allow("sqs:*", QUEUE)}]}
    )
    found = tighten(opened, "Reader", [LETTERS])
    assert found.outcome.verdict is Verdict.FAILED
    assert str(found).splitlines()[-2].startswith("failed: Reader can sqs:") or "failed: Reader can" in str(
        found
    )


def test_a_tight_policy_stays_as_it_is() -> None:
    statements = [allow("s3:GetObject", f"{INBOX}/letters/*")]
    found = tighten(world({"Reader": statements}), "Reader", [LETTERS])
    same = policy({"Version": "2012-10-17", "Statement": statements}, PolicyKind.IDENTITY)
    assert equivalent(policy(found.policy, PolicyKind.IDENTITY), same)
    assert found.removed == ()


@pytest.mark.parametrize(
    ("principal", "what"),
    [("anonymous", "anonymous has no policies in the template"), ("Reader", "nothing is needed")],
)
def test_what_cannot_be_tightened_is_refused(principal: str, what: str) -> None:
    with pytest.raises(PolicyError) as caught:
        tighten(WIDE, principal, [LETTERS] if principal != "Reader" else [])
    assert caught.value.fault.what == what
