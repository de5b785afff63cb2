"""The repository speaks of the product alone: no machine's paths, no private hosts."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MACHINE = re.compile(
    r"(?<![\w.*}-])/(?:root|work)/[\w.]"  # a path that begins at the root, not a part of one
    r"|(?<![\w.*}-])/(?:home|Users)/[a-z]\w*"
    r"|\b[A-Z]:\\Users\\"
    r"|\b[a-z0-9][a-z0-9-]*\.(?:corp|intranet|lan|localdomain)\b"
    r"|\bip-10(?:-\d{1,3}){3}\b"
)


def tracked_files() -> list[Path]:
    """Return every file that is tracked, or would be by the next `git add`."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("no git, or no repository of git's here: only git knows which files are tracked")
    listing = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    return [ROOT / name for name in sorted(listing.split("\0")) if name and (ROOT / name).is_file()]


def machine_traces(text: str) -> list[str]:
    return [match.group() for match in MACHINE.finditer(text)]


def test_no_tracked_file_names_a_machine() -> None:
    found: list[str] = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue  # a picture or an archive
        for number, line in enumerate(content.decode("utf-8").splitlines(), start=1):
            found.extend(f"{path.relative_to(ROOT)}:{number}: {trace}" for trace in machine_traces(line))

    assert found == []


@pytest.mark.parametrize(
    "parts",
    [
        ("see ", "/ro", "ot/project/a.py"),
        ("open('", "/ho", "me/jane/data.csv')"),
        ("C:\\Us", "ers\\jane"),
        ("http://build-7.co", "rp/simple"),
        ("ip-10-0", "-12-7"),
    ],
)
def test_a_trace_of_a_machine_is_found(parts: tuple[str, ...]) -> None:
    assert machine_traces("".join(parts))


@pytest.mark.parametrize(
    "text",
    [
        "s3://inbox/work/a.pdf",
        "arn:aws:iam::111122223333:role/home/reader",
        "docs/home/index.md",
        "/var/task/lakenb",
    ],
)
def test_what_belongs_to_the_product_is_no_trace(text: str) -> None:
    assert machine_traces(text) == []
