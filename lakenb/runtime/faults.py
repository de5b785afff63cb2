"""What can go wrong with one document, and whether trying again can help.

Two errors carry the verdict. A `FaultError` is permanent, the document's own: it goes to the node's
dead-letter queue with a reason. A `RetryError` is transient, the surroundings': the message goes back
to the queue. Reasons are sentences for people; they name places and never quote a document.
"""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from lakenb.errors import LakenbError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Kind(StrEnum):
    """The kinds of faults that the runtime itself knows; a user's own function may name others."""

    INVALID_EVENT = "InvalidEvent"
    FOREIGN_URL = "ForeignUrl"
    SUPERSEDED = "Superseded"
    NOT_FOUND = "NotFound"
    ACCESS_DENIED = "AccessDenied"
    ARCHIVED = "Archived"
    EMPTY_DOCUMENT = "EmptyDocument"
    NOT_TEXT = "NotText"
    NO_TEXT = "NoText"
    NO_PAGES = "NoPages"
    TOO_LARGE = "TooLarge"
    ENCRYPTED = "Encrypted"
    MALFORMED = "Malformed"
    UNSUPPORTED = "Unsupported"
    HOSTILE = "Hostile"
    TOO_EARLY = "TooEarly"
    HANDLER_ERROR = "HandlerError"
    LATE = "Late"
    # transient ones
    THROTTLED = "Throttled"
    UNAVAILABLE = "Unavailable"
    OUT_OF_TIME = "OutOfTime"
    NOT_PUBLISHED = "NotPublished"


_MENDS: dict[str, str] = {
    Kind.INVALID_EVENT: "have the producer send the event as lakenb writes it",
    Kind.FOREIGN_URL: "send documents that lie where this node's producers put them",
    Kind.SUPERSEDED: "nothing: the newer upload has an event of its own",
    Kind.NOT_FOUND: "upload the document again",
    Kind.ACCESS_DENIED: "see the node's role and the policies of the bucket and its key",
    Kind.ARCHIVED: "restore the object, then redrive the message",
    Kind.EMPTY_DOCUMENT: "upload a document that holds something",
    Kind.NOT_TEXT: "upload the document as UTF-8",
    Kind.NO_TEXT: "send the document to a node that reads what it holds instead of text",
    Kind.NO_PAGES: "let the node read from an earlier page on",
    Kind.TOO_LARGE: "raise the node's bounds or divide the document",
    Kind.ENCRYPTED: "upload the document without encryption",
    Kind.MALFORMED: "upload the document again, whole",
    Kind.UNSUPPORTED: "write the document in a form that this node reads",
    Kind.HOSTILE: "do not trust the document: it was made to harm its reader",
    Kind.TOO_EARLY: "upload the document again when the moment is nearer",
    Kind.HANDLER_ERROR: "see the function's log for this event",
    Kind.LATE: "nothing, if the composite is whole without it; else let the node wait for more, or longer",
}
_MEND_LATER = "nothing, if it passes; else see the service's health and the function's time-out"


class _JudgedError(LakenbError):
    """Base of both verdicts.

    Parameters
    ----------
    kind
        One word for machines; see `Kind`.
    reason
        One sentence or two for people, without content.
    """

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(reason, f"the document (kind {kind})", _MENDS.get(kind, _MEND_LATER))
        self.kind: str = str(kind)
        self.reason: str = reason
        self.args: tuple[object, ...] = (kind, reason)  # positional, so pickling keeps working


class FaultError(_JudgedError):
    """Permanent: this document fails however often it is tried."""


class RetryError(_JudgedError):
    """Transient: trying the same message again can help."""


