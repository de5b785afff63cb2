from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from tests.review.handmade import attribute, in_vpc, pipeline, under_key
from tests.review.properties.examined import adding, altered, changed, examined, faults, open_ones, without

PIPE = pipeline()
TEMPLATE = in_vpc()
EVERYBODY = {"inbox", "sentences", "results"}


def broken(template: dict[str, Any]) -> set[tuple[str, str]]:
    """Return claim and node of all that failed."""
    return {(one.claim, one.subject) for one in examined(template, PIPE) if one.verdict is Verdict.FAILED}


@pytest.mark.parametrize(
    ("endpoint", "nodes"),
    [("S3Endpoint", EVERYBODY), ("SqsEndpoint", EVERYBODY), ("SnsEndpoint", {"inbox", "sentences"})],
)
def test_p8_names_the_nodes_that_miss_an_endpoint(endpoint: str, nodes: set[str]) -> None:
    template = without(TEMPLATE, endpoint)
    assert broken(template) == {("P8", node) for node in nodes}
    service = endpoint.removesuffix("Endpoint").lower()
    found = next(one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED)
    assert found.text == f"'inbox' reaches {service.upper()} through an endpoint of its VPC"
    assert found.evidence == f"no endpoint of ${{Vpc}} for {service}"
    assert found.mend == f"add an endpoint for com.amazonaws.eu-west-1.{service} to the VPC of 'inbox'"


def test_p8_asks_for_no_endpoint_that_only_lambda_would_use() -> None:
    # the Lambda service writes the log from its own network
    assert faults(without(TEMPLATE, "LogsEndpoint"), PIPE) == []


@pytest.mark.parametrize("name", ["SubnetIds", "SecurityGroupIds"])
def test_p8_wants_subnets_and_security_groups(name: str) -> None:
    place = [("P8", "InboxFunction", f"Properties.VpcConfig.{name}")]
    assert faults(without(TEMPLATE, "InboxFunction", "Properties", "VpcConfig", name), PIPE) == place
    empty: list[str] = []
    assert (
        faults(changed(TEMPLATE, "InboxFunction", "Properties", "VpcConfig", name, to=empty), PIPE) == place
    )


@pytest.mark.parametrize(
    ("resource", "steps", "value"),
    [
        ("SqsEndpoint", ("PrivateDnsEnabled",), False),
        ("SqsEndpoint", ("SubnetIds",), []),
        ("SqsEndpoint", ("VpcId",), "vpc-another"),
        ("SqsEndpoint", ("ServiceName",), "com.amazonaws.eu-west-1.sns"),
        ("S3Endpoint", ("RouteTableIds",), []),
        ("S3Endpoint", ("RouteTableIds",), ["rtb-another"]),
        ("SubnetBRoutes", ("RouteTableId",), "rtb-another"),
        ("Vpc", ("EnableDnsHostnames",), False),
        ("Vpc", ("EnableDnsSupport",), False),
        ("EndpointsGroup", ("SecurityGroupIngress",), []),
        ("EndpointsGroup", ("SecurityGroupIngress", 0, "FromPort"), 444),
        ("EndpointsGroup", ("SecurityGroupIngress", 0, "IpProtocol"), "udp"),
        ("EndpointsGroup", ("SecurityGroupIngress", 0, "SourceSecurityGroupId"), "sg-another"),
        ("FunctionsGroup", ("SecurityGroupEgress", 0, "ToPort"), 80),
        ("FunctionsGroup", ("SecurityGroupEgress", 0, "CidrIp"), "192.0.2.0/24"),
        ("FunctionsGroup", ("VpcId",), "vpc-another"),
        ("SubnetB", ("VpcId",), "vpc-another"),
        ("SqsEndpoint", ("VpcEndpointType",), "GatewayLoadBalancer"),
    ],
)
def test_p8_sees_an_endpoint_that_a_function_cannot_reach(
    resource: str, steps: tuple[str | int, ...], value: object
) -> None:
    found = broken(changed(TEMPLATE, resource, "Properties", *steps, to=value))
    assert found
    assert {claim for claim, _ in found} == {"P8"}


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("SqsEndpoint", "PrivateDnsEnabled"),
        ("SqsEndpoint", "VpcEndpointType"),
        ("S3Endpoint", "RouteTableIds"),
        ("Vpc", "EnableDnsHostnames"),
        ("EndpointsGroup", "SecurityGroupIngress"),
    ],
)
def test_p8_misses_what_is_dropped(resource: str, name: str) -> None:
    assert {claim for claim, _ in broken(without(TEMPLATE, resource, "Properties", name))} == {"P8"}


def test_p8_takes_what_aws_takes() -> None:
    everything = {"IpProtocol": "-1", "CidrIp": "10.0.0.0/8"}
    for template in [
        changed(TEMPLATE, "S3Endpoint", "Properties", "VpcEndpointType", to="Gateway"),
        without(TEMPLATE, "S3Endpoint", "Properties", "VpcEndpointType"),
        changed(TEMPLATE, "EndpointsGroup", "Properties", "SecurityGroupIngress", to=[everything]),
        without(TEMPLATE, "FunctionsGroup", "Properties", "SecurityGroupEgress"),
        _two_ways_out(TEMPLATE),
        without(TEMPLATE, "Vpc", "Properties", "EnableDnsSupport"),
        _interface_for_s3(TEMPLATE),
        _rules_apart(TEMPLATE),
    ]:
        assert faults(template, PIPE) == []
        assert open_ones(template, PIPE) == []


