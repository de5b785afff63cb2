"""Every middleware x encryption x network: linters, cdk-nag with its whole list of reasons, all claims."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cloudformation_validate
import pytest

import lakenb as lk
from lakenb.backends.cdk.node import find_node
from lakenb.graph.steps import Step
from tests.pairs.accepted import ACCEPTED
from tests.pairs.pipelines import KEYS, STEPS, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIRS = [(name, key, in_vpc) for name in STEPS for key in KEYS for in_vpc in (False, True)]
# the two that differ most, in every run; the others in `make test-all`
USUAL = {("default", False), ("one key", True)}
NAMES = [f"{name}, {key}{', in a VPC' if in_vpc else ''}" for name, key, in_vpc in PAIRS]
MARKED = [
    pytest.param(*pair, id=name, marks=() if pair[1:] in USUAL else (pytest.mark.slow,))
    for pair, name in zip(PAIRS, NAMES, strict=True)
]
# Advice against a literal ARN and its account: a queue that somebody else made is named by its ARN
ADVICE = {"W9002", "W9013"}
NAG = Path(__file__).with_name("nag.py")


def test_every_middleware_of_the_catalog_is_in_the_pairs() -> None:
    offered = {
        name
        for name in lk.__all__
        if isinstance(one := getattr(lk, name), type) and issubclass(one, Step) and one is not Step
    }
    offered.add("CustomMiddleware")  # a function's own, made by the decorator
    assert offered == {name.split()[0] for name in STEPS}


@pytest.mark.parametrize(("name", "key", "in_vpc"), MARKED)
def test_every_claim_is_proved(name: str, key: str, *, in_vpc: bool) -> None:
    verification = pipeline(name, key, in_vpc=in_vpc).verify()
    assert verification.is_proved, str(verification)
    if key != "default":
        assert {row.claim: row for row in verification.claims}["P6"].proved
    if in_vpc:
        assert {row.claim: row for row in verification.claims}["P8"].proved


@pytest.mark.parametrize(("name", "key", "in_vpc"), MARKED)
def test_both_validators_find_no_fault(name: str, key: str, *, in_vpc: bool) -> None:
    from cfnlint.api import lint_all  # noqa: PLC0415  slow to import

    template = pipeline(name, key, in_vpc=in_vpc).template()
    found = [str(one) for one in lint_all(json.dumps(template)) if one.rule.severity != "informational"]
    assert found == []
    content = cloudformation_validate.TemplateContent(json.dumps(template, indent=1), "template.json")
    report = cloudformation_validate.RegoEngine().validate_template(content)
    loud = [
        one
        for one in report.diagnostics
        if one.severity.name not in {"INFO", "DEBUG"} and one.rule_id not in ADVICE
    ]
    assert [f"{one.rule_id}: {one.message}" for one in loud] == []


@pytest.fixture(scope="module")
def nagged(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what cdk-nag finds in the template of every pair."""
    folder = tmp_path_factory.mktemp("pairs")
    for index, pair in enumerate(PAIRS):
        template = pipeline(pair[0], pair[1], in_vpc=pair[2]).template()
        (folder / f"{index:03}.json").write_text(json.dumps(template))
    environment = os.environ | find_node().environment
    done = subprocess.run(
        [sys.executable, str(NAG), str(folder)], capture_output=True, text=True, check=True, env=environment
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {NAMES[int(file.split(".")[0])]: found for file, found in answer.items()}


def test_cdk_nag_finds_nothing_that_is_not_listed_with_its_reason(nagged: dict[str, Any]) -> None:
    assert set(nagged) == set(NAMES)
    unlisted = {
        f"{rule} {path.rsplit('/', 1)[-1]} ({name}): {words}"
        for name, found in nagged.items()
        for rule, path, words in found
        if not list(_listed(rule, path))
    }
    assert sorted(unlisted) == []


def test_every_reason_is_still_needed(nagged: dict[str, Any]) -> None:
    met = {index for found in nagged.values() for rule, path, _ in found for index in _listed(rule, path)}
    assert [one.rule for index, one in enumerate(ACCEPTED) if index not in met] == []
    assert all(len(one.reason) > 40 for one in ACCEPTED)


def _listed(rule: str, path: str) -> Iterator[int]:
    for index, one in enumerate(ACCEPTED):
        if re.fullmatch(one.rule, rule) and re.search(f"(?:{one.where})$", path):
            yield index
