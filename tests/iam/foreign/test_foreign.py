"""Three templates that lakenb did not make, read without an error and asked what they grant.

What is expected was read out of the templates by hand, before anything was run.
"""

from __future__ import annotations

import json
import re
import shutil
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import load, source
from tests.iam.foreign import claims_questions, clinic_questions, lab_questions
from tests.iam.foreign.asking import Row, decided, found
from tests.iam.foreign.making import HERE, committed, made

if TYPE_CHECKING:
    from pathlib import Path

    from lakenb.iam.stacks.source import Source
    from lakenb.iam.stacks.world import World

PLACES = {
    "clinic": HERE / "clinic" / "Clinic.template.json",
    "claims": HERE / "claims.yaml",
    "lab": HERE / "lab",
}
_NAMED = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::SQS::Queue": "QueueName",
    "AWS::IAM::Role": "RoleName",
}
# What is not read yet, and why; each stands here only as long as it is so.
NOT_YET = {
    "a policy document as text, for log groups that are not in the template": (
        "a log resource policy is the account's, and a world keeps guards by what they guard"
    ),
}
ASKED = [
    (name, row)
    for name, rows in (
        ("clinic", clinic_questions.ROWS),
        ("claims", claims_questions.ROWS),
        ("lab", lab_questions.ROWS),
    )
    for row in rows
]


@lru_cache
def loaded(name: str) -> Source:
    return load(PLACES[name])


@lru_cache
def read(name: str, given: tuple[tuple[str, str], ...]) -> tuple[World, ...]:
    return worlds(loaded(name), parameters=dict(given))


def decisions(name: str, row: Row) -> set[str]:
    return decided(read(name, tuple(sorted(row.given.items()))), row)


def marked(name: str, row: Row) -> Any:
    reason = NOT_YET.get(row.why)
    marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
    return pytest.param(name, row, id=f"{name}: {row.name}", marks=marks)


@pytest.mark.parametrize(("name", "row"), [marked(name, row) for name, row in ASKED])
def test_is_decided_as_the_template_says(name: str, row: Row) -> None:
    assert decisions(name, row) == set(row.decision.split())


def test_there_are_questions_of_every_answer_about_each() -> None:
    for name in PLACES:
        rows = [row for asked, row in ASKED if asked == name]
        assert len(rows) >= 40
        assert len({(row.who, row.action, row.resource, *row.context.items(), *row.given.items(), row.via)
                    for row in rows}) == len(rows)  # fmt: skip
        answers = {answer for row in rows for answer in row.decision.split()}
        assert {"ALLOWED", "IMPLICITLY_DENIED", "EXPLICITLY_DENIED"} <= answers


def test_clinic_has_two_hundred_resources_and_more() -> None:
    (live, *_) = read("clinic", (("Stage", "live"),))
    written = committed("clinic")["Clinic.template.json"]["Resources"]
    assert len(written) >= 200
    assert set(live.resources) == set(written)


def test_claims_have_forty_resources() -> None:
    assert len(loaded("claims").template["Resources"]) >= 40


@pytest.mark.parametrize("name", PLACES)
def test_made_up_names_are_shown_in_the_templates_own_words(name: str) -> None:
    (world, *_) = read(name, ())
    unnamed = [
        each
        for each in world.resources.values()
        if each.type in _NAMED and _NAMED[each.type] not in each.properties
    ]
    assert len(unnamed) >= 3
    for resource in unnamed:
        assert f"${{{resource.logical_id}}}" in world.shown(f"{resource.arn}/x")


def test_what_cannot_be_known_is_said_and_nothing_else() -> None:
    here = [world for name in PLACES for world in read(name, ())]
    unresolved = {str(each) for world in here for each in world.unresolved}
    imports = {each for each in unresolved if "export" in each}
    places = {each.partition(": ")[0] for each in imports}
    about = {
        "imports": imports,
        # a statement with an import somewhere in it is not known for certain, either
        "their statements": {
            each for each in unresolved if any(place.startswith(each.partition(": ")[0]) for place in places)
        },
        "managed policies": {each for each in unresolved if "ViewOnlyAccess" in each},
        "custom resources": {each for each in unresolved if "Custom::" in each},
    }
    assert about["imports"]
    assert about["managed policies"]
    assumed = {each for world in here for each in world.assumptions}
    assert about["custom resources"] or any("custom resource" in each.lower() for each in assumed)
    assert unresolved == {each for kind in about.values() for each in kind}


def test_an_assembly_of_nested_stacks_is_read_by_its_files_names_alone(tmp_path: Path) -> None:
    """A plain app's assembly, unlike that of `cdk synth`, has no metadata that names nested files."""
    folder = tmp_path / "lab"
    shutil.copytree(HERE / "lab", folder)
    for file in folder.glob("*.template.json"):
        template = json.loads(file.read_text("utf-8"))
        for resource in template["Resources"].values():
            resource.pop("Metadata", None)
        file.write_text(json.dumps(template), encoding="utf-8")
    of_copy, of_original = worlds(load(folder)), worlds(loaded("lab"))
    assert [sorted(world.resources) for world in of_copy] == [
        sorted(world.resources) for world in of_original
    ]
    for row in lab_questions.ROWS:
        assert decided(of_copy, row) == set(row.decision.split())


def test_a_nested_template_that_is_missing_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "lab"
    shutil.copytree(HERE / "lab", folder)
    next(folder.glob("LabIntake*")).unlink()
    try:
        here = worlds(load(folder))
    except Exception as error:  # noqa: BLE001 - whichever it is, it must be told in the template's words
        assert "LabIntake" in str(error)  # noqa: PT017 - told either by an error or by the worlds
    else:
        assert any("Intake" in str(each) for each in here[0].unresolved)


def test_nested_and_parent_agree_on_one_resource() -> None:
    (world,) = read("lab", ())
    alarms, scale = found(world, "Alarms"), found(world, "ScaleServiceRole")
    assert "/" in scale.logical_id
    guard = world.guard(alarms.arn)
    assert guard is not None
    assert scale.arn in str(guard.statements[0].conditions)


def test_one_template_given_as_a_value_is_the_one_that_was_loaded() -> None:
    template = committed("clinic")["Clinic.template.json"]
    rows = clinic_questions.WARDS[:12]
    here = worlds(source(template))
    assert [decided(here, row) for row in rows] == [set(row.decision.split()) for row in rows]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["clinic", "lab"])
def test_committed_templates_are_what_the_apps_make(name: str, tmp_path: Path) -> None:
    assert made(name, tmp_path) == committed(name)


def test_committed_templates_carry_no_code_of_cdks() -> None:
    text = json.dumps([committed(name) for name in ("clinic", "lab")])
    assert set(re.findall(r'"ZipFile": "([^"]*)"', text)) == {
        r"def handler(event, context):\n    return event\n"
    }
