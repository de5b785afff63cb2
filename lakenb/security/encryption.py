"""P5: the published encryption table, and what AWS does today beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.security.stores import given_bucket

if TYPE_CHECKING:
    from lakenb.graph.graph import Graph


@dataclass(frozen=True, slots=True)
class EncryptionRow:
    """One service of the published table, without a customer managed key.

    Parameters
    ----------
    service
        The row's name on the published page.
    at_rest, in_transit
        The page's words.
    today
        What AWS does today where that is more than the page promises; empty when it is the same.
    """

    service: str
    at_rest: str
    in_transit: str
    today: str = ""


DEFAULT_ENCRYPTION = (
    EncryptionRow("SQS", "SSE-SQS", "TLS 1.2+"),
    EncryptionRow("SNS", "None", "TLS 1.2+", "no SSE unless a key is named; SSE-SNS is not in every region"),
    EncryptionRow("EFS", "None", "TLS 1.2+", "encrypted with the AWS managed key when created so"),
    EncryptionRow("DynamoDB", "SSE", "TLS 1.2+", "AWS owned key"),
    EncryptionRow("Logs", "SSE", "TLS 1.2+", "AES-GCM under a key of the service"),
    EncryptionRow("Cache storage", "SSE-S3", "TLS 1.2+"),
    EncryptionRow("Middleware storage", "SSE-S3", "TLS 1.2+"),
    EncryptionRow(
        "Environment variables", "None", "Not applicable", "Lambda encrypts them under a key of the service"
    ),
)


def given_bucket_notes(graph: Graph) -> tuple[str, ...]:
    """Return what the pipeline cannot promise of given buckets, one sentence for each trigger.

    Parameters
    ----------
    graph
        The pipeline.

    Returns
    -------
    tuple[str, ...]
        In the order of the nodes; empty when the pipeline makes all its buckets.
    """
    given = ((node, given_bucket(step)) for node, step in graph.nodes.items())
    return tuple(
        f"'{node}' reads the given bucket {name!r}: its encryption, its lifecycle and the refusal of "
        "requests without TLS 1.2 are its owner's; the pipeline changes nothing of it"
        for node, name in given
        if name is not None
    )
