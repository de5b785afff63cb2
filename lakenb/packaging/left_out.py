"""What a function leaves out of its packages: files that its handler never opens, named by its code.

Nobody's package is made smaller by a guess. A pattern that fits no file is an error: the package has
changed, and somebody must look again at what may be left out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from lakenb.errors import PackagingError
from lakenb.graph.options import shown
from lakenb.graph.requirements import normalized_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.packaging.wheels import PackageSet


def without(found: PackageSet, patterns: Iterable[tuple[str, str]]) -> PackageSet:
    """Return packages without the files that patterns name; sizes are of what remains.

    Parameters
    ----------
    found
        The packages, whole.
    patterns
        ``(package, pattern of paths in the zip)``; the package is the one whose size shrinks.

    Raises
    ------
    PackagingError
        If a pattern fits no file, or names no package of these.
    """
    left_out: dict[str, str] = {}
    names = {package.name for package in found.packages}
    for package, pattern in patterns:
        name = normalized_name(package)
        fitting = [file.path for file in found.files if fnmatchcase(file.path, pattern)]
        if name not in names or not fitting:
            what = f"the packages hold no file {shown(pattern)} of {shown(package)}, which was to be left out"
            mend = "see what these versions of the packages hold, and name what may be left out anew"
            raise PackagingError(what, "the packages of a function", mend)
        left_out |= dict.fromkeys(fitting, name)
    if not left_out:
        return found
    saved: Counter[str] = Counter()
    for file in found.files:
        if file.path in left_out:
            saved[left_out[file.path]] += file.size
    return replace(
        found,
        packages=tuple(replace(one, size=one.size - saved[one.name]) for one in found.packages),
        files=tuple(file for file in found.files if file.path not in left_out),
    )
