"""VPCs that are given: what they lack is an error, what is not known is never proved."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.errors import NetworkError
from lakenb.graph.network_parts import Route, Rule, SecurityGroup, Subnet
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.network_faults import network_faults
from lakenb.review.verify import verify
from tests.review.given_vpcs import ENDPOINTS, FUNCTIONS, OPEN, S3, SNS, SQS, SUBNET, described, pipeline

if TYPE_CHECKING:
    from lakenb.review.verification import ClaimResult, Verification

GIVEN = "the given VPC vpc-1"


def _row(verification: Verification, claim: str = "P8") -> ClaimResult:
    return next(one for one in verification.claims if one.claim == claim)


def _statement(**changed: Any) -> str:
    allow = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"} | changed
    return json.dumps({"Statement": [allow]})


def test_a_given_vpc_that_has_everything_is_proved_as_it_was_described() -> None:
    verification = pipeline(described()).verify()
    assert verification.findings == ()
    assert _row(verification).verdict is Verdict.PROVED
    assumed = " ".join(verification.assumptions)
    assert f"What {GIVEN} was said to be is what it is when the stack runs." in assumed
    assert f"The endpoints of {GIVEN} are its owner's: what else they let through is not judged." in assumed


def test_a_shared_endpoint_need_not_be_narrow_to_this_pipeline() -> None:
    # the very policy that is refused of an endpoint of the template's own
    assert network_faults(pipeline(described()).template(), pipeline(described())) == ()
    own = pipeline(lk.Vpc(create=True))
    template = own.template()
    del template["Resources"]["PipelineEndpointS3"]["Properties"]["PolicyDocument"]
    assert "P8" in verify(source(template), own).failed


@pytest.mark.parametrize(
    ("changed", "nodes", "what", "mend"),
    [
        (
            {"endpoints": [S3, SQS]},
            {"inbox", "sentences"},
            "does not reach SNS through an endpoint of its VPC: no endpoint of vpc-1 for sns",
            "add an endpoint for com.amazonaws.<region>.sns to the VPC of",
        ),
        (
            {"endpoints": [S3, SQS, replace(SNS, private_dns=False)]},
            {"inbox", "sentences"},
            "reach SNS through an endpoint of its VPC: vpce-sns Properties.PrivateDnsEnabled = false",
            "set PrivateDnsEnabled to true",
        ),
        (
            {"dns_names": False},
            {"inbox", "sentences", "results"},
            "vpc-1 Properties.EnableDnsHostnames = false",
            "set EnableDnsHostnames to true",
        ),
        (
            {"subnets": [replace(SUBNET, route_table="rtb-2")]},
            {"inbox", "sentences", "results"},
            "does not reach S3 through an endpoint of its VPC",
            "name the route table of subnet-1 in RouteTableIds",
        ),
        (
            {"subnets": [SUBNET, Subnet("subnet-2", "vpc-2")]},
            {"inbox", "sentences", "results"},
            "has subnets and security groups of one VPC",
            "name subnets and security groups of one VPC",
        ),
        (
            {"security_groups": [replace(FUNCTIONS, vpc="vpc-2")]},
            {"inbox", "sentences", "results"},
            "has subnets and security groups of one VPC",
            "name subnets and security groups of one VPC",
        ),
        (
            {"other_groups": [replace(ENDPOINTS, lets_in=())]},
            {"inbox", "sentences", "results"},
            "does not reach SQS",
            "let the endpoint's security group take TCP port 443",
        ),
        (
            {"security_groups": [replace(FUNCTIONS, lets_out=())]},
            {"inbox", "sentences", "results"},
            "does not reach S3",
            "let the function's security group send to TCP port 443",
        ),
        (
            {"endpoints": [replace(S3, policy=_statement(Action="s3:GetObject")), SQS, SNS]},
            {"sentences", "results"},
            "the policy of the endpoint vpce-s3 for s3 does not let",
            "ask the owner of vpce-s3 to let its policy allow it",
        ),
        (
            {"endpoints": [S3, replace(SQS, policy=_statement(Effect="Deny")), SNS]},
            {"inbox", "sentences", "results"},
            "the policy of the endpoint vpce-sqs for sqs does not let",
            "ask the owner of vpce-sqs",
        ),
    ],
    ids=[
        "missing endpoint",
        "private names off",
        "no names in the VPC",
        "a route table without the gateway",
        "subnets of two VPCs",
        "a group of another VPC",
        "endpoints' group closed",
        "functions' group closed",
        "policy without puts",
        "policy that denies",
    ],
)
def test_what_a_given_vpc_lacks_is_an_error_that_names_node_service_and_mend(
    changed: dict[str, Any], nodes: set[str], what: str, mend: str
) -> None:
    with pytest.raises(NetworkError) as raised:
        pipeline(described(**changed)).template()
    faults = raised.value.faults
    assert {one.where.split("'")[1] for one in faults} == nodes
    assert any(what in one.what and mend in one.mend for one in faults), str(raised.value)
    assert not [one for one in faults if "${vpc" in str(one) or "${subnet" in str(one)]


@pytest.mark.parametrize(
    "changed",
    [
        {"subnets": ["subnet-1"]},
        {"security_groups": ["sg-1"]},
        {"other_groups": []},
        {"endpoints": [replace(S3, policy=""), SQS, SNS]},
        {"endpoints": [S3, SQS, replace(SNS, private_dns=None)]},
        {"dns_names": None},
        {"id": ""},
    ],
    ids=[
        "subnet by id",
        "group by id",
        "endpoints' group by id",
        "no policy",
        "private names",
        "DNS",
        "no id",
    ],
)
def test_what_is_not_known_of_a_given_vpc_is_undecided(changed: dict[str, Any]) -> None:
    verification = pipeline(described(**changed)).verify()
    assert _row(verification).verdict is Verdict.UNDECIDED


def test_a_vpc_by_ids_alone_is_assumed_aloud_and_never_proved() -> None:
    by_ids = lk.Vpc(id="vpc-1", subnets=["subnet-1"], security_groups=["sg-1"])
    verification = pipeline(by_ids).verify()
    assert _row(verification).verdict is Verdict.UNDECIDED
    what = "its routes, endpoints, private names and security groups"
    reached = "let 'inbox', 'results', 'sentences' reach what they call is assumed."
    assert f"Nothing was read of {GIVEN}: that {what} {reached}" in verification.assumptions


def test_a_way_to_the_internet_is_said() -> None:
    routes = (Route("0.0.0.0/0", "nat-1"),)
    notes = pipeline(described(subnets=[replace(SUBNET, routes=routes)])).verify().notes
    assert "P8: the given subnet subnet-1 leads to the internet, too (nat-1)" in notes


def test_a_told_prefix_list_opens_the_way_to_a_gateway() -> None:
    to_list, to_group = Rule(prefix_list="pl-1"), Rule(group="sg-2")
    group = SecurityGroup("sg-1", "vpc-1", (), (to_list, to_group))
    unknown = pipeline(described(security_groups=[group])).verify()
    assert _row(unknown).verdict is Verdict.UNDECIDED
    told = described(security_groups=[group], prefix_lists={"s3": "pl-1"})
    assert _row(pipeline(told).verify()).verdict is Verdict.PROVED
    other = described(security_groups=[group], prefix_lists={"s3": "pl-2"})
    assert _row(pipeline(other).verify()).verdict is Verdict.UNDECIDED


def test_a_function_that_stands_elsewhere_than_asked_is_found() -> None:
    pipe = pipeline(described())
    template = pipe.template()
    template["Resources"]["InboxFunction"]["Properties"]["VpcConfig"]["SecurityGroupIds"] = ["sg-2"]
    found = [one.sentence for one in verify(source(template), pipe).findings]
    assert any("'inbox' has the security groups that it was given" in one for one in found)


def test_a_subnet_of_another_account_is_named_as_its_owners() -> None:
    shared = described(subnets=[replace(SUBNET, owner="999988887777")])
    verification = pipeline(shared).verify()
    assert verification.findings == ()
    role = pipeline(shared).template()["Resources"]["InboxRole"]
    assert ":subnet/" in str(role)
    assert "999988887777" in str(role)


def test_one_node_alone_may_be_placed() -> None:
    store = lk.S3Storage("results", vpc=described(endpoints=[S3, SQS]))  # it publishes nothing
    verification = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(store)).verify()
    assert verification.findings == ()


def test_under_a_key_a_given_vpc_needs_no_endpoint_for_kms() -> None:
    assert pipeline(described(), key=lk.Key()).verify().findings == ()


def test_a_policy_of_this_kind_is_what_the_tests_take_for_open() -> None:
    assert json.loads(OPEN)["Statement"][0]["Action"] == "*"
