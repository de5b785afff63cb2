from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from tests.examples import letters
from tests.review.handmade import arn, pipeline, under_key
from tests.review.properties.examined import (
    adding,
    altered,
    changed,
    examined,
    faults,
    noted,
    open_ones,
    without,
)

PLAIN = letters().template()
KEYED = under_key()
RULE = ("Properties", "BucketEncryption", "ServerSideEncryptionConfiguration", 0)
BY_DEFAULT = (*RULE, "ServerSideEncryptionByDefault")
OTHER_KEY = "arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444"


@pytest.mark.parametrize("queue", ["ParagraphsQueue", "ParagraphsDeadLetters"])
def test_p5_wants_each_queue_to_say_that_sqs_encrypts(queue: str) -> None:
    place = ("P5", queue, "Properties.SqsManagedSseEnabled")
    assert faults(without(PLAIN, queue, "Properties", "SqsManagedSseEnabled")) == [place]
    assert faults(changed(PLAIN, queue, "Properties", "SqsManagedSseEnabled", to=False)) == [place]
    assert faults(changed(PLAIN, queue, "Properties", "SqsManagedSseEnabled", to="true")) == []


@pytest.mark.parametrize("bucket", ["InboxStore", "ResultsStore", "PipelineCache"])
def test_p5_wants_each_bucket_to_say_that_s3_encrypts(bucket: str) -> None:
    assert faults(without(PLAIN, bucket, "Properties", "BucketEncryption")) == [
        ("P5", bucket, "Properties.BucketEncryption")
    ]
    empty: list[Any] = []
    nothing = changed(PLAIN, bucket, *RULE[:-1], to=empty)
    assert [claim for claim, *_ in faults(nothing)] == ["P5"]
    assert [
        claim for claim, *_ in faults(changed(PLAIN, bucket, *BY_DEFAULT, "SSEAlgorithm", to="none"))
    ] == ["P5"]


def test_p5_takes_a_key_of_aws_for_more_than_promised_and_for_no_key_of_the_customer() -> None:
    queue = changed(
        without(PLAIN, "InboxQueue", "Properties", "SqsManagedSseEnabled"),
        "InboxQueue",
        "Properties",
        "KmsMasterKeyId",
        to="alias/aws/sqs",
    )
    bucket = changed(queue, "InboxStore", *BY_DEFAULT, to={"SSEAlgorithm": "aws:kms"})
    assert faults(bucket) == []
    assert {one.claim for one in examined(bucket)} == {"P1", "P2", "P4", "P5", "P10"}


def test_p5_promises_nothing_for_topics_and_proves_what_aws_cannot_turn_off() -> None:
    table = adding(PLAIN, "State", "AWS::DynamoDB::Table", TableName="state")
    files = adding(table, "Files", "AWS::EFS::FileSystem")
    proved = {one.logical_id for one in examined(files) if one.claim == "P5"}
    assert {"State", "InboxLogs"} <= proved
    assert not {"InboxTopic", "Files", "InboxFunction"} & proved
    texts = [one.text for one in noted(files)]
    assert "file systems: no encryption at rest is promised without a key" in texts


def test_p5_of_a_value_that_cannot_be_read_is_undecided() -> None:
    unread = changed(PLAIN, "InboxQueue", "Properties", "SqsManagedSseEnabled", to={"Fn::ImportValue": "sse"})
    assert ("P5", "InboxQueue", "Properties.SqsManagedSseEnabled") not in faults(unread)
    assert open_ones(unread) == [("P5", "InboxQueue", "Properties.SqsManagedSseEnabled")]
    found = next(one for one in examined(unread) if one.verdict is Verdict.UNDECIDED)
    assert "read from the template" in found.mend


DROPPED: list[tuple[str, tuple[str | int, ...]]] = [
    ("SentencesQueue", ("Properties", "KmsMasterKeyId")),
    ("SentencesDeadLetters", ("Properties", "KmsMasterKeyId")),
    ("SentencesTopic", ("Properties", "KmsMasterKeyId")),
    ("SentencesStore", ("Properties", "BucketEncryption")),
    ("SentencesStore", (*BY_DEFAULT, "KMSMasterKeyID")),
    ("SentencesStore", (*RULE, "BucketKeyEnabled")),
    ("PipelineCache", ("Properties", "BucketEncryption")),
    ("PipelineCache", (*BY_DEFAULT, "KMSMasterKeyID")),
    ("SentencesLogs", ("Properties", "KmsKeyId")),
    ("SentencesFunction", ("Properties", "KmsKeyArn")),
]


