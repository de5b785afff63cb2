"""A pipeline is found in a template by what its functions really use."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import lakenb as lk
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.review.find import Found, find
from tests.backends.local.everything import everything
from tests.examples import letters
from tests.review.edited import arn, edited


def _found(template: dict[str, Any], graph: Any = None) -> Found:
    return find(worlds(source(template))[0], graph)


def test_every_resource_of_a_node_is_found() -> None:
    node = _found(letters().template(), letters()).nodes["paragraphs"]
    assert (node.function, node.role, node.queue) == (
        "ParagraphsFunction",
        "ParagraphsRole",
        "ParagraphsQueue",
    )
    assert (node.dead_letters, node.topic, node.store, node.logs) == (
        "ParagraphsDeadLetters",
        "ParagraphsTopic",
        "ParagraphsStore",
        "ParagraphsLogs",
    )


def test_a_trigger_s_documents_lie_where_it_reads() -> None:
    node = _found(letters().template(), letters()).nodes["inbox"]
    assert (node.store, node.prefix, node.suffix) == ("InboxStore", "letters/", "")


def test_a_given_bucket_has_an_arn_and_no_logical_id() -> None:
    inbox = lk.S3Trigger("inbox", bucket="given", prefix="in/")
    graph = lk.Pipeline("p", inbox.pipe(lk.S3Storage("store")))
    node = _found(graph.template(), graph).nodes["inbox"]
    assert (node.store, node.store_arn, node.prefix) == ("", "arn:aws:s3:::given", "in/")


@pytest.mark.parametrize(
    "name",
    [
        {"Ref": "ParagraphsFunction"},
        {"Fn::Sub": "${ParagraphsFunction}:live"},
        {"Fn::Sub": "${AWS::AccountId}:function:${ParagraphsFunction}"},
        {"Fn::Sub": "${AWS::AccountId}:function:${ParagraphsFunction}:7"},
        {"Fn::GetAtt": ["ParagraphsFunction", "Arn"]},
        {"Fn::Sub": "${ParagraphsFunction.Arn}:live"},
    ],
    ids=str,
)
def test_a_mapping_may_name_a_function_in_every_way_that_lambda_takes(name: dict[str, Any]) -> None:
    template = copy.deepcopy(letters().template())
    template["Resources"]["ParagraphsMapping"]["Properties"]["FunctionName"] = name
    assert _found(template).nodes["paragraphs"].queue == "ParagraphsQueue"


def test_a_node_that_passes_on_has_no_store() -> None:
    node = _found(everything().template(), everything()).nodes["seen"]
    assert (node.store, node.store_arn) == ("", "")
    assert node.topic == "SeenTopic"


def test_the_cache_and_the_edges_are_found() -> None:
    found = _found(letters().template(), letters())
    assert found.cache == "PipelineCache"
    assert found.edges == tuple((edge.producer, edge.consumer) for edge in letters().edges)
    assert found.unclear == ()


def test_a_function_is_found_by_what_it_says_it_is_and_not_by_its_name() -> None:
    def rename(resources: dict[str, Any]) -> None:
        resources["Anything"] = resources.pop("SentencesFunction")
        resources["SentencesMapping"]["Properties"]["FunctionName"] = {"Ref": "Anything"}

    node = _found(edited(letters(), rename), letters()).nodes["sentences"]
    assert node.function == "Anything"
    assert node.queue == "SentencesQueue"


def test_a_store_is_where_the_function_puts_and_not_what_has_its_name() -> None:
    def elsewhere(resources: dict[str, Any]) -> None:
        variables = resources["SentencesFunction"]["Properties"]["Environment"]["Variables"]
        variables["LAKENB_STORE"] = {"Ref": "ParagraphsStore"}

    assert _found(edited(letters(), elsewhere)).nodes["sentences"].store == "ParagraphsStore"


def test_two_functions_that_say_they_are_one_node_are_unclear() -> None:
    def twice(resources: dict[str, Any]) -> None:
        resources["Twin"] = copy.deepcopy(resources["SentencesFunction"])

    (sentence,) = _found(edited(letters(), twice), letters()).unclear
    assert sentence == "two functions say that they are 'sentences': SentencesFunction and Twin"


def test_a_template_without_functions_has_no_pipeline() -> None:
    assert _found({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}).nodes == {}


def test_malformed_variables_name_nothing() -> None:
    def break_it(resources: dict[str, Any]) -> None:
        properties = resources["SentencesFunction"]["Properties"]
        properties["Environment"]["Variables"] |= {"LAKENB_SOURCES": "{", "LAKENB_STORE": ["x"]}
        properties["LoggingConfig"] = "none"

    node = _found(edited(letters(), break_it)).nodes["sentences"]
    assert (node.store, node.logs) == ("", "")


def _foreign() -> dict[str, Any]:
    """Return a pipeline that lakenb did not make: bucket -> queue -> first -> topic -> queue -> second."""
    resources: dict[str, Any] = {
        "Uploads": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "NotificationConfiguration": {
                    "QueueConfigurations": [
                        {
                            "Event": "s3:ObjectCreated:*",
                            "Queue": arn("FirstQueue"),
                            "Filter": {"S3Key": {"Rules": [{"Name": "prefix", "Value": "in/"}]}},
                        }
                    ]
                }
            },
        },
        "Made": {"Type": "AWS::S3::Bucket"},
        "Done": {"Type": "AWS::SNS::Topic"},
        "Carry": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"Protocol": "sqs", "TopicArn": {"Ref": "Done"}, "Endpoint": arn("SecondQueue")},
        },
    }
    may = {
        "First": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": {"Ref": "Done"}}],
        "Second": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": {"Fn::Sub": "${Made.Arn}/*"}}],
    }
    for name, allowed in may.items():
        resources |= {
            f"{name}Queue": {"Type": "AWS::SQS::Queue"},
            f"{name}Map": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"EventSourceArn": arn(f"{name}Queue"), "FunctionName": {"Ref": name}},
            },
            name: {"Type": "AWS::Lambda::Function", "Properties": {"Role": arn(f"{name}Role")}},
            f"{name}Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": {
                            "Effect": "Allow",
                            "Principal": {"Service": "lambda.amazonaws.com"},
                            "Action": "sts:AssumeRole",
                        },
                    },
                    "Policies": [
                        {
                            "PolicyName": "p",
                            "PolicyDocument": {"Version": "2012-10-17", "Statement": allowed},
                        }
                    ],
                },
            },
        }
    return {"Resources": resources}


def test_a_pipeline_that_lakenb_did_not_make_is_found_by_mappings_subscriptions_and_roles() -> None:
    found = _found(_foreign())
    assert sorted(found.nodes) == ["First", "Second"]
    assert found.edges == (("First", "Second"),)
    first, second = found.nodes["First"], found.nodes["Second"]
    assert (first.store, first.prefix, first.topic, first.queue) == ("Uploads", "in/", "Done", "FirstQueue")
    assert (second.store, second.role) == ("Made", "SecondRole")
    assert found.unclear == ()


def test_what_cannot_be_told_apart_is_said() -> None:
    template = _foreign()
    template["Resources"]["Other"] = {"Type": "AWS::SNS::Topic"}
    allowed = template["Resources"]["FirstRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    allowed[0]["Resource"] = [{"Ref": "Done"}, {"Ref": "Other"}]
    found = _found(template)
    assert found.unclear == ("it is unclear which of Done, Other is the topic of First",)
    assert found.nodes["First"].topic == ""


def test_a_variable_decides_between_two_that_the_role_may_use() -> None:
    template = _foreign()
    resources = template["Resources"]
    resources["Other"] = {"Type": "AWS::SNS::Topic"}
    allowed = resources["FirstRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    allowed[0]["Resource"] = [{"Ref": "Done"}, {"Ref": "Other"}]
    resources["First"]["Properties"]["Environment"] = {"Variables": {"OUT": {"Ref": "Done"}}}
    assert _found(template).nodes["First"].topic == "Done"
