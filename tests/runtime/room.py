"""What the runtime's tests stand on: a node's buckets, topic and queues, and a run of its function."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from lakenb.events import (
    DOCUMENT_CREATED,
    CloudEvent,
    Document,
    EventData,
    S3Location,
    derive_chain_id,
    parse_event,
)
from lakenb.runtime.function import Function
from lakenb.runtime.log import Log
from lakenb.runtime.settings import Settings, Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lakenb.backends.local.emulator import LocalEmulator
    from lakenb.runtime.clients import Clients

HANDLERS = "lakenb.runtime.handlers"
SPLITTER = f"{HANDLERS}.recursive_character_text_splitter"
STORAGE = f"{HANDLERS}.s3_storage"
TRIGGER = f"{HANDLERS}.s3_trigger"
DEADLINE = 20.0
LONG = 600_000


@dataclass(frozen=True)
class Result:
    """What one invocation did."""

    failures: list[str]
    log: list[dict[str, Any]]

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """Return the log's lines of one kind."""
        return [line for line in self.log if line["lakenb"] == kind]

    @property
    def done(self) -> dict[str, Any]:
        """The one line about a finished document."""
        (line,) = self.lines("done")
        return line


class Room:
    """The surroundings of one node."""

    def __init__(self, emulator: LocalEmulator, clients: Clients) -> None:
        self.clients = clients
        self.emulator = emulator
        name = f"room-{uuid4().hex[:12]}"
        self.inbox, self.store, self.cache = (f"{name}-{part}" for part in ("inbox", "store", "cache"))
        for bucket in (self.inbox, self.store, self.cache):
            clients.s3.create_bucket(Bucket=bucket)
        self.topic: str = clients.sns.create_topic(Name=name)["TopicArn"]
        self.dead_letters = self._queue(f"{name}-dead")
        self.listener = self._queue(f"{name}-listener")
        arn = self.arn(self.listener)
        self._let("sns.amazonaws.com", self.listener, self.topic)
        clients.sns.subscribe(
            TopicArn=self.topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
        )
        self.settings = Settings(
            node="split",
            handler=SPLITTER,
            dead_letters=self.dead_letters,
            sources=(Source(self.inbox),),
            topic=self.topic,
            store=self.store,
            cache=self.cache,
        )

    def run(
        self,
        *bodies: str | CloudEvent,
        receives: int = 1,
        remaining_ms: Callable[[], int] = lambda: LONG,
        handler: Any = None,
        **settings: Any,
    ) -> Result:
        """Hand messages to the node's function, as a batch, and return what it did."""
        lines: list[str] = []
        changed = replace(self.settings, **settings)
        function = Function(changed, self.clients, Log(changed.node, lines.append))
        if handler is not None:
            function._module = handler
        texts = [body if isinstance(body, str) else body.to_json() for body in bodies]
        records = [
            {"messageId": f"m{index}", "body": text, "attributes": {"ApproximateReceiveCount": str(receives)}}
            for index, text in enumerate(texts)
        ]
        response = function.run({"Records": records}, remaining_ms)
        failures = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
        return Result(failures, [json.loads(line) for line in lines])

    def upload(self, key: str, body: bytes, **more: Any) -> CloudEvent:
        """Put a document into the inbox and return the event that a trigger would send."""
        answer = self.clients.s3.put_object(Bucket=self.inbox, Key=key, Body=body, **more)
        url = S3Location(self.inbox, key).url
        document = Document(url, "text/plain", len(body), answer["ETag"].strip('"'))
        return created(document)

    def published(self, count: int) -> list[CloudEvent]:
        """Wait until the listener has so many events, and return them."""
        return [parse_event(message["Body"]) for message in self._received(self.listener, count)]

    def dead(self, count: int = 1) -> list[dict[str, Any]]:
        """Wait until so many dead letters are there, and return them."""
        letters = []
        for message in self._received(self.dead_letters, count):
            letter = json.loads(message["Body"])
            attributes = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
            assert attributes == {"node": letter["node"], "kind": letter["kind"]}
            letters.append(letter)
        return letters

    def keys(self, bucket: str) -> list[str]:
        """Return the keys in a bucket."""
        pages = self.clients.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", ())]

    def body(self, url: str) -> bytes:
        """Return an object's bytes."""
        location = S3Location.from_url(url)
        body: bytes = self.clients.s3.get_object(Bucket=location.bucket, Key=location.key)["Body"].read()
        return body

    def notifications(self) -> str:
        """Let the inbox send its notifications to a queue, and return the queue's URL."""
        queue = self._queue(f"{self.inbox}-notified")
        self._let("s3.amazonaws.com", queue, f"arn:aws:s3:::{self.inbox}")
        configuration = {
            "QueueConfigurations": [{"QueueArn": self.arn(queue), "Events": ["s3:ObjectCreated:*"]}]
        }
        self.clients.s3.put_bucket_notification_configuration(
            Bucket=self.inbox, NotificationConfiguration=configuration
        )
        return queue

    def bodies(self, queue: str, count: int) -> list[str]:
        """Wait until a queue has so many messages, and return their bodies."""
        return [message["Body"] for message in self._received(queue, count)]

    def arn(self, queue: str) -> str:
        """Return a queue's ARN."""
        answer = self.clients.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        return str(answer["Attributes"]["QueueArn"])

    def _queue(self, name: str) -> str:
        return str(self.clients.sqs.create_queue(QueueName=name)["QueueUrl"])

    def _let(self, service: str, queue: str, source: str) -> None:
        """Let a service send to a queue."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": self.arn(queue),
            "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.clients.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})

    def _received(self, queue: str, count: int) -> list[Mapping[str, Any]]:
        """Take messages until there are so many; more than that is wrong."""
        found: list[Mapping[str, Any]] = []
        until = time.monotonic() + DEADLINE
        while len(found) < count and time.monotonic() < until:
            answer = self.clients.sqs.receive_message(
                QueueUrl=queue,
                MaxNumberOfMessages=10,
                WaitTimeSeconds=1,
                MessageAttributeNames=["All"],
            )
            for message in answer.get("Messages", ()):
                found.append(message)
                self.clients.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        rest = self.clients.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=0).get("Messages", [])
        assert len(found) + len(rest) == count
        return found


def created(document: Document, metadata: Mapping[str, Any] | None = None) -> CloudEvent:
    """Return the event of a trigger about a document."""
    event_id = str(uuid4())
    data = EventData(derive_chain_id(event_id), document, document, metadata or {}, ("inbox",))
    return CloudEvent(event_id, DOCUMENT_CREATED, "2026-01-31T12:00:00.000Z", data)
