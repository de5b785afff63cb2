"""The folder of an assembly: refused where it is not ours to replace, replaced in one step."""

from __future__ import annotations

import ctypes
import errno
import os
import re
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from lakenb.errors import SynthError

if TYPE_CHECKING:
    from collections.abc import Iterator

# What CDK and its CLI write into a cloud assembly. A folder that holds anything else is somebody's.
_OF_AN_ASSEMBLY = re.compile(
    r"cdk\.out|manifest\.json|tree\.json|validation-report\.json|cdk\.metadata\.json|\.cache"
    r"|[^/]*\.(?:template|assets|metadata)\.json|asset\.[^/]*|assembly-[^/]*|(?:synth|read\.[^/]*)\.lock"
)
_SHOWN = 3
_AT_FDCWD = -100  # fcntl.h, Linux: paths are relative to the working directory
_RENAME_EXCHANGE = 2  # linux/fs.h
_RENAME_SWAP = 2  # sys/stdio.h, macOS


def destination(directory: str | os.PathLike[str]) -> Path:
    """Return the absolute path of a folder that an assembly may be written to; nothing is made.

    Raises
    ------
    SynthError
        If it is a file, cannot be written, or holds what is no assembly.
    """
    folder = Path(directory).expanduser().resolve()
    if folder.exists() and not folder.is_dir():
        raise SynthError("an assembly is a folder, and this is a file", str(folder), "name another folder")
    if folder.is_dir():
        _refuse_foreign(folder)
    above = next(place for place in folder.parents if place.exists())
    if not above.is_dir():
        what = f"no folder can be made here: {above} is a file"
        raise SynthError(what, str(folder), "name another folder")
    if not os.access(above, os.W_OK | os.X_OK):
        what = f"{above} cannot be written to"
        raise SynthError(what, str(folder), "name a folder of your own, or change its permissions")
    return folder


def _refuse_foreign(folder: Path) -> None:
    try:
        entries = sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        what = f"the folder cannot be read ({error.strerror})"
        raise SynthError(what, str(folder), "name another folder") from error
    foreign = [name for name in entries if not _OF_AN_ASSEMBLY.fullmatch(name)]
    if foreign or (entries and "manifest.json" not in entries):
        named = ", ".join(repr(name) for name in (foreign or entries)[:_SHOWN])
        more = ", ..." if len(foreign or entries) > _SHOWN else ""
        what = f"the folder holds something else than a cloud assembly ({named}{more}); it would be lost"
        raise SynthError(what, str(folder), "name another folder, or empty this one yourself")


def put(made: Path, folder: Path) -> None:
    """Put a finished assembly at its place in one step: whoever looks finds the old one or the new one.

    Parameters
    ----------
    made
        The new assembly; it is moved.
    folder
        Its place, as `destination` gave it.

    Raises
    ------
    SynthError
        If the disk refuses.
    """
    with _interrupted_afterwards():
        _put(made, folder)


def _put(made: Path, folder: Path) -> None:
    beside: Path | None = None
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        shutil.move(made, beside / "new")  # a copy, where the temporary folder is on another disk
        _refuse_changed(folder)
        if folder.exists():
            _exchange(beside / "new", folder)
        else:
            (beside / "new").rename(folder)
    except OSError as error:
        what = f"the assembly could not be written ({error.strerror or error})"
        raise SynthError(what, str(folder), "name a folder that can be written, or make room") from error
    finally:
        if beside is not None:
            shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _interrupted_afterwards() -> Iterator[None]:
    """Let an interrupt wait for the few milliseconds in which something lies beside the folder."""
    earlier = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or earlier is None:
        yield
        return
    caught: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
        if caught:
            signal.raise_signal(signal.SIGINT)


def _refuse_changed(folder: Path) -> None:
    """Look again: something may have come into the folder since the synth began."""
    if folder.is_dir():
        _refuse_foreign(folder)


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change places."""
    try:
        _exchange_at_once(new, old)
    except (AttributeError, NotImplementedError):
        aside = new.with_name("old")
        old.rename(aside)
        try:
            new.rename(old)
        except BaseException:
            if not old.exists():
                aside.rename(old)
            raise


def _exchange_at_once(new: Path, old: Path) -> None:
    """Let the system do it: no moment exists at which neither is there.

    Raises
    ------
    NotImplementedError
        If the file system cannot.
    AttributeError
        If the C library cannot.
    """
    library = ctypes.CDLL(None, use_errno=True)
    names = os.fsencode(new), os.fsencode(old)
    if sys.platform == "darwin":
        failed = library.renamex_np(*names, _RENAME_SWAP)
    else:
        failed = library.renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE)
    if not failed:
        return
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        raise NotImplementedError
    raise OSError(number, os.strerror(number))
