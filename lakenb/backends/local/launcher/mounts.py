"""File systems for functions: a folder of the run's own for each access point, in the place of a mount.

Nothing is mounted and nobody asks EFS: what its policy, the access point's user and TLS promise is not
exercised here, and the run says so (`unlike_files`). The template names the place of the mount, which this
machine does not have; the function is told the folder instead, by the same variable.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

_TOLD: Final = "LAKENB_FILES"
_MODE: Final = 0o750


class Mounts:
    """The folders of one run.

    Parameters
    ----------
    home
        The run's folder.
    """

    def __init__(self, home: Path) -> None:
        self._home = home / "files"

    def with_folders(self, function: dict[str, Any]) -> dict[str, Any]:
        """Return a function's configuration in which it is told the folder that stands for its mount.

        Parameters
        ----------
        function
            Its configuration, as Lambda keeps it; it stays as it is.
        """
        told = (function.get("Environment") or {}).get("Variables", {})
        if _TOLD not in told:
            return function
        return {**function, "Environment": {"Variables": {**told, _TOLD: self._folder(function)}}}

    def _folder(self, function: dict[str, Any]) -> str:
        mounted = function.get("FileSystemConfigs") or []  # Lambda takes one at most
        if not mounted:
            # INVARIANT: nobody writes to the place that the template names: on this machine it is no mount
            return os.devnull
        folder = self._home / str(mounted[0]["Arn"]).rpartition("/")[2]
        folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        return str(folder)
