"""Which node runs CDK: a named one, the wheel's, the PATH's; one that cannot is told with its mend."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lakenb.backends.cdk.node import Node, choose_node, find_node, wheel_node
from lakenb.errors import SynthError


def program(folder: Path, told: str) -> Path:
    """Return a program that tells a version."""
    made = folder / "node"
    made.write_text(f"#!/bin/sh\necho {told}\n", encoding="utf-8")
    made.chmod(0o755)
    return made


def test_the_wheels_node_is_found_without_a_path_and_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    monkeypatch.setenv("PATH", "")
    found = find_node()

    assert found == Node(wheel_node() or Path(), None)
    told = subprocess.run([found.path, "--version"], capture_output=True, text=True, check=True).stdout
    assert told.startswith("v24.")


def test_a_named_node_comes_first_and_is_silent_about_its_age(tmp_path: Path) -> None:
    named = program(tmp_path, "v20.1.0")
    found = choose_node(str(named), wheel_node(), "")

    assert found == Node(named, 20)
    assert found.environment == {
        "JSII_NODE": str(named),
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }


def test_without_the_wheel_the_paths_node_is_taken(tmp_path: Path) -> None:
    assert choose_node(None, None, str(program(tmp_path, "v22.2.2").parent)).major == 22


@pytest.mark.parametrize(("told", "said"), [("v18.20.0", "is node 18"), ("hello", "does not run")])
def test_a_node_that_cannot_run_cdk_is_told(tmp_path: Path, told: str, said: str) -> None:
    old = program(tmp_path, told)

    with pytest.raises(SynthError, match=f"CDK runs on node 20 or newer, and {old} {said}") as caught:
        choose_node(None, None, str(tmp_path))
    assert caught.value.fault.mend == "pip install 'lakenb[cdk]', which brings a node of its own"
    with pytest.raises(SynthError, match=said) as caught:
        choose_node(str(old), wheel_node(), "")
    assert caught.value.fault.where == f"JSII_NODE={old}"
    assert caught.value.fault.mend.startswith("unset JSII_NODE, or ")


def test_no_node_at_all_is_told() -> None:
    with pytest.raises(SynthError, match="CDK runs on node, and there is none"):
        choose_node(None, None, "/nowhere")
