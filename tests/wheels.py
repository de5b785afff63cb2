"""Small wheels made on the spot: an index of the test's own, without a network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

PURE = "py3-none-any"


def wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    tag: str = PURE,
    *,
    files: Mapping[str, str] | None = None,
    requires: tuple[str, ...] = (),
) -> Path:
    """Write a wheel; its module says its version, and it has a script that an installer makes."""
    told = f"{name}-{version}.dist-info"
    metadata = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"]
    metadata += [f"Requires-Dist: {requirement}\n" for requirement in requires]
    contents = {
        f"{name}/__init__.py": f'VERSION = "{version}"\n',
        **(files or {}),
        f"{told}/METADATA": "".join(metadata),
        f"{told}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{told}/entry_points.txt": f"[console_scripts]\n{name} = {name}:main\n",
    }
    lines = [f"{path},sha256={_digest(text)},{len(text.encode())}" for path, text in contents.items()]
    contents[f"{told}/RECORD"] = "\n".join([*lines, f"{told}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in contents.items():
            entry = zipfile.ZipInfo(inner)
            entry.external_attr = (0o100755 if inner.endswith("program") else 0o100644) << 16
            archive.writestr(entry, text)
    return path


def only_these(folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let pip find the wheels of a folder alone, and lakenb keep what it makes in another."""
    for name, value in environment(folder, home).items():
        monkeypatch.setenv(name, value)


def environment(folder: Path, home: Path) -> dict[str, str]:
    """Return the variables by which pip finds the wheels of a folder alone."""
    return {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(folder),
        "PIP_CONFIG_FILE": "/dev/null",
        "LAKENB_HOME": str(home),
    }


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
