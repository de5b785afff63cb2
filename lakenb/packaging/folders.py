"""Where lakenb keeps what is made once: a folder of the user's, never the project's."""

from __future__ import annotations

import os
from pathlib import Path


def kept_folder(part: str) -> Path:
    """Return the folder of one part: below ``LAKENB_HOME`` if that is set, else in the user's cache.

    Nothing is made.

    Parameters
    ----------
    part
        The part's name, such as ``wheels``.

    Raises
    ------
    RuntimeError
        If there is neither a named folder nor a home.
    """
    if named := os.environ.get("LAKENB_HOME"):
        return Path(named).expanduser().absolute() / part
    cache = os.environ.get("XDG_CACHE_HOME")
    base = Path(cache) if cache else Path.home() / ".cache"
    return base.absolute() / "lakenb" / part
