"""Documents that other projects publish with their sources: fetched by name, never copied in."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from hashlib import sha256
from pathlib import Path

# What pip is asked for, and the SHA-256 of the file: another file would have other outcomes.
Source = tuple[str, str]
PDFS: Source = ("pypdf==6.0.0", "282a99d2cc94a84a3a3159f0d9358c0af53f85b4d28d76ea38b96e9e5ac2a08d")
PHOTOGRAPHS: Source = ("piexif==1.1.3", "83cb35c606bf3a1ea1a8f0a25cb42cf17e24353fd82e87ae3884e74a302a5f1b")
IMAGES: Source = ("imagesize==2.0.1", "b2ba6a4dea487a7ebcd53248d3476aca449d30db12a2dde5e0c5ca9624fd77e5")


def fetched(folder: Path, source: Source) -> Path:
    """Return the folder with a package's files; downloaded by pip unless they are there already.

    Raises
    ------
    AssertionError
        If pip cannot get the file, with what it said, or gets another one.
    """
    requirement, digest = source
    target = folder / requirement
    if not target.is_dir():
        name = requirement.partition("==")[0]
        command = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", f"--no-binary={name}")
        done = subprocess.run(
            (*command, "--dest", str(folder), requirement), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"these tests need {requirement} from the package index\n{done.stderr}"
        (archive,) = (path for path in folder.glob(f"{name}-*") if path.is_file())
        assert sha256(archive.read_bytes()).hexdigest() == digest, f"{archive.name} is another file"
        with tempfile.TemporaryDirectory(dir=folder) as unpacked:
            if archive.suffix == ".zip":
                shutil.unpack_archive(archive, unpacked)
            else:
                shutil.unpack_archive(archive, unpacked, filter="data")
            (root,) = Path(unpacked).iterdir()
            root.rename(target)
    return target
