"""The seam to an embedded AWS: what the rest of lakenb asks of one, and the values that it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

Outcome = Literal["ALLOWED", "EXPLICITLY_DENIED", "IMPLICITLY_DENIED"]
Context = tuple[tuple[str, tuple[str, ...]], ...]
DeliveryOutcome = Literal["delivered", "filtered", "undeliverable"]


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue's messages, counted.

    Parameters
    ----------
    name, arn
        The queue.
    visible, in_flight, delayed
        Messages to be received, received but not yet deleted, and not yet due.
    """

    name: str
    arn: str
    visible: int
    in_flight: int
    delayed: int


@dataclass(frozen=True, slots=True)
class EmulatorState:
    """What is under way, taken in one piece.

    Parameters
    ----------
    queues
        Sorted by ARN.
    running_invocations
        Invocations of functions, in all.
    running_by_function
        The same by the function's name.
    pending_deliveries
        Notifications and asynchronous deliveries that have not reached their target yet.
    pending_schedules
        Schedules that will fire once, and have not.
    """

    queues: tuple[QueueState, ...]
    running_invocations: int
    running_by_function: dict[str, int]
    pending_deliveries: int
    pending_schedules: int = 0

    def queue(self, name_or_arn: str) -> QueueState:
        """Return one queue's counts, by its name, its ARN or its URL."""
        name = name_or_arn.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
        return next(queue for queue in self.queues if queue.name == name)


@dataclass(frozen=True, slots=True)
class RawDecision:
    """One answer of the embedded AWS's policy engine.

    Parameters
    ----------
    time
        Seconds since the epoch.
    source
        "request", or "gate:<name>" where the embedded AWS acts for itself.
    request_id
        The request's id as its response carries it; "" for a gate.
    principal
        The caller's ARN (a function's: its role's session), or a service principal.
    action, resource
        What was asked.
    outcome
        As IAM names it.
    policy, sid
        Which kind of policy decided ("identity", "resource", "boundary"; "" when nothing allowed), and
        the deciding statement's Sid.
    message
        The refusal in the server's words; "" when allowed.
    context
        The request's context keys in lower case with their values, sorted, but for those that follow from the
        principal, and the time. None where they were too long to be kept.
    """

    time: float
    source: str
    request_id: str
    principal: str
    action: str
    resource: str
    outcome: Outcome
    policy: str
    sid: str
    message: str
    context: Context | None = ()

    @property
    def role(self) -> str | None:
        """Return the role's name when the caller is a session of one."""
        return self.principal.split("/")[1] if ":assumed-role/" in self.principal else None

    @property
    def session(self) -> str | None:
        """Return the session's name when the caller is a role's: for a function, its own name."""
        return self.principal.split("/")[2] if ":assumed-role/" in self.principal else None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of one published message for one subscription.

    Parameters
    ----------
    time
        Seconds since the epoch.
    topic, endpoint, subscription
        ARNs; the endpoint is the subscribed queue.
    event_id
        The `id` of the message's JSON body, or "".
    outcome
        "filtered" by the subscription's filter policy, "undeliverable" when the queue refused it.
    """

    time: float
    topic: str
    endpoint: str
    subscription: str
    event_id: str
    outcome: DeliveryOutcome


class Emulator(Protocol):
    """An AWS-compatible endpoint that enforces IAM and tells what it did."""

    @property
    def endpoint(self) -> str:
        """Return the URL of its API."""
        ...

    @property
    def account(self) -> str:
        """Return the account's id."""
        ...

    @property
    def region(self) -> str:
        """Return the region."""
        ...

    def client(self, service: str) -> Any:
        """Return a boto3 client that calls as the deployer."""
        ...

    def state(self) -> EmulatorState:
        """Return what is under way."""
        ...

    def decisions(self) -> tuple[RawDecision, ...]:
        """Return every decision so far, in order."""
        ...

    def deliveries(self) -> tuple[Delivery, ...]:
        """Return what became of every published message so far, in order."""
        ...

    def skip_time(self) -> None:
        """Make due what is scheduled next: nothing else is under way, so nothing happens before it."""
        ...

    def stop(self) -> None:
        """End it, with all that it started."""
        ...
