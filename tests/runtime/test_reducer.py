"""The reducer: one composite for a chain, however often and in whatever order its events come."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from lakenb.events import (
    COMPOSITE_TYPE,
    MAX_COMPOSITE_BYTES,
    CloudEvent,
    Document,
    EventData,
    derive_chain_id,
    derive_id,
    in_order,
    members,
)
from lakenb.runtime.deadline import Deadline
from lakenb.runtime.handlers import reducer, reducer_table
from lakenb.runtime.handlers.reducer_table import KEPT_DAYS, Put, Table
from lakenb.runtime.handlers.reducer_window import closing_message
from lakenb.template.resources import DEAD_LETTER_RETENTION_DAYS, QUEUE_RETENTION_DAYS, STORE_EXPIRATION_DAYS
from tests.runtime.room import HANDLERS, LONG, Result, Room, created

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakenb.runtime.clients import Clients

HANDLER = f"{HANDLERS}.reducer"
OPTIONS: dict[str, dict[str, Any]] = {
    "count": {"count": 3},
    "window": {"window_seconds": 60},
    "until": {"until": True},
}


class Gathering:
    """A reducer in a room: its table, its schedules, and chains of events."""

    def __init__(self, room: Room, options: dict[str, Any], *, passes_on: bool = True) -> None:
        self.room = room
        clients, name = room.clients, f"gathering-{uuid4().hex[:12]}"
        names = ("chain_id", "item_id")
        clients.dynamodb.create_table(
            TableName=name,
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in names],
            KeySchema=[
                {"AttributeName": one, "KeyType": kind}
                for one, kind in zip(names, ("HASH", "RANGE"), strict=True)
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        clients.scheduler.create_schedule_group(Name=name)
        self.queue = room._queue(name)
        room.settings = replace(room.settings, handler=HANDLER)
        self.settings: dict[str, Any] = {
            "node": "group",
            "options": options,
            "table": name,
            "schedule_group": name,
            "schedule_role": "arn:aws:iam::111122223333:role/schedules",
            "own_queue": room.arn(self.queue),
            "passes_on": passes_on,
        }

    def chain(self, number: int, **metadata: Any) -> list[CloudEvent]:
        """Return the events of one chain, as a node sends them that opens an archive."""
        url = f"s3://{self.room.inbox}/a.zip"
        first = created(Document(url, "application/zip"))
        chain_id = derive_chain_id(first.id)
        return [
            CloudEvent(
                derive_id(first.id, "unzip", ordinal),
                first.type,
                first.time,
                EventData(
                    chain_id,
                    first.data.source,
                    Document(f"s3://{self.room.inbox}/{ordinal}.txt", "text/plain", 3),
                    metadata,
                    ("unzip", "inbox"),
                ),
            )
            for ordinal in range(number)
        ]

    def run(self, *bodies: str | CloudEvent, **settings: Any) -> Result:
        """Hand messages to the reducer as one batch."""
        return self.room.run(*bodies, **self.settings | settings)

    def table(self) -> Table:
        """Return the reducer's table as its handler sees it."""
        settings = replace(self.room.settings, **self.settings)
        return Table(settings, self.room.clients, Deadline(lambda: LONG), 3)

    def end_window(self, chain: Sequence[CloudEvent]) -> Result:
        """Say that a chain's window has ended."""
        return self.run(closing_message(chain[0].data.chain_id))

    def composite(self) -> tuple[CloudEvent, ...]:
        """Return the members of the one composite that was announced."""
        (event,) = self.room.published(1)
        assert event.data.document.type == COMPOSITE_TYPE
        return members(self.room.body(event.data.document.url))

    def schedules(self) -> list[str]:
        """Return the names of the schedules in the node's group."""
        group = self.settings["schedule_group"]
        found = self.room.clients.scheduler.list_schedules(GroupName=group)["Schedules"]
        return [schedule["Name"] for schedule in found]


