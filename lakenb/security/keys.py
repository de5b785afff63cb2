"""Which key everything is under, and what roles and services need of keys for the sake of their other work.

A role's needs are derived from its other statements by one table (`key_uses`): who reads a store may open it,
who puts may encrypt, through that service, for that store. What services need is derived from who delivers to
queues, and from the logs.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lakenb.graph.services import Service
from lakenb.security.key_uses import ROLE_USES, Within, uses_of
from lakenb.security.stores import own_store
from lakenb.security.values import ACCOUNT, Condition, Sort, Statement, Target, of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.graph.graph import Graph
    from lakenb.graph.keys import Key
    from lakenb.security.key_uses import KeyUse
    from lakenb.security.values import ExtraRole

_BUCKETS = frozenset(
    one.value
    for one in (
        Sort.OBJECTS,
        Sort.BUCKET,
        Sort.CACHE_OBJECTS,
        Sort.CACHE_BUCKET,
        Sort.INDEX_BUCKET,
        Sort.INDEX_OBJECTS,
    )
)
_WHOLE_BUCKET = {
    Sort.OBJECTS.value: Sort.BUCKET,
    Sort.CACHE_OBJECTS.value: Sort.CACHE_BUCKET,
    Sort.INDEX_OBJECTS.value: Sort.INDEX_BUCKET,
}
# AWS KMS Developer Guide, "Use aliases to control access to KMS keys": an alias cannot stand for its key in a
# statement's resource; keys that have it are meant by this condition, which has several values.
_ALIASES = "kms:ResourceAliases"


def key_of(graph: Graph, target: Target) -> Target | None:
    """Return the key that a resource is under; None where it is under none of the customer's.

    A given bucket or queue counts as its trigger's: that what lies there is under the trigger's key, or under
    no customer's, is an assumption that is printed (`key_assumptions`).
    """
    return key_at(graph, target.node, is_bucket=target.sort in _BUCKETS and not target.bucket)


def key_at(graph: Graph, node: str, *, is_bucket: bool) -> Target | None:
    """Return the key of a node's buckets or of what else it has; without a node the cache's."""
    own = graph.nodes[node].own_key() if node else None
    if own is not None:
        return of(Sort.KEY, node) if own.is_made else given_key(own)
    if graph.key is None:
        return None
    if not graph.key.is_made:
        return given_key(graph.key)
    match graph.key_per:
        case "node":
            return of(Sort.KEY, node)  # the cache belongs to no node: it is under the pipeline's
        case "store":
            return of(Sort.STORE_KEY, node) if is_bucket else of(Sort.KEY)
        case _:
            return of(Sort.KEY)


def given_key(key: Key) -> Target:
    """Return the key that was given by ARN or alias."""
    return Target(Sort.GIVEN_KEY.value, id=key.name)


def is_alias(key: Target) -> bool:
    """Return whether a key was given by an alias, so that its ARN is not known."""
    return key.sort == Sort.GIVEN_KEY.value and _alias(key) != ""


def _alias(key: Target) -> str:
    _, found, name = key.id.rpartition("alias/")
    return f"alias/{name}" if found else ""


def options_of(graph: Graph, node: str) -> Key | None:
    """Return the options of the key that a node's resources are under, its own before the pipeline's."""
    own = graph.nodes[node].own_key() if node else None
    return own or graph.key


def keys_of(graph: Graph) -> tuple[Target, ...]:
    """Return every key that something of the pipeline is under: the pipeline's first, then by node."""
    kinds = ((node, is_bucket) for node in ("", *graph.nodes) for is_bucket in (False, True))
    found = {key_at(graph, node, is_bucket=is_bucket) for node, is_bucket in kinds if node or is_bucket}
    return tuple(sorted(key for key in found if key is not None and _is_used(graph, key)))


def _is_used(graph: Graph, key: Target) -> bool:
    """Return whether a key has something under it: a node without a bucket needs no key for one."""
    if key.sort != Sort.STORE_KEY.value or not key.node:
        return True
    own = own_store(graph, key.node)
    return Service.INDEX in graph.nodes[key.node].services() or (own is not None and not own.bucket)


@dataclass(slots=True)
class _Needed:
    """What one statement on a key will say, gathered from several needs."""

    use: KeyUse
    values: dict[Target, None] = field(default_factory=dict)


