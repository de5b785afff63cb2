"""How long `import lakenb` takes in a fresh interpreter, beside boto3, which AWS users import anyway."""

from __future__ import annotations

import subprocess
import sys

from harness import Result, Sample, measure


def fresh_import(module: str) -> Sample:
    """Return a sample that imports a module in a fresh interpreter, whose own start is not counted."""
    # -I: the caller's folder and PYTHON* settings do not count (one of these forbids saved bytecode)
    code = f"from time import perf_counter as now; start = now(); import {module}; print(now() - start)"

    def sample() -> float:
        return float(
            subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True).stdout
        )

    return sample


def import_time() -> Result:
    """Measure the import of the package."""
    return measure(
        "import lakenb",
        fresh_import("lakenb"),
        rounds=9,
        bound_seconds=0.150,
        peer=("import boto3", fresh_import("boto3")),
        note="fresh interpreters, bytecode and disk cache warm",
    )
