"""Ids that are derived, never drawn: the same message twice gives the same ids and the same keys."""

from __future__ import annotations

import re
from uuid import UUID, uuid5

from lakenb.events.strict_json import write_json

_NAMESPACE = UUID("6f1d2c1e-52a5-5d0b-9b7e-3f1a0c9d8e47")
_NODE = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_MAX_NODE_LENGTH = 40


def is_node_id(text: str) -> bool:
    """Return whether a text can be a node's id."""
    return len(text) <= _MAX_NODE_LENGTH and _NODE.fullmatch(text) is not None


def derive_id(input_event_id: str, node: str, ordinal: int) -> str:
    """Return the id of the event about one output of a node.

    Parameters
    ----------
    input_event_id
        The id of the event whose document the node worked on.
    node
        The node's id.
    ordinal
        Which of the outputs, counted from zero in the order in which the node made them.
    """
    return str(uuid5(_NAMESPACE, write_json(["output", input_event_id, node, ordinal])))


def notification_id(
    bucket: str, key: str, etag: str | None, version_id: str | None, sequencer: str | None
) -> str:
    """Return the id of one upload, as a storage notification describes it.

    S3 sends a notification at least once; the copies agree in all five values. Two uploads of the
    same bytes to the same key differ in the sequencer.
    """
    return str(uuid5(_NAMESPACE, write_json(["notification", bucket, key, etag, version_id, sequencer])))


def derive_chain_id(event_id: str) -> str:
    """Return the id of the chain of documents that starts with a trigger's event."""
    return str(uuid5(_NAMESPACE, write_json(["chain", event_id])))