@pytest.mark.parametrize(("resource", "steps"), DROPPED)
def test_p6_misses_each_key_that_is_dropped(resource: str, steps: tuple[str | int, ...]) -> None:
    found = faults(without(KEYED, resource, *steps), pipeline())
    assert ("P6", resource) in {(claim, logical_id) for claim, logical_id, _ in found}
    assert {claim for claim, *_ in found} <= {"P5", "P6"}


NAMED = [(resource, steps) for resource, steps in DROPPED if str(steps[-1]).startswith(("Kms", "KMS"))]


@pytest.mark.parametrize("other", [OTHER_KEY, arn("OtherKey"), "alias/aws/sqs", "alias/mine"], ids=str)
@pytest.mark.parametrize(("resource", "steps"), NAMED)
def test_p6_sees_each_resource_under_another_key(
    resource: str, steps: tuple[str | int, ...], other: object
) -> None:
    template = altered(KEYED, lambda resources: resources.update(OtherKey=resources["PipelineKey"]))
    template = changed(template, resource, *steps, to=other)
    found = faults(template)
    assert [(claim, logical_id) for claim, logical_id, _ in found] == [("P6", resource)]


def test_p6_takes_a_key_by_id_arn_and_alias_for_the_same() -> None:
    template = adding(
        KEYED, "Alias", "AWS::KMS::Alias", AliasName="alias/mine", TargetKeyId={"Ref": "PipelineKey"}
    )
    template = changed(template, "InboxQueue", "Properties", "KmsMasterKeyId", to={"Ref": "PipelineKey"})
    template = changed(template, "InboxTopic", "Properties", "KmsMasterKeyId", to={"Ref": "Alias"})
    alias = {"Fn::Sub": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:alias/mine"}
    template = changed(template, "SentencesTopic", "Properties", "KmsMasterKeyId", to=alias)
    assert faults(template) == []
    assert open_ones(template) == []


def test_p6_of_one_resource_under_a_key_asks_for_all() -> None:
    template = adding(PLAIN, "Key", "AWS::KMS::Key", EnableKeyRotation=True, KeyPolicy={"Statement": []})
    template = changed(template, "InboxTopic", "Properties", "KmsMasterKeyId", to=arn("Key"))
    failed = {logical_id for claim, logical_id, _ in faults(template) if claim == "P6"}
    assert {"InboxQueue", "InboxDeadLetters", "InboxStore", "InboxLogs", "InboxFunction"} <= failed
    assert {"ResultsQueue", "PipelineCache", "Key"} <= failed
    assert "InboxTopic" not in failed


def test_p6_counts_the_key_that_the_graph_names() -> None:
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    splitter = lk.RecursiveCharacterTextSplitter("sentences", chunk_size=80, chunk_overlap=0)
    keyed = lk.Pipeline("kept", inbox.pipe(splitter).pipe(lk.S3Storage("results")), key=OTHER_KEY)
    assert "P6" in {claim for claim, *_ in faults(pipeline().template(), keyed)}
    given = altered(KEYED, lambda resources: _rekey(resources, OTHER_KEY))
    assert faults(given, keyed) == []
    texts = [one.text for one in noted(given, keyed)]
    assert (
        f"the key {OTHER_KEY} is not in this template: its policy, rotation and life are its owner's" in texts
    )
    # all under one key, and not the one that the graph names
    assert {claim for claim, *_ in faults(KEYED, keyed)} == {"P6"}


def test_p6_lets_nodes_have_keys_of_their_own_and_sees_a_bucket_under_another_nodes() -> None:
    template = altered(KEYED, lambda resources: resources.update(Other=resources["PipelineKey"]))
    for resource, steps in NAMED:
        if resource.startswith("Sentences"):
            template = changed(template, resource, *steps, to=arn("Other"))
    assert faults(template) == []
    crossed = changed(template, "ResultsStore", *BY_DEFAULT, "KMSMasterKeyID", to=arn("Other"))
    place = "Properties.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault"
    assert faults(crossed) == [("P6", "ResultsStore", f"{place}.KMSMasterKeyID")]


def test_p6_says_which_key_it_should_be() -> None:
    template = changed(KEYED, "InboxTopic", "Properties", "KmsMasterKeyId", to=OTHER_KEY)
    found = next(one for one in examined(template) if one.verdict is Verdict.FAILED)
    assert found.text == "the key of 'inbox' encrypts the events in the topic"
    assert found.evidence == f"Properties.KmsMasterKeyId = {OTHER_KEY}"
    assert found.mend == "set KmsMasterKeyId, with the key PipelineKey"


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("Properties", "EnableKeyRotation"), False),
        (("Properties", "Enabled"), False),
        (("DeletionPolicy",), "Delete"),
        (("UpdateReplacePolicy",), "Delete"),
    ],
)
def test_p6_wants_the_key_to_rotate_and_to_stay(steps: tuple[str, ...], value: object) -> None:
    assert [claim for claim, *_ in faults(changed(KEYED, "PipelineKey", *steps, to=value))] == ["P6"]


