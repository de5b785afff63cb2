"""Read back tables and schedule groups, and apply what the embedded CloudFormation ignores of tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack

_TABLE = "AWS::DynamoDB::Table"
_EXPIRY, _BACKUPS, _ENCRYPTION = (
    "TimeToLiveSpecification",
    "PointInTimeRecoverySpecification",
    "SSESpecification",
)


def apply_to_tables(emulator: Emulator, stack: Stack) -> Iterator[str]:
    """Turn on what the template says of tables, through DynamoDB's API; yield each, one line a property."""
    for logical_id, made in stack.template["Resources"].items():
        if made["Type"] == _TABLE:
            yield from _apply(emulator, stack, logical_id)


def _apply(emulator: Emulator, stack: Stack, logical_id: str) -> Iterator[str]:
    dynamodb, name = emulator.client("dynamodb"), stack.physical[logical_id]
    wanted = stack.resolve(stack.template["Resources"][logical_id]["Properties"])
    if _EXPIRY in wanted and not _expires(dynamodb, name)["Enabled"]:
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted[_EXPIRY])
        yield f"{logical_id}: {_EXPIRY}"
    if _BACKUPS in wanted and not _is_restorable(dynamodb, name):
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wanted[_BACKUPS])
        yield f"{logical_id}: {_BACKUPS}"
    if _ENCRYPTION in wanted and not _encryption(dynamodb, name):
        given = {"Enabled": wanted[_ENCRYPTION]["SSEEnabled"]} | {
            option: wanted[_ENCRYPTION][option]
            for option in ("SSEType", "KMSMasterKeyId")
            if option in wanted[_ENCRYPTION]
        }
        dynamodb.update_table(TableName=name, SSESpecification=given)
        yield f"{logical_id}: {_ENCRYPTION}"


def table(
    emulator: Emulator, stack: Stack, logical_id: str, wanted: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield property, as the template has it, as DynamoDB tells it."""
    dynamodb, name = emulator.client("dynamodb"), stack.physical[logical_id]
    found = dynamodb.describe_table(TableName=name)["Table"]
    yield "KeySchema", wanted["KeySchema"], found["KeySchema"]
    billing = found.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    yield "BillingMode", wanted.get("BillingMode", "PROVISIONED"), billing
    if _EXPIRY in wanted:
        yield _EXPIRY, wanted[_EXPIRY], _expires(dynamodb, name)
    if _BACKUPS in wanted:
        restorable = {"PointInTimeRecoveryEnabled": _is_restorable(dynamodb, name)}
        yield _BACKUPS, wanted[_BACKUPS], restorable
    if "KMSMasterKeyId" in wanted.get(_ENCRYPTION, {}):
        key = _encryption(dynamodb, name).get("KMSMasterKeyArn")
        yield _ENCRYPTION, wanted[_ENCRYPTION]["KMSMasterKeyId"], key


def schedule_group(
    emulator: Emulator, stack: Stack, logical_id: str, _: dict[str, Any]
) -> Iterator[tuple[str, Any, Any]]:
    """Yield whether the group is there to make schedules in."""
    name = stack.physical[logical_id]
    found = emulator.client("scheduler").get_schedule_group(Name=name)
    yield "State", "ACTIVE", found["State"]


def _expires(dynamodb: Any, name: str) -> dict[str, Any]:
    found = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    is_on = found["TimeToLiveStatus"] in {"ENABLED", "ENABLING"}
    return {"AttributeName": found.get("AttributeName", ""), "Enabled": is_on}


def _is_restorable(dynamodb: Any, name: str) -> bool:
    found = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    status = found.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus")
    return bool(status == "ENABLED")


def _encryption(dynamodb: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = dynamodb.describe_table(TableName=name)["Table"].get("SSEDescription") or {}
    return found
