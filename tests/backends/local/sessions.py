"""What tests of a session do beside running documents: listen, send messages, read what was left."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.template.names import Kind
from tests.backends.local.embedded import eventually, policy, queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.session import LocalSession

_SERVICES = {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}


@dataclass(frozen=True)
class Ear:
    """A queue of the test's own that hears what a trigger hears, and what it says."""

    session: LocalSession
    url: str

    @classmethod
    def at(cls, session: LocalSession, trigger: str) -> Ear:
        """Listen to the notifications of a trigger's bucket and to its topic."""
        url, arn = queue(session.emulator, f"{session.graph.id}-ear")
        allowed = {"Effect": "Allow", "Principal": _SERVICES, "Action": "sqs:SendMessage", "Resource": arn}
        session.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(allowed)})
        s3, bucket = session.client("s3"), session.bucket(trigger)
        found = s3.get_bucket_notification_configuration(Bucket=bucket)
        queues = [*found["QueueConfigurations"], {"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        s3.put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"QueueConfigurations": queues}
        )
        session.client("sns").subscribe(
            TopicArn=session.stack.arn(trigger, Kind.TOPIC),
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )
        return cls(session, url)

    def heard(self) -> tuple[dict[str, str], dict[str, str]]:
        """Return notifications by key (as S3 writes it) and events by their document's URL, as text."""
        notifications, events = {}, {}
        for body in messages(self.session, self.url):
            told = json.loads(body)
            if "Records" in told:
                notifications[told["Records"][0]["s3"]["object"]["key"]] = body
            elif "data" in told:
                events[told["data"]["document"]["url"]] = body
        return notifications, events


def messages(session: LocalSession, url: str) -> Iterator[str]:
    """Yield the bodies of a queue's visible messages; they stay, hidden for a while."""
    sqs = session.client("sqs")
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        yield from (message["Body"] for message in found)


def peek(session: LocalSession, node: str) -> list[str]:
    """Return the bodies of a node's visible dead letters, and leave them visible."""
    sqs, url = session.client("sqs"), session.stack.id(node, Kind.DEAD_LETTERS)
    found: dict[str, str] = {}

    def look() -> bool:
        there = session.emulator.state().queue(url).visible
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        found.update({one["MessageId"]: one["Body"] for one in answer.get("Messages", ())})
        return len(found) >= there

    eventually(look)
    return list(found.values())


def rest(session: LocalSession) -> None:
    """Wait until no node has a message and no function runs, without reading anything."""

    def is_quiet() -> bool:
        state = session.emulator.state()
        queues = [state.queue(session.stack.id(node, Kind.QUEUE)) for node in session.graph.nodes]
        left = sum(queue.visible + queue.in_flight + queue.delayed for queue in queues)
        return not (left or state.running_invocations or state.pending_deliveries)

    eventually(is_quiet)


def send(session: LocalSession, node: str, body: str) -> None:
    """Send a message straight to a node's queue, with the deployer's key."""
    session.client("sqs").send_message(QueueUrl=session.stack.id(node, Kind.QUEUE), MessageBody=body)


def waiting(session: LocalSession, node: str) -> int:
    """Return how many messages wait in a node's queue."""
    return session.emulator.state().queue(session.stack.id(node, Kind.QUEUE)).visible


def pause(session: LocalSession, node: str) -> None:
    """Let a node's messages wait in their queue."""
    _set_mapping(session, node, enabled=False)


def resume(session: LocalSession, node: str) -> None:
    """Let a node work again."""
    _set_mapping(session, node, enabled=True)


def _set_mapping(session: LocalSession, node: str, *, enabled: bool) -> None:
    functions, uuid = session.client("lambda"), session.stack.id(node, Kind.MAPPING)
    functions.update_event_source_mapping(UUID=uuid, Enabled=enabled)
    wanted = "Enabled" if enabled else "Disabled"
    eventually(lambda: functions.get_event_source_mapping(UUID=uuid)["State"] == wanted)


def log_lines(session: LocalSession, node: str) -> list[str]:
    """Return every line of a node's log."""
    pages = session.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=session.stack.id(node, Kind.LOGS))
    return [line for page in found for event in page["events"] for line in event["message"].splitlines()]


def objects(session: LocalSession, bucket: str) -> dict[str, tuple[int, str]]:
    """Return a bucket's objects: size and ETag by key."""
    pages = session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket)
    listed = [one for page in pages for one in page.get("Contents", [])]
    return {one["Key"]: (one["Size"], one["ETag"].strip('"')) for one in listed}


def edge(run: Any, name: str) -> tuple[int, int, int, int]:
    """Return one edge's account: inputs, delivered, failed, filtered."""
    found = next(account for account in run.accounts if account.edge == name)
    return found.inputs, found.delivered, found.failed, found.filtered
