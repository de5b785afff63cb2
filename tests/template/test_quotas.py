from __future__ import annotations

import lakenb as lk
from lakenb.template.quotas import quota_faults
from tests.examples import chain, letters


def told(pipe: lk.Pipeline, stack_name: str = "stack") -> str:
    return "\n".join(str(fault) for fault in quota_faults(pipe.template(), stack_name))


def test_an_ordinary_pipeline_is_within_every_quota() -> None:
    assert told(letters()) == ""
    assert told(chain(36)) == ""


def test_more_than_a_stack_holds_is_refused_by_name() -> None:
    assert "519 resources; a CloudFormation stack holds 500" in told(chain(38))
    assert "split the pipeline into two" in told(chain(38))


def test_the_whole_template_is_returned_at_any_size() -> None:
    assert len(chain(200).template()["Resources"]) > 500


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


def fan_in(producers: int) -> lk.Pipeline:
    inbox, store = lk.S3Trigger("inbox"), lk.S3Storage("results")
    splitters = [inbox.pipe(lk.RecursiveCharacterTextSplitter(f"n-{number}")) for number in range(producers)]
    return lk.Pipeline("p", *(one.pipe(store) for one in splitters))


def test_too_many_producers_outgrow_policies_and_environment_by_name() -> None:
    assert told(fan_in(25)) == ""
    faults = told(fan_in(38), "a-stack-with-a-rather-long-name-of-more-than-fifty-characters")
    assert "bytes in the queue's policy; AWS takes 8,192" in faults
    assert "bytes in the function's environment; AWS takes 4,096" in faults
    assert "let fewer producers send to this node" in faults


def test_long_options_outgrow_the_environment() -> None:
    splitter = lk.RecursiveCharacterTextSplitter("chunks", separators=tuple("x" * 30 for _ in range(150)))
    pipe = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(splitter).pipe(lk.S3Storage("results")))
    assert "bytes in the function's environment; AWS takes 4,096" in told(pipe)
