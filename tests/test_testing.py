from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.errors import PolicyError, TemplateError
from lakenb.testing import assert_cannot, assert_only

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE: dict[str, Any] = {
    "Resources": {
        "Store": {"Type": "AWS::S3::Bucket"},
        "Reader": {
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
                        "PolicyName": "read",
                        "PolicyDocument": {
                            "Version": "2012-10-17",
                            "Statement": {
                                "Sid": "Read",
                                "Effect": "Allow",
                                "Action": "s3:GetObject",
                                "Resource": {"Fn::Sub": "${Store.Arn}/in/*"},
                                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
                            },
                        },
                    }
                ],
            },
        },
    }
}


def test_what_nobody_is_allowed_passes() -> None:
    assert_cannot(TEMPLATE, "Reader", "s3:Put*", "*")
    assert_cannot(TEMPLATE, "Reader", "s3:GetObject", "${Store}/out/*")
    assert_cannot(TEMPLATE, "anonymous", "*", "*")


def test_an_allowed_request_fails_the_assertion_and_is_told() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_cannot(TEMPLATE, "Reader", "s3:Get*", "${Store}/*")
    lines = str(caught.value).splitlines()
    assert lines[0] == "not so: Reader cannot s3:Get* every object of ${Store}"
    assert lines[1].startswith("  ALLOWED: Reader s3:GetObject arn:aws:s3:::${Store}/in/")
    assert "statement 'Read' of Reader.Policies[0]" in lines[2]


def test_a_context_narrows_the_requests() -> None:
    assert_cannot(TEMPLATE, "Reader", "*", "*", aws__SecureTransport=False)
    with pytest.raises(AssertionError):
        assert_cannot(TEMPLATE, "Reader", "*", "*", aws__SecureTransport="true")


def test_only_what_is_listed_may_be_allowed() -> None:
    assert_only(TEMPLATE, "Reader", "*", "*", allowed=[("s3:Get*", "${Store}/in/*")])
    with pytest.raises(AssertionError, match="not so: Reader cannot \\* everything but what is listed"):
        assert_only(TEMPLATE, "Reader", "*", "*", allowed=[("s3:GetObject", "${Store}/in/x*")])


def test_what_is_undecided_is_not_proved() -> None:
    managed = json.loads(json.dumps(TEMPLATE))
    managed["Resources"]["Reader"]["Properties"]["ManagedPolicyArns"] = ["arn:aws:iam::aws:policy/Whatever"]
    with pytest.raises(AssertionError, match="not proved: Reader cannot sqs:SendMessage everything"):
        assert_cannot(managed, "Reader", "sqs:SendMessage", "*")


def test_a_condition_of_the_template_is_followed_both_ways() -> None:
    either = json.loads(json.dumps(TEMPLATE))
    either["Parameters"] = {"Stage": {"Type": "String", "Default": "dev"}}
    either["Conditions"] = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    statement = either["Resources"]["Reader"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    statement["Action"] = {"Fn::If": ["IsProd", "s3:*", "s3:GetObject"]}
    with pytest.raises(AssertionError):
        assert_cannot(either, "Reader", "s3:PutObject", "*")


def test_a_file_and_a_pipeline_are_templates_too(tmp_path: Path) -> None:
    file = tmp_path / "template.json"
    file.write_text(json.dumps(TEMPLATE))
    assert_cannot(file, "Reader", "s3:Put*", "*")
    assert_cannot(str(file), "Reader", "s3:Put*", "*")
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    pipe = lk.Pipeline("letters", inbox.pipe(lk.S3Storage("results")))
    assert_only(
        pipe, "ResultsRole", "s3:*Object", "${InboxStore}/*", allowed=[("s3:GetObject", "${InboxStore}/*")]
    )


def test_wrong_names_are_no_passed_assertions(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="did you mean Reader"):
        assert_cannot(TEMPLATE, "Raeder", "s3:Put*", "*")
    with pytest.raises(PolicyError, match="did you mean Store"):
        assert_cannot(TEMPLATE, "Reader", "s3:Put*", "${Stor}/*")
    with pytest.raises(PolicyError, match="is no value of a key"):
        assert_cannot(TEMPLATE, "Reader", "s3:Put*", "*", aws__SourceVpc=None)
    with pytest.raises(TemplateError):
        assert_cannot(tmp_path / "nothing.json", "Reader", "s3:Put*", "*")
