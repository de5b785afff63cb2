"""Sending events to the node's own topic, ten a call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.events import MAX_MESSAGE_BYTES
from lakenb.runtime.faults import FaultError, Kind, RetryError, judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lakenb.runtime.clients import Clients
    from lakenb.runtime.deadline import Deadline

_ENTRIES_A_CALL = 10  # Amazon SNS API reference, PublishBatch

Verdict = FaultError | RetryError | None


class Publisher:
    """Publishes events.

    Parameters
    ----------
    topic
        The topic's ARN.
    clients
        The function's own.
    """

    def __init__(self, topic: str, clients: Clients) -> None:
        self._topic = topic
        self._clients = clients

    def publish(self, messages: Sequence[str], deadline: Deadline) -> list[Verdict]:
        """Publish messages, and return for each what went wrong with it, or None."""
        verdicts: list[Verdict] = []
        for batch in batches(messages):
            try:
                deadline.check()
                verdicts += self._publish_batch(batch)
            except (FaultError, RetryError) as verdict:
                verdicts += [verdict] * len(batch)
        return verdicts

    def _publish_batch(self, batch: Sequence[str]) -> list[Verdict]:
        entries = [{"Id": str(index), "Message": message} for index, message in enumerate(batch)]
        with judged("publishing the event", is_own=True):
            answer = self._clients.sns.publish_batch(TopicArn=self._topic, PublishBatchRequestEntries=entries)
        verdicts: list[Verdict] = [None] * len(batch)
        for failure in answer.get("Failed", ()):
            reason = f"the topic did not take the event ({failure.get('Code', 'no reason given')})"
            verdicts[int(failure["Id"])] = RetryError(Kind.NOT_PUBLISHED, reason)
        return verdicts


def batches(messages: Sequence[str]) -> Iterator[list[str]]:
    """Return messages, in order, in groups that one call carries: by number and by size together."""
    batch: list[str] = []
    size = 0
    for message in messages:
        length = len(message)  # events are ASCII: characters are bytes
        if batch and (len(batch) == _ENTRIES_A_CALL or size + length > MAX_MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += length
    if batch:
        yield batch
