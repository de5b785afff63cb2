"""Checks of the options that say where objects lie in a bucket."""

from __future__ import annotations

import re
import unicodedata

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type

# Amazon S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8
KEY_BYTES = 1024
# Amazon S3 User Guide, "General purpose bucket naming rules"
_NAME_LENGTHS = range(3, 64)
_NAME_PARTS = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_RESERVED_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
# what stands in a CDK app for a text that is known at deployment only
_TOKEN = re.compile(r"\$\{Token\[[A-Za-z0-9:._-]+\]\}")
_WRAPPED = re.compile(r"(?:arn:[a-z-]+:s3:::|s3://)([^/]*)/?")


def key_part_faults(name: str, value: object, where: str) -> list[Fault]:
    """Return what is wrong with a prefix or suffix of object keys; both are literals, never patterns."""
    if not isinstance(value, str):
        return [wrong_type(name, value, "a text", where)]
    if any(unicodedata.category(character) == "Cc" for character in value):
        return [
            Fault(f"{name} {shown(value)} holds a control character", where, "leave control characters out")
        ]
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        return [Fault(f"{name} {shown(value)} is no Unicode text (a lone surrogate)", where, "write it anew")]
    if length > KEY_BYTES:
        return [
            Fault(f"{name} has {length} bytes; an S3 key has at most {KEY_BYTES}", where, f"shorten {name}")
        ]
    return []


def prefix_faults(name: str, value: object, where: str) -> list[Fault]:
    """Return what is wrong with a prefix: as `key_part_faults`, and it does not begin with a slash."""
    faults = key_part_faults(name, value, where)
    if not faults and isinstance(value, str) and value.startswith("/"):
        what = f"{name} {shown(value)} begins with a slash, which would be a part of every key"
        return [Fault(what, where, f"write {value.lstrip('/')!r}")]
    return faults


def has_token(text: str) -> bool:
    """Return whether a text holds a token of CDK, so that its value is known at deployment only.

    Examples
    --------
    >>> has_token("${Token[TOKEN.12]}")
    True
    """
    return _TOKEN.search(text) is not None


def without_tokens(text: str, instead: str) -> str:
    """Return a text with another in the place of each of its CDK tokens."""
    return _TOKEN.sub(lambda _: instead, text)


def bucket_name_faults(name: str, value: object, where: str) -> list[Fault]:
    """Return what is wrong with the name of a given bucket; tokens of CDK stand for whatever fits."""
    if not isinstance(value, str):
        return [wrong_type(name, value, "a bucket's name, or a bucket that has a bucket_name", where)]
    text = without_tokens(value, "x")
    wrapped = _WRAPPED.fullmatch(text)
    if wrapped is not None:
        return [Fault(f"{name} is {shown(value)}, not a name alone", where, f"write {wrapped[1]!r}")]
    rule = _broken_rule(text, is_known=text == value)
    if rule is None:
        return []
    return [Fault(f"{name} {shown(value)} {rule}", where, "give the name of a general purpose bucket of S3")]


def _broken_rule(text: str, *, is_known: bool) -> str | None:
    """Return the first rule of S3's names that a text breaks; with tokens its length is not known."""
    if is_known and len(text) not in _NAME_LENGTHS:
        return f"has {len(text)} characters; a bucket's name has 3 to 63"
    if not _NAME_PARTS.fullmatch(text):
        return "is no bucket's name: small letters, digits, dots and hyphens, a letter or digit at both ends"
    if ".." in text:
        return "has two dots in a row, which no bucket's name has"
    if _ADDRESS.fullmatch(text):
        return "looks like an IP address, which no bucket's name does"
    for end in (*filter(text.startswith, _RESERVED_STARTS), *filter(text.endswith, _RESERVED_ENDS)):
        return f"has {end!r}, which S3 reserves for what is no general purpose bucket"
    return None
