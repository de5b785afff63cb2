"""The end of a chain's time window: a schedule that sends one message to the node's own queue."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from lakenb.events import write_json
from lakenb.runtime.faults import FaultError, Kind, judged

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.settings import Settings

# Amazon EventBridge Scheduler User Guide, "Managing retries": the longest that it offers
EVENT_AGE_SECONDS = 24 * 3600
RETRY_ATTEMPTS = 185
_CLOSE = "close"


def closing_message(chain_id: str) -> str:
    """Return the message that ends a chain's window."""
    return write_json({_CLOSE: chain_id})


def closed_chain(received: Any) -> str:
    """Return the chain whose window a message ends; empty for every other message.

    No subscription lets such a message through, for it has no type: only the schedule's role sends one.
    """
    if not isinstance(received, Mapping) or set(received) != {_CLOSE}:
        return ""
    chain_id = received[_CLOSE]
    try:
        return chain_id if isinstance(chain_id, str) and str(UUID(chain_id)) == chain_id else ""
    except ValueError:
        return ""


def schedule_close(settings: Settings, clients: Clients, chain_id: str, window: timedelta) -> str:
    """Schedule the end of a chain's window, unless it is scheduled; return the time.

    The schedule is called as the chain is, so there is one however often this is asked for. It is gone when
    it has fired.

    Raises
    ------
    FaultError
        If the node may not, or was not told where.
    """
    group, role, queue = settings.schedule_group, settings.schedule_role, settings.own_queue
    if group is None or role is None or queue is None:
        reason = f"the node '{settings.node}' was not told of its schedule group, its role and its queue"
        raise FaultError(Kind.HANDLER_ERROR, reason)
    when = (datetime.now(UTC) + window).strftime("%Y-%m-%dT%H:%M:%S")
    dead_letters = f"{queue.rpartition(':')[0]}:{settings.dead_letters.rpartition('/')[2]}"
    target = {
        "Arn": queue,
        "RoleArn": role,
        "Input": closing_message(chain_id),
        "DeadLetterConfig": {"Arn": dead_letters},
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS,
            "MaximumRetryAttempts": RETRY_ATTEMPTS,
        },
    }
    key = {"KmsKeyArn": settings.key} if settings.key else {}
    scheduler = clients.scheduler
    exists = scheduler.exceptions.ConflictException  # another event of the chain was quicker
    with judged("scheduling the end of the chain's window", is_own=True), suppress(exists):
        scheduler.create_schedule(
            Name=chain_id,
            GroupName=group,
            Description=f"Ends a window of {settings.node}",
            ScheduleExpression=f"at({when})",
            ScheduleExpressionTimezone="UTC",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target=target,
            **key,
        )
    return when
