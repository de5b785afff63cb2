from __future__ import annotations

import json
from typing import Any

import pytest

import lakenb as lk
from lakenb.errors import OptionError, PipelineError
from lakenb.graph.network_parts import Endpoint, Route, SecurityGroup, Subnet

PLACE: dict[str, Any] = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}


def _pipeline(vpc: Any = None, of_store: lk.Vpc | None = None) -> lk.Pipeline:
    return lk.Pipeline("p", lk.S3Trigger("inbox").pipe(lk.S3Storage("results", vpc=of_store)), vpc=vpc)


def test_ids_become_descriptions_that_say_nothing_else() -> None:
    vpc = lk.Vpc(**PLACE)
    assert vpc.placed_in == (Subnet("subnet-1"),)
    assert vpc.guarded_by == (SecurityGroup("sg-1"),)
    assert not vpc.is_described
    assert lk.Vpc(**PLACE, endpoints=[]).is_described


def test_a_vpc_is_a_value() -> None:
    assert lk.Vpc(**PLACE, prefix_lists={"s3": "pl-1"}) == lk.Vpc(**PLACE, prefix_lists=(("s3", "pl-1"),))
    assert hash(lk.Vpc(create=True)) == hash(lk.Vpc(create=True))


@pytest.mark.parametrize(
    ("zones", "networks"),
    [
        (1, ["10.0.0.0/25"]),
        (2, ["10.0.0.0/25", "10.0.0.128/25"]),
        (3, ["10.0.0.0/26", "10.0.0.64/26", "10.0.0.128/26"]),
    ],
)
def test_its_subnets_divide_its_addresses(zones: int, networks: list[str]) -> None:
    assert [str(one) for one in lk.Vpc(create=True, zones=zones).networks()] == networks


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        ({}, "no subnets", "subnets=['subnet-...']"),
        ({"subnets": ["subnet-1"]}, "no security groups", "security_groups=['sg-...']"),
        ({"create": True, "id": "vpc-1"}, "id of one that exists is given", "leave create out"),
        ({"create": True, "zones": 4}, "zones is 4", "1, 2 or 3"),
        ({"create": True, "s3": "tunnel"}, "s3 is 'tunnel'", "'gateway', 'interface'"),
        ({"create": True, "cidr": "10.0.0.0/28"}, "cidr is '10.0.0.0/28'", "a /16 to a /26"),
        ({"create": True, "cidr": "8.8.8.0/24"}, "cidr is '8.8.8.0/24'", "private addresses"),
        ({"create": True, "cidr": "ten"}, "cidr is 'ten'", "such as '10.0.0.0/24'"),
        ({"create": True, "prefix_lists": {"s3": "x"}}, "'x' is no id that begins with 'pl-'", "pl-0123"),
        (PLACE | {"subnets": ["sg-1"]}, "'sg-1' is no id that begins with 'subnet-'", "subnet-0123"),
        (PLACE | {"pin": True}, "none is described", "lk.Vpc.read"),
        (
            PLACE | {"endpoints": [Endpoint("vpce-1", "sqs", "Gateway")]},
            "a gateway for 'sqs'",
            "s3 and dynamodb",
        ),
        (PLACE | {"endpoints": [Endpoint("vpce-1", "sqs", policy="{")]}, "is no JSON", "as AWS writes it"),
        (PLACE | {"endpoints": [Endpoint("vpce-1", "sqs", "Tunnel")]}, "of type 'Tunnel'", "'Gateway' or"),
    ],
)
def test_what_cannot_be_is_told_with_its_mend(options: dict[str, Any], what: str, mend: str) -> None:
    with pytest.raises(PipelineError) as raised:
        _pipeline(lk.Vpc(**options))
    assert any(what in one.what and mend in one.mend for one in raised.value.faults), str(raised.value)


def test_a_nodes_own_vpc_is_checked_with_its_options() -> None:
    with pytest.raises(OptionError, match="no security groups"):
        lk.S3Storage("results", vpc=lk.Vpc(subnets=["subnet-1"]))
    with pytest.raises(OptionError, match=r"it must be lk\.Vpc\(create=True\)"):
        lk.S3Storage("results", vpc="vpc-1")  # type: ignore[arg-type]  # what somebody may write


def test_a_pipeline_makes_one_vpc_at_most() -> None:
    _pipeline(lk.Vpc(create=True), lk.Vpc(create=True))
    with pytest.raises(PipelineError, match="the stack makes one VPC, and 2 are asked for"):
        _pipeline(lk.Vpc(create=True), lk.Vpc(create=True, zones=3))


def test_tokens_of_cdk_stand_for_ids() -> None:
    _pipeline(lk.Vpc(subnets=["${Token[TOKEN.12]}"], security_groups=["${Token[TOKEN.13]}"]))


def test_a_policy_is_read_as_json() -> None:
    assert Endpoint("vpce-1", "s3").document() is None
    assert Endpoint("vpce-1", "s3", policy=json.dumps({"Statement": []})).document() == {"Statement": []}


def test_a_route_to_a_gateway_of_the_internet_leads_out() -> None:
    assert Route("0.0.0.0/0", "nat-1").leads_out
    assert not Route("pl-1", "vpce-1").leads_out
    assert not Route("10.0.0.0/16", "local").leads_out
