"""Third-party packages in functions' zips: wheels for Lambda, kept, reproducible, bounded."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from lakenb.errors import EnvironmentSetupError, PackagingError
from lakenb.graph.code import Code
from lakenb.graph.requirements import exact_requirements
from lakenb.packaging import binary_packages, function_zip, package_sizes
from lakenb.packaging.wheels import package_set
from lakenb.template.target import Target, kernel_target
from tests.wheels import environment, only_these, wheel

from lakenb.backends.local.platform_check import refuse_unloadable  # isort: skip

if TYPE_CHECKING:
    from pathlib import Path

HANDLER = "lakenb.runtime.handlers.s3_storage"
HERE = kernel_target()
TAG = f"cp3{HERE.minor}-cp3{HERE.minor}-{HERE.platforms[-1]}"
PRINT = f"""
import hashlib, sys
from lakenb.graph.code import Code
from lakenb.packaging import function_zip
made = function_zip(Code({HANDLER!r}, ("alpha==1.0", "beta==2.0")))
print(made.hash, hashlib.sha256(made.build()).hexdigest())
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the only wheels there are: alpha needs gamma, beta holds machine code."""
    folder = tmp_path / "wheels"
    wheel(folder, "alpha", requires=("gamma>=1",), files={"alpha/program": "#!/bin/sh\n"})
    wheel(folder, "beta", "2.0", TAG, files={"beta/native.so": "not really"})
    wheel(folder, "gamma", "1.5", files={"gamma/data.txt": "x" * 100_000})
    only_these(folder, tmp_path / "home", monkeypatch)
    return folder


def code(*packages: str, sources: tuple[tuple[str, str], ...] = ()) -> Code:
    return Code(HANDLER, packages, sources)


def opened(made: Code) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(function_zip(made).build()))


def refusal(made: Code) -> str:
    with pytest.raises(PackagingError) as refused:
        function_zip(made).build()
    return str(refused.value)


@pytest.mark.usefixtures("wheels")
def test_packages_come_with_their_dependencies_and_without_what_the_installer_leaves() -> None:
    with opened(code("alpha==1.0", "beta==2.0", sources=(("lakenb_user.py", "LIMIT = 3\n"),))) as archive:
        names = [name for name in archive.namelist() if not name.startswith("lakenb/")]
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        manifest = json.loads(archive.read("lakenb/function.json"))
        assert archive.read("lakenb_user.py") == b"LIMIT = 3\n"
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert names == [
        "alpha-1.0.dist-info/METADATA",
        "alpha-1.0.dist-info/WHEEL",
        "alpha-1.0.dist-info/entry_points.txt",
        "alpha/__init__.py",
        "alpha/program",
        "beta-2.0.dist-info/METADATA",
        "beta-2.0.dist-info/WHEEL",
        "beta-2.0.dist-info/entry_points.txt",
        "beta/__init__.py",
        "beta/native.so",
        "gamma-1.5.dist-info/METADATA",
        "gamma-1.5.dist-info/WHEEL",
        "gamma-1.5.dist-info/entry_points.txt",
        "gamma/__init__.py",
        "gamma/data.txt",
        "lakenb_user.py",
    ]
    assert modes["alpha/program"] == 0o100755
    assert modes["alpha/__init__.py"] == 0o100644
    assert manifest["packages"] == ["alpha==1.0", "beta==2.0"]
    assert manifest["platform"] == HERE.platforms[0]


def test_two_processes_with_caches_of_their_own_make_the_same_bytes(wheels: Path, tmp_path: Path) -> None:
    told = []
    for name in ("one", "another"):
        surroundings = {**os.environ, **environment(wheels, tmp_path / name)}
        command = [sys.executable, "-c", PRINT]
        done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=True)
        told.append(done.stdout)
    here = function_zip(code("alpha==1.0", "beta==2.0"))
    assert told == [f"{here.hash} {hashlib.sha256(here.build()).hexdigest()}\n"] * 2


def test_two_processes_at_once_make_one_set(wheels: Path, tmp_path: Path) -> None:
    home = tmp_path / "shared"
    surroundings = {**os.environ, **environment(wheels, home)}
    command = [sys.executable, "-c", PRINT]
    running = [
        subprocess.Popen(command, env=surroundings, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    told = {process.communicate()[0] for process in running}
    assert [process.returncode for process in running] == [0, 0, 0]
    assert len(told) == 1
    assert len(list((home / "wheels").iterdir())) == 1


@pytest.mark.usefixtures("wheels")
def test_the_hash_is_known_before_any_package_is() -> None:
    assert len(function_zip(code("absent==1.0")).hash) == 64


def test_the_hash_depends_on_what_is_named_and_not_on_how() -> None:
    made = function_zip(code("alpha==1.0", "beta-x==2.0")).hash
    assert function_zip(code("Beta_X==2.0", "alpha==1.0")).hash == made
    others = [
        code(),
        code("alpha==1.0"),
        code("alpha==1.1", "beta-x==2.0"),
        code("alpha==1.0", "beta-x==2.0", sources=(("lakenb_user.py", "a = 1\n"),)),
        code("alpha==1.0", "beta-x==2.0", sources=(("lakenb_user.py", "a = 2\n"),)),
    ]
    assert len({made, *(function_zip(other).hash for other in others)}) == 6


def test_packages_are_kept(wheels: Path) -> None:
    before = function_zip(code("alpha==1.0")).build()
    for path in wheels.iterdir():
        path.unlink()
    assert function_zip(code("alpha==1.0")).build() == before


@pytest.mark.parametrize("damage", ["lost", "changed", "list"])
def test_a_damaged_set_is_made_anew(wheels: Path, tmp_path: Path, damage: str) -> None:
    before = function_zip(code("alpha==1.0")).build()
    (kept,) = (tmp_path / "home" / "wheels").iterdir()
    match damage:
        case "lost":
            (kept / "files" / "gamma" / "data.txt").unlink()
        case "changed":
            (kept / "files" / "alpha" / "__init__.py").write_text("VERSION = 'another'\n")
        case _:
            (kept / "contents.json").write_text('{"packages": [')
    assert function_zip(code("alpha==1.0")).build() == before
    assert [path.name for path in kept.parent.iterdir()] == [kept.name]
    assert wheels.is_dir()


def test_wheels_are_those_of_the_target_and_not_of_this_machine(wheels: Path) -> None:
    wheel(wheels, "delta", "1.0", "cp312-cp312-manylinux_2_17_aarch64", files={"delta/machine": "aarch64"})
    wheel(wheels, "delta", "1.0", "cp312-cp312-manylinux_2_17_x86_64", files={"delta/machine": "x86_64"})
    wheel(wheels, "delta", "1.0", "cp312-cp312-manylinux_2_34_x86_64", files={"delta/machine": "too new"})
    requirements = exact_requirements(["delta==1.0"])
    for architecture, machine in (("arm64", "aarch64"), ("x86_64", "x86_64")):
        found = package_set(requirements, Target(architecture, 12))
        texts = {file.path: content.decode() for file, content in found.contents()}
        assert texts["delta/machine"] == machine


def test_no_wheel_for_the_platform_is_said_so(wheels: Path) -> None:
    wheel(wheels, "epsilon", "1.0", "cp311-cp311-win_amd64")
    assert refusal(code("alpha==1.0", "epsilon==1.0")) == (
        f"there is no wheel of epsilon==1.0 for {HERE}\n"
        f"  where: packages alpha==1.0, epsilon==1.0 for {HERE}\n"
        "  mend:  name a version that has one, another package, or do without: nothing is compiled here"
    )


@pytest.mark.usefixtures("wheels")
def test_no_such_version_names_those_that_there_are() -> None:
    assert refusal(code("gamma==9.9")) == (
        f"gamma has no version 9.9 for {HERE}\n"
        f"  where: packages gamma==9.9 for {HERE}\n"
        "  mend:  name one of its versions, such as 1.5"
    )


@pytest.mark.usefixtures("wheels")
def test_no_such_package_is_said_so() -> None:
    assert refusal(code("gama==1.5")) == (
        "the package index knows no package gama\n"
        f"  where: packages gama==1.5 for {HERE}\n"
        "  mend:  mend the name: it is the one that pip installs, "
        "which may differ from the one that is imported"
    )


def test_a_dependency_that_is_missing_is_named_with_who_asks(wheels: Path) -> None:
    wheel(wheels, "zeta", requires=("absent>=3",))
    told = refusal(code("zeta==1.0"))
    assert told.startswith("the package index knows no package absent\n")
    assert f"packages zeta==1.0 for {HERE} (a dependency of theirs asks for absent>=3)" in told


def test_packages_that_do_not_go_together_are_named(wheels: Path) -> None:
    wheel(wheels, "eta", requires=("gamma<1",))
    told = refusal(code("eta==1.0", "gamma==1.5"))
    assert "these packages do not go together" in told
    assert "eta 1.0 depends on gamma<1" in told
    assert "mend:  name versions that fit each other" in told


def test_no_network_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:1/simple",  # nothing listens there
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_RETRIES": "0",
        "LAKENB_HOME": str(tmp_path),
    }
    for name, value in nowhere.items():
        monkeypatch.setenv(name, value)
    assert refusal(code("alpha==1.0")) == (
        "the package index cannot be reached\n"
        f"  where: packages alpha==1.0 for {HERE}\n"
        "  mend:  connect once (packages are kept), or give pip another index or a folder of wheels "
        "(PIP_FIND_LINKS)"
    )
    assert list((tmp_path / "wheels").iterdir()) == []


@pytest.mark.usefixtures("wheels")
def test_a_folder_that_cannot_be_used_is_said_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("LAKENB_HOME", str(tmp_path / "file"))
    told = refusal(code("alpha==1.0"))
    assert told.startswith("the folder for functions' packages cannot be used (Not a directory)\n")
    assert told.endswith("mend:  mend that, or name another folder with LAKENB_HOME")


@pytest.mark.parametrize("package", ["--target=/tmp", "-rfile", "alpha", "alpha @ file:///x", "../alpha"])
def test_what_is_no_exact_requirement_reaches_no_command(package: str) -> None:
    with pytest.raises(PackagingError, match="which is no exact requirement"):
        function_zip(code(package))
    with pytest.raises(PackagingError, match="which is no exact requirement"):
        package_sizes({"one": code(package)})


@pytest.mark.usefixtures("wheels")
def test_a_function_that_lambda_would_not_take_names_its_largest_packages() -> None:
    expected = (
        "unzipped, and Lambda takes at most 0.1 MB; the largest packages are "
        "gamma 1.5 (0.1 MB), alpha 1.0 (0.0 MB)\n"
        "  where: the zip of a function\n"
        "  mend:  do with fewer or smaller packages, or divide the work between two middlewares; "
        "for more than that Lambda takes a container image, which is built at deployment"
    )
    with pytest.raises(PackagingError) as refused:
        function_zip(code("alpha==1.0"), largest_bytes=100_000).build()
    assert str(refused.value).endswith(expected)
    with pytest.raises(PackagingError) as refused:
        package_sizes({"one": code(), "two": code("alpha==1.0")}, largest_bytes=200_000)
    assert "Lambda takes at most 0.2 MB" in str(refused.value)


@pytest.mark.usefixtures("wheels")
def test_sizes_are_those_of_the_zip() -> None:
    codes = {"two": code("alpha==1.0", "beta==2.0"), "one": code()}
    table = package_sizes(codes)
    assert table.columns == ("function", "package", "version", "named", "binary", "unzipped_bytes")
    assert [row[:5] for row in table] == [
        ("one", "lakenb", None, True, False),
        ("two", "lakenb", None, True, False),
        ("two", "alpha", "1.0", True, False),
        ("two", "beta", "2.0", True, True),
        ("two", "gamma", "1.5", False, False),
    ]
    for name, made in codes.items():
        with opened(made) as archive:
            sizes = sum(entry.file_size for entry in archive.infolist())
        assert sum(row[5] for row in table if row[0] == name) == sizes


@pytest.mark.usefixtures("wheels")
def test_machine_code_for_lambda_is_refused_where_it_cannot_be_loaded() -> None:
    assert binary_packages({"one": code("alpha==1.0"), "two": code("beta==2.0")}) == {"two": ("beta",)}
    refuse_unloadable([code("alpha==1.0"), code()], system="darwin")
    refuse_unloadable([code("beta==2.0")], system="linux")
    with pytest.raises(EnvironmentSetupError) as refused:
        refuse_unloadable([code("alpha==1.0"), code("beta==2.0")], system="darwin")
    assert str(refused.value) == (
        "the packages beta hold machine code for Lambda's Linux, which macOS cannot load\n"
        "  where: the functions that bring beta\n"
        "  mend:  run it on Linux (a container or a CI job will do), or name packages of pure Python; "
        "the template is the same and can be deployed from here"
    )


@pytest.mark.parametrize(
    "path", ["../up.py", "/etc/x", "lakenb/errors.py", "Lakenb/x.py", "a//b", "", ".hidden", "a\\b", "a\nb"]
)
def test_a_users_file_stays_where_it_may(path: str) -> None:
    with pytest.raises(PackagingError, match="a file of the user's own cannot lie at"):
        function_zip(code(sources=((path, "x"),)))


def test_a_package_cannot_take_the_place_of_a_users_file(wheels: Path) -> None:
    wheel(wheels, "theta", files={"lakenb_user.py": "taken = True\n"})
    told = refusal(code("theta==1.0", sources=(("lakenb_user.py", "taken = False\n"),)))
    assert told.startswith("a package brings the file 'lakenb_user.py', which the function has already")
