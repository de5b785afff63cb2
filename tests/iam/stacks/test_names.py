from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from tests.iam.stacks.templates import att, bucket, ref, resource, template

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

HERE = "eu-west-1:111122223333"


def world_of(**resources: Any) -> World:
    [world] = worlds(
        source(template(resources)), account="111122223333", region="eu-west-1", stack_name="Shop"
    )
    return world


@pytest.mark.parametrize(
    ("kind", "properties", "shown", "arn"),
    [
        ("S3::Bucket", {"BucketName": "b"}, "b", "arn:aws:s3:::b"),
        (
            "SQS::Queue",
            {"QueueName": "q"},
            "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
            f"arn:aws:sqs:{HERE}:q",
        ),
        ("SNS::Topic", {"TopicName": "t"}, f"arn:aws:sns:{HERE}:t", f"arn:aws:sns:{HERE}:t"),
        ("Lambda::Function", {"FunctionName": "f"}, "f", f"arn:aws:lambda:{HERE}:function:f"),
        (
            "Lambda::Version",
            {"FunctionName": "f"},
            f"arn:aws:lambda:{HERE}:function:f:1",
            f"arn:aws:lambda:{HERE}:function:f:1",
        ),
        (
            "Lambda::Alias",
            {"FunctionName": "f", "Name": "live"},
            f"arn:aws:lambda:{HERE}:function:f:live",
            f"arn:aws:lambda:{HERE}:function:f:live",
        ),
        ("IAM::Role", {"RoleName": "r"}, "r", "arn:aws:iam::111122223333:role/r"),
        ("IAM::Role", {"RoleName": "r", "Path": "/a/b/"}, "r", "arn:aws:iam::111122223333:role/a/b/r"),
        ("IAM::User", {"UserName": "u"}, "u", "arn:aws:iam::111122223333:user/u"),
        ("IAM::Group", {"GroupName": "g"}, "g", "arn:aws:iam::111122223333:group/g"),
        (
            "IAM::ManagedPolicy",
            {"ManagedPolicyName": "p"},
            "arn:aws:iam::111122223333:policy/p",
            "arn:aws:iam::111122223333:policy/p",
        ),
        ("KMS::Alias", {"AliasName": "alias/k"}, "alias/k", f"arn:aws:kms:{HERE}:alias/k"),
        ("Logs::LogGroup", {"LogGroupName": "/a/b"}, "/a/b", f"arn:aws:logs:{HERE}:log-group:/a/b"),
        ("DynamoDB::Table", {"TableName": "t"}, "t", f"arn:aws:dynamodb:{HERE}:table/t"),
        ("SSM::Parameter", {"Name": "/a/b"}, "/a/b", f"arn:aws:ssm:{HERE}:parameter/a/b"),
        (
            "StepFunctions::StateMachine",
            {"StateMachineName": "m"},
            f"arn:aws:states:{HERE}:stateMachine:m",
            f"arn:aws:states:{HERE}:stateMachine:m",
        ),
        ("Events::Rule", {"Name": "r"}, "r", f"arn:aws:events:{HERE}:rule/r"),
        ("Scheduler::Schedule", {"Name": "s"}, "s", f"arn:aws:scheduler:{HERE}:schedule/default/s"),
        (
            "Scheduler::Schedule",
            {"Name": "s", "GroupName": "g"},
            "s",
            f"arn:aws:scheduler:{HERE}:schedule/g/s",
        ),
        ("ECR::Repository", {"RepositoryName": "r"}, "r", f"arn:aws:ecr:{HERE}:repository/r"),
        ("Kinesis::Stream", {"Name": "s"}, "s", f"arn:aws:kinesis:{HERE}:stream/s"),
    ],
)
def test_a_resource_that_has_a_name(kind: str, properties: dict[str, Any], shown: str, arn: str) -> None:
    found = world_of(It=resource(f"AWS::{kind}", **properties)).resources["It"]
    assert (found.ref, found.arn) == (shown, arn)