def key_statements(graph: Graph, node: str, statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Return what a role needs of keys for the sake of its other statements.

    Parameters
    ----------
    graph, node
        The pipeline, and the node whose role it is.
    statements
        What the role may do otherwise.

    Returns
    -------
    tuple[Statement, ...]
        One for each key, service and set of key actions, bound to the service, and to what is meant where AWS
        documents an encryption context. What another of them allows already is left out, so each is needed.
    """
    needed: dict[tuple[Target, str, tuple[str, ...], str], _Needed] = {}
    for statement in statements:
        if statement.effect != "Allow":
            continue
        for action in statement.actions:
            for use in uses_of(action):
                for target in statement.resources:
                    key = key_of(graph, target)
                    if key is not None:
                        place = (key, use.service, use.key_actions, use.context)
                        one = needed.setdefault(place, _Needed(use))
                        one.values[_meant(target, use)] = None
    _leave_out_covered(needed)
    found = [_statement(key, one, node) for (key, *_), one in needed.items() if one.values]
    return _named(found)


def extra_key_statements(graph: Graph, node: str, role: ExtraRole) -> tuple[Statement, ...]:
    """Return what a role needs of keys that a service takes: for its calls, and for the service."""
    found = list(key_statements(graph, node, role.statements))
    for use in ROLE_USES:
        key = key_at(graph, node, is_bucket=False)
        if use.role is role.sort and key is not None:
            conditions = (*_within(use.context, (of(use.of, node),)), *_by_alias(key))
            why = f"the role of '{node}' {use.why}"
            found.append(Statement(use.sid, use.key_actions, (key,), why, conditions))
    return tuple(found)


def _meant(target: Target, use: KeyUse) -> Target:
    """Return the target by which an encryption context names a resource."""
    match use.within:
        case Within.BUCKET:
            # a given bucket may have no bucket key: then the context is the object's ARN
            return target if target.bucket else of(_WHOLE_BUCKET[target.sort], target.node)
        case Within.TABLE:
            return of(Sort.TABLE_NAME, target.node)
        case _:
            return target


def _leave_out_covered(needed: dict[tuple[Target, str, tuple[str, ...], str], _Needed]) -> None:
    """Leave out of each statement what another one with more actions allows already."""
    for (key, service, actions, context), one in needed.items():
        for (other_key, other_service, more, other_context), other in needed.items():
            if (key, service, context) != (other_key, other_service, other_context):
                continue
            if set(actions) < set(more):
                covered = set(one.values) if not context else set(one.values) & set(other.values)
                for value in covered:
                    del one.values[value]


def _statement(key: Target, needed: _Needed, node: str) -> Statement:
    use = needed.use
    via = Condition("StringEquals", "kms:ViaService", (f"{use.service}.${{AWS::Region}}.amazonaws.com",))
    why = f"'{node}' {use.why}"
    conditions = (via, *_within(use.context, tuple(needed.values)), *_by_alias(key))
    return Statement(use.sid, use.key_actions, (key,), why, conditions)


def _within(context: str, values: tuple[Target, ...]) -> Iterator[Condition]:
    if not context:
        return
    whole = [value for value in values if value.bucket]
    # of a given bucket the context is its ARN, or that of each object
    buckets = dict.fromkeys(Target(Sort.GIVEN_BUCKET.value, one.node, bucket=one.bucket) for one in whole)
    has_patterns = bool(whole) or any(value.sort == Sort.SCHEDULES.value for value in values)
    operator = "StringLike" if has_patterns else "StringEquals"
    yield Condition(operator, f"kms:EncryptionContext:{context}", (*buckets, *values))
    if context == "aws:dynamodb:tableName":
        yield Condition("StringEquals", "kms:EncryptionContext:aws:dynamodb:subscriberId", (ACCOUNT,))


def _by_alias(key: Target) -> Iterator[Condition]:
    if is_alias(key):
        yield Condition("ForAnyValue:StringEquals", _ALIASES, (_alias(key),))


def _named(statements: list[Statement]) -> tuple[Statement, ...]:
    """Return statements of which no two have the same name."""
    counted: defaultdict[str, int] = defaultdict(int)
    found = []
    for statement in statements:
        counted[statement.sid] += 1
        number = counted[statement.sid]
        found.append(statement if number == 1 else replace(statement, sid=f"{statement.sid}{number}"))
    return tuple(found)
