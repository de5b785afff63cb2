"""What a reducer keeps in its table: the events of each chain, and how far the chain is.

A chain has one item for each event and one, ``state``, that counts them. An event is put and counted in one
transaction, which fails when the event is there already, or when the chain takes no more. So what is counted
is what is there, however often and in whatever order messages come; and a chain is closed only as long as
nothing was added to what its closer has read.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from lakenb.events import MAX_COMPOSITE_BYTES, MAX_MEMBERS, parse_event
from lakenb.runtime.faults import FaultError, Kind, RetryError, judged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.events import CloudEvent
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.settings import Settings

# Longer than any message about the chain can live in queue and dead-letter queue, redriven once, and than the
# documents: a chain that was forgotten would begin anew, and its composite be put again, with less in it.
KEPT_DAYS = 60
_STATE = "state"
_DAY = 24 * 3600
_DOING = "keeping the event in the node's table"
_CONDITION = "ConditionalCheckFailed"
# Amazon DynamoDB Developer Guide, "Managing complex workflows with DynamoDB transactions", conflict handling
_CONFLICTS = frozenset(
    {"TransactionConflict", "TransactionConflictException", "TransactionInProgressException"}
)
_THROTTLES = frozenset({"ThrottlingError", "ProvisionedThroughputExceeded"})
_ATTEMPTS = 12
_LONGEST_PAUSE = 1.0  # seconds


class Put(Enum):
    """What became of an event that was to be kept."""

    KEPT = "kept"
    KNOWN = "known"  # it was there: its message came again
    REFUSED = "refused"  # the chain takes no more


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a chain is, as one consistent read saw it.

    Parameters
    ----------
    gathered
        How many events it has.
    closed_by
        The id of the event whose message closed it, or of the message that did; empty while it is open.
    is_scheduled
        Whether the end of its window is scheduled.
    events
        Its events, if they were asked for.
    """

    gathered: int = 0
    closed_by: str = ""
    is_scheduled: bool = False
    events: tuple[CloudEvent, ...] = ()


