"""A pipeline in a VPC of a user's own CDK app."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cfnlint import api as cfn_lint

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.verify import verify
from tests.examples import letters
from tests.test_cdk import run_app, template

if TYPE_CHECKING:
    from pathlib import Path

APP = """
from aws_cdk import aws_ec2 as ec2
stack = cdk.Stack(app, "shop")
subnets = [ec2.SubnetConfiguration(name="own", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)]
vpc = ec2.Vpc(
    stack, "Vpc", nat_gateways=0, subnet_configuration=subnets, restrict_default_security_group=False)
services = ec2.InterfaceVpcEndpointAwsService
made = PipelineConstruct(stack, "Letters", pipeline=letters(), vpc=vpc)
vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
vpc.add_interface_endpoint("Sqs", service=services.SQS)
"""
FOUND = """
found = cdk.assertions.Annotations.from_stack(stack)
everything = cdk.assertions.Match.any_value()
print(json.dumps([one.entry.data for one in found.find_error("*", everything)]))
"""


def _of_type(made: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in made["Resources"].values() if one["Type"] == kind]


def test_functions_stand_in_an_l2_vpc_and_the_app_is_proved(tmp_path: Path) -> None:
    run_app(APP + 'vpc.add_interface_endpoint("Sns", service=services.SNS)\napp.synth()\n', tmp_path)
    made = template(tmp_path)
    functions = _of_type(made, "AWS::Lambda::Function")
    assert len(functions) == len(letters().nodes)
    for function in functions:
        assert len(function["VpcConfig"]["SubnetIds"]) == 2
        assert len(function["VpcConfig"]["SecurityGroupIds"]) == 1
    assert [str(one) for one in cfn_lint.lint_all(json.dumps(made)) if one.rule.id.startswith("E")] == []
    verification = verify(source(made), None)
    rows = {one.claim: one for one in verification.claims}
    assert rows["P10"].verdict is Verdict.PROVED
    # the app's own endpoints are open for all; the template makes them, so they are held to be narrow
    (found,) = verification.findings
    assert found.claim == "P8"
    assert "VpcSns" in found.sentence
    assert found.witness is not None
    assert "whoever comes through VpcS3" in found.sentence


def test_a_missing_endpoint_is_an_error_that_names_node_and_mend(tmp_path: Path) -> None:
    (errors,) = run_app(APP + FOUND, tmp_path)
    assert sorted(errors) == [
        f"'{node}' calls sns, for which its VPC has no endpoint: add it with add_gateway_endpoint or "
        "add_interface_endpoint"
        for node in ("inbox", "paragraphs", "sentences")
    ]


def test_of_an_imported_vpc_what_it_must_have_is_printed(tmp_path: Path) -> None:
    script = """
from aws_cdk import aws_ec2 as ec2
stack = cdk.Stack(app, "shop")
vpc = ec2.Vpc.from_vpc_attributes(
    stack, "Vpc", vpc_id="vpc-1", availability_zones=["a", "b"], isolated_subnet_ids=["subnet-1", "subnet-2"],
    isolated_subnet_route_table_ids=["rtb-1", "rtb-1"])
groups = [ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")]
made = PipelineConstruct(stack, "Letters", pipeline=letters(), vpc=vpc, security_groups=groups)
told(lambda: PipelineConstruct(stack, "Twice", pipeline=made.pipeline, vpc=vpc))
found = cdk.assertions.Annotations.from_stack(stack)
print(json.dumps([one.entry.data for one in found.find_warning("*", cdk.assertions.Match.any_value())]))
"""
    refused, warnings = run_app(script, tmp_path)
    assert "names a VPC already" in refused
    assert any(
        "nothing is known of the imported VPC: it must have endpoints for s3, sns, sqs" in one
        for one in warnings
    )
