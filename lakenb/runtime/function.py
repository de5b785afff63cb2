"""Where Lambda enters: ``lakenb.runtime.function.handle``."""

from __future__ import annotations

import os
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.runtime.batch import Batch
from lakenb.runtime.clients import Clients
from lakenb.runtime.dead_letters import DeadLetters
from lakenb.runtime.deadline import Deadline
from lakenb.runtime.holding import Holder
from lakenb.runtime.log import Log
from lakenb.runtime.publish import Publisher
from lakenb.runtime.settings import Settings
from lakenb.runtime.work import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.runtime.tasks import TaskReader


class Function:
    """One node's function, as long as its process lives.

    Parameters
    ----------
    settings
        What the environment says.
    clients
        Kept from one invocation to the next.
    log
        Where lines go.
    """

    def __init__(self, settings: Settings, clients: Clients, log: Log) -> None:
        self._settings = settings
        self._clients = clients
        self._log = log
        self._module = import_module(settings.handler)
        self._publisher = _publisher(settings, clients)
        self._dead_letters = DeadLetters(settings, clients)

    def run(self, event: Mapping[str, Any], remaining_ms: Callable[[], int]) -> dict[str, Any]:
        """Work on a batch of messages; return those that must come again."""
        deadline = Deadline(remaining_ms)
        batch = Batch(
            self._reader(deadline),
            publisher=self._publisher,
            dead_letters=self._dead_letters,
            clients=self._clients,
            deadline=deadline,
            log=self._log,
            max_receives=self._settings.max_receives,
        )
        return batch.run(event.get("Records", ()))

    def _reader(self, deadline: Deadline) -> TaskReader:
        """Return what finds tasks: a trigger's module brings its own, for it is sent no events of ours.

        So does the module of a node that is told more than events, or that keeps them.
        """
        own = getattr(self._module, "Reader", None)
        if own is not None:
            tasks: TaskReader = own(self._settings, self._clients, deadline).tasks
            return tasks
        trigger = getattr(self._module, "Trigger", None)
        if trigger is not None:
            reader: TaskReader = trigger(self._settings, self._clients).tasks
            return reader
        return Worker(self._module.handle, self._settings, self._clients, deadline).tasks


def _publisher(settings: Settings, clients: Clients) -> Publisher | Holder | None:
    """Return what sends events on: the function itself, or the node's state machine once they have waited."""
    if settings.machine:
        return Holder(settings.machine, clients)
    return Publisher(settings.topic, clients) if settings.topic else None


@cache
def _function() -> Function:
    """Return this process's function; a bad environment is one clear error at each invocation."""
    settings = Settings.from_environment(os.environ)
    return Function(settings, Clients(), Log(settings.node))


def handle(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """Work on a batch of SQS messages.

    Parameters
    ----------
    event
        Lambda's event: the batch.
    context
        Lambda's context.

    Returns
    -------
    dict
        ``{"batchItemFailures": [{"itemIdentifier": message id}, ...]}``.
    """
    return _function().run(event, context.get_remaining_time_in_millis)
