"""Who carries which policies and what guards what: each permission with the denial beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.evaluator import evaluate
from lakenb.iam.policies import PolicyKind
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from tests.iam.stacks.templates import allow, att, bucket, document, ref, resource, role, sub, template

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

ACCOUNT = "111122223333"
OTHER = "arn:aws:iam::444455556666:role/other"
ALLOWED, DENIED, REFUSED = Decision.ALLOWED, Decision.IMPLICITLY_DENIED, Decision.EXPLICITLY_DENIED


def world_of(resources: dict[str, Any], **sections: Any) -> World:
    [world] = worlds(source(template(resources, **sections)), account=ACCOUNT)
    assert world.unresolved == ()
    return world


def decided(world: World, who: str, action: str, on: str, **context: Any) -> Decision:
    """Decide for an identity of the world by logical id, or for a principal's name."""
    identity = world.identities.get(who)
    asks: Any = identity.arn if identity is not None else who
    asked = request(
        {"Service": asks} if asks.endswith(".amazonaws.com") else asks, action, on, context=context
    )
    return evaluate(asked, world.in_force(identity, on))


@pytest.mark.parametrize(
    "extra",
    [
        {"Reader": role(allow("s3:GetObject", sub("${Store.Arn}/*")))},
        {
            "Reader": role(),
            "More": resource(
                "AWS::IAM::Policy",
                PolicyName="more",
                Roles=[ref("Reader")],
                PolicyDocument=document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
            ),
        },
        {
            "Reader": role(),
            "More": resource(
                "AWS::IAM::RolePolicy",
                PolicyName="more",
                RoleName=ref("Reader"),
                PolicyDocument=document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
            ),
        },
        {
            "Reader": role(ManagedPolicyArns=[ref("More")]),
            "More": resource(
                "AWS::IAM::ManagedPolicy",
                PolicyDocument=document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
            ),
        },
        {
            "Reader": role(),
            "More": resource(
                "AWS::IAM::ManagedPolicy",
                Roles=[ref("Reader")],
                PolicyDocument=document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
            ),
        },
        {
            "Reader": resource("AWS::IAM::User", Groups=[ref("Staff")]),
            "Staff": resource(
                "AWS::IAM::Group",
                Policies=[
                    {
                        "PolicyName": "p",
                        "PolicyDocument": document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
                    }
                ],
            ),
        },
        {
            "Reader": resource("AWS::IAM::User"),
            "Staff": resource("AWS::IAM::Group"),
            "Joined": resource(
                "AWS::IAM::UserToGroupAddition", GroupName=ref("Staff"), Users=[ref("Reader")]
            ),
            "More": resource(
                "AWS::IAM::GroupPolicy",
                PolicyName="more",
                GroupName=ref("Staff"),
                PolicyDocument=document(allow("s3:GetObject", sub("${Store.Arn}/*"))),
            ),
        },
        {
            "Reader": role(),
            "Guard": resource(
                "AWS::S3::BucketPolicy",
                Bucket=ref("Store"),
                PolicyDocument=document(
                    allow("s3:GetObject", sub("${Store.Arn}/*"), Principal={"AWS": att("Reader")})
                ),
            ),
        },
    ],
)
def test_a_grant_counts_wherever_it_stands(extra: dict[str, Any]) -> None:
    world = world_of({"Store": bucket(), "Other": bucket(), "Nobody": role(), **extra})
    inside = f"{world.resources['Store'].arn}/a"
    assert decided(world, "Reader", "s3:GetObject", inside) is ALLOWED
    assert decided(world, "Reader", "s3:PutObject", inside) is DENIED
    assert decided(world, "Reader", "s3:GetObject", f"{world.resources['Other'].arn}/a") is DENIED
    assert decided(world, "Nobody", "s3:GetObject", inside) is DENIED


