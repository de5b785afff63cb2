"""A trigger on a given bucket in the template: no bucket, a rule, and exact names."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.security.stores import Store
from lakenb.template.quotas import quota_faults
from lakenb.template.rules import key_patterns
from tests.strategies import bucket_names
from tests.template.test_build import test_both_validators_find_no_fault as validate

UNRESOLVED = "${Token[TOKEN.12]}"
GIVEN = ("docs-2026", "docs.of.mine", UNRESOLVED, f"docs-{UNRESOLVED}")
TEXTS = st.text("ab/*\\?$é", max_size=4)


def pipeline(bucket: str | None = "docs-2026", prefix: str = "in/", suffix: str = ".pdf") -> lk.Pipeline:
    """Return a given bucket's trigger, another one on the same bucket, and one with a bucket of its own."""
    inbox = lk.S3Trigger("inbox", bucket=bucket, prefix=prefix, suffix=suffix)
    second = lk.S3Trigger("second", bucket=bucket, prefix="second/")
    chunks = lk.RecursiveCharacterTextSplitter("chunks").with_sources(inbox, lk.S3Trigger("own"))
    return lk.Pipeline("p", chunks.pipe(lk.S3Storage("results")).with_sources(second))


def resources(pipe: lk.Pipeline) -> dict[str, Any]:
    found: dict[str, Any] = pipe.template()["Resources"]
    return found


def test_a_given_buckets_trigger_has_a_rule_instead_of_a_bucket() -> None:
    assert [name for name in resources(pipeline()) if name.startswith("Inbox")] == [
        "InboxDeadLetters",
        "InboxDeadLettersPolicy",
        "InboxFunction",
        "InboxLogs",
        "InboxMapping",
        "InboxQueue",
        "InboxQueuePolicy",
        "InboxRole",
        "InboxRule",
        "InboxTopic",
        "InboxTopicPolicy",
    ]


def test_the_rule_sends_the_buckets_uploads_to_the_queue_with_a_redrive_of_its_own() -> None:
    assert resources(pipeline())["InboxRule"] == {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": "Uploads for inbox of the lakenb pipeline p",
            "EventPattern": {
                "source": ["aws.s3"],
                "detail-type": ["Object Created"],
                "detail": {
                    "bucket": {"name": ["docs-2026"]},
                    "object": {"key": [{"wildcard": "in/*.pdf"}]},
                },
            },
            "State": "ENABLED",
            "Targets": [
                {
                    "Id": "Queue",
                    "Arn": {"Fn::GetAtt": ["InboxQueue", "Arn"]},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["InboxDeadLetters", "Arn"]}},
                    "RetryPolicy": {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185},
                }
            ],
        },
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
    }


