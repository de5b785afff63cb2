"""The state machine in the template: it waits, publishes, and loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import lakenb as lk


def resources(pipe: lk.Pipeline) -> Any:
    return pipe.template()["Resources"]


def waits(**options: Any) -> Any:
    pause = lk.S3Trigger("inbox").pipe(lk.Delay("pause", **options))
    return resources(lk.Pipeline("p", pause.pipe(lk.S3Storage("results"))))


def test_documents_wait_as_long_as_was_said() -> None:
    machine = waits(duration=timedelta(minutes=10))["PauseStateMachine"]["Properties"]
    assert machine["Definition"]["States"]["Wait"] == {"Type": "Wait", "Seconds": 600, "Next": "Publish"}
    machine = waits(until=datetime(2027, 1, 31, 12, tzinfo=UTC))["PauseStateMachine"]["Properties"]
    assert machine["Definition"]["States"]["Wait"]["Timestamp"] == "2027-01-31T12:00:00Z"


def test_the_machine_has_the_name_that_its_roles_trust_tells() -> None:
    made = waits(duration=timedelta(minutes=10))
    machine = made["PauseStateMachine"]["Properties"]
    assert machine["StateMachineName"] == {"Fn::Sub": "${AWS::StackName}_pause"}
    assert machine["RoleArn"] == {"Fn::GetAtt": ["PauseRoleForWaiting", "Arn"]}
    (trust,) = made["PauseRoleForWaiting"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    place = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}"
    assert trust["Principal"] == {"Service": "states.amazonaws.com"}
    assert trust["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": f"{place}:stateMachine:${{AWS::StackName}}_pause"}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_every_failure_ends_in_the_dead_letter_queue() -> None:
    machine = waits(duration=timedelta(minutes=10))["PauseStateMachine"]["Properties"]
    states = machine["Definition"]["States"]
    assert states["Publish"]["Catch"] == [
        {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Keep"}
    ]
    assert states["Keep"]["Parameters"]["QueueUrl"] == "${DeadLetters}"
    assert machine["DefinitionSubstitutions"]["DeadLetters"] == {"Ref": "PauseDeadLetters"}
    assert "message" not in states["Keep"]["Parameters"]["MessageBody"]["reason.$"]


def test_neither_log_nor_trace_needs_rights_on_everything() -> None:
    made = waits(duration=timedelta(minutes=10))
    assert not {"LoggingConfiguration", "TracingConfiguration"} & set(made["PauseStateMachine"]["Properties"])
    (policy,) = made["PauseRoleForWaiting"]["Properties"]["Policies"]
    assert "*" not in [one["Resource"] for one in policy["PolicyDocument"]["Statement"]]


def test_the_function_knows_its_machine_and_no_topic() -> None:
    function = waits(duration=timedelta(minutes=10))["PauseFunction"]["Properties"]
    variables = function["Environment"]["Variables"]
    assert variables["LAKENB_MACHINE"] == {"Ref": "PauseStateMachine"}
    assert "LAKENB_TOPIC" not in variables


def test_documents_outlive_the_wait() -> None:
    def days(made: Any) -> Any:
        (rule,) = [
            rule
            for rule in made["PipelineCache"]["Properties"]["LifecycleConfiguration"]["Rules"]
            if rule["Id"] == "Expire"
        ]
        return rule["ExpirationInDays"]

    assert days(waits(duration=timedelta(days=10))) == days(waits(duration=timedelta(hours=1))) + 9
    assert days(waits(until=datetime(2027, 1, 31, tzinfo=UTC))) > 364


def test_a_transform_passes_on_where_it_may() -> None:
    def variables(*, strict: bool) -> Any:
        merge = lk.S3Trigger("inbox").pipe(lk.Transform("merge", lambda docs: docs))
        made = resources(lk.Pipeline("p", merge.pipe(lk.S3Storage("results")), strict=strict))
        return made["MergeFunction"]["Properties"]["Environment"]["Variables"]

    assert variables(strict=False)["LAKENB_PASSES_ON"] == "true"
    assert "LAKENB_PASSES_ON" not in variables(strict=True)
    assert variables(strict=True)["LAKENB_STORE"] == {"Ref": "MergeStore"}
