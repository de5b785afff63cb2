"""Whether this machine can load what functions bring: their packages are made for Lambda's Linux."""

from __future__ import annotations

import platform
import sys
from typing import TYPE_CHECKING

from lakenb.errors import EnvironmentSetupError
from lakenb.packaging.sizes import binary_packages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.code import Code


def refuse_unloadable(codes: Iterable[Code], system: str = sys.platform) -> None:
    """Raise if a function brings machine code that this system cannot load.

    Parameters
    ----------
    codes
        The functions' codes; those of sources and pure Python packages run everywhere.
    system
        As ``sys.platform`` names it.

    Raises
    ------
    EnvironmentSetupError
        Naming the packages, on macOS and on Linux without glibc.
    """
    is_glibc = platform.libc_ver()[0] == "glibc"
    if system == "linux" and is_glibc:
        return
    packed = [code for code in codes if code.packages]
    found = {name for code in packed for names in binary_packages({"": code}).values() for name in names}
    if not found:
        return
    named = ", ".join(sorted(found))
    here = "Linux without glibc" if system == "linux" else {"darwin": "macOS"}.get(system, system)
    raise EnvironmentSetupError(
        f"the packages {named} hold machine code for Lambda's Linux, which {here} cannot load",
        f"the functions that bring {named}",
        "run it on Linux (a container or a CI job will do), or name packages of pure Python; "
        "the template is the same and can be deployed from here",
    )