@pytest.mark.parametrize("policy", ["InboxQueuePolicy", "InboxDeadLettersPolicy"])
def test_both_queues_accept_that_rule_by_its_exact_arn(policy: str) -> None:
    _, allow = resources(pipeline())[policy]["Properties"]["PolicyDocument"]["Statement"]
    assert allow["Principal"] == {"Service": "events.amazonaws.com"}
    assert allow["Action"] == "sqs:SendMessage"
    assert allow["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["InboxRule", "Arn"]}}}


def reads(pipe: lk.Pipeline, role: str) -> Any:
    inline = resources(pipe)[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return next(one["Resource"] for one in inline if one["Sid"] == "ReadSources")


def arn_of(bucket: str, keys: str) -> dict[str, Any]:
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", bucket, keys]]}


@pytest.mark.parametrize("bucket", GIVEN)
def test_trigger_and_consumers_read_the_given_bucket_by_its_exact_name(bucket: str) -> None:
    pipe = pipeline(bucket)
    own = {"Fn::Join": ["", [{"Fn::GetAtt": ["OwnStore", "Arn"]}, "/*"]]}
    assert reads(pipe, "InboxRole") == arn_of(bucket, "/in/*.pdf")
    assert reads(pipe, "SecondRole") == arn_of(bucket, "/second/*")
    assert reads(pipe, "ChunksRole") == [arn_of(bucket, "/in/*.pdf"), own]


def test_a_key_in_which_prefix_and_suffix_overlap_is_in_rule_and_role() -> None:
    pipe = pipeline(prefix="in/report", suffix="report.pdf")
    detail = resources(pipe)["InboxRule"]["Properties"]["EventPattern"]["detail"]
    assert detail["object"]["key"] == [{"wildcard": "in/report*report.pdf"}, "in/report.pdf"]
    assert reads(pipe, "InboxRole") == [
        arn_of("docs-2026", "/in/report*report.pdf"),
        arn_of("docs-2026", "/in/report.pdf"),
    ]


def test_functions_are_told_the_given_buckets_name() -> None:
    for name in ("InboxFunction", "ChunksFunction"):
        variables = resources(pipeline(UNRESOLVED))[name]["Properties"]["Environment"]["Variables"]
        parts = variables["LAKENB_SOURCES"]["Fn::Join"][1]
        assert UNRESOLVED in parts
        text = "".join(part if isinstance(part, str) else "own" for part in parts)
        assert {"bucket": UNRESOLVED, "prefix": "in/", "suffix": ".pdf"} in json.loads(text)


def texts(value: Any, *, within: str = "") -> list[tuple[str, str]]:
    """Return every text of a template with the intrinsic that it stands in."""
    match value:
        case str():
            return [(within, value)]
        case list():
            return [found for item in value for found in texts(item, within=within)]
        case dict():
            return [
                found
                for key, item in value.items()
                for found in texts(item, within=key if key.startswith(("Fn::", "Ref")) else within)
            ]
    return []


@settings(deadline=None)  # whole templates, on machines that do other work beside
@given(
    bucket_names().map(lambda name: f"{name}-{UNRESOLVED}"), TEXTS.filter(lambda text: text[:1] != "/"), TEXTS
)
def test_a_given_name_stands_alone_and_never_in_a_sub(bucket: str, prefix: str, suffix: str) -> None:
    found = texts(pipeline(bucket, prefix, suffix).template())
    with_token = {(within, text) for within, text in found if "Token[" in text}
    assert with_token == {("", bucket), ("Fn::Join", bucket)}


def meets(pattern: Any, key: str) -> bool:
    """Return whether a key meets one of EventBridge's patterns, read from its documentation."""
    if isinstance(pattern, str):
        return pattern == key
    [(operator, text)] = pattern.items()
    if operator == "wildcard":
        pieces = re.findall(r"\\[\\*]|[^\\]", text)
        assert "".join(pieces) == text, "a backslash escapes a star or a backslash, nothing else"
        assert "**" not in re.sub(r"\\.", "x", text), "two wildcards in a row are refused"
        expression = "".join(".*" if one == "*" else re.escape(one[-1]) for one in pieces)
        return re.fullmatch(expression, key, re.DOTALL) is not None
    return key.startswith(text) if operator == "prefix" else key.endswith(text)


@given(TEXTS, TEXTS, st.text("ab/*\\?$é\n", max_size=8))
def test_a_rule_takes_exactly_the_keys_with_its_prefix_and_suffix(prefix: str, suffix: str, key: str) -> None:
    patterns = key_patterns(Store("inbox", prefix, suffix))
    for tried in (
        key,
        prefix + suffix,
        prefix + key + suffix,
        *Store("i", prefix, suffix).overlapping_keys(),
    ):
        taken = not patterns or any(meets(one, tried) for one in patterns)
        assert taken == (tried.startswith(prefix) and tried.endswith(suffix))


def test_a_rule_without_prefix_and_suffix_names_no_key() -> None:
    detail = resources(pipeline(prefix="", suffix=""))["InboxRule"]["Properties"]["EventPattern"]["detail"]
    assert detail == {"bucket": {"name": ["docs-2026"]}}


@settings(deadline=None)  # whole templates, on machines that do other work beside
@given(bucket_names(), TEXTS.filter(lambda text: text[:1] != "/"), TEXTS)
def test_a_given_bucket_changes_no_other_nodes_ids(bucket: str, prefix: str, suffix: str) -> None:
    given_one, own = resources(pipeline(bucket, prefix, suffix)), resources(pipeline(None, prefix, suffix))

    def others(of: dict[str, Any]) -> set[str]:
        return {name for name in of if not re.match("Inbox|Second", name)}

    assert others(given_one) == others(own)
    assert given_one.keys() - own.keys() == {"InboxRule", "SecondRule"}
    assert own.keys() - given_one.keys() == {
        "InboxStore", "InboxStorePolicy", "SecondStore", "SecondStorePolicy",
    }  # fmt: skip
    told = [name for name in others(own) if given_one[name] != own[name]]
    # a direct consumer's role and sources name the bucket; nothing else of any other node differs
    assert set(told) <= {"ChunksRole", "ChunksFunction", "ResultsRole", "ResultsFunction"}


@pytest.mark.parametrize(
    ("bucket", "prefix", "suffix"),
    [("docs-2026", "a *?$é/\\", "a *?$é/\\'\".txt"), (UNRESOLVED, "", "")],
)
def test_both_validators_find_no_fault(bucket: str, prefix: str, suffix: str) -> None:
    validate(pipeline(bucket, prefix, suffix))


def test_a_pattern_that_event_bridge_would_not_take_is_refused_by_name() -> None:
    pipe = pipeline(prefix="x" * 1000, suffix="y" * 1000)
    told = "\n".join(map(str, quota_faults(pipe.template(), "stack")))
    assert "characters in the rule's event pattern; AWS takes 2,048" in told
    assert "resource InboxRule" in told
    assert "mend:  shorten prefix or suffix" in told


def test_a_tokens_bucket_is_measured_at_its_longest() -> None:
    known, token = pipeline("x" * 63), pipeline(UNRESOLVED)
    assert quota_faults(known.template(), "stack") == quota_faults(token.template(), "stack") == []
