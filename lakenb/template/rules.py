"""The rule of a trigger on a given bucket: which of the bucket's events EventBridge sends to its queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.security.stores import own_store
from lakenb.template.names import Kind
from lakenb.template.resources import resource

if TYPE_CHECKING:
    from lakenb.security.stores import Store
    from lakenb.template.resources import Resource, View

# Amazon EventBridge User Guide, "Retrying events": the longest, so that an outage of a day loses nothing
EVENT_AGE_SECONDS = 24 * 3600
RETRY_ATTEMPTS = 185
_TARGET = "Queue"


def rule(view: View) -> Resource:
    """Return the rule that brings a given bucket's uploads to the node's queue, with a redrive of its own."""
    store = own_store(view.graph, view.node)
    target = {
        "Id": _TARGET,
        "Arn": view.arn(Kind.QUEUE),
        "DeadLetterConfig": {"Arn": view.arn(Kind.DEAD_LETTERS)},
        "RetryPolicy": {
            "MaximumEventAgeInSeconds": EVENT_AGE_SECONDS,
            "MaximumRetryAttempts": RETRY_ATTEMPTS,
        },
    }
    properties = {
        "Description": f"Uploads for {view.node} of the lakenb pipeline {view.graph.id}",
        "EventPattern": {
            "source": ["aws.s3"],
            "detail-type": ["Object Created"],
            "detail": {"bucket": {"name": [store.bucket if store else ""]}, **_object(store)},
        },
        "State": "ENABLED",
        "Targets": [target],
    }
    return resource("AWS::Events::Rule", properties)


def _object(store: Store | None) -> dict[str, Any]:
    patterns = key_patterns(store) if store is not None else []
    return {"object": {"key": patterns}} if patterns else {}


def key_patterns(store: Store) -> list[Any]:
    r"""Return the patterns of which an upload's key must meet one; none lets every key through.

    An expression of EventBridge has one operator, and several at a key are alternatives. So prefix and
    suffix together are one wildcard, and the keys in which they overlap stand for themselves.

    Notes
    -----
    Source: Amazon EventBridge User Guide, "Comparison operators for use in event patterns": ``*`` is the
    one special character of a wildcard, escaped by a backslash, as the backslash is.

    Examples
    --------
    >>> from lakenb.security.stores import Store
    >>> key_patterns(Store("inbox", "in/", ".pdf"))
    [{'wildcard': 'in/*.pdf'}]
    """
    if not store.suffix:
        return [{"prefix": store.prefix}] if store.prefix else []
    if not store.prefix:
        return [{"suffix": store.suffix}]
    wildcard = f"{_escaped(store.prefix)}*{_escaped(store.suffix)}"
    return [{"wildcard": wildcard}, *store.overlapping_keys()]


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("*", r"\*")
