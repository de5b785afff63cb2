"""P9's table: one row a call, each with its page; where there is no condition, an exception that says so."""

from __future__ import annotations

import pytest

from lakenb.review.deputies import CALLS, LAMBDA, S3, SCHEDULER, SNS, STATES, keys_sent


def test_every_call_has_conditions_or_is_a_named_exception() -> None:
    for call in CALLS:
        assert bool(call.keys) is not bool(call.exception)
        assert call.page


def test_the_exception_is_lambda_s() -> None:
    (one,) = (call for call in CALLS if call.exception)
    assert (one.service, one.action, one.policy) == (LAMBDA, "sts:AssumeRole", "trust policy")
    assert one.exception.startswith("not available in AWS")


def test_no_call_stands_twice() -> None:
    rows = [(call.service, call.action, call.policy) for call in CALLS]
    assert len(rows) == len(set(rows))


def test_s3_sends_its_account_because_a_bucket_s_arn_holds_none() -> None:
    assert keys_sent(S3, "sqs:SendMessage", "queue policy") == ("aws:sourcearn", "aws:sourceaccount")
    assert keys_sent(SNS, "sqs:SendMessage", "queue policy") == ("aws:sourcearn",)


@pytest.mark.parametrize("service", [SCHEDULER, STATES])
def test_a_service_takes_a_role_for_its_own_source_of_the_account(service: str) -> None:
    assert keys_sent(service, "sts:AssumeRole", "trust policy") == ("aws:sourcearn", "aws:sourceaccount")


def test_a_call_without_a_row_is_refused() -> None:
    with pytest.raises(KeyError):
        keys_sent(S3, "sqs:ReceiveMessage", "queue policy")
