"""The key's path: which keys a document meets from input to sink, who may use each, and what fails without.

The rows come from the template: whatever roles and services may do there, on something whose property names a
key, asks that key, and the statement that lets them is looked up. One that is missing is said.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.iam.statements import read
from lakenb.iam.texts import resolve
from lakenb.records.tables import Table
from lakenb.security.key_policies import given_keys, key_assumptions
from lakenb.security.key_uses import ROLE_USES, uses_of
from lakenb.security.keys import keys_of
from lakenb.security.values import Sort
from lakenb.template.build import arns_of
from lakenb.template.key_names import arn_of_key, key_arn
from lakenb.template.keys import owner_statements
from lakenb.template.names import CACHE, Kind, logical_id
from lakenb.views.naming import Names
from lakenb.views.tables.key_failures import BRINGS, FILES, LOGGED, MOVED, VARIABLES, Failure, of_use
from lakenb.views.tables.order import positions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.statements import PolicyStatement
    from lakenb.security.key_uses import KeyUse
    from lakenb.views.naming import Named
    from lakenb.views.seen import Seen

COLUMNS = ("node", "step", "key", "who", "how", "without it", "AWS says")
MISSING = "MISSING"
_NO_KEY = "nothing is under a customer's key; lk.Pipeline(..., key=lk.Key()) puts everything under one"
_PATHS_SHOWN = 12
# By what the resource is: its kind, and the property that names its key.
_KEY_AT: dict[str, tuple[Kind, tuple[str, ...]]] = {
    Sort.QUEUE.value: (Kind.QUEUE, ("KmsMasterKeyId",)),
    Sort.DEAD_LETTERS.value: (Kind.DEAD_LETTERS, ("KmsMasterKeyId",)),
    Sort.TOPIC.value: (Kind.TOPIC, ("KmsMasterKeyId",)),
    Sort.LOGS.value: (Kind.LOGS, ("KmsKeyId",)),
    Sort.FUNCTION.value: (Kind.FUNCTION, ("KmsKeyArn",)),
    Sort.TABLE.value: (Kind.TABLE, ("SSESpecification", "KMSMasterKeyId")),
    Sort.FILES.value: (Kind.FILES, ("KmsKeyId",)),
    Sort.MACHINE.value: (Kind.MACHINE, ("EncryptionConfiguration", "KmsKeyId")),
    Sort.SCHEDULES.value: (Kind.DEAD_LETTERS, ("KmsMasterKeyId",)),  # made while it runs, as all of the node
    Sort.GIVEN_QUEUE.value: (Kind.DEAD_LETTERS, ("KmsMasterKeyId",)),
}
_BUCKETS = {
    Sort.OBJECTS.value: Kind.STORE,
    Sort.BUCKET.value: Kind.STORE,
    Sort.INDEX_OBJECTS.value: Kind.INDEX,
    Sort.INDEX_BUCKET.value: Kind.INDEX,
}
_CACHED = frozenset({Sort.CACHE_OBJECTS.value, Sort.CACHE_BUCKET.value})
_STEPS = (
    "ReceiveUnderKey",
    "ReadUnderKey",
    "PutUnderKey",
    "UseTableUnderKey",
    "ScheduleUnderKey",
    "DescribeForSchedules",
    "OpenScheduleUnderKey",
    "RunUnderKey",
    "PublishUnderKey",
    "SendUnderKey",
)
_VERBS = {
    "ReceiveUnderKey": "receives from",
    "ReadUnderKey": "opens",
    "PutUnderKey": "puts into",
    "UseTableUnderKey": "uses",
    "ScheduleUnderKey": "makes",
    "DescribeForSchedules": "has the key looked at for",
    "OpenScheduleUnderKey": "sends what is in",
    "RunUnderKey": "runs",
    "PublishUnderKey": "publishes to",
    "SendUnderKey": "sends to",
}


@dataclass(frozen=True, slots=True, order=True)
class _Row:
    """One use of a key: where in the order of the table, and its cells."""

    node: int
    stage: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Held:
    """A statement that lets somebody use a key."""

    who: str
    key: str
    actions: tuple[str, ...]
    via: str
    within: frozenset[str]
    place: str


def keys_table(seen: Seen) -> Table:
    """Return every use of a key that documents meet on their way.

    Parameters
    ----------
    seen
        The template, read with the names of its pipeline.

    Returns
    -------
    Table
        Columns node, step, key, who, how, without it, AWS says; a row for each use, nodes in the order in
        which documents pass them. ``how`` names the statement that lets it happen, or says that it is
        missing; ``without it`` foretells what would fail, and whether anybody would notice. Notes have each
        way's chain of keys, and what owners of given keys must add to their policies.
    """
    reader = _Reader(seen)
    rows = tuple(row.cells for row in sorted(set(reader.rows())))
    notes = (*_paths(seen, reader), *_owners(seen)) if rows else (_NO_KEY,)
    missing = sum(row[4].startswith(MISSING) for row in rows)
    if missing:
        notes = (f"✗ {missing} of {len(rows)} uses have no statement: they stand as {MISSING}.", *notes)
    return Table("uses of keys", COLUMNS, rows, notes)


class _Reader:
    """Reads uses of keys, and the statements that let them happen, from a template."""

    def __init__(self, seen: Seen) -> None:
        graph = seen.graph
        self.seen = seen
        self.names = Names(graph, seen.template)
        self.places = positions(graph)
        self.keys = {resolve(key_arn(key)): str(key) for key in keys_of(graph)}
        self.meant = {resolve(arn_of_key(key)): str(key) for key in keys_of(graph)}
        self.given = {str(key) for key in given_keys(graph)}
        self.statements = [one for one in read(seen.template).statements if one.effect == "Allow"]
        self.held = [held for one in self.statements for held in self._held(one)]

    def rows(self) -> Iterator[_Row]:
        """Yield the uses, in no order."""
        for statement in self.statements:
            if statement.principals:
                yield from self._brought(statement)
            else:
                yield from self._used(statement)
        for node in self.seen.graph.nodes:
            yield from self._beside(node)

    def key_of(self, named: Named) -> str:
        """Return the key that a resource is under, as its property says; empty where it is under none."""
        if named.sort in _CACHED:
            return self._bucket_key(CACHE)
        if named.sort in _BUCKETS:
            logical = logical_id(named.owner, _BUCKETS[named.sort])
            if logical in self._resources:
                return self._bucket_key(logical)
            return self._property(named.owner, *_KEY_AT[Sort.DEAD_LETTERS.value])  # a given one
        return self._property(named.owner, *_KEY_AT[named.sort]) if named.sort in _KEY_AT else ""

    @property
    def _resources(self) -> Mapping[str, Any]:
        resources: Mapping[str, Any] = self.seen.template["Resources"]
        return resources

    def _property(self, node: str, kind: Kind, path: tuple[str, ...]) -> str:
        value = self._resources.get(logical_id(node, kind), {}).get("Properties", {})
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return self._key(value)

    def _bucket_key(self, logical: str) -> str:
        properties = self._resources.get(logical, {}).get("Properties", {})
        rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [{}])
        return self._key(rules[0].get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID"))

    def _key(self, value: Any) -> str:
        if value is None:
            return ""
        text = resolve(value)
        return self.keys.get(text, str(text))

    def _held(self, statement: PolicyStatement) -> Iterator[_Held]:
        actions = tuple(str(one) for one in statement.actions if str(one).startswith("kms:"))
        if not actions:
            return
        via, within = "", set()
        for line in statement.conditions:
            if line.key == "kms:ViaService":
                via = str(line.values[0])
            elif line.key == "aws:SourceArn" or line.key.startswith("kms:EncryptionContext:"):
                within |= {self.names.value(value) for value in line.values}
        place = f"'{statement.sid}' of {statement.logical_id}"
        for who in self._who(statement):
            for arn in statement.resources:
                itself = self.names.key_itself(statement.logical_id, arn)
                key = itself[0].name if itself else self.meant.get(arn, str(arn))
                yield _Held(who, key, actions, via, frozenset(within), place)

    def _who(self, statement: PolicyStatement) -> list[str]:
        if statement.principals:
            return [self.names.principal(sort, value) for sort, value in statement.principals]
        return [self.names.role(holder) for holder in statement.holders]

    def _used(self, statement: PolicyStatement) -> Iterator[_Row]:
        """Yield what a role does to things under keys."""
        for who in self._who(statement):
            node = who.partition(" (")[0]
            for action in map(str, statement.actions):
                for use in uses_of(action):
                    for arn in statement.resources:
                        for named in self.names.resources(arn, frozenset(self.seen.graph.nodes)):
                            yield from self._by_role(who, node, use, named)

    def _by_role(self, who: str, node: str, use: KeyUse, named: Named) -> Iterator[_Row]:
        key = self.key_of(named)
        if not key:
            return
        # of a given bucket the context may be each object's ARN
        within = (self._meant(named), named.name) if use.context else ()
        held = self._find(who, key, use.key_actions, f"{use.service}.", *within)
        how = f"{', '.join(use.key_actions)} through {use.service}"
        wanted = f"{who} use {key} through {use.service} for {named.name}"
        step = f"{_VERBS[use.sid]} {named.name}"
        yield self._row(
            node,
            _STEPS.index(use.sid) + 1,
            step,
            key,
            who,
            _how(how, held, wanted),
            of_use(use.sid, use.page),
        )

    @staticmethod
    def _meant(named: Named) -> str:
        if named.sort in _CACHED:
            return "cache"
        if named.sort == Sort.TABLE.value:
            return f"{named.owner}.{Sort.TABLE_NAME.value}"
        if named.sort in _BUCKETS:
            return f"{named.owner}.{'index bucket' if _BUCKETS[named.sort] is Kind.INDEX else 'bucket'}"
        return named.name

    def _find(self, who: str, key: str, actions: tuple[str, ...], via: str, *within: str) -> _Held | None:
        """Return the statement that lets somebody use a key so, for one of these; the least of several."""
        fitting = [
            one
            for one in self.held
            if (one.who, one.key) == (who, key)
            and one.via.startswith(via)
            and all(any(_fits(action, held) for held in one.actions) for action in actions)
            and (not within or not one.within.isdisjoint(within))
        ]
        return min(fitting, key=lambda one: (len(one.actions), one.place), default=None)

    def _brought(self, statement: PolicyStatement) -> Iterator[_Row]:
        """Yield what services bring to queues under keys."""
        if "sqs:SendMessage" not in map(str, statement.actions):
            return
        for service in self._who(statement):
            failure = BRINGS.get(service)
            if failure is None:
                continue
            for arn in statement.resources:
                named = self.names.resource(arn)
                key = self.key_of(named)
                for source in self._sources(statement) if key else ():
                    is_last = named.sort == Sort.DEAD_LETTERS.value
                    verb = "lays aside in" if is_last else "brings to"
                    step = f"{verb} {named.name} what {source} sends"
                    how = self._of_service(service, key, source)
                    yield self._row(named.owner, 20 if is_last else 0, step, key, service, how, failure)

    def _sources(self, statement: PolicyStatement) -> list[str]:
        lines = [one for one in statement.conditions if one.key == "aws:SourceArn"]
        return [self.names.value(value) for line in lines for value in line.values]

    def _of_service(self, service: str, key: str, source: str) -> str:
        if key in self.given:
            return "a statement that the key's owner adds, below"
        held = self._find(service, key, ("kms:Decrypt", "kms:GenerateDataKey"), "", source)
        return _how("kms:Decrypt, kms:GenerateDataKey", held, f"{service} use {key} for {source}")

    def _beside(self, node: str) -> Iterator[_Row]:
        """Yield what happens beside the documents' way: redrive, log, variables, what services keep."""
        queue, last = (self._property(node, *_KEY_AT[one.value]) for one in (Sort.QUEUE, Sort.DEAD_LETTERS))
        if queue and queue == last:
            step = f"moves to {node}.dead-letters what was received too often"
            yield self._row(node, 21, step, queue, "sqs.amazonaws.com", "no key is asked", MOVED)
        log = self._property(node, *_KEY_AT[Sort.LOGS.value])
        if log:
            service = "logs.${AWS::Region}.amazonaws.com"
            how = "a statement that the key's owner adds, below"
            if log not in self.given:
                held = self._find(service, log, ("kms:Encrypt", "kms:Decrypt"), "", f"{node}.logs")
                how = _how(
                    "kms:Encrypt*, kms:Decrypt* and more", held, f"{service} use {log} for {node}.logs"
                )
            yield self._row(node, 22, f"keeps {node}.logs", log, service, how, LOGGED)
        for sort, step, failure in (
            (Sort.FUNCTION, "opens the function's variables", VARIABLES),
            (Sort.FILES, "opens the file system", FILES),
        ):
            key = self._property(node, *_KEY_AT[sort.value])
            if key:
                who = "lambda.amazonaws.com" if sort is Sort.FUNCTION else "elasticfilesystem.amazonaws.com"
                yield self._row(node, 23, step, key, who, "a grant that the service makes", failure)
        yield from self._kept(node)

    def _kept(self, node: str) -> Iterator[_Row]:
        for use in ROLE_USES:
            kind = Kind.SCHEDULE_ROLE if use.role is Sort.SCHEDULE_ROLE else Kind.MACHINE_ROLE
            key = self._property(node, *_KEY_AT[use.of.value])
            if logical_id(node, kind) in self._resources and key:
                who, named = f"{node} ({use.role.value})", f"{node}.{use.of.value}"
                held = self._find(who, key, use.key_actions, "", named)
                how = _how(", ".join(use.key_actions), held, f"{who} use {key} for {named}")
                step = f"{_VERBS[use.sid]} {named}"
                yield self._row(
                    node, _STEPS.index(use.sid) + 1, step, key, who, how, of_use(use.sid, use.page)
                )

    def _row(  # noqa: PLR0917 - the cells of a row
        self, node: str, stage: int, step: str, key: str, who: str, how: str, failure: Failure
    ) -> _Row:
        cells = (node, step, key, who, how, failure.text, failure.page)
        return _Row(self.places.get(node, len(self.places)), stage, cells)


