"""The embedded AWS's environment is made once, whole or not at all, and says clearly what is missing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from lakenb.backends.local import environment
from lakenb.backends.local.environment import LOCK, emulator_python
from lakenb.errors import EnvironmentSetupError, LocalRunError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a home of environments that holds none yet."""
    monkeypatch.setenv("LAKENB_HOME", str(tmp_path / "lakenb"))
    return tmp_path / "lakenb" / "embedded-aws"


@pytest.fixture
def nothing_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the lock be empty, where the case is not about what is installed."""
    lock = tmp_path / "requirements.lock"
    lock.write_text("# nothing\n")
    monkeypatch.setattr(environment, "LOCK", lock)
    return lock


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep pip from this machine's own configuration and cache."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")


def left(home: Path) -> list[str]:
    """Return what lies in the home, but for lock files."""
    return sorted(entry.name for entry in home.iterdir() if entry.suffix != ".lock")


def test_environment_is_isolated_from_this_one() -> None:
    program = (
        "import importlib.metadata as m, sys; print(m.version('ministack'), m.version('boto3'), sys.prefix)"
    )
    seen = subprocess.run(
        [str(emulator_python()), "-I", "-c", program], capture_output=True, text=True, check=True
    )
    ministack, boto3, prefix = seen.stdout.split()
    assert (ministack, boto3) == ("1.5.33", "1.43.106")
    assert Path(prefix) != Path(sys.prefix)
    for absent in ("lakenb", "pandas", "pip"):
        assert subprocess.run([str(emulator_python()), "-I", "-c", f"import {absent}"], capture_output=True,
                              check=False).returncode != 0  # fmt: skip


def test_second_call_only_looks(
    home: Path, nothing_to_install: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert nothing_to_install.exists()
    first = emulator_python()
    assert first.is_file()
    assert first.is_relative_to(home)
    monkeypatch.setattr(sys, "executable", "/no/such/python")  # making it again would fail
    assert emulator_python() == first
    assert left(home) == [first.parents[1].name]


def test_changed_lock_makes_another_environment(home: Path, nothing_to_install: Path) -> None:
    first = emulator_python()
    nothing_to_install.write_text("# still nothing\n")
    second = emulator_python()
    assert first != second
    assert len(left(home)) == 2


@pytest.mark.usefixtures("nothing_to_install")
def test_half_made_or_broken_environment_is_made_again(home: Path) -> None:
    first = emulator_python()
    folder = first.parents[1]
    (folder / "complete").unlink()
    (folder / "rubbish").write_text("half made")
    assert emulator_python() == first
    assert not (folder / "rubbish").exists()
    first.unlink()  # as when the Python that it was made from is gone
    assert emulator_python().is_file()
    assert left(home) == [folder.name]


@pytest.mark.usefixtures("home")
def test_two_processes_at_once_make_one(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[1])
        from lakenb.backends.local import environment
        environment.LOCK = Path(sys.argv[2])
        print(environment.emulator_python())
    """)
    lock = tmp_path / "empty.lock"
    lock.write_text("# nothing, twice\n")
    running = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(ROOT), str(lock)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    answers = {process.communicate(timeout=120)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert len(answers) == 1


class Refused(NamedTuple):
    what: str
    where: str
    mend: str


def refusal() -> Refused:
    with pytest.raises(EnvironmentSetupError) as refused:
        emulator_python()
    assert isinstance(refused.value, LocalRunError)
    fault = refused.value.fault
    return Refused(fault.what, fault.where, fault.mend)


@pytest.mark.usefixtures("alone")
def test_unreachable_index_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    refused = refusal()
    assert refused.what == "the package index cannot be reached"
    assert str(home) in refused.where
    assert refused.mend.startswith("connect to the network")
    assert left(home) == []


@pytest.mark.usefixtures("alone")
def test_missing_wheel_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    refused = refusal()
    assert refused.what == "a package of the embedded AWS cannot be found as a wheel"
    assert "boto3==1.43.106" in refused.mend
    assert left(home) == []


def test_changed_package_is_refused(
    home: Path, nothing_to_install: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    build_wheel(wheels)
    nothing_to_install.write_text(f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    assert "its hash differs" in refusal().what
    assert left(home) == []


def build_wheel(folder: Path) -> None:
    """Write the smallest wheel that pip takes."""
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("tiny.py", "")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        wheel.writestr(
            "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")


@pytest.mark.usefixtures("nothing_to_install")
def test_folder_that_may_not_be_written_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.write_text("")
    monkeypatch.setenv("LAKENB_HOME", str(file / "below"))
    refused = refusal()
    assert refused.what == "the folder for the embedded AWS cannot be used (Not a directory)"
    assert refused.where == str(file / "below" / "embedded-aws")
    assert refused.mend == "mend that, or name another folder with LAKENB_HOME"


@pytest.mark.usefixtures("home", "nothing_to_install")
@pytest.mark.parametrize(
    ("module", "what", "mend"),
    [
        ("venv", "this Python has no working venv module",
         "install it (Debian and Ubuntu: apt install python3-venv)"),
        ("pip", "this Python has no pip, which installs the embedded AWS's packages",
         "install it: python -m ensurepip, or install 'lakenb[local]'"),
    ],
)  # fmt: skip
def test_python_without_a_module_is_said(
    module: str, what: str, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python-without"
    python.write_text(
        f'#!/bin/sh\n[ "$2" = {module} ] && echo "No module named {module}" >&2 && exit 1\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    refused = refusal()
    assert refused.what == what
    assert refused.mend.startswith(mend)
    assert f"No module named {module}" in refused.mend


@pytest.mark.usefixtures("home")
def test_wrong_python_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 2, "final", 0))
    assert refusal() == (
        "the embedded AWS needs CPython 3.11 to 3.13, this is cpython 3.10",
        f"the Python {sys.executable}",
        "start the notebook or the command with one of those",
    )


@pytest.mark.usefixtures("nothing_to_install")
def test_full_disk_is_said(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """pip's own words for it, as it prints them."""
    python = tmp_path / "python-full"
    message = "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"
    python.write_text(
        f'#!/bin/sh\n[ "$2" = pip ] && [ "$3" != --version ] && echo "{message}" >&2 && exit 1\n'
        f'exec {sys.executable} "$@"\n'
    )
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    refused = refusal()
    assert refused.what == "there is no space left for the embedded AWS's packages (about 100 MB)"
    assert refused.mend.startswith("free some space, or name another folder with LAKENB_HOME")
    assert left(home) == []


def test_home_follows_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LAKENB_HOME", str(tmp_path / "a"))
    assert environment._home() == tmp_path / "a" / "embedded-aws"
    monkeypatch.delenv("LAKENB_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "b"))
    assert environment._home() == tmp_path / "b" / "lakenb" / "embedded-aws"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert environment._home() == tmp_path / "c" / ".cache" / "lakenb" / "embedded-aws"


def test_every_package_is_pinned_and_hashed_and_no_index_is_named() -> None:
    lines = LOCK.read_text().splitlines()
    packages = [line for line in lines if not line.startswith((" ", "#"))]
    assert {"ministack==1.5.33 \\", "boto3==1.43.106 \\", "botocore==1.43.106 \\"} <= set(packages)
    assert all(re.fullmatch(r"[a-z0-9-]+==[0-9.a-z]+( ; .*)? \\", line) for line in packages)
    for number, line in enumerate(lines):
        if line in packages:
            assert lines[number + 1].lstrip().startswith("--hash=sha256:")
    assert not any("http" in line or line.startswith("--index") or "file:" in line for line in lines)
