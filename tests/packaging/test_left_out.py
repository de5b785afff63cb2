"""What a function leaves out of its packages: exactly what its code names."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.errors import PackagingError
from lakenb.graph.code import Code
from lakenb.packaging import function_zip, package_sizes
from lakenb.packaging.zips import LARGEST_BYTES
from tests.wheels import only_these, wheel

if TYPE_CHECKING:
    from pathlib import Path

HANDLER = "lakenb.runtime.handlers.s3_storage"


@pytest.fixture
def _wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"alpha/include/a/b.h": "x" * 1000, "alpha/used.txt": "y", "alpha/tests/test_a.py": "z" * 10}
    wheel(tmp_path / "wheels", "alpha", files=files)
    only_these(tmp_path / "wheels", tmp_path / "home", monkeypatch)


def code(*patterns: tuple[str, str]) -> Code:
    return Code(HANDLER, ("alpha==1.0",), (), patterns)


def names(made: Code) -> set[str]:
    with zipfile.ZipFile(io.BytesIO(function_zip(made).build())) as archive:
        return {name for name in archive.namelist() if name.startswith("alpha/")}


def size(made: Code) -> int:
    rows = package_sizes({"one": made}).rows
    return int(next(row[5] for row in rows if row[1] == "alpha"))


@pytest.mark.usefixtures("_wheels")
def test_what_is_named_stays_out_and_all_else_travels() -> None:
    made = code(("alpha", "alpha/include/*"), ("alpha", "alpha/tests/test_*"))
    assert names(made) == {"alpha/__init__.py", "alpha/used.txt"}
    assert names(code()) == names(made) | {"alpha/include/a/b.h", "alpha/tests/test_a.py"}


@pytest.mark.usefixtures("_wheels")
def test_sizes_are_of_what_travels() -> None:
    assert size(code()) - size(code(("alpha", "alpha/include/*"))) == 1000


@pytest.mark.usefixtures("_wheels")
def test_another_choice_is_another_zip() -> None:
    hashes = [function_zip(one).hash for one in (code(), code(("alpha", "alpha/include/*")))]
    assert hashes[0] != hashes[1]


@pytest.mark.usefixtures("_wheels")
@pytest.mark.parametrize("pattern", [("alpha", "alpha/gone/*"), ("beta", "alpha/include/*")])
def test_a_pattern_that_fits_nothing_is_refused(pattern: tuple[str, str]) -> None:
    with pytest.raises(PackagingError) as refused:
        function_zip(code(pattern)).build()
    assert str(refused.value) == (
        f"the packages hold no file {pattern[1]!r} of {pattern[0]!r}, which was to be left out\n"
        "  where: the packages of a function\n"
        "  mend:  see what these versions of the packages hold, and name what may be left out anew"
    )


def test_the_vector_index_is_within_what_lambda_takes() -> None:
    rows = package_sizes({"index": lk.LanceDBStorage(dimensions=3).code()}).rows
    assert sum(int(row[5]) for row in rows) <= LARGEST_BYTES
    assert all(row[3] for row in rows), "each package is pinned: nothing may grow unseen"
