"""What functions weigh, package by package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.graph.requirements import exact_requirements
from lakenb.packaging.zips import LARGEST_BYTES, function_zip, own_files, packages_of, refuse_too_large
from lakenb.records.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.code import Code

_COLUMNS = ("function", "package", "version", "named", "binary", "unzipped_bytes")


def package_sizes(codes: Mapping[str, Code], *, largest_bytes: int = LARGEST_BYTES) -> Table:
    """Return what each function brings, and how large it is.

    Packages that are not kept yet are installed.

    Parameters
    ----------
    codes
        Each function's code by the function's name.
    largest_bytes
        Most bytes of one function; Lambda's own bound by default.

    Returns
    -------
    Table
        function, package, version, whether it was named (else another one depends on it), whether it holds
        machine code, and its size in bytes, which is also the size in the zip: zips are stored. lakenb's
        own part is the first row of each function, the others are sorted by name.

    Raises
    ------
    PackagingError
        If a package cannot be had, or a function is larger than Lambda takes.
    """
    rows: list[tuple[str, str, str | None, bool, bool, int]] = []
    for function, code in sorted(codes.items()):
        function_zip(
            code, largest_bytes=largest_bytes
        )  # refuses what is not exact before anything is fetched
        files, found = own_files(code), packages_of(code)
        refuse_too_large(files, found, largest_bytes)
        named = {requirement.name for requirement in exact_requirements(code.packages)}
        rows.append((function, "lakenb", None, True, False, sum(map(len, files.values()))))
        rows += [
            (function, one.name, one.version, one.name in named, one.is_binary, one.size)
            for one in found.packages
        ]
    return Table("packages", _COLUMNS, tuple(rows))


def binary_packages(codes: Mapping[str, Code]) -> dict[str, tuple[str, ...]]:
    """Return the names of packages with machine code, by function; functions without any are left out."""
    found = {
        function: tuple(package.name for package in packages_of(code).packages if package.is_binary)
        for function, code in sorted(codes.items())
    }
    return {function: names for function, names in found.items() if names}
