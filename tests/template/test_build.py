from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from typing import Any

import cloudformation_validate
import pytest

import lakenb as lk
from lakenb.graph.steps import Part
from lakenb.template.policies import literal
from lakenb.template.resources import (
    DEAD_LETTER_RETENTION_DAYS,
    QUEUE_RETENTION_DAYS,
    STORE_EXPIRATION_DAYS,
)
from tests.examples import chain, letters

# Which resources a node has. One subscription more for each edge; cache and its policy for the pipeline.
PER_PART = {
    Part.TRIGGER: 12,
    Part.TRANSFORMER: 12,
    Part.CONNECTOR: 10,
    Part.PASS_THROUGH: 10,
}


def statements(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every statement of a template with the logical id of its resource."""
    found = []
    for name, made in template["Resources"].items():
        properties = made["Properties"]
        documents = [properties.get("PolicyDocument"), properties.get("AssumeRolePolicyDocument")]
        documents += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        found += [(name, one) for document in documents if document for one in document["Statement"]]
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_each_part_has_the_resources_of_its_row() -> None:
    pipe = letters()
    expected = sum(PER_PART[step.row.part] for step in pipe.nodes.values()) + len(pipe.edges) + 2
    assert len(pipe.template()["Resources"]) == expected


def test_a_transformers_resources_are_these() -> None:
    names = [name for name in letters().template()["Resources"] if name.startswith("Sentences")]
    assert names == [
        "SentencesDeadLetters",
        "SentencesDeadLettersPolicy",
        "SentencesFromParagraphsSubscription",
        "SentencesFunction",
        "SentencesLogs",
        "SentencesMapping",
        "SentencesQueue",
        "SentencesQueuePolicy",
        "SentencesRole",
        "SentencesStore",
        "SentencesStorePolicy",
        "SentencesTopic",
        "SentencesTopicPolicy",
    ]


def test_no_statement_has_a_wildcard_resource_or_action() -> None:
    for name, one in statements(letters().template()):
        resources = listed(one.get("Resource", "a trust policy has none"))
        assert "*" not in resources, name
        if one["Effect"] == "Allow":
            assert not [action for action in listed(one["Action"]) if "*" in action], name


def test_no_role_has_a_managed_policy() -> None:
    for made in letters().template()["Resources"].values():
        assert "ManagedPolicyArns" not in made["Properties"]


def test_nobody_may_list_delete_or_read_back() -> None:
    template = letters().template()
    allowed = {
        action
        for _, one in statements(template)
        if one["Effect"] == "Allow"
        for action in listed(one["Action"])
    }
    assert allowed == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "s3:AbortMultipartUpload",
        "s3:GetObject",
        "s3:PutObject",
        "sns:Publish",
        "sqs:DeleteMessage",
        "sqs:GetQueueAttributes",
        "sqs:ReceiveMessage",
        "sqs:SendMessage",
        "sts:AssumeRole",
    }


def test_every_bucket_queue_and_topic_denies_plain_http() -> None:
    template = letters().template()
    kinds = Counter(made["Type"] for made in template["Resources"].values())
    denials = Counter(
        listed(one["Action"])[0]
        for _, one in statements(template)
        if one["Effect"] == "Deny" and "Bool" in one["Condition"]
    )
    assert denials == {
        "s3:*": kinds["AWS::S3::Bucket"],
        "sqs:*": kinds["AWS::SQS::Queue"],
        "sns:Publish": kinds["AWS::SNS::Topic"],
    }


def test_default_encryption_is_as_published() -> None:
    for made in letters().template()["Resources"].values():
        properties = made["Properties"]
        match made["Type"]:
            case "AWS::S3::Bucket":
                (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
                assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            case "AWS::SQS::Queue":
                assert properties["SqsManagedSseEnabled"] is True
            case "AWS::SNS::Topic":
                assert "KmsMasterKeyId" not in properties
            case "AWS::Logs::LogGroup" | "AWS::Lambda::Function":
                assert not {"KmsKeyId", "KmsKeyArn"} & set(properties)


def test_every_resource_says_what_becomes_of_it() -> None:
    for name, made in letters().template()["Resources"].items():
        kept = made["Type"] == "AWS::S3::Bucket"
        assert made["DeletionPolicy"] == ("RetainExceptOnCreate" if kept else "Delete"), name
        assert made["UpdateReplacePolicy"] == ("Retain" if kept else "Delete"), name


def test_a_document_outlives_the_messages_that_point_to_it() -> None:
    assert STORE_EXPIRATION_DAYS > QUEUE_RETENTION_DAYS + DEAD_LETTER_RETENTION_DAYS
    resources = letters().template()["Resources"]
    rules = {
        name: made["Properties"]["LifecycleConfiguration"]["Rules"]
        for name, made in resources.items()
        if made["Type"] == "AWS::S3::Bucket"
    }
    expiring = {
        name: rule["ExpirationInDays"]
        for name, found in rules.items()
        for rule in found
        if "ExpirationInDays" in rule
    }
    assert expiring == dict.fromkeys(
        ("ParagraphsStore", "PipelineCache", "SentencesStore"), STORE_EXPIRATION_DAYS
    )
    for name, made in resources.items():
        if made["Type"] == "AWS::SQS::Queue":
            days = DEAD_LETTER_RETENTION_DAYS if name.endswith("DeadLetters") else QUEUE_RETENTION_DAYS
            assert made["Properties"]["MessageRetentionPeriod"] == days * 86_400


def test_every_subscription_has_a_redrive_of_its_own() -> None:
    for name, made in letters().template()["Resources"].items():
        if made["Type"] == "AWS::SNS::Subscription":
            consumer = name.partition("From")[0]
            target = {"Fn::GetAtt": [f"{consumer}DeadLetters", "Arn"]}
            assert made["Properties"]["RedrivePolicy"] == {"deadLetterTargetArn": target}
            assert made["Properties"]["FilterPolicyScope"] == "MessageBody"


def test_a_prefix_is_literal_in_arns() -> None:
    assert literal("a*b?c$d${aws:username}") == "a${*}b${?}c${$}d${$}{aws:username}"
    pipe = lk.Pipeline("p", lk.S3Trigger("inbox", prefix="50%*/?").pipe(lk.S3Storage("results")))
    role = pipe.template()["Resources"]["ResultsRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    (read,) = [one for one in role["Statement"] if one["Sid"] == "ReadSources"]
    assert read["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": ["InboxStore", "Arn"]}, "/50%${*}/${?}*"]]}


def test_the_template_is_the_same_bytes_in_every_process() -> None:
    imports = "import sys; sys.path.insert(0, '.'); from tests.examples import letters"
    program = f"{imports}; print(letters().template_json())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert outputs == {letters().template_json() + "\n"}


def strange() -> lk.Pipeline:
    """Return a pipeline with every option away from its default, and hostile literals."""
    inbox = lk.S3Trigger(
        "in-1", prefix="a *?$é/", suffix="'\".txt", batch_size=100, batching_window=timedelta(seconds=1)
    )
    other = lk.S3Trigger("in-10")
    chunks = lk.RecursiveCharacterTextSplitter(
        "chunks", max_concurrency=2, memory_mib=512, timeout=timedelta(minutes=2)
    )
    small = lk.when("data.document.size").between(1, 10) | lk.when("data.metadata.language").equals("en")
    fan_in = chunks.with_sources(inbox, other, filter=small)
    store = lk.S3Storage(
        "results", prefix="out/", storage_class="STANDARD_IA", log_retention=timedelta(days=30)
    )
    return lk.Pipeline("strange", fan_in.pipe(store), inbox.pipe(store))


@pytest.mark.parametrize("pipe", [letters(), strange(), chain(12)], ids=["letters", "strange", "chain"])
def test_both_validators_find_no_fault(pipe: lk.Pipeline) -> None:
    from cfnlint.api import lint_all  # noqa: PLC0415  slow to import

    template = pipe.template_json()
    # informational matches are advice for people who write templates by hand
    assert [str(match) for match in lint_all(template) if match.rule.severity != "informational"] == []
    report = cloudformation_validate.RegoEngine().validate_template(
        cloudformation_validate.TemplateContent(json.dumps(pipe.template(), indent=1), "template.json")
    )
    loud = [
        f"{one.rule_id}: {one.message}"
        for one in report.diagnostics
        if one.severity.name not in {"INFO", "DEBUG"}
    ]
    assert loud == []
