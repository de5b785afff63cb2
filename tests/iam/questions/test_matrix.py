from __future__ import annotations

from dataclasses import replace

import pytest

from lakenb.errors import PolicyError
from lakenb.iam.questions import Standing, matrix
from tests.iam.questions.worlds import ACCOUNT, DEAF_KEY, INBOX, KEY, QUEUE, STORE, allow, deny, world

SIMPLE = world(
    {
        "Reader": [
            allow("s3:GetObject", f"{INBOX}/letters/*"),
            allow("sqs:SendMessage", QUEUE, Condition={"StringEquals": {"aws:SourceVpce": "vpce-1"}}),
            allow("s3:PutObject", f"{STORE}/*"),
            deny("s3:Put*", f"{STORE}/*"),
        ],
        "Wide": [allow("s3:*", "*")],
    },
)


def test_access_is_told_by_class() -> None:
    assert [str(cell) for cell in matrix(SIMPLE).of("Reader")] == [
        "read ${Inbox}: allowed (s3:GetObject)",
        "send ${Queue}: allowed only if aws:SourceVpce is vpce-1 (sqs:SendMessage)",
        (
            "write ${Store}: denied: Reader.Policies[0], statement 3 would allow it, but Reader.Policies[0], "
            "statement 4 denies it (s3:PutObject)"
        ),
    ]


def test_a_pair_that_no_allow_reaches_is_denied_and_not_stored() -> None:
    found = matrix(SIMPLE)
    cell = found.cell("Reader", "${Key}", "use key")
    assert (cell.standing, cell.why) == (Standing.DENIED, "no statement allows it")
    assert cell not in found.cells


@pytest.mark.parametrize(("principal", "resource"), [("Raeder", "${Inbox}"), ("Reader", "${Inbx}")])
def test_a_wrong_name_is_no_denied_pair(principal: str, resource: str) -> None:
    with pytest.raises(PolicyError) as caught:
        matrix(SIMPLE).cell(principal, resource, "read")
    assert "did you mean" in caught.value.fault.mend


def test_a_wildcard_reaches_every_resource_of_the_service_in_every_class() -> None:
    cells = {(cell.resource, cell.access): cell.standing for cell in matrix(SIMPLE).of("Wide")}
    assert cells["${Inbox}", "read"] is cells["${Store}", "delete"] is Standing.ALLOWED
    assert cells["${Store}", "manage permissions"] is Standing.ALLOWED
    assert not any(resource == "${Queue}" for resource, _ in cells)


def test_a_wildcard_that_is_denied_on_one_resource_keeps_the_other() -> None:
    half = world({"Wide": [allow("s3:Get*", "*"), deny("s3:*", [STORE, f"{STORE}/*"])]})
    found = matrix(half)
    assert found.cell("Wide", "${Inbox}", "read").standing is Standing.ALLOWED
    assert found.cell("Wide", "${Store}", "read").standing is Standing.DENIED


def test_what_a_deny_leaves_of_a_resource_counts_as_allowed() -> None:
    part = world({"Reader": [allow("s3:GetObject", f"{INBOX}/*"), deny("s3:GetObject", f"{INBOX}/x*")]})
    cell = matrix(part).cell("Reader", "${Inbox}", "read")
    assert cell.standing is Standing.ALLOWED
    assert cell.witness is not None
    assert not cell.witness.resource.startswith(f"{INBOX}/x")


def test_services_stand_in_the_matrix_with_their_source_condition() -> None:
    guarded = world(
        {},
        {
            "Queue": [
                {
                    "Principal": {"Service": "sns.amazonaws.com"},
                    **allow(
                        "sqs:SendMessage", QUEUE, Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}}
                    ),
                }
            ]
        },
    )
    cell = matrix(guarded).cell("sns.amazonaws.com", "${Queue}", "send")
    assert (cell.standing, cell.condition) == (Standing.CONDITIONAL, f"aws:SourceAccount is {ACCOUNT}")


def test_an_object_action_on_a_bucket_alone_reaches_nothing() -> None:
    assert matrix(world({"Reader": [allow("s3:GetObject", INBOX)]})).of("Reader") == ()


def test_cells_are_kept_while_policies_are_the_same_and_made_anew_when_a_guard_changes() -> None:
    key = {"Key": [{"Principal": {"AWS": ACCOUNT}, **allow("kms:*", "*")}]}
    first = world({"Reader": [allow("kms:Decrypt", KEY)]}, key)
    assert matrix(first).cell("Reader", "${Key}", "use key").standing is Standing.ALLOWED
    assert matrix(replace(first)).cells == matrix(first).cells
    deaf = world({}, DEAF_KEY).guards[KEY]
    closed = replace(first, guards={**first.guards, KEY: deaf})
    assert matrix(closed).cell("Reader", "${Key}", "use key").standing is Standing.DENIED


def test_a_new_resource_is_seen_by_an_unchanged_wildcard() -> None:
    wide = world({"Wide": [allow("s3:Get*", "*")]})
    few = {name: each for name, each in wide.resources.items() if name != "Store"}
    smaller = replace(wide, resources=few)
    assert "${Store}" not in matrix(smaller).resources
    assert matrix(wide).cell("Wide", "${Store}", "read").standing is Standing.ALLOWED


def test_the_text_says_what_every_other_pair_is() -> None:
    text = matrix(SIMPLE).text()
    assert text.startswith("Reader\n  read ${Inbox}: allowed (s3:GetObject)\n")
    assert text.endswith("every other pair: denied: no statement allows it")


def test_what_a_negation_leaves_out_is_not_said_to_be_nearly_allowed() -> None:
    all_but = {"Effect": "Allow", "NotAction": "sqs:*", "Resource": "*"}
    found = matrix(world({"Reader": [all_but]}))
    assert found.cell("Reader", "${Queue}", "send").why == "no statement allows it"
    assert found.cell("Reader", "${Store}", "read").standing is Standing.ALLOWED


def test_a_variable_stands_for_who_asks_alone() -> None:
    own = world(
        {
            "Reader": [
                allow("s3:GetObject", f"{INBOX}/${{aws:PrincipalTag/team}}/*"),
                allow("iam:GetRole", f"arn:aws:iam::{ACCOUNT}:role/${{aws:PrincipalAccount}}"),
            ]
        }
    )
    found = matrix(own)
    assert found.cell("Reader", "${Inbox}", "read").standing is not Standing.DENIED
    assert "read settings" not in {cell.access for cell in found.of("Reader")}
