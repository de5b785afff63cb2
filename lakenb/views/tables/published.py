"""The two published tables of encryption, their words kept, and what AWS does today beside them.

Cells and the footnotes (1) to (3) are the published page's own words (the security model of
project-lakechain, "Encryption"), so that a template can be held against them; its signs are drawn as ✓ and ✕.
"""

from __future__ import annotations

from dataclasses import dataclass

SSE_SQS, SSE_S3, SSE, KMS, NONE = "SSE-SQS", "SSE-S3", "SSE", "KMS", "none"


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's cells in one of the two tables.

    Parameters
    ----------
    at_rest_cell, in_transit_cell
        The page's cells, signs included.
    at_rest
        What the cell promises; `NONE` promises nothing, so that anything keeps it.
    today
        What AWS does today, with the year since when.
    """

    at_rest_cell: str
    in_transit_cell: str
    at_rest: str
    today: str


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One service of the published tables.

    Parameters
    ----------
    service
        The row's name on the page.
    by_default
        Its cells where no customer managed key is given.
    under_key
        Its cells where one is.
    """

    service: str
    by_default: Cells
    under_key: Cells

    def cells(self, *, is_under_key: bool) -> Cells:
        """Return the cells of one of the two tables."""
        return self.under_key if is_under_key else self.by_default


_TLS = "✓ TLS 1.2+"
_BUCKETS = "S3 encrypts every new object with SSE-S3 by default since January 2023"
_BUCKETS_UNDER_KEY = (
    "a bucket key stands between S3 and the key: fewer calls, and the bucket as their context"
)


def _row(  # noqa: PLR0917 - the cells of one line of the page, in its order
    service: str,
    at_rest: str,
    today: str,
    cell: str = "",
    transit: str = _TLS,
    key_transit: str = "",
    *,
    key: str,
) -> PublishedRow:
    return PublishedRow(
        service,
        Cells(cell or f"✓ {at_rest}", transit, at_rest, today),
        Cells(f"✓ {KMS}", key_transit or transit, KMS, key),
    )


PUBLISHED = (
    _row(
        "SQS",
        SSE_SQS,
        "SSE-SQS is also SQS's default for new queues since 2022; a queue with SSE takes HTTPS only",
        key="whoever sends needs the key too: SNS, S3 and EventBridge by the key's own policy",
    ),
    _row(
        "SNS",
        NONE,
        "SNS encrypts a topic at rest only where a KMS key is named; events rest there until the queues, "
        "which are encrypted, have them",
        "✕ (1)",
        key="the body of a message is encrypted, its attributes are not",
    ),
    _row(
        "EFS",
        NONE,
        "a file system is encrypted where the template says Encrypted, with the AWS managed key by default",
        "✕ (2)",
        key_transit="✓ TLS",
        key="the key of a file system is chosen once, when it is made",
    ),
    _row(
        "DynamoDB",
        SSE,
        "every table is encrypted since 2018 and it cannot be turned off; by default under an AWS owned key",
        key="DynamoDB works with the key by a grant that it makes for itself",
    ),
    _row(
        "Logs",
        SSE,
        "CloudWatch Logs always encrypts, by default under a key of the service",
        key="the key's policy names the log group; what was written before stays as it was",
    ),
    _row("Cache Storage", SSE_S3, _BUCKETS, key=_BUCKETS_UNDER_KEY),
    _row("Middleware Storage", SSE_S3, _BUCKETS, key=_BUCKETS_UNDER_KEY),
    _row(
        "Environment Variables",
        NONE,
        "Lambda encrypts them at rest with an AWS managed key by default; whoever may read the function's "
        "configuration sees them in plain text",
        "✕ (3)",
        "N/A",
        key="whoever may read the function's configuration sees them only with kms:Decrypt on the key",
    ),
)
# what a pipeline may hold beside the page's services; AWS's pages on data protection of each
BESIDE = (
    _row("Step Functions", SSE, "under an AWS owned key by default", key="states and inputs are encrypted"),
    _row("EventBridge Scheduler", SSE, "under an AWS owned key by default", key="schedules are encrypted"),
)
PAGE_FOOTNOTES = (
    "(1) SNS does not support default encryption at rest (SSE-SNS) in all AWS regions.",
    "(2) EFS does not support encryption with AWS managed keys in all AWS regions.",
    "(3) Environment variables in AWS Lambda require a CMK to be encrypted.",
)
_OURS = (
    "As published: what this template says, resource by resource (.resources).",
    "Only S3's policies can name the TLS version. Elsewhere 1.2 is the AWS endpoint's own least, since 2024.",
)
_DEFAULT = "At rest, in transit: the page's cells where no customer managed key is given."
_KEY = "At rest, in transit: the page's cells under a customer managed key."
_BOTH = (
    "Some nodes are under a customer managed key and some are not: both of the page's cells stand in a row."
)


def footnotes(*, by_default: bool, under_key: bool) -> tuple[str, ...]:
    """Return the notes of a table: the page's own where a cell refers to them, and ours."""
    which = _BOTH if by_default and under_key else _KEY if under_key else _DEFAULT
    return (*(PAGE_FOOTNOTES if by_default else ()), which, *_OURS)
