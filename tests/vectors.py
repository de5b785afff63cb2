"""What stands in a LanceDB table, asked in a process of its own with the very packages of the function."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import lakenb as lk
from lakenb.packaging.zips import packages_of

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession

# os._exit: its threads may outlive the interpreter otherwise
_ASK = """
import json, os, sys
import lancedb
place, name, vector = json.loads(sys.argv[1])
table = lancedb.connect(place).open_table(name)
found = table.search(vector).to_list() if vector else table.to_arrow().to_pylist()
print(json.dumps(found), flush=True)
os._exit(0)
"""


def with_packages(program: str, *arguments: str, paths: tuple[str, ...] = ()) -> str:
    """Return what a program prints that has the function's packages."""
    found = packages_of(lk.LanceDBStorage(dimensions=1).code())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(found.folder), *paths))}
    command = [sys.executable, "-P", "-c", program, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rows(
    place: Path | str, vector: list[float] | None = None, name: str = "documents"
) -> list[dict[str, Any]]:
    """Return a table's rows, the nearest to a vector first where one is given."""
    found: list[dict[str, Any]] = json.loads(with_packages(_ASK, json.dumps([str(place), name, vector])))
    return found


def fetched(session: LocalSession, bucket: str, folder: Path) -> Path:
    """Return a copy of an index that lies in a bucket."""
    s3 = session.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page.get("Contents", []):
            target = folder / one["Key"]
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, one["Key"], str(target))
    return folder / "lancedb"
