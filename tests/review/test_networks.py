"""P8 of the VPC that the stack makes: proved whole, and each part of it missed when it is gone."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from tests.review.edited import Template, of_claim, statement, verified, without
from tests.review.given_vpcs import S3, described, pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

MADE = lk.Vpc(create=True)
PINNED = lk.Vpc(create=True, pin=True)


@pytest.mark.parametrize(
    ("pin", "s3", "key", "strict"),
    [*itertools.product((False, True), ("gateway", "interface"), (None, lk.Key()), (False, True))],
)
def test_every_claim_holds_of_a_made_vpc(*, pin: bool, s3: Any, key: lk.Key | None, strict: bool) -> None:
    verification = pipeline(lk.Vpc(create=True, pin=pin, s3=s3), key=key, strict=strict).verify()
    assert verification.findings == ()
    row = next(one for one in verification.claims if one.claim == "P8")
    assert (row.verdict, row.liveness) == (Verdict.PROVED, Verdict.PROVED)


def _drop(name: str) -> Callable[[Template], None]:
    return lambda resources: resources.pop(name)


def _widen(name: str, key: str, value: Any) -> Callable[[Template], None]:
    def edit(resources: Template) -> None:
        for one in resources[name]["Properties"]["PolicyDocument"]["Statement"]:
            one[key] = value

    return edit


def _of_statement(sid: str, key: str, value: Any) -> Callable[[Template], None]:
    return lambda resources: statement(resources, "SentencesRole", sid).update({key: value})


@pytest.mark.parametrize(
    ("edit", "claims"),
    [
        (without("SentencesRole", "LookAtNetwork"), {"P10"}),
        (without("SentencesRole", "AttachToNetwork"), {"P10"}),
        (without("SentencesRole", "KeepAttached"), {"P10"}),
        (without("SentencesRole", "NotByOwnCode"), {"P8"}),
        (_of_statement("NotByOwnCode", "Action", "ec2:CreateNetworkInterface"), {"P8"}),
        (_of_statement("AttachToNetwork", "Resource", "*"), {"P1"}),
        (_of_statement("KeepAttached", "Resource", "*"), {"P1"}),
        (_of_statement("LookAtNetwork", "Action", "ec2:Describe*"), {"P1"}),
        (_widen("PipelineEndpointS3", "Resource", "*"), {"P8"}),
        (_widen("PipelineEndpointS3", "Action", "s3:*"), {"P8"}),
        (_widen("PipelineEndpointSqs", "Action", ["sqs:SendMessage", "sqs:DeleteMessage"]), {"P8"}),
        (_widen("PipelineEndpointSns", "Resource", "*"), {"P8"}),
        (_widen("PipelineEndpointSns", "Action", "sns:Subscribe"), {"P8", "P10"}),
        (_drop("PipelineEndpointSqs"), {"P8"}),
        (_drop("PipelineSubnetARoutes"), set()),
    ],
    ids=[
        "looking", "attaching", "keeping", "the Deny", "half the Deny", "attaching anywhere",
        "keeping anything", "looking at all", "any bucket", "any action", "deleting", "any topic",
        "another action", "no endpoint", "the main route table",
    ],
)  # fmt: skip
def test_what_is_gone_or_too_much_is_found_by_its_claim(
    edit: Callable[[Template], None], claims: set[str]
) -> None:
    verification = verified(pipeline(MADE), edit)
    assert set(verification.failed) == claims
    assert verification.findings  # the main route table is undecided: no template names it


def test_pinned_documents_go_through_the_endpoint_only() -> None:
    def unpin(resources: Template) -> None:
        del statement(resources, "SentencesRole", "PutStore")["Condition"]

    verification = verified(pipeline(PINNED), unpin)
    (found,) = of_claim(verification, "P8")
    assert found.subject == "sentences"
    assert found.witness is not None
    assert found.witness.action == "s3:PutObject"
    assert "aws:sourcevpce" not in dict(found.witness.context)
    assert "aws:SourceVpce" in found.remedy


def test_pinned_to_another_endpoint_a_node_is_of_no_use() -> None:
    def elsewhere(resources: Template) -> None:
        condition = statement(resources, "SentencesRole", "ReadSources")["Condition"]
        condition["StringEquals"]["aws:SourceVpce"] = "vpce-0123456789abcdef0"

    verification = verified(pipeline(PINNED), elsewhere)
    assert {"P8", "P10"} <= set(verification.failed)


def test_who_asked_for_no_pin_is_not_held_to_it() -> None:
    assert verified(pipeline(MADE)).findings == ()
    template = pipeline(MADE).template()
    assert "aws:SourceVpce" not in str(template)


def test_the_deny_names_the_function_and_no_other() -> None:
    def misname(resources: Template) -> None:
        own = statement(resources, "SentencesRole", "NotByOwnCode")
        own["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]["Fn::Sub"] += "2"

    (found,) = of_claim(verified(pipeline(MADE), misname), "P8")
    assert found.witness is not None
    assert "lambda:SourceFunctionArn" in found.remedy


def test_a_given_endpoint_pins_too() -> None:
    assert pipeline(described(pin=True)).verify().findings == ()
    role = pipeline(described(pin=True)).template()["Resources"]["SentencesRole"]
    assert S3.id in str(role)
