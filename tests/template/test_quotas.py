from __future__ import annotations

import pytest

import lakenb as lk
from lakenb.template.quotas import quota_faults
from tests import large
from tests.examples import chain, letters


def told(pipe: lk.Pipeline, stack_name: str = "stack") -> str:
    return "\n".join(str(fault) for fault in quota_faults(pipe.template(), stack_name))


def test_an_ordinary_pipeline_is_within_every_quota() -> None:
    assert told(letters()) == ""
    assert told(chain(36)) == ""


def test_more_than_a_stack_holds_goes_into_nested_stacks() -> None:
    assert len(chain(98).template()["Resources"]) > 1_000
    assert told(chain(98)) == ""


def test_more_than_one_operation_makes_is_refused_by_name() -> None:
    assert "2,632 resources; CloudFormation makes 2,500 in nested stacks at once" in told(chain(200))
    assert "split the pipeline into two" in told(chain(200))


def test_more_than_a_stack_holds_that_belongs_to_no_node_is_refused_by_name() -> None:
    topics = {f"Topic{number}": {"Type": "AWS::SNS::Topic", "Properties": {}} for number in range(501)}
    faults = "\n".join(str(fault) for fault in quota_faults({"Resources": topics}, "stack"))
    assert "501 resources; a CloudFormation stack holds 500\n  where: the template" in faults


def test_the_whole_template_is_returned_at_any_size() -> None:
    assert len(chain(200).template()["Resources"]) > 2_500


@pytest.mark.parametrize("key", [None, lk.Key()], ids=["without a key", "under a key"])
def test_a_fan_in_of_60_is_within_every_quota(key: lk.Key | None) -> None:
    assert told(large.fan_in(60, key=key), "invoices-of-the-group") == ""


def test_a_pipeline_of_100_nodes_under_one_key_is_within_every_quota() -> None:
    assert len(large.chain(98, key=lk.Key()).nodes) == 100
    assert told(large.chain(98, key=lk.Key()), "invoices-of-the-group") == ""


def test_a_nested_stacks_name_counts_where_topics_are_named_by_cloudformation() -> None:
    """Sixty topics take 8,192 bytes at about 136 each: the longer the stack's name, the fewer fit."""
    faults = told(large.fan_in(60), "invoices-and-letters-of-the-whole-group-2026")
    assert "bytes in the queue's policy; AWS takes 8,192" in faults
    assert "or shorten the stack's name" in faults


def test_a_long_stack_name_makes_a_queue_name_too_long() -> None:
    faults = told(letters(), "s" * 75)
    assert "86 characters in the queue's name; AWS takes 80" in faults
    assert "resource ParagraphsQueue" in faults


def test_a_stack_name_that_aws_refuses_is_refused() -> None:
    assert "'my_stack' cannot be a stack's name" in told(letters(), "my_stack")


def test_a_bucket_name_is_measured_with_account_and_region() -> None:
    inbox = lk.S3Trigger("a-very-long-name-for-an-inbox")
    pipe = lk.Pipeline("and-a-long-pipeline", inbox.pipe(lk.S3Storage("results")))
    assert "characters in the bucket's name 'and-a-long-pipeline-a-very-long-name-for-an-inbox-111" in told(
        pipe
    )


def test_too_many_producers_outgrow_policies_by_name() -> None:
    assert told(large.fan_in(25)) == ""
    faults = told(large.fan_in(90), "a-stack-with-a-rather-long-name-of-more-than-fifty-characters")
    assert "bytes in the queue's policy; AWS takes 8,192" in faults
    assert "bytes in the function's environment" not in faults
    assert "let fewer producers send to this node" in faults


def test_long_options_outgrow_the_environment() -> None:
    splitter = lk.RecursiveCharacterTextSplitter("chunks", separators=tuple("x" * 30 for _ in range(150)))
    pipe = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(splitter).pipe(lk.S3Storage("results")))
    assert "bytes in the function's environment; AWS takes 4,096" in told(pipe)
