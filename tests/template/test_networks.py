"""The network that a stack makes, and functions in it."""

from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.security.networks import network_notes
from lakenb.template.names import Kind
from lakenb.template.networks import placement
from tests.large import fan_in

MADE = "Pipeline"
SIX = {
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:DeleteNetworkInterface",
    "ec2:AssignPrivateIpAddresses",
    "ec2:UnassignPrivateIpAddresses",
}


def _pipeline(vpc: lk.Vpc | None, **options: Any) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    return lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), vpc=vpc, **options)


def _resources(vpc: lk.Vpc | None, **options: Any) -> dict[str, Any]:
    made: dict[str, Any] = _pipeline(vpc, **options).template()["Resources"]
    return made


def _statements(made: dict[str, Any], role: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = made[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return found


def _of_type(made: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in made.items() if one["Type"] == f"AWS::EC2::{kind}"}


def test_a_pipeline_without_a_vpc_is_what_it_was() -> None:
    made = _resources(None)
    assert not [name for name, one in made.items() if one["Type"].startswith("AWS::EC2")]
    assert "VpcConfig" not in made["InboxFunction"]["Properties"]
    assert "FunctionName" not in made["InboxFunction"]["Properties"]
    assert "ec2:" not in str(made)


def test_there_is_no_way_out_of_the_vpc_that_is_made() -> None:
    made = _resources(lk.Vpc(create=True))
    kinds = {one["Type"] for one in made.values() if one["Type"].startswith("AWS::EC2")}
    assert kinds == {
        f"AWS::EC2::{kind}"
        for kind in (
            "VPC",
            "Subnet",
            "RouteTable",
            "SubnetRouteTableAssociation",
            "SecurityGroup",
            "VPCEndpoint",
        )
    }
    subnets = _of_type(made, "Subnet")
    assert len(subnets) == 2
    assert not any(one["MapPublicIpOnLaunch"] for one in subnets.values())
    assert len({str(one["AvailabilityZone"]) for one in subnets.values()}) == 2


def test_endpoints_are_the_least_that_the_nodes_need() -> None:
    every = _of_type(_resources(lk.Vpc(create=True)), "VPCEndpoint")
    assert {name: one["VpcEndpointType"] for name, one in every.items()} == {
        "PipelineEndpointS3": "Gateway",
        "PipelineEndpointSns": "Interface",
        "PipelineEndpointSqs": "Interface",
    }
    store = lk.S3Storage("results", vpc=lk.Vpc(create=True))  # publishes nothing
    alone = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(store)).template()["Resources"]
    assert set(_of_type(alone, "VPCEndpoint")) == {"PipelineEndpointS3", "PipelineEndpointSqs"}
    assert "VpcConfig" not in alone["InboxFunction"]["Properties"]


def test_an_endpoints_policy_names_exact_resources_and_this_account() -> None:
    made = _resources(lk.Vpc(create=True))
    (sns,) = made["PipelineEndpointSns"]["Properties"]["PolicyDocument"]["Statement"]
    assert sns == {
        "Sid": "ThisPipeline1",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": [{"Ref": "InboxTopic"}, {"Ref": "SentencesTopic"}],
        "Condition": {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
    }
    for one in made["PipelineEndpointS3"]["Properties"]["PolicyDocument"]["Statement"]:
        assert "*" not in one["Action"]
        assert one["Resource"] != "*"
    (sqs,) = made["PipelineEndpointSqs"]["Properties"]["PolicyDocument"]["Statement"]
    assert sqs["Action"] == "sqs:SendMessage"  # polling is Lambda's, from its own network


def test_a_long_policy_is_brought_together_and_still_fits() -> None:
    policy = fan_in(150, vpc=lk.Vpc(create=True)).template()["Resources"]["PipelineEndpointS3"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    assert len(statement["Resource"]) < 160


def test_security_groups_let_through_https_between_functions_and_endpoints() -> None:
    groups = _of_type(_resources(lk.Vpc(create=True, s3="interface")), "SecurityGroup")
    functions, endpoints = groups["PipelineFunctionsGroup"], groups["PipelineEndpointsGroup"]
    assert "SecurityGroupIngress" not in functions
    (out,) = functions["SecurityGroupEgress"]
    assert (out["FromPort"], out["ToPort"], out["CidrIp"]) == (443, 443, "10.0.0.0/24")
    (taken,) = endpoints["SecurityGroupIngress"]
    assert taken["SourceSecurityGroupId"] == {"Fn::GetAtt": ["PipelineFunctionsGroup", "GroupId"]}
    assert [one["CidrIp"] for one in endpoints["SecurityGroupEgress"]] == ["127.0.0.1/32"]


def test_the_rule_for_a_gateway_names_its_prefix_list_where_it_is_told() -> None:
    told = lk.Vpc(create=True, prefix_lists={"s3": "pl-6da54004"})
    for vpc, name, value in [
        (told, "DestinationPrefixListId", "pl-6da54004"),
        (lk.Vpc(create=True), "CidrIp", "0.0.0.0/0"),
    ]:
        rules = _of_type(_resources(vpc), "SecurityGroup")["PipelineFunctionsGroup"]["SecurityGroupEgress"]
        assert rules[1][name] == value


def test_a_role_may_attach_its_function_and_the_functions_code_may_not() -> None:
    statements = {one["Sid"]: one for one in _statements(_resources(lk.Vpc(create=True)), "SentencesRole")}
    allowed = [
        one for one in statements.values() if "ec2:" in str(one["Action"]) and one["Effect"] == "Allow"
    ]
    assert {action for one in allowed for action in _several(one["Action"])} == SIX
    assert [one["Sid"] for one in allowed if one["Resource"] == "*"] == ["LookAtNetwork"]
    assert all(action.startswith("ec2:Describe") for action in statements["LookAtNetwork"]["Action"])
    deny = statements["NotByOwnCode"]
    assert (deny["Effect"], set(deny["Action"]), deny["Resource"]) == ("Deny", SIX, "*")
    arn = "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:${AWS::StackName}_sentences"
    assert deny["Condition"] == {"ArnEquals": {"lambda:SourceFunctionArn": {"Fn::Sub": arn}}}


def test_the_function_has_the_name_that_the_deny_names() -> None:
    made = _resources(lk.Vpc(create=True))
    assert made["SentencesFunction"]["Properties"]["FunctionName"] == {
        "Fn::Sub": "${AWS::StackName}_sentences"
    }


def test_a_given_vpc_changes_nothing_but_placement() -> None:
    given = lk.Vpc(id="vpc-1", subnets=["subnet-1", "subnet-2"], security_groups=["sg-1"])
    made = _resources(given)
    assert not [name for name, one in made.items() if one["Type"].startswith("AWS::EC2")]
    assert made["InboxFunction"]["Properties"]["VpcConfig"] == {
        "SubnetIds": ["subnet-1", "subnet-2"],
        "SecurityGroupIds": ["sg-1"],
    }
    assert "subnet/" in str(_statements(made, "InboxRole"))


def test_what_a_given_vpc_is_taken_for_is_said() -> None:
    given = lk.Vpc(id="vpc-1", subnets=["subnet-1"], security_groups=["sg-1"])
    (note,) = network_notes(_pipeline(given))
    whose = "its routes, endpoints and rules are its owner's; the pipeline changes nothing of it."
    assert note == f"The VPC 'vpc-1' is given: {whose}"
    assert network_notes(_pipeline(lk.Vpc(create=True))) == ()


def test_pinned_roles_hold_what_is_s3s_to_the_endpoint_and_nothing_else() -> None:
    plain = {one["Sid"]: one for one in _statements(_resources(lk.Vpc(create=True)), "SentencesRole")}
    pinned = {
        one["Sid"]: one for one in _statements(_resources(lk.Vpc(create=True, pin=True)), "SentencesRole")
    }
    through = {"StringEquals": {"aws:SourceVpce": {"Ref": "PipelineEndpointS3"}}}
    for sid, statement in pinned.items():
        if str(statement["Action"]).startswith(("s3:", "['s3:")):
            assert statement["Condition"] == through
            assert "s3:*" not in statement["Action"]
        else:
            assert statement == plain[sid]


def test_pinning_leaves_keys_and_queues_alone() -> None:
    made = _resources(lk.Vpc(create=True, pin=True), key=lk.Key())
    for role in ("InboxRole", "SentencesRole", "ResultsRole"):
        for statement in _statements(made, role):
            if not str(statement["Action"]).startswith(("s3:", "['s3:")):
                assert "SourceVpce" not in str(statement)


@pytest.mark.parametrize("vpc", [None, lk.Vpc(create=True)])
def test_placement_is_told_to_what_stands_beside_functions(vpc: lk.Vpc | None) -> None:
    where = placement(_pipeline(vpc), "inbox")
    if vpc is None:
        assert where is None
        return
    assert where is not None
    assert where.vpc == {"Ref": "PipelineVpc"}
    assert where.subnets == ({"Ref": "PipelineSubnetA"}, {"Ref": "PipelineSubnetB"})
    assert where.security_groups == ({"Fn::GetAtt": ["PipelineFunctionsGroup", "GroupId"]},)


def test_no_node_can_be_called_as_the_network_is() -> None:
    names = [name for name in _resources(lk.Vpc(create=True)) if name.startswith(MADE)]
    of_network = [name for name in names if not name.startswith("PipelineCache")]
    assert not [name for name in of_network for kind in Kind if name.endswith(kind.value)]


def _several(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
