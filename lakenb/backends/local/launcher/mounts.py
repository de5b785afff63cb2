"""File systems for functions: a folder of the run's own for each access point, in the place of a mount.

Nothing is mounted and nobody asks EFS: what its policy, the access point's user and TLS promise is not
exercised here, and the run says so (`unlike_files`). The template names the place of the mount, which this
machine does not have; the function is told the folder instead, by the same variable.
"""

from __future__ import annotations

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

    def environment(self, function: dict[str, Any]) -> dict[str, str]:
        """Return what a function is told of its file system; nothing where it mounts none.

        Parameters
        ----------
        function
            Its configuration, as Lambda keeps it.
        """
        mounted = function.get("FileSystemConfigs") or []
        if not mounted:  # Lambda takes one at most
            return {}
        point = str(mounted[0]["Arn"]).rpartition("/")[2]
        folder = self._home / point
        folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
        return {_TOLD: str(folder)}
