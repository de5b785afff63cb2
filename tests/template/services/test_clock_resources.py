"""A schedule and a given queue in the template: what stands there, and what does not."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.template.quotas import quota_faults

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:intake"


def resources(*triggers: lk.Step) -> Any:
    return lk.Pipeline("p", lk.S3Storage("results").with_sources(*triggers)).template()["Resources"]


def test_the_schedule_sends_to_the_nodes_own_queue_by_a_role_of_its_own() -> None:
    made = resources(lk.SchedulerTrigger("daily", schedule="cron(0 9 * * ? *)", timezone="Europe/Berlin"))
    schedule = made["DailySchedule"]["Properties"]
    assert schedule["GroupName"] == {"Ref": "DailyScheduleGroup"}
    assert schedule["Name"] == "daily"
    assert (schedule["ScheduleExpression"], schedule["ScheduleExpressionTimezone"]) == (
        "cron(0 9 * * ? *)",
        "Europe/Berlin",
    )
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert target["Arn"] == {"Fn::GetAtt": ["DailyQueue", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DailyDeadLetters", "Arn"]}}
    assert target["RoleArn"] == {"Fn::GetAtt": ["DailyRoleForSchedules", "Arn"]}
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}
    assert json.loads(target["Input"]) == {
        "schedule": "<aws.scheduler.schedule-arn>",
        "scheduledTime": "<aws.scheduler.scheduled-time>",
    }


def test_the_roles_trust_names_the_group_and_the_account() -> None:
    made = resources(lk.SchedulerTrigger("daily", schedule="rate(1 day)"))
    (trust,) = made["DailyRoleForSchedules"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["DailyScheduleGroup", "Arn"]}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_a_window_is_told_in_minutes() -> None:
    window = timedelta(minutes=90)
    made = resources(lk.SchedulerTrigger("daily", schedule="rate(1 day)", flexible_window=window))
    assert made["DailySchedule"]["Properties"]["FlexibleTimeWindow"] == {
        "Mode": "FLEXIBLE",
        "MaximumWindowInMinutes": 90,
    }


def test_notes_have_a_bucket_that_expires_and_listed_documents_have_none() -> None:
    notes = resources(lk.SchedulerTrigger("daily", schedule="rate(1 day)"))
    rules = notes["DailyStore"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert "Expire" in {rule["Id"] for rule in rules}
    assert "NotificationConfiguration" not in notes["DailyStore"]["Properties"]
    told = notes["DailyFunction"]["Properties"]["Environment"]["Variables"]
    assert told["LAKENB_STORE"] == {"Ref": "DailyStore"}
    listed = resources(lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=["s3://lists/a"]))
    assert "DailyStore" not in listed
    assert "LAKENB_STORE" not in listed["DailyFunction"]["Properties"]["Environment"]["Variables"]


def test_a_function_is_told_of_a_document_by_its_key_once() -> None:
    made = resources(lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=['s3://lists/a "b"']))
    for node in ("Daily", "Results"):
        told = made[f"{node}Function"]["Properties"]["Environment"]["Variables"]["LAKENB_SOURCES"]
        assert json.loads("".join(told["Fn::Join"][1])) == [{"bucket": "lists", "key": 'a "b"'}]


def test_twenty_five_documents_fit_a_functions_environment() -> None:
    urls = [f"s3://documents-of-acme/lists/2026/quarterly-report-{n:03}.csv" for n in range(25)]
    daily = lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=urls)
    pipe = lk.Pipeline("p", daily.pipe(lk.S3Storage("results")))
    assert quota_faults(pipe.template(), "p") == []


def test_a_given_queue_takes_the_place_of_the_nodes_own() -> None:
    made = resources(lk.SqsTrigger("intake", queue=QUEUE, documents_in=["s3://docs/in/"]))
    own = {name for name in made if name.startswith("Intake")}
    assert own == {
        "IntakeDeadLetters",
        "IntakeDeadLettersPolicy",
        "IntakeFunction",
        "IntakeLogs",
        "IntakeMapping",
        "IntakeRole",
        "IntakeTopic",
        "IntakeTopicPolicy",
    }
    assert made["IntakeMapping"]["Properties"]["EventSourceArn"] == QUEUE
    redrive = made["IntakeDeadLetters"]["Properties"]["RedriveAllowPolicy"]
    assert redrive == {"redrivePermission": "denyAll"}  # the given queue's redrive is its owner's


def everything(**options: Any) -> lk.Pipeline:
    daily = lk.SchedulerTrigger("daily", schedule="rate(1 day)", documents=["s3://lists/a", "s3://lists/b"])
    nightly = lk.SchedulerTrigger("nightly", schedule="rate(1 day)")
    intake = lk.SqsTrigger("intake", queue=QUEUE, documents_in=["s3://docs/in/"])
    return lk.Pipeline("p", lk.S3Storage("results").with_sources(daily, nightly, intake), **options)


@pytest.mark.parametrize("key", [None, lk.Key()])
def test_all_claims_are_proved(key: lk.Key | None) -> None:
    assert everything(key=key).verify().is_proved


ROLES = ("DailyRole", "DailyRoleForSchedules", "IntakeRole", "NightlyRole", "NightlyRoleForSchedules")
STATEMENTS = [
    (role, one["Sid"])
    for role in ROLES
    for one in everything().template()["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
]


def statement_of(template: dict[str, Any], role: str, sid: str) -> tuple[list[Any], dict[str, Any]]:
    policy = template["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]
    (found,) = [one for one in policy["Statement"] if one["Sid"] == sid]
    return policy["Statement"], found


@pytest.mark.parametrize(("role", "sid"), STATEMENTS)
def test_a_statement_that_is_missing_fails_a_claim(role: str, sid: str) -> None:
    pipe = everything()
    template = copy.deepcopy(pipe.template())
    listed, found = statement_of(template, role, sid)
    listed.remove(found)
    assert not pipe.verify(template).is_proved


@pytest.mark.parametrize(
    ("role", "sid", "resource"),
    [
        ("IntakeRole", "ReceiveQueue", "arn:aws:sqs:eu-central-1:111122223333:*"),
        ("DailyRole", "ReadSources", "arn:aws:s3:::lists/*"),
        ("ResultsRole", "ReadSources", "arn:aws:s3:::docs/*"),
        ("NightlyRoleForSchedules", "SendFirings", {"Fn::GetAtt": ["DailyQueue", "Arn"]}),
    ],
)
def test_a_resource_that_is_wider_fails_a_claim(role: str, sid: str, resource: Any) -> None:
    pipe = everything()
    template = copy.deepcopy(pipe.template())
    _, found = statement_of(template, role, sid)
    before = found["Resource"]
    found["Resource"] = [*(before if isinstance(before, list) else [before]), resource]
    assert not pipe.verify(template).is_proved


@pytest.mark.parametrize("key", ["aws:SourceArn", "aws:SourceAccount"])
def test_a_trust_without_its_condition_fails_a_claim(key: str) -> None:
    pipe = everything()
    template = copy.deepcopy(pipe.template())
    trust = template["Resources"]["DailyRoleForSchedules"]["Properties"]["AssumeRolePolicyDocument"]
    (allow,) = trust["Statement"]
    for lines in allow["Condition"].values():
        lines.pop(key, None)
    allow["Condition"] = {operator: lines for operator, lines in allow["Condition"].items() if lines}
    assert not pipe.verify(template).is_proved
