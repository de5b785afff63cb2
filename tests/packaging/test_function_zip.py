"""Functions' zips: the same sources give the same hash and the same bytes, anywhere."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import lakenb
from lakenb.errors import PackagingError
from lakenb.graph.code import Code
from lakenb.packaging import asset_bucket, asset_key, function_zip

HANDLERS = ("recursive_character_text_splitter", "s3_storage", "s3_trigger")
PRINT_ZIP = """
import hashlib, sys
from lakenb.graph.code import Code
from lakenb.packaging import function_zip
for name in sys.argv[1:]:
    made = function_zip(Code("lakenb.runtime.handlers." + name))
    print(made.hash, hashlib.sha256(made.build()).hexdigest())
"""


def opened(name: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(function_zip(Code(f"lakenb.runtime.handlers.{name}")).build()))


def copied_package(folder: Path) -> Path:
    """Return a folder that holds a copy of the package: other paths, other dates."""
    source = Path(lakenb.__file__).parent
    shutil.copytree(source, folder / "lakenb", ignore=shutil.ignore_patterns("__pycache__"))
    for path in folder.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
        path.chmod(0o600)
    return folder


def zips_of(folder: Path) -> list[str]:
    """Return the hash of each handler's zip and of its bytes, as a new process finds them."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", PRINT_ZIP, *HANDLERS]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_hash_and_bytes_depend_on_neither_dates_nor_modes_nor_place_nor_process(tmp_path: Path) -> None:
    here = [function_zip(Code(f"lakenb.runtime.handlers.{name}")) for name in HANDLERS]
    expected = [f"{made.hash} {hashlib.sha256(made.build()).hexdigest()}" for made in here]
    assert zips_of(copied_package(tmp_path)) == expected


def test_another_source_is_another_hash_and_other_bytes(tmp_path: Path) -> None:
    folder = copied_package(tmp_path)
    before = zips_of(folder)
    with (folder / "lakenb" / "errors.py").open("a") as file:
        file.write("\n")
    for line_before, line_after in zip(before, zips_of(folder), strict=True):
        assert not set(line_before.split()) & set(line_after.split())


def test_each_handler_has_a_zip_of_its_own() -> None:
    assert len({function_zip(Code(f"lakenb.runtime.handlers.{name}")).hash for name in HANDLERS}) == len(
        HANDLERS
    )


@pytest.mark.parametrize("name", HANDLERS)
def test_a_zip_holds_what_its_handler_stands_on_and_nothing_else(name: str) -> None:
    with opened(name) as archive:
        names = archive.namelist()
        assert archive.read("lakenb/__init__.py") == b""
        manifest = json.loads(archive.read("lakenb/function.json"))
    assert names == sorted(names)
    rooms = {path.split("/")[1] for path in names}
    assert rooms == {"__init__.py", "errors.py", "events", "function.json", "runtime"}
    assert [path for path in names if "/handlers/" in path] == [
        "lakenb/runtime/handlers/__init__.py",
        f"lakenb/runtime/handlers/{name}.py",
    ]
    assert manifest["handler"] == f"lakenb.runtime.handlers.{name}"
    assert manifest["python"] == f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("name", HANDLERS)
def test_a_function_imports_from_its_zip_alone(name: str, tmp_path: Path) -> None:
    with opened(name) as archive:
        archive.extractall(tmp_path)
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import lakenb.runtime.function, "
        f"lakenb.runtime.handlers.{name}; "
        "loaded = sorted(m for m in sys.modules if m.partition('.')[0] in ('boto3', 'pandas', 'botocore')); "
        f"assert not loaded, loaded; assert lakenb.__file__.startswith({str(tmp_path)!r})"
    )
    subprocess.run([sys.executable, "-I", "-c", program], cwd=tmp_path, check=True)


def test_everybody_may_read_every_file() -> None:
    with opened("s3_trigger") as archive:
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o100644}
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_an_unknown_handler_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(PackagingError) as refused:
        function_zip(Code("lakenb.runtime.handlers.s3_storrage"))
    assert str(refused.value) == (
        "there is no handler 'lakenb.runtime.handlers.s3_storrage'\n"
        "  where: the zip of a function\n"
        "  mend:  did you mean lakenb.runtime.handlers.s3_storage?"
    )


@pytest.mark.parametrize(
    "module", ["lakenb.graph", "os", "lakenb.runtime.handlers.__init__", "../errors", ""]
)
def test_only_handlers_can_be_packed(module: str) -> None:
    with pytest.raises(PackagingError, match="there is no handler"):
        function_zip(Code(module))


def test_a_handler_that_imports_what_does_not_travel_is_refused(tmp_path: Path) -> None:
    folder = copied_package(tmp_path)
    handlers = folder / "lakenb" / "runtime" / "handlers"
    (handlers / "leaning.py").write_text("from lakenb.graph import Graph\n")
    program = (
        "from lakenb.graph.code import Code\n"
        "from lakenb.packaging import function_zip\nfrom lakenb.errors import PackagingError\n"
        "try:\n    function_zip(Code('lakenb.runtime.handlers.leaning'))\n"
        "except PackagingError as error:\n    print(error)"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    assert "imports lakenb.graph, which does not travel into functions" in done.stdout


def test_a_handler_brings_the_handlers_that_it_imports(tmp_path: Path) -> None:
    folder = copied_package(tmp_path)
    handlers = folder / "lakenb" / "runtime" / "handlers"
    (handlers / "leaning.py").write_text(
        "from lakenb.runtime.handlers import s3_storage\nhandle = s3_storage.handle\n"
    )
    program = (
        "import io, zipfile\nfrom lakenb.graph.code import Code\nfrom lakenb.packaging import function_zip\n"
        "made = function_zip(Code('lakenb.runtime.handlers.leaning')).build()\n"
        "print(*(n for n in zipfile.ZipFile(io.BytesIO(made)).namelist() if '/handlers/' in n))"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=True)
    assert [path.rpartition("/")[2] for path in done.stdout.split()] == [
        "__init__.py",
        "leaning.py",
        "s3_storage.py",
    ]


def test_an_asset_lies_where_cdk_puts_it() -> None:
    assert asset_bucket("111122223333", "eu-west-1") == "cdk-hnb659fds-assets-111122223333-eu-west-1"
    assert asset_key("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.zip"
