"""P5: the published encryption table, and what AWS does today beside it."""

from __future__ import annotations

from dataclasses import dataclass


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
