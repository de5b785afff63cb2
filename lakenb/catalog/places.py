"""Checks of the options that say where objects lie in a bucket."""

from __future__ import annotations

import unicodedata

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type

# Amazon S3 User Guide, "Naming Amazon S3 objects": a key is at most 1,024 bytes of UTF-8
KEY_BYTES = 1024


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
