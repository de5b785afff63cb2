from __future__ import annotations

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.questions import Standing, can, what_can, who_can
from lakenb.iam.truth import Decision
from tests.iam.questions.worlds import ACCOUNT, DEAF_KEY, INBOX, KEY, QUEUE, allow, deny, role_arn, world

TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:topic"
LETTERS = world(
    {
        "Reader": [
            allow("s3:GetObject", f"{INBOX}/letters/*"),
            deny("s3:*", f"{INBOX}/letters/secret/*"),
            allow("kms:Decrypt", KEY, Condition={"StringEquals": {"kms:ViaService": "s3.amazonaws.com"}}),
        ],
        "Wide": [allow("s3:Get*", "*")],
        "Nobody": [],
    },
    {
        "Inbox": [
            {
                "Sid": "Tls",
                "Principal": "*",
                **deny("s3:*", [INBOX, f"{INBOX}/*"], Condition={"Bool": {"aws:SecureTransport": "false"}}),
            }
        ],
        "Queue": [
            {
                "Principal": {"Service": "sns.amazonaws.com"},
                **allow("sqs:SendMessage", QUEUE, Condition={"ArnEquals": {"aws:SourceArn": TOPIC}}),
            }
        ],
        "Key": [{"Principal": {"AWS": ACCOUNT}, **allow("kms:*", "*")}],
    },
)


def test_an_allowed_request_names_the_statement_that_allows_it() -> None:
    answer = can(LETTERS, "Reader", "s3:GetObject", "${Inbox}/letters/a")
    assert answer
    assert str(answer) == (
        "Reader can s3:GetObject ${Inbox}/letters/a\n"
        "  statement 1 of Reader.Policies[0] (identity-based policy) allows it"
    )
    assert answer.statement == "Reader.Policies[0], statement 1"


def test_a_denied_request_names_the_deny_in_the_templates_words() -> None:
    answer = can(LETTERS, "Reader", "s3:GetObject", "Inbox/letters/a", {"aws:SecureTransport": False})
    assert answer.decision is Decision.EXPLICITLY_DENIED
    assert not answer
    assert answer.sentence == (
        "Reader cannot s3:GetObject ${Inbox}/letters/a with aws:securetransport false: a statement denies it"
    )
    assert "statement 'Tls' of InboxPolicy" in answer.reasons[1]
    assert "${Inbox}/letters/a" in answer.reasons[0]


def test_who_is_not_allowed_by_any_statement_is_told_so() -> None:
    answer = can(LETTERS, "Nobody", "s3:GetObject", f"{INBOX}/letters/a")
    assert answer.decision is Decision.IMPLICITLY_DENIED
    assert answer.sentence == "Nobody cannot s3:GetObject ${Inbox}/letters/a: nothing allows it"


@pytest.mark.parametrize(
    "principal",
    [
        "Reader",
        "${Reader}",
        "${Reader.Arn}",
        role_arn("Reader"),
        f"arn:aws:sts::{ACCOUNT}:assumed-role/Reader/x",
    ],
)
def test_a_role_is_named_by_its_logical_id_its_arn_or_a_session(principal: str) -> None:
    assert can(LETTERS, principal, "s3:GetObject", "${Inbox}/letters/a")


@pytest.mark.parametrize(
    "resource", ["${Inbox}/letters/a", "Inbox/letters/a", "arn:aws:s3:::${Inbox}/letters/a"]
)
def test_a_resource_is_named_by_the_templates_words_or_its_arn(resource: str) -> None:
    assert can(LETTERS, "Reader", "s3:GetObject", resource)


def test_strangers_are_named_with_what_is_assumed_of_them() -> None:
    assert not can(LETTERS, "anonymous", "s3:GetObject", "Inbox/letters/a")
    told = can(LETTERS, "another account", "s3:GetObject", "Inbox/letters/a")
    assert told.decision is Decision.IMPLICITLY_DENIED
    assert told.assumed
    given = {"aws:SourceArn": TOPIC}
    assert can(LETTERS, "sns.amazonaws.com", "sqs:SendMessage", "Queue", given)
    assert not can(LETTERS, "sns.amazonaws.com", "sqs:SendMessage", "Queue")


def test_a_wrong_principal_is_refused_with_near_spellings() -> None:
    with pytest.raises(PolicyError) as caught:
        can(LETTERS, "Raeder", "s3:GetObject", "Inbox/letters/a")
    assert str(caught.value) == (
        "the template has no role or user 'Raeder'\n"
        "  where: the principal 'Raeder'\n"
        "  mend:  did you mean Reader?"
    )


