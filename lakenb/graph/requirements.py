"""Exact requirements: the one form in which a middleware names the packages that it stands on.

Nothing else is let through: what a requirement holds becomes a part of a command, and a range or a URL
would mean something else tomorrow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.errors import Fault
from lakenb.graph.options import shown, wrong_type

if TYPE_CHECKING:
    from collections.abc import Iterable

# Python Packaging User Guide, "Names and normalization" and "Version specifiers", public versions in their
# canonical spelling; bounded, so that no pattern can run long.
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?"
_NUMBER = r"[0-9]{1,20}"
_VERSION = (
    rf"(?:{_NUMBER}!)?{_NUMBER}(?:\.{_NUMBER}){{0,9}}"
    rf"(?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?"
)
_EXACT = re.compile(rf"({_NAME})==({_VERSION})")
_RANGE = re.compile(rf"({_NAME})(?:\[.*\])?\s*(?:[<>~!=]=?.*)?")
_EXAMPLE = "idna==3.10"


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """A package in one version.

    Parameters
    ----------
    name
        Its normalized name.
    version
        The only version that will do.
    """

    name: str
    version: str

    def __str__(self) -> str:
        """Return the requirement as installers read it."""
        return f"{self.name}=={self.version}"


def normalized_name(name: str) -> str:
    """Return a package's name as indexes compare it.

    Examples
    --------
    >>> normalized_name("Foo_Bar.baz")
    'foo-bar-baz'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def exact_requirements(packages: Iterable[str]) -> tuple[Requirement, ...]:
    """Return requirements that have no fault, normalized and sorted, so that order and spelling are one.

    Examples
    --------
    >>> [str(found) for found in exact_requirements(["MarkupSafe==3.0.2", "idna==3.10"])]
    ['idna==3.10', 'markupsafe==3.0.2']
    """
    matches = (_EXACT.fullmatch(text) for text in packages)
    return tuple(sorted({Requirement(normalized_name(found[1]), found[2]) for found in matches if found}))


def requirement_faults(packages: object, where: str) -> list[Fault]:
    """Return what is wrong with a list of requirements: each must be an exact pin, no name twice."""
    if not isinstance(packages, (list, tuple)):
        return [wrong_type("packages", packages, f'a list of texts such as ["{_EXAMPLE}"]', where)]
    faults: list[Fault] = []
    versions: dict[str, str] = {}
    for text in packages:
        found = _EXACT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            faults.append(_not_exact(text, where))
            continue
        name, version = normalized_name(found[1]), found[2]
        if versions.setdefault(name, version) != version:
            what = f"packages names {name} in two versions: {versions[name]} and {version}"
            faults.append(Fault(what, where, "keep one of them"))
    return faults


def _not_exact(text: object, where: str) -> Fault:
    """Return the fault of what is no exact pin, with the nearest form that is one."""
    what = f"packages holds {shown(text)}, which is no exact requirement"
    ranged = _RANGE.fullmatch(text.strip()) if isinstance(text, str) and len(text) <= 200 else None  # noqa: PLR2004 - long enough
    if ranged is None:
        mend = f"write a package's name and one version, such as {_EXAMPLE!r}; no options, paths or URLs"
        return Fault(what, where, mend)
    pinned = re.search(rf"==\s*({_VERSION})\s*$", str(text))
    version = pinned[1] if pinned else "<version>"
    mend = f"write '{ranged[1]}=={version}'"
    if "[" in str(text):
        mend += " and beside it the packages that the extra asks for"
    return Fault(what, where, mend)
