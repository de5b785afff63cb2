"""Packages for functions: installed once for Lambda's platform, kept, and checked before each use.

A kept set is a folder named by the requirements, the platform and the Python; beside the files lies the list
of them with their digests. It is made beside its place and moved there whole, so that two processes at once
do no harm: the second one's work is thrown away.
"""

from __future__ import annotations

import contextlib
import csv
import errno
import json
import shutil
import tempfile
from dataclasses import asdict, dataclass
from email.parser import BytesHeaderParser
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from lakenb.errors import PackagingError
from lakenb.graph.requirements import Requirement, normalized_name
from lakenb.packaging.folders import kept_folder
from lakenb.packaging.pip import install

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakenb.template.target import Target

_FORMAT: Final = 1  # of a kept set: another number makes new ones
_LIST: Final = "contents.json"
_FILES: Final = "files"
# Written by the installer for its own sake, with what is this machine's; nothing reads them at run time.
_INSTALLERS_OWN: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


@dataclass(frozen=True, slots=True)
class File:
    """A file of a package: its path in the zip, its content's digest, and whether it is a program."""

    path: str
    digest: str
    size: int
    is_program: bool


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package.

    Parameters
    ----------
    name, version
        What was installed.
    size
        Bytes of its files.
    is_binary
        Whether it holds machine code, made for one platform.
    """

    name: str
    version: str
    size: int
    is_binary: bool


@dataclass(frozen=True, slots=True)
class PackageSet:
    """Packages that were installed together.

    Parameters
    ----------
    folder
        Where the files lie.
    packages
        Sorted by name: those asked for and those that they depend on.
    files
        Sorted by path.
    """

    folder: Path
    packages: tuple[Package, ...]
    files: tuple[File, ...]

    def contents(self) -> Iterator[tuple[File, bytes]]:
        """Return each file and its bytes."""
        for file in self.files:
            yield file, (self.folder / file.path).read_bytes()


def package_set(requirements: Sequence[Requirement], target: Target) -> PackageSet:
    """Return packages for a target, installed now if they are not kept yet.

    Parameters
    ----------
    requirements
        Exact ones, sorted; none is an empty set without a folder.
    target
        For which machine and Python.

    Raises
    ------
    PackagingError
        If a package cannot be had, or the folder of kept sets cannot be used.
    """
    if not requirements:
        return PackageSet(Path(), (), ())
    try:
        home = kept_folder("wheels")
    except RuntimeError as error:
        raise PackagingError(
            "there is no home folder to keep packages in",
            "the environment variables HOME and LAKENB_HOME",
            "set LAKENB_HOME to a folder that may be written",
        ) from error
    folder = home / _folder_name(requirements, target)
    try:
        found = _kept(folder)
        if found is None:
            home.mkdir(parents=True, exist_ok=True)
            _make(requirements, target, folder)
            found = _kept(folder)
    except OSError as error:
        _refuse_os_error(error, home)
    if found is None:
        raise PackagingError(
            "the packages changed while they were read",
            str(folder),
            "see what else writes there, or name another folder with LAKENB_HOME",
        )
    return found


def _folder_name(requirements: Iterable[Requirement], target: Target) -> str:
    told = [_FORMAT, list(map(str, requirements)), target.platforms, target.python]
    return sha256(json.dumps(told).encode()).hexdigest()[:32]


def _kept(folder: Path) -> PackageSet | None:
    """Return a kept set if it is there with every byte; caches lose files to cleaners and full disks."""
    try:
        told = json.loads((folder / _LIST).read_bytes())
        packages = tuple(Package(**one) for one in told["packages"])
        files = tuple(File(**one) for one in told["files"])
        found = PackageSet(folder / _FILES, packages, files)
        if all(_digest(content) == file.digest for file, content in found.contents()):
            return found
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        pass
    return None


def _make(requirements: Sequence[Requirement], target: Target, folder: Path) -> None:
    """Install a set beside its place and move it there whole; what was there broken goes."""
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name[:8]}-", dir=folder.parent))
    try:
        made, work = building / "made", building / "work"
        files = made / _FILES
        work.mkdir()
        made.mkdir()
        install(requirements, target, files, work)
        packages = tuple(sorted(_packages(files), key=lambda package: package.name))
        _clean(files)
        told = {
            "requirements": list(map(str, requirements)),
            "target": str(target),
            "packages": [asdict(package) for package in packages],
            "files": [asdict(file) for file in _list(files)],
        }
        (made / _LIST).write_text(json.dumps(told, indent=1), encoding="utf-8")
        if folder.exists() and _kept(folder) is None:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(building / "broken")
        try:
            made.rename(folder)
        except OSError as error:
            # another process was quicker, and what it made is as good
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.EACCES) or not folder.is_dir():
                raise
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _packages(files: Path) -> Iterator[Package]:
    """Return what was installed, by what each package says of itself."""
    for told in files.glob("*.dist-info"):
        metadata = BytesHeaderParser().parsebytes((told / "METADATA").read_bytes())
        wheel = BytesHeaderParser().parsebytes((told / "WHEEL").read_bytes())
        with (told / "RECORD").open(encoding="utf-8", newline="") as record:
            paths = {row[0] for row in csv.reader(record) if row and _travels(Path(row[0]))}
        size = sum((files / path).stat().st_size for path in paths if (files / path).is_file())
        # a wheel for any platform has machine code in none of its files
        is_binary = any(not tag.strip().endswith("-any") for tag in wheel.get_all("Tag", []))
        yield Package(normalized_name(metadata["Name"]), metadata["Version"], size, is_binary)


def _travels(path: Path) -> bool:
    """Return whether a file goes into functions: bytecode, scripts and the installer's notes do not."""
    if "__pycache__" in path.parts or path.suffix == ".pyc" or ".." in path.parts:
        return False
    if path.parts[0] == "bin":
        return False
    return not (path.parts[0].endswith(".dist-info") and path.name in _INSTALLERS_OWN)


def _clean(files: Path) -> None:
    """Take away what does not travel."""
    for path in sorted(files.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif not _travels(path.relative_to(files)):
            path.unlink()


def _list(files: Path) -> Iterator[File]:
    """Return the files, sorted by path."""
    paths = {path.relative_to(files).as_posix(): path for path in files.rglob("*") if path.is_file()}
    for name in sorted(paths):
        content = paths[name].read_bytes()
        is_program = bool(paths[name].stat().st_mode & 0o100)
        yield File(name, _digest(content), len(content), is_program)


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def _refuse_os_error(error: OSError, home: Path) -> NoReturn:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, mend = "there is no space left for functions' packages", "free some space"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what, mend = "the folder for functions' packages may not be written", "make it writable"
    else:
        what, mend = f"the folder for functions' packages cannot be used ({error.strerror})", "mend that"
    raise PackagingError(what, str(home), f"{mend}, or name another folder with LAKENB_HOME") from error
