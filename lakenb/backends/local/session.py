"""An embedded AWS with one pipeline deployed on it, from start to end of a ``with`` statement."""

from __future__ import annotations

import time
import weakref
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from lakenb.backends.local.attempts import attempt
from lakenb.backends.local.clock import fire, unlike_schedules
from lakenb.backends.local.deploy import deploy
from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.follow import Follower
from lakenb.backends.local.given import (
    given_buckets,
    given_places,
    given_queues,
    hearers,
    make_given_buckets,
    make_given_queues,
    starting_in,
    unlike_given,
)
from lakenb.backends.local.inputs import firings, gather
from lakenb.backends.local.interrupts import undisturbed
from lakenb.backends.local.launcher.ungated import UNGATED
from lakenb.backends.local.observe import Observation
from lakenb.backends.local.probe import Answer, Call, probe
from lakenb.backends.local.readback import read_back
from lakenb.backends.local.readback_networks import name_given_endpoints, not_exercised
from lakenb.backends.local.report import Reasons, decision_records, disagreement_records
from lakenb.backends.local.saving import save_ends
from lakenb.backends.local.sending import event_about, send
from lakenb.backends.local.third_opinion import ThirdOpinion
from lakenb.backends.local.unlike_files import unlike_files
from lakenb.backends.local.unlike_waits import unlike_waits
from lakenb.errors import LocalRunError, QuotaError
from lakenb.events.locations import S3Location
from lakenb.packaging.assets import asset_key
from lakenb.packaging.zips import function_zip
from lakenb.records.disagreement import Disagreement
from lakenb.records.progress import Progress
from lakenb.records.run import Run
from lakenb.records.tables import table_of
from lakenb.template.build import build
from lakenb.template.names import Kind, logical_id
from lakenb.template.quotas import quota_faults

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike
    from types import TracebackType

    from lakenb.backends.local.inputs import Input
    from lakenb.backends.local.seam import Emulator
    from lakenb.backends.local.stack import Stack
    from lakenb.graph.graph import Graph
    from lakenb.records.attempt import Attempt
    from lakenb.records.run import Decision
    from lakenb.records.tables import Table

_DEFAULT_TIMEOUT = timedelta(minutes=10)


