"""What lakenb requires is under permissive licences; exceptions are listed with reasons (docs/adr/0011)."""

from __future__ import annotations

import re
from importlib.metadata import PackageMetadata, distribution, distributions, requires, version
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import lakenb
from lakenb.graph.steps import Step
from lakenb.packaging.zips import packages_of

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCEPTED = {
    "0BSD": "permissive, asks for nothing",
    "Apache-2.0": "permissive with a patent grant; keep the notice",
    "BSD-2-Clause": "permissive; keep the notice",
    "BSD-3-Clause": "permissive; keep the notice",
    "CC0-1.0": "given to the public domain",
    "CNRI-Python": "permissive, Python's own older licence",
    "ISC": "permissive; keep the notice",
    "MIT": "permissive; keep the notice",
    "MIT-0": "permissive, asks for nothing",
    "MIT-CMU": "permissive, Pillow's own older licence; keep the notice",
    "PSF-2.0": "permissive, Python's own licence",
    "Zlib": "permissive; altered sources are marked",
}

EXCEPTIONS = {
    "graphviz-pure": (
        {"EPL-2.0", "OFL-1.1", "MIT"},
        "a program of its own from its own wheel, run as a command; neither imported, linked nor changed",
    ),
}
"""Of what users install."""

FUNCTION_EXCEPTIONS = {
    "pypdfium2": (
        {"dependency licenses"},
        "of what its wheel carries, PDFium's libraries: permissive, and their texts travel beside them",
    ),
}
"""Of what built-in handlers carry into functions; users install none of it."""

INDEX_EXCEPTIONS = {
    "tqdm": (
        {"MPL-2.0"},
        "lancedb imports it; the licence covers its own files, which travel unchanged and with their text",
    ),
}
"""Of what the vector index carries into its function: its tests try it as it travels; nobody installs it."""
TOOL_EXCEPTIONS = {
    "hypothesis": ({"MPL-2.0"}, "runs in tests only; the licence covers its own files, which stay unchanged"),
    "pathspec": ({"MPL-2.0"}, "used by mypy only; the licence covers its own files, which stay unchanged"),
}
"""Of what only developers install."""

SPELLINGS = {
    "Apache 2": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD License": "BSD-3-Clause",  # the classifier tells no clauses: both kinds are accepted
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
}
"""How classifiers and older metadata spell what SPDX names."""

STATUS_CLASSIFIERS = {"DFSG approved", "OSI Approved"}
"""Classifiers under 'License' that name no licence."""


LONGEST_LIST = 80
"""Some metadata hold a licence's whole text where others hold a list of names."""


def closure(name: str, extras: frozenset[str]) -> set[str]:
    """Return the canonical names of all distributions that these extras of ``name`` install here."""
    found: set[str] = set()
    done: set[tuple[str, frozenset[str]]] = set()
    pending = [(name, extras)]
    while pending:
        current, chosen = pending.pop()
        if (current, chosen) in done:
            continue
        done.add((current, chosen))
        for text in requires(current) or []:
            requirement = Requirement(text)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in ("", *chosen)):
                child = canonicalize_name(requirement.name)
                found.add(child)
                pending.append((child, frozenset(requirement.extras)))
    return found


def licences(metadata: PackageMetadata) -> set[str]:
    """Return the SPDX names of every licence that a distribution's metadata mentions, alternatives too."""
    expressions = metadata.get_all("License-Expression") or []
    if expressions:
        return {word for text in expressions for word in re.findall(r"[^\s()]+", text)} - {
            "AND",
            "OR",
            "WITH",
        }
    classifiers = [
        text.rpartition(" :: ")[2]
        for text in metadata.get_all("Classifier") or []
        if text.startswith("License ::")
    ]
    named = [text for text in classifiers if text not in STATUS_CLASSIFIERS]
    if not named and (listed := metadata.get_all("License")) and len(listed[0]) <= LONGEST_LIST:
        named = [listed[0]] if listed[0] in SPELLINGS else listed[0].split(", ")
    return {SPELLINGS.get(text, text) for text in named or metadata.get_all("License") or ["no licence"]}


def faults(names: set[str], exceptions: dict[str, tuple[set[str], str]]) -> list[str]:
    """Return one line for each distribution whose licence no table accepts, and for each idle exception."""
    return faults_of({name: distribution(name).metadata for name in sorted(names)}, exceptions)


def faults_of(
    metadata: Mapping[str, PackageMetadata], exceptions: dict[str, tuple[set[str], str]]
) -> list[str]:
    """Return as `faults` does, for metadata by distribution."""
    found = {name: licences(told) - ACCEPTED.keys() for name, told in metadata.items()}
    refused = [
        f"{name}: {licence} is not accepted"
        for name, unusual in found.items()
        for licence in sorted(unusual - exceptions.get(name, (set(), ""))[0])
    ]
    idle = [
        f"{name}: the exception is no longer needed" for name in sorted(exceptions) if not found.get(name)
    ]
    return refused + idle


def test_what_users_install_is_permissive() -> None:
    assert faults(closure("lakenb", frozenset({"cdk", "local"})), EXCEPTIONS) == []


def test_what_developers_install_is_permissive_too() -> None:
    assert (
        faults(
            closure("lakenb", frozenset({"cdk", "local", "test"})),
            EXCEPTIONS | FUNCTION_EXCEPTIONS | TOOL_EXCEPTIONS,
        )
        == []
    )


def carried() -> list[Requirement]:
    """Return what the rows of the built-in middlewares name."""
    kinds = [kind for kind in vars(lakenb).values() if isinstance(kind, type) and issubclass(kind, Step)]
    kinds = [kind for kind in kinds if kind not in {Step, lakenb.LanceDBStorage}]
    texts = {text for kind in kinds for text in kind.row.packages}
    return [Requirement(text) for text in sorted(texts)]


def test_what_functions_carry_is_permissive_too() -> None:
    named = {canonicalize_name(requirement.name) for requirement in carried()}
    whole = named.union(*(closure(name, frozenset()) for name in named))
    assert faults(whole, FUNCTION_EXCEPTIONS) == []


def test_what_the_vector_index_carries_is_permissive_too() -> None:
    folder = packages_of(lakenb.LanceDBStorage(dimensions=1).code()).folder
    told = [one.metadata for one in distributions(path=[str(folder)])]
    found = {canonicalize_name(one["Name"]): one for one in told}
    assert "lancedb" in found
    assert faults_of(found, INDEX_EXCEPTIONS) == []


def test_what_functions_carry_is_what_the_tests_try() -> None:
    for requirement in carried():
        assert version(requirement.name) in requirement.specifier


def test_tools_under_copyleft_never_reach_users() -> None:
    assert closure("lakenb", frozenset({"cdk", "local"})).isdisjoint(TOOL_EXCEPTIONS)


def test_a_licence_without_a_row_is_named() -> None:
    assert faults({"graphviz-pure"}, {}) == [
        "graphviz-pure: EPL-2.0 is not accepted",
        "graphviz-pure: OFL-1.1 is not accepted",
    ]


@pytest.mark.parametrize("name", ["boto3", "numpy"])
def test_an_idle_exception_is_named(name: str) -> None:
    assert faults({name}, {name: ({"MPL-2.0"}, "")}) == [f"{name}: the exception is no longer needed"]
