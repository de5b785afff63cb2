"""Pipelines that one stack cannot hold, on the embedded AWS: nested stacks stand, and documents pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.backends.local.deploy import deploy
from lakenb.backends.local.emulator import start_emulator
from lakenb.errors import DeploymentError
from tests.large import chain, fan_in, tree

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

LETTER = "Dear reader, this is one sentence. And this is another one.\n"


def passed(pipe: lk.Pipeline, folder: Path) -> tuple[Run, LocalSession]:
    """Run one document through a pipeline; everything that it became has arrived, and all agree."""
    path = folder / "letter.txt"
    path.write_text(LETTER, encoding="utf-8")
    with pipe.local() as session:
        assert session.stack.split.nested
        run = session.run([path])
        assert session.disagreement_records() == ()
    assert not run.failed.rows
    assert {one.node for one in run.document_records} == set(pipe.nodes)
    return run, session


def test_a_pipeline_of_99_nodes_stands_in_nested_stacks_and_a_document_passes(tmp_path: Path) -> None:
    """What is read back is compared with the whole template: the parts are the same, name by name."""
    _, session = passed(tree(), tmp_path)
    stack = session.stack
    assert stack.physical["N50Queue"].endswith("/tree_n-50")
    assert stack.physical["N50Logs"] == "/lakenb/tree/n-50"
    assert stack.paths[f"{stack.split.homes['N50Queue']}/N50Queue"] == stack.physical["N50Queue"]


def test_why_a_nested_stack_does_not_stand_is_told_by_the_resource() -> None:
    pipe = tree()
    template: dict[str, Any] = pipe.template()
    template["Resources"]["N50Queue"]["Properties"]["MessageRetentionPeriod"] = 1
    with (
        start_emulator() as emulator,
        pytest.raises(DeploymentError, match="N49Stack/N50Queue: Invalid value"),
    ):
        deploy(emulator, pipe.id, template, {step.code() for step in pipe.nodes.values()})


@pytest.mark.slow
@pytest.mark.parametrize(
    "pipe", [chain(key=lk.Key()), fan_in(), fan_in(key=lk.Key())], ids=["chain, key", "fan-in", "fan-in, key"]
)
def test_100_nodes_and_a_fan_in_of_60_stand_under_one_key_and_a_document_passes(
    pipe: lk.Pipeline, tmp_path: Path
) -> None:
    passed(pipe, tmp_path)
