"""Runs cdk-nag's AwsSolutions on templates, in a process of its own: CDK never runs in the tests'.

    python nag.py FOLDER

Reads every ``*.json`` of the folder, prints a JSON object: by file the findings, ``[rule, path, words]``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import aws_cdk
from aws_cdk.cloudformation_include import CfnInclude
from cdk_nag import AwsSolutionsChecks


def main(folder: Path) -> None:
    """Print what the pack finds in each template."""
    app = aws_cdk.App(analytics_reporting=False)
    pack = AwsSolutionsChecks(app)
    found: dict[str, list[Any]] = {}
    for index, path in enumerate(sorted(folder.glob("*.json"))):
        stack = aws_cdk.Stack(app, f"Stack{index}")
        CfnInclude(stack, "Template", template_file=str(path))
        report = pack.validate_scope(stack)
        found[path.name] = [
            [violation.rule_name, str(resource.construct_path), violation.description]
            for violation in report.violations
            for resource in violation.violating_resources
        ]
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
