"""What is under which key, and what a key is asked when something is done with it: as AWS's pages have it.

The emulator keeps the names of keys and asks them nothing. The gates and the door ask, with what this module
looks up.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from xml.etree import ElementTree as ET

from . import border

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPEN: Final = ("kms:Decrypt",)
_MAKE: Final = ("kms:GenerateDataKey", "kms:Decrypt")
# Amazon S3 User Guide, "Using server-side encryption with AWS KMS keys"; Amazon SQS and SNS Developer Guides,
# "Key management"; Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest"
_ASKED: Final = {
    "s3:GetObject": _OPEN, "s3:PutObject": _MAKE,
    "sqs:ReceiveMessage": _OPEN, "sqs:SendMessage": _MAKE,
    "sns:Publish": _MAKE,
    "dynamodb:GetItem": _OPEN, "dynamodb:PutItem": _OPEN, "dynamodb:UpdateItem": _OPEN,
    "dynamodb:Query": _OPEN, "dynamodb:Scan": _OPEN, "dynamodb:DeleteItem": _OPEN,
    "dynamodb:BatchGetItem": _OPEN, "dynamodb:BatchWriteItem": _OPEN,
}  # fmt: skip
_SERVICES: Final = frozenset({"sns.amazonaws.com", "s3.amazonaws.com", "events.amazonaws.com"})


class Asked(NamedTuple):
    """What a key is asked.

    Parameters
    ----------
    key
        The key's ARN.
    actions
        The actions on it.
    context
        The condition keys that the service sends along, in lower case.
    """

    key: str
    actions: tuple[str, ...]
    context: dict[str, Any]


def asked_of(action: str, resource: str, region: str) -> Asked | None:
    """Return what the key of a resource is asked when somebody acts on it; None where there is none."""
    actions = _ASKED.get(action)
    if actions is None or not resource.startswith("arn:"):
        return None
    service = action.partition(":")[0]
    found = _FINDERS[service](resource)
    if found is None:
        return None
    key, context = found
    arn = _arn(key)
    if not arn:
        return None
    via = {"kms:viaservice": f"{service}.{region}.amazonaws.com", "kms:resourcealiases": _aliases(arn)}
    return Asked(arn, actions, via | context)


def of_queue(service: str, queue: str, context: dict[str, Any]) -> Asked | None:
    """Return what a queue's key is asked when an AWS service sends there; None where there is none.

    To the key SNS, S3 and EventBridge send the source's account beside its ARN (Amazon SQS Developer Guide,
    "Key management"), which here is the queue's own.
    """
    found = _of_queue(queue) if service in _SERVICES else None
    arn = _arn(found[0]) if found else ""
    return Asked(arn, _MAKE, {"aws:sourceaccount": queue.split(":")[4], **context}) if arn else None


def of_log_group(group: str) -> Asked | None:
    """Return what a log group's key is asked when CloudWatch Logs writes there; None where there is none."""
    name = group.partition(":log-group:")[2].partition(":")[0]
    one = border.of("ministack.services.cloudwatch_logs", "_log_groups").get(name)
    arn = _arn((one or {}).get("kmsKeyId") or "")
    context = {"kms:encryptioncontext:aws:logs:arn": group.partition(":log-stream:")[0].removesuffix(":*")}
    return Asked(arn, ("kms:GenerateDataKey", "kms:Decrypt"), context) if arn else None


def of_machine(machine: str) -> Asked | None:
    """Return what a state machine's key is asked when an execution begins; None where there is none.

    Its own role asks, and not by ``kms:ViaService`` (AWS Step Functions Developer Guide, "Data at rest
    encryption in Step Functions").
    """
    one = border.of("ministack.services.stepfunctions", "_state_machines").get(machine) or {}
    arn = _arn((one.get("encryptionConfiguration") or {}).get("kmsKeyId") or "")
    if not arn:
        return None
    own = {"kms:encryptioncontext:aws:states:statemachinearn": machine, "kms:resourcealiases": _aliases(arn)}
    return Asked(arn, _MAKE, own)


