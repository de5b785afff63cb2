"""What is under way, counted so that 'quiet' has no race.

A document moves from a notification under way to a queue, from there to an invocation, and
its successors are queued before it is deleted. So the counts are taken in that order,
and the queues in one piece, under the lock that every change of a queue takes.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
import types
from typing import TYPE_CHECKING, Any, Final

from . import border, skipping

if TYPE_CHECKING:
    from collections.abc import Iterator

_LONG_LIVED: Final = frozenset({"_poll_loop", "_loop", "_flip", "_scheduler_loop"})

# What keeps functions from starting at all: a fault of this machine, not of a function.
TROUBLES: Final[list[str]] = []

_count_lock = threading.Lock()
_under_way: dict[str, int] = {}


def install() -> None:
    """Count the emulator's deliveries in threads, and make changes of a queue whole."""
    for owner, name in (
        ("ministack.services.s3", "threading"),
        ("ministack.services.sns", "_threading"),
        ("ministack.services.eventbridge", "threading"),
        ("ministack.services.lambda_svc", "threading"),
        ("ministack.services.stepfunctions", "threading"),  # an execution, from its start to its end
    ):
        counted = functools.partial(_counted_thread, owner.rsplit(".", 1)[-1])
        border.replace(owner, name, functools.partial(_namespace, Thread=counted))
    _lock_queues()


def _namespace(original: Any, **changed: Any) -> types.SimpleNamespace:
    """Return a module's names with some of them changed, for one user of it."""
    return types.SimpleNamespace(**{**vars(original), **changed})


def _counted_thread(kind: str, *_: Any, **options: Any) -> Any:
    """Return a thread whose work counts as under way from before its start to its end."""
    target, args = options.pop("target"), tuple(options.pop("args", ()))
    kwargs = options.pop("kwargs", None) or {}
    work = args[0] if getattr(target, "__name__", "") == "run" and args else target
    if getattr(work, "__name__", "") in _LONG_LIVED:
        return threading.Thread(target=target, args=args, kwargs=kwargs, **options)
    return _CountedThread(kind, target, args, kwargs, options)


class _CountedThread:
    """A thread that is counted; only what the emulator uses of one."""

    def __init__(
        self, kind: str, target: Any, args: tuple[Any, ...], kwargs: Any, options: dict[str, Any]
    ) -> None:
        self._kind = kind
        self._work = functools.partial(target, *args, **kwargs)
        self._thread = threading.Thread(target=self._run, **options)
        self.is_alive = self._thread.is_alive
        self.join = self._thread.join

    def start(self) -> None:
        """Count, then start."""
        _count(self._kind, 1)
        try:
            self._thread.start()
        except RuntimeError:
            _count(self._kind, -1)
            raise

    def _run(self) -> None:
        try:
            self._work()
        finally:
            _count(self._kind, -1)


@contextlib.contextmanager
def under_way(kind: str) -> Iterator[None]:
    """Count what is done within as under way.

    Parameters
    ----------
    kind
        What it is.
    """
    _count(kind, 1)
    try:
        yield
    finally:
        _count(kind, -1)


@contextlib.contextmanager
def at_rest(kind: str) -> Iterator[None]:
    """Count what waits within no longer as under way.

    Parameters
    ----------
    kind
        What it is; it must be counted.
    """
    _count(kind, -1)
    try:
        yield
    finally:
        _count(kind, 1)


def _count(kind: str, change: int) -> None:
    with _count_lock:
        _under_way[kind] = _under_way.get(kind, 0) + change


def _lock_queues() -> None:
    """Let every change of a queue's messages hold one lock.

    The emulator appends from its event loop and replaces the list from its pollers' threads:
    a message that is appended meanwhile would be lost.
    """
    lock = threading.RLock()
    handlers = border.of("ministack.services.sqs", "_HANDLERS")
    border.replace("ministack.services.sqs", "_queues_lock", lambda _: lock)
    for name in ("_expire_retained", "_dlq_sweep", "_collect_msgs"):
        border.replace("ministack.services.sqs", name, functools.partial(_holding, lock))
    for action, handler in list(handlers.items()):
        if action != "ReceiveMessage":  # waits; its changes are the three above
            handlers[action] = _holding(lock, handler)
    border.replace("ministack.services.sns", "_deliver_to_sqs", functools.partial(_holding, lock))
    border.replace("ministack.services.s3", "_deliver_event_to_sqs", functools.partial(_holding, lock))
    border.replace("ministack.services.eventbridge", "_dispatch_to_sqs", functools.partial(_holding, lock))


def _holding(lock: Any, original: Any) -> Any:
    @functools.wraps(original)
    def locked(*args: Any, **kwargs: Any) -> Any:
        with lock:
            return original(*args, **kwargs)

    return locked


def state() -> dict[str, Any]:
    """Return the counts: deliveries under way, schedules, invocations running, each queue's messages."""
    with border.of("ministack.services.sqs", "_queues_lock"):
        with _count_lock:
            under_way = sum(_under_way.values())
        running, by_function = border.of("ministack.services.lambda_svc", "executions_in_flight")()
        batches = sum(border.of("ministack.services.lambda_svc", "_esm_inflight").values())
        now = time.time()
        stored = border.of("ministack.services.sqs", "_queues").all_items()
        queues = [_queue_state(queue, now) for _, queue in stored]
    return {
        "troubles": TROUBLES[:],
        "pending_deliveries": under_way,
        "pending_schedules": skipping.pending(),
        "running_invocations": max(running, batches),
        "running_by_function": {key.rsplit(":", 1)[-1]: count for key, count in by_function.items()},
        "queues": sorted(queues, key=lambda queue: str(queue["arn"])),
    }


def _queue_state(queue: Any, now: float) -> dict[str, Any]:
    visible = in_flight = delayed = 0
    for message in queue["messages"]:
        if message.get("visible_at", 0) <= now:
            visible += 1
        elif message.get("receive_count"):
            in_flight += 1
        else:
            delayed += 1
    return {"name": queue["name"], "arn": queue["attributes"]["QueueArn"], "visible": visible,
            "in_flight": in_flight, "delayed": delayed}  # fmt: skip
