"""Steps and handles: what a user composes a pipeline of.

A *step* is a middleware's options. `pipe` puts it behind a producer and returns a *handle* on it: the
step with its in-edges, which is the one thing that moves on. Both are values: nothing is registered,
nothing is counted, so a cell that runs twice gives the same pipeline.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import KW_ONLY, dataclass, fields
from datetime import timedelta
from enum import Enum
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from lakenb.errors import Fault, IncompatibleEdgeError, OptionError
from lakenb.graph.code import Code
from lakenb.graph.keys import as_key, key_faults
from lakenb.graph.mime import any_overlap
from lakenb.graph.networks import vpc_faults
from lakenb.graph.options import (
    COMPUTE_TYPES,
    Settings,
    default_visibility_timeout,
    id_faults,
    settings_faults,
    shown,
    taken_id_faults,
    unknown_option_fault,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.filters import Filter
    from lakenb.graph.keys import Key, NamedKey
    from lakenb.graph.networks import Vpc
    from lakenb.graph.services import GivenPlace, Service

S = TypeVar("S", bound="Step")


class Part(Enum):
    """What a middleware does with documents, which decides its resources and its grants."""

    TRIGGER = "trigger"  # brings documents in; its bucket and prefix are what it provides
    TRANSFORMER = "transformer"  # puts new documents into a store of its own
    PASS_THROUGH = "pass-through"  # noqa: S105 - sends on what its producers provide
    COMPOSER = "composer"  # puts documents of its own and sends on what its producers provide
    CONNECTOR = "connector"  # the end: its destination is its store


@dataclass(frozen=True, slots=True)
class Row:
    """A middleware's row in the catalog: what it is, before any option is set.

    Parameters
    ----------
    kind
        Its name, which is also the id of a node that was given none.
    part
        What it does with documents.
    input_types, output_types
        MIME patterns; none for a trigger's input and a connector's output.
    handler
        Dotted name of the module that runs inside its function. Never imported here.
    memory_mib, timeout, batch_size
        Defaults of the options of the same name.
    packages
        Exact requirements of what the handler stands on.
    services
        What it uses beside queue, topic, function and log.
    reads
        Whether its function opens documents. A trigger whose events tell all does not.
    announces
        Whether its function publishes to the node's topic. Where another service does it for the node, the
        function must not.
    """

    kind: str
    part: Part
    input_types: tuple[str, ...]
    output_types: tuple[str, ...]
    handler: str
    memory_mib: int = 256
    timeout: timedelta = timedelta(seconds=60)
    batch_size: int = 5
    packages: tuple[str, ...] = ()
    services: tuple[Service, ...] = ()
    reads: bool = True
    announces: bool = True


class Pipeable:
    """What `Step` and `Handle` share: the verbs that make edges."""

    __slots__ = ()

    @abstractmethod
    def handle(self) -> Handle:
        """Return this as a handle."""

    def pipe(self, consumer: Step | Handle, *, filter: Filter | None = None) -> Handle:  # noqa: A002 - the field's word
        """Send documents on to a consumer, and return a handle on that consumer.

        Parameters
        ----------
        consumer
            A step, or a handle that already has in-edges: this edge joins them.
        filter
            Which events the edge lets through, beside the consumer's own types (see `when`).

        Returns
        -------
        Handle
            The consumer, with the new edge.

        Raises
        ------
        IncompatibleEdgeError
            If the two share no MIME type.
        """
        if not isinstance(consumer, Pipeable):
            raise TypeError(f"pipe takes a middleware such as S3Storage('results'), not {shown(consumer)}")
        return consumer.handle().with_sources(self, filter=filter)

    def __rshift__(self, consumer: Step | Handle) -> Handle:
        """Return ``self.pipe(consumer)``."""
        if not isinstance(consumer, Pipeable):
            return NotImplemented
        return self.pipe(consumer)

    def with_sources(
        self,
        *producers: Step | Handle | Pipeable,
        filter: Filter | None = None,  # noqa: A002 - the field's word
    ) -> Handle:
        """Receive documents from several producers, and return a handle on this with the new edges.

        Parameters
        ----------
        producers
            Steps or handles that send documents here.
        filter
            The same filter for each of these edges.

        Returns
        -------
        Handle
            This, with an edge from each producer beside the ones it had.

        Raises
        ------
        IncompatibleEdgeError
            If a producer shares no MIME type with this.
        """
        here = self.handle()
        edges = tuple(InEdge(producer.handle(), filter) for producer in producers)
        for edge in edges:
            _check_types(edge.producer, here.step)
        return Handle(here.step, here.in_edges + edges)


@dataclass(frozen=True, slots=True)
class Step(Pipeable):
    """A middleware and its options, not yet placed in a pipeline.

    Parameters
    ----------
    id
        The node's id. Without one a node takes its kind.
    compute
        Compute type; ``"cpu"`` is the one that this version runs.
    max_retries
        Times that a message is received before it goes to the dead-letter queue.
    timeout
        Longest time that one invocation may take.
    visibility_timeout
        Time for which a received message stays hidden: at least `timeout`; by default six times it
        plus the batching window.
    batch_size, batching_window
        Most messages an invocation gets, and how long Lambda waits to gather them. A batch over 10
        needs a window of a second.
    max_concurrency
        Most invocations at a time (2 to 1000).
    memory_mib
        Memory of the function in MiB.
    log_retention
        Time for which log lines are kept; CloudWatch Logs offers certain numbers of days.
    key
        A customer managed key for this node alone: `lakenb.Key`, a key's ARN or alias, or a key of CDK. By
        default the pipeline's.
    vpc
        Placement of this node alone in a VPC. By default the pipeline's.

    Raises
    ------
    OptionError
        With every option that is wrong, each with its mend.
    """

    row: ClassVar[Row]

    id: str = ""
    _: KW_ONLY
    compute: str = "cpu"
    max_retries: int = 5
    timeout: timedelta | None = None
    visibility_timeout: timedelta | None = None
    batch_size: int | None = None
    batching_window: timedelta = timedelta(0)
    max_concurrency: int | None = None
    memory_mib: int | None = None
    log_retention: timedelta = timedelta(days=7)
    key: Key | str | NamedKey | None = None
    vpc: Vpc | None = None

    def __post_init__(self) -> None:
        """Fill in the id, and raise every fault of the options at once."""
        if self.id == "":
            object.__setattr__(self, "id", self.row.kind)
        for field in fields(self):  # a list is what people write; a value needs a tuple
            if isinstance(value := getattr(self, field.name), list):
                object.__setattr__(self, field.name, tuple(value))
        object.__setattr__(self, "key", as_key(self.key))
        if faults := self.faults():
            raise OptionError(faults)

    def faults(self) -> list[Fault]:
        """Return what is wrong with the options, common ones first."""
        where = place(self.id)
        return [
            *id_faults(self.id, where),
            *taken_id_faults(self.id, where),
            *compute_faults(self.compute, where),
            *key_faults(self.key, where),
            *vpc_faults(self.vpc, where),
            *settings_faults(self.settings(), where),
            *self.own_faults(where),
        ]

    def own_faults(self, where: str) -> list[Fault]:  # noqa: ARG002 - for kinds that override
        """Return what is wrong with the options that only this kind has."""
        return []

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler, as JSON values."""
        return {}

    def own_key(self) -> Key | None:
        """Return the key of this node alone, or None."""
        return cast("Key | None", self.key)

    def services(self) -> tuple[Service, ...]:
        """Return what the node uses beside queue, topic, function and log."""
        return self.row.services

    def output_types(self) -> tuple[str, ...]:
        """Return the MIME patterns of the documents that the node itself brings in or makes."""
        return self.row.output_types

    def given_places(self) -> tuple[GivenPlace, ...]:
        """Return where documents lie to which this node's events point and which nobody here put there."""
        return ()

    def given_queue(self) -> str:
        """Return the ARN of the queue of somebody else that the node polls; empty for its own."""
        return ""

    def puts_documents(self) -> bool:
        """Return whether the node puts documents into a bucket of its own, strict or not."""
        return self.row.part in {Part.TRANSFORMER, Part.COMPOSER, Part.CONNECTOR}

    def holds(self) -> timedelta:
        """Return how long the node may keep an event beside its queue: stores live so much longer."""
        return timedelta(0)

    def settings(self) -> Settings:
        """Return the common options with every default filled in."""
        timeout = self.row.timeout if self.timeout is None else self.timeout
        visibility = self.visibility_timeout
        if visibility is None:
            whole = isinstance(timeout, timedelta) and isinstance(self.batching_window, timedelta)
            visibility = (
                default_visibility_timeout(timeout, self.batching_window) if whole else timedelta(hours=12)
            )
        return Settings(
            memory_mib=self.row.memory_mib if self.memory_mib is None else self.memory_mib,
            timeout=timeout,
            max_retries=self.max_retries,
            visibility_timeout=visibility,
            batch_size=self.row.batch_size if self.batch_size is None else self.batch_size,
            batching_window=self.batching_window,
            max_concurrency=self.max_concurrency,
            log_retention=self.log_retention,
        )

    def code(self) -> Code:
        """Return what the node's function is made of."""
        return Code(self.row.handler, self.row.packages)

    def handle(self) -> Handle:
        """Return a handle on this step, without in-edges."""
        return Handle(self)

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name."""
        return {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name != "id" and getattr(self, field.name) != field.default
        }

    def __repr__(self) -> str:
        """Return the call that makes this step."""
        named = [] if self.id == self.row.kind else [repr(self.id)]
        options = [f"{name}={shown(value)}" for name, value in sorted(self.changed_options().items())]
        return f"{type(self).__name__}({', '.join(named + options)})"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Handle(Pipeable):
    """A step with its in-edges. Two handles on one id are united by the pipeline.

    Handles compare by identity: equality of a whole upstream graph would be slow and mean nothing.
    """

    step: Step
    in_edges: tuple[InEdge, ...] = ()

    def handle(self) -> Handle:
        """Return this handle."""
        return self

    def output_types(self) -> tuple[str, ...]:
        """Return the MIME patterns that this sends: a pass-through node's are what its producers send."""
        found: set[str] = set()
        stack, seen = [self], set[int]()
        while stack:
            handle = stack.pop()
            if id(handle) in seen:
                continue
            seen.add(id(handle))
            if handle.step.row.part is Part.PASS_THROUGH and handle.in_edges:
                stack.extend(edge.producer for edge in handle.in_edges)
            else:
                found.update(handle.step.output_types())
        return tuple(sorted(found))

    def __repr__(self) -> str:
        """Return the step and the ids of its producers."""
        producers = ", ".join(sorted({edge.producer.step.id for edge in self.in_edges}))
        return f"<{self.step!r} from {producers}>" if producers else f"<{self.step!r}>"


