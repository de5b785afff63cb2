"""A pipeline that one stack cannot hold, through CDK: nested templates are assets, and CDK's root is ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import lakenb as lk
from lakenb.backends.cdk.synth import synth, without_additions
from lakenb.iam.stacks.source import load, together
from lakenb.review.verify import verify
from lakenb.template.split import split, template_key
from tests.backends.cdk.cli import Cli, first_object
from tests.large import fan_in, tree
from tests.test_cdk import run_app

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.backends.cdk.assembly import Assembly

LETTER = b"Dear reader, " + b"this is a letter of some length. " * 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return synth(tree(), tmp_path_factory.mktemp("assembly") / "cdk.out")


def test_cdks_root_and_the_nested_templates_are_ours(made: Assembly) -> None:
    whole = split(tree().template())
    root = json.loads(made.template.read_text(encoding="utf-8"))
    nested = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in made.nested}

    assert without_additions(root) == without_additions(whole.root)
    assert nested == {f"asset.{template_key(one)}": one for one in whole.nested.values()}
    assert made.warnings == ()


def test_each_nested_template_is_uploaded_where_the_root_looks_for_it(made: Assembly) -> None:
    listed = json.loads((made.directory / "tree.assets.json").read_text(encoding="utf-8"))["files"]
    places = {
        destination["objectKey"]: made.directory / asset["source"]["path"]
        for asset in listed.values()
        for destination in asset["destinations"].values()
    }
    for path in made.nested:
        key = path.name.removeprefix("asset.")
        assert places[key] == path
    assert not {path.suffix for path in made.assets} - {".zip"}
    assert "tree.template.json, 4 nested stacks and 3 zips" in repr(made)


def test_a_stranger_finds_the_nested_templates_in_the_assembly_and_every_claim_is_proved(
    made: Assembly,
) -> None:
    whole, found = split(tree().template()), load(made.directory)
    assert {name: one.template for name, one in found.nested.items()} == dict(whole.nested)
    assert verify(found, tree()).is_proved
    assert verify(found, tree()).digest != verify(together(found.template, {}), tree()).digest


def test_a_pipeline_in_somebody_elses_stack_must_fit_it(tmp_path: Path) -> None:
    script = """
from tests.large import tree
told(lambda: PipelineConstruct(cdk.Stack(app, "shop"), "P", pipeline=tree()))
"""
    [told] = run_app(script, tmp_path)
    assert "1297 resources; a CloudFormation stack holds 500" in told
    assert "give the pipeline stacks of its own by Pipeline.synth" in told


@pytest.mark.slow
@pytest.mark.parametrize("pipe", [tree(), fan_in(key=lk.Key())], ids=lambda pipe: str(pipe.id))
def test_the_cli_deploys_nested_stacks_and_a_document_passes(
    cli: Cli, tmp_path: Path, pipe: lk.Pipeline
) -> None:
    assembly = synth(pipe, tmp_path / "cdk.out")
    ran = cli("deploy", "--require-approval", "never", app=assembly.directory)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    homes = split(pipe.template()).homes
    ids = {
        one["LogicalResourceId"]: one["PhysicalResourceId"]
        for stack in (pipe.id, *_nested(cli, pipe.id))
        for one in cli.emulator.client("cloudformation").describe_stack_resources(StackName=stack)[
            "StackResources"
        ]
    }
    assert homes.keys() <= ids.keys()
    cli.emulator.client("s3").put_object(Bucket=ids["InboxStore"], Key="one.txt", Body=LETTER)
    assert first_object(cli.emulator, ids["ResultsStore"]) in LETTER

    compared = cli("diff", "--fail", app=assembly.directory)
    assert compared.returncode == 0, compared.stdout


def _nested(cli: Cli, stack: str) -> list[str]:
    found = cli.emulator.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    kind = "AWS::CloudFormation::Stack"
    return [one["PhysicalResourceId"] for one in found if one["ResourceType"] == kind]
