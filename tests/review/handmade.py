"""Templates of one pipeline: generated under a key, and made by hand in a VPC.

Both are correct: every promise holds of them. Each call returns a template of its own, free to be changed.
"""

from __future__ import annotations

import copy
from typing import Any

import lakenb as lk

Template = dict[str, Any]

KEY = "PipelineKey"
_NODES = {"inbox": "Inbox", "sentences": "Sentences", "results": "Results"}
_PUBLISHING = ("Inbox", "Sentences")
_STORES = ("InboxStore", "SentencesStore", "ResultsStore")
_BUCKETS = (*_STORES, "PipelineCache")
_SUBNETS = ("SubnetA", "SubnetB")


def pipeline(key: lk.Key | None = None) -> lk.Pipeline:
    """Return the pipeline of both templates: trigger -> splitter -> store."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    return lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), key=key)


def keyed() -> lk.Pipeline:
    """Return the same pipeline under a key that its stack makes."""
    return pipeline(lk.Key())


def under_key() -> Template:
    """Return the pipeline with everything under one customer managed key of the template."""
    return copy.deepcopy(keyed().template())


def in_vpc() -> Template:
    """Return the pipeline under its key, with every function in a VPC of the template."""
    template = under_key()
    resources = template["Resources"]
    for node, words in _NODES.items():
        properties = resources[f"{words}Function"]["Properties"]
        properties["FunctionName"] = sub(f"${{AWS::StackName}}_{node}")
        properties["VpcConfig"] = {
            "SecurityGroupIds": [attribute("FunctionsGroup", "GroupId")],
            "SubnetIds": [{"Ref": subnet} for subnet in _SUBNETS],
        }
        statements(template, f"{words}Role").extend(_network_interfaces(node))
    resources |= _network() | _endpoints()
    return template


def statements(template: Template, role: str) -> list[Template]:
    """Return the statements of a role's one policy, to be changed in place."""
    found: list[Template] = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    return found


def arn(logical_id: str) -> Template:
    """Return the ARN of a resource, as a template refers to it."""
    return attribute(logical_id, "Arn")


def attribute(logical_id: str, name: str) -> Template:
    """Return an attribute of a resource, as a template refers to it."""
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str) -> Template:
    """Return a text with references in it."""
    return {"Fn::Sub": text}


def _network_interfaces(node: str) -> list[Template]:
    # AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": the Lambda
    # service attaches the function with the function's role, and its own code is not to do the same
    interfaces = _of_ec2("network-interface/*")
    subnets = [_of_ec2("subnet/", {"Ref": subnet}) for subnet in _SUBNETS]
    group = _of_ec2("security-group/", attribute("FunctionsGroup", "GroupId"))
    look = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"]
    keep = ["ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"]
    own = sub(
        "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:"
        f"${{AWS::StackName}}_{node}"
    )
    rows: list[tuple[str, str, list[str], Any]] = [
        ("LookAtVpc", "Allow", look, "*"),
        ("AttachToVpc", "Allow", ["ec2:CreateNetworkInterface"], [interfaces, *subnets, group]),
        ("KeepInVpc", "Allow", keep, interfaces),
        ("NotByOwnCode", "Deny", [*look, "ec2:CreateNetworkInterface", *keep], "*"),
    ]
    made = [
        {"Sid": sid, "Effect": effect, "Action": actions, "Resource": resource}
        for sid, effect, actions, resource in rows
    ]
    made[-1]["Condition"] = {"ArnEquals": {"lambda:SourceFunctionArn": own}}
    return made


def _of_ec2(*parts: Any) -> Template:
    place = sub("arn:${AWS::Partition}:ec2:${AWS::Region}:${AWS::AccountId}:")
    return {"Fn::Join": ["", [place, *parts]]}


def _network() -> Template:
    """Return a VPC of two private subnets: no way out but the endpoints."""
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    vpc = {"Ref": "Vpc"}
    made = {
        "Vpc": _made(
            "AWS::EC2::VPC", CidrBlock="10.0.0.0/16", EnableDnsHostnames=True, EnableDnsSupport=True
        ),
        "Routes": _made("AWS::EC2::RouteTable", VpcId=vpc),
        "FunctionsGroup": _made(
            "AWS::EC2::SecurityGroup",
            GroupDescription="The functions of the pipeline",
            VpcId=vpc,
            SecurityGroupEgress=[https | {"CidrIp": "0.0.0.0/0"}],
        ),
        "EndpointsGroup": _made(
            "AWS::EC2::SecurityGroup",
            GroupDescription="The endpoints of the pipeline",
            VpcId=vpc,
            SecurityGroupIngress=[
                https | {"SourceSecurityGroupId": attribute("FunctionsGroup", "GroupId")},
            ],
        ),
    }
    for number, subnet in enumerate(_SUBNETS):
        zone = {"Fn::Select": [number, {"Fn::GetAZs": ""}]}
        made[subnet] = _made(
            "AWS::EC2::Subnet", VpcId=vpc, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=zone
        )
        made[f"{subnet}Routes"] = _made(
            "AWS::EC2::SubnetRouteTableAssociation",
            RouteTableId={"Ref": "Routes"},
            SubnetId={"Ref": subnet},
        )
    return made


def _endpoints() -> Template:
    """Return the endpoints, each open for what this pipeline does and nothing else."""
    keys = {bucket: "/letters/*" if bucket == "InboxStore" else "/*" for bucket in _BUCKETS}
    objects = [{"Fn::Join": ["", [arn(bucket), some]]} for bucket, some in keys.items()]
    return {
        "S3Endpoint": _endpoint(
            "s3", ["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], objects, is_gateway=True
        ),
        "SqsEndpoint": _endpoint(
            "sqs", ["sqs:SendMessage"], [arn(f"{words}DeadLetters") for words in _NODES.values()]
        ),
        "SnsEndpoint": _endpoint("sns", ["sns:Publish"], [{"Ref": f"{words}Topic"} for words in _PUBLISHING]),
        "LogsEndpoint": _endpoint(
            "logs",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arn(f"{words}Logs") for words in _NODES.values()],
        ),
    }


def _endpoint(
    service: str, actions: list[str], resources: list[Template], *, is_gateway: bool = False
) -> Template:
    statement = {
        "Sid": "ThisPipeline",
        "Effect": "Allow",
        "Principal": "*",
        "Action": actions,
        "Resource": resources,
        "Condition": {"StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}},
    }
    way: Template = {
        "VpcEndpointType": "Interface",
        "PrivateDnsEnabled": True,
        "SubnetIds": [{"Ref": subnet} for subnet in _SUBNETS],
        "SecurityGroupIds": [attribute("EndpointsGroup", "GroupId")],
    }
    if is_gateway:
        way = {"VpcEndpointType": "Gateway", "RouteTableIds": [{"Ref": "Routes"}]}
    return _made(
        "AWS::EC2::VPCEndpoint",
        ServiceName=sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
        VpcId={"Ref": "Vpc"},
        PolicyDocument={"Version": "2012-10-17", "Statement": [statement]},
        **way,
    )


def _made(kind: str, **properties: Any) -> Template:
    return {
        "Type": kind,
        "Properties": properties,
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
    }