def test_p6_wants_the_log_of_every_function_under_the_key() -> None:
    helper = adding(
        KEYED,
        "Helper",
        "AWS::Lambda::Function",
        Runtime="python3.11",
        Handler="h",
        Code={"ZipFile": ""},
        Role=arn("HelperRole"),
    )
    helper = adding(helper, "HelperRole", "AWS::IAM::Role", AssumeRolePolicyDocument={"Statement": []})
    assert faults(helper) == [("P6", "Helper", "Properties.LoggingConfig.LogGroup")]
    logs = adding(
        helper,
        "HelperLogs",
        "AWS::Logs::LogGroup",
        LogGroupName={"Fn::Sub": "/aws/lambda/${Helper}"},
        KmsKeyId=arn("PipelineKey"),
    )
    assert faults(logs) == []
    assert faults(without(logs, "HelperLogs", "Properties", "KmsKeyId")) == [
        ("P6", "HelperLogs", "Properties.KmsKeyId")
    ]


OTHERS: list[tuple[str, dict[str, Any]]] = [
    (
        "AWS::DynamoDB::Table",
        {"SSESpecification": {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": "K"}},
    ),
    (
        "AWS::DynamoDB::GlobalTable",
        {
            "SSESpecification": {"SSEEnabled": True},
            "Replicas": [{"Region": "eu-west-1", "SSESpecification": {"KMSMasterKeyId": "K"}}],
        },
    ),
    ("AWS::EFS::FileSystem", {"Encrypted": True, "KmsKeyId": "K"}),
    ("AWS::EC2::Volume", {"Encrypted": True, "KmsKeyId": "K"}),
    (
        "AWS::EC2::LaunchTemplate",
        {"LaunchTemplateData": {"BlockDeviceMappings": [{"Ebs": {"Encrypted": True, "KmsKeyId": "K"}}]}},
    ),
    ("AWS::Kinesis::Stream", {"StreamEncryption": {"EncryptionType": "KMS", "KeyId": "K"}}),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        {"DeliveryStreamEncryptionConfigurationInput": {"KeyType": "CUSTOMER_MANAGED_CMK", "KeyARN": "K"}},
    ),
    (
        "AWS::StepFunctions::StateMachine",
        {"EncryptionConfiguration": {"Type": "CUSTOMER_MANAGED_KMS_KEY", "KmsKeyId": "K"}},
    ),
    ("AWS::Scheduler::Schedule", {"KmsKeyArn": "K"}),
    ("AWS::Events::EventBus", {"KmsKeyIdentifier": "K"}),
    ("AWS::Pipes::Pipe", {"KmsKeyIdentifier": "K"}),
    ("AWS::SecretsManager::Secret", {"KmsKeyId": "K"}),
    ("AWS::OpenSearchService::Domain", {"EncryptionAtRestOptions": {"Enabled": True, "KmsKeyId": "K"}}),
    ("AWS::RDS::DBInstance", {"StorageEncrypted": True, "KmsKeyId": "K"}),
]


@pytest.mark.parametrize(("kind", "properties"), OTHERS, ids=[kind for kind, _ in OTHERS])
def test_p6_counts_all_else_that_a_middleware_makes(kind: str, properties: dict[str, Any]) -> None:
    good = adding(KEYED, "Other", kind, **_keyed(properties))
    assert faults(good) == []
    assert open_ones(good) == []
    for steps in _leaves(properties):
        if steps[-1] == "Region" or "SSEType" in steps:
            continue
        assert {claim for claim, *_ in faults(without(good, "Other", "Properties", *steps))} == {"P6"}, steps


def test_p6_sees_values_in_plain_text_in_a_container() -> None:
    plain = {"Name": "c", "Environment": [{"Name": "TOKEN", "Value": "x"}]}
    task = adding(KEYED, "Task", "AWS::ECS::TaskDefinition", ContainerDefinitions=[plain])
    assert faults(task) == [("P6", "Task", "Properties.ContainerDefinitions[0].Environment")]
    empty = adding(KEYED, "Task", "AWS::ECS::TaskDefinition", ContainerDefinitions=[{"Name": "c"}])
    assert faults(empty) == []


def test_p6_of_a_type_that_nobody_here_knows_is_undecided() -> None:
    strange = adding(KEYED, "Strange", "AWS::Neptune::DBCluster")
    assert faults(strange) == []
    assert open_ones(strange) == [("P6", "Strange", "Properties")]
    assert open_ones(adding(PLAIN, "Strange", "AWS::Neptune::DBCluster")) == []


def test_p6_of_a_key_that_cannot_be_read_is_undecided() -> None:
    unread = changed(KEYED, "InboxTopic", "Properties", "KmsMasterKeyId", to={"Fn::ImportValue": "key"})
    assert faults(unread) == []
    assert open_ones(unread) == [("P6", "InboxTopic", "Properties.KmsMasterKeyId")]


def _rekey(resources: dict[str, Any], key: str) -> None:
    del resources["PipelineKey"], resources["PipelineKeyAlias"]
    rekeyed = _replaced(resources, arn("PipelineKey"), key)
    resources.clear()
    resources.update(rekeyed)


def _replaced(value: Any, old: Any, new: Any) -> Any:
    if value == old:
        return new
    if isinstance(value, dict):
        return {name: _replaced(one, old, new) for name, one in value.items()}
    return [_replaced(one, old, new) for one in value] if isinstance(value, list) else value


def _keyed(value: Any) -> Any:
    return _replaced(value, "K", arn("PipelineKey"))


def _leaves(value: Any, *way: str | int) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for name, one in value.items() for leaf in _leaves(one, *way, name)]
    if isinstance(value, list):
        return [leaf for index, one in enumerate(value) for leaf in _leaves(one, *way, index)]
    return [way]


UNREAD = {"Fn::ImportValue": "x"}


@pytest.mark.parametrize(
    ("resource", "steps"),
    [
        ("SentencesStore", ("Properties", "BucketEncryption")),
        ("SentencesStore", RULE[:-1]),
        ("SentencesStore", (*BY_DEFAULT, "SSEAlgorithm")),
        ("SentencesQueue", ("Properties", "KmsMasterKeyId")),
        ("SentencesFunction", ("Properties", "LoggingConfig", "LogGroup")),
        ("PipelineKey", ("Properties", "Enabled")),
        ("PipelineKey", ("Properties", "EnableKeyRotation")),
    ],
)
def test_p6_of_what_cannot_be_read_is_undecided(resource: str, steps: tuple[str | int, ...]) -> None:
    template = changed(KEYED, resource, *steps, to=UNREAD)
    assert faults(template) == []
    found = {(claim, logical_id) for claim, logical_id, _ in open_ones(template)}
    assert ("P6", resource) in found
    assert found <= {("P5", resource), ("P6", resource)}
    if resource in {"SentencesStore", "SentencesQueue"}:
        assert ("P5", resource) in found
