"""P10 of tables: a node's table has the keys that its function works by, and forgets what has expired."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.proof.values import Verdict
from lakenb.review.properties.reading import said
from lakenb.review.state import table_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.properties.surroundings import Surroundings
    from lakenb.review.properties.values import PropertyResult

_TEXT = "S"


def tables(around: Surroundings, name: str) -> Iterator[PropertyResult]:
    """Return the results for a node with a table of which it is known how its function uses it."""
    node = around.node(name)
    table, keys = around.resource(node.state.table), table_keys(node.handler)
    if table is None or keys is None:
        return
    yield _keyed(around, name, table, keys.names)
    text = f"what has expired is deleted from the table of '{name}'"
    place = said(table, "TimeToLiveSpecification")
    verdict = place.equals({"AttributeName": keys.expires, "Enabled": True})
    mend = f"set TimeToLiveSpecification with AttributeName {keys.expires} and Enabled true"
    yield around.result("P10", name, text, verdict, place, mend)


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