class LocalSession:
    """An embedded AWS on loopback, IAM enforced, with a pipeline deployed from its very template.

    Nothing is started before the ``with`` statement, and nothing of it is left behind: no process, no
    port, no file.

    Parameters
    ----------
    graph
        The pipeline.
    stack_name
        The stack's name; the pipeline's id by default.
    template
        A template to deploy in place of the pipeline's own: one that was edited by hand, to see what the edit
        lets through.
    timeout
        Longest time that a run waits for quiet.
    on_progress
        Called with the progress of each moment, or None.
    start
        Starts the embedded AWS; another AWS-compatible endpoint may be named so (see `Emulator`).

    Raises
    ------
    QuotaError
        If one stack cannot hold the pipeline.
    LocalRunError
        If the embedded AWS cannot start or refuses the template.
    """

    def __init__(
        self,
        graph: Graph,
        *,
        stack_name: str | None = None,
        template: Mapping[str, Any] | None = None,
        timeout: timedelta | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        start: Callable[[], Emulator] = start_emulator,
    ) -> None:
        self.graph: Graph = graph
        self.stack_name: str = stack_name or graph.id
        self.timeout: timedelta = timeout or _DEFAULT_TIMEOUT
        self._on_progress = on_progress
        self._start = start
        self._template = template
        self._emulator: Emulator | None = None
        self._stack: Stack | None = None
        self._observation: Observation | None = None
        self._opinion: ThirdOpinion | None = None
        self._given: dict[str, str] = {}
        self._places: tuple[str, ...] = ()
        self._queues: dict[str, str] = {}
        self._fired: Counter[str] = Counter()
        self._put: dict[str, Counter[str]] = {}
        self._names: dict[str, str] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        """Start the embedded AWS, deploy the template, and read back what it must hold."""
        self._given = given_buckets(self.graph)
        self._places, self._queues = given_places(self.graph), given_queues(self.graph)
        codes = {step.code() for step in self.graph.nodes.values()}
        keys = {code: asset_key(function_zip(code).hash) for code in sorted(codes)}
        template = build(self.graph, keys) if self._template is None else self._template
        if faults := quota_faults(template, self.stack_name):
            raise QuotaError(faults)
        self._began = time.monotonic()
        try:
            self._say("starting the embedded AWS")
            self._emulator = starting_in(self._queues, self._start)()
            make_given_buckets(self._emulator, self._given, self._places)
            make_given_queues(self._emulator, self._queues)
            self._say("deploying the template")
            self._stack = deploy(self._emulator, self.stack_name, template, codes)
            read_back(self._emulator, self._stack)
            name_given_endpoints(self._emulator, self._stack, self.graph)
            self._observation = Observation(self.graph, self._stack, self._emulator)
            self._opinion = None
        except BaseException:
            self.close()
            raise
        return self

    def open(self) -> Self:
        """Start it for several cells of a notebook, until `close`; a ``with`` statement needs neither.

        A session that nothing names any more, since its cell ran again, ends by itself.
        """
        self.__enter__()
        weakref.finalize(self, self.emulator.stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything that was started."""
        self.close()

    def close(self) -> None:
        """End everything that was started. Calling it again does nothing."""
        emulator, self._emulator = self._emulator, None
        if emulator is not None:
            with undisturbed():
                emulator.stop()

    @property
    def emulator(self) -> Emulator:
        """The embedded AWS; an error when the session is not open."""
        if self._emulator is None:
            raise LocalRunError(
                "the session is not open", f"pipeline {self.graph.id!r}", "use it in a with statement"
            )
        return self._emulator

    @property
    def stack(self) -> Stack:
        """The deployed stack, with the physical ids of its resources."""
        if self._stack is None:
            raise LocalRunError(
                "the session is not open", f"pipeline {self.graph.id!r}", "use it in a with statement"
            )
        return self._stack

    @property
    def opinion(self) -> ThirdOpinion:
        """Our own evaluator on the template as it was deployed; it remembers what it was asked."""
        if self._opinion is None:
            self._opinion = ThirdOpinion.on(self.stack)
        return self._opinion

    @property
    def disagreements(self) -> Table:
        """Every decision so far that lakenb's evaluator takes otherwise, with what both say; normally none.

        What a run, an attempt and a probe caused is among them.
        """
        return table_of("disagreements", self.disagreement_records(), Disagreement)

    def disagreement_records(self, since: int = 0) -> tuple[Disagreement, ...]:
        """Return the rows of `disagreements` as values.

        Parameters
        ----------
        since
            Position in time of the first decision to look at.
        """
        return self._judged(since)[2]

    def _judged(self, since: int = 0) -> tuple[tuple[Decision, ...], Reasons, tuple[Disagreement, ...]]:
        """Return every decision so far, our reasons, and where the two differ."""
        reasons = Reasons(self.opinion, self.emulator.decisions())
        records = decision_records(reasons, self.stack, self.graph, since)
        return records, reasons, disagreement_records(records, reasons, self.emulator, self.stack)

    def client(self, service: str) -> Any:
        """Return a boto3 client that signs with the deployer's key, which may do everything."""
        return self.emulator.client(service)

    def bucket(self, node: str) -> str:
        """Return the name of a node's bucket: its own, or the one that it was given."""
        return self._given.get(node) or self.stack.id(node, Kind.STORE)

    def has_bucket(self, node: str) -> bool:
        """Tell whether a node has a bucket of its own, or was given one."""
        return node in self._given or self.stack.has(node, Kind.STORE)

    def read(self, url: str) -> bytes:
        """Return a document's bytes, read with the deployer's key."""
        place = S3Location.from_url(url)
        body: bytes = self.client("s3").get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
        return body

    def probe(self, node: str, calls: Iterable[Call]) -> tuple[Answer, ...]:
        """Let a node's deployed function make calls with its role's own credentials.

        The function keeps its role and its configuration; its code is the probe for that moment.

        Parameters
        ----------
        node
            Whose function.
        calls
            The calls to make, in order.

        Returns
        -------
        tuple[Answer, ...]
            The server's own answers. Whether lakenb's evaluator agrees with them is told by `disagreements`.
        """
        code = self.stack.template["Resources"][logical_id(node, Kind.FUNCTION)]["Properties"]["Code"]
        return probe(self.emulator, self.stack.id(node, Kind.FUNCTION), self.stack.resolve(code), calls)

    def attempt(self, node: str, action: str, resource: str) -> Attempt:
        """Let a node's deployed function make one call, and return what the server said.

        Parameters
        ----------
        node
            Whose function, with its role's own credentials; ``"deployer"`` for the key that may do all.
        action
            ``s3:GetObject``, ``s3:PutObject``, ``s3:DeleteObject``, ``s3:ListBucket``, ``sqs:SendMessage``,
            ``sqs:ReceiveMessage`` or ``sns:Publish``; on a table ``dynamodb:PutItem``, ``dynamodb:Query``,
            ``dynamodb:Scan`` or ``dynamodb:DeleteItem``; on ``"pause.machine"`` ``states:StartExecution``.
        resource
            By the pipeline's names: ``"chunks/key"`` or ``"cache/key"`` for objects, a document's URL, a node
            alone for its bucket, ``"chunks.queue"``, ``"chunks.dead-letters"``, ``"chunks.topic"`` or
            ``"group.table"``.

        Returns
        -------
        Attempt
            Allowed or not, the server's sentence, and the statement that decided; where lakenb's evaluator
            does not agree, what it says.

        Raises
        ------
        OptionError
            For a node, an action or a resource that there is not.
        """
        return attempt(self, node, action, resource)

    def run(self, paths: Any, *, save: str | PathLike[str] | None = None) -> Run:
        """Put documents, follow them until all is quiet, and return what was observed.

        Parameters
        ----------
        paths
            As for `Pipeline.run`.
        save
            A folder for the documents that reach the connectors.

        Returns
        -------
        Run
            Everything since the session was opened, earlier runs in it included.

        Raises
        ------
        LocalRunError
            Naming the paths that lead to no file.
        RunTimeoutError
            If the pipeline is not quiet in time.
        """
        inputs, times = gather(self.graph, paths), firings(self.graph, paths)
        begun = time.monotonic()
        self._upload(inputs)
        self._fire(times)
        run = self.follow(begun)
        if save is not None:
            save_ends(self, run, Path(save))
        return run

    def follow(self, begun: float | None = None) -> Run:
        """Wait until all is quiet, and return what was observed.

        Parameters
        ----------
        begun
            When the run began, by the monotonic clock; now by default.
        """
        started = time.monotonic() if begun is None else begun
        observation = self._observed
        follower = Follower(self.emulator, self.stack, observation, self.graph, self.timeout)
        follower.until_quiet(self._put, self._report)
        decisions, reasons, disagreements = self._judged()
        return Run(
            self.graph.id,
            observation.documents(),
            observation.failures(),
            observation.filtered(),
            decisions,
            observation.work(),
            observation.accounts(self._put),
            tuple(sorted(self._names.items())),
            timedelta(seconds=time.monotonic() - started),
            (
                *(f"{what}: {here}" for what, _, here, _ in UNGATED),
                *unlike_given(self._given, self._places, self._queues),
                *unlike_schedules(self.graph),
                *unlike_files(self.graph),
                *unlike_waits(self.graph),
                *not_exercised(self.graph),
            ),
            disagreements,
            reasons,
            observation.waiting(),
        )

    @property
    def _observed(self) -> Observation:
        _ = self.emulator  # an error when the session is not open
        if self._observation is None:
            raise LocalRunError(
                "the session is not open", f"pipeline {self.graph.id!r}", "use it in a with statement"
            )
        return self._observation

    def _upload(self, inputs: Iterable[Input]) -> None:
        s3, total = self.client("s3"), 0
        for total, made in enumerate(inputs, start=1):
            bucket = made.bucket or self.bucket(made.trigger)
            s3.upload_file(str(made.path), bucket, made.key)
            place = S3Location(bucket, made.key)
            if made.trigger in self._queues:
                send(self.emulator, self._queues[made.trigger], event_about(self.emulator, place))
            if not self.stack.has(made.trigger, Kind.SCHEDULE):  # else it is sent when the schedule fires
                for trigger in hearers(self.graph, self._given, made.trigger, made.key):
                    self._put.setdefault(trigger, Counter())[place.url] += 1
            self._names[place.url] = made.path.name
            self._say(f"putting documents ({total})")

    def _fire(self, times: Mapping[str, int]) -> None:
        """Let schedules fire, each so often."""
        for trigger in [trigger for trigger, count in times.items() for _ in range(count)]:
            self._fired[trigger] += 1
            sent = fire(self.emulator, self.stack, self.graph.nodes[trigger], self._fired[trigger])
            self._put.setdefault(trigger, Counter()).update(sent)

    def _say(self, stage: str) -> None:
        self._report(Progress(stage, time.monotonic() - self._began))

    def _report(self, progress: Progress) -> None:
        if self._on_progress is not None:
            self._on_progress(progress)