@dataclass(frozen=True, slots=True, eq=False)
class InEdge:
    """An edge as its consumer's handle holds it."""

    producer: Handle
    filter: Filter | None = None


def middleware(cls: type[S]) -> type[S]:
    """Let a step's constructor gather unknown options with the wrong ones, and say near spellings.

    Python's own message for a misspelt keyword names one of them and proposes nothing.
    """
    construct: Callable[..., None] = cls.__init__
    known = {field.name for field in fields(cls) if field.init}

    @wraps(construct)
    def __init__(self: S, *args: Any, **options: Any) -> None:  # noqa: N807 - takes the place of one
        unknown = sorted(options.keys() - known)
        node_id = options.get("id", args[0] if args else "") or cls.row.kind
        faults = [unknown_option_fault(name, known - {"id"}, place(node_id)) for name in unknown]
        try:
            construct(self, *args, **{name: options[name] for name in options if name not in unknown})
        except OptionError as error:
            raise OptionError((*faults, *error.faults)) from None
        if faults:
            raise OptionError(faults)

    cls.__init__ = __init__  # type: ignore[assignment]  # the signature stays; only the error improves
    return cls


def place(node_id: object) -> str:
    """Return how messages name a node."""
    return f"node {shown(node_id)}"


def compute_faults(compute: object, where: str) -> list[Fault]:
    """Return what is wrong with a compute type."""
    if compute in COMPUTE_TYPES:
        return []
    return [
        Fault(
            f"compute is {shown(compute)}; this middleware runs on {', '.join(COMPUTE_TYPES)}",
            where,
            f"leave it out, or set compute={COMPUTE_TYPES[0]!r}",
        )
    ]


def _check_types(handle: Handle, consumer: Step) -> None:
    producer = handle.step
    # triggers as consumers and connectors as producers are gathered with the graph's other faults
    if consumer.row.part is Part.TRIGGER or producer.row.part is Part.CONNECTOR:
        return
    outputs = handle.output_types()
    if any_overlap(outputs, consumer.row.input_types):
        return
    sends, accepts = ", ".join(outputs), ", ".join(consumer.row.input_types)
    raise IncompatibleEdgeError(
        f"{producer.id!r} sends {sends}, but {consumer.id!r} accepts {accepts}",
        f"edge {producer.id} -> {consumer.id}",
        f"pipe {producer.id!r} into a middleware that accepts {sends}, or put a converter between",
    )
