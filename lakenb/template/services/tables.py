"""The DynamoDB table in which a node keeps events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.template.names import Kind
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from lakenb.template.resources import Resource, View


def resources(view: View) -> dict[Kind, Resource]:  # noqa: ARG001 - all nodes have the same
    """Return the table: on demand, restorable to any second of 35 days, its items gone when they expire.

    DynamoDB encrypts every table. It is state, not a store: with the stack it goes, and chains that are not
    whole with it.
    """
    names = ("chain_id", "item_id")
    properties = {
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in names],
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [
            {"AttributeName": name, "KeyType": kind}
            for name, kind in zip(names, ("HASH", "RANGE"), strict=True)
        ],
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
        "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
    }
    return {Kind.TABLE: resource("AWS::DynamoDB::Table", properties)}


def environment(view: View) -> dict[str, Any]:
    """Return what the node's function is told of its table: its name."""
    return {"LAKENB_TABLE": {"Ref": view.id(Kind.TABLE)}}
