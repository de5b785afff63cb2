"""How each resource is encrypted at rest, as its properties say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.keys import AWS_MANAGED, Key, key_of
from lakenb.review.properties.reading import Said, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings

_S3_MANAGED, _KMS = "AES256", ("aws:kms", "aws:kms:dsse")


@dataclass(frozen=True, slots=True)
class AtRest:
    """How one thing is encrypted at rest.

    Parameters
    ----------
    what
        What lies there, such as ``the messages in the queue``.
    default
        Whether what the published page promises without a key holds, or more; None where it promises
        nothing.
    place
        The place that says so.
    key
        The key of KMS that is named; None where none is.
    is_switched_on
        Whether everything that the key needs beside its name says so.
    key_mend
        How the template would name a key.
    """

    what: str
    default: Verdict | None
    place: Said
    key: Key | None
    is_switched_on: Verdict = Verdict.PROVED
    key_mend: str = ""
    default_mend: str = ""


def at_rest(around: Surroundings, resource: Resource) -> tuple[AtRest, ...]:
    """Return what a resource holds, and how it is encrypted; nothing for types that hold nothing of ours."""
    reader = READERS.get(resource.type)
    return () if reader is None else tuple(reader(around, resource))


def _queue(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    key_place, own = said(resource, "KmsMasterKeyId"), said(resource, "SqsManagedSseEnabled")
    key = _named(around, key_place)
    # Amazon SQS Developer Guide, "Encryption at rest": SSE-SQS is the default of new queues since 2022. The
    # promise is the template's own, so what it leaves to a default is not kept.
    default = own.equals(wanted=True) if key is None else _readable(key)
    yield AtRest(
        "the messages in the queue",
        default,
        own if key is None else key_place,
        key,
        key_mend="set KmsMasterKeyId",
        default_mend="set SqsManagedSseEnabled to true, or name a key in KmsMasterKeyId",
    )


def _bucket(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    what = "the documents in the bucket"
    key_mend = "set SSEAlgorithm to aws:kms, KMSMasterKeyID to the key and BucketKeyEnabled to true"
    mend = "set BucketEncryption with SSEAlgorithm AES256, or aws:kms with a key"
    rules = said(resource, "BucketEncryption", "ServerSideEncryptionConfiguration")
    entries = rules.items()
    if len(entries) != 1 or not entries[0].is_known:
        place = rules if entries else said(resource, "BucketEncryption")
        verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
        yield AtRest(what, verdict, place, None, verdict, key_mend, mend)
        return
    by_default = entries[0].at("ServerSideEncryptionByDefault")
    algorithm, named = by_default.at("SSEAlgorithm"), by_default.at("KMSMasterKeyID")
    if algorithm.value not in _KMS:
        yield AtRest(
            what, algorithm.equals(_S3_MANAGED), algorithm, None, key_mend=key_mend, default_mend=mend
        )
        return
    key = key_of(around, named.value) if named.is_there else Key(AWS_MANAGED, "alias/aws/s3")
    # Amazon S3 User Guide, "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys": only with a bucket key
    # is the encryption context the bucket's ARN, by which each role's use of the key is bound to one store.
    bucket_key = entries[0].at("BucketKeyEnabled")
    place = named if named.is_there else algorithm
    yield AtRest(what, Verdict.PROVED, place, key, bucket_key.equals(wanted=True), key_mend, mend)


def _named_key(what: str, *path: str, default: Verdict | None = None) -> _Reader:
    """Return the reader of a resource that is under a key exactly where one place names it."""

    def read(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
        place = said(resource, *path)
        key = _named(around, place)
        yield AtRest(what, default, place, key, key_mend=f"set {'.'.join(path)}")

    return read


def _switched_key(what: str, switch: tuple[str, ...], wanted: str, key: tuple[str, ...]) -> _Reader:
    """Return the reader of a resource that is under a key where one place names it and another says so."""

    def read(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
        place, switched = said(resource, *key), said(resource, *switch)
        named = _named(around, place)
        mend = f"set {'.'.join(key)}, and {'.'.join(switch)} to {wanted}"
        verdict = switched.equals(wanted)
        yield AtRest(
            what,
            None,
            place if named is None or verdict is Verdict.PROVED else switched,
            named,
            verdict,
            mend,
        )

    return read


def _table(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    # Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest": always on, it cannot be turned off
    switched, place = (
        said(resource, "SSESpecification", "SSEEnabled"),
        said(resource, "SSESpecification", "KMSMasterKeyId"),
    )
    key = _named(around, place)
    yield AtRest(
        "the items of the table",
        Verdict.PROVED,
        place if place.is_there else said(resource, "SSESpecification"),
        key,
        switched.equals(wanted=True),
        "set SSESpecification with SSEEnabled true, SSEType KMS and KMSMasterKeyId",
    )


def _global_table(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    switched = said(resource, "SSESpecification", "SSEEnabled").equals(wanted=True)
    mend = "set SSESpecification.SSEEnabled to true and a KMSMasterKeyId for each replica"
    replicas = said(resource, "Replicas").items()
    for replica in replicas:
        place = replica.at("SSESpecification", "KMSMasterKeyId")
        key = _named(around, place)
        yield AtRest("the items of the table", Verdict.PROVED, place, key, switched, mend)
    if not replicas:
        yield AtRest(
            "the items of the table", Verdict.PROVED, said(resource, "Replicas"), None, switched, mend
        )


def _function(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    variables = said(resource, "Environment", "Variables")
    if variables.is_there and variables.value != {}:
        yield from _named_key("the environment variables of the function", "KmsKeyArn")(around, resource)


def _containers(_: Surroundings, resource: Resource) -> Iterator[AtRest]:
    for container in said(resource, "ContainerDefinitions").items():
        plain = container.at("Environment")
        if plain.is_there and plain.value not in ([], ()):
            mend = "move the values into Secrets: a secret or a secure parameter under the key"
            yield AtRest("the environment variables of the container", None, plain, None, key_mend=mend)


def _disks(around: Surroundings, resource: Resource) -> Iterator[AtRest]:
    for device in said(resource, "LaunchTemplateData", "BlockDeviceMappings").items():
        disk = device.at("Ebs")
        if not disk.is_there:
            continue
        place = disk.at("KmsKeyId")
        key = _named(around, place)
        on = disk.at("Encrypted").equals(wanted=True)
        yield AtRest("the disk", None, place, key, on, "set Ebs.Encrypted to true and Ebs.KmsKeyId")


def _named(around: Surroundings, place: Said) -> Key | None:
    """Return the key that stands at a place; an empty name is none."""
    return key_of(around, place.value) if place.is_there and place.value not in ("", None) else None


def _readable(key: Key) -> Verdict:
    return Verdict.PROVED if key.is_known else Verdict.UNDECIDED


if TYPE_CHECKING:
    _Reader = Callable[[Surroundings, Resource], Iterator[AtRest]]

READERS: dict[str, _Reader] = {
    "AWS::SQS::Queue": _queue,
    "AWS::SNS::Topic": _named_key("the events in the topic", "KmsMasterKeyId"),
    "AWS::S3::Bucket": _bucket,
    # Amazon CloudWatch Logs User Guide, "Encrypt log data": log groups are always encrypted
    "AWS::Logs::LogGroup": _named_key("the log", "KmsKeyId", default=Verdict.PROVED),
    "AWS::Lambda::Function": _function,
    "AWS::ECS::TaskDefinition": _containers,
    "AWS::DynamoDB::Table": _table,
    "AWS::DynamoDB::GlobalTable": _global_table,
    "AWS::EFS::FileSystem": _switched_key("the files", ("Encrypted",), "true", ("KmsKeyId",)),
    "AWS::EC2::Volume": _switched_key("the disk", ("Encrypted",), "true", ("KmsKeyId",)),
    "AWS::EC2::LaunchTemplate": _disks,
    "AWS::Kinesis::Stream": _switched_key(
        "the records of the stream",
        ("StreamEncryption", "EncryptionType"),
        "KMS",
        ("StreamEncryption", "KeyId"),
    ),
    "AWS::KinesisFirehose::DeliveryStream": _switched_key(
        "the records of the stream",
        ("DeliveryStreamEncryptionConfigurationInput", "KeyType"),
        "CUSTOMER_MANAGED_CMK",
        ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
    ),
    "AWS::StepFunctions::StateMachine": _switched_key(
        "the executions of the state machine",
        ("EncryptionConfiguration", "Type"),
        "CUSTOMER_MANAGED_KMS_KEY",
        ("EncryptionConfiguration", "KmsKeyId"),
    ),
    "AWS::Scheduler::Schedule": _named_key("the schedule's input", "KmsKeyArn"),
    "AWS::Events::EventBus": _named_key("the events on the bus", "KmsKeyIdentifier"),
    "AWS::Events::Archive": _named_key("the archived events", "KmsKeyIdentifier"),
    "AWS::Pipes::Pipe": _named_key("the events in the pipe", "KmsKeyIdentifier"),
    "AWS::SecretsManager::Secret": _named_key("the secret", "KmsKeyId"),
    "AWS::OpenSearchService::Domain": _switched_key(
        "the index", ("EncryptionAtRestOptions", "Enabled"), "true", ("EncryptionAtRestOptions", "KmsKeyId")
    ),
    "AWS::RDS::DBCluster": _switched_key("the database", ("StorageEncrypted",), "true", ("KmsKeyId",)),
    "AWS::RDS::DBInstance": _switched_key("the database", ("StorageEncrypted",), "true", ("KmsKeyId",)),
}