def test_a_policy_that_is_attached_from_both_ends_is_there_once() -> None:
    shared = resource(
        "AWS::IAM::ManagedPolicy", Roles=[ref("Reader")], PolicyDocument=document(allow("s3:*", "*"))
    )
    world = world_of({"Reader": role(ManagedPolicyArns=[ref("Shared")]), "Shared": shared})
    assert [each.label for each in world.identities["Reader"].policies] == ["Shared.PolicyDocument"]


def test_a_policy_of_aws_is_known() -> None:
    basic = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
    world = world_of(
        {
            "Reader": role(
                ManagedPolicyArns=[
                    sub("arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
                ]
            )
        }
    )
    assert [each.label for each in world.identities["Reader"].policies] == [basic]
    assert (
        decided(
            world,
            "Reader",
            "logs:PutLogEvents",
            "arn:aws:logs:eu-west-1:111122223333:log-group:a:log-stream:b",
        )
        is ALLOWED
    )
    assert decided(world, "Reader", "s3:GetObject", "arn:aws:s3:::b/k") is DENIED


def test_a_boundary_is_a_ceiling() -> None:
    ceiling = resource("AWS::IAM::ManagedPolicy", PolicyDocument=document(allow("s3:Get*", "*")))
    world = world_of(
        {"Reader": role(allow("s3:*", "*"), PermissionsBoundary=ref("Ceiling")), "Ceiling": ceiling}
    )
    assert [each.kind for each in world.identities["Reader"].boundaries] == [PolicyKind.BOUNDARY]
    assert decided(world, "Reader", "s3:GetObject", "arn:aws:s3:::b/k") is ALLOWED
    assert decided(world, "Reader", "s3:PutObject", "arn:aws:s3:::b/k") is DENIED


def test_a_queue_and_a_topic_are_guarded_by_their_policies() -> None:
    world = world_of(
        {
            "Work": resource("AWS::SQS::Queue"),
            "Idle": resource("AWS::SQS::Queue"),
            "News": resource("AWS::SNS::Topic"),
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
            "NewsPolicy": resource(
                "AWS::SNS::TopicPolicy",
                Topics=[ref("News")],
                PolicyDocument=document(
                    allow("sns:Publish", ref("News"), Principal={"Service": "s3.amazonaws.com"})
                ),
            ),
        }
    )
    work, news = world.resources["Work"].arn, world.resources["News"].arn
    asks = "sns.amazonaws.com"
    assert decided(world, asks, "sqs:SendMessage", work, **{"aws:SourceArn": news}) is ALLOWED
    assert decided(world, asks, "sqs:SendMessage", work, **{"aws:SourceArn": work}) is DENIED
    assert (
        decided(world, asks, "sqs:SendMessage", world.resources["Idle"].arn, **{"aws:SourceArn": news})
        is DENIED
    )
    assert decided(world, "s3.amazonaws.com", "sns:Publish", news) is ALLOWED
    assert decided(world, "sqs.amazonaws.com", "sns:Publish", news) is DENIED


def test_a_key_without_a_policy_has_the_default_one() -> None:
    world = world_of(
        {"Key": resource("AWS::KMS::Key"), "User": role(allow("kms:Decrypt", att("Key"))), "Other": role()}
    )
    key = world.resources["Key"].arn
    assert decided(world, "User", "kms:Decrypt", key) is ALLOWED
    assert decided(world, "Other", "kms:Decrypt", key) is DENIED
    assert decided(world, OTHER, "kms:Decrypt", key) is DENIED


def test_a_file_system_without_a_policy_lets_whoever_reaches_it_do_everything() -> None:
    guarded = document(allow("elasticfilesystem:ClientMount", "*", Principal={"AWS": att("User")}))
    world = world_of(
        {
            "Open": resource("AWS::EFS::FileSystem"),
            "Guarded": resource("AWS::EFS::FileSystem", FileSystemPolicy=guarded),
            "User": role(),
        }
    )
    root = "elasticfilesystem:ClientRootAccess"
    by_target = {"elasticfilesystem:AccessedViaMountTarget": "true"}
    opened, closed = world.resources["Open"].arn, world.resources["Guarded"].arn
    assert decided(world, "anonymous", root, opened, **by_target) is ALLOWED
    assert decided(world, "User", root, opened, **by_target) is ALLOWED
    assert decided(world, "User", "elasticfilesystem:DeleteFileSystem", opened, **by_target) is DENIED
    assert decided(world, "anonymous", root, closed, **by_target) is DENIED
    assert decided(world, "User", "elasticfilesystem:ClientMount", closed) is ALLOWED


def test_a_key_that_does_not_trust_its_account_is_deaf_to_its_policies() -> None:
    policy = document(allow("kms:*", "*", Principal={"AWS": att("Owner")}))
    world = world_of(
        {
            "Key": resource("AWS::KMS::Key", KeyPolicy=policy),
            "Owner": role(),
            "User": role(allow("kms:*", "*")),
        }
    )
    key = world.resources["Key"].arn
    assert decided(world, "Owner", "kms:Decrypt", key) is ALLOWED
    assert decided(world, "User", "kms:Decrypt", key) is DENIED


@pytest.mark.parametrize("name", [ref("Doer"), att("Doer"), sub("${AWS::AccountId}:function:${Doer}")])
def test_permissions_of_a_function_are_merged_into_its_policy(name: Any) -> None:
    def door(principal: str, **more: Any) -> dict[str, Any]:
        return resource(
            "AWS::Lambda::Permission",
            FunctionName=name,
            Action="lambda:InvokeFunction",
            Principal=principal,
            **more,
        )

    world = world_of(
        {
            "Doer": resource("AWS::Lambda::Function"),
            "Store": bucket(),
            "ByStore": door("s3.amazonaws.com", SourceArn=att("Store"), SourceAccount=ref("AWS::AccountId")),
            "ByOthers": door("444455556666"),
        }
    )
    function, store = world.resources["Doer"].arn, world.resources["Store"].arn
    guard = world.guard(function)
    assert guard is not None
    assert [each.label for each in guard.statements] == ["ByStore statement 1", "ByOthers statement 1"]
    came = {"aws:SourceArn": store, "aws:SourceAccount": ACCOUNT}
    assert decided(world, "s3.amazonaws.com", "lambda:InvokeFunction", function, **came) is ALLOWED
    came["aws:SourceAccount"] = "444455556666"
    assert decided(world, "s3.amazonaws.com", "lambda:InvokeFunction", function, **came) is DENIED
    assert decided(world, "sns.amazonaws.com", "lambda:InvokeFunction", function) is DENIED


def test_a_function_url_that_is_open_is_open_to_anybody() -> None:
    world = world_of(
        {
            "Doer": resource("AWS::Lambda::Function"),
            "Open": resource(
                "AWS::Lambda::Permission",
                FunctionName=ref("Doer"),
                Action="lambda:InvokeFunctionUrl",
                Principal="*",
                FunctionUrlAuthType="NONE",
            ),
        }
    )
    function = world.resources["Doer"].arn
    asked = {"lambda:FunctionUrlAuthType": "NONE"}
    assert decided(world, "anonymous", "lambda:InvokeFunctionUrl", function, **asked) is ALLOWED
    assert decided(world, "anonymous", "lambda:InvokeFunctionUrl", function) is DENIED


@pytest.mark.parametrize(
    ("kind", "name", "action"),
    [
        ("AWS::ECR::Repository", "RepositoryPolicyText", "ecr:BatchGetImage"),
        ("AWS::EFS::FileSystem", "FileSystemPolicy", "elasticfilesystem:ClientMount"),
        ("AWS::KMS::Key", "KeyPolicy", "kms:Decrypt"),
    ],
)
def test_a_policy_inside_a_resource_guards_it(kind: str, name: str, action: str) -> None:
    policy = document(allow(action, "*", Principal={"AWS": att("User")}))
    world = world_of({"It": resource(kind, **{name: policy}), "User": role(), "Other": role()})
    assert decided(world, "User", action, world.resources["It"].arn) is ALLOWED
    assert decided(world, "Other", action, world.resources["It"].arn) is DENIED


@pytest.mark.parametrize(
    ("kind", "name", "action"),
    [
        ("AWS::ECR::Repository", "RepositoryPolicyText", "ecr:BatchGetImage"),
        ("AWS::EFS::FileSystem", "FileSystemPolicy", "elasticfilesystem:ClientMount"),
    ],
)
def test_a_policy_that_names_no_resource_is_about_what_carries_it(kind: str, name: str, action: str) -> None:
    policy = document(allow(action, Principal={"AWS": att("User")}))
    world = world_of({"It": resource(kind, **{name: policy}), "User": role(), "Other": role()})
    assert decided(world, "User", action, world.resources["It"].arn) is ALLOWED
    assert decided(world, "Other", action, world.resources["It"].arn) is DENIED


def test_tables_and_secrets_are_guarded_by_their_policies() -> None:
    def policy(action: str) -> dict[str, Any]:
        return document(allow(action, "*", Principal={"AWS": att("User")}))

    world = world_of(
        {
            "User": role(),
            "Other": role(),
            "Rows": resource(
                "AWS::DynamoDB::Table", ResourcePolicy={"PolicyDocument": policy("dynamodb:GetItem")}
            ),
            "Words": resource("AWS::SecretsManager::Secret"),
            "WordsPolicy": resource(
                "AWS::SecretsManager::ResourcePolicy",
                SecretId=ref("Words"),
                ResourcePolicy=policy("secretsmanager:GetSecretValue"),
            ),
        }
    )
    rows, words = world.resources["Rows"].arn, world.resources["Words"].arn
    assert decided(world, "User", "dynamodb:GetItem", rows) is ALLOWED
    assert decided(world, "Other", "dynamodb:GetItem", rows) is DENIED
    assert decided(world, "User", "secretsmanager:GetSecretValue", words) is ALLOWED
    assert decided(world, "Other", "secretsmanager:GetSecretValue", words) is DENIED


def test_a_policy_of_logs_is_a_text_and_guards_every_group_that_it_names() -> None:
    principal = {"Service": "es.amazonaws.com"}
    text = sub(json.dumps(document(allow("logs:PutLogEvents", "${Heard.Arn}", Principal=principal))))
    world = world_of(
        {
            "Heard": resource("AWS::Logs::LogGroup"),
            "Silent": resource("AWS::Logs::LogGroup"),
            "Open": resource("AWS::Logs::ResourcePolicy", PolicyName="p", PolicyDocument=text),
        }
    )
    for name, decision in (("Heard", ALLOWED), ("Silent", DENIED)):
        stream = f"{world.resources[name].arn}:log-stream:x"
        assert decided(world, "es.amazonaws.com", "logs:PutLogEvents", stream) is decision


def test_a_role_is_guarded_by_its_trust_policy() -> None:
    world = world_of({"Reader": role()})
    arn = world.resources["Reader"].arn
    guard = world.guard(arn)
    assert guard is not None
    assert guard is world.identities["Reader"].trust
    assert guard.kind is PolicyKind.TRUST
    assert decided(world, "lambda.amazonaws.com", "sts:AssumeRole", arn) is ALLOWED
    assert decided(world, "sns.amazonaws.com", "sts:AssumeRole", arn) is DENIED


def test_two_policies_of_one_bucket_both_count() -> None:
    def guard(*statements: dict[str, Any]) -> dict[str, Any]:
        return resource("AWS::S3::BucketPolicy", Bucket=ref("Store"), PolicyDocument=document(*statements))

    refusal = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Principal": "*"}
    closed = {**refusal, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    world = world_of(
        {
            "Store": bucket(),
            "One": guard(allow("s3:GetObject", sub("${Store.Arn}/*"), Principal={"AWS": "444455556666"})),
            "Two": guard(closed),
        }
    )
    merged = world.guard(f"{world.resources['Store'].arn}/x")
    assert merged is not None
    assert [each.label for each in merged.statements] == ["One statement 1", "Two statement 1"]
    assert (
        decided(
            world,
            "anonymous",
            "s3:GetObject",
            f"{world.resources['Store'].arn}/x",
            **{"aws:SecureTransport": "false"},
        )
        is REFUSED
    )


def test_a_policy_for_a_bucket_that_is_not_of_the_template_guards_it_too() -> None:
    policy = document(allow("s3:GetObject", "arn:aws:s3:::given/*", Principal="*"))
    world = world_of({"Guard": resource("AWS::S3::BucketPolicy", Bucket="given", PolicyDocument=policy)})
    assert decided(world, "anonymous", "s3:GetObject", "arn:aws:s3:::given/k") is ALLOWED
    assert decided(world, "anonymous", "s3:PutObject", "arn:aws:s3:::given/k") is DENIED


def test_endpoints_are_listed_with_their_policies() -> None:
    narrow = document(allow("s3:GetObject", "*", Principal="*"))
    world = world_of(
        {
            "Net": resource("AWS::EC2::VPC"),
            "Narrow": resource(
                "AWS::EC2::VPCEndpoint",
                VpcId=ref("Net"),
                ServiceName="com.amazonaws.eu-west-1.s3",
                PolicyDocument=narrow,
            ),
            "Wide": resource(
                "AWS::EC2::VPCEndpoint", VpcId=ref("Net"), ServiceName="com.amazonaws.eu-west-1.sqs"
            ),
        }
    )
    [first, second] = world.endpoints
    assert (first.logical_id, first.vpc, second.policy) == ("Narrow", world.resources["Net"].ref, None)
    assert first.policy is not None
    assert first.policy.kind is PolicyKind.ENDPOINT


def test_labels_tell_where_a_policy_stands() -> None:
    world = world_of({"Reader": role(allow("s3:*", "*", Sid="All"), allow("sqs:*", "*"))})
    [policy] = world.identities["Reader"].policies
    assert policy.label == "Reader.Policies[0] 'own'"
    assert [each.label for each in policy.statements] == ["'All'", "statement 2"]
    assert world.resources["Reader"].properties["Policies"][0]["PolicyName"] == "own"


def test_an_event_bus_is_guarded_by_what_is_added_to_it() -> None:
    world = world_of(
        {
            "Door": resource(
                "AWS::Events::EventBusPolicy", Action="events:PutEvents", Principal="444455556666"
            ),
            "Reader": role(allow("events:PutEvents", "*")),
        }
    )
    bus = f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/default"
    guard = world.guard(bus)
    assert guard is not None
    assert [each.principals and each.principals.texts for each in guard.statements] == [("444455556666",)]


def test_an_account_that_yaml_takes_for_a_number_is_an_account() -> None:
    policy = document(allow("s3:GetObject", sub("${Store.Arn}/*"), Principal={"AWS": 444455556666}))
    world = world_of(
        {
            "Store": bucket(),
            "Guard": resource("AWS::S3::BucketPolicy", Bucket=ref("Store"), PolicyDocument=policy),
        }
    )
    guard = world.guard(world.resources["Store"].arn)
    assert guard is not None
    assert [each.principals and each.principals.accounts for each in guard.statements] == [{"444455556666"}]


def test_a_topic_without_a_policy_is_said() -> None:
    assert world_of({"News": resource("AWS::SNS::Topic")}).assumptions[-1] == (
        "Topics without a policy have AWS's default one, which is for their own account: News."
    )


def test_custom_resources_are_said() -> None:
    assert world_of({"Made": resource("Custom::Made")}).assumptions[-1] == (
        "Custom resources run code when the stack is deployed; they change no policy: Made."
    )
