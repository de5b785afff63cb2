"""Templates that several tests read."""

from __future__ import annotations

from typing import Any

VERSION = "2012-10-17"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": VERSION, "Statement": list(statements)}


def allow(action: Any, resource: Any = None, **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, **more}
    return statement if resource is None else {**statement, "Resource": resource}


TRUST = document(allow("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))


def role(*statements: dict[str, Any], **properties: Any) -> dict[str, Any]:
    """Return a role with one inline policy."""
    inline = [{"PolicyName": "own", "PolicyDocument": document(*statements)}] if statements else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": inline, **properties},
    }


def bucket(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::S3::Bucket", "Properties": properties}


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": kind, "Properties": properties}


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    return {"Resources": resources, **sections}


def ref(name: str) -> dict[str, str]:
    return {"Ref": name}


def att(logical_id: str, name: str = "Arn") -> dict[str, list[str]]:
    return {"Fn::GetAtt": [logical_id, name]}


def sub(text: str, **values: Any) -> dict[str, Any]:
    return {"Fn::Sub": [text, values] if values else text}


def many_things() -> dict[str, Any]:
    """Return a template with nearly everything that a template can hold."""
    return template(
        {
            "Store": bucket(
                BucketName={"Fn::If": ["IsProd", sub("${AWS::StackName}-store"), ref("AWS::NoValue")]}
            ),
            "StorePolicy": resource(
                "AWS::S3::BucketPolicy",
                Bucket=ref("Store"),
                PolicyDocument=document(
                    allow("s3:GetObject", sub("${Store.Arn}/*"), Principal={"AWS": att("Reader")}),
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "s3:*",
                        "Resource": [att("Store"), sub("${Store.Arn}/*")],
                        "Condition": {"Bool": {"aws:SecureTransport": False}},
                    },
                ),
            ),
            "Work": resource("AWS::SQS::Queue", QueueName={"Fn::Join": ["-", ["work", ref("Stage")]]}),
            "WorkPolicy": resource(
                "AWS::SQS::QueuePolicy",
                Queues=[ref("Work")],
                PolicyDocument=document(
                    allow(
                        "sqs:SendMessage",
                        att("Work"),
                        Principal={"Service": "sns.amazonaws.com"},
                        Condition={"ArnEquals": {"aws:SourceArn": ref("News")}},
                    )
                ),
            ),
            "News": resource("AWS::SNS::Topic"),
            "Key": resource(
                "AWS::KMS::Key", KeyPolicy=document(allow("kms:*", "*", Principal={"AWS": att("Reader")}))
            ),
            "Reader": role(
                allow(["s3:Get*", "s3:List*"], [att("Store"), sub("${Store.Arn}/in/*")]),
                allow("sqs:*", {"Fn::Select": [0, [att("Work"), "*"]]}),
                ManagedPolicyArns=[ref("Shared"), "arn:aws:iam::aws:policy/ReadOnlyAccess"],
                PermissionsBoundary=ref("Ceiling"),
            ),
            "Shared": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(allow("logs:*", "*"))),
            "Ceiling": resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(allow("*", "*"))),
            "More": resource(
                "AWS::IAM::Policy",
                PolicyName="more",
                Roles=[ref("Reader")],
                PolicyDocument=document(allow("dynamodb:*", {"Fn::ImportValue": "table"})),
            ),
            "Ada": resource("AWS::IAM::User", Groups=[ref("Staff")]),
            "Staff": resource(
                "AWS::IAM::Group",
                Policies=[{"PolicyName": "p", "PolicyDocument": document(allow("s3:*", "*"))}],
            ),
            "Doer": resource(
                "AWS::Lambda::Function", Role=att("Reader"), Code={"ZipFile": {"Fn::Base64": "x"}}
            ),
            "DoerDoor": resource(
                "AWS::Lambda::Permission",
                FunctionName=att("Doer"),
                Action="lambda:InvokeFunction",
                Principal="s3.amazonaws.com",
                SourceArn=att("Store"),
                SourceAccount=ref("AWS::AccountId"),
            ),
            "Net": resource("AWS::EC2::VPC", CidrBlock={"Fn::FindInMap": ["Nets", "dev", "range"]}),
            "Part": resource(
                "AWS::EC2::Subnet",
                VpcId=ref("Net"),
                CidrBlock={"Fn::Select": ["1", {"Fn::Cidr": ["10.0.0.0/16", 4, 8]}]},
                AvailabilityZone={"Fn::Select": [0, {"Fn::GetAZs": ""}]},
            ),
            "Door": resource(
                "AWS::EC2::VPCEndpoint",
                VpcId=ref("Net"),
                ServiceName=sub("com.amazonaws.${AWS::Region}.s3"),
                PolicyDocument=document(allow("s3:*", "*", Principal="*")),
            ),
            "Words": resource(
                "AWS::SecretsManager::Secret", Name={"Fn::Select": [1, {"Fn::Split": ["/", "a/b"]}]}
            ),
        },
        Parameters={
            "Stage": {"Type": "String", "Default": "dev"},
            "Names": {"Type": "CommaDelimitedList", "Default": "a,b"},
        },
        Mappings={"Nets": {"dev": {"range": "10.0.0.0/16"}}},
        Conditions={
            "IsProd": {"Fn::Equals": [ref("Stage"), "prod"]},
            "IsOther": {
                "Fn::Not": [{"Fn::Or": [{"Condition": "IsProd"}, {"Fn::Equals": [ref("Stage"), "dev"]}]}]
            },
        },
        Outputs={"Where": {"Value": att("Store"), "Export": {"Name": "where"}}},
    )