def test_a_wrong_resource_is_refused_with_near_spellings() -> None:
    with pytest.raises(PolicyError) as caught:
        can(LETTERS, "Reader", "s3:GetObject", "${Inbx}/letters/a")
    assert caught.value.fault.what == "the template has no resource 'Inbx'"
    assert caught.value.fault.mend == "did you mean Inbox?"


@pytest.mark.parametrize(
    ("action", "resource", "mend"),
    [
        ("GetObject", "Inbox/x", "name one, such as s3:GetObject"),
        ("s3:Get*", "Inbox/x", "name one, such as s3:GetObject"),
        ("s3:GetObject", "Inbox/*", "name one resource, or ask who_can or what_can, which take wildcards"),
    ],
)
def test_one_request_is_about_one_action_and_one_resource(action: str, resource: str, mend: str) -> None:
    with pytest.raises(PolicyError) as caught:
        can(LETTERS, "Reader", action, resource)
    assert caught.value.fault.mend == mend


def test_who_can_leaves_out_whom_a_deny_stops() -> None:
    assert str(who_can(LETTERS, "s3:GetObject", "${Inbox}/letters/secret/x")) == (
        "who can s3:GetObject ${Inbox}/letters/secret/x?\n"
        "  Wide: s3:GetObject on ${Inbox}/letters/secret/x: allowed (by Wide.Policies[0], statement 1)"
    )


def test_who_can_tells_conditions_and_the_part_that_is_reached() -> None:
    rows = {row.principal: row for row in who_can(LETTERS, "s3:*", "Inbox/*").rows}
    assert rows["Reader"].resource == "every object under ${Inbox}/letters/"
    assert rows["Wide"].resource == "every object of ${Inbox}"
    [row] = who_can(LETTERS, "sqs:SendMessage", "Queue").rows
    assert (row.principal, row.standing) == ("sns.amazonaws.com", Standing.CONDITIONAL)
    assert row.condition == f"aws:SourceArn is {TOPIC}"
    assert row.witness is not None
    assert row.witness.decision is Decision.ALLOWED


def test_nobody_can_is_said() -> None:
    assert str(who_can(LETTERS, "sqs:PurgeQueue", "Queue")) == "who can sqs:PurgeQueue ${Queue}?\n  nobody"


def test_what_can_tells_every_text_with_its_condition() -> None:
    assert [str(row) for row in what_can(LETTERS, "Reader").rows] == [
        (
            "Reader: kms:Decrypt on ${Key}: allowed only if kms:ViaService is s3.amazonaws.com "
            "(by Reader.Policies[0], statement 3)"
        ),
        (
            "Reader: s3:GetObject on every object under ${Inbox}/letters/: allowed "
            "(by Reader.Policies[0], statement 1)"
        ),
    ]
    assert what_can(LETTERS, "Nobody").rows == ()


def test_a_boundary_takes_away_what_it_does_not_allow() -> None:
    limited = world(
        {"Reader": [allow("s3:*", f"{INBOX}/*"), allow("sqs:*", QUEUE)]},
        boundaries={"Reader": [allow("s3:GetObject", "*")]},
    )
    [row] = what_can(limited, "Reader").rows
    assert (row.action, row.standing) == ("s3:*", Standing.ALLOWED)
    assert row.witness is not None
    assert row.witness.action == "s3:GetObject"


def test_what_a_deny_leaves_of_a_wide_text_is_found() -> None:
    narrow = world(
        {
            "Reader": [
                allow("s3:*", "*"),
                deny("*", "*", Condition={"StringNotEquals": {"aws:RequestedRegion": "x"}}),
            ]
        }
    )
    assert what_can(narrow, "Reader").rows[0].witness is not None
    closed = world({"Reader": [allow("s3:*", "*"), deny("*", "*")]})
    assert what_can(closed, "Reader").rows == ()


def test_no_request_is_invented_that_nobody_can_make() -> None:
    """A role never carries aws:SourceArn: services do."""
    odd = world({"Reader": [allow("sqs:*", QUEUE, Condition={"ArnLike": {"aws:SourceArn": "arn:*"}})]})
    assert who_can(odd, "sqs:SendMessage", "Queue").rows == ()


def test_a_key_without_a_policy_that_points_to_the_account_lets_nobody_in() -> None:
    deaf = world({"Reader": [allow("kms:Decrypt", KEY)]}, DEAF_KEY)
    assert not can(deaf, "Reader", "kms:Decrypt", "Key")
    assert can(LETTERS, "Reader", "kms:Decrypt", "Key", {"kms:ViaService": "s3.amazonaws.com"})