@pytest.fixture
def gathering(room: Room) -> Callable[..., Gathering]:
    """Makes reducers in the test's room."""
    return lambda way, **more: Gathering(room, OPTIONS[way], **more)


@pytest.fixture
def predicate(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Puts a function in the place of the one that travels."""

    def put(function: Any) -> None:
        module = type("Module", (), {"predicate": staticmethod(function)})
        monkeypatch.setitem(__import__("sys").modules, "lakenb_user", module)

    return put


def whole_after(number: int) -> Callable[..., bool]:
    """Return a predicate that waits for so many events."""
    return lambda _, events: len(events) >= number


@pytest.mark.parametrize("way", ["count", "window", "until"])
def test_one_composite_tells_of_all_members(
    way: str, gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    predicate(whole_after(3))
    place = gathering(way)
    chain = place.chain(3)
    assert place.run(*chain).failures == []
    if way == "window":
        assert place.schedules() == [chain[0].data.chain_id]
        place.end_window(chain)
    assert place.composite() == tuple(chain)


def test_the_composite_says_of_itself_what_its_members_share(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    chain = place.chain(3)
    place.run(*chain)
    (event,) = place.room.published(1)
    assert event.data.chain_id == chain[0].data.chain_id
    assert event.id == derive_id(event.data.chain_id, "group", 0)
    assert event.data.source == chain[0].data.source
    assert event.time == chain[0].time
    assert event.data.call_stack == ("group", "unzip", "inbox")
    assert event.data.document.url.startswith(f"s3://{place.room.store}/{event.data.chain_id}/{event.id}/")


@pytest.mark.parametrize("way", ["count", "window", "until"])
@pytest.mark.parametrize("seed", [1, 2])
def test_messages_that_come_twice_and_in_another_order_make_the_same_one_composite(
    way: str, seed: int, gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    predicate(whole_after(3))
    place = gathering(way)
    chain = place.chain(3)
    twice = [*chain, *chain]
    random.Random(seed).shuffle(twice)  # noqa: S311 - an order, no secret
    # one message a batch: each finds what the ones before it have left
    results = [place.run(event) for event in twice]
    if way == "window":
        results.append(place.end_window(chain))
    results.append(place.run(*chain))  # once more, all of them, long after the composite was made
    assert [failure for result in results for failure in result.failures] == []
    told = sum(bool(line["outputs"]) for result in results for line in result.lines("done"))
    # the message that closed the chain says so again when it comes again: the same event about the same bytes
    events = place.room.published(told)
    assert len({event.to_json() for event in events}) == 1
    assert (
        len({line["eventId"] for result in results for line in result.lines("done") if line["outputs"]}) == 1
    )
    assert members(place.room.body(events[0].data.document.url)) == tuple(chain)
    assert len(place.room.keys(place.room.store)) == 1


def test_the_message_that_ends_a_window_may_come_twice(gathering: Callable[..., Gathering]) -> None:
    place = gathering("window")
    chain = place.chain(2)
    place.run(*chain)
    place.end_window(chain)
    place.end_window(chain)
    assert len({event.to_json() for event in place.room.published(2)}) == 1


@pytest.mark.parametrize("way", ["count", "until"])
def test_events_that_come_at_the_same_moment_make_one_composite(
    way: str, gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    predicate(whole_after(12))
    place = gathering(way)
    chain = place.chain(12)
    options = {"count": 12} if way == "count" else OPTIONS["until"]
    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda event: place.run(event, options=options), chain))
    assert [result.failures for result in results] == [[]] * 12
    assert place.composite() == in_order(chain)


def test_a_composite_that_could_not_be_announced_is_announced_when_its_message_comes_again(
    gathering: Callable[..., Gathering],
) -> None:
    place = gathering("count")
    chain = place.chain(3)
    place.run(*chain[:2])
    missing = place.room.topic.rpartition(":")[0] + ":no-such-topic"
    broken = place.run(chain[2], topic=missing)
    assert broken.failures == ["m0"]
    assert place.run(chain[2]).failures == []
    assert place.composite() == tuple(chain)


@pytest.mark.parametrize("way", ["count", "window", "until"])
def test_an_event_of_a_closed_chain_is_told_and_the_composite_stays(
    way: str, gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    predicate(whole_after(3))
    place = gathering(way)
    chain = place.chain(4)
    place.run(*chain[:3])
    if way == "window":
        place.end_window(chain)
    late = place.run(chain[3])
    assert late.failures == []
    (letter,) = place.room.dead()
    assert (letter["kind"], letter["eventId"]) == ("Late", chain[3].id)
    assert letter["reason"] == "its chain was closed before it came, with 3 events"
    assert place.composite() == tuple(chain[:3])


def test_an_event_that_was_kept_before_the_function_ended_counts_when_its_message_comes_again(
    gathering: Callable[..., Gathering],
) -> None:
    place = gathering("count")
    chain = place.chain(3)
    place.run(*chain[:2])
    # the function kept the last event, and ended before it could close the chain
    table = place.table()
    assert table.put(chain[2]) is Put.KEPT
    assert place.run(*chain[:2]).failures == []
    assert place.composite() == tuple(chain)


def test_a_chain_is_closed_only_as_it_was_read(gathering: Callable[..., Gathering]) -> None:
    place = gathering("window")
    first, second, third = place.chain(3)
    chain_id, table = first.data.chain_id, place.table()
    place.run(first)
    read = table.chain(chain_id, with_events=False)
    place.run(second)  # it came after the chain was read and before it was closed
    assert not table.close(chain_id, read.gathered, "somebody")
    read = table.chain(chain_id, with_events=True)
    assert {one.id for one in read.events} == {first.id, second.id}
    assert table.close(chain_id, read.gathered, "somebody")
    assert not table.close(chain_id, read.gathered, "somebody else")
    assert table.put(third) is Put.REFUSED
    assert table.chain(chain_id, with_events=False).closed_by == "somebody"


def test_what_was_written_a_moment_ago_is_always_read(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    read: list[Any] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        read.append(params.get("ConsistentRead"))

    events = place.room.clients.dynamodb.meta.events
    events.register("provide-client-params.dynamodb.Query", note)
    place.run(*place.chain(3))
    events.unregister("provide-client-params.dynamodb.Query", note)
    assert read
    assert set(read) == {True}


class Contended:
    """Clients of a DynamoDB in which others hold the item for the first few calls."""

    def __init__(self, clients: Clients, calls: int) -> None:
        self._clients = clients
        self._left = calls

    def __getattr__(self, name: str) -> Any:
        return self if name == "dynamodb" else getattr(self._clients, name)

    def query(self, **parameters: Any) -> Any:
        return self._clients.dynamodb.query(**parameters)

    def transact_write_items(self, **parameters: Any) -> Any:
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict"}]
        return self._unless_held("TransactionCanceledException", "transact_write_items", parameters, reasons)

    def update_item(self, **parameters: Any) -> Any:
        return self._unless_held("TransactionConflictException", "update_item", parameters, [])

    def _unless_held(self, code: str, name: str, parameters: dict[str, Any], reasons: list[Any]) -> Any:
        if self._left:
            self._left -= 1
            answer: Any = {"Error": {"Code": code, "Message": ""}, "CancellationReasons": reasons}
            raise ClientError(answer, name)
        return getattr(self._clients.dynamodb, name)(**parameters)


def test_a_call_that_meets_others_on_the_same_chain_is_made_again(
    gathering: Callable[..., Gathering],
) -> None:
    place = gathering("count")
    chain = place.chain(3)
    clients, place.room.clients = place.room.clients, cast("Clients", Contended(place.room.clients, 4))
    assert place.run(*chain).failures == []
    place.room.clients = clients
    assert place.composite() == tuple(chain)


def test_a_call_that_never_finds_its_chain_free_comes_again_with_its_message(
    gathering: Callable[..., Gathering], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reducer_table, "_LONGEST_PAUSE", 0.001)
    place = gathering("count")
    (event,) = place.chain(1)
    place.room.clients = cast("Clients", Contended(place.room.clients, 1000))
    result = place.run(event)
    assert result.failures == ["m0"]
    (line,) = result.lines("retry")
    assert line["kind"] == "Throttled"


def test_chains_are_apart(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    one, other = place.chain(3), place.chain(3)
    place.run(*(event for pair in zip(one, other, strict=True) for event in pair))
    for event in place.room.published(2):
        wanted = one if event.data.chain_id == one[0].data.chain_id else other
        assert members(place.room.body(event.data.document.url)) == tuple(wanted)


def test_a_chain_that_is_not_whole_makes_nothing(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    chain = place.chain(2)
    result = place.run(*chain)
    assert [line["outputs"] for line in result.lines("done")] == [[], []]
    assert place.room.keys(place.room.store) == []


def test_a_window_is_scheduled_once_under_the_nodes_key(gathering: Callable[..., Gathering]) -> None:
    place = gathering("window")
    chain = place.chain(3)
    key = "arn:aws:kms:us-east-1:111122223333:key/1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f"
    calls = place.run(*chain, key=key).lines("done")
    assert sum(line["calls"].get("scheduler:CreateSchedule", 0) for line in calls) == 1
    chain_id, group = chain[0].data.chain_id, place.settings["schedule_group"]
    made = place.room.clients.scheduler.get_schedule(Name=chain_id, GroupName=group)
    target = made["Target"]
    assert (target["Arn"], target["RoleArn"]) == (
        place.settings["own_queue"],
        place.settings["schedule_role"],
    )
    assert target["DeadLetterConfig"]["Arn"] == place.room.arn(place.room.dead_letters)
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}
    assert (made["ActionAfterCompletion"], made["KmsKeyArn"]) == ("DELETE", key)


def test_a_schedule_that_another_event_has_made_is_enough(gathering: Callable[..., Gathering]) -> None:
    place = gathering("window")
    chain = place.chain(2)
    place.run(chain[0])
    # the function ended before it could note what it had made
    key = {"chain_id": {"S": chain[0].data.chain_id}, "item_id": {"S": "state"}}
    place.room.clients.dynamodb.update_item(
        TableName=place.settings["table"], Key=key, UpdateExpression="REMOVE scheduled_at"
    )
    assert place.run(chain[1]).failures == []
    assert len(place.schedules()) == 1


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda *_: 1 / 0, "the predicate stopped with ZeroDivisionError"),
        (lambda *_: 1, "the predicate returned a value of type int"),
        (lambda *_: None, "the predicate returned a value of type NoneType"),
    ],
)
def test_a_predicate_that_gives_no_answer_fails_its_event_and_the_event_stays(
    function: Any,
    reason: str,
    gathering: Callable[..., Gathering],
    predicate: Callable[[Any], None],
) -> None:
    place = gathering("until")
    chain = place.chain(3)
    predicate(function)
    place.run(chain[0])
    (letter,) = place.room.dead()
    assert letter["kind"] == "HandlerError"
    assert letter["reason"].startswith(reason)
    assert letter["reason"].endswith("The event stays in its chain")
    predicate(whole_after(3))
    place.run(*chain[1:])
    assert place.composite() == tuple(chain)


def test_the_predicate_sees_the_event_that_came_and_all_of_its_chain(
    gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    seen = []

    def note(event: CloudEvent, events: tuple[CloudEvent, ...]) -> bool:
        seen.append((event, events))
        return False

    predicate(note)
    place = gathering("until")
    chain = place.chain(2)
    for event in reversed(chain):
        place.run(event)
    assert seen == [(chain[1], (chain[1],)), (chain[0], tuple(chain))]


def test_a_document_that_lies_elsewhere_is_refused_and_not_kept(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    (event,) = place.chain(1)
    elsewhere = replace(event.data, document=Document("s3://somebody/else.txt", "text/plain"))
    place.run(replace(event, data=elsewhere))
    (letter,) = place.room.dead()
    assert letter["kind"] == "ForeignUrl"
    found = place.room.clients.dynamodb.scan(TableName=place.settings["table"])
    assert found["Items"] == []


def test_where_no_grant_may_be_forwarded_members_are_copied(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count", passes_on=False)
    chain = []
    for ordinal, event in enumerate(place.chain(3)):
        uploaded = place.room.upload(f"{ordinal}.txt", f"text {ordinal}".encode())
        chain.append(replace(event, data=replace(event.data, document=uploaded.data.document)))
    place.run(*chain, *chain)
    (event, _) = place.room.published(2)
    found = members(place.room.body(event.data.document.url))
    assert [one.id for one in found] == [one.id for one in chain]
    urls = [one.data.document.url for one in found]
    assert all(url.startswith(f"s3://{place.room.store}/") for url in urls)
    assert [place.room.body(url) for url in urls] == [b"text 0", b"text 1", b"text 2"]
    assert len(place.room.keys(place.room.store)) == 4


def test_a_chain_takes_no_more_than_a_composite_can_hold(
    gathering: Callable[..., Gathering], predicate: Callable[[Any], None]
) -> None:
    predicate(lambda *_: False)
    place = gathering("until")
    first, second = place.chain(2)
    place.run(first)
    key = {"chain_id": {"S": first.data.chain_id}, "item_id": {"S": "state"}}
    place.room.clients.dynamodb.update_item(
        TableName=place.settings["table"],
        Key=key,
        UpdateExpression="SET total_bytes = :most",
        ExpressionAttributeValues={":most": {"N": str(MAX_COMPOSITE_BYTES - 100)}},
    )
    place.run(second)
    (letter,) = place.room.dead()
    assert letter["kind"] == "TooLarge"
    assert "a composite holds at most 10000 events and 16777216 bytes" in letter["reason"]


@pytest.mark.parametrize(
    "body",
    [
        '{"close":"not-a-chain"}',
        '{"close":7}',
        '{"close":"1d0e8a3c-6f3a-5a51-9f0e-0a1b2c3d4e5f","type":"document-created"}',
        "{}",
        "no json",
    ],
)
def test_what_is_neither_an_event_nor_the_end_of_a_window_is_a_dead_letter(
    body: str, gathering: Callable[..., Gathering]
) -> None:
    place = gathering("window")
    assert place.run(body).failures == []
    (letter,) = place.room.dead()
    assert letter["kind"] == "InvalidEvent"


def test_the_end_of_a_window_means_nothing_to_a_reducer_that_counts(
    gathering: Callable[..., Gathering],
) -> None:
    place = gathering("count")
    chain = place.chain(2)
    place.run(*chain)
    place.end_window(chain)
    (letter,) = place.room.dead()
    assert letter["kind"] == "InvalidEvent"


def test_the_end_of_a_window_of_which_nothing_is_known_is_told(gathering: Callable[..., Gathering]) -> None:
    place = gathering("window")
    place.end_window(place.chain(1))
    (letter,) = place.room.dead()
    assert letter["kind"] == "NotFound"


def test_nothing_of_an_event_is_logged(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    result = place.run(*place.chain(3, title="a secret of the document"))
    assert "secret" not in str(result.log)


def test_a_chain_is_remembered_longer_than_anything_that_could_tell_of_it() -> None:
    messages = 2 * (QUEUE_RETENTION_DAYS + DEAD_LETTER_RETENTION_DAYS)
    assert max(messages, STORE_EXPIRATION_DAYS) + 7 < KEPT_DAYS  # and the longest window


def test_events_expire_from_the_table(gathering: Callable[..., Gathering]) -> None:
    place = gathering("count")
    place.run(*place.chain(2))
    items = place.room.clients.dynamodb.scan(TableName=place.settings["table"])["Items"]
    assert len(items) == 3
    assert all("expires_at" in item for item in items)


def test_the_reducer_brings_its_own_reader() -> None:
    assert not hasattr(reducer, "handle")
    assert hasattr(reducer, "Reader")
