"""For which machine functions are made: the kernel's own, so that one zip runs here and on Lambda."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

from lakenb.errors import UnsupportedError

# What systems call a processor, and what Lambda calls it.
_ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# What wheels call it, and the oldest glibc of its manylinux tags (PEP 600 and its predecessors).
_WHEELS = {"x86_64": ("x86_64", 5), "arm64": ("aarch64", 17)}
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
# AWS Lambda Developer Guide, "Lambda runtimes": Python 3.11 stands on Amazon Linux 2 (glibc 2.26), later ones
# on Amazon Linux 2023 (2.34). Of the latter only 2.28 is used: a wheel that needs more is rare, has a sibling
# that needs less, and would not load on many a Linux on which people run notebooks.
_AMAZON_LINUX_2 = 11
_GLIBC_AL2, _GLIBC_AL2023 = 26, 28


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of machine that functions run on.

    Parameters
    ----------
    architecture
        As Lambda names it: ``x86_64`` or ``arm64``.
    minor
        Minor version of Python 3.
    """

    architecture: str
    minor: int

    @property
    def python(self) -> str:
        """The Python version, such as ``3.11``."""
        return f"3.{self.minor}"

    @property
    def glibc(self) -> int:
        """The newest glibc 2.x that a wheel may need."""
        return _GLIBC_AL2 if self.minor <= _AMAZON_LINUX_2 else _GLIBC_AL2023

    @property
    def platforms(self) -> tuple[str, ...]:
        """The platform tags of wheels that run there, the preferred first."""
        machine, oldest = _WHEELS[self.architecture]
        tags: list[str] = []
        for glibc in range(self.glibc, oldest - 1, -1):
            tags.append(f"manylinux_2_{glibc}_{machine}")
            if glibc in _LEGACY:
                tags.append(f"{_LEGACY[glibc]}_{machine}")
        return tuple(tags)

    def __str__(self) -> str:
        """Return the target as messages name it."""
        return f"Linux on {self.architecture} with Python {self.python}"


def kernel_target(machine: str | None = None) -> Target:
    """Return the target that this process is made for: its own processor, its own Python.

    Parameters
    ----------
    machine
        Another name of a processor; this machine's by default.

    Raises
    ------
    UnsupportedError
        If Lambda has no such processor.

    Examples
    --------
    >>> kernel_target("aarch64").architecture
    'arm64'
    """
    name = platform.machine() if machine is None else machine
    architecture = _ARCHITECTURES.get(name.lower())
    if architecture is None:
        what = f"Lambda has no functions for this machine's processor ({name or 'unknown'})"
        raise UnsupportedError(
            what, "the architecture of the functions", "work on a machine with x86_64 or arm64"
        )
    return Target(architecture, sys.version_info.minor)
