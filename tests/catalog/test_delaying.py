"""Delay as a user writes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

import lakenb as lk
from lakenb.catalog.delaying import LONGEST_DELAY
from lakenb.graph.services import Service

NOON = datetime(2027, 1, 31, 12, tzinfo=UTC)


def test_a_delay_says_how_long_documents_wait() -> None:
    step = lk.Delay("pause", duration=timedelta(minutes=90))
    assert step.wait() == {"Seconds": 5400}
    assert step.own_options() == {}
    assert step.holds() == timedelta(minutes=90)
    assert step.services() == (Service.MACHINE,)
    assert repr(step) == "Delay('pause', duration=datetime.timedelta(seconds=5400))"


@pytest.mark.parametrize(
    ("until", "moment"),
    [
        (NOON, "2027-01-31T12:00:00Z"),
        (datetime(2027, 1, 31, 13, tzinfo=timezone(timedelta(hours=1))), "2027-01-31T12:00:00Z"),
        (NOON + timedelta(microseconds=1), "2027-01-31T12:00:01Z"),
    ],
)
def test_a_moment_is_written_in_utc_and_never_earlier(until: datetime, moment: str) -> None:
    step = lk.Delay(until=until)
    assert step.wait() == {"Timestamp": moment}
    assert step.own_options() == {"until": moment}


def test_nobody_knows_how_early_documents_come_before_a_moment() -> None:
    assert lk.Delay(until=NOON).holds() == LONGEST_DELAY


def test_the_same_moment_elsewhere_is_the_same_step() -> None:
    there = datetime(2027, 1, 31, 13, tzinfo=timezone(timedelta(hours=1)))
    assert lk.Delay(until=NOON) == lk.Delay(until=there)
    assert lk.Delay(until=NOON) != lk.Delay(until=NOON + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("options", "what", "mend"),
    [
        ({}, "it is not said how long documents wait", "write duration=timedelta(hours=1) or until="),
        (
            {"duration": timedelta(hours=1), "until": NOON},
            "duration and until are both set",
            "keep one of the two",
        ),
        ({"duration": 60}, "duration is 60, but it must be a timedelta", ""),
        ({"duration": timedelta(0)}, "documents wait for whole seconds, a second to 364 days", "such as"),
        ({"duration": timedelta(seconds=1.5)}, "documents wait for whole seconds", "such as"),
        ({"duration": timedelta(days=365)}, "a second to 364 days", "such as"),
        ({"duration": -timedelta(hours=1)}, "a second to 364 days", "such as"),
        ({"until": "2027-01-31"}, "until is '2027-01-31', but it must be a datetime with a time zone", ""),
        (
            {"until": datetime(2027, 1, 31)},  # noqa: DTZ001 - the mistake itself
            "which is a different moment in each time zone",
            "give it a time zone",
        ),
    ],
)
def test_a_time_that_cannot_be_waited_for_is_refused(options: dict[str, Any], what: str, mend: str) -> None:
    with pytest.raises(lk.OptionError) as caught:
        lk.Delay("pause", **options)
    assert what in str(caught.value)
    assert mend in str(caught.value)
    assert "node 'pause'" in str(caught.value)


def test_types_go_through_a_delay() -> None:
    split = lk.S3Trigger("inbox").pipe(lk.RecursiveCharacterTextSplitter("split"))
    assert split.pipe(lk.Delay(duration=timedelta(hours=1))).output_types() == ("text/plain",)
