from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.questions import Standing, public
from lakenb.iam.stacks.world import UNKNOWN
from tests.iam.questions.worlds import ACCOUNT, INBOX, KEY, QUEUE, Statement, allow, world

if TYPE_CHECKING:
    from lakenb.iam.questions.exposure import Exposure

PARTNER = "999988887777"
OPEN = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True, "BlockPublicPolicy": False}}
EVERYBODY_READS = {"Principal": "*", **allow("s3:GetObject", f"{INBOX}/*")}


def _rows(guards: dict[str, list[Statement]], **properties: dict[str, Any]) -> tuple[Exposure, ...]:
    return public(world({}, guards, properties=properties)).rows


def test_a_template_without_resource_policies_is_closed() -> None:
    found = public(world({"Reader": [allow("s3:*", "*")]}))
    assert found.is_closed
    assert str(found).startswith("nobody outside the account reaches anything")


def test_anonymous_callers_and_other_accounts_are_found_with_a_request() -> None:
    rows = _rows({"Inbox": [EVERYBODY_READS]}, Inbox=OPEN)
    assert {row.principal for row in rows} == {"anonymous", "another account"}
    assert all(row.witness is not None and not row.held_back for row in rows)


def test_new_buckets_hold_a_public_policy_back_and_the_answer_says_so() -> None:
    found = public(world({}, {"Inbox": [EVERYBODY_READS]}))
    assert found.is_closed
    assert "RestrictPublicBuckets" in found.rows[0].held_back
    assert "since April 2023" in found.assumptions[0]


def test_a_named_account_is_let_in_even_where_public_buckets_are_restricted() -> None:
    named = {"Principal": {"AWS": PARTNER}, **allow("s3:GetObject", f"{INBOX}/*")}
    [row] = _rows({"Inbox": [named]})
    assert (row.principal, row.held_back) == (f"the account {PARTNER}", "")


def test_a_public_policy_shuts_out_a_named_account_too() -> None:
    named = {"Principal": {"AWS": PARTNER}, **allow("s3:GetObject", f"{INBOX}/*")}
    assert all(row.held_back for row in _rows({"Inbox": [named, EVERYBODY_READS]}))


def test_a_fixed_value_makes_a_policy_not_public_and_a_wildcard_does_not() -> None:
    def held(value: str) -> bool:
        one = EVERYBODY_READS | {"Condition": {"StringLike": {"aws:SourceVpc": value}}}
        return all(row.held_back for row in _rows({"Inbox": [one]}))

    assert held("vpc-*")
    assert not held("vpc-0a1b")


def test_a_condition_that_only_callers_of_the_account_meet_lets_nobody_in() -> None:
    own = {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}
    assert _rows({"Queue": [{"Principal": "*", **allow("sqs:*", QUEUE, Condition=own)}]}) == ()
    caller = {"StringEquals": {"kms:CallerAccount": ACCOUNT}}
    rows = _rows({"Key": [{"Principal": "*", **allow("kms:Decrypt", KEY, Condition=caller)}]})
    assert not any(row.principal == "another account" for row in rows)


def test_a_condition_that_anybody_can_meet_lets_everybody_in() -> None:
    agent = {"StringLike": {"aws:UserAgent": "*"}}
    rows = _rows({"Queue": [{"Principal": "*", **allow("sqs:SendMessage", QUEUE, Condition=agent)}]})
    assert {row.principal for row in rows} == {"anonymous", "another account"}
    assert rows[0].condition == "aws:UserAgent is like *"


@pytest.mark.parametrize(
    ("properties", "held_back"),
    [
        ({"AccessControl": "PublicRead"}, "access control lists are disabled on Store"),
        (
            {
                "AccessControl": "PublicRead",
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
            },
            "the public access block of Store keeps public lists out",
        ),
        (
            {
                "AccessControl": "PublicRead",
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
                "PublicAccessBlockConfiguration": {"BlockPublicPolicy": "true"},
            },
            "",
        ),
    ],
)
def test_a_public_list_counts_where_lists_do(properties: dict[str, Any], held_back: str) -> None:
    [row] = _rows({}, Store=properties)
    assert row.held_back == held_back
    assert row.statement == "Store, AccessControl PublicRead"


def test_a_private_list_opens_nothing() -> None:
    assert _rows({}, Store={"AccessControl": "Private"}) == ()
    assert _rows({}, Store={"AccessControl": {"Ref": "X"}}) == ()


def test_a_list_that_is_not_known_is_undecided() -> None:
    controls = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    block = {"BlockPublicPolicy": True}
    [row] = _rows(
        {},
        Store={
            "AccessControl": UNKNOWN,
            "OwnershipControls": controls,
            "PublicAccessBlockConfiguration": block,
        },
    )
    assert row.standing is Standing.UNDECIDED


def test_a_condition_that_leaves_some_out_fixes_nothing() -> None:
    outside = EVERYBODY_READS | {"Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-0a1b"}}}
    assert all(row.held_back for row in _rows({"Inbox": [outside]}))
