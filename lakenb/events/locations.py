"""Where a document lies: an object in S3 as a URL, and the shape of the URLs that events carry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from lakenb.errors import EventError
from lakenb.events.shapes import refuse, string

MAX_KEY_BYTES = 1024  # S3 User Guide, "Naming Amazon S3 objects"
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_UNRESERVED = "/-._~"  # with letters and digits: what stands in a URL for itself
_HTTPS = re.compile(r"https://[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")
_MAX_URL = 2048


@dataclass(frozen=True, slots=True, order=True)
class S3Location:
    """One object in S3.

    Parameters
    ----------
    bucket
        The bucket's name.
    key
        The object's key as S3 knows it, not encoded.

    Examples
    --------
    >>> S3Location("inbox", "a b+c%2Fé.txt").url
    's3://inbox/a%20b%2Bc%252F%C3%A9.txt'
    >>> S3Location.from_url("s3://inbox/a%20b%2Bc%252F%C3%A9.txt").key
    'a b+c%2Fé.txt'
    """

    bucket: str
    key: str

    def __post_init__(self) -> None:
        """Refuse what S3 could not hold."""
        if not _BUCKET.fullmatch(self.bucket):
            raise EventError(
                "this is no name of a bucket", "an S3 location", "use 3 to 63 of a-z, 0-9, . and -"
            )
        try:
            size = len(self.key.encode("utf-8"))
        except UnicodeEncodeError:
            size = 0
        if not 0 < size <= MAX_KEY_BYTES:
            mend = f"use a key of 1 to {MAX_KEY_BYTES} bytes of UTF-8"
            raise EventError(
                "this is no key of an object", f"an S3 location in the bucket {self.bucket}", mend
            )

    @property
    def url(self) -> str:
        """The location as a URL, the key percent-encoded: the only spelling that is read back."""
        return f"s3://{self.bucket}/{quote(self.key, safe=_UNRESERVED)}"

    @property
    def name(self) -> str:
        """The key's last part: the file's name."""
        return self.key.rstrip("/").rpartition("/")[2]

    @classmethod
    def from_url(cls, url: str) -> S3Location:
        """Return the location that a URL names.

        Raises
        ------
        EventError
            If the URL is none of an S3 object, or is not spelled as `url` spells it. One object has one
            spelling: a comparison of URLs is then a comparison of objects.
        """
        scheme, _, rest = url.partition("://")
        bucket, _, encoded = rest.partition("/")
        if scheme != "s3":
            raise EventError(
                "this URL is not one of an S3 object", "a document's URL", "write s3://bucket/key"
            )
        try:
            location = cls(bucket, unquote(encoded, errors="strict"))
        except UnicodeDecodeError:
            mend = "percent-encode the key's UTF-8"
            raise EventError("the key in this URL is no UTF-8", "a document's URL", mend) from None
        if location.url != url:
            mend = "percent-encode all but letters, digits and / - . _ ~ in upper-case hexadecimal"
            raise EventError(
                "the key in this URL is not percent-encoded as it must be", "a document's URL", mend
            )
        return location


def document_url(value: Any, path: str) -> None:
    """Accept the URL of a document: an object in S3 in its one spelling, or an https address."""
    string(value, path)
    if value.startswith("s3://"):
        try:
            S3Location.from_url(value)
        except EventError as error:
            raise refuse(f"{error.fault.what}: '{path.rpartition('.')[2]}'", path, error.fault.mend) from None
    elif not _is_https_url(value):
        raise refuse(f"'{path.rpartition('.')[2]}' is no s3 or https URL", path, "write s3://bucket/key")


# A pointer is a URL as well: of a JSON value that was too large, or too many, to travel in the event.
pointer = document_url


def _is_https_url(value: str) -> bool:
    if len(value) > _MAX_URL or not _HTTPS.fullmatch(value):
        return False
    try:
        parts = urlsplit(value)
        return bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return False
