"""What a pipeline's nodes have, and have for themselves: nothing missing, nothing shared, nothing strange."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from lakenb.graph.services import Service
from lakenb.iam.proof.values import Verdict
from lakenb.review.find import BUCKET, places_read, variables
from lakenb.review.properties.values import PropertyResult
from lakenb.review.state import FIELDS, ROLES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.review.case import Case
    from lakenb.review.find import FoundNode
    from lakenb.review.wanted import WantedNode

# What two nodes must not share, and the claim that sharing breaks; stores are `properties.buckets`.
_APART = (
    ("role", "P1"),
    ("function", "P1"),
    ("queue", "P4"),
    ("dead_letters", "P4"),
    ("topic", "P4"),
    ("logs", "P4"),
)
# the cache is one for all; an access point stands and falls with its file system
_STATE_APART = tuple((name, "P1" if name in ROLES else "P2") for name in WORDS if name != "access_point")
_WORDS = {"dead_letters": "dead-letter queue", "logs": "log group", **WORDS}

# AWS Lambda Developer Guide, "Lambda quotas": an environment of 4 KB lists some 30 places with the longest
# names. Beyond that a function may be told to read what its role may: P1 proves that these are the places
# meant.
_MOST_LISTED = 30
_BY_ROLE = {("*", "", "")}


def presence(case: Case) -> Iterator[PropertyResult]:
    """Yield whether each node has what it needs, for itself."""
    for node in case.wanted.nodes.values():
        yield from _has(case, node)
    yield from _apart(case)
    yield from _strange(case)
    if not case.wanted.is_rebuilt:
        for node in case.wanted.nodes.values():
            yield from _told(case, node)


def _has(case: Case, node: WantedNode) -> Iterator[PropertyResult]:
    found = case.found.nodes.get(node.id)
    if found is None:
        text = f"the template has a function for '{node.id}'"
        evidence = f"no function's LAKENB_NODE is {node.id}"
        yield _result("P10", node.id, text, evidence, "make the template from the pipeline again")
        return
    demanded = {"role": found.role} | ({} if node.given_queue else {"queue": found.queue})
    if node.given_queue:
        yield _receives_given(case, node, found)
    if not case.wanted.is_rebuilt:
        demanded |= {"dead_letters": found.dead_letters, "logs": found.logs}
        demanded |= {"topic": found.topic} if node.has_topic else {}
        demanded |= {"store": found.store} if node.puts is not None or _makes_its_bucket(node) else {}
        demanded |= {"cache": case.found.cache} if node.has_cache else {}
        for service in node.services:
            demanded |= {name: getattr(found.state, name) for name in FIELDS[service]}
        yield from _undeclared(node, found)
    for name, logical_id in demanded.items():
        what = _WORDS.get(name, name)
        text = f"the function of '{node.id}' has a {what} in the template"
        if logical_id:
            yield PropertyResult("P10", node.id, text, Verdict.PROVED, logical_id, logical_id, "")
        else:
            evidence = f"{found.function} names no {what} of the template"
            mend = f"give it a {what} of its own"
            yield _result("P10", node.id, text, evidence, mend, found.function)


def _undeclared(node: WantedNode, found: FoundNode) -> Iterator[PropertyResult]:
    """Yield the state that a node really has and that the pipeline asks for nowhere."""
    for service in found.state.services:
        if service not in node.services:
            name = FIELDS[service][0]
            logical_id = getattr(found.state, name)
            text = f"'{node.id}' has no {WORDS[name]} that the pipeline does not ask for"
            evidence = f"{logical_id} is used by {found.function}, or starts it"
            yield _result("P2", node.id, text, evidence, f"take {logical_id} out of the template", logical_id)


def _receives_given(case: Case, node: WantedNode, found: FoundNode) -> PropertyResult:
    text = f"the function of '{node.id}' receives from the queue that it was given"
    # a queue of CDK has a token for its ARN until CDK resolves it
    if found.given_queue and (found.given_queue == node.given_queue or "${" in node.given_queue):
        return PropertyResult("P10", node.id, text, Verdict.PROVED, found.given_queue, found.function, "")
    shown = case.world.shown(found.given_queue or found.queue) or "no queue"
    mend = f"name {node.given_queue} in the EventSourceArn of its event source mapping"
    return _result("P10", node.id, text, f"it receives from {shown}", mend, found.function)


def _makes_its_bucket(node: WantedNode) -> bool:
    return node.is_trigger and not node.bucket and any(not place.bucket for place in node.told)


def _apart(case: Case) -> Iterator[PropertyResult]:
    """Yield whether each node has its own for itself."""
    has_state = any(found.state.named() for found in case.found.nodes.values())
    for name, claim in (*_APART, *(_STATE_APART if has_state else ())):
        what = _WORDS.get(name, name)
        text = f"no two nodes share a {what}"
        shared = {resource: nodes for resource, nodes in _owners(case, name).items() if len(nodes) > 1}
        if not shared:
            yield PropertyResult(claim, "", text, Verdict.PROVED, "", "", "")
        for resource, nodes in shared.items():
            both = " and ".join(f"'{node}'" for node in nodes)
            evidence = f"{both} share {case.world.shown(resource)}"
            mend = f"give each of {both} a {what} of its own"
            yield _result(claim, nodes[0], text, evidence, mend)
    yield from _one_cache(case)
    for node in case.indexes:
        yield _holds_no_documents(case, node)


def _holds_no_documents(case: Case, node: str) -> PropertyResult:
    """Return whether no document lies in the index of a node: it is state, and no store."""
    index = case.indexes[node]
    text = f"no documents lie in the index of '{node}'"
    stores = [(name, arn) for name, arn in case.buckets.items() if arn == index]
    if case.found.cache_arn == index:
        stores.append(("cache", index))
    logical_id = case.found.nodes[node].state.index
    if not stores:
        return PropertyResult("P2", node, text, Verdict.PROVED, "no node's store names it", logical_id, "")
    evidence = f"it is also the store of '{stores[0][0]}'"
    mend = f"give the index of '{node}' a bucket of its own"
    return _result("P2", node, text, evidence, mend, logical_id)


def _owners(case: Case, name: str) -> dict[str, list[str]]:
    """Return the nodes that use each of a kind of resources; given buckets may be read by several."""
    owners: defaultdict[str, list[str]] = defaultdict(list)
    for node, found in case.found.nodes.items():
        resource = getattr(found.state if name in WORDS else found, name)
        if resource:
            owners[resource].append(node)
    return owners


def _one_cache(case: Case) -> Iterator[PropertyResult]:
    """Yield whether the pipeline has one cache, and it is nobody's store."""
    told = {node: variables(case.world.resources[one.function]) for node, one in case.found.nodes.items()}
    cached = sorted({str(one["LAKENB_CACHE"]) for one in told.values() if one.get("LAKENB_CACHE")})
    if not cached:
        return
    text = "all nodes use one cache"
    if len(cached) > 1:
        evidence = ", ".join(map(case.world.shown, cached))
        yield _result("P3", "cache", text, evidence, "name one cache in all functions", case.found.cache)
    else:
        yield PropertyResult("P3", "cache", text, Verdict.PROVED, "", case.found.cache, "")
    text = "the cache is no node's store"
    puts = [node for node, one in case.found.nodes.items() if one.store_arn == case.found.cache_arn]
    for node in puts:
        evidence = f"'{node}' puts its documents into the cache"
        yield _result("P3", node, text, evidence, f"give '{node}' a store of its own", case.found.cache)
    if not puts:
        yield PropertyResult("P3", "cache", text, Verdict.PROVED, "", case.found.cache, "")