class Table:
    """The node's own table.

    Parameters
    ----------
    settings, clients, deadline
        The function's own.
    most
        How many events a chain takes at most.
    """

    def __init__(
        self, settings: Settings, clients: Clients, deadline: Deadline, most: int = MAX_MEMBERS
    ) -> None:
        if settings.table is None:
            raise FaultError(Kind.HANDLER_ERROR, f"the node '{settings.node}' was given no table")
        self._name = settings.table
        self._clients = clients
        self._deadline = deadline
        self._most = most

    def put(self, event: CloudEvent) -> Put:
        """Keep an event and count it, unless it is kept already or its chain takes no more.

        Raises
        ------
        RetryError
            If so many others wanted the same that it is better to come again.
        """
        chain, body = event.data.chain_id, event.to_json()
        expires = {"N": str(int(time.time()) + KEPT_DAYS * _DAY)}
        kept = {
            "TableName": self._name,
            "Item": {**_key(chain, f"event#{event.id}"), "event": {"S": body}, "expires_at": expires},
            "ConditionExpression": "attribute_not_exists(item_id)",
        }
        room = "(attribute_not_exists(gathered) OR (gathered < :most AND total_bytes <= :room))"
        counted = {
            "TableName": self._name,
            "Key": _key(chain, _STATE),
            "UpdateExpression": "SET expires_at = :expires ADD gathered :one, total_bytes :length",
            "ConditionExpression": f"attribute_not_exists(closed_by) AND {room}",
            "ExpressionAttributeValues": {
                ":expires": expires,
                ":length": {"N": str(len(body) + 1)},  # and a comma
                ":most": {"N": str(self._most)},
                ":one": {"N": "1"},
                ":room": {"N": str(MAX_COMPOSITE_BYTES - len(body) - 2)},
            },
        }
        call = self._clients.dynamodb.transact_write_items
        reasons = self._tried(lambda: call(TransactItems=[{"Put": kept}, {"Update": counted}]))
        if not reasons:
            return Put.KEPT
        if _CONDITION not in reasons:
            reason = f"{_DOING} was broken off ({', '.join(sorted(set(reasons) - {'None'}))})"
            raise RetryError(Kind.UNAVAILABLE, reason)
        return Put.KNOWN if reasons[0] == _CONDITION else Put.REFUSED

    def close(self, chain_id: str, gathered: int, closed_by: str) -> bool:
        """Close a chain, if it still has so many events and nobody closed it; tell whether that was so."""
        return self._update(
            chain_id,
            UpdateExpression="SET closed_by = :by",
            ConditionExpression="attribute_not_exists(closed_by) AND gathered = :gathered",
            ExpressionAttributeValues={":by": {"S": closed_by}, ":gathered": {"N": str(gathered)}},
        )

    def note_schedule(self, chain_id: str, when: str) -> None:
        """Note that the end of a chain's window is scheduled."""
        self._update(
            chain_id,
            UpdateExpression="SET scheduled_at = :when",
            ExpressionAttributeValues={":when": {"S": when}},
        )

    def chain(self, chain_id: str, *, with_events: bool) -> Chain:
        """Return how far a chain is, with its events or without."""
        state: Mapping[str, Any] = {}
        events: list[CloudEvent] = []
        for item in self._items(chain_id, with_events=with_events):
            if item["item_id"]["S"] == _STATE:
                state = item
            else:
                events.append(parse_event(item["event"]["S"]))
        return Chain(
            int(state.get("gathered", {}).get("N", "0")),
            state.get("closed_by", {}).get("S", ""),
            "scheduled_at" in state,
            tuple(events),
        )

    def _items(self, chain_id: str, *, with_events: bool) -> Iterator[Mapping[str, Any]]:
        values = {":chain": {"S": chain_id}}
        condition = "chain_id = :chain"
        if not with_events:
            values[":state"] = {"S": _STATE}
            condition += " AND item_id = :state"
        query: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
        }
        while True:
            self._deadline.check()
            with judged("reading the node's table", is_own=True):
                answer = self._clients.dynamodb.query(**query)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _update(self, chain_id: str, **update: Any) -> bool:
        call, key = self._clients.dynamodb.update_item, _key(chain_id, _STATE)
        return not self._tried(lambda: call(TableName=self._name, Key=key, **update))

    def _tried(self, call: Callable[[], object]) -> tuple[str, ...]:
        """Make a call, again while others hold the item; return why it was refused, empty if it was not.

        AWS's client does not try again by itself: only who calls can know that a transaction may be repeated.
        """
        for attempt in range(_ATTEMPTS):
            self._deadline.check()
            reasons = _refusal(call)
            if not set(reasons) & (_CONFLICTS | _THROTTLES):
                return reasons
            # at random, so that those who met once do not meet again
            time.sleep(random.uniform(0.5, 1) * min(_LONGEST_PAUSE, 0.02 * 2**attempt))  # noqa: S311 - no secret is made of it
        raise RetryError(Kind.THROTTLED, f"{_DOING} met too many others that did the same at the same moment")


def _refusal(call: Callable[[], object]) -> tuple[str, ...]:
    """Return the reasons for which DynamoDB did not do what was asked; empty when it did.

    Of a transaction there is one for each of its items, ``None`` where the item was not to blame.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 - loaded by the first call; functions start quicker

    with judged(_DOING, is_own=True):
        try:
            call()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "TransactionCanceledException":
                return tuple(reason["Code"] for reason in error.response["CancellationReasons"])
            if code in _CONFLICTS or code == "ConditionalCheckFailedException":
                return (code,)
            raise
    return ()


def _key(chain_id: str, item_id: str) -> dict[str, Any]:
    return {"chain_id": {"S": chain_id}, "item_id": {"S": item_id}}
