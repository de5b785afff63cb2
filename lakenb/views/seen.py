"""What a template grants, row by row, beside what the model asks for.

The rows come from the template alone, through the reader in `iam`; the intent of `security` lends each row
its sentence. A row that the intent does not know is marked, and a row that the template lacks is kept: a
difference is a finding, never smoothed over.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lakenb.iam.policies import PolicyKind
from lakenb.iam.statements import ConditionLine, PolicyStatement, Unread, read
from lakenb.iam.texts import resolve
from lakenb.security.grants import grants
from lakenb.security.values import Grant, Sort
from lakenb.views.naming import Named, Names, provided_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.graph.graph import Graph

UNINTENDED = "the model does not ask for this grant"


@dataclass(frozen=True, slots=True, order=True)
class SeenGrant:
    """One Allow as it stands in the template: an action on a resource.

    Parameters
    ----------
    edge
        The edge that it serves, ``producer -> consumer``; empty for a node's own needs.
    principal
        The node whose role holds it, a service, or the template's words for anybody else.
    action
        IAM's action; ``everything but ...`` for a ``NotAction``.
    resource
        The resource by the pipeline's names (``inbox/letters/*``, ``chunks.queue``), else in the template's
        words.
    condition
        The conditions, empty when there is none.
    why
        The model's sentence, or that the model does not ask for it.
    kind
        ``edge``, ``forwarded``, ``own``, or ``unintended``.
    sort, owner, pattern
        What the resource is (the value of a `Sort`), whose, and which keys; empty where unknown.
    """

    edge: str
    principal: str
    action: str
    resource: str
    condition: str
    why: str
    kind: str
    sort: str = ""
    owner: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A template, read with the names of its pipeline.

    Parameters
    ----------
    graph, template
        What was read.
    grants
        Every Allow of the template, sorted; trust policies are not grants of access to documents.
    missing
        Grants that the model asks for and the template does not hold, sorted.
    messages
        ``(producer, consumer)`` of each subscription in the template, sorted.
    owners
        The node of each resource by its logical id; empty for the cache's, absent for strangers'.
    """

    graph: Graph
    template: Mapping[str, Any]
    grants: tuple[SeenGrant, ...]
    missing: tuple[Grant, ...]
    messages: tuple[tuple[str, str], ...]
    owners: Mapping[str, str]


def seen(graph: Graph, template: Mapping[str, Any]) -> Seen:
    """Return what a template grants, in the names of the pipeline that it was made for."""
    names = Names(graph, template)
    messages = _messages(template, names)
    reader = _Reader(names, messages, provided_by(graph, names, messages))
    policies = read(template)
    rows: set[SeenGrant] = set()
    for statement in policies.statements:
        # an endpoint's policy grants nothing: it narrows what goes through it
        is_grant = statement.policy_type not in {PolicyKind.TRUST, PolicyKind.ENDPOINT}
        if statement.effect == "Allow" and is_grant and statement.logical_id not in names.endpoints:
            rows.update(reader.rows(statement))
    for unread in policies.unread:
        rows.update(reader.unread(unread))
    return _beside_intent(graph, template, rows, messages, names)


def _beside_intent(
    graph: Graph,
    template: Mapping[str, Any],
    rows: set[SeenGrant],
    messages: tuple[tuple[str, str], ...],
    names: Names,
) -> Seen:
    intended = {_key(grant): grant for grant in grants(graph)}
    judged = []
    for row in rows:
        grant = intended.pop(_key(row), None)
        if grant is None:
            judged.append(replace(row, why=UNINTENDED, kind="unintended"))
        else:
            judged.append(replace(row, why=grant.why, condition=grant.condition))
    return Seen(
        graph,
        template,
        tuple(sorted(judged)),
        tuple(sorted(intended.values())),
        messages,
        names.owners,
    )


def _key(grant: Grant | SeenGrant) -> tuple[str, str, str, str, frozenset[str], str]:
    # the order of a statement's conditions means nothing: all of them must hold
    conditions = frozenset(grant.condition.split("; ")) if grant.condition else frozenset()
    return grant.edge, grant.principal, grant.action, grant.resource, conditions, grant.kind


