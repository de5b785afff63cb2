"""A world with its pipeline found in it, and the lookups that the promises share."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import Said, plain_text, said
from lakenb.review.properties.values import PropertyResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from lakenb.graph.graph import Edge, Graph
    from lakenb.graph.steps import Step
    from lakenb.iam.stacks.world import Resource, World
    from lakenb.review.find import Found, FoundNode

CACHE = "cache"
_UNREADABLE = "write the value so that it can be read from the template, or give the parameter that it awaits"


Question = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Noted:
    """Results, and the questions that they depend on with the answers that they had."""

    results: tuple[PropertyResult, ...]
    notes: Mapping[Question, Any]


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription: a resource of its own, or an entry of its topic.

    Parameters
    ----------
    place
        Where its properties stand.
    topic, endpoint
        ARN of the topic, and where it sends; empty where not a text.
    """

    place: Said
    topic: str
    endpoint: str


class Surroundings:
    """A world, its pipeline, and the questions that the promises ask of both.

    INVARIANT: what is said of one node depends on the world through these questions alone. While notes are
    taken every answer is noted, and what was said holds as long as each question has the same answer.
    """

    __slots__ = ("_answers", "_notes", "by_type", "edges", "found", "graph", "world")

    def __init__(self, world: World, found: Found, graph: Graph | None) -> None:
        self.world: World = world
        self.found: Found = found
        self.graph: Graph | None = graph
        self.edges: tuple[tuple[str, str], ...] = found.edges
        steps: Mapping[str, Step] = {}
        filters: dict[str, Edge] = {}
        if graph is not None:
            self.edges = tuple((edge.producer, edge.consumer) for edge in graph.edges)
            steps = graph.nodes
            filters = {str(edge): edge for edge in graph.edges}
        by_type, words = _indexed(world)
        self.by_type: Mapping[str, tuple[Resource, ...]] = by_type
        users = _users(found)
        owners = {logical_id: names[0] for logical_id, names in users.items()}
        if found.cache:
            owners[found.cache] = CACHE
        last = {node.dead_letters: True for node in found.nodes.values()}
        pairs = [pair for pair in self.edges if pair[0] in found.nodes and pair[1] in found.nodes]
        self._answers: dict[str, Mapping[str, Any]] = {
            "resource": world.resources,
            "arn": {logical_id: resource.arn for logical_id, resource in world.resources.items()},
            "of_type": by_type,
            "node": found.nodes,
            "step": steps,
            "edge": filters,
            "subject": owners,
            "users": users,
            "is_last": last,
            "word": words,
            "consumers": _grouped(pairs),
            "producers": _grouped((consumer, producer) for producer, consumer in self.edges),
            "subscriptions": _by_topic(by_type),
            "mappings": _by_text(by_type.get("AWS::Lambda::EventSourceMapping", ()), "EventSourceArn"),
            "with_role": _by_text(by_type.get("AWS::Lambda::Function", ()), "Role"),
        }
        self._notes: dict[Question, Any] | None = None

    def _ask(self, kind: str, about: str) -> Any:
        answer = self._answers[kind].get(about)
        if self._notes is not None:
            self._notes[kind, about] = answer
        return answer

    def noted(self, examine: Callable[[], Iterable[PropertyResult]]) -> Noted:
        """Return results, with the questions that they depend on and the answers."""
        notes: dict[Question, Any] = {}
        self._notes = notes
        try:
            return Noted(tuple(examine()), notes)
        finally:
            self._notes = None

    def still(self, noted: Noted) -> bool:
        """Return whether every question of earlier results has the same answer here."""
        answers = self._answers
        for (kind, about), answer in noted.notes.items():
            now = answers[kind].get(about)
            if now is not answer and now != answer:
                return False
        return True

    def derive(self, kind: str, answers: Mapping[str, Any]) -> None:
        """Add answers that were worked out of the whole pipeline."""
        self._answers[kind] = answers

    def derived(self, kind: str, about: str) -> Any:
        """Return such an answer, or None."""
        return self._ask(kind, about)

    def node(self, name: str) -> FoundNode:
        """Return a node that was found."""
        found: FoundNode = self._ask("node", name)
        return found

    def step(self, name: str) -> Step | None:
        """Return what the graph says that a node is; None without a graph, or where it has no such node."""
        found: Step | None = self._ask("step", name)
        return found

    def edge(self, producer: str, consumer: str) -> Edge | None:
        """Return an edge of the graph."""
        found: Edge | None = self._ask("edge", f"{producer} -> {consumer}")
        return found

    def resource(self, logical_id: str) -> Resource | None:
        """Return a resource, or None for one that the template does not have."""
        found: Resource | None = self._ask("resource", logical_id)
        return found

    def arn(self, logical_id: str) -> str:
        """Return a resource's ARN; empty for one that the template does not have."""
        return self._ask("arn", logical_id) or ""

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of these types."""
        return tuple(resource for name in types for resource in self._ask("of_type", name) or ())

    def subject(self, logical_id: str) -> str:
        """Return whose a resource is: its node, the cache, or its own logical id."""
        return self._ask("subject", logical_id) or logical_id

    def is_owned(self, logical_id: str) -> bool:
        """Return whether a resource is a node's, or the cache."""
        return self._ask("subject", logical_id) is not None

    def users(self, logical_id: str) -> tuple[str, ...]:
        """Return all nodes that have a resource for their own."""
        return self._ask("users", logical_id) or ()

    def is_last(self, logical_id: str) -> bool:
        """Return whether a queue is a node's dead-letter queue."""
        return self._ask("is_last", logical_id) is True

    def consumers(self, node: str) -> tuple[str, ...]:
        """Return the nodes that a node sends to and that were found."""
        return self._ask("consumers", node) or ()

    def producers(self, node: str) -> tuple[str, ...]:
        """Return the nodes that send to a node, found or not."""
        return self._ask("producers", node) or ()

    def subscriptions(self, topic: str) -> tuple[Subscription, ...]:
        """Return the subscriptions to a topic, by its ARN; to an empty one those that could not be read."""
        return self._ask("subscriptions", topic) or ()

    def mappings(self, arn: str) -> tuple[Resource, ...]:
        """Return the event source mappings from a queue; from an empty one those that could not be read."""
        return self._ask("mappings", arn) or ()

    def with_role(self, arn: str) -> tuple[Resource, ...]:
        """Return the functions that have a role."""
        return self._ask("with_role", arn) or ()

    def carriers(self, producer: str, consumer: str) -> tuple[Subscription, ...]:
        """Return the subscriptions of a consumer's queue to a producer's topic."""
        if consumer not in self.consumers(producer):
            return ()
        topic, queue = self.arn(self.node(producer).topic), self.arn(self.node(consumer).queue)
        return tuple(one for one in self.subscriptions(topic) if topic and one.endpoint == queue)

    def is_function(self, named: Any, logical_id: str) -> bool:
        """Return whether a text names a function: its name or its ARN, with a version or without."""
        function = self.resource(logical_id)
        if function is None or not isinstance(named, str):
            return False
        if named.startswith("arn:"):
            return named == function.arn or named.startswith(f"{function.arn}:")
        # AWS Lambda API Reference, CreateEventSourceMapping: also account:function:name
        return function.ref in {named, named.partition(":")[0], named.rpartition(":function:")[2]}

    def word(self, text: str) -> str:
        """Return a text as the template writes it where it is a reference or an ARN, else as it is."""
        return self._ask("word", text) or text

    def shown(self, text: str) -> str:
        """Return a text in the template's words."""
        return self.world.shown(self.word(text))

    def evidence(self, place: Said) -> str:
        """Return what a place says, in the template's words."""
        return place.shown(self.word)

    def result(  # noqa: PLR0917 - the columns of a result, in their order
        self,
        claim: str,
        subject: str,
        text: str,
        verdict: Verdict,
        place: Said,
        mend: str,
        *,
        evidence: str = "",
    ) -> PropertyResult:
        """Return a result; without other words its evidence is what the place says.

        One that is undecided is mended by what makes the value readable.
        """
        if verdict is Verdict.PROVED:
            mend = ""
        else:  # made-up names inside longer texts are looked for only where somebody will read them
            evidence = self.world.shown(evidence or self.evidence(place))
            mend = _UNREADABLE if verdict is Verdict.UNDECIDED else mend
        evidence = evidence or self.evidence(place)
        return PropertyResult(claim, subject, text, verdict, evidence, place.logical_id, place.path, mend)

    def lacks(self, claim: str, subject: str, text: str, evidence: str, mend: str) -> PropertyResult:
        """Return the failure of something that the template does not have at all."""
        return PropertyResult(claim, subject, text, Verdict.FAILED, evidence, "", "", mend)


