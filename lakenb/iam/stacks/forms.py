"""How each type of resource is named: its name, its ARN, and what ``Ref`` and ``Fn::GetAtt`` return.

Pages: AWS CloudFormation Template Reference, "Return values" of each resource type; Service Authorization
Reference, "Resource types" of each service, for the ARNs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Form:
    """How a type of resource is named.

    The texts are formats: ``{name}``, ``{arn}``, ``{path}`` (IAM's, with its slashes), ``{group}`` (of a
    schedule), ``{hash}`` (twelve hexadecimal digits), ``{hex}`` (seventeen), ``{uuid}``, and ``{partition}``,
    ``{region}``, ``{account}``, ``{suffix}`` of the deployment.

    Parameters
    ----------
    given_by
        The property that gives the name; empty where none does.
    made
        The name where the template gives none.
    ref
        What ``Ref`` returns.
    arn
        The ARN; empty for a type without one.
    attributes
        What ``Fn::GetAtt`` returns; ``Arn`` is `arn` unless it stands here.
    letters
        The letters that a name can have, as the inside of a character class.
    """

    given_by: str = ""
    made: str = "{slug}-{hash}"
    ref: str = "{name}"
    arn: str = ""
    attributes: Mapping[str, str] = field(default_factory=lambda: _NONE)
    letters: str = "A-Za-z0-9._-"

    @property
    def made_letters(self) -> str:
        """Letters of names that CloudFormation makes: of the stack's name, the logical id and digits.

        Page: AWS CloudFormation Template Reference, "Name type".
        """
        return "A-Za-z0-9-" if "A-Z" in self.letters else "a-z0-9-"


def regional(service: str, rest: str) -> str:
    """Return the format of an ARN of a region and account."""
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"


def _iam(rest: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{rest}{{path}}{{name}}"


def _id(prefix: str, arn: str = "", **attributes: str) -> Form:
    """Return the form of a type whose resources have ids such as ``vpc-0123456789abcdef0``."""
    return Form(made=f"{prefix}-{{hex}}", arn=arn, attributes=attributes)


FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "AWS::S3::Bucket": Form(
            "BucketName",
            "{low}-{hash}",
            arn="arn:{partition}:s3:::{name}",
            letters="a-z0-9.-",
            attributes={
                "DomainName": "{name}.s3.{suffix}",
                "RegionalDomainName": "{name}.s3.{region}.{suffix}",
                "DualStackDomainName": "{name}.s3.dualstack.{region}.{suffix}",
                "WebsiteURL": "http://{name}.s3-website-{region}.{suffix}",
            },
        ),
        "AWS::S3::AccessPoint": Form(
            "Name",
            "{low}-{hash}",
            arn=regional("s3", "accesspoint/{name}"),
            letters="a-z0-9-",
            attributes={"Name": "{name}"},
        ),
        "AWS::SQS::Queue": Form(
            "QueueName",
            ref="https://sqs.{region}.{suffix}/{account}/{name}",
            arn=regional("sqs", "{name}"),
            attributes={
                "QueueName": "{name}",
                "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}",
            },
        ),
        "AWS::SNS::Topic": Form(
            "TopicName",
            ref=regional("sns", "{name}"),
            arn=regional("sns", "{name}"),
            attributes={"TopicArn": regional("sns", "{name}"), "TopicName": "{name}"},
        ),
        "AWS::SNS::Subscription": Form(
            ref=regional("sns", "{name}:{uuid}"), arn=regional("sns", "{name}:{uuid}"), attributes={}
        ),
        "AWS::Lambda::Function": Form("FunctionName", arn=regional("lambda", "function:{name}")),
        "AWS::Serverless::Function": Form("FunctionName", arn=regional("lambda", "function:{name}")),
        "AWS::Serverless::SimpleTable": Form("TableName", arn=regional("dynamodb", "table/{name}")),
        "AWS::Lambda::Version": Form(
            ref="{function}:1", arn="{function}:1", attributes={"FunctionArn": "{function}:1", "Version": "1"}
        ),
        "AWS::Lambda::Alias": Form(
            "Name",
            ref="{function}:{name}",
            arn="{function}:{name}",
            attributes={"AliasArn": "{function}:{name}"},
        ),
        "AWS::Lambda::Url": Form(
            ref="{function}",
            attributes={
                "FunctionArn": "{function}",
                "FunctionUrl": "https://{hash}.lambda-url.{region}.on.aws/",
            },
        ),
        "AWS::Lambda::LayerVersion": Form(
            "LayerName", ref=regional("lambda", "layer:{name}:1"), arn=regional("lambda", "layer:{name}:1")
        ),
        "AWS::Lambda::EventSourceMapping": Form(
            made="{uuid}", arn=regional("lambda", "event-source-mapping:{name}"), attributes={"Id": "{name}"}
        ),
        "AWS::Lambda::Permission": Form(attributes={"Id": "{name}"}),
        "AWS::IAM::Role": Form(
            "RoleName", arn=_iam("role"), attributes={"RoleId": "AROA{upper}"}, letters="A-Za-z0-9+=,.@_-"
        ),
        "AWS::IAM::User": Form("UserName", arn=_iam("user"), letters="A-Za-z0-9+=,.@_-"),
        "AWS::IAM::Group": Form("GroupName", arn=_iam("group"), letters="A-Za-z0-9+=,.@_-"),
        "AWS::IAM::ManagedPolicy": Form(
            "ManagedPolicyName",
            ref=_iam("policy"),
            arn=_iam("policy"),
            attributes={"PolicyArn": _iam("policy")},
            letters="A-Za-z0-9+=,.@_-",
        ),
        "AWS::IAM::InstanceProfile": Form("InstanceProfileName", arn=_iam("instance-profile")),
        "AWS::IAM::OIDCProvider": Form(
            ref="arn:{partition}:iam::{account}:oidc-provider/{name}",
            arn="arn:{partition}:iam::{account}:oidc-provider/{name}",
        ),
        "AWS::IAM::SAMLProvider": Form(
            "Name",
            ref="arn:{partition}:iam::{account}:saml-provider/{name}",
            arn="arn:{partition}:iam::{account}:saml-provider/{name}",
        ),
        "AWS::KMS::Key": Form(
            made="{uuid}", arn=regional("kms", "key/{name}"), attributes={"KeyId": "{name}"}
        ),
        "AWS::KMS::ReplicaKey": Form(
            made="{uuid}", arn=regional("kms", "key/{name}"), attributes={"KeyId": "{name}"}
        ),
        "AWS::KMS::Alias": Form("AliasName", "alias/{slug}-{hash}", arn=regional("kms", "{name}")),
        "AWS::Logs::LogGroup": Form(
            "LogGroupName",
            arn=regional("logs", "log-group:{name}"),
            letters="A-Za-z0-9._/#-",
            attributes={"Arn": regional("logs", "log-group:{name}:*")},
        ),
        "AWS::Logs::LogStream": Form("LogStreamName"),
        "AWS::DynamoDB::Table": Form(
            "TableName",
            arn=regional("dynamodb", "table/{name}"),
            attributes={
                "StreamArn": regional("dynamodb", "table/{name}/stream/2020-01-01T00:00:00.000"),
                "TableId": "{uuid}",
            },
        ),
        "AWS::DynamoDB::GlobalTable": Form(
            "TableName",
            arn=regional("dynamodb", "table/{name}"),
            attributes={
                "StreamArn": regional("dynamodb", "table/{name}/stream/2020-01-01T00:00:00.000"),
                "TableId": "{uuid}",
            },
        ),
        "AWS::EFS::FileSystem": _id(
            "fs", regional("elasticfilesystem", "file-system/{name}"), FileSystemId="{name}"
        ),
        "AWS::EFS::AccessPoint": _id(
            "fsap", regional("elasticfilesystem", "access-point/{name}"), AccessPointId="{name}"
        ),
        "AWS::EFS::MountTarget": _id("fsmt", Id="{name}"),
        "AWS::SecretsManager::Secret": Form(
            "Name",
            ref=regional("secretsmanager", "secret:{name}-{six}"),
            arn=regional("secretsmanager", "secret:{name}-{six}"),
            attributes={"Id": regional("secretsmanager", "secret:{name}-{six}")},
            letters="A-Za-z0-9/_+=.@-",
        ),
        "AWS::SSM::Parameter": Form(
            "Name",
            arn=regional("ssm", "parameter/{bare}"),
            letters="A-Za-z0-9._/-",
            attributes={"Type": "String"},
        ),
        "AWS::StepFunctions::StateMachine": Form(
            "StateMachineName",
            ref=regional("states", "stateMachine:{name}"),
            arn=regional("states", "stateMachine:{name}"),
            attributes={"Name": "{name}"},
        ),
        "AWS::StepFunctions::Activity": Form(
            "Name",
            ref=regional("states", "activity:{name}"),
            arn=regional("states", "activity:{name}"),
            attributes={"Name": "{name}"},
        ),
        "AWS::Events::Rule": Form("Name", arn=regional("events", "rule/{name}")),
        "AWS::Events::EventBus": Form(
            "Name", arn=regional("events", "event-bus/{name}"), attributes={"Name": "{name}"}
        ),
        "AWS::Scheduler::Schedule": Form("Name", arn=regional("scheduler", "schedule/{group}/{name}")),
        "AWS::Scheduler::ScheduleGroup": Form("Name", arn=regional("scheduler", "schedule-group/{name}")),
        "AWS::ECR::Repository": Form(
            "RepositoryName",
            "{low}-{hash}",
            arn=regional("ecr", "repository/{name}"),
            letters="a-z0-9._/-",
            attributes={"RepositoryUri": "{account}.dkr.ecr.{region}.{suffix}/{name}"},
        ),
        "AWS::ECS::Cluster": Form("ClusterName", arn=regional("ecs", "cluster/{name}")),
        "AWS::ECS::TaskDefinition": Form(
            "Family",
            ref=regional("ecs", "task-definition/{name}:1"),
            arn=regional("ecs", "task-definition/{name}:1"),
        ),
        "AWS::EC2::VPC": _id(
            "vpc",
            regional("ec2", "vpc/{name}"),
            VpcId="{name}",
            DefaultSecurityGroup="sg-{hex}",
            DefaultNetworkAcl="acl-{hex}",
        ),
        "AWS::EC2::Subnet": _id("subnet", regional("ec2", "subnet/{name}"), SubnetId="{name}"),
        "AWS::EC2::SecurityGroup": _id(
            "sg", regional("ec2", "security-group/{name}"), GroupId="{name}", Id="{name}"
        ),
        "AWS::EC2::VPCEndpoint": _id("vpce", regional("ec2", "vpc-endpoint/{name}"), Id="{name}"),
        "AWS::EC2::Instance": _id("i", regional("ec2", "instance/{name}"), InstanceId="{name}"),
        "AWS::EC2::RouteTable": _id("rtb", RouteTableId="{name}"),
        "AWS::EC2::InternetGateway": _id("igw", InternetGatewayId="{name}"),
        "AWS::EC2::NatGateway": _id("nat", NatGatewayId="{name}"),
        "AWS::EC2::EIP": Form(made="203.0.113.7", attributes={"AllocationId": "eipalloc-{hex}"}),
        "AWS::Kinesis::Stream": Form("Name", arn=regional("kinesis", "stream/{name}")),
        "AWS::KinesisFirehose::DeliveryStream": Form(
            "DeliveryStreamName", arn=regional("firehose", "deliverystream/{name}")
        ),
        "AWS::ApiGateway::RestApi": Form(
            made="{hash}",
            arn="arn:{partition}:apigateway:{region}::/restapis/{name}",
            attributes={"RestApiId": "{name}", "RootResourceId": "r{hash}"},
        ),
        "AWS::ApiGatewayV2::Api": Form(
            made="{hash}",
            arn="arn:{partition}:apigateway:{region}::/apis/{name}",
            attributes={"ApiId": "{name}", "ApiEndpoint": "https://{name}.execute-api.{region}.{suffix}"},
        ),
        "AWS::CodeBuild::Project": Form("Name", arn=regional("codebuild", "project/{name}")),
        "AWS::CodePipeline::Pipeline": Form("Name", arn=regional("codepipeline", "{name}")),
        "AWS::RDS::DBInstance": Form(
            "DBInstanceIdentifier", "{low}-{hash}", arn=regional("rds", "db:{name}"), letters="a-z0-9-"
        ),
        "AWS::RDS::DBCluster": Form(
            "DBClusterIdentifier", "{low}-{hash}", arn=regional("rds", "cluster:{name}"), letters="a-z0-9-"
        ),
        "AWS::Cognito::UserPool": Form(
            made="{region}_{hash}", arn=regional("cognito-idp", "userpool/{name}")
        ),
        "AWS::CloudWatch::Alarm": Form("AlarmName", arn=regional("cloudwatch", "alarm:{name}")),
        "AWS::CloudFormation::Stack": Form(
            ref=regional("cloudformation", "stack/{name}/{uuid}"),
            arn=regional("cloudformation", "stack/{name}/{uuid}"),
        ),
    }
)
"""By CloudFormation type. A type that is not among them has made-up texts (`form_of`)."""

_FIFO = {"AWS::SQS::Queue": "FifoQueue", "AWS::SNS::Topic": "FifoTopic"}


@lru_cache(maxsize=1024)
def form_of(kind: str) -> Form:
    """Return how a type is named; for one that is not known, a form whose texts are all made up."""
    found = FORMS.get(kind)
    if found is not None:
        return found
    return Form("", "{slug}-{hash}")


def fifo_property(kind: str) -> str:
    """Return the property that makes a name end in ``.fifo``; empty for other types."""
    return _FIFO.get(kind, "")
