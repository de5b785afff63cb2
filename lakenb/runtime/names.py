"""File names that are safe in keys, consoles and shells, and still tell people what they were."""

from __future__ import annotations

import re
import unicodedata

_MAX_BYTES = 160  # of a key's 1024: ids and a prefix stand before it
_MAX_SUFFIX = 16
_UNSAFE = re.compile(r"(?:[^\w.-]|_)+")


def safe_name(name: str) -> str:
    r"""Return a file name of letters, digits, ``.``, ``-`` and ``_``, short, with its suffix kept.

    Two names may become one: what keeps keys apart are the ids before the name, never the name.

    Examples
    --------
    >>> safe_name("../a b+c%2Fé'\".txt")
    'a_b_c_2Fé_.txt'
    """
    safe = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip("._-") or "document"
    stem, dot, suffix = safe.rpartition(".")
    if not dot or len(suffix.encode()) > _MAX_SUFFIX:
        stem, suffix = safe, ""
    tail = f".{suffix}" if suffix else ""
    room = _MAX_BYTES - len(tail.encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + tail