def own_resources(node: FoundNode) -> tuple[str, ...]:
    """Return the logical ids of the resources that are a node's own."""
    own = (node.function, node.role, node.queue, node.dead_letters, node.topic, node.store, node.logs)
    return tuple(dict.fromkeys((*filter(None, own), *node.state.named().values())))


def _indexed(world: World) -> tuple[dict[str, tuple[Resource, ...]], dict[str, str]]:
    """Return a world's resources by type, and the template's words for its references."""
    by_type: dict[str, list[Resource]] = defaultdict(list)
    words: dict[str, str] = {}
    for resource in world.resources.values():
        by_type[resource.type].append(resource)
        if resource.arn:
            words[resource.arn] = f"${{{resource.logical_id}.Arn}}"
        if resource.ref:
            words[resource.ref] = f"${{{resource.logical_id}}}"
    return {name: tuple(resources) for name, resources in by_type.items()}, words


def _users(found: Found) -> dict[str, tuple[str, ...]]:
    return _grouped(
        (logical_id, name) for name, node in found.nodes.items() for logical_id in own_resources(node)
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for one, other in pairs:
        found[one][other] = None
    return {one: tuple(others) for one, others in found.items()}


def _by_topic(by_type: Mapping[str, tuple[Resource, ...]]) -> dict[str, tuple[Subscription, ...]]:
    found: dict[str, list[Subscription]] = defaultdict(list)
    for resource in by_type.get("AWS::SNS::Subscription", ()):
        place = said(resource)
        topic = plain_text(place.at("TopicArn").value)
        found[topic].append(Subscription(place, topic, plain_text(place.at("Endpoint").value)))
    for resource in by_type.get("AWS::SNS::Topic", ()):
        # a topic may list subscriptions itself: without filter, raw delivery or redrive
        for entry in said(resource, "Subscription").items():
            one = Subscription(entry, resource.ref, plain_text(entry.at("Endpoint").value))
            found[resource.ref].append(one)
    return {topic: tuple(several) for topic, several in found.items()}


def _by_text(resources: Iterable[Resource], name: str) -> dict[str, tuple[Resource, ...]]:
    """Return resources by the text of a property; by an empty one where it is none."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        found[plain_text(resource.properties.get(name))].append(resource)
    return {text: tuple(several) for text, several in found.items()}
