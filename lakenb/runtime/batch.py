"""A batch of messages: one after the other, each to its end, and what must come again is handed back."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind, RetryError, judge, unexpected
from lakenb.runtime.log import now
from lakenb.runtime.tasks import Message, Outcome, Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.dead_letters import DeadLetters
    from lakenb.runtime.deadline import Deadline
    from lakenb.runtime.holding import Holder
    from lakenb.runtime.log import Log
    from lakenb.runtime.publish import Publisher, Verdict
    from lakenb.runtime.tasks import TaskReader

_EVENTS_HELD = 100


@dataclass(slots=True)
class _Finished:
    """A task whose outputs are stored and whose events are not yet sent."""

    task: Task
    outcome: Outcome
    messages: list[str]
    started_at: str
    calls: Counter[str]


class Batch:
    """Works on one batch.

    Events of several documents go out together, ten a call: always after all outputs of their own document
    are stored, and before their message is acknowledged.

    Parameters
    ----------
    read
        Finds the tasks in a message.
    publisher
        Sends events, or lets them wait; None for a connector, which has none.
    dead_letters, clients, deadline, log
        The function's own.
    max_receives
        How often the queue hands a message out; None if it is not known.
    """

    def __init__(
        self,
        read: TaskReader,
        *,
        publisher: Publisher | Holder | None,
        dead_letters: DeadLetters,
        clients: Clients,
        deadline: Deadline,
        log: Log,
        max_receives: int | None,
    ) -> None:
        self._read = read
        self._publisher = publisher
        self._dead_letters = dead_letters
        self._clients = clients
        self._deadline = deadline
        self._log = log
        self._max_receives = max_receives
        self._finished: list[_Finished] = []
        self._again: dict[str, None] = {}  # ids of messages to hand back, in order

    def run(self, records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Work on the records of an invocation; return Lambda's partial batch response."""
        for record in records:
            message = _message(record)
            for task in self._read(message):
                self._work(task)
            if sum(len(finished.messages) for finished in self._finished) >= _EVENTS_HELD:
                self._flush()
        self._flush()
        return {"batchItemFailures": [{"itemIdentifier": id_} for id_ in self._again]}

    def _work(self, task: Task) -> None:
        """Do one task as far as its events."""
        if isinstance(task.run, str):
            self._log.skipped(task, task.run)
            return
        self._log.start(task)
        started_at = now()
        self._clients.take_calls()
        try:
            self._deadline.begin()
            outcome = task.run()
            messages = [event.to_json() for event in outcome.events]
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a handler may raise anything; none may lose a message
            self._give_up(task, judge(error, "an AWS call of the handler") or unexpected(error), Counter())
            return
        finally:
            self._deadline.end()
        self._finished.append(_Finished(task, outcome, messages, started_at, self._clients.take_calls()))

    def _flush(self) -> None:
        """Send the events of the finished tasks and end each as they ended."""
        messages = [message for finished in self._finished for message in finished.messages]
        self._clients.take_calls()
        verdicts: Sequence[Verdict] = ()
        if messages and self._publisher:
            verdicts = self._publisher.publish(messages, self._deadline)
        shared = self._clients.take_calls()
        position = 0
        for finished in self._finished:
            own = verdicts[position : position + len(finished.messages)]
            position += len(finished.messages)
            verdict = next((verdict for verdict in own if verdict), None)
            if finished.messages:  # calls that several share are counted once, with the first
                finished.calls += shared
                shared = Counter()
            if verdict:
                self._give_up(finished.task, verdict, finished.calls)
                continue
            self._log.done(finished.task, finished.outcome, finished.started_at, finished.calls)
        self._finished = []

    def _give_up(self, task: Task, verdict: FaultError | RetryError, calls: Counter[str]) -> None:
        """End a task that failed: for good, or until its message comes again."""
        if isinstance(verdict, RetryError) and self._is_last(task.message):
            times = f"tried {task.message.receives} times"
            verdict = FaultError(verdict.kind, f"{verdict.reason} ({times}, and not to be handed out again)")
        again = self._bury(task, verdict) if isinstance(verdict, FaultError) else verdict
        calls += self._clients.take_calls()
        if again:
            self._again[task.message.id] = None
            self._log.retry(task, again, calls)
        elif isinstance(verdict, FaultError):
            self._log.failed(task, verdict, calls)

    def _bury(self, task: Task, fault: FaultError) -> RetryError | None:
        """Send a dead letter; if the queue does not take it, the message must come again."""
        try:
            self._dead_letters.send(task, fault)
        except Exception as error:  # noqa: BLE001 - whatever it is, the message must not be lost
            why = f"the dead-letter queue did not take it ({type(error).__name__})"
            return RetryError(Kind.UNAVAILABLE, f"{fault.kind}: {fault.reason}; {why}")
        return None

    def _is_last(self, message: Message) -> bool:
        return self._max_receives is not None and message.receives >= self._max_receives


def _message(record: Mapping[str, Any]) -> Message:
    receives = record.get("attributes", {}).get("ApproximateReceiveCount", "1")
    return Message(record["messageId"], record["body"], int(receives))
