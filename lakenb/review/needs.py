"""What a node needs, as sets of requests: what may be allowed to it, and what must be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Shape
from lakenb.review.state import NONE, WORDS, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.stacks.world import World
    from lakenb.review.find import Found, FoundNode
    from lakenb.review.wanted import Place, Wanted, WantedNode

OVER_TLS = (("aws:securetransport", ("true",)),)
PLAIN = (("aws:securetransport", ("false",)),)
TLS_12, TLS_13 = ((*OVER_TLS, ("s3:tlsversion", (version,))) for version in ("1.2", "1.3"))
OLD_TLS = (*OVER_TLS, ("s3:tlsversion", ("1.0", "1.1")))
READ, PUT, ABANDON = "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"
_RECEIVE = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
_LITERAL = str.maketrans({"*": "${*}", "?": "${?}", "$": "${$}"})


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a role needs.

    Parameters
    ----------
    claim
        The claim that it belongs to.
    text
        What it is for, such as ``'pdf' reads what 'inbox' provides``.
    may
        What may be allowed for its sake.
    must
        What must be allowed, each in exactly its context.
    """

    claim: str
    text: str
    may: Shape
    must: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """Resources of one service, and the actions that can be about them.

    Parameters
    ----------
    claim
        The claim that is about them.
    words
        What they are.
    actions
        Service Authorization Reference: an action acts on resources of its own service only.
    arns
        The resources, as patterns.
    """

    claim: str
    words: str
    actions: tuple[str, ...]
    arns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resources:
    """The ARNs of one node's resources; empty where it has none.

    Parameters
    ----------
    id
        The node's.
    role, function, queue, dead_letters, topic, logs
        ARNs; that of the log group without a star behind it.
    bucket
        Where its documents lie: its own bucket or the given one; empty for a node that passes on.
    is_given
        Whether the bucket is not the pipeline's.
    is_given_queue
        Whether the queue is not the pipeline's.
    state
        What it has beside these.
    """

    id: str
    role: str
    function: str
    queue: str
    dead_letters: str
    topic: str
    logs: str
    bucket: str
    is_given: bool
    is_given_queue: bool = False
    state: State = NONE

    def documents(self) -> tuple[str, ...]:
        """Return its bucket and all its objects; nothing where the bucket is not the pipeline's."""
        return everything(self.bucket) if self.bucket and not self.is_given else ()

    def parts(self) -> tuple[Part, ...]:
        """Return everything of it that the pipeline makes."""
        queues = self.queues()
        logs = (self.logs, f"{self.logs}:*") if self.logs else ()
        function = (self.function, f"{self.function}:*") if self.function else ()
        found = (
            Part("P1", f"the documents of '{self.id}'", ("s3:*",), self.documents()),
            Part("P1", f"the function of '{self.id}'", ("lambda:*",), function),
            Part("P1", f"the role of '{self.id}'", ("iam:*", "sts:*"), (self.role,) if self.role else ()),
            Part("P4", f"the queues of '{self.id}'", ("sqs:*",), queues),
            Part("P4", f"the topic of '{self.id}'", ("sns:*",), (self.topic,) if self.topic else ()),
            Part("P4", f"the log of '{self.id}'", ("logs:*",), logs),
            *self._state_parts(),
        )
        return tuple(one for one in found if one.arns)

    def queues(self) -> tuple[str, ...]:
        """Return its queues that the pipeline makes."""
        return tuple(filter(None, ("" if self.is_given_queue else self.queue, self.dead_letters)))

    def extra_roles(self) -> tuple[str, ...]:
        """Return the roles that services take for it."""
        return tuple(filter(None, (self.state.schedule_role, self.state.machine_role)))

    def _state_parts(self) -> Iterator[Part]:
        """Yield its state, each with all that belongs to it.

        Service Authorization Reference: a table's indexes and stream, a group's schedules, a state machine's
        executions and versions are resources of their own, below or beside its ARN.
        """
        state = self.state
        around = {
            "table": ("dynamodb", (state.table, f"{state.table}/*")),
            "group": ("scheduler", (state.group, schedules_of(state.group))),
            "schedule": ("scheduler", (state.schedule,)),
            "machine": ("states", (state.machine, *runs_of(state.machine))),
            "machine_logs": ("logs", (state.machine_logs, f"{state.machine_logs}:*")),
            "files": ("elasticfilesystem", (state.files,)),
            "access_point": ("elasticfilesystem", (state.access_point,)),
            "index": ("s3", everything(state.index)),
        }
        named = state.named()
        for name, (service, arns) in around.items():
            if name in named:
                claim = "P4" if name == "machine_logs" else "P2"
                yield Part(claim, f"the {WORDS[name]} of '{self.id}'", (f"{service}:*",), arns)
        roles = self.extra_roles()
        if roles:
            yield Part("P1", f"the roles of services of '{self.id}'", ("iam:*", "sts:*"), roles)


def schedules_of(group: str) -> str:
    """Return the schedules of a group, as a pattern: ``schedule/GROUP/*``."""
    return f"{group.replace(':schedule-group/', ':schedule/')}/*" if group else ""


def runs_of(machine: str) -> tuple[str, ...]:
    """Return the versions, aliases and executions of a state machine, as patterns."""
    sorts = ("stateMachine", "execution", "express")
    return tuple(f"{machine.replace(':stateMachine:', f':{sort}:')}:*" for sort in sorts) if machine else ()


