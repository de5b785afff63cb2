"""Follow a run until it is quiet."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.errors import RunTimeoutError
from lakenb.records.progress import Progress
from lakenb.template.names import Kind

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping
    from datetime import timedelta

    from lakenb.backends.local.observe import Observation
    from lakenb.backends.local.seam import Emulator, EmulatorState
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph

_POLL_S = 0.1
_CALM_LOOKS = 2
# quiet, yet something published has no end: long enough for a log line to arrive, then it is said
_PATIENCE_S = 5.0


@dataclass(slots=True)
class Follower:
    """Watches the queues and the functions of a stack.

    Parameters
    ----------
    emulator, stack, observation, graph
        What is watched.
    timeout
        Longest time to wait.
    """

    emulator: Emulator
    stack: Stack
    observation: Observation
    graph: Graph
    timeout: timedelta

    def until_quiet(self, put: Mapping[str, Counter[str]], report: Callable[[Progress], None]) -> None:
        """Wait until no message is visible or in flight, no invocation runs, and every event has its end.

        All of that twice in a row. Then time is skipped up to the next schedule, if there is one. If all is
        still and something has no end after a while, that is for the account to show.

        Raises
        ------
        RunTimeoutError
            Saying what is still at work, and where.
        """
        began = time.monotonic()
        deadline = began + self.timeout.total_seconds()
        calm, still_since = 0, None
        while True:
            state, now = self.emulator.state(), time.monotonic()
            report(self._progress(state, sum(urls.total() for urls in put.values()), now - began))
            if self._is_still(state):
                still_since = now if still_since is None else still_since
                self.observation.update()
                complete = all(account.missing == 0 for account in self.observation.accounts(put))
                # what waits for its time has no end yet
                calm = calm + 1 if complete or state.pending_schedules else 0
                if not complete and now - still_since > _PATIENCE_S:
                    return
            else:
                calm, still_since = 0, None
            if calm == _CALM_LOOKS:
                if not state.pending_schedules:
                    return
                self.emulator.skip_time()
                calm, still_since = 0, None
            if now > deadline:
                raise self._too_late(state)
            time.sleep(_POLL_S)

    def _queues(self) -> dict[str, str]:
        return {self.stack.queue_arn(node): node for node in self.graph.nodes}

    def _dead_letters(self) -> dict[str, str]:
        return {self.stack.arn(node, Kind.DEAD_LETTERS): node for node in self.graph.nodes}

    def _is_still(self, state: EmulatorState) -> bool:
        waiting = _messages(state, self._queues())
        return not waiting and not state.running_invocations and not state.pending_deliveries

    def _progress(self, state: EmulatorState, put: int, seconds: float) -> Progress:
        delivered = sum(one.outcome == "delivered" for one in self.emulator.deliveries())
        known, left = put + delivered, _messages(state, self._queues())
        dead = _messages(state, self._dead_letters())
        return Progress("running", seconds, max(known - left, 0), known, state.running_invocations, dead)

    def _too_late(self, state: EmulatorState) -> RunTimeoutError:
        nodes = self._queues()
        waiting = [
            f"{nodes[queue.arn]}: {queue.visible} waiting, {queue.in_flight} in flight or to be retried"
            for queue in state.queues
            if queue.arn in nodes and queue.visible + queue.in_flight + queue.delayed
        ]
        under_way = f"{state.running_invocations} invocations, {state.pending_deliveries} deliveries"
        left = "; ".join(waiting) or under_way
        return RunTimeoutError(
            f"not quiet after {self.timeout}: {left}",
            "the local run",
            "set a longer timeout=..., or a shorter visibility_timeout, which is how long a retry waits",
        )


def _messages(state: EmulatorState, nodes: Mapping[str, str]) -> int:
    return sum(
        queue.visible + queue.in_flight + queue.delayed for queue in state.queues if queue.arn in nodes
    )
