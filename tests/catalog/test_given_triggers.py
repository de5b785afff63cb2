"""The triggers of a given queue and of a schedule: what they take, and how they refuse the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import lakenb as lk
from lakenb.catalog.clock import schedule_faults
from lakenb.graph.services import GivenPlace

QUEUE = "arn:aws:sqs:eu-central-1:111122223333:intake"
PLACES = ["s3://contracts/in/"]


def told(kind: type[lk.Step], **options: Any) -> str:
    with pytest.raises(lk.OptionError) as raised:
        kind("t", **options)
    return str(raised.value)


def sqs(**options: Any) -> lk.SqsTrigger:
    return lk.SqsTrigger("t", **{"queue": QUEUE, "documents_in": PLACES, **options})


def test_a_queue_and_the_places_of_its_documents_are_kept_as_values() -> None:
    trigger = sqs(documents_in=["s3://b-two/", "s3://a-one/x y%20/", "s3://whole"])
    assert trigger.given_queue() == QUEUE
    assert trigger.given_places() == (
        GivenPlace("a-one", "x y%20/"),
        GivenPlace("b-two"),
        GivenPlace("whole"),
    )
    assert trigger == sqs(documents_in=("s3://b-two/", "s3://a-one/x y%20/", "s3://whole"))


def test_a_queue_of_cdk_gives_its_arn() -> None:
    @dataclass
    class Queue:
        queue_arn: str

    assert sqs(queue=Queue(QUEUE)) == sqs()
    assert sqs(queue=Queue("${Token[TOKEN.7]}")).given_queue() == "${Token[TOKEN.7]}"


@pytest.mark.parametrize(
    ("queue", "what", "mend"),
    [
        (None, "queue is missing: the trigger has nothing to poll", "such as queue='arn:aws:sqs:"),
        ("", "queue is missing", "such as queue="),
        (7, "queue is 7", "a queue's ARN, or a queue that has a queue_arn"),
        (
            "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs",
            "not an ARN",
            "write its ARN: 'arn:aws:sqs:eu-west-1:111122223333:jobs'",
        ),
        ("arn:aws:sns:eu-central-1:111122223333:intake", "is no ARN of a queue of SQS", "write it like"),
        ("arn:aws:sqs:eu-central-1:1111:intake", "is no ARN of a queue of SQS", "write it like"),
        ("arn:aws:sqs:*:111122223333:*", "is no ARN of a queue of SQS", "write it like"),
        (f"{QUEUE}.fifo", "is a FIFO queue, and its order would be lost", "give a standard queue"),
        ("intake", "is no ARN of a queue of SQS", "write it like"),
    ],
)
def test_what_is_no_standard_queue_is_refused_with_its_mend(queue: Any, what: str, mend: str) -> None:
    message = told(lk.SqsTrigger, queue=queue, documents_in=PLACES)
    assert what in message
    assert mend in message


def test_without_places_no_event_could_point_anywhere() -> None:
    message = told(lk.SqsTrigger, queue=QUEUE)
    assert "documents_in is empty: no event could point to a document" in message
    assert 'documents_in=["s3://bucket/prefix/"]' in message


@pytest.mark.parametrize(
    ("place", "what", "mend"),
    [
        ("s3://docs/in/*", "with a '*': nothing stands for other text here", "write 's3://docs/in/'"),
        ("s3://docs/in?/x", "with a '?'", "write 's3://docs/in'"),
        ("https://docs.s3.eu-west-1.amazonaws.com/in/", "no s3 URL", "write 's3://docs/in/'"),
        ("https://s3.amazonaws.com/docs/in/a%20b", "no s3 URL", "write 's3://docs/in/a b'"),
        ("https://example.org/in/", "no s3 URL", "nothing is fetched from the web"),
        ("https://[::1", "no s3 URL", "nothing is fetched from the web"),
        ("arn:aws:s3:::docs/in/*", "no s3 URL", "write 's3://docs/in/'"),
        ("docs/in/", "no s3 URL", "write 's3://bucket/prefix/'"),
        ("s3://Docs/in/", "is no bucket's name", "give the name of a general purpose bucket"),
        ("s3:///in/", "has 0 characters", "give the name of a general purpose bucket"),
        ("s3://docs//in/", "begins with a slash", "write 'in/'"),
        ("s3://docs/a\nb", "control character", "leave control characters out"),
        (7, "documents_in is 7", "a text such as 's3://bucket/prefix/'"),
    ],
)
def test_a_place_that_is_none_is_refused_with_its_mend(place: Any, what: str, mend: str) -> None:
    message = told(lk.SqsTrigger, queue=QUEUE, documents_in=[place])
    assert what in message
    assert mend in message


def test_places_are_a_list() -> None:
    assert "write documents_in=['s3://docs/in/']" in told(
        lk.SqsTrigger, queue=QUEUE, documents_in="s3://docs/in/"
    )
    assert "documents_in is 7" in told(lk.SqsTrigger, queue=QUEUE, documents_in=7)


def test_the_visibility_timeout_of_a_given_queue_is_its_owners() -> None:
    message = told(lk.SqsTrigger, queue=QUEUE, documents_in=PLACES, visibility_timeout=timedelta(minutes=5))
    assert "visibility_timeout is set, but the queue is given" in message


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minute)",
        "rate(5 days)",
        "at(2026-12-31T18:00:00)",
        "cron(0 9 ? * MON-FRI *)",
        "cron(*/15 0-23/2 1,15,L * ? 2026-2030)",
        "cron(0 8 LW JAN,JUN ? *)",
        "cron(0 8 15W 1 ? *)",
        "cron(0 8 ? * 6L *)",
        "cron(0 8 ? * FRI#2 *)",
    ],
)
def test_schedules_as_aws_writes_them_are_taken(schedule: str) -> None:
    assert lk.SchedulerTrigger("t", schedule=schedule).schedule == schedule


@pytest.mark.parametrize(
    ("schedule", "what", "mend"),
    [
        ("", "schedule is missing: nothing would ever fire", "rate(1 day)"),
        (None, "schedule is missing", "rate(1 day)"),
        (60, "schedule is 60", "a text such as"),
        ("every day", "is no schedule", "write it like 'rate(1 day)'"),
        ("rate(1 days)", "mixes one and many", "write rate(1 day)"),
        ("rate(5 day)", "mixes one and many", "write rate(5 days)"),
        ("rate(0 days)", "would never fire", "write rate(1 day)"),
        ("rate(30 seconds)", "has no rate of minutes, hours or days", "rate(5 minutes)"),
        ("rate(-1 day)", "has no rate", "rate(5 minutes)"),
        (
            "cron(0 9 * * *)",
            "has 5 fields, not six",
            "minutes, hours, day of month, month, day of week, year",
        ),
        ("cron(0 9 * * * *)", "must have '?'", "cron(0 9 * * ? *)"),
        ("cron(0 9 ? * ? *)", "must have '?'", "cron(0 9 * * ? *)"),
        ("cron(60 9 * * ? *)", "has '60' for the minutes", "numbers of 0 to 59"),
        ("cron(0 9 ? * MON-FRY *)", "has 'MON-FRY' for the day of week", "numbers of 1 to 7"),
        ("cron(0 9-5 * * ? *)", "has '9-5' for the hours", "0 to 23"),
        ("cron(0/0 9 * * ? *)", "has '0/0' for the minutes", "0 to 59"),
        ("cron(0 9 * * ? 1969)", "has '1969' for the year", "1970 to 2199"),
        ("at(2026-02-30T18:00:00)", "names no time of the calendar", "without a zone: see timezone"),
        ("at(2026-12-31T18:00:00Z)", "names no time of the calendar", "without a zone: see timezone"),
    ],
)
def test_what_is_no_schedule_is_refused_with_its_mend(schedule: Any, what: str, mend: str) -> None:
    message = told(lk.SchedulerTrigger, schedule=schedule)
    assert what in message
    assert mend in message


@given(st.text(max_size=60))
def test_any_text_is_judged_without_a_crash(text: str) -> None:
    for schedule in (text, f"cron({text})", f"rate({text})", f"at({text})"):
        for fault in schedule_faults(schedule, "node 't'"):
            assert fault.mend


def test_a_near_time_zone_is_proposed() -> None:
    message = told(lk.SchedulerTrigger, schedule="rate(1 day)", timezone="Europe/Berln")
    assert "did you mean 'Europe/Berlin'?" in message
    assert "timezone is 1" in told(lk.SchedulerTrigger, schedule="rate(1 day)", timezone=1)


@pytest.mark.parametrize("window", [timedelta(seconds=30), timedelta(days=2), timedelta(minutes=-1), 5])
def test_a_window_is_whole_minutes_up_to_a_day(window: Any) -> None:
    assert "flexible_window is" in told(lk.SchedulerTrigger, schedule="rate(1 day)", flexible_window=window)


def test_listed_documents_are_places_of_one_document() -> None:
    trigger = lk.SchedulerTrigger("t", schedule="rate(1 day)", documents=["s3://docs/b c", "s3://docs/a%"])
    assert trigger.given_places() == (
        GivenPlace("docs", "a%", is_one=True),
        GivenPlace("docs", "b c", is_one=True),
    )
    assert not trigger.puts_documents()
    assert lk.SchedulerTrigger("t", schedule="rate(1 day)").puts_documents()


def test_listed_documents_are_few_whole_and_different() -> None:
    def listed(*urls: str) -> str:
        return told(lk.SchedulerTrigger, schedule="rate(1 day)", documents=list(urls))

    assert "names no document" in listed("s3://docs/in/")
    assert "names no document" in listed("s3://docs")
    assert "lists 's3://docs/a' twice" in listed("s3://docs/a", "s3://docs/a")
    assert "lists 26 documents; 25 is the most" in listed(*(f"s3://docs/{n}" for n in range(26)))
    assert "name one document by its whole key" in listed("s3://docs/in/*.pdf")


def test_a_note_is_json_and_a_listed_document_may_be_anything() -> None:
    note = lk.SchedulerTrigger("t", schedule="rate(1 day)")
    with pytest.raises(lk.IncompatibleEdgeError, match="'t' sends application/json, but"):
        note.pipe(lk.PdfTextConverter())
    listed = lk.SchedulerTrigger("t", schedule="rate(1 day)", documents=["s3://docs/a.pdf"])
    assert listed.pipe(lk.PdfTextConverter()).step.id == "pdf-text-converter"
