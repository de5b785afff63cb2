from __future__ import annotations

from dataclasses import replace

from lakenb.iam.questions import Idle, vacuous
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

TLS = {"Bool": {"aws:SecureTransport": "false"}}


def _idle(*statements: Statement, guards: dict[str, list[Statement]] | None = None) -> list[tuple[str, Idle]]:
    rows = vacuous(world({"Reader": list(statements)}, guards)).rows
    return [(row.statement.partition(", ")[2], row.kind) for row in rows if row.holder == "Reader"]


def test_statements_that_do_something_are_left_alone() -> None:
    busy = world(
        {"Reader": [allow("s3:GetObject", f"{INBOX}/*"), deny("s3:GetObject", f"{INBOX}/x/*")]},
        {"Inbox": [{"Principal": "*", **deny("s3:*", f"{INBOX}/*", Condition=TLS)}]},
    )
    assert str(vacuous(busy)) == "every statement does something"


def test_an_allow_under_a_wider_one_is_covered_and_the_wider_one_is_not() -> None:
    wide, narrow = allow("s3:Get*", f"{INBOX}/*"), allow("s3:GetObject", f"{INBOX}/in/*")
    assert _idle(wide, narrow) == [("statement 2", Idle.COVERED)]
    [row] = vacuous(world({"Reader": [wide, narrow]})).rows
    assert row.why == "Reader.Policies[0], statement 1 allows the same and perhaps more"


def test_an_allow_with_a_condition_covers_no_allow_without() -> None:
    wide = allow("s3:Get*", f"{INBOX}/*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    assert _idle(wide, allow("s3:GetObject", f"{INBOX}/in/*")) == []


def test_an_allow_that_two_others_cover_together_is_covered() -> None:
    both = allow("s3:GetObject", [f"{INBOX}/a/*", f"{INBOX}/b/*"])
    one, other = allow("s3:GetObject", f"{INBOX}/a/*"), allow("s3:GetObject", f"{INBOX}/b/*")
    assert ("statement 1", Idle.COVERED) in _idle(both, one, other)


def test_an_allow_that_is_wholly_denied_is_told_with_what_denies_it() -> None:
    rows = vacuous(world({"Reader": [allow("s3:PutObject", f"{STORE}/x"), deny("s3:Put*", "*")]})).rows
    assert [(row.kind, row.why) for row in rows] == [
        (
            Idle.DENIED,
            "Reader.Policies[0], statement 1 would allow it, but Reader.Policies[0], statement 2 denies it",
        )
    ]


def test_a_deny_of_a_part_leaves_an_allow_alone() -> None:
    assert _idle(allow("s3:PutObject", f"{STORE}/*"), deny("s3:Put*", f"{STORE}/x/*")) == []


def test_a_deny_that_no_allow_meets_is_told() -> None:
    statements = (allow("s3:GetObject", f"{INBOX}/*"), deny("sqs:*", "*"))
    assert _idle(*statements) == [("statement 2", Idle.DENIES_NOTHING)]


def test_a_use_of_a_key_that_does_not_listen_is_told() -> None:
    assert _idle(allow("kms:Decrypt", KEY), guards=DEAF_KEY) == [("statement 1", Idle.DENIED)]
    listening: dict[str, list[Statement]] = {"Key": [{"Principal": {"AWS": ACCOUNT}, **allow("kms:*", "*")}]}
    assert _idle(allow("kms:Decrypt", KEY), guards=listening) == []


def test_an_action_on_a_resource_of_another_sort_matches_no_request() -> None:
    assert ("statement 1", Idle.UNSUITED) in _idle(allow("sns:Publish", QUEUE))
    assert ("statement 1", Idle.UNSUITED) in _idle(allow("s3:GetObject", [f"{INBOX}/*", STORE]))
    assert _idle(allow(["s3:GetObject", "s3:ListBucket"], [f"{INBOX}/*", INBOX])) == []


def test_a_resource_policy_that_gives_nobody_more_is_told() -> None:
    reads = allow("sqs:SendMessage", QUEUE)
    twice: list[Statement] = [
        {"Principal": {"Service": "sns.amazonaws.com"}, **reads},
        {"Principal": {"Service": "sns.amazonaws.com"}, **reads},
    ]
    rows = vacuous(world({}, {"Queue": twice})).rows
    assert [(row.holder, row.kind) for row in rows] == [("${Queue}", Idle.GIVES_NOTHING)] * 2


def test_what_is_not_known_counts_as_doing_something() -> None:
    odd = allow("s3:GetObject", f"{INBOX}/*", Condition={"StringSounds": {"aws:SourceVpc": "vpc-1"}})
    assert _idle(odd) == []


def test_a_statement_that_guards_several_resources_is_idle_only_on_all_of_them() -> None:
    shared: list[Statement] = [{"Principal": {"Service": "sns.amazonaws.com"}, **allow("*", QUEUE)}]
    guarded = world({}, {"Queue": shared})
    [policy] = (each for arn, each in guarded.guards.items() if arn == QUEUE)
    for guards in ({STORE: policy, **guarded.guards}, {**guarded.guards, STORE: policy}):
        assert vacuous(replace(guarded, guards=guards)).rows == ()