def of_schedule(schedule: Mapping[str, Any]) -> Asked | None:
    """Return what a schedule's key is asked when it fires; None where there is none.

    Its role asks, and not by ``kms:ViaService`` (EventBridge Scheduler User Guide, "Encryption at rest in
    EventBridge Scheduler", Execution role permissions for customer managed keys).
    """
    arn = _arn(schedule.get("KmsKeyArn") or "")
    own = {
        "kms:encryptioncontext:aws:scheduler:schedule:arn": schedule["Arn"],
        "kms:resourcealiases": _aliases(arn),
    }
    return Asked(arn, _OPEN, own) if arn else None


def policy_of(key: str) -> str:
    """Return a key's policy; empty where there is no such key."""
    found = border.of("ministack.services.kms", "_resolve_key")(key)
    return str((found or {}).get("Policy") or "")


def _arn(key: str) -> str:
    """Return the ARN of a customer managed key, by its id, ARN or alias; empty for AWS's own."""
    if not key or "alias/aws/" in key:
        return ""
    found = border.of("ministack.services.kms", "_resolve_key")(key)
    return str(found["Arn"]) if found else ""


def _aliases(arn: str) -> list[str]:
    aliases = border.of("ministack.services.kms", "_aliases")
    own = arn.rpartition("/")[2]
    return sorted(
        f"alias/{str(alias).rpartition('alias/')[2]}" for alias, key in list(aliases.items()) if key == own
    )


def _of_bucket(resource: str) -> tuple[str, dict[str, Any]] | None:
    bucket, _, key = resource.removeprefix("arn:aws:s3:::").partition("/")
    raw = border.of("ministack.services.s3", "_bucket_encryption").get(bucket)
    found = _read(bytes(raw) if isinstance(raw, (bytes, bytearray)) else str(raw).encode()) if raw else None
    if found is None:
        return None
    name, has_bucket_key = found
    # with a bucket key the context is the bucket's ARN: "Reducing the cost of SSE-KMS with S3 Bucket Keys"
    arn = f"arn:aws:s3:::{bucket}" if has_bucket_key else f"arn:aws:s3:::{bucket}/{key}"
    return name, {"kms:encryptioncontext:aws:s3:arn": arn}


@functools.lru_cache(maxsize=1024)
def _read(configuration: bytes) -> tuple[str, bool] | None:
    texts = {one.tag.rpartition("}")[2]: (one.text or "").strip()
             for one in ET.fromstring(configuration).iter()}  # noqa: S314 - what the emulator keeps  # fmt: skip
    if texts.get("SSEAlgorithm") != "aws:kms" or not texts.get("KMSMasterKeyID"):
        return None
    return texts["KMSMasterKeyID"], texts.get("BucketKeyEnabled") == "true"


def _of_queue(resource: str) -> tuple[str, dict[str, Any]] | None:
    queue = border.of("ministack.services.sqs", "_queue_by_arn")(resource)
    name = queue["attributes"].get("KmsMasterKeyId", "") if queue else ""
    return (name, {}) if name else None


def _of_topic(resource: str) -> tuple[str, dict[str, Any]] | None:
    topic = border.of("ministack.services.sns", "_topic_by_arn_any_scope")(resource)
    name = topic.get("attributes", {}).get("KmsMasterKeyId", "") if topic else ""
    return (name, {"kms:encryptioncontext:aws:sns:topicarn": resource}) if name else None


def _of_table(resource: str) -> tuple[str, dict[str, Any]] | None:
    name = resource.partition(":table/")[2].partition("/")[0]
    table = border.of("ministack.services.dynamodb", "_tables").get(name)
    key = ((table or {}).get("SSEDescription") or {}).get("KMSMasterKeyArn", "")
    subscriber = resource.split(":")[4]
    context = {
        "kms:encryptioncontext:aws:dynamodb:tablename": name,
        "kms:encryptioncontext:aws:dynamodb:subscriberid": subscriber,
    }
    return (key, context) if key else None


_FINDERS: Final = {"s3": _of_bucket, "sqs": _of_queue, "sns": _of_topic, "dynamodb": _of_table}