def _strange(case: Case) -> Iterator[PropertyResult]:
    """Yield the functions that say they are nodes which the pipeline does not have."""
    for name, node in case.found.nodes.items():
        if name not in case.wanted.nodes:
            text = f"the pipeline has the node '{name}' of the template"
            evidence = f"{node.function} says that it is '{name}'"
            mend = f"take {node.function} out of the template"
            yield _result("P1", name, text, evidence, mend, node.function)


def _told(case: Case, node: WantedNode) -> Iterator[PropertyResult]:
    """Yield whether a function is told the places that the pipeline means."""
    found = case.found.nodes.get(node.id)
    if found is None:
        return
    function = case.world.resources[found.function]
    told = set(places_read(variables(function)))
    meant = {(_bucket(case, place.owner), place.prefix, place.suffix) for place in node.told}
    path = "Properties.Environment.Variables."
    text = f"the function of '{node.id}' is told to read what its producers provide"
    if told == meant or (told == _BY_ROLE and len(meant) > _MOST_LISTED):
        yield PropertyResult(
            "P10", node.id, text, Verdict.PROVED, "", found.function, f"{path}LAKENB_SOURCES"
        )
    else:
        shown = (
            ", ".join(sorted(f"{bucket}/{prefix}*{suffix}" for bucket, prefix, suffix in told)) or "nothing"
        )
        evidence = f"LAKENB_SOURCES names {case.world.shown(shown)}"
        mend = "name the stores of its direct producers in LAKENB_SOURCES"
        yield _result("P10", node.id, text, evidence, mend, found.function, f"{path}LAKENB_SOURCES")
    if node.puts is not None:
        text = f"the function of '{node.id}' is told to put under the prefix of its store"
        if found.prefix == node.puts.prefix:
            yield PropertyResult("P10", node.id, text, Verdict.PROVED, "", found.function, path)
        else:
            evidence = f"LAKENB_STORE_PREFIX is {found.prefix!r}, and meant is {node.puts.prefix!r}"
            mend = f"set LAKENB_STORE_PREFIX to {node.puts.prefix!r}"
            yield _result("P10", node.id, text, evidence, mend, found.function, f"{path}LAKENB_STORE_PREFIX")
    yield from _told_of_services(case, node, found)
    if node.has_cache and case.found.cache_arn and not variables(function).get("LAKENB_CACHE"):
        text = f"the function of '{node.id}' is told the cache"
        mend = "name the pipeline's cache in LAKENB_CACHE"
        evidence = "LAKENB_CACHE is not there"
        yield _result("P10", node.id, text, evidence, mend, found.function, f"{path}LAKENB_CACHE")


