"""The published table of default encryption, its words kept, and what AWS does today beside it.

The cells are the published page's own; the footnotes say in our words what the page's footnotes mean.
"""

from __future__ import annotations

from dataclasses import dataclass

SSE_SQS, SSE_S3, SSE, SSE_KMS, NONE = "SSE-SQS", "SSE-S3", "SSE", "SSE-KMS", "none"


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One service of the published table, without a customer managed key.

    Parameters
    ----------
    service
        The row's name on the page.
    at_rest_cell, in_transit_cell
        The page's cells, signs included.
    at_rest
        What the cell promises; `NONE` promises nothing, so that anything keeps it.
    today
        What AWS does today, with the year since when.
    """

    service: str
    at_rest_cell: str
    in_transit_cell: str
    at_rest: str
    today: str


_TLS = "✓ TLS 1.2+"
_SSE_S3_TODAY = "S3 encrypts every new object with SSE-S3 by default since January 2023"
PUBLISHED = (
    PublishedRow(
        "SQS",
        f"✓ {SSE_SQS}",
        _TLS,
        SSE_SQS,
        "SSE-SQS is also SQS's default for new queues since 2022; a queue with SSE takes HTTPS only",
    ),
    PublishedRow(
        "SNS",
        "✕ (1)",
        _TLS,
        NONE,
        "SNS encrypts a topic at rest only where a KMS key is named; events rest there until the queues, "
        "which are encrypted, have them",
    ),
    PublishedRow(
        "EFS",
        "✕ (2)",
        _TLS,
        NONE,
        "a file system is encrypted where the template says Encrypted, with the AWS managed key by default",
    ),
    PublishedRow(
        "DynamoDB",
        f"✓ {SSE}",
        _TLS,
        SSE,
        "every table is encrypted since 2018 and it cannot be turned off; by default under an AWS owned key",
    ),
    PublishedRow(
        "Logs",
        f"✓ {SSE}",
        _TLS,
        SSE,
        "CloudWatch Logs always encrypts, by default under a key of the service",
    ),
    PublishedRow("Cache Storage", f"✓ {SSE_S3}", _TLS, SSE_S3, _SSE_S3_TODAY),
    PublishedRow("Middleware Storage", f"✓ {SSE_S3}", _TLS, SSE_S3, _SSE_S3_TODAY),
    PublishedRow(
        "Environment Variables",
        "✕ (3)",
        "N/A",
        NONE,
        "Lambda encrypts them at rest with an AWS managed key by default; whoever may read the function's "
        "configuration sees them in plain text",
    ),
)
FOOTNOTES = (
    "(1) SNS has no encryption at rest by default in every region (SSE-SNS).",
    "(2) The AWS managed key for EFS is not in every region.",
    "(3) Encrypting the environment variables of a function takes a customer managed key.",
    "At rest, in transit: the page's cells for a pipeline without a customer managed key.",
    "As published: what this template says, resource by resource (.resources).",
    "Only S3's policies can name the TLS version. Elsewhere 1.2 is the AWS endpoint's own least, since 2024.",
)
