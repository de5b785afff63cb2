"""From what a template grants to what is drawn."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lakenb.security.values import Sort
from lakenb.template.names import Kind as ResourceKind
from lakenb.template.names import logical_id
from lakenb.views.picture.condense import WITH_MESSAGE
from lakenb.views.picture.encryption import bucket_encryption, queue_encryption, state, topic_encryption
from lakenb.views.picture.scene import Arrow, Box, Kind, Line, Part, Scene
from lakenb.views.picture.wording import detailed, filter_text, labelled, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.graph.steps import Step
    from lakenb.records.attempt import Attempt
    from lakenb.views.seen import Seen, SeenGrant

DOCUMENTS, MESSAGES, CACHE = FACETS = ("documents", "messages", "cache")

_CACHE_SORTS = frozenset({Sort.CACHE_OBJECTS.value, Sort.CACHE_BUCKET.value})
_MESSAGE_SORTS = frozenset({Sort.QUEUE.value, Sort.DEAD_LETTERS.value, Sort.TOPIC.value})
_ABORT = "AbortMultipartUpload"  # long, and beside every PutObject
_CACHE_BOX = "the-cache-"  # a node's id never ends in a hyphen
_MESSAGE_LINES = ("queue", "dead letters", "topic")
_MOST_WITH_CACHE_BOX = 16  # more dotted arrows to one cylinder are a brush, so each box says its own


def depict(seen: Seen, facets: frozenset[str], title: str, refused: Iterable[Attempt] = ()) -> Scene:
    """Return the scene of what was seen.

    Parameters
    ----------
    seen
        A template, read with the names of its pipeline.
    facets
        Which of `FACETS` to draw. What the model does not ask for is drawn whatever is chosen.
    title
        What stands above.
    refused
        What was tried in vain.
    """
    return _Depiction(seen, facets, refused).scene(title)


class _Depiction:
    """Gathers boxes and arrows of one scene."""

    def __init__(self, seen: Seen, facets: frozenset[str], refused: Iterable[Attempt]) -> None:
        self.seen = seen
        self.refused = tuple(refused)
        self.facets = facets
        self.order = {node: place for place, node in enumerate(seen.graph.topological())}
        self.by_kind: dict[str, list[SeenGrant]] = defaultdict(list)
        for grant in seen.grants:
            self.by_kind[grant.kind].append(grant)
        self.own: dict[str, list[SeenGrant]] = defaultdict(list)
        for grant in self.by_kind["own"]:
            # a service that delivers to a node (S3 to a trigger's queue) is told on that node
            holder = grant.principal if grant.principal in self.order else grant.owner
            self.own[holder].append(grant)
        resources: Mapping[str, Any] = seen.template.get("Resources", {})
        self.resources: dict[str, list[tuple[str, str, Mapping[str, Any]]]] = defaultdict(list)
        for logical, owner in seen.owners.items():
            resource = resources.get(logical, {})
            self.resources[owner].append((logical, resource.get("Type", ""), resource.get("Properties", {})))
        self.missing: dict[str, list[str]] = defaultdict(list)
        for lack in seen.missing:
            holder = lack.principal if lack.principal in self.order else lack.edge.rpartition(" -> ")[2]
            self.missing[holder].append(f"{lack.action} {lack.resource}")
        self.strangers: dict[str, Box] = {}
        is_only_cache = facets == {CACHE}
        self.has_cache_box = is_only_cache and len(self.order) <= _MOST_WITH_CACHE_BOX

    def scene(self, title: str) -> Scene:
        """Return the scene: boxes in topological order, strangers last."""
        arrows = [*self._flow(), *self._cache_arrows(), *self._unintended(), *self._refused()]
        nodes = [self._node(node, self.seen.graph.nodes[node]) for node in self.order]
        cache = [self._cache_box()] if any(_CACHE_BOX in {a.tail, a.head} for a in arrows) else []
        place = self.order | {box.name: len(self.order) for box in (*cache, *self.strangers.values())}
        arrows.sort(key=lambda arrow: (place[arrow.tail], place[arrow.head], arrow.tail, arrow.head))
        return Scene(
            title,
            self._summary(),
            (*nodes, *cache, *self.strangers.values()),
            tuple(arrows),
            bool(self.by_kind["unintended"] or self.seen.missing),
            tuple(
                f"{lack.principal}: {lack.action} {lack.resource}"
                + (f" (edge {lack.edge})" if lack.edge else "")
                for lack in self.seen.missing
            ),
        )

    def _summary(self) -> str:
        graph, unintended, missing = self.seen.graph, self.by_kind["unintended"], self.seen.missing
        told = [
            _counted(len(graph.nodes), "node"),
            _counted(len(graph.edges), "edge"),
            f"{_counted(len(self.seen.grants), 'grant')} in the template",
            f"{len(unintended) or 'none'} NOT INTENDED" if unintended else "none unintended",
        ]
        if missing:
            told.append(f"{len(missing)} MISSING")
        return ", ".join(told)

    def _flow(self) -> Iterable[Arrow]:
        """Return the arrows of documents and messages; what goes the same way shares one."""
        filters = {(edge.producer, edge.consumer): edge.filter for edge in self.seen.graph.edges}
        reads, forwarded, sent = self._crossing()
        if DOCUMENTS in self.facets:
            for (owner, consumer), grants in reads.items():
                wanted = filters.get((owner, consumer))
                notes = [f"if {filter_text(wanted)}"] if wanted is not None else []
                details = [*map(detailed, grants), *notes]
                if MESSAGES in self.facets and (owner, consumer) in sent:
                    messages = sent[owner, consumer]
                    notes.append(WITH_MESSAGE)
                    details += map(detailed, messages)
                yield Arrow(owner, consumer, Kind.READ, labelled(grants), tuple(notes), tuple(details))
            for (owner, consumer), passed in forwarded.items():
                by = ", ".join(dict.fromkeys(producer for producer, _ in passed))
                grants = [grant for _, grant in passed]
                yield Arrow(
                    owner,
                    consumer,
                    Kind.FORWARDED,
                    labelled(grants),
                    (f"forwarded by {by}",),
                    tuple(map(detailed, grants)),
                )
        if MESSAGES in self.facets:
            shared = set(reads) if DOCUMENTS in self.facets else set()
            for ends, messages in sent.items():
                if ends not in shared:
                    yield self._message(ends, messages, filters.get(ends))

    def _message(self, ends: tuple[str, str], grants: list[SeenGrant], wanted: Any) -> Arrow:
        only = DOCUMENTS in self.facets
        queue = [grant for grant in grants if grant.sort == Sort.QUEUE.value]
        lines = labelled(queue if only else grants) or ("no grant to send",)
        notes = ("message only",) if only else ()
        if wanted is not None:
            notes = (f"if {filter_text(wanted)}", *notes)
        return Arrow(*ends, Kind.MESSAGE, lines, notes, (*map(detailed, grants), *notes))

    def _crossing(
        self,
    ) -> tuple[
        dict[tuple[str, str], list[SeenGrant]],
        dict[tuple[str, str], list[tuple[str, SeenGrant]]],
        dict[tuple[str, str], list[SeenGrant]],
    ]:
        """Return direct reads and forwarded ones by store and reader, messages by the edge's ends."""
        reads: dict[tuple[str, str], list[SeenGrant]] = defaultdict(list)
        forwarded: dict[tuple[str, str], list[tuple[str, SeenGrant]]] = defaultdict(list)
        sent: dict[tuple[str, str], list[SeenGrant]] = {ends: [] for ends in self.seen.messages}
        for grant in self.by_kind["edge"]:
            producer, _, consumer = grant.edge.partition(" -> ")
            if grant.sort in _MESSAGE_SORTS:
                sent.setdefault((producer, consumer), []).append(grant)
            else:
                reads[producer, consumer].append(grant)
        for grant in self.by_kind["forwarded"]:
            producer, _, consumer = grant.edge.partition(" -> ")
            forwarded[grant.owner or producer, consumer].append((producer, grant))
        return reads, forwarded, sent

    def _cache_arrows(self) -> Iterable[Arrow]:
        if not self.has_cache_box:
            return
        for node in self.order:
            grants = [grant for grant in self.own[node] if grant.sort in _CACHE_SORTS]
            if grants:
                lines = labelled(grants)
                yield Arrow(node, _CACHE_BOX, Kind.CACHE, lines, (), tuple(map(detailed, grants)))

    def _unintended(self) -> Iterable[Arrow]:
        """Return an arrow from each holder to each thing that it reaches without being asked to."""
        found: dict[tuple[str, str], list[SeenGrant]] = defaultdict(list)
        for grant in self.by_kind["unintended"]:
            found[self._holder(grant.principal), self._reached(grant)].append(grant)
        for ends, grants in found.items():
            lines = labelled(grants, services=True)
            yield Arrow(*ends, Kind.UNINTENDED, lines, (), tuple(map(detailed, grants)))

    def _refused(self) -> Iterable[Arrow]:
        """Return an arrow for each call that a node made and the server refused."""
        for tried in self.refused:
            owner = tried.resource.replace(".", "/").partition("/")[0]
            reached = _CACHE_BOX if owner == "cache" else owner
            if reached != _CACHE_BOX and reached not in self.order:
                reached = self._stranger(tried.resource, Part.RESOURCE)
            line = f"{short(tried.action)} {tried.resource}"
            yield Arrow(self._holder(tried.who), reached, Kind.REFUSED, (line,), (), (line, tried.message))

    def _holder(self, principal: str) -> str:
        return principal if principal in self.order else self._stranger(principal, Part.STRANGER)

    def _reached(self, grant: SeenGrant) -> str:
        if grant.owner in self.order:
            return grant.owner
        return _CACHE_BOX if grant.sort in _CACHE_SORTS else self._stranger(grant.resource, Part.RESOURCE)

    def _stranger(self, text: str, part: Part) -> str:
        key = f"{part.name} {text}"
        if key not in self.strangers:
            name = f"stranger-{len(self.strangers)}-"
            self.strangers[key] = Box(name, text, part.value, part, details=(text,))
        return self.strangers[key].name

    def _cache_box(self) -> Box:
        return Box(_CACHE_BOX, "cache", "of the whole pipeline", Part.CACHE, tuple(self._store("")))

    def _node(self, node: str, step: Step) -> Box:
        own, part = self.own[node], Part(step.row.part.value)
        lines: list[Line] = []
        if DOCUMENTS in self.facets:
            lines += self._store(node, step)
            # P2: a node's state is no store, and is drawn as a kind of its own
            lines += [Line(f"state: {word}", told) for word, told in self._state(node)]
            objects = [grant for grant in own if grant.sort == Sort.OBJECTS.value]
            lines += [Line(word, text) for word, text in _verbs(objects)]
        if MESSAGES in self.facets and DOCUMENTS not in self.facets:
            lines += sorted(self._messages(node), key=lambda line: _MESSAGE_LINES.index(line.word))
            inner = [grant for grant in own if grant.sort in _MESSAGE_SORTS and grant.principal == node]
            lines += [Line(word, text) for word, text in _verbs(inner, first="ReceiveMessage")]
            # what S3 may send to a trigger is no action of the trigger's
            services = [grant for grant in own if grant.principal != node]
            lines += [
                Line(f"{grant.principal} may", f"{short(grant.action)} {grant.resource}")
                for grant in services
            ]
        if CACHE in self.facets and not self.has_cache_box:
            cached = [grant for grant in own if grant.sort in _CACHE_SORTS]
            lines += [
                Line("cache", f"{short(grant.action)} {grant.pattern or grant.resource}") for grant in cached
            ]
        lines += [Line("MISSING", text, is_alarm=True) for text in self.missing[node]]
        kind = "" if step.row.kind == node else step.row.kind
        return Box(node, node, kind, part, tuple(lines), tuple(map(detailed, own)), part.value)

    def _state(self, node: str) -> Iterable[tuple[str, str]]:
        index = logical_id(node, ResourceKind.INDEX)
        for logical, kind, properties in self.resources[node]:
            if logical == index:
                yield "index", bucket_encryption(properties)
            elif (told := state(kind, properties)) is not None:
                yield told

    def _store(self, node: str, step: Step | None = None) -> Iterable[Line]:
        index = logical_id(node, ResourceKind.INDEX)
        buckets = [
            properties
            for logical, kind, properties in self.resources[node]
            if kind == "AWS::S3::Bucket" and logical != index
        ]
        given = getattr(step, "bucket", None)
        places = step.given_places() if step is not None else ()
        if given is not None and not buckets:
            yield Line("store", f"given bucket {given}")
        elif places and not buckets:
            named = ", ".join(dict.fromkeys(place.bucket for place in places))
            yield Line("store", f"given: {named}")
        elif not buckets:
            yield Line("store", "none of its own")
        for properties in buckets:
            yield Line("store", bucket_encryption(properties))

    def _messages(self, node: str) -> Iterable[Line]:
        step = self.seen.graph.nodes[node]
        if step.given_queue():
            yield Line("queue", f"given: {step.given_queue()}")
        for _, kind, properties in self.resources[node]:
            # a queue that gives up on messages names where they go, to the dead-letter queue
            if kind == "AWS::SQS::Queue" and "RedrivePolicy" in properties:
                yield Line("queue", queue_encryption(properties))
            elif kind == "AWS::SQS::Queue":
                yield Line("dead letters", queue_encryption(properties))
            elif kind == "AWS::SNS::Topic":
                yield Line("topic", topic_encryption(properties))


def _verbs(grants: Iterable[SeenGrant], first: str = "") -> list[tuple[str, str]]:
    """Return what a node may do with its own things; beside `first`, others are only counted."""
    found: dict[str, list[str]] = {}
    for grant in grants:
        found.setdefault(grant.resource, []).append(short(grant.action))
    # the action that gives a put its name comes first: an upload that can be begun can be aborted
    for verbs in found.values():
        if "PutObject" in verbs and _ABORT in verbs:
            verbs[:] = ["PutObject", "Abort", *(verb for verb in verbs if verb not in {"PutObject", _ABORT})]
        if first in verbs and len(verbs) > 1:
            verbs[:] = [f"{first} (and {len(verbs) - 1} more)"]
    return [("may", f"{', '.join(verbs)} {resource}") for resource, verbs in found.items()]


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
