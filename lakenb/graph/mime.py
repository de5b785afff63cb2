"""MIME types of documents: which ones an edge lets through.

A pattern is a type such as ``text/plain``, a family ``image/*`` or everything, ``*/*``.
Types are compared without their parameters and without regard to case (RFC 2045, section 5.1).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOKEN = r"[a-z0-9!#$&^_.+-]+"  # noqa: S105 - RFC 2045's word for a name, lower-cased
_PATTERN = re.compile(rf"(?:\*/\*|{_TOKEN}/(?:\*|{_TOKEN}))")


def normalize(mime_type: str) -> str:
    """Return a MIME type in the form in which events carry it: lower-case, without parameters.

    Examples
    --------
    >>> normalize("Text/Plain; charset=utf-8")
    'text/plain'
    """
    return mime_type.partition(";")[0].strip().lower()


def is_pattern(mime_type: str) -> bool:
    """Tell whether a text is a MIME type, a family of them, or ``*/*``.

    Examples
    --------
    >>> is_pattern("image/*"), is_pattern("*/png"), is_pattern("text")
    (True, False, False)
    """
    return _PATTERN.fullmatch(normalize(mime_type)) is not None


def overlap(first: str, second: str) -> bool:
    """Tell whether some document type fits both patterns.

    Examples
    --------
    >>> overlap("image/*", "IMAGE/png"), overlap("*/*", "text/plain"), overlap("text/*", "image/*")
    (True, True, False)
    """
    one, other = normalize(first), normalize(second)
    if "*/*" in (one, other):
        return True
    (family, _, subtype), (other_family, _, other_subtype) = one.partition("/"), other.partition("/")
    return family == other_family and (subtype == other_subtype or "*" in (subtype, other_subtype))


def any_overlap(outputs: Iterable[str], inputs: Iterable[str]) -> bool:
    """Tell whether a producer of `outputs` can send anything to a consumer of `inputs`.

    An empty side overlaps nothing: nobody sends to a trigger, nobody receives from a connector.
    """
    accepted = tuple(inputs)
    return any(overlap(output, pattern) for output in outputs for pattern in accepted)
