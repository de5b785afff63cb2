"""The pinned CDK CLI on an embedded AWS of its own: no other test's stacks, a bootstrap made by the CLI."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.backends.cdk.node import find_node

if TYPE_CHECKING:
    from lakenb.backends.local.emulator import LocalEmulator

CLI = Path(sys.prefix, "lib", "node_modules", "aws-cdk", "bin", "cdk")
CLI_VERSION = "2.1148.1"
_SECONDS = 90.0


@dataclass(frozen=True)
class Cli:
    """The CLI as the deployer of an embedded AWS; its home is a folder of the test's."""

    emulator: LocalEmulator
    home: Path

    def __call__(self, *arguments: str, app: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it."""
        if not CLI.exists():
            pytest.fail(f"the CDK CLI is missing: scripts/setup.sh test installs aws-cdk@{CLI_VERSION}")
        given = ["--app", str(app)] if app else []
        return subprocess.run(
            [str(find_node().path), str(CLI), *given, "--no-color", "--no-notices", *arguments],
            cwd=self.home,
            env={
                "PATH": os.defpath,
                "HOME": str(self.home),
                "AWS_ACCESS_KEY_ID": self.emulator.access_key,
                "AWS_SECRET_ACCESS_KEY": self.emulator.secret_key,
                "AWS_REGION": self.emulator.region,
                "AWS_ENDPOINT_URL": self.emulator.endpoint,
                "AWS_EC2_METADATA_DISABLED": "true",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "CI": "true",  # progress goes to standard output, errors alone to standard error
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )


def physical_ids(emulator: LocalEmulator, stack: str) -> dict[str, str]:
    """Return a deployed stack's physical ids by their logical ids."""
    formation = emulator.client("cloudformation")
    pages = formation.get_paginator("list_stack_resources").paginate(StackName=stack)
    return {
        made["LogicalResourceId"]: made["PhysicalResourceId"]
        for page in pages
        for made in page["StackResourceSummaries"]
    }


def first_object(emulator: LocalEmulator, bucket: str, seconds: float = 30.0) -> bytes:
    """Return the first object that arrives in a bucket."""
    s3: Any = emulator.client("s3")
    deadline = time.monotonic() + seconds
    while not (found := s3.list_objects_v2(Bucket=bucket).get("Contents")):
        assert time.monotonic() < deadline, f"nothing in {bucket} within {seconds} s"
        time.sleep(0.1)
    content: bytes = s3.get_object(Bucket=bucket, Key=found[0]["Key"])["Body"].read()
    return content
