"""The embedded AWS's own virtual environment, made once from a hash-locked list.

The emulator pins its dependencies exactly, and its functions must find their zip
and boto3 only; so it lives apart from the notebook's packages. The folder is
named by the lock's digest and the Python version: a change makes a new one.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from lakenb.errors import EnvironmentSetupError
from lakenb.packaging.folders import kept_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

LOCK: Final = Path(__file__).with_name("requirements.lock")
_OLDEST: Final = (3, 11)
_NEWEST: Final = (3, 13)
_MARKER: Final = "complete"
_LINES_SHOWN: Final = 12

# What a failing installation prints, and what that means to the reader. The first match counts.
_SYMPTOMS: Final = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "there is no space left for the embedded AWS's packages (about 100 MB)",
        "free some space, or name another folder with LAKENB_HOME",
    ),
    (
        ("DO NOT MATCH THE HASHES",),
        "a package of the embedded AWS is not the one that was locked (its hash differs)",
        "clear pip's cache (python -m pip cache purge) and check the index that pip is configured for",
    ),
    (
        ("Failed to establish a new connection", "name resolution", "Connection refused", "timed out",
         "Network is unreachable", "ProxyError", "SSLError", "ConnectionError"),
        "the package index cannot be reached",
        "connect to the network, or point pip at another index or a folder of wheels (PIP_FIND_LINKS)",
    ),
    (
        ("No matching distribution", "Could not find a version", "no such option: --python"),
        "a package of the embedded AWS cannot be found as a wheel",
        "check pip's version (23.1 or newer) and the index or wheel folder that it is configured for",
    ),
)  # fmt: skip


def emulator_python() -> Path:
    """Return the Python of the embedded AWS's environment, which is made on first use.

    Returns
    -------
    pathlib.Path
        An executable that imports the emulator and boto3, and nothing of lakenb.

    Raises
    ------
    EnvironmentSetupError
        If the environment is missing and cannot be made: no space, no network, a
        missing wheel, a Python without ``venv`` or ``pip``, or the wrong Python.
    """
    _check_python()
    home = _home()
    folder = home / _folder_name()
    if _is_complete(folder):
        return _python_of(folder)
    try:
        home.mkdir(parents=True, exist_ok=True)
        with _held(home / f"{folder.name}.lock"):
            if not _is_complete(folder):
                _make(folder)
    except OSError as error:
        _refuse_os_error(error, home)
    return _python_of(folder)


def _home() -> Path:
    """Return the folder of environments: LAKENB_HOME, else the user's cache."""
    try:
        return kept_folder("embedded-aws")
    except RuntimeError as error:
        raise EnvironmentSetupError(
            "there is no home folder to keep the embedded AWS in",
            "the environment variables HOME and LAKENB_HOME",
            "set LAKENB_HOME to a folder that may be written",
        ) from error


def _folder_name() -> str:
    """Return a name that changes with the lock, the Python version and its build."""
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    return f"{digest}-{sys.implementation.cache_tag}"


def _python_of(folder: Path) -> Path:
    return folder / "bin" / "python"


def _is_complete(folder: Path) -> bool:
    # The interpreter is a link into the Python it was made from: that one may have gone meanwhile.
    return (folder / _MARKER).is_file() and _python_of(folder).is_file()


def _check_python() -> None:
    version = sys.version_info[:2]
    if not _OLDEST <= version <= _NEWEST or sys.implementation.name != "cpython":
        raise EnvironmentSetupError(
            "the embedded AWS needs CPython 3.11 to 3.13, "
            f"this is {sys.implementation.name} {version[0]}.{version[1]}",
            f"the Python {sys.executable}",
            "start the notebook or the command with one of those",
        )
    if os.name != "posix":
        raise EnvironmentSetupError(
            "the embedded AWS runs on Linux and macOS only",
            f"this system ({sys.platform})",
            "use the Windows Subsystem for Linux",
        )


@contextlib.contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock file, so that two processes at once make one environment."""
    import fcntl  # noqa: PLC0415 - absent on Windows, where `_check_python` has refused

    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(folder: Path) -> None:
    """Make the environment beside its place and move it there whole."""
    building = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        environment = building / "environment"
        _run(
            [sys.executable, "-m", "venv", "--without-pip", str(environment)],
            folder,
            "this Python has no working venv module",
            "install it (Debian and Ubuntu: apt install python3-venv)",
        )
        _check_pip(folder)
        _run(
            [sys.executable, "-m", "pip", "--python", str(_python_of(environment)), "install", "--no-input",
             "--disable-pip-version-check", "--no-user", "--no-deps", "--require-hashes",
             "--only-binary", ":all:", "--requirement", str(LOCK)],
            folder,
            "the embedded AWS's packages cannot be installed",
            "mend what pip names above",
        )  # fmt: skip
        (environment / _MARKER).write_text("installed whole\n", encoding="utf-8")
        if folder.exists():
            folder.rename(building / "broken")
        environment.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _check_pip(folder: Path) -> None:
    _run(
        [sys.executable, "-m", "pip", "--version"],
        folder,
        "this Python has no pip, which installs the embedded AWS's packages",
        "install it: python -m ensurepip, or install 'lakenb[local]'",
    )


def _run(command: list[str], folder: Path, what: str, mend: str) -> None:
    """Run one step of the installation; a failure says what it means, with its last lines."""
    done = subprocess.run(  # noqa: S603 - our own Python with fixed arguments
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode == 0:
        return
    output = f"{done.stdout}\n{done.stderr}"
    for signs, meaning, cure in _SYMPTOMS:
        if any(sign in output for sign in signs):
            what, mend = meaning, cure
            break
    shown = "\n".join(line for line in output.splitlines() if line.strip()).splitlines()[-_LINES_SHOWN:]
    raise EnvironmentSetupError(
        what,
        f"{folder} ({' '.join(command[1:4])})",
        "\n    ".join((mend, "the last lines it printed:", *shown)),
    )


def _refuse_os_error(error: OSError, home: Path) -> NoReturn:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, mend = "there is no space left for the embedded AWS (about 100 MB)", "free some space"
    elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        what, mend = "the folder for the embedded AWS may not be written", "make it writable"
    else:
        what, mend = f"the folder for the embedded AWS cannot be used ({error.strerror})", "mend that"
    raise EnvironmentSetupError(
        what, str(home), f"{mend}, or name another folder with LAKENB_HOME"
    ) from error
