"""The pinned CDK CLI on the embedded AWS, IAM enforced: it lists, deploys and compares what `synth` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lakenb as lk
from lakenb.backends.cdk.synth import synth
from tests.backends.cdk.cli import CLI_VERSION, Cli, first_object, physical_ids
from tests.examples import letters

if TYPE_CHECKING:
    from pathlib import Path

LETTER = b"Dear reader, " + b"this is a letter of some length. " * 40


def test_the_cli_is_the_pinned_one(cli: Cli) -> None:
    assert cli("--version").stdout.startswith(CLI_VERSION)


def test_the_cli_deploys_the_assembly_and_a_document_passes_through_it(cli: Cli, tmp_path: Path) -> None:
    made = synth(letters(), tmp_path / "cdk.out")
    assert cli("ls", app=made.directory).stdout == "letters\n"
    assert cli("diff", "--fail", app=made.directory).returncode == 1

    ran = cli("deploy", "--require-approval", "never", app=made.directory)
    assert ran.returncode == 0, ran.stdout + ran.stderr

    ids = physical_ids(cli.emulator, "letters")
    assert ids.keys() == letters().template()["Resources"].keys()
    cli.emulator.client("s3").put_object(Bucket=ids["InboxStore"], Key="letters/one.txt", Body=LETTER)
    assert first_object(cli.emulator, ids["ResultsStore"]) in LETTER

    compared = cli("diff", "--fail", app=made.directory)
    assert compared.returncode == 0, compared.stdout
    assert "There were no differences" in compared.stdout


def test_the_cli_sees_what_another_pipeline_would_change(cli: Cli, tmp_path: Path) -> None:
    before = lk.S3Trigger("inbox").pipe(lk.S3Storage("results"))
    after = lk.S3Trigger("inbox").pipe(lk.Passthrough("seen")).pipe(lk.S3Storage("results"))
    synth(lk.Pipeline("notes", before), tmp_path / "cdk.out")
    ran = cli("deploy", "--require-approval", "never", app=tmp_path / "cdk.out")
    assert ran.returncode == 0, ran.stdout + ran.stderr

    synth(lk.Pipeline("notes", after), tmp_path / "cdk.out")
    compared = cli("diff", "--fail", app=tmp_path / "cdk.out")
    assert compared.returncode == 1
    assert "AWS::SNS::Topic Pipeline/SeenTopic SeenTopic" in compared.stdout.replace("[+] ", "")
