"""The template in one piece and the nested ones that are deployed say the same, read as a stranger would.

So pictures and tables may be made from the whole value, and proofs from the exact templates.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import cloudformation_validate
import pytest

import lakenb as lk
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source, together
from lakenb.review.verify import verify
from lakenb.template.build import to_json
from lakenb.template.split import STACK, Split, split
from tests.large import chain, fan_in, tree

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.iam.stacks.world import World

LARGE = [
    pytest.param(lambda: fan_in(key=lk.Key()), id="fan-in under a key"),
    pytest.param(tree, id="tree", marks=pytest.mark.slow),
    pytest.param(
        lambda: tree(key=lk.Key(), key_per="node"), id="tree, a key per node", marks=pytest.mark.slow
    ),
    pytest.param(lambda: fan_in(vpc=lk.Vpc(create=True)), id="fan-in in a network", marks=pytest.mark.slow),
]


def both(template: dict[str, Any], made: Split) -> tuple[World, World]:
    """Return the world of the whole and that of the parts, with the same physical names."""
    known: dict[str, Any] = {"account": "111122223333", "region": "eu-west-1", "stack_name": "large"}
    [whole] = worlds(source(template), **known)
    names = {name: one.ref for name, one in whole.resources.items()}
    paths = {path(made, name): ref for name, ref in names.items()}
    [first] = worlds(source(template), physical=names, **known)
    [second] = worlds(together(made.root, made.nested), physical=paths, **known)
    return first, second


def path(made: Split, logical_id: str) -> str:
    return f"{made.homes[logical_id]}/{logical_id}" if logical_id in made.homes else logical_id


@pytest.fixture(scope="module", params=LARGE)
def read(request: pytest.FixtureRequest) -> tuple[Split, World, World]:
    template = request.param().template()
    made = split(template)
    return (made, *both(template, made))


def plain(made: Split, value: Any) -> str:
    """Return a value as text, without the stacks in which resources are and the addresses of objects."""
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(value))
    for home in made.nested:
        text = text.replace(f"{home}/", "")
    return text


def test_both_have_the_same_resources(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    rest = {name: one for name, one in parts.resources.items() if one.type != STACK}
    assert {path(made, name) for name in whole.resources} == set(rest)
    for name, one in whole.resources.items():
        other = rest[path(made, name)]
        assert (one.type, one.ref, one.properties) == (other.type, other.ref, other.properties)
        # the id of a subscription, which no policy names, is made up from where it is
        assert one.arn == other.arn or one.type == "AWS::SNS::Subscription"


def test_both_have_the_same_identities(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    assert len(whole.identities) > 60
    assert {path(made, name) for name in whole.identities} == set(parts.identities)
    for name, one in whole.identities.items():
        assert plain(made, one) == plain(made, parts.identities[path(made, name)])


def test_both_have_the_same_guards_and_endpoints(read: tuple[Split, World, World]) -> None:
    made, whole, parts = read
    assert len(whole.guards) > 200
    assert {arn: plain(made, one) for arn, one in whole.guards.items()} == {
        arn: plain(made, one) for arn, one in parts.guards.items()
    }
    assert plain(made, whole.endpoints) == plain(made, parts.endpoints)
    assert whole.unresolved == parts.unresolved == ()


@pytest.mark.parametrize(
    "pipe",
    [
        chain(),
        fan_in(),
        chain(key=lk.Key()),
        fan_in(key=lk.Key()),
        pytest.param(tree(key=lk.Key(), key_per="store"), marks=pytest.mark.slow),
        pytest.param(fan_in(key=lk.Key(), key_per="node"), marks=pytest.mark.slow),
        pytest.param(fan_in(vpc=lk.Vpc(create=True)), marks=pytest.mark.slow),
    ],
    ids=lambda pipe: f"{pipe.id} {'under a key' if pipe.key else ''}",
)
def test_every_claim_is_proved_on_the_nested_templates(pipe: lk.Pipeline) -> None:
    made = split(pipe.template())
    found = verify(together(made.root, made.nested, pipe.id), pipe)
    assert made.nested
    assert found.is_proved, found


def test_both_validators_find_no_fault_in_the_root_and_a_nested_template() -> None:
    from cfnlint.api import lint_all  # noqa: PLC0415  slow to import

    made = split(fan_in(key=lk.Key()).template())
    assert [
        str(match) for match in lint_all(to_json(made.root)) if match.rule.severity != "informational"
    ] == []
    engine = cloudformation_validate.RegoEngine()
    for one in made.templates.values():
        content = cloudformation_validate.TemplateContent(json.dumps(one), "template.json")
        loud = [
            f"{found.rule_id}: {found.message}"
            for found in engine.validate_template(content).diagnostics
            if found.severity.name not in {"INFO", "DEBUG"}
        ]
        assert loud == []


@pytest.mark.slow
@pytest.mark.parametrize("pipe", [tree(), fan_in(key=lk.Key())], ids=lambda pipe: str(pipe.id))
def test_cfn_lint_finds_no_fault_in_any_nested_template(pipe: lk.Pipeline, tmp_path: Path) -> None:
    for name, one in split(pipe.template()).nested.items():
        (tmp_path / f"{name}.json").write_text(to_json(one), encoding="utf-8")
    files = [str(path) for path in sorted(tmp_path.iterdir())]
    ran = subprocess.run(
        [sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (ran.returncode, ran.stdout) == (0, "")


def test_what_is_widened_in_a_nested_template_is_found_by_name() -> None:
    pipe = tree()
    made = split(pipe.template())
    [home] = {home for name, home in made.homes.items() if name == "N50Role"}
    role = made.nested[home]["Resources"]["N50Role"]
    role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] = "*"
    found = verify(together(made.root, made.nested, pipe.id), pipe)

    assert "P1" in found.failed
    assert any(f"{home}/N50Role" in str(one) or "'n-50'" in str(one) for one in found.findings)


def test_a_nested_stack_without_its_template_is_undecided() -> None:
    """What is not at hand is not proved: a template that was left out may hold any policy."""
    pipe = chain(37)
    made = split(pipe.template())
    missing = dict(made.nested)
    missing.popitem()
    found = verify(together(made.root, missing, pipe.id), pipe)
    assert not found.is_proved
