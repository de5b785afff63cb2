"""Triggers: where documents come from."""

from __future__ import annotations

import re
from dataclasses import KW_ONLY, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from lakenb.catalog.clock import schedule_faults, timezone_faults, window_faults
from lakenb.catalog.given_documents import document_url_faults, place_of, prefix_url_faults
from lakenb.catalog.places import bucket_name_faults, has_token, key_part_faults, prefix_faults
from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.services import Service
from lakenb.graph.steps import Part, Row, Step, middleware

if TYPE_CHECKING:
    from lakenb.graph.services import GivenPlace

MOST_DOCUMENTS = 25
_QUEUE = re.compile(r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:([A-Za-z0-9_-]{1,80}(?:\.fifo)?)")
_QUEUE_URL = re.compile(r"https?://sqs\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([0-9]{12})/([A-Za-z0-9_.-]+)")
_QUEUE_EXAMPLE = "'arn:aws:sqs:eu-central-1:111122223333:intake'"


class NamedBucket(Protocol):
    """Whatever has the name of a bucket, such as a bucket of CDK."""

    @property
    def bucket_name(self) -> str:
        """The bucket's name."""
        ...


class NamedQueue(Protocol):
    """Whatever has the ARN of a queue, such as a queue of CDK."""

    @property
    def queue_arn(self) -> str:
        """The queue's ARN."""
        ...


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class S3Trigger(Step):
    """Begin a pipeline with every object that arrives in a bucket: one of its own, or a given one.

    Parameters
    ----------
    bucket
        The name of a bucket that exists, or a bucket of CDK, whose name is taken. Its uploads come by an
        EventBridge rule. Without it the pipeline makes a bucket.
    prefix, suffix
        Only keys that begin and end so. Both are literal text: a ``*`` in them is a star. What is read
        downstream is bounded by them too.

    Notes
    -----
    Sends events for documents of any type. The type is taken from the key's extension, else from the
    object's content type, else from its first bytes, else it is ``application/octet-stream``.

    A given bucket lies in the pipeline's account and region, and its owner lets it send its events to
    EventBridge. The pipeline changes nothing of it: its encryption, its lifecycle and its policy, refusal
    of plain http included, stay its owner's. If it is encrypted with a customer managed key, the
    pipeline's roles must be allowed to use that key by its owner.

    All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="s3-trigger",
        part=Part.TRIGGER,
        input_types=(),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.s3_trigger",
        memory_mib=128,
        timeout=timedelta(seconds=30),
        batch_size=10,
    )

    _: KW_ONLY
    bucket: str | NamedBucket | None = None
    prefix: str = ""
    suffix: str = ""

    def __post_init__(self) -> None:
        """Keep a bucket's name instead of the bucket, so that the step stays a value."""
        name = getattr(self.bucket, "bucket_name", None)
        if isinstance(name, str):
            object.__setattr__(self, "bucket", name)
        Step.__post_init__(self)

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with bucket, prefix and suffix."""
        faults = [] if self.bucket is None else bucket_name_faults("bucket", self.bucket, where)
        return [
            *faults,
            *prefix_faults("prefix", self.prefix, where),
            *key_part_faults("suffix", self.suffix, where),
        ]


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class SqsTrigger(Step):
    """Begin a pipeline with the events that somebody puts into a queue of their own.

    Parameters
    ----------
    queue
        The ARN of a standard queue that exists, in the pipeline's region, or a queue of CDK, whose ARN is
        taken.
    documents_in
        Where the documents of these events lie: ``["s3://bucket/prefix/", ...]``, literal text. An event that
        points anywhere else is refused, and what is read downstream is bounded by these places.

    Notes
    -----
    A message is an event about a document as lakenb's own topics send them: an end of another pipeline can be
    the start of this one. The chain begins anew here: the document is its source, and ids are this
    pipeline's own. The type, size and ETag of the document are what the event says; metadata must be within
    the event, for a pointer to somewhere else is refused.

    What is refused goes to the node's own dead-letter queue with a reason, without the document. After
    `max_retries` receives so does what failed for a passing cause.

    The queue stays its owner's: who may send to it, its encryption, its retention, its visibility timeout
    (at least `timeout`; AWS advises six times as much) and its redrive. If it is encrypted with a
    customer managed key, or is another account's, its owner must allow the node's role.

    All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="sqs-trigger",
        part=Part.TRIGGER,
        input_types=(),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.sqs_trigger",
        memory_mib=128,
        timeout=timedelta(seconds=30),
        batch_size=10,
        reads=False,
    )

    _: KW_ONLY
    queue: str | NamedQueue | None = None
    documents_in: tuple[str, ...] | list[str] = ()

    def __post_init__(self) -> None:
        """Keep a queue's ARN instead of the queue, so that the step stays a value."""
        arn = getattr(self.queue, "queue_arn", None)
        if isinstance(arn, str):
            object.__setattr__(self, "queue", arn)
        Step.__post_init__(self)

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with queue and documents_in."""
        faults = _queue_faults(self.queue, where)
        if self.visibility_timeout is not None:
            what = "visibility_timeout is set, but the queue is given: that time is its owner's"
            faults.append(Fault(what, where, "leave it out, and set it at the queue"))
        if self.documents_in == ():
            what = "documents_in is empty: no event could point to a document"
            mend = 'say where the documents of these events lie: documents_in=["s3://bucket/prefix/"]'
            return [*faults, Fault(what, where, mend)]
        return [*faults, *prefix_url_faults("documents_in", self.documents_in, where)]

    def given_places(self) -> tuple[GivenPlace, ...]:
        """Return where the documents of the queue's events may lie."""
        return tuple(sorted({place_of(url) for url in self.documents_in}))

    def given_queue(self) -> str:
        """Return the queue's ARN."""
        return cast("str", self.queue)


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class SchedulerTrigger(Step):
    """Begin a pipeline at certain times: with listed documents, or with a note that the time has come.

    Parameters
    ----------
    schedule
        When: ``"rate(1 day)"``, ``"cron(0 9 ? * MON-FRI *)"`` or, once, ``"at(2026-12-31T18:00:00)"``.
    timezone
        The time zone of a ``cron`` or an ``at``, such as ``"Europe/Berlin"``. Summer time is minded.
    flexible_window
        Whole minutes within which it may fire after its time, up to a day; none by default.
    documents
        Up to 25 documents that exist, ``["s3://bucket/key", ...]``, each sent on at every firing. Keys are
        literal text. Without them every firing puts one small JSON document into a bucket of the node's
        own, ``{"scheduledTime": "2026-12-31T18:00:00Z"}``, and sends that.

    Notes
    -----
    EventBridge Scheduler sends a message to the node's own queue, and tries again for a day where it
    cannot. A firing that is announced twice gives the same events and the same keys.

    Listed documents stay their owner's: their encryption, their lifecycle, and the refusal of plain http. A
    type is taken from the key's extension, else from the object's content type, else from its first bytes.

    All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="scheduler-trigger",
        part=Part.TRIGGER,
        input_types=(),
        output_types=("*/*",),
        handler="lakenb.runtime.handlers.scheduler_trigger",
        memory_mib=128,
        timeout=timedelta(seconds=30),
        batch_size=1,
        services=(Service.SCHEDULE,),
    )

    _: KW_ONLY
    schedule: str = ""
    timezone: str = "UTC"
    flexible_window: timedelta = timedelta(0)
    documents: tuple[str, ...] | list[str] = ()

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the schedule and the documents."""
        return [
            *schedule_faults(self.schedule, where),
            *timezone_faults(self.timezone, where),
            *window_faults(self.flexible_window, where),
            *document_url_faults("documents", self.documents, where, MOST_DOCUMENTS),
        ]

    def output_types(self) -> tuple[str, ...]:
        """Return what the node sends: its own notes are JSON, a listed document may be anything."""
        return self.row.output_types if self.documents else ("application/json",)

    def given_places(self) -> tuple[GivenPlace, ...]:
        """Return the listed documents."""
        return tuple(sorted({place_of(url, is_one=True) for url in self.documents}))

    def puts_documents(self) -> bool:
        """Return whether each firing makes a document of its own."""
        return not self.documents


def _queue_faults(queue: object, where: str) -> list[Fault]:
    if queue is None or queue == "":
        what = "queue is missing: the trigger has nothing to poll"
        return [Fault(what, where, f"such as queue={_QUEUE_EXAMPLE}")]
    if not isinstance(queue, str):
        return [wrong_type("queue", queue, "a queue's ARN, or a queue that has a queue_arn", where)]
    return [] if has_token(queue) else _arn_faults(queue, where)


def _arn_faults(queue: str, where: str) -> list[Fault]:
    if url := _QUEUE_URL.fullmatch(queue):
        mend = f"write its ARN: 'arn:aws:sqs:{url[1]}:{url[2]}:{url[3]}'"
        return [Fault(f"queue is the URL {shown(queue)}, not an ARN", where, mend)]
    found = _QUEUE.fullmatch(queue)
    if found is None:
        what = f"queue {shown(queue)} is no ARN of a queue of SQS"
        return [Fault(what, where, f"write it like {_QUEUE_EXAMPLE}")]
    if found[1].endswith(".fifo"):
        what = f"queue {shown(queue)} is a FIFO queue, and its order would be lost behind the trigger"
        return [Fault(what, where, "give a standard queue")]
    return []
