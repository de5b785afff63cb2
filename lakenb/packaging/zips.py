"""A function's zip as a value: its hash at once, its bytes when they are asked for."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from lakenb.errors import PackagingError
from lakenb.graph.code import Code  # noqa: TC001 - the docstring's example uses it
from lakenb.graph.options import shown
from lakenb.graph.requirements import exact_requirements, requirement_faults
from lakenb.packaging.left_out import without
from lakenb.packaging.sources import function_sources
from lakenb.packaging.wheels import PackageSet, package_set
from lakenb.template.target import kernel_target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# AWS Lambda Developer Guide, "Lambda quotas": a deployment package, unzipped, layers included
LARGEST_BYTES = 250 * 2**20
_LARGEST_SHOWN = 3
_MANIFEST = "lakenb/function.json"
_ANY_PLATFORM = "any"  # sources only: the same zip on every processor
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first date that a zip can hold
_UNIX = 3
# files that everybody may read, and start where they are programs: Lambda's user is none of the owner's
_MODE = 0o100644 << 16
_PROGRAM_MODE = 0o100755 << 16
_PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){0,9}")
_WHERE = "the zip of a function"


@dataclass(frozen=True, slots=True)
class Zip:
    """A zip that can be named before it exists.

    Parameters
    ----------
    hash
        Hexadecimal SHA-256 over what the zip is made from: sources, requirements, platform, Python.
    build
        Returns the zip's bytes. Packages are installed by the first call that needs them, and kept.
    """

    hash: str
    build: Callable[[], bytes]


@lru_cache(maxsize=256)
def function_zip(code: Code, *, largest_bytes: int = LARGEST_BYTES) -> Zip:
    """Return the zip of a function.

    The sources are read once a process; packages are not touched before the zip is built.

    Parameters
    ----------
    code
        What the function is made of.
    largest_bytes
        Most bytes that the zip may hold; Lambda's own bound by default.

    Raises
    ------
    PackagingError
        If the handler does not exist or imports what does not travel into functions, a requirement is not
        exact, or a file of the user's own is in the way. The zip's `build` raises it for packages that
        cannot be had, or that are too large together.

    Notes
    -----
    Equal hashes are equal bytes as long as the packages' own dependencies resolve to the same versions: an
    unpinned one is taken as it is when the set is first installed on this machine. Pin it beside the
    others to be sure; `package_sizes` lists them all.

    Examples
    --------
    >>> len(function_zip(Code("lakenb.runtime.handlers.s3_trigger")).hash)
    64
    """
    if faults := requirement_faults(code.packages, _WHERE):
        raise PackagingError(faults[0].what, faults[0].where, faults[0].mend)
    files = own_files(code)

    def build() -> bytes:
        packages = packages_of(code)
        refuse_too_large(files, packages, largest_bytes)
        return _zip(files, packages)

    return Zip(_hash(files), build)


def own_files(code: Code) -> dict[str, bytes]:
    """Return the files of a function's zip that are not its packages', by their path in it."""
    files = function_sources(code.handler)
    files[_MANIFEST] = _manifest(code)
    for path, text in code.sources:
        if not _PATH.fullmatch(path) or path.partition("/")[0].lower() == "lakenb" or path in files:
            what = f"a file of the user's own cannot lie at {shown(path)} in a function"
            mend = "choose a plain relative path outside of lakenb/ that nothing else has"
            raise PackagingError(what, _WHERE, mend)
        files[path] = text.encode()
    return files


def packages_of(code: Code) -> PackageSet:
    """Return the packages of a function, without what it leaves out; installed if they are not kept yet."""
    return without(package_set(exact_requirements(code.packages), kernel_target()), code.leaves_out)


def refuse_too_large(files: Mapping[str, bytes], packages: PackageSet, largest_bytes: int) -> None:
    """Raise if a function is larger than Lambda takes.

    Raises
    ------
    PackagingError
        Naming the largest packages.
    """
    total = sum(map(len, files.values())) + sum(file.size for file in packages.files)
    if total <= largest_bytes:
        return
    by_size = sorted(packages.packages, key=lambda package: (-package.size, package.name))
    named = ", ".join(
        f"{package.name} {package.version} ({megabytes(package.size)})"
        for package in by_size[:_LARGEST_SHOWN]
    )
    what = (
        f"the function has {megabytes(total)} unzipped, and Lambda takes at most {megabytes(largest_bytes)}"
        f"; the largest packages are {named or 'none'}"
    )
    mend = (
        "do with fewer or smaller packages, or divide the work between two middlewares; for more than that "
        "Lambda takes a container image, which is built at deployment"
    )
    raise PackagingError(what, _WHERE, mend)


def megabytes(size: int) -> str:
    """Return a size as messages write it."""
    return f"{size / 2**20:,.1f} MB"


def _manifest(code: Code) -> bytes:
    """Return what the zip is for: a part of it, so that another Python minor is another zip."""
    told = {
        "handler": code.handler,
        "packages": [str(requirement) for requirement in exact_requirements(code.packages)],
        "platform": kernel_target().platforms[0] if code.packages else _ANY_PLATFORM,
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
    }
    if code.leaves_out:
        told["leaves_out"] = sorted(pattern for _, pattern in code.leaves_out)
    return json.dumps(told, sort_keys=True).encode()


def _hash(files: Mapping[str, bytes]) -> str:
    """Return the hash of the files: of each name and content with its length, so that no two sets collide."""
    digest = sha256()
    for name in sorted(files):
        for part in (name.encode(), files[name]):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()


def _zip(files: Mapping[str, bytes], packages: PackageSet) -> bytes:
    """Return the files as a zip: sorted, with fixed dates and modes.

    Stored, not deflated: compressors differ between builds of zlib, and Lambda bounds what is unzipped.
    """
    buffer = io.BytesIO()
    entries = {name: (content, _MODE) for name, content in files.items()}
    for file, content in packages.contents():
        if file.path in entries:
            what = f"a package brings the file {shown(file.path)}, which the function has already"
            raise PackagingError(what, _WHERE, "do without that package")
        entries[file.path] = (content, _PROGRAM_MODE if file.is_program else _MODE)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(entries):
            content, mode = entries[name]
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = _UNIX
            entry.external_attr = mode
            archive.writestr(entry, content)
    return buffer.getvalue()
