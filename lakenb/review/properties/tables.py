"""P10 of tables: a node's table has the keys that its function works by, and forgets what has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import said, whole
from lakenb.review.state import table_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_TEXT = "S"
# AWS CloudFormation, AWS::DynamoDB::Table
_WAYS_OUT = ("KinesisStreamSpecification", "StreamSpecification")


def tables(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node with a table of which it is known how its function uses it."""
    node = around.node(name)
    table, keys = around.resource(node.state.table), table_keys(node.handler)
    if table is None:
        return
    yield _no_copies(around, name, table)
    if keys is None:
        return
    yield _keyed(around, name, table, keys.names)
    text = f"what has expired is deleted from the table of '{name}'"
    place = said(table, "TimeToLiveSpecification")
    verdict = place.equals({"AttributeName": keys.expires, "Enabled": True})
    mend = f"set TimeToLiveSpecification with AttributeName {keys.expires} and Enabled true"
    yield around.result("P10", name, text, verdict, place, mend)


def _no_copies(around: Surroundings, name: str, table: Resource) -> PropertyResult:
    """Return whether what a table holds stays there: these send each change on, without a role's leave."""
    text = f"what the table of '{name}' holds goes nowhere else"
    for way in _WAYS_OUT:
        place = said(table, way)
        if place.is_there:
            verdict = Verdict.FAILED if place.is_known else Verdict.UNDECIDED
            return around.result("P2", name, text, verdict, place, f"leave {way} out")
    place = whole(table.logical_id)
    evidence = f"none of {', '.join(_WAYS_OUT)}"
    return around.result("P2", name, text, Verdict.PROVED, place, "", evidence=evidence)


def _keyed(around: Surroundings, name: str, table: Resource, names: tuple[str, str]) -> PropertyResult:
    """Return whether a table has a partition key and a sort key of these names, both texts."""
    text = f"the table of '{name}' has the keys that its function works by"
    schema, attributes = said(table, "KeySchema"), said(table, "AttributeDefinitions")
    wanted = [
        {"AttributeName": one, "KeyType": kind} for one, kind in zip(names, ("HASH", "RANGE"), strict=True)
    ]
    mend = f"set KeySchema to {names[0]} (HASH) and {names[1]} (RANGE), both of type {_TEXT}"
    if schema.equals(wanted) is not Verdict.PROVED:
        return around.result("P10", name, text, schema.equals(wanted), schema, mend)
    types = {one.at("AttributeName").value: one.at("AttributeType").value for one in attributes.items()}
    verdict = Verdict.PROVED if all(types.get(one) == _TEXT for one in names) else Verdict.FAILED
    if not attributes.is_known:
        verdict = Verdict.UNDECIDED
    return around.result("P10", name, text, verdict, attributes, mend)
