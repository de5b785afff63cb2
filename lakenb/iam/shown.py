"""Values of others in messages: short, on one line."""

from __future__ import annotations

from typing import Final

_WIDTH: Final = 80
_CUT: Final = "..."


def short(value: object) -> str:
    """Return a value as Python writes it, cut where it is long.

    Examples
    --------
    >>> short("x" * 200)[-5:], len(short("x" * 200))
    ('xx...', 80)
    """
    text = repr(value)
    return text if len(text) <= _WIDTH else text[: _WIDTH - len(_CUT)] + _CUT
