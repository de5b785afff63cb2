"""Our answer and the delivery of a real server agree: every operator, its negation, and combinations.

All goes over HTTP: what counts is whether a published event arrives in the subscribed queue. The embedded
AWS filters bodies by its launcher's own reading of AWS's pages (`filtering`); `DOCUMENTED` names them.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakenb.backends.local.launcher import filtering
from lakenb.errors import FilterError
from lakenb.graph.filter_evaluation import evaluate
from lakenb.graph.filter_policy import consumer_filter, filter_policy
from lakenb.graph.filters import Filter, when
from tests.strategies import filter_events, filters

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.backends.local.seam import Emulator

Event = dict[str, Any]
DEADLINE = 60.0
YES = True  # by name, because a filter takes a boolean by position as it takes any value


def deliveries(emulator: Emulator, wanted: Sequence[Filter], events: Sequence[Event]) -> list[set[int]]:
    """Return, for each filter, the numbers of the events that the server delivers through its policy."""
    sns, sqs = emulator.client("sns"), emulator.client("sqs")
    name = f"filters-{uuid4().hex[:8]}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    queues: list[str] = []
    try:
        for number, policy in enumerate([*map(filter_policy, wanted), None]):
            queues.append(_queue(sqs, f"{name}-{number}", topic))
            _subscribe(sqs, sns, topic, queues[-1], policy)
        for batch in _batches(events):
            entries = [{"Id": str(number), "Message": json.dumps(event)} for number, event in batch]
            assert not sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries).get("Failed")
        # The last queue has no filter and is served last: when all is in it, the others have theirs.
        everything: set[int] = set()
        until = time.monotonic() + DEADLINE
        while len(everything) < len(events):
            assert time.monotonic() < until, "the server did not deliver in time"
            everything |= set(_received(sqs, queues[-1]))
        return [set(_received(sqs, queue)) for queue in queues[:-1]]
    finally:
        sns.delete_topic(TopicArn=topic)
        for queue in queues:
            sqs.delete_queue(QueueUrl=queue)


def _queue(sqs: Any, name: str, topic: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    attributes = {"VisibilityTimeout": "600", "Policy": policy}
    url: str = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url


def _subscribe(sqs: Any, sns: Any, topic: str, queue: str, policy: dict[str, Any] | None) -> None:
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes = {"RawMessageDelivery": "true"}
    if policy is not None:
        attributes |= {"FilterPolicyScope": "MessageBody", "FilterPolicy": json.dumps(policy)}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)


def _batches(events: Sequence[Event]) -> Iterator[list[tuple[int, Event]]]:
    numbered = [(number, {**event, "number": number}) for number, event in enumerate(events)]
    for start in range(0, len(numbered), 10):
        yield numbered[start : start + 10]


def _received(sqs: Any, queue: str) -> Iterator[int]:
    while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
        yield from (json.loads(message["Body"])["number"] for message in messages)


def assert_agreement(emulator: Emulator, wanted: Sequence[Filter], events: Sequence[Event]) -> None:
    for one, delivered in zip(wanted, deliveries(emulator, wanted, events), strict=True):
        ours = {number for number, event in enumerate(events) if evaluate(one, event)}
        unlike = [(number in ours, events[number]) for number in sorted(ours ^ delivered)]
        assert not unlike, f"{one} compiled to {json.dumps(filter_policy(one))}: ours, event"


def compiles(wanted: Filter) -> bool:
    try:
        filter_policy(wanted)
    except FilterError:
        return False
    return True


size = when("data.document.size")
OPERATORS = [
    size.lt(3),
    size.lte(3),
    size.gt(3),
    size.gte(3),
    size.between(2, 3.5),
    size.between(3, 3),
    size.equals(3),
    size.equals(2.5),
    size.equals("ab"),
    size.equals(""),
    size.equals(YES),
    size.equals(not YES),
    size.includes(2, 3),
    size.includes("ab", "é", "b"),
    size.includes("ab", 3, YES),
    size.starts_with("a"),
    size.starts_with("é"),
    size.exists(),
]
EXPRESSIBLE_NEGATIONS = [~one for one in OPERATORS if one != size.includes("ab", 3, YES)]
VALUES = [
    *(-(10**9), -1, 0, 0.00001, 2, 2.0, 2.5, 3, 3.5, 4, 10**9),
    *("", "a", "ab", "abc", "AB", "b", "é", "e", "a/b", 'quote"s', "back\\slash"),
    *(True, False),
    *([], [""], [1, 3], [3, 3], [2, 9], ["ab", "b"], ["x", "y"], [True, "ab"], [False, 3], ["", 0]),
]
PRESENT: list[Event] = [{"id": "1", "data": {"document": {"size": value, "kept": 1}}} for value in VALUES]
ABSENT: list[Event] = [{"id": "1", "data": {"document": found}} for found in ({"kept": 1}, {"size": None})]


def test_every_operator_and_its_negation_agree_with_the_server(emulator: Emulator) -> None:
    assert_agreement(emulator, [*OPERATORS, *EXPRESSIBLE_NEGATIONS], [*PRESENT, *ABSENT])


def test_pairs_of_operators_agree_with_the_server(emulator: Emulator) -> None:
    pairs = [
        combined
        for number, one in enumerate(OPERATORS[::2])
        for other in (*OPERATORS[number::5], *EXPRESSIBLE_NEGATIONS[number::4])
        for combined in (one & other, one | other)
        if compiles(combined)
    ]
    assert len(pairs) > 40
    assert_agreement(emulator, pairs, [*PRESENT, *ABSENT])


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(
    st.lists(filters().filter(compiles), min_size=15, max_size=25, unique=True),
    st.lists(filter_events(), min_size=30, max_size=40),
)
def test_random_filters_agree_with_the_server(
    emulator: Emulator, wanted: list[Filter], events: list[Event]
) -> None:
    assert_agreement(emulator, wanted, events)


def test_a_consumers_own_filter_agrees_with_the_server(emulator: Emulator) -> None:
    small = when("data.document.size").lt(10)
    wanted = [
        consumer_filter(types, users)
        for types in (["text/plain"], ["image/*", "text/plain"], ["*/*"])
        for users in (None, small, small | when("data.metadata.language").equals("fr"))
    ]
    events = [
        {
            "id": "1",
            "type": kind,
            "data": {
                "document": {"type": mime, "size": length},
                "metadata": {"kept": 1, "language": language},
            },
        }
        for kind in ("document-created", "document-deleted")
        for mime in ("text/plain", "image/png", "imagery/png", "TEXT/PLAIN", "text/plain; charset=utf-8")
        for length in (5, 50)
        for language in ("fr", "en")
    ]
    assert_agreement(emulator, wanted, events)


# What the documentation says of odd messages; each row with its page.

NUMBERS = "numeric-value-matching: numbers are not enclosed in quotation marks"
KEYWORDS = "subscription-filter-policy-constraints: true, false and null stand without quotation marks"
LEAVES = "attribute-key-matching: exists works only on leaf nodes; an object is no value"
ABSENCE = "attribute-key-matching: exists false matches messages that do not include the property"
RECORDS = "AWS Compute Blog, 'Introducing payload-based message filtering': Records[].eventName matches"
NO_VALUES = "string-value-matching: an array matches when it contains a *value* that is not excluded"

title = when("data.metadata.title")


def document(value: Any) -> Event:
    return {"id": "1", "data": {"document": {"size": value, "kept": 1}}}


DOCUMENTED = [
    (size.equals(5), document("5"), False, NUMBERS),
    (size.lt(10), document("5"), False, NUMBERS),
    (~size.lt(1), document(["5"]), False, NUMBERS),
    (~size.equals(5), document("5"), True, NUMBERS),
    (size.equals(YES), document("true"), False, KEYWORDS),
    (~title.exists(), {"id": "1"}, True, ABSENCE),
    (~title.exists(), {"id": "1", "data": {"kept": 1}}, True, ABSENCE),
    (~title.exists(), {"id": "1", "data": {"metadata": {}}}, True, ABSENCE),
    (~title.exists(), {"id": "1", "data": {"metadata": "text"}}, True, ABSENCE),
    (size.exists(), document({}), False, LEAVES),
    (size.exists(), document({"x": 1}), False, LEAVES),
    (~size.equals("a"), document({"x": 1}), False, LEAVES),
    (size.exists(), document([{}]), False, LEAVES),
    (~size.equals("a"), document([{}]), False, NO_VALUES),
    (~size.equals("a"), document([None]), False, NO_VALUES),
    (~size.equals("a"), document(["a", None]), False, NO_VALUES),
    (~size.equals("a"), document([["b"]]), False, NO_VALUES),
    (when("records.name").equals("a"), {"records": [{"name": "b"}, {"name": "a"}]}, True, RECORDS),
    (~when("records.name").equals("a"), {"records": [{"name": "b"}]}, True, RECORDS),
]


def test_odd_messages_are_filtered_as_aws_documents_it(emulator: Emulator) -> None:
    wanted = [one for one, _, _, _ in DOCUMENTED]
    delivered = deliveries(emulator, wanted, [event for _, event, _, _ in DOCUMENTED])
    for number, (one, event, documented, page) in enumerate(DOCUMENTED):
        assert evaluate(one, event) is documented, page
        assert (number in delivered[number]) is documented, f"{one} on {event}: {page}"


# What no filter of ours compiles to, but a subscription of the same topic may hold.
POLICIES = [
    ({}, {"a": 1}, True),
    ({"a": [None]}, {"a": None}, True),
    ({"a": [None]}, {"a": [1, None]}, True),
    ({"a": [None]}, {"b": 1}, False),
    ({"a": [{"exists": False}]}, {"a": None, "b": 1}, True),
    ({"a": [{"exists": False}]}, {}, False),
    ({"a": [{"anything-but": ["x"]}, {"exists": False}]}, {"b": 1}, True),
    ({"a": [1]}, {"a": YES}, False),
    ({"a": [{"anything-but": 1}]}, {"a": YES}, True),
    ({"a": [{"suffix": "ball"}]}, {"a": "football"}, True),
    ({"a": [{"suffix": "ball"}]}, {"a": ["balls", 1]}, False),
    ({"a": [{"anything-but": {"suffix": "ball"}}]}, {"a": ["football", "rugby"]}, True),
    ({"a": [{"anything-but": {"wildcard": "*ball"}}]}, {"a": "football"}, False),
    ({"a": [{"equals-ignore-case": "Tennis"}]}, {"a": "TENNIS"}, True),
    ({"a": [{"wildcard": "foot*a*"}]}, {"a": "football"}, True),
    ({"a": [{"wildcard": "f.*"}]}, {"a": "football"}, False),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": "10.0.0.255"}, True),
    ({"a": [{"cidr": "10.0.0.0/24"}]}, {"a": ["10.1.1.0", "nowhere"]}, False),
    ({"a": [{"numeric": [">", 0, "<=", 150]}]}, {"a": 150}, True),
    ({"a": [{"numeric": ["=", 301.5]}]}, {"a": [1, 301.5]}, True),
    ({"a": [{"numeric": ["=", 1]}]}, {"a": YES}, False),
    ({"a": [{"numeric": ["between", 1]}, {"unheard-of": 1}, {"numeric": [">"]}]}, {"a": 1}, False),
    ({"n": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"n": {"b": 2}}, True),
    ({"n": {"$or": [{"a": [1]}, {"b": [2]}]}}, {"n": {"c": 2}}, False),
    ({"c": [3], "$or": [{"a": [1]}, {"b": [2]}]}, {"a": 1, "c": 4}, False),
    ({"$or": [{"a": [1]}]}, {"a": 1}, False),  # one object is no alternative: a key named so
    ({"$or": [{"prefix": "a"}, {"numeric": ["=", 1]}]}, {"$or": "abc"}, True),  # reserved words: the same
    ({"r": {"a": [1], "b": [2]}}, {"r": [{"a": 1}, {"b": 2}]}, True),  # each path by itself
]


@pytest.mark.parametrize(("policy", "body", "passes"), POLICIES)
def test_policy_matches_as_aws_documents_it(policy: Event, body: Event, passes: bool) -> None:
    assert filtering.matches(policy, body) is passes


def test_only_a_body_that_is_an_object_passes_a_policy_and_attributes_are_not_ours() -> None:
    asked: list[str] = []
    passes = filtering.on_bodies(lambda _, __, message: asked.append(message))
    body = {"FilterPolicyScope": "MessageBody", "FilterPolicy": '{"a": [{"exists": false}]}'}
    assert passes({"attributes": body}, {}, '{"b": 1}')
    for message in ("", "[1]", "not JSON", "[" * 100_000):
        assert not passes({"attributes": body}, {}, message)
        assert passes({"attributes": body | {"FilterPolicy": "{}"}}, {}, message)
    assert asked == []
    passes({"attributes": {"FilterPolicy": '{"a": [1]}'}}, {}, "attributes")
    passes({"attributes": {"FilterPolicyScope": "MessageBody"}}, {}, "no policy")
    assert asked == ["attributes", "no policy"]