def resources(world: World, found: FoundNode) -> Resources:
    """Return the ARNs of a node's resources in a world."""

    def arn(logical_id: str) -> str:
        return world.resources[logical_id].arn.removesuffix(":*") if logical_id else ""

    return Resources(
        id=found.id,
        role=arn(found.role),
        function=arn(found.function),
        queue=found.given_queue or arn(found.queue),
        dead_letters=arn(found.dead_letters),
        topic=arn(found.topic),
        logs=arn(found.logs),
        bucket=found.store_arn,
        is_given=not found.store,
        is_given_queue=bool(found.given_queue),
        state=found.state.mapped(arn),
    )


def objects(bucket: str, place: Place) -> tuple[str, ...]:
    """Return the patterns of exactly the objects of a place."""
    return tuple(f"{bucket}/{'*'.join(map(literal, parts))}" for parts in place.keys())  # noqa: SIM118 - no mapping


def everything(bucket: str) -> tuple[str, ...]:
    """Return the objects of a bucket, and the bucket: what is read first is shown first."""
    return (f"{bucket}/*", bucket)


def literal(text: str) -> str:
    """Return a text as a pattern that fits itself only."""
    return text.translate(_LITERAL)


def node_needs(node: WantedNode, own: Resources, buckets: Mapping[str, str], cache: str) -> tuple[Need, ...]:
    """Return what a node's role needs.

    Parameters
    ----------
    node
        What must hold of the node.
    own
        Its resources.
    buckets
        The ARN of the bucket in which each node's documents lie.
    cache
        The ARN of the cache.

    Returns
    -------
    tuple[Need, ...]
        What rests on a resource that the template does not have is left out: that it is missing is a
        finding of its own.
    """
    return (*_reads(node, buckets), *_puts(node, own), *_cache(node, cache), *_messages(node, own))


def _reads(node: WantedNode, buckets: Mapping[str, str]) -> Iterator[Need]:
    for read in node.reads:
        bucket = buckets.get(read.place.owner, "")
        if not bucket:
            continue
        if node.is_trigger:
            text = f"'{node.id}' reads the objects that arrive"
        elif read.is_forwarded:
            text = f"'{node.id}' reads what '{read.producer}' passes on of '{read.place.node}'"
        else:
            text = f"'{node.id}' reads what '{read.producer}' provides"
        yield _s3("P1", text, (READ,), objects(bucket, read.place))


def _puts(node: WantedNode, own: Resources) -> Iterator[Need]:
    if node.puts is not None and own.bucket:
        text = f"'{node.id}' puts into its own store"
        yield _s3("P2", text, (PUT, ABANDON), objects(own.bucket, node.puts))


def _cache(node: WantedNode, cache: str) -> Iterator[Need]:
    if not (node.has_cache and cache):
        return
    yield _s3("P3", f"'{node.id}' reads the cache", (READ,), (f"{cache}/*",))
    own = f"{cache}/{literal(node.id)}/*"
    yield _s3("P3", f"'{node.id}' puts under its own part of the cache", (PUT,), (own,))


def _messages(node: WantedNode, own: Resources) -> Iterator[Need]:
    whose = "the given" if own.is_given_queue else "its own"
    wishes = (
        (own.queue, _RECEIVE, f"'{node.id}' receives from {whose} queue"),
        (own.dead_letters, ("sqs:SendMessage",), f"'{node.id}' lays aside in its own dead-letter queue"),
        (own.topic if node.publishes else "", ("sns:Publish",), f"'{node.id}' publishes to its own topic"),
    )
    for arn, actions, text in wishes:
        if arn:
            shape = Shape(actions, (arn,))
            yield Need("P4", text, shape, (Shape(actions, (arn,), OVER_TLS),))
    if own.logs:
        # Service Authorization Reference, CloudWatch Logs: both act on log-group:NAME:log-stream:STREAM
        must = Shape(_LOG, (f"{own.logs}:log-stream:*",), OVER_TLS)
        yield Need("P4", f"'{node.id}' writes its own log", Shape(_LOG, (f"{own.logs}:*",)), (must,))


def _s3(claim: str, text: str, actions: tuple[str, ...], patterns: tuple[str, ...]) -> Need:
    must = tuple(Shape(actions, patterns, context) for context in (TLS_12, TLS_13))
    return Need(claim, text, Shape(actions, patterns), must)


def buckets_of(world: World, found: Found, wanted: Wanted) -> dict[str, str]:
    """Return the ARN of the bucket in which each node's documents lie.

    The graph names a given bucket; what a function says of its own store is what it really uses.
    """
    arns = {node: one.store_arn for node, one in found.nodes.items() if one.store_arn}
    for node in wanted.nodes.values():
        if node.bucket and _is_known(node.bucket):
            arns[node.id] = f"arn:{world.partition}:s3:::{node.bucket}"
        for place in node.told:
            name = _name(place, found) if place.bucket else ""
            if name:
                arns[place.owner] = f"arn:{world.partition}:s3:::{name}"
    return arns


def _name(place: Place, found: Found) -> str:
    """Return the name of a given bucket; the template's own where the graph has a token for it."""
    if _is_known(place.bucket):
        return place.bucket
    known = found.nodes.get(place.node)
    told = () if known is None else known.sources
    names = {bucket for bucket, *ends in told if tuple(ends) == (place.prefix, place.suffix)}
    return names.pop() if len(names) == 1 else ""


def _is_known(bucket: str) -> bool:
    # a bucket of CDK has a token for its name until CDK resolves it: then the template tells
    return "${" not in bucket
