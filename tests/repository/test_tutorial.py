"""The tutorial's blocks run as they stand, from top to bottom."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", TUTORIAL, flags=re.DOTALL)


def run(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def test_the_notebooks_part_runs_and_answers_as_it_is_told(tmp_path: Path) -> None:
    *cells, _ = blocks()
    done = run("\n".join(cells), tmp_path)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    assert said.startswith("ALLOWED  paragraphs · s3:GetObject on inbox/letters/one.txt\n")
    assert "DENIED   paragraphs · s3:PutObject on inbox/letters/one.txt\n" in said
    # the answers that the page prints, but for the random ends of names and the breaks of lines
    told = re.findall(r"```text\n(ALLOWED.*?)```", TUTORIAL, flags=re.DOTALL)[0]
    for part in re.split(r"\S*…\S*", told):
        assert "".join(part.split()) in "".join(said.split())
    assert (tmp_path / "cdk.out" / "letters.template.json").exists()


def test_the_apps_part_synthesizes(tmp_path: Path) -> None:
    *_, app = blocks()
    assert "PipelineConstruct" in app
    done = run(app.replace("App()", f"App(outdir={str(tmp_path / 'out')!r})"), tmp_path)
    assert done.returncode == 0, done.stderr
    template = (tmp_path / "out" / "Documents.template.json").read_text(encoding="utf-8")
    assert "AWS::Events::Rule" in template
    assert '"EventBridgeEnabled": true' in template or "EventBridgeConfiguration" in template


def test_the_error_that_the_page_shows_is_raised(tmp_path: Path) -> None:
    code = blocks()[0] + "paragraphs.pipe(lk.ImageMetadataExtractor('image'))"
    done = run(code, tmp_path)
    shown = re.findall(r"```text\n(IncompatibleEdgeError.*?)```", TUTORIAL, flags=re.DOTALL)[0]
    assert " ".join(done.stderr.split()).endswith(" ".join(shown.split())), done.stderr