def _how(how: str, held: _Held | None, wanted: str) -> str:
    return f"{MISSING}: no statement lets {wanted}" if held is None else f"{how}: {held.place}"


def _fits(action: str, held: str) -> bool:
    return action == held or (held.endswith("*") and action.startswith(held[:-1]))


def _paths(seen: Seen, reader: _Reader) -> Iterator[str]:
    """Yield for each way from a trigger to an end the keys under which a document and its events lie."""
    consumers: defaultdict[str, list[str]] = defaultdict(list)
    for producer, consumer in seen.messages:
        consumers[producer].append(consumer)
    ways: list[tuple[str, ...]] = []
    waiting: list[tuple[str, ...]] = [
        (node,) for node in reversed(seen.graph.topological()) if not seen.graph.producers(node)
    ]
    while waiting and len(ways) <= _PATHS_SHOWN:
        way = waiting.pop()
        onward = consumers[way[-1]]
        waiting += [(*way, node) for node in reversed(onward)]
        if not onward:
            ways.append(way)
    for way in ways[:_PATHS_SHOWN]:
        yield " → ".join(f"{node} ({', '.join(_keys_at(reader, node))})" for node in way)
    if len(ways) > _PATHS_SHOWN:
        yield f"and more ways: the first {_PATHS_SHOWN} are shown"


def _keys_at(reader: _Reader, node: str) -> list[str]:
    """Return the keys that a document meets at a node: of its queue, its store, its topic."""
    from lakenb.views.naming import Named  # noqa: PLC0415 - a value, for this one question

    sorts = (Sort.QUEUE, Sort.OBJECTS, Sort.TOPIC)
    keys = (reader.key_of(Named("", sort.value, node)) for sort in sorts)
    return list(dict.fromkeys(key for key in keys if key)) or ["no customer's key"]


def _owners(seen: Seen) -> Iterator[str]:
    for key, statements in owner_statements(seen.graph, arns_of(seen.graph)).items():
        yield f"the owner of {key} adds to its policy: {json.dumps(statements, sort_keys=True)}"
    yield from (f"assumed: {sentence}" for sentence in key_assumptions(seen.graph))
