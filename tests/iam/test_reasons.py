"""The words: AWS's own where it has some, and the statement that was nearest."""

from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.cases import case
from lakenb.iam.reasons import explain
from tests.iam.evaluated import (
    ACCOUNT,
    ASSUME,
    BUCKET,
    CMK,
    DECRYPT,
    FULL,
    GET,
    KEY,
    OTHER,
    PUT,
    QUEUE,
    ROLE,
    ROOT,
    SEND,
    SESSION,
    SNS,
    TARGET,
    Row,
    allow,
    deny,
    doc,
    row,
    without,
)  # fmt: skip


def said(made: Row) -> tuple[str, ...]:
    return tuple(str(reason) for reason in explain(*case(made.case)).reasons)


def because(kind: str, action: str = GET) -> str:
    return f"because no {kind} allows the {action} action"


@pytest.mark.parametrize(
    ("made", "end"),
    [
        (row("", "", ""), because("identity-based policy")),
        (row("", "", "", allow(), boundary=doc(allow(PUT))), because("permissions boundary")),
        (row("", "", "", allow(), session=doc(allow(PUT))), because("session policy")),
        (row("", "", "", allow(), scp=[[]]), because("service control policy")),
        (row("", "", "", allow(), endpoint=[doc()]), because("VPC endpoint policy")),
        (row("", "", "", allow(), account=OTHER), because("resource-based policy")),
        (row("", "", "", who="anonymous"), because("resource-based policy")),
        (row("", "", "", action=DECRYPT, on=CMK), because("resource-based policy", DECRYPT)),
        (row("", "", "", action=ASSUME, on=TARGET), because("role trust policy", ASSUME)),
        (row("", "", "", allow(), deny()), "with an explicit deny in an identity-based policy"),
        (
            row("", "", "", allow(), resource=doc(deny(principal="*"))),
            "with an explicit deny in a resource-based policy",
        ),
        (row("", "", "", boundary=doc(deny())), "with an explicit deny in a permissions boundary"),
        (row("", "", "", session=doc(deny())), "with an explicit deny in a session policy"),
        (row("", "", "", scp=[[doc(deny())]]), "with an explicit deny in a service control policy"),
        (
            row("", "", "", rcp=[[doc(deny(principal="*"))]]),
            "with an explicit deny in a resource control policy",
        ),
        (
            row("", "", "", endpoint=[doc(deny(principal="*"))]),
            "with an explicit deny in a VPC endpoint policy",
        ),
    ],
)
def test_denial_is_worded_as_aws_words_it(made: Row, end: str) -> None:
    asked = made.case["request"]
    start = f"User: {asked['principal']} is not authorized to perform: {asked['action']}"
    assert said(made)[0] == f"{start} on resource: {asked['resource']} {end}"


def nearest(*identity: dict[str, Any], **others: Any) -> str:
    return next(
        reason for reason in said(row("", "", "", *identity, **others)) if reason.startswith("nearest")
    )


def test_nearest_miss_is_the_statement_that_lacks_least() -> None:
    far = allow(PUT, "arn:aws:s3:::c/*")
    near = {"Sid": "Near", **allow(GET, "arn:aws:s3:::c/*")}
    assert nearest(far, near) == (
        "nearest: statement 'Near' of identity_policies[0] would allow it but for the resource: "
        "it names arn:aws:s3:::c/*"
    )


def test_nearest_miss_tells_the_condition_and_what_the_request_has() -> None:
    stated = allow(StringEquals={"aws:SourceVpce": "vpce-1"})
    assert nearest(stated).endswith(
        "but for the condition StringEquals aws:SourceVpce: vpce-1, "
        "and the request does not carry aws:SourceVpce"
    )
    assert nearest(stated, context={"aws:SourceVpce": "vpce-2"}).endswith("and the request has vpce-2")


def test_nearest_miss_tells_the_principal() -> None:
    policy = doc(allow(SEND, QUEUE, SNS))
    found = nearest(who={"Service": "s3.amazonaws.com"}, action=SEND, on=QUEUE, resource=policy)
    assert found.endswith(
        "of resource_policy would allow it but for the principal: it names sns.amazonaws.com"
    )


def test_nearest_miss_tells_what_is_excepted() -> None:
    assert nearest(without(allow(), "Resource", NotResource="arn:aws:s3:::b/*")).endswith(
        "the resource: it is about all but arn:aws:s3:::b/*"
    )


def test_unrelated_statements_are_not_near() -> None:
    assert len(said(row("", "", "", allow(SEND, QUEUE)))) == 1


def test_allow_and_deny_name_their_statements() -> None:
    assert said(row("", "", "", allow(), resource=doc({"Sid": "B", **allow(principal={"AWS": ROLE})}))) == (
        "statement 'B' of resource_policy (resource-based policy) allows it",
        "statement 1 of identity_policies[0] (identity-based policy) allows it",
    )
    transport = deny("s3:*", [BUCKET, KEY], "*", Bool={"aws:SecureTransport": "false"})
    found = said(row("", "", "", allow(), resource=doc(transport), context={"aws:SecureTransport": False}))
    assert found[1] == (
        "statement 1 of resource_policy (resource-based policy) denies it, for this holds: "
        "Bool aws:SecureTransport: false"
    )


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (
            row("", "", "", allow(StringSounds={"a:b": "c"})),
            "the operator StringSounds is none that is known here",
        ),
        (
            row("", "", "", allow(DateLessThan={"aws:CurrentTime": "2026"})),
            "every request carries aws:CurrentTime",
        ),
        (
            row("", "", "", allow(StringEquals={"aws:TagKeys": "a"}), context={"aws:TagKeys": ["a", "b"]}),
            "has several values",
        ),
        (
            row("", "", "", resource=doc(allow(principal="*")), boundary=doc(allow(PUT))),
            "no permissions boundary does",
        ),
        (
            row("", "", "", resource=doc(allow(principal={"AWS": SESSION}))),
            "whether its principal is who asks is not told",
        ),
        (
            row("", "", "", allow(SEND, "arn:aws:sqs:*:q"), action=SEND, on=QUEUE),
            "whether its resource covers this one",
        ),
    ],
)
def test_undecided_tells_what_is_open(made: Row, words: str) -> None:
    found = said(made)
    asked = made.case["request"]
    assert found[0] == f"it is undecided whether {ROLE} may {asked['action']} on {asked['resource']}"
    assert any(words in reason for reason in found[1:])


def test_an_open_deny_is_told_beside_no_allow() -> None:
    assert said(row("", "", "", deny(StringSounds={"a:b": "c"})))[1] == (
        "statement 1 of identity_policies[0] may deny it as well: "
        "the operator StringSounds is none that is known here"
    )


def test_account_that_was_taken_for_the_principals_is_said_where_it_matters() -> None:
    note = "the resource's account is not told, and taken for the principal's"
    assert any(reason.startswith(note) for reason in said(row("", "", "", allow())))
    assert not any(reason.startswith(note) for reason in said(row("", "", "", allow(), account=ACCOUNT)))
    assert not any(reason.startswith(note) for reason in said(row("", "", "")))


def test_policies_that_cannot_exist_are_said_to_be_left_out() -> None:
    found = said(row("", "", "", allow(), who="anonymous"))
    assert found[-1] == "identity-based policies do not exist for this anonymous caller: left out"


def test_account_named_in_a_key_policy_is_explained() -> None:
    found = said(
        row("", "", "", action=DECRYPT, on=CMK, resource=doc(allow("kms:*", principal={"AWS": ROOT})))
    )
    assert found[0].endswith("because no identity-based policy allows the kms:Decrypt action")
    assert FULL["Statement"]
