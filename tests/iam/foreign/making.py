"""How the committed templates are made of the CDK apps beside them: ``python -m tests.iam.foreign.making``.

What is kept is what a reader of templates sees. Code of functions is masked (CDK writes its own handlers into
templates), and the assembly's reports are left out.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import lakenb
from lakenb.backends.cdk.node import find_node

HERE = Path(__file__).parent
ROOT = Path(lakenb.__file__).parents[1]
KEPT = {
    "clinic": ("Clinic.template.json", "ClinicShared.template.json"),
    "lab": (
        "manifest.json",
        "Lab.assets.json",
        "Lab.template.json",
        "LabAnalysis21271E26.nested.template.json",
        "LabAnalysisShelfA43B8B53.nested.template.json",
        "LabIntake6D44947A.nested.template.json",
    ),
}
CODE = "def handler(event, context):\n    return event\n"


def made(name: str, folder: Path) -> dict[str, Any]:
    """Return the files of an app's assembly that are kept, made anew in a folder."""
    subprocess.run(
        [sys.executable, str(HERE / f"{name}_app.py"), str(folder)],
        env={**os.environ, **find_node().environment, "PYTHONPATH": str(ROOT), "CDK_VALIDATION": "false"},
        check=True,
        timeout=200,
    )
    return {file: masked(json.loads((folder / file).read_text("utf-8"))) for file in KEPT[name]}


def masked(value: Any) -> Any:
    """Return a part of an assembly without code of functions and without reports."""
    match value:
        case {"artifacts": dict(artifacts), **rest}:  # the manifest
            kept = {key: each for key, each in artifacts.items() if each["type"] != "cdk:feature-flag-report"}
            return {**{key: rest[key] for key in rest if key == "version"}, "artifacts": masked(kept)}
        case dict():
            return {
                key: CODE if key == "ZipFile" else masked(each)
                for key, each in value.items()
                if key not in {"additionalMetadataFile", "metadata"}
            }
        case list():
            return [masked(each) for each in value]
        case _:
            return value


def committed(name: str) -> dict[str, Any]:
    """Return the same files as they are committed."""
    return {file: json.loads((HERE / name / file).read_text("utf-8")) for file in KEPT[name]}


def main() -> None:
    for name in KEPT:
        with tempfile.TemporaryDirectory() as folder:
            for file, content in made(name, Path(folder)).items():
                (HERE / name).mkdir(exist_ok=True)
                text = json.dumps(content, indent=1) + "\n"
                (HERE / name / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
