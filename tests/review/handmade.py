"""Templates that lakenb does not generate yet, made by hand: a pipeline under a key, and in a VPC.

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
# Which buckets a node's role reads and puts into; the rest of its statements is the same for every node.
_READS = {
    "Inbox": ("InboxStore",),
    "Sentences": ("InboxStore", "PipelineCache"),
    "Results": ("SentencesStore", "PipelineCache"),
}
_PUTS = {
    "Inbox": (),
    "Sentences": ("SentencesStore", "PipelineCache"),
    "Results": ("ResultsStore", "PipelineCache"),
}
_READ_KEY, _WRITE_KEY = ["kms:Decrypt"], ["kms:GenerateDataKey", "kms:Decrypt"]


def pipeline() -> lk.Pipeline:
    """Return the pipeline of both templates: trigger -> splitter -> store."""
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    return lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")))


def under_key() -> Template:
    """Return the pipeline with everything under one customer managed key of the template."""
    template: Template = copy.deepcopy(pipeline().template())
    resources = template["Resources"]
    for bucket in _BUCKETS:
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn(KEY)}
        rule = {"BucketKeyEnabled": True, "ServerSideEncryptionByDefault": default}
        encryption = {"ServerSideEncryptionConfiguration": [rule]}
        resources[bucket]["Properties"]["BucketEncryption"] = encryption
    for node, words in _NODES.items():
        for queue in (f"{words}Queue", f"{words}DeadLetters"):
            properties = resources[queue]["Properties"]
            del properties["SqsManagedSseEnabled"]
            properties |= {"KmsMasterKeyId": arn(KEY), "KmsDataKeyReusePeriodSeconds": 300}
        if words in _PUBLISHING:
            named = {"TopicName": sub(f"${{AWS::StackName}}_{node}"), "KmsMasterKeyId": arn(KEY)}
            resources[f"{words}Topic"]["Properties"] |= named
        resources[f"{words}Logs"]["Properties"]["KmsKeyId"] = arn(KEY)
        resources[f"{words}Function"]["Properties"]["KmsKeyArn"] = arn(KEY)
        statements(template, f"{words}Role").extend(_key_statements(words))
    resources[KEY] = _key()
    return template


def in_vpc() -> Template:
    """Return the pipeline under its key, with every function in a VPC of the template."""
    template = under_key()
    resources = template["Resources"]
    for words in _NODES.values():
        properties = resources[f"{words}Function"]["Properties"]
        properties["VpcConfig"] = {
            "SecurityGroupIds": [attribute("FunctionsGroup", "GroupId")],
            "SubnetIds": [{"Ref": subnet} for subnet in _SUBNETS],
        }
        statements(template, f"{words}Role").append(_network_interfaces())
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


def _key_statements(words: str) -> list[Template]:
    """Return what a node's role may do with the key: through which service, and for what alone."""
    reads = [arn(bucket) for bucket in _READS[words]]
    puts = [arn(bucket) for bucket in _PUTS[words]]
    made = [
        _use_key("ReadUnderKey", _READ_KEY, "s3", "aws:s3:arn", reads),
        _use_key("ReceiveUnderKey", _READ_KEY, "sqs", "aws:sqs:arn", [arn(f"{words}Queue")]),
        _use_key("SendUnderKey", _WRITE_KEY, "sqs", "aws:sqs:arn", [arn(f"{words}DeadLetters")]),
    ]
    if puts:
        made.append(_use_key("PutUnderKey", _WRITE_KEY, "s3", "aws:s3:arn", puts))
    if words in _PUBLISHING:
        topic = [{"Ref": f"{words}Topic"}]
        made.append(_use_key("PublishUnderKey", _WRITE_KEY, "sns", "aws:sns:topicArn", topic))
    return made


def _use_key(sid: str, actions: list[str], service: str, name: str, values: list[Template]) -> Template:
    # kms:ViaService: AWS KMS Developer Guide, "AWS KMS condition keys". The contexts: Amazon S3 User Guide,
    # "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys" (the bucket's ARN); SQS's and SNS's pages on
    # key management
    condition = {
        "kms:ViaService": sub(f"{service}.${{AWS::Region}}.amazonaws.com"),
        f"kms:EncryptionContext:{name}": values,
    }
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": arn(KEY),
        "Condition": {"StringEquals": condition},
    }


def _key() -> Template:
    """Return the key: the account's own policies decide, and three services work for this pipeline alone."""
    topics = [
        sub(f"arn:${{AWS::Partition}}:sns:${{AWS::Region}}:${{AWS::AccountId}}:${{AWS::StackName}}_{node}")
        for node, words in _NODES.items()
        if words in _PUBLISHING
    ]
    logs = [
        sub(
            "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:"
            f"/lakenb/${{AWS::StackName}}/{node}"
        )
        for node in _NODES
    ]
    bucket = sub("arn:${AWS::Partition}:s3:::kept-inbox-${AWS::AccountId}-${AWS::Region}")
    root = sub("arn:${AWS::Partition}:iam::${AWS::AccountId}:root")
    policy = [
        _allow("AccountDecides", {"AWS": root}, "kms:*"),
        _deliver("SnsDelivers", "sns.amazonaws.com", topics),
        _deliver("S3Notifies", "s3.amazonaws.com", [bucket]),
        # CloudWatch Logs User Guide, "Encrypt log data in CloudWatch Logs using AWS KMS"
        _allow(
            "LogsEncrypts",
            {"Service": sub("logs.${AWS::Region}.amazonaws.com")},
            ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
            {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": logs}},
        ),
    ]
    return {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": policy},
        },
        "DeletionPolicy": "RetainExceptOnCreate",
        "UpdateReplacePolicy": "Retain",
    }


def _deliver(sid: str, service: str, sources: list[Template]) -> Template:
    # Amazon SQS Developer Guide, "Key management", compatibility between event sources and encrypted queues
    condition = {
        "ArnEquals": {"aws:SourceArn": sources},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }
    return _allow(sid, {"Service": service}, ["kms:GenerateDataKey", "kms:Decrypt"], condition)


def _allow(
    sid: str, principal: Template, action: str | list[str], condition: Template | None = None
) -> Template:
    made = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return made if condition is None else made | {"Condition": condition}


def _network_interfaces() -> Template:
    # AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC": the Lambda
    # service attaches the function with the function's role, and AWS wants all resources here
    names = (
        "CreateNetworkInterface",
        "DescribeNetworkInterfaces",
        "DescribeSubnets",
        "DeleteNetworkInterface",
        "AssignPrivateIpAddresses",
        "UnassignPrivateIpAddresses",
    )
    actions = [f"ec2:{name}" for name in names]
    return {"Sid": "AttachToVpc", "Effect": "Allow", "Action": actions, "Resource": "*"}


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
    objects = [{"Fn::Join": ["", [arn(bucket), "/*"]]} for bucket in _BUCKETS]
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
