"""Strangers get in exactly where a guard lets them, and what everybody is denied is denied."""

from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.proof.principals import administrator, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Shape, Verdict
from tests.iam.proof.small import (
    AWAY,
    BUCKET,
    EVERY,
    HOME,
    QUEUE,
    ROLE,
    TOPIC,
    Json,
    allow,
    deny,
    document,
    obligation,
    only,
    shown,
    world,
)


def breaking(guards: dict[str, Json], *needs: Shape) -> dict[str, Any]:
    where = world(guards=guards)
    return {
        who.label: shown(found)[1:]
        for who in strangers(where)
        if (found := prove(where, obligation(who, EVERY, needs))).verdict is not Verdict.PROVED
    }


def test_everyone_means_every_stranger() -> None:
    found = breaking({BUCKET: document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))})
    assert {"another role of the account", "another account", "anonymous", "any other service"} <= set(found)
    assert set(map(str, found.values())) == {str(("s3:GetObject", f"{BUCKET}/doc", {}))}


def test_an_account_that_is_named_is_a_stranger_of_its_own() -> None:
    found = breaking({BUCKET: document(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": AWAY}))})
    assert set(found) == {f"the account {AWAY}"}


def test_a_service_needs_the_source_that_the_condition_wants() -> None:
    guard = document(
        allow("sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"},
              Condition={"ArnEquals": {"aws:SourceArn": TOPIC}}),
    )  # fmt: skip
    assert breaking({QUEUE: guard}) == {
        "sns.amazonaws.com": ("sqs:SendMessage", QUEUE, {"aws:sourcearn": (TOPIC,)})
    }
    need = Shape(("sqs:SendMessage",), (QUEUE,), (("aws:sourcearn", (TOPIC,)),))
    assert breaking({QUEUE: guard}, need) == {}
    loose = document(allow("sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"}))
    assert breaking({QUEUE: loose}, need) == {"sns.amazonaws.com": ("sqs:SendMessage", QUEUE, {})}


def test_a_source_condition_for_everybody_lets_only_services_in() -> None:
    guard = document(
        allow("sqs:SendMessage", QUEUE, Principal="*", Condition={"ArnLike": {"aws:SourceArn": TOPIC}})
    )
    assert all(label.endswith(("amazonaws.com", "any other service")) for label in breaking({QUEUE: guard}))


def test_the_hole_of_for_all_values_is_found() -> None:
    guard = document(
        allow("sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"},
              Condition={"ForAllValues:StringEquals": {"aws:SourceAccount": HOME}}),
    )  # fmt: skip
    need = Shape(("sqs:SendMessage",), (QUEUE,), (("aws:sourceaccount", (HOME,)),))
    assert breaking({QUEUE: guard}, need) == {"sns.amazonaws.com": ("sqs:SendMessage", QUEUE, {})}


@pytest.mark.parametrize("operator", ["StringEqualsIfExists", "ArnLikeIfExists", "StringNotLike"])
def test_a_condition_that_holds_without_its_key_is_no_source_condition(operator: str) -> None:
    guard = document(
        allow("sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"},
              Condition={operator: {"aws:SourceArn": TOPIC}}),
    )  # fmt: skip
    need = Shape(("sqs:SendMessage",), (QUEUE,), (("aws:sourcearn", (TOPIC,)),))
    assert breaking({QUEUE: guard}, need) == {"sns.amazonaws.com": ("sqs:SendMessage", QUEUE, {})}


def test_source_account_and_source_arn_agree() -> None:
    both = {"ArnLike": {"aws:SourceArn": TOPIC}, "StringNotEquals": {"aws:SourceAccount": HOME}}
    guard = document(
        allow("sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"}, Condition=both)
    )
    found = breaking({QUEUE: guard})
    assert found == {"sns.amazonaws.com": ("sqs:SendMessage", QUEUE, {"aws:sourcearn": (TOPIC,)})}
    both["Null"] = {"aws:SourceAccount": "false"}
    assert (
        breaking(
            {
                QUEUE: document(
                    allow(
                        "sqs:SendMessage", QUEUE, Principal={"Service": "sns.amazonaws.com"}, Condition=both
                    )
                )
            }
        )
        == {}
    )


def test_a_member_of_an_organization_may_be_of_another_account_and_is_never_anonymous() -> None:
    member = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}
    found = breaking({BUCKET: document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*", **member))})
    assert "another account" in found
    assert "anonymous" not in found
    assert "sns.amazonaws.com" not in found


def test_a_condition_on_names_lets_in_whoever_is_named_so() -> None:
    named = {"Condition": {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/Admin*"}}}
    found = breaking({BUCKET: document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*", **named))})
    assert list(found) == ["another role of the account, such as role/Adminsomebody-else"]


def test_other_accounts_own_resources_are_not_the_templates() -> None:
    foreign = f"arn:aws:sqs:eu-west-1:{AWAY}:q"
    found = only(identity=(document(allow("sqs:SendMessage", foreign)),))
    assert shown(found) == (Verdict.FAILED, "sqs:SendMessage", foreign, {})


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, Verdict.PROVED),
        ({"BoolIfExists": {"aws:SecureTransport": "false"}}, Verdict.PROVED),
        ({"Bool": {"aws:SecureTransport": "true"}}, Verdict.FAILED),
        ({"Null": {"aws:SecureTransport": "true"}}, Verdict.FAILED),
        (
            {"Bool": {"aws:SecureTransport": "false"}, "NumericLessThan": {"s3:TlsVersion": "1.2"}},
            Verdict.FAILED,
        ),
    ],
)
def test_who_may_everything_is_denied_without_tls(condition: Json, verdict: Verdict) -> None:
    guard = document(deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", Condition=condition))
    where = world(guards={BUCKET: guard})
    zone = Shape(("s3:*",), (BUCKET, f"{BUCKET}/*"), (("aws:securetransport", ("false",)),))
    assert prove(where, obligation(administrator(where), zone)).verdict is verdict


@pytest.mark.parametrize(("least", "verdict"), [("1.2", Verdict.PROVED), ("1.1", Verdict.FAILED)])
def test_who_may_everything_is_denied_with_old_tls(least: str, verdict: Verdict) -> None:
    guard = document(
        deny("s3:*", "*", Principal="*", Condition={"NumericLessThan": {"s3:TlsVersion": least}})
    )
    where = world(guards={BUCKET: guard})
    zone = Shape(("s3:*",), (BUCKET, f"{BUCKET}/*"), (("s3:tlsversion", ("1.0", "1.1")),))
    assert prove(where, obligation(administrator(where), zone)).verdict is verdict


def test_a_deny_for_everybody_but_some_hits_whoever_has_a_boundary() -> None:
    spared = {"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": {"AWS": [ROLE, HOME]}}
    guard = document(allow("s3:GetObject", "*", Principal={"AWS": ROLE}), spared)
    ceiling = document(allow("*", "*"))
    found = only(identity=(), guards={BUCKET: guard}, boundaries=(ceiling,))
    assert found.verdict is Verdict.PROVED
