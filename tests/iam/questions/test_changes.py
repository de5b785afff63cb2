from __future__ import annotations

from dataclasses import replace

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.questions import Diff, Kind, diff
from lakenb.iam.truth import Decision
from tests.iam.questions.worlds import (
    ACCOUNT,
    DEAF_KEY,
    INBOX,
    KEY,
    QUEUE,
    STORE,
    Statement,
    allow,
    deny,
    world,
)

LETTERS = f"{INBOX}/letters/*"
VPCE = {"StringEquals": {"aws:SourceVpce": "vpce-1"}}
TLS: list[Statement] = [
    {"Principal": "*", **deny("s3:*", f"{INBOX}/*", Condition={"Bool": {"aws:SecureTransport": "false"}})}
]


def _diff(old: list[Statement], new: list[Statement]) -> Diff:
    return diff([world({"Reader": old})], [world({"Reader": new})])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([allow("s3:GetObject", LETTERS)], [allow("s3:GetObject", LETTERS, Sid="Renamed")]),
        ([allow("s3:GetObject", LETTERS)], [allow(["s3:GetObject", "S3:getobject"], [LETTERS, LETTERS])]),
        (
            [allow(["s3:GetObject", "s3:PutObject"], [LETTERS, f"{STORE}/*"])],
            [
                allow("s3:PutObject", [f"{STORE}/*", LETTERS]),
                allow("s3:GetObject", LETTERS),
                allow("s3:GetObject", f"{STORE}/*"),
            ],
        ),
        (
            [deny("s3:*", f"{STORE}/*"), allow("s3:*", "*")],
            [allow("s3:*", "*"), deny("s3:*", f"{STORE}/*")],
        ),
        ([allow("s3:GetObject", f"{INBOX}/*")], [allow("s3:GetObject", [f"{INBOX}/*", LETTERS])]),
        ([allow("s3:GetObject", LETTERS)], [allow("s3:GetObject", LETTERS), deny("sqs:*", "*")]),
        (
            [allow("s3:GetObject", LETTERS, Condition={"StringLike": {"aws:SourceVpc": ["a", "b"]}})],
            [
                allow("s3:GetObject", LETTERS, Condition={"StringLike": {"aws:SourceVpc": "b"}}),
                allow("s3:GetObject", LETTERS, Condition={"StringEquals": {"aws:SourceVpc": "a"}}),
            ],
        ),
    ],
)
def test_what_says_the_same_is_no_change(old: list[Statement], new: list[Statement]) -> None:
    found = _diff(old, new)
    assert str(found) == "nobody can do more or less than before"
    assert not found
    assert not _diff(new, old)


def test_a_new_permission_is_one_sentence_with_the_smallest_example() -> None:
    found = _diff([], [allow("s3:GetObject", LETTERS)])
    assert str(found) == (
        "Role Reader can now s3:GetObject every object under ${Inbox}/letters/, "
        "for example ${Inbox}/letters/doc"
    )
    [row] = found.rows
    assert (row.principal, row.kind, found.is_wider) == ("Reader", Kind.GAINS, True)
    assert (row.witness.decision, row.witness.resource) == (Decision.ALLOWED, f"{INBOX}/letters/doc")


def test_a_lost_permission_is_told_with_what_was_allowed() -> None:
    found = _diff([allow("sqs:SendMessage", QUEUE)], [])
    assert str(found) == "Role Reader can no longer sqs:SendMessage ${Queue}"
    assert not found.is_wider
    assert found.rows[0].witness.decision is Decision.ALLOWED


def test_a_wider_text_tells_what_it_was_before_and_a_narrower_one_what_is_left() -> None:
    narrow, wide = [allow("s3:GetObject", LETTERS)], [allow("s3:GetObject", f"{INBOX}/*")]
    assert str(_diff(narrow, wide)) == (
        "Role Reader can now s3:GetObject every object of ${Inbox}, before only every object under "
        "${Inbox}/letters/, for example ${Inbox}/doc"
    )
    assert str(_diff(wide, narrow)) == (
        "Role Reader can no longer s3:GetObject every object of ${Inbox}, only every object under "
        "${Inbox}/letters/, for example not ${Inbox}/doc"
    )


def test_conditions_that_come_and_go_are_told_as_such() -> None:
    free, bound = [allow("s3:GetObject", LETTERS)], [allow("s3:GetObject", LETTERS, Condition=VPCE)]
    assert str(_diff(free, bound)) == (
        "Role Reader can s3:GetObject every object under ${Inbox}/letters/ now only if "
        "aws:SourceVpce is vpce-1, for example not ${Inbox}/letters/doc"
    )
    assert str(_diff(bound, free)) == (
        "Role Reader can s3:GetObject every object under ${Inbox}/letters/ and no longer needs that "
        "aws:SourceVpce is vpce-1, for example ${Inbox}/letters/doc"
    )


def test_a_deny_that_comes_takes_away_and_one_that_goes_gives() -> None:
    free, shut = [allow("s3:*", f"{INBOX}/*")], [allow("s3:*", f"{INBOX}/*"), deny("s3:Put*", f"{INBOX}/*")]
    assert str(_diff(free, shut)).startswith("Role Reader can no longer s3:Put* every object of ${Inbox}")
    assert str(_diff(shut, free)).startswith("Role Reader can now s3:Put* every object of ${Inbox}")


def test_a_lost_tls_deny_is_told_of_roles_and_of_administrators() -> None:
    reader = {"Reader": [allow("s3:GetObject", LETTERS)]}
    found = diff([world(reader, {"Inbox": TLS})], [world(reader)])
    assert {row.principal for row in found.rows} == {"Reader", "an administrator of the account"}
    assert all("when aws:SecureTransport is false" in row.sentence for row in found.rows)