@pytest.mark.parametrize(
    ("kind", "attribute", "form"),
    [
        ("SQS::Queue", "QueueName", r"It-[0-9a-f]{12}"),
        ("SNS::Topic", "TopicArn", rf"arn:aws:sns:{HERE}:It-[0-9a-f]{{12}}"),
        ("Logs::LogGroup", "Arn", rf"arn:aws:logs:{HERE}:log-group:It-[0-9a-f]{{12}}:\*"),
        ("DynamoDB::Table", "StreamArn", rf"arn:aws:dynamodb:{HERE}:table/It-[0-9a-f]{{12}}/stream/.+"),
        ("KMS::Key", "KeyId", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("EFS::AccessPoint", "Arn", rf"arn:aws:elasticfilesystem:{HERE}:access-point/fsap-[0-9a-f]{{17}}"),
        ("EC2::VPC", "VpcId", r"vpc-[0-9a-f]{17}"),
        (
            "SecretsManager::Secret",
            "Id",
            rf"arn:aws:secretsmanager:{HERE}:secret:It-[0-9a-f]{{12}}-[0-9a-f]{{6}}",
        ),
        ("New::Thing", "Arn", rf"arn:aws:new:{HERE}:It-Arn-[0-9a-f]{{12}}"),
        ("New::Thing", "Endpoint", r"It-Endpoint-[0-9a-f]{12}"),
    ],
)
def test_an_attribute_of_a_resource_that_has_no_name(kind: str, attribute: str, form: str) -> None:
    world = world_of(
        It=resource(f"AWS::{kind}"), Here=resource("AWS::Any::Thing", Value=att("It", attribute))
    )
    assert re.fullmatch(form, world.resources["Here"].properties["Value"])


def test_a_made_up_name_is_the_same_in_every_template_and_shown_as_the_logical_id() -> None:
    one = world_of(Store=bucket())
    other = world_of(Store=bucket(), More=bucket())
    assert one.resources["Store"].arn == other.resources["Store"].arn
    assert other.resources["Store"].arn != other.resources["More"].arn
    assert one.shown(f"{one.resources['Store'].arn}/x") == "arn:aws:s3:::${Store}/x"


def test_a_made_up_bucket_has_a_name_that_buckets_can_have() -> None:
    name = world_of(TheStore=bucket()).resources["TheStore"].ref
    assert re.fullmatch(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", name)


def test_a_made_up_queue_is_a_fifo_where_it_says_so() -> None:
    assert world_of(It=resource("AWS::SQS::Queue", FifoQueue=True)).resources["It"].ref.endswith(".fifo")


def test_the_made_up_account_is_none_of_the_template() -> None:
    [plain] = worlds(source(template({"Store": bucket()})))
    [other] = worlds(source(template({"Store": bucket(BucketName=f"b-{plain.account}")})))
    assert other.account != plain.account
    assert f"The stack's account is none that the template names ({plain.account})." in other.assumptions


def test_names_of_what_is_deployed_are_taken_over() -> None:
    things = {
        "Store": bucket(),
        "Work": resource("AWS::SQS::Queue"),
        "News": resource("AWS::SNS::Topic"),
        "Here": resource("AWS::Any::Thing", Value=[att("Store"), att("Work"), att("News", "TopicName")]),
    }
    physical = {
        "Store": "shop-store-x1",
        "Work": "https://sqs.eu-west-1.amazonaws.com/444455556666/shop-work",
        "News": "arn:aws:sns:eu-west-1:444455556666:shop-news",
    }
    [world] = worlds(source(template(things)), physical=physical)
    assert world.account == "444455556666"
    assert world.resources["Here"].properties["Value"] == [
        "arn:aws:s3:::shop-store-x1",
        "arn:aws:sqs:eu-west-1:444455556666:shop-work",
        "shop-news",
    ]
    assert world.resources["Work"].ref == physical["Work"]


def test_a_name_that_is_not_known_is_made_up() -> None:
    world = world_of(Store=bucket(BucketName={"Fn::ImportValue": "name"}))
    assert re.fullmatch(r"arn:aws:s3:::store-[0-9a-f]{12}", world.resources["Store"].arn)
    assert [each.where for each in world.unresolved] == ["Properties.BucketName"]


def test_the_partition_is_that_of_the_region() -> None:
    [world] = worlds(source(template({"Store": bucket(BucketName="b")})), region="cn-north-1")
    assert (world.partition, world.resources["Store"].arn) == ("aws-cn", "arn:aws-cn:s3:::b")


def test_a_queue_whose_name_is_another_resources_follows_it() -> None:
    world = world_of(Store=bucket(BucketName="b"), Work=resource("AWS::SQS::Queue", QueueName=ref("Store")))
    assert world.resources["Work"].arn == f"arn:aws:sqs:{HERE}:b"


def test_a_deployed_managed_policy_is_the_one_that_roles_name() -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    things = {
        "More": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document}},
        "Apart": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"PolicyDocument": document, "Path": "/team/"},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {"Statement": []},
                "ManagedPolicyArns": [{"Ref": "More"}, {"Ref": "Apart"}],
            },
        },
    }
    physical = {
        "More": "arn:aws:iam::111122223333:policy/stack-More-1A2B",
        "Apart": "arn:aws:iam::111122223333:policy/team/stack-Apart-1A2B",
    }
    [world] = worlds(source(template(things)), physical=physical, account="111122223333")
    assert world.resources["More"].arn == physical["More"]
    assert world.resources["Apart"].arn == physical["Apart"]
    assert len(world.identities["Role"].policies) == 2
    assert world.unresolved == ()
