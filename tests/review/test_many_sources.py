"""A node with more producers than its environment can list: the function may leave it to the role."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakenb.iam.stacks.source import source
from lakenb.review.verify import verify
from tests.large import fan_in

if TYPE_CHECKING:
    import lakenb as lk
    from lakenb.review.verification import Verification

BY_ROLE = json.dumps([{"bucket": "*", "prefix": "", "suffix": ""}])


def found(pipe: lk.Pipeline, template: dict[str, Any]) -> Verification:
    return verify(source(template, name=pipe.id), pipe)


def test_the_role_of_a_fan_in_of_60_names_each_store_and_every_claim_is_proved() -> None:
    pipe = fan_in(60)
    template = pipe.template()
    variables = template["Resources"]["ResultsFunction"]["Properties"]["Environment"]["Variables"]
    [reads] = [
        one
        for one in template["Resources"]["ResultsRole"]["Properties"]["Policies"][0]["PolicyDocument"][
            "Statement"
        ]
        if one["Sid"] == "ReadSources"
    ]
    assert json.loads(variables["LAKENB_SOURCES"]) == json.loads(BY_ROLE)
    assert len(reads["Resource"]) == 60
    assert found(pipe, template).is_proved


def test_a_role_that_reads_more_is_found_out_all_the_same() -> None:
    pipe = fan_in(31)
    template = pipe.template()
    policy = template["Resources"]["ResultsRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    [reads] = [one for one in policy["Statement"] if one["Sid"] == "ReadSources"]
    reads["Resource"].append({"Fn::Join": ["", [{"Fn::GetAtt": ["InboxStore", "Arn"]}, "/*"]]})
    assert "P1" in found(pipe, template).failed


def test_a_node_with_few_producers_is_told_each_place() -> None:
    pipe = fan_in(3)
    template = pipe.template()
    template["Resources"]["ResultsFunction"]["Properties"]["Environment"]["Variables"]["LAKENB_SOURCES"] = (
        BY_ROLE
    )
    told = found(pipe, template)
    assert told.failed == ("P10",)
    assert any("LAKENB_SOURCES" in str(one) for one in told.findings)