def _told_of_services(case: Case, node: WantedNode, found: FoundNode) -> Iterator[PropertyResult]:
    """Yield whether a function is told what it makes schedules with, and whether it passes documents on."""
    told = variables(case.world.resources[found.function])
    passes_on = "true" if node.passes_on else ""
    checks = [("P10", "LAKENB_PASSES_ON", passes_on, "whether it passes documents on")]
    if Service.SCHEDULES in node.services:
        checks.append(
            ("P10", "LAKENB_QUEUE", case.own[node.id].queue, "the queue that its schedules send to")
        )
        key = _key(case, node, told)
        if key or "LAKENB_KEY" in told:
            checks.append(("P6", "LAKENB_KEY", key, "the key for schedules that it makes"))
    for claim, variable, meant, what in checks:
        path = f"Properties.Environment.Variables.{variable}"
        text = f"the function of '{node.id}' is told {what}"
        if told.get(variable, "") == meant:
            yield PropertyResult(claim, node.id, text, Verdict.PROVED, "", found.function, path)
        else:
            evidence = f"{variable} is {case.world.shown(str(told.get(variable, 'not there')))}"
            mend = f"set {variable} to {case.world.shown(meant)}" if meant else f"leave {variable} out"
            yield _result(claim, node.id, text, evidence, mend, found.function, path)


def _key(case: Case, node: WantedNode, told: Mapping[str, Any]) -> str:
    """Return the key of what a node has beside buckets, as its function may be told it; empty for none."""
    key = case.keys.by_node.get(node.id, "")
    alias, named = case.keys.aliases.get(key, ""), str(told.get("LAKENB_KEY", ""))
    return named if alias and named.endswith(alias) else key


def _bucket(case: Case, owner: str) -> str:
    """Return the name of the bucket in which documents lie, as functions are told it."""
    arn = case.buckets.get(owner, "")
    made = case.index.named(BUCKET, arn)
    return made.ref if made is not None else arn.rsplit(":", 1)[-1]


def _result(  # noqa: PLR0917 - the fields of a failure, in their order
    claim: str, subject: str, text: str, evidence: str, mend: str, logical_id: str = "", path: str = ""
) -> PropertyResult:
    return PropertyResult(claim, subject, text, Verdict.FAILED, evidence, logical_id, path, mend)
