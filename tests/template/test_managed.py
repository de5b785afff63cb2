"""Roles with more statements than inline policies hold."""

from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.template.lengths import Lengths
from lakenb.template.managed import INLINE_CHARACTERS, MANAGED_CHARACTERS, spread
from tests.examples import letters
from tests.large import fan_in


def role(*sizes: int) -> dict[str, Any]:
    """Return a role with statements of about so many characters."""
    statements = [{"Sid": f"S{at}", "Resource": "x" * size} for at, size in enumerate(sizes)]
    document = {"Version": "2012-10-17", "Statement": statements}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"Policies": [{"PolicyName": "node", "PolicyDocument": document}]},
    }


def sids(document: dict[str, Any]) -> list[str]:
    return [one["Sid"] for one in document["Statement"]]


def inline(made: dict[str, Any]) -> list[str]:
    return sids(made["Role"]["Properties"]["Policies"][0]["PolicyDocument"])


def managed(made: dict[str, Any], logical_id: str = "Role") -> list[list[str]]:
    named = made[logical_id]["Properties"].get("ManagedPolicyArns", [])
    return [sids(made[one["Ref"]]["Properties"]["PolicyDocument"]) for one in named]


def test_an_ordinary_role_is_left_alone() -> None:
    made = {"Role": role(3_000, 3_000, 3_000)}
    spread(made)
    assert made == {"Role": role(3_000, 3_000, 3_000)}
    assert not any(
        one["Type"] == "AWS::IAM::ManagedPolicy" for one in letters().template()["Resources"].values()
    )


def test_the_largest_statements_stay_and_the_rest_moves() -> None:
    made = {"Role": role(100, 6_000, 5_000, 4_000)}
    spread(made)
    assert inline(made) == ["S0", "S1", "S3"]
    assert managed(made) == [["S2"]]


def test_a_second_policy_begins_where_the_first_is_full() -> None:
    made = {"Role": role(*[1_900] * 14)}
    spread(made)
    assert len(inline(made)) == 5
    assert [len(one) for one in managed(made)] == [3, 3, 3]
    assert sorted([*inline(made), *(sid for one in managed(made) for sid in one)]) == sorted(
        f"S{at}" for at in range(14)
    )


@pytest.mark.parametrize("key_per", ["pipeline", "node", "store"])
def test_a_fan_in_of_60_under_a_key_holds_every_statement_within_the_quotas(key_per: str) -> None:
    template = fan_in(key=lk.Key(), key_per=key_per).template()
    resources, lengths = template["Resources"], Lengths(template["Resources"], None)
    own = resources["ResultsRole"]["Properties"]

    assert sum(len(lengths.of(one["PolicyDocument"])) for one in own["Policies"]) <= INLINE_CHARACTERS
    policies = [resources[one["Ref"]] for one in own["ManagedPolicyArns"]]
    assert 1 <= len(policies) <= 10
    assert all(one["Type"] == "AWS::IAM::ManagedPolicy" for one in policies)
    assert all(len(lengths.of(one["Properties"]["PolicyDocument"])) <= MANAGED_CHARACTERS for one in policies)
    names = [sid for one in managed(resources, "ResultsRole") for sid in one]
    names += sids(own["Policies"][0]["PolicyDocument"])
    assert len(names) == len(set(names))


def test_which_statements_move_does_not_hang_on_a_stacks_name() -> None:
    """A template says the same for every stack that is made from it: names count at their longest."""
    made = {"Role": role(3_000, 3_000, 3_000)}
    name = {"Fn::Sub": "${AWS::StackName}" * 11}
    made["Role"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].append(
        {"Sid": "Named", "Resource": name}
    )
    spread(made)
    assert managed(made) != []
