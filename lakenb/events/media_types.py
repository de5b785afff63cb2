"""MIME types in the one spelling in which they are published."""

from __future__ import annotations

import re

from lakenb.errors import EventError

_TOKEN = r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}"  # noqa: S105 - RFC 6838, section 4.2: a restricted name
_MEDIA_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}")


def normalize_mime_type(text: str) -> str:
    """Return a MIME type in lower case and without parameters.

    Types are published this way because SNS filters compare letter by letter.

    Raises
    ------
    EventError
        If the text is no MIME type of RFC 6838.

    Examples
    --------
    >>> normalize_mime_type("Text/Plain; charset=UTF-8")
    'text/plain'
    """
    normal = text.partition(";")[0].strip().lower()
    if not _MEDIA_TYPE.fullmatch(normal):
        raise EventError("this is no MIME type", "a document's type", "write it like text/plain")
    return normal


def is_normal_mime_type(text: str) -> bool:
    """Return whether a text is a MIME type in its published spelling."""
    return _MEDIA_TYPE.fullmatch(text) is not None
