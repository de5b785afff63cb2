"""One run of pip for a machine that need not be this one, and what its failure means to the reader."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from lakenb.errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from lakenb.graph.requirements import Requirement
    from lakenb.template.target import Target

_LINES_SHOWN: Final = 8
_VERSIONS_SHOWN: Final = 5

# What pip prints when it is not the requirement's fault, and what that means. The first match counts.
_SYMPTOMS: Final = (
    (
        ("No space left on device", "Disk quota exceeded"),
        "there is no space left for the packages",
        "free some space, or name another folder with LAKENB_HOME",
    ),
    (
        ("Failed to establish a new connection", "name resolution", "Connection refused", "timed out",
         "Network is unreachable", "ProxyError", "SSLError", "ConnectionError", "NewConnectionError"),
        "the package index cannot be reached",
        "connect once (packages are kept), or give pip another index or a folder of wheels (PIP_FIND_LINKS)",
    ),
    (
        ("No module named pip",),
        "this Python has no pip, which fetches the packages",
        "install it: python -m ensurepip, or install 'lakenb[local]'",
    ),
)  # fmt: skip


def install(requirements: Iterable[Requirement], target: Target, folder: Path, work: Path) -> None:
    """Install wheels, and those that they depend on, into a folder.

    Nothing is built and nothing of a package is run: only wheels are taken. pip's own configuration (index,
    proxy, certificates) holds. Which dependencies a marker such as ``sys_platform`` asks for, pip decides by
    the Python that runs it.

    Parameters
    ----------
    requirements
        Exact ones.
    target
        For which machine and Python.
    folder
        Where to; it is made.
    work
        An empty folder for what pip leaves behind.

    Raises
    ------
    PackagingError
        Naming the requirement that cannot be had, or what else is missing.
    """
    asked = [str(requirement) for requirement in requirements]
    log = work / "pip.log"
    command = [
        # -P: a file of the working folder, say pip.py, must not be taken for pip
        sys.executable, "-P", "-m", "pip", "install", "--no-input", "--disable-pip-version-check",
        "--no-user", "--no-compile", "--only-binary", ":all:", "--implementation", "cp",
        "--python-version", target.python,
        *(part for tag in target.platforms for part in ("--platform", tag)),
        "--target", str(folder), "--log", str(log), *asked,
    ]  # fmt: skip
    done = subprocess.run(  # noqa: S603 - our own Python; requirements have passed a strict pattern
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        cwd=work,
    )
    if done.returncode != 0:
        logged = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
        raise _failure(f"{done.stdout}\n{done.stderr}", logged, asked, target)


def _failure(output: str, log: str, asked: list[str], target: Target) -> PackagingError:
    """Return what a failed run of pip means."""
    where = f"packages {', '.join(asked)} for {target}"
    # without retries pip tells its log alone that an index did not answer
    unfetched = "\n".join(line for line in log.splitlines() if "Could not fetch URL" in line)
    for signs, what, mend in _SYMPTOMS:
        if any(sign in output or sign in unfetched for sign in signs):
            return PackagingError(what, where, mend)
    missing = re.search(r"No matching distribution found for (\S+)", output)
    if missing is not None:
        return _missing(missing[1], output, log, asked, target)
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
    if "conflicting dependencies" in output or "ResolutionImpossible" in output:
        told = [line for line in lines if " depends on " in line or "requested" in line]
        what = f"these packages do not go together: {'; '.join(told) or ', '.join(asked)}"
        return PackagingError(what, where, "name versions that fit each other")
    told = lines[-_LINES_SHOWN:]
    return PackagingError(
        "the packages cannot be installed",
        where,
        "\n    ".join(("mend what pip names; its last lines:", *told)),
    )


def _missing(requirement: str, output: str, log: str, asked: list[str], target: Target) -> PackagingError:
    """Return why there is no such package: no such name, no such version, or no wheel for the target."""
    name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0]
    version = requirement.partition("==")[2]
    where = f"packages {', '.join(asked)} for {target}"
    if requirement not in asked:
        where += f" (a dependency of theirs asks for {requirement})"
    flexible = re.sub(r"[-_.]+", "[-_.]+", re.escape(name).replace(r"\-", "-").replace(r"\.", "."))
    passed_over = re.findall(
        rf"Skipping link: (?!not a file|wrong project)[^\n]*?({flexible}-[^/\s]+)", log, re.IGNORECASE
    )
    if any(re.search(rf"-{re.escape(version)}[-.](?!\d)", file) for file in passed_over):
        what = f"there is no wheel of {requirement} for {target}"
        mend = "name a version that has one, another package, or do without: nothing is compiled here"
        return PackagingError(what, where, mend)
    listed = re.search(rf"requirement {re.escape(requirement)} \(from versions: ([^)]*)\)", output)
    versions = [one for one in re.split(r",\s*", listed[1]) if one != "none"] if listed else []
    if versions:
        what = f"{name} has no version {version} for {target}"
        return PackagingError(what, where, f"name one of its versions, such as {_latest(versions)}")
    if passed_over:
        what = f"there is no wheel of {name} for {target} in any version"
        return PackagingError(what, where, "name another package, or do without: nothing is compiled here")
    what = f"the package index knows no package {name}"
    mend = "mend the name: it is the one that pip installs, which may differ from the one that is imported"
    return PackagingError(what, where, mend)


def _latest(versions: list[str]) -> str:
    return ", ".join(reversed(versions[-_VERSIONS_SHOWN:]))
