"""environment.yml installs what the extra ``all`` installs: the same names in the same version ranges."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

CONDA_NAMES = {"playwright": "playwright-python"}
"""PyPI's name to conda-forge's, where they differ: there, the short names are other programs."""

Wanted = dict[str, tuple[frozenset[str], SpecifierSet]]


def declared(pyproject: dict[str, Any]) -> Wanted:
    """Return what pip installs for ``.[all]``, by canonical name."""
    project = pyproject["project"]
    extras: dict[str, list[str]] = project["optional-dependencies"]
    wanted: Wanted = {"python": (frozenset(), SpecifierSet(project["requires-python"]))}
    pending = [*project["dependencies"], *extras["all"]]
    while pending:
        requirement = Requirement(pending.pop())
        if requirement.name == project["name"]:
            pending.extend(text for extra in requirement.extras for text in extras[extra])
            continue
        entry = (frozenset(requirement.extras), requirement.specifier)
        known = wanted.setdefault(canonicalize_name(requirement.name), entry)
        assert known == entry, f"{requirement.name} is declared twice, differently"
    return wanted


def installed_by_conda(environment: dict[str, Any]) -> Wanted:
    """Return what environment.yml installs, by PyPI's canonical name."""
    pypi_names = {conda: pypi for pypi, conda in CONDA_NAMES.items()}
    wanted: Wanted = {}
    for entry in environment["dependencies"]:
        texts = entry["pip"] if isinstance(entry, dict) else [entry]
        for text in texts:
            if text == "--editable .":
                continue
            requirement = Requirement(text)
            name = canonicalize_name(requirement.name)
            if not isinstance(entry, dict):
                assert name not in CONDA_NAMES, f"on conda-forge {name} is called {CONDA_NAMES[name]}"
                name = canonicalize_name(pypi_names.get(name, name))
            assert name not in wanted, f"{name} stands twice in environment.yml"
            wanted[name] = (frozenset(requirement.extras), requirement.specifier)
    return wanted


def differences(pyproject: dict[str, Any], environment: dict[str, Any]) -> list[str]:
    """Return one line for each name that the two files do not install alike."""
    pip, conda = declared(pyproject), installed_by_conda(environment)
    return [
        f"{name}: {describe(pip.get(name))} in pyproject.toml, {describe(conda.get(name))} in environment.yml"
        for name in sorted(pip.keys() | conda.keys())
        if pip.get(name) != conda.get(name)
    ]


def describe(entry: tuple[frozenset[str], SpecifierSet] | None) -> str:
    if entry is None:
        return "nothing"
    extras, specifier = entry
    return f"[{','.join(sorted(extras))}]{specifier}" if extras else str(specifier) or "any version"


@pytest.fixture
def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture
def environment() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    return loaded


def test_conda_and_pip_install_the_same(pyproject: dict[str, Any], environment: dict[str, Any]) -> None:
    assert differences(pyproject, environment) == []


def test_the_package_itself_is_installed_by_conda_too(environment: dict[str, Any]) -> None:
    assert environment["dependencies"][-1]["pip"][-1] == "--editable ."


@pytest.mark.parametrize(
    ("old", "new", "difference"),
    [
        ("boto3>=1.40", "boto3>=1.41", "boto3: >=1.40 in pyproject.toml, >=1.41 in environment.yml"),
        ("psutil>=6", "mamba", "mamba: nothing in pyproject.toml, any version in environment.yml"),
        ("psutil>=6", "mamba", "psutil: >=6 in pyproject.toml, nothing in environment.yml"),
        (
            "python>=3.11,<3.14",
            "python>=3.12,<3.14",
            "python: <3.14,>=3.11 in pyproject.toml, <3.14,>=3.12 in environment.yml",
        ),
    ],
)
def test_drift_on_condas_side_is_named(
    pyproject: dict[str, Any], environment: dict[str, Any], old: str, new: str, difference: str
) -> None:
    entries = environment["dependencies"]
    entries[entries.index(old)] = new

    assert difference in differences(pyproject, environment)


@pytest.mark.parametrize("extra", ["cdk", "local", "smt", "test"])
def test_drift_on_pips_side_is_named(
    pyproject: dict[str, Any], environment: dict[str, Any], extra: str
) -> None:
    pyproject["project"]["optional-dependencies"][extra].append("humanize>=4")

    assert differences(pyproject, environment) == [
        "humanize: >=4 in pyproject.toml, nothing in environment.yml"
    ]


def test_drift_in_pips_extras_is_named(pyproject: dict[str, Any], environment: dict[str, Any]) -> None:
    entries = environment["dependencies"][-1]["pip"]
    entries[entries.index("pyright[nodejs]>=1.1.414")] = "pyright>=1.1.414"

    assert differences(pyproject, environment) == [
        "pyright: [nodejs]>=1.1.414 in pyproject.toml, >=1.1.414 in environment.yml"
    ]
