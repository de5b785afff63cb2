from __future__ import annotations

from typing import Any

import pytest

from lakenb.iam.proof.values import Verdict
from tests.examples import letters
from tests.review.handmade import arn
from tests.review.properties.examined import changed, examined, faults, open_ones, without
from tests.review.properties.templates import given

PIPE = letters()
PLAIN = PIPE.template()
NOTIFICATION = ("Properties", "NotificationConfiguration", "QueueConfigurations", 0)
PLACE = "Properties.NotificationConfiguration.QueueConfigurations[0]"
RULED = given("in/report", "report*.pdf")
PATTERN = ("Properties", "EventPattern")


@pytest.mark.parametrize("graph", [PIPE, None])
def test_p10_wants_a_bucket_to_notify_its_queue_of_exactly_what_the_trigger_asks_for(graph: Any) -> None:
    rules = f"{PLACE}.Filter.S3Key.Rules"
    assert faults(without(PLAIN, "InboxStore", *NOTIFICATION, "Filter"), graph) == [
        ("P10", "InboxStore", rules)
    ]
    wider = changed(PLAIN, "InboxStore", *NOTIFICATION, "Filter", "S3Key", "Rules", 0, "Value", to="let")
    assert faults(wider, graph) == [("P10", "InboxStore", rules)]
    more = changed(
        PLAIN,
        "InboxStore",
        *NOTIFICATION,
        "Filter",
        "S3Key",
        "Rules",
        to=[{"Name": "prefix", "Value": "letters/"}, {"Name": "suffix", "Value": ".txt"}],
    )
    assert faults(more, graph) == [("P10", "InboxStore", rules)]
    capital = changed(PLAIN, "InboxStore", *NOTIFICATION, "Filter", "S3Key", "Rules", 0, "Name", to="Prefix")
    assert faults(capital, graph) == []


@pytest.mark.parametrize("event", ["s3:ObjectCreated:Put", "s3:ObjectRemoved:*"])
def test_p10_wants_every_way_of_uploading(event: str) -> None:
    template = changed(PLAIN, "InboxStore", *NOTIFICATION, "Event", to=event)
    assert faults(template, PIPE) == [("P10", "InboxStore", f"{PLACE}.Event")]


def test_p10_misses_a_notification_that_is_gone_or_goes_elsewhere() -> None:
    gone = without(PLAIN, "InboxStore", "Properties", "NotificationConfiguration")
    elsewhere = changed(PLAIN, "InboxStore", *NOTIFICATION, "Queue", to=arn("ResultsQueue"))
    for template in (gone, elsewhere):
        found = [one for one in examined(template, PIPE) if one.verdict is Verdict.FAILED]
        assert [(one.claim, one.subject, one.evidence) for one in found] == [
            ("P10", "inbox", "no bucket and no rule sends to its queue")
        ]
    # without a graph something outside of the template may feed the queue
    assert faults(gone) == []
    assert [claim for claim, *_ in open_ones(gone)] == ["P10"]


def test_p10_wants_the_bucket_made_after_the_policy_of_its_queue() -> None:
    assert faults(without(PLAIN, "InboxStore", "DependsOn"), PIPE) == [("P10", "InboxStore", "DependsOn")]
    assert faults(changed(PLAIN, "InboxStore", "DependsOn", to="ResultsQueuePolicy"), PIPE) == [
        ("P10", "InboxStore", "DependsOn")
    ]
    several = changed(PLAIN, "InboxStore", "DependsOn", to=["ResultsQueuePolicy", "InboxQueuePolicy"])
    assert faults(several, PIPE) == []


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("State",), "DISABLED"),
        (("EventPattern", "source"), ["mine"]),
        (("EventPattern", "detail-type"), ["Object Created", "Object Deleted"]),
        (("EventPattern", "detail", "bucket", "name"), ["given-bucket", "other-bucket"]),
        (("EventPattern", "detail", "bucket", "name"), [{"prefix": "given-"}]),
        (("EventPattern", "detail", "object", "key"), [{"prefix": "in/"}]),
        (("EventPattern", "detail", "object"), {}),
        (("EventPattern",), {}),
    ],
)
def test_p10_wants_a_rule_for_exactly_the_uploads_of_a_given_bucket(
    steps: tuple[str, ...], value: object
) -> None:
    template = changed(RULED.template(), "InboxRule", "Properties", *steps, to=value)
    assert faults(template, RULED) == [("P10", "InboxRule", f"Properties.{steps[0]}")]


@pytest.mark.parametrize(
    ("prefix", "suffix"),
    [("", ""), ("in/", ""), ("", ".pdf"), ("in/", ".pdf"), ("a*b\\", "*.x"), ("aa", "aab")],
)
def test_p10_writes_the_pattern_of_keys_by_its_own_lines(prefix: str, suffix: str) -> None:
    pipe = given(prefix, suffix)
    assert faults(pipe.template(), pipe) == []


def test_p10_wants_a_rule_of_uploads_not_of_the_clock() -> None:
    clock = without(RULED.template(), "InboxRule", *PATTERN)
    clock = changed(clock, "InboxRule", "Properties", "ScheduleExpression", to="rate(1 hour)")
    assert faults(clock, RULED) == [("P10", "InboxRule", "Properties.EventPattern")]


def test_p10_takes_a_rule_that_was_not_switched_off() -> None:
    assert faults(without(RULED.template(), "InboxRule", "Properties", "State"), RULED) == []


def test_p10_of_what_cannot_be_read_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    for template, pipe in [
        (changed(PLAIN, "InboxStore", *NOTIFICATION, "Event", to=unread), PIPE),
        (changed(PLAIN, "InboxStore", *NOTIFICATION, "Filter", to=unread), PIPE),
        (changed(PLAIN, "InboxStore", *NOTIFICATION, "Queue", to=unread), PIPE),
        (changed(RULED.template(), "InboxRule", *PATTERN, "source", to=[unread]), RULED),
    ]:
        assert faults(template, pipe) == []
        assert [claim for claim, *_ in open_ones(template, pipe)] == ["P10"]


def test_p10_names_the_keys_that_a_trigger_asks_for() -> None:
    texts = {one.text for one in examined(RULED.template(), RULED)}
    assert "exactly the uploads that 'inbox' asks for reach its queue (keys in/report*report*.pdf)" in texts
    texts = {one.text for one in examined(PLAIN, PIPE)}
    assert "exactly the uploads that 'inbox' asks for reach its queue (keys letters/*)" in texts