class _Reader:
    """Turns statements into rows."""

    def __init__(
        self, names: Names, messages: tuple[tuple[str, str], ...], provided: Mapping[str, frozenset[str]]
    ) -> None:
        self.names = names
        self.messages = frozenset(messages)
        self.provided = provided
        self.producers: dict[str, list[str]] = {}
        for producer, consumer in messages:
            self.producers.setdefault(consumer, []).append(producer)

    def rows(self, statement: PolicyStatement) -> Iterator[SeenGrant]:
        """Return a row for each principal, action, resource and edge."""
        condition = "; ".join(self._condition(line) for line in statement.conditions)
        verbs = [_but(str(action), negated=statement.negates_actions) for action in statement.actions]
        for principal in self._principals(statement):
            for arn in statement.resources:
                key = self.names.key_itself(statement.logical_id, arn)
                for named in key or self.names.resources(arn, self._within_reach(principal)):
                    resource = _but(named.name, negated=statement.negates_resources)
                    place = (named.sort, named.owner, named.pattern)
                    for edge, kind in self._edges(statement, principal, named):
                        for verb in verbs:
                            yield SeenGrant(edge, principal, verb, resource, condition, "", kind, *place)

    def _within_reach(self, principal: str) -> frozenset[str]:
        """Return the nodes whose documents reach a principal, itself included."""
        producers = self.producers.get(principal, [])
        return frozenset({principal}).union(*(self.provided[producer] for producer in producers))

    def unread(self, unread: Unread) -> Iterator[SeenGrant]:
        """Return what could not be taken apart, as grants that nobody asked for."""
        holders = [self.names.role(holder) for holder in unread.holders] or [unread.logical_id]
        for holder in holders:
            yield SeenGrant("", holder, unread.what, str(unread.value), "", "", "own")

    def _principals(self, statement: PolicyStatement) -> list[str]:
        if statement.policy_type is PolicyKind.IDENTITY:
            return [self.names.role(holder) for holder in statement.holders] or [statement.logical_id]
        everybody_but = "everybody but " if statement.negates_principals else ""
        shown = [everybody_but + self.names.principal(sort, value) for sort, value in statement.principals]
        return shown or ["*"]

    def _condition(self, line: ConditionLine) -> str:
        return f"{line.key} {line.operator} {', '.join(map(self.names.value, line.values))}"

    def _edges(self, statement: PolicyStatement, principal: str, named: Named) -> list[tuple[str, str]]:
        """Return the edges that a statement serves, each with its kind; one empty edge for an own need."""
        if statement.negates_resources:
            found = []
        elif statement.policy_type is PolicyKind.RESOURCE:
            is_queue = named.sort in {Sort.QUEUE.value, Sort.DEAD_LETTERS.value}
            found = self._delivered(statement, named.owner) if is_queue else []
        elif named.sort == Sort.OBJECTS.value and principal != named.owner:
            found = self._read(principal, named.owner)
        else:
            found = []
        return found or [("", "own")]

    def _delivered(self, statement: PolicyStatement, consumer: str) -> list[tuple[str, str]]:
        sources = [
            self.names.resource(value)
            for line in statement.conditions
            if line.key.lower() == "aws:sourcearn"
            for value in line.values
        ]
        return [
            (f"{source.owner} -> {consumer}", "edge")
            for source in sources
            if source.sort == Sort.TOPIC.value and (source.owner, consumer) in self.messages
        ]

    def _read(self, principal: str, owner: str) -> list[tuple[str, str]]:
        return [
            (f"{producer} -> {principal}", "edge" if producer == owner else "forwarded")
            for producer in self.producers.get(principal, [])
            if owner in self.provided.get(producer, ())
        ]


def _but(shown: str, *, negated: bool) -> str:
    return f"everything but {shown}" if negated else shown


def _messages(template: Mapping[str, Any], names: Names) -> tuple[tuple[str, str], ...]:
    found: set[tuple[str, str]] = set()
    for resource in template.get("Resources", {}).values():
        if resource.get("Type") != "AWS::SNS::Subscription":
            continue
        properties = resource.get("Properties", {})
        producer = names.resource(resolve(properties.get("TopicArn", "")))
        consumer = names.resource(resolve(properties.get("Endpoint", "")))
        if producer.sort == Sort.TOPIC.value and consumer.sort == Sort.QUEUE.value:
            found.add((producer.owner, consumer.owner))
    return tuple(sorted(found))