def test_p8_of_a_vpc_outside_of_the_template_is_undecided() -> None:
    given = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    template = altered(
        under_key(),
        lambda resources: [
            resources[f"{node}Function"]["Properties"].update(VpcConfig=given)
            for node in ("Inbox", "Sentences", "Results")
        ],
    )
    assert faults(template, PIPE) == []
    found = [one for one in examined(template, PIPE) if one.verdict is Verdict.UNDECIDED]
    assert {one.claim for one in found} == {"P8"}
    assert found[0].evidence == "the VPC of its subnets is not in this template: its endpoints cannot be seen"


def test_p8_knows_a_given_subnet_by_an_endpoint_that_stands_in_it() -> None:
    given = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    endpoint = {
        "VpcId": "vpc-1",
        "VpcEndpointType": "Interface",
        "SubnetIds": ["subnet-1"],
        "PrivateDnsEnabled": True,
    }
    template = changed(under_key(), "ResultsFunction", "Properties", "VpcConfig", to=given)
    for service in ("s3", "sqs"):
        template = adding(
            template,
            f"{service}x",
            "AWS::EC2::VPCEndpoint",
            ServiceName=f"com.amazonaws.eu-west-1.{service}",
            **endpoint,
        )
    assert faults(template, PIPE) == []
    # its security groups are not of this template
    assert {claim for claim, *_ in open_ones(template, PIPE)} == {"P8"}
    assert {claim for claim, _ in broken(without(template, "sqsx"))} == {"P8"}


def test_p8_wants_a_function_in_the_vpc_that_the_graph_names() -> None:
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    placed = lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), vpc=lk.Vpc(create=True))
    found = faults(under_key(), placed)
    assert found == [
        ("P8", f"{node}Function", "Properties.VpcConfig") for node in ("Inbox", "Results", "Sentences")
    ]


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        ("InboxFunction", "VpcConfig"),
        ("SqsEndpoint", "PrivateDnsEnabled"),
        ("S3Endpoint", "RouteTableIds"),
        ("EndpointsGroup", "SecurityGroupIngress"),
        ("SqsEndpoint", "VpcId"),
        ("SqsEndpoint", "ServiceName"),
        ("SqsEndpoint", "VpcEndpointType"),
        ("SqsEndpoint", "SecurityGroupIds"),
    ],
)
def test_p8_of_what_cannot_be_read_is_undecided(resource: str, name: str) -> None:
    template = changed(TEMPLATE, resource, "Properties", name, to={"Fn::ImportValue": "x"})
    assert faults(template, PIPE) == []
    assert {claim for claim, *_ in open_ones(template, PIPE)} == {"P8"}


def test_p8_cannot_tell_whose_addresses_a_prefix_list_holds() -> None:
    rule = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "DestinationPrefixListId": "pl-1"}
    group = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
    template = changed(TEMPLATE, "FunctionsGroup", "Properties", "SecurityGroupEgress", to=[rule, group])
    assert faults(template, PIPE) == []
    found = [one for one in examined(template, PIPE) if one.verdict is Verdict.UNDECIDED]
    assert {one.text.split()[2] for one in found} == {"S3"}


def _two_ways_out(template: dict[str, Any]) -> dict[str, Any]:
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    to_endpoints = https | {"DestinationSecurityGroupId": attribute("EndpointsGroup", "GroupId")}
    rules = [to_endpoints, https | {"CidrIp": "0.0.0.0/0"}]
    return changed(template, "FunctionsGroup", "Properties", "SecurityGroupEgress", to=rules)


def _interface_for_s3(template: dict[str, Any]) -> dict[str, Any]:
    def change(resources: dict[str, Any]) -> None:
        policy = resources["S3Endpoint"]["Properties"]["PolicyDocument"]
        name = resources["S3Endpoint"]["Properties"]["ServiceName"]
        like = resources["SqsEndpoint"]["Properties"]
        resources["S3Endpoint"]["Properties"] = {**like, "ServiceName": name, "PolicyDocument": policy}

    return altered(template, change)


def _rules_apart(template: dict[str, Any]) -> dict[str, Any]:
    def change(resources: dict[str, Any]) -> None:
        (rule,) = resources["EndpointsGroup"]["Properties"].pop("SecurityGroupIngress")
        properties = {**rule, "GroupId": attribute("EndpointsGroup", "GroupId")}
        resources["Rule"] = {"Type": "AWS::EC2::SecurityGroupIngress", "Properties": properties}

    return altered(template, change)


def test_p8_of_a_subnet_on_the_main_route_table_is_undecided_behind_a_gateway() -> None:
    template = without(TEMPLATE, "SubnetBRoutes")
    assert faults(template, PIPE) == []
    assert set(open_ones(template, PIPE)) == {("P8", "S3Endpoint", "Properties.RouteTableIds")}
    nowhere = changed(template, "S3Endpoint", "Properties", "RouteTableIds", to=[])
    assert {claim for claim, *_ in faults(nowhere, PIPE)} == {"P8"}
    alone = without(without(nowhere, "SubnetARoutes"), "Routes")
    assert {claim for claim, *_ in faults(alone, PIPE)} == {"P8"}


def test_p8_of_the_default_security_group_is_undecided() -> None:
    default = without(TEMPLATE, "SqsEndpoint", "Properties", "SecurityGroupIds")
    assert faults(default, PIPE) == []
    assert {place for *_, place in open_ones(default, PIPE)} == {"Properties.SecurityGroupIds"}
    given = changed(TEMPLATE, "SqsEndpoint", "Properties", "SecurityGroupIds", to=["sg-given"])
    assert faults(given, PIPE) == []
    assert {logical_id for _, logical_id, _ in open_ones(given, PIPE)} == {"SqsEndpoint"}