def test_what_everybody_gains_is_one_row() -> None:
    opened: list[Statement] = [{"Principal": "*", **allow("sqs:SendMessage", QUEUE)}]
    found = diff([world({"Reader": []})], [world({"Reader": []}, {"Queue": opened})])
    sentences = [row.sentence for row in found.rows]
    assert "everybody, anonymous callers too, can now sqs:SendMessage ${Queue}" in sentences
    assert not any("sns.amazonaws.com" in sentence for sentence in sentences)


def test_a_key_policy_that_begins_to_point_to_the_account_lets_its_roles_in() -> None:
    reader = {"Reader": [allow("kms:Decrypt", KEY)], "Other": [allow("s3:GetObject", LETTERS)]}
    listening: list[Statement] = [{"Principal": {"AWS": ACCOUNT}, **allow("kms:*", "*")}]
    found = diff([world(reader, DEAF_KEY)], [world(reader, {"Key": listening})])
    assert "Role Reader can now kms:Decrypt ${Key}" in [row.sentence for row in found.rows]
    assert not any(row.principal == "Other" for row in found.rows)


def test_a_boundary_that_comes_takes_away_what_it_does_not_allow() -> None:
    roles = {"Reader": [allow("s3:GetObject", LETTERS), allow("sqs:SendMessage", QUEUE)]}
    limits = {"Reader": [allow("s3:*", "*")]}
    found = diff([world(roles)], [world(roles, boundaries=limits)])
    assert [(row.kind, row.action) for row in found.rows] == [(Kind.LOSES, "sqs:SendMessage")]
    back = diff([world(roles, boundaries=limits)], [world(roles)])
    assert [(row.kind, row.action) for row in back.rows] == [(Kind.GAINS, "sqs:SendMessage")]


def test_new_and_gone_principals_are_told() -> None:
    old = world({"Reader": []})
    new = world({"Reader": [], "Writer": [allow("s3:PutObject", LETTERS)]})
    found = diff([old], [new])
    assert str(found).splitlines()[0] == "Role Writer is new"
    assert any(row.principal == "Writer" and row.kind is Kind.GAINS for row in found.rows)
    assert any(row.sentence == "lambda.amazonaws.com can now sts:AssumeRole ${Writer}" for row in found.rows)
    gone = diff([new], [old])
    assert gone.removed == ("Role Writer",)
    assert all(row.kind is Kind.LOSES for row in gone.rows)


def test_what_is_not_known_is_open_and_never_nothing() -> None:
    odd = allow("s3:GetObject", LETTERS, Condition={"StringSounds": {"aws:SourceVpc": "vpc-1"}})
    found = _diff([], [odd])
    assert [row.kind for row in found.rows] == [Kind.OPENS]
    assert found.is_wider
    assert str(found).startswith("Role Reader may perhaps now s3:GetObject")


def test_worlds_that_one_template_alone_has_are_not_passed_over() -> None:
    one = world({"Reader": []})
    other = replace(one, choices=("Parameter Stage is 'prod'",))
    found = diff([one], [one, other])
    assert found
    assert found.undecided == ("only one of the templates can be deployed so that Parameter Stage is 'prod'",)


def test_each_choice_is_compared_with_its_like() -> None:
    plain, prod = world({"Reader": []}), ("Parameter Stage is 'prod'",)
    old = replace(plain, choices=prod)
    new = replace(world({"Reader": [allow("s3:GetObject", LETTERS)]}), choices=prod)
    assert not diff([plain, old], [plain, old])
    assert diff([plain, old], [plain, new]).rows[0].kind is Kind.GAINS


def test_templates_read_for_different_accounts_are_refused() -> None:
    one = world({"Reader": []})
    with pytest.raises(PolicyError) as caught:
        diff([one], [replace(one, account="999988887777")])
    assert caught.value.fault.mend == "read both for the same account"


def test_a_key_policy_that_comes_and_does_not_point_to_the_account_shuts_its_roles_out() -> None:
    reader = {"Reader": [allow("kms:Decrypt", KEY)]}
    found = diff([world(reader)], [world(reader, DEAF_KEY)])
    assert "Role Reader can no longer kms:Decrypt ${Key}" in [row.sentence for row in found.rows]


def test_a_new_resource_is_told_of_whom_a_wildcard_lets_reach_it() -> None:
    whole = world({"Wide": [allow("s3:GetObject", "*")], "Reader": [allow("s3:GetObject", LETTERS)]})
    few = replace(whole, resources={name: each for name, each in whole.resources.items() if name != "Store"})
    found = diff([few], [whole])
    assert [row.sentence for row in found.rows] == [
        "Role Wide can now s3:GetObject every object of ${Store}, for example ${Store}/doc"
    ]
    assert [row.kind for row in diff([whole], [few]).rows] == [Kind.LOSES]


def test_a_condition_that_takes_the_place_of_another_is_told_with_both() -> None:
    other = {"StringEquals": {"aws:SourceVpce": "vpce-2"}}
    found = _diff(
        [allow("s3:GetObject", LETTERS, Condition=VPCE)], [allow("s3:GetObject", LETTERS, Condition=other)]
    )
    assert {row.kind for row in found.rows} == {Kind.GAINS, Kind.LOSES}
    assert all(
        "now only if aws:SourceVpce is vpce-2, no longer if aws:SourceVpce is vpce-1" in row.sentence
        for row in found.rows
    )
