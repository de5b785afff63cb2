"""A reducer's table and schedules, as the template has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import lakenb as lk

WINDOW: dict[str, Any] = {"window": timedelta(minutes=5)}


def resources(*, key: lk.Key | None = None, **options: Any) -> dict[str, Any]:
    """Return the resources of a pipeline with a reducer."""
    files = lk.S3Trigger("inbox").pipe(lk.ZipInflate("unzip"))
    group = files.pipe(lk.Reducer("group", **options))
    found: dict[str, Any] = lk.Pipeline("p", group.pipe(lk.S3Storage("results")), key=key).template()[
        "Resources"
    ]
    return found


def told(found: dict[str, Any]) -> dict[str, Any]:
    """Return what the reducer's function is told of its services."""
    variables = found["GroupFunction"]["Properties"]["Environment"]["Variables"]
    names = ("TABLE", "QUEUE", "SCHEDULE_GROUP", "SCHEDULE_ROLE", "KEY")
    return {name: variables[f"LAKENB_{name}"] for name in names if f"LAKENB_{name}" in variables}


def test_the_table_is_on_demand_restorable_and_forgets_what_expires() -> None:
    table = resources(count=3)["GroupTable"]
    assert table["Properties"] == {
        "AttributeDefinitions": [
            {"AttributeName": "chain_id", "AttributeType": "S"},
            {"AttributeName": "item_id", "AttributeType": "S"},
        ],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            {"AttributeName": "chain_id", "KeyType": "HASH"},
            {"AttributeName": "item_id", "KeyType": "RANGE"},
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_a_reducer_that_counts_has_a_table_alone() -> None:
    found = resources(count=3)
    own = {name.removeprefix("Group") for name in found if name.startswith("Group")}
    assert not {name for name in own if "Schedule" in name}
    assert told(found) == {"TABLE": {"Ref": "GroupTable"}}


def test_a_window_has_a_group_and_a_role_for_its_schedules() -> None:
    found = resources(**WINDOW)
    assert found["GroupScheduleGroup"]["Type"] == "AWS::Scheduler::ScheduleGroup"
    trust = found["GroupRoleForSchedules"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert [one["Principal"] for one in trust] == [{"Service": "scheduler.amazonaws.com"}]
    assert told(found) == {
        "QUEUE": {"Fn::GetAtt": ["GroupQueue", "Arn"]},
        "SCHEDULE_GROUP": {"Ref": "GroupScheduleGroup"},
        "SCHEDULE_ROLE": {"Fn::GetAtt": ["GroupRoleForSchedules", "Arn"]},
        "TABLE": {"Ref": "GroupTable"},
    }


def test_under_a_key_the_table_is_under_it_and_so_are_the_schedules_that_the_function_makes() -> None:
    found = resources(key=lk.Key(), **WINDOW)
    arn = {"Fn::GetAtt": ["PipelineKey", "Arn"]}
    assert found["GroupTable"]["Properties"]["SSESpecification"]["KMSMasterKeyId"] == arn
    assert told(found)["KEY"] == arn


def test_documents_and_composites_outlive_the_window() -> None:
    def days(**options: Any) -> int:
        rules = resources(**options)["UnzipStore"]["Properties"]["LifecycleConfiguration"]["Rules"]
        return next(int(rule["ExpirationInDays"]) for rule in rules if "ExpirationInDays" in rule)

    assert days(window=timedelta(days=7)) == days(count=2) + 7
