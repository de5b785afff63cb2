"""The values that pass through a function: a message, the tasks in it, and what came of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lakenb.events import CloudEvent, Document

# An output as logs list it: the id of the event about it, and where it lies.
Listed = tuple[str, "Document"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the node's queue.

    Parameters
    ----------
    id
        The queue's own id of it.
    body
        What was sent.
    receives
        How often the queue has handed it out, this time included.
    """

    id: str
    body: str
    receives: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a task.

    Parameters
    ----------
    document
        The document that was worked on.
    outputs
        The documents made, as the log lists them.
    events
        What is to be published; empty for a connector.
    chain
        The chain whose events the node gathers: the output, if there is one, is their composite. Empty for
        the outputs of the one document.
    """

    document: Document
    outputs: tuple[Listed, ...] = ()
    events: tuple[CloudEvent, ...] = ()
    chain: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work with log lines of its own.

    Parameters
    ----------
    message
        Where it came from.
    run
        Does the work, or raises a verdict. A string instead says why there is nothing to do.
    event_id
        What it is called, when that is known.
    received
        The JSON value that was received; None when it was no JSON.
    document
        The document that it is about, as far as that is known.
    """

    message: Message
    run: Callable[[], Outcome] | str
    event_id: str | None = None
    received: Any = None
    document: Mapping[str, Any] | None = None


# Finds the tasks in a message. It calls nothing, and what it cannot read is a task that fails.
TaskReader = Callable[[Message], Iterable[Task]]