_THROTTLED = frozenset(
    {
        "BandwidthLimitExceeded",
        "KMS.ThrottlingException",
        "KMSThrottled",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttled",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
# Credentials that a role has just received, or is about to renew, may not be known everywhere yet.
_PASSING = frozenset(
    {
        "ConditionalRequestConflict",
        "ExpiredToken",
        "ExpiredTokenException",
        "InternalError",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "OperationAborted",
        "RequestTimeTooSkewed",
        "RequestTimeout",
        "ServiceUnavailable",
        "UnrecognizedClientException",
    }
)
_DENIED = ("403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden")
_KINDS: dict[str, Kind] = {
    "412": Kind.SUPERSEDED,
    "PreconditionFailed": Kind.SUPERSEDED,
    "InvalidObjectState": Kind.ARCHIVED,
    **dict.fromkeys(("404", "NoSuchBucket", "NoSuchKey", "NoSuchVersion", "NotFound"), Kind.NOT_FOUND),
    **dict.fromkeys(_DENIED, Kind.ACCESS_DENIED),
}
_FOUND: dict[Kind, str] = {
    Kind.SUPERSEDED: "found another version than the event's: a newer upload, with an event of its own",
    Kind.ARCHIVED: "found an archived object: it must be restored first",
    Kind.NOT_FOUND: "found nothing: it was deleted after its event was sent",
    Kind.ACCESS_DENIED: "was denied, or the object was deleted: "
    "AWS answers both alike to a role that may not list",
}
_SERVER_ERROR = 500
_TOO_MANY_REQUESTS = 429
_LONGEST_ANSWER = 500


def judge(error: BaseException, doing: str, *, is_own: bool = False) -> FaultError | RetryError | None:
    """Return the verdict on an error of an AWS call, or None where there is none to give.

    Parameters
    ----------
    error
        What was raised.
    doing
        What was being done, as the start of a sentence: ``reading s3://bucket/key``.
    is_own
        Whether it was done to the node's own store, topic or queue: when that is missing, no document
        is to blame.
    """
    if isinstance(error, FaultError | RetryError):
        return error
    from botocore.exceptions import (  # noqa: PLC0415 - loaded by the first call; functions start quicker
        ClientError,
        CredentialRetrievalError,
        FlexibleChecksumError,
        HTTPClientError,
        IncompleteReadError,
        NoCredentialsError,
    )
    from botocore.exceptions import ConnectionError as NoConnectionError  # noqa: PLC0415 - as the one above

    broken = (
        HTTPClientError,
        NoConnectionError,
        IncompleteReadError,
        FlexibleChecksumError,
        ConnectionError,
        TimeoutError,
    )
    match error:
        case ClientError():
            return _judge_answer(error.response, doing, is_own=is_own)
        case NoCredentialsError() | CredentialRetrievalError():
            return RetryError(Kind.UNAVAILABLE, f"{doing} had no credentials yet")
        case _ if isinstance(error, broken):
            return RetryError(Kind.UNAVAILABLE, f"{doing} broke off ({type(error).__name__})")
        case _:
            return None


def _judge_answer(response: object, doing: str, *, is_own: bool) -> FaultError | RetryError | None:
    """Return the verdict on an error that AWS answered."""
    answer = response if isinstance(response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    if code in _THROTTLED or status == _TOO_MANY_REQUESTS:
        return RetryError(Kind.THROTTLED, f"{doing} was throttled ({code})")
    if code in _PASSING or status >= _SERVER_ERROR:
        return RetryError(Kind.UNAVAILABLE, f"{doing} met a passing fault ({code or status})")
    # What KMS refuses, S3 hands on under KMS's own codes: a key disabled, deleted or denied.
    kind = Kind.ACCESS_DENIED if code.startswith("KMS.") else _KINDS.get(code)
    if kind is None:
        return None
    if kind is Kind.NOT_FOUND and is_own:
        return RetryError(Kind.UNAVAILABLE, f"{doing} found no such place: was the stack altered?")
    reason = f"{doing} {_FOUND[kind]}"
    if kind is Kind.ACCESS_DENIED:
        said = str(answer.get("Error", {}).get("Message", ""))[:_LONGEST_ANSWER]
        reason = f"{doing} was denied" if is_own else reason
        reason = f"{reason}. AWS said: {said or code}"
    return FaultError(kind, reason)


@contextmanager
def judged(doing: str, *, is_own: bool = False) -> Iterator[None]:
    """Turn errors of the AWS calls inside into verdicts; the parameters are those of `judge`."""
    try:
        yield
    except Exception as error:
        verdict = judge(error, doing, is_own=is_own)
        if verdict is None or verdict is error:
            raise
        raise verdict from error


def unexpected(error: BaseException) -> RetryError:
    """Return the verdict on an error that nobody foresaw.

    Its own text is left out: it may quote the document.
    """
    name = type(error).__name__[:80]
    return RetryError(
        Kind.HANDLER_ERROR, f"the handler stopped with {name}; its text is left out, for it may hold content"
    )
