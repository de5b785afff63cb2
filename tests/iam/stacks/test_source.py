from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.errors import TemplateError
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import digest, load, source
from lakenb.iam.stacks.written import template_of
from tests.iam.stacks.templates import bucket, ref, resource, template

if TYPE_CHECKING:
    from pathlib import Path

TAGGED = """
Parameters:
  Stage: {Type: String, Default: dev}
Conditions:
  IsProd: !And [!Not [!Equals [!Ref Stage, dev]], !Condition Other]
Resources:
  Role:
    Type: AWS::IAM::Role
    Condition: IsProd
    Properties:
      RoleName: !If [IsProd, !Sub "${Stage}-x", !Ref "AWS::NoValue"]
      Arns: [!GetAtt Store.Arn, !GetAtt [Store, Arn], !GetAtt Child.Outputs.Where]
      Joined: !Join ["", [!Select [0, !Split [",", a]], !ImportValue x, !FindInMap [M, a, b]]]
      Rest: [!Base64 x, !Cidr [a, 1, 2], !GetAZs "", !Transform {Name: N}, !Or [!Condition A, !Condition B]]
"""


def test_every_tag_is_its_function() -> None:
    found = template_of(TAGGED, "stack.yaml")
    role = found["Resources"]["Role"]
    assert found["Conditions"]["IsProd"] == {
        "Fn::And": [{"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "dev"]}]}, {"Condition": "Other"}]
    }
    assert role["Condition"] == "IsProd"
    assert role["Properties"] == {
        "RoleName": {"Fn::If": ["IsProd", {"Fn::Sub": "${Stage}-x"}, {"Ref": "AWS::NoValue"}]},
        "Arns": [{"Fn::GetAtt": ["Store", "Arn"]}] * 2 + [{"Fn::GetAtt": ["Child", "Outputs.Where"]}],
        "Joined": {
            "Fn::Join": [
                "",
                [
                    {"Fn::Select": [0, {"Fn::Split": [",", "a"]}]},
                    {"Fn::ImportValue": "x"},
                    {"Fn::FindInMap": ["M", "a", "b"]},
                ],
            ]
        },
        "Rest": [
            {"Fn::Base64": "x"},
            {"Fn::Cidr": ["a", 1, 2]},
            {"Fn::GetAZs": ""},
            {"Fn::Transform": {"Name": "N"}},
            {"Fn::Or": [{"Condition": "A"}, {"Condition": "B"}]},
        ],
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2012-10-17", "2012-10-17"),
        ("012345678901", "012345678901"),
        ("111122223333", 111122223333),
        ("1.20", "1.20"),
        ("1.2", 1.2),
        ("0x1F", "0x1F"),
        ("true", True),
        ("No", False),
        ("null", None),
        ('"true"', "true"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_plain_texts_stay_what_they_are(text: str, value: Any) -> None:
    found = template_of(f"key: {text}", "x")["key"]
    assert found == value
    assert type(found) is type(value)


def test_anchors_and_merges_are_followed() -> None:
    found = template_of("a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}", "x")
    assert found == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3}}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: [", "the file is no YAML"),
        ("a: !!python/object:os.system x", "there is no tag tag:yaml.org,2002:python/object:os.system"),
        ("a: !Reff x", "there is no tag !Reff"),
        ("a: 1\na: 2", "the key 'a' stands twice"),
        ('{"a": 1, "a": 2}', "the key 'a' stands twice"),
        ("a: *b", "the alias *b stands for nothing"),
        ("--- 1\n--- 2", "more than one document"),
        ("[a]: 1", "a key is no text"),
        ('{"a": ', "the file is no JSON"),
        ('{"a": NaN}', "NaN is no number of JSON"),
        ('{"a":' * 5000, "nested too deeply"),
        ("[" * 5000, "nested more than 80 levels deep"),
        ("\x00", "the file is no YAML"),
        (
            "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
            + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)),
            "more than 1,000,000 values, aliases counted",
        ),
    ],
)
def test_a_text_that_is_no_template_is_refused_with_its_place(text: str, what: str) -> None:
    with pytest.raises(TemplateError) as refused:
        template_of(text, "stack.yaml")
    [fault, *_] = refused.value.faults
    assert what in fault.what
    assert fault.where.startswith("stack.yaml")
    assert fault.mend


def test_a_file_of_either_kind_is_loaded(tmp_path: Path) -> None:
    whole = template({"Store": bucket(BucketName="b")})
    (tmp_path / "one.json").write_text(json.dumps(whole))
    (tmp_path / "two.yaml").write_text(
        "\ufeffResources:\n  Store: {Type: AWS::S3::Bucket, Properties: {BucketName: b}}\n"
    )
    one, two = load(tmp_path / "one.json"), load(tmp_path / "two.yaml")
    assert one.template == two.template == whole
    assert (one.name, digest(one)) == ("one", digest(two))


@pytest.mark.parametrize("text", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, text: bytes | None) -> None:
    path = tmp_path / "stack.json"
    if text is not None:
        path.write_bytes(text)
    with pytest.raises(TemplateError, match=r"stack\.json"):
        load(path)


def test_the_digest_is_of_what_is_said_and_not_of_how() -> None:
    one = source({"Resources": {"A": bucket(), "B": bucket()}})
    other = source({"Resources": {"B": bucket(), "A": bucket()}})
    more = source(one.template, {"A": other})
    assert digest(one) == digest(other)
    assert digest(one) != digest(more)
    assert digest(one) != digest(source({"Resources": {"A": bucket()}}))


def assembly(folder: Path, **stacks: dict[str, Any]) -> None:
    """Write what ``cdk synth`` writes."""
    artifacts = {
        f"{name}Id": {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.template.json", "stackName": name},
        }
        for name in stacks
    }
    (folder / "manifest.json").write_text(json.dumps({"version": "38.0.0", "artifacts": artifacts}))
    for name, whole in stacks.items():
        (folder / f"{name}.template.json").write_text(json.dumps(whole))


def child(**more: Any) -> dict[str, Any]:
    return {
        **resource("AWS::CloudFormation::Stack", TemplateURL="https://s3/x", Parameters={"Name": "b"}),
        **more,
    }


INNER = template(
    {"Store": bucket(BucketName=ref("Name"))},
    Parameters={"Name": {"Type": "String"}},
    Outputs={"Where": {"Value": {"Fn::GetAtt": ["Store", "Arn"]}}},
)
HERE = resource("AWS::Any::Thing", Value={"Fn::GetAtt": ["Child", "Outputs.Where"]})


def test_an_assembly_is_loaded_with_its_nested_stacks(tmp_path: Path) -> None:
    nested = child(
        Metadata={"aws:asset:path": "inner.nested.template.json", "aws:asset:property": "TemplateURL"}
    )
    assembly(tmp_path, Shop=template({"Child": nested, "Here": HERE}))
    (tmp_path / "inner.nested.template.json").write_text(json.dumps(INNER))
    found = load(tmp_path)
    assert (found.name, found.nested["Child"].name) == ("Shop", "Child")
    [world] = worlds(found)
    assert world.resources["Child/Store"].arn == "arn:aws:s3:::b"
    assert world.resources["Here"].properties["Value"] == "arn:aws:s3:::b"
    assert world.unresolved == ()


def test_a_nested_stack_is_found_by_the_hash_of_its_asset(tmp_path: Path) -> None:
    key = "ab" * 32
    url = {"Fn::Sub": f"https://s3.${{AWS::Region}}.${{AWS::URLSuffix}}/assets/{key}.json"}
    assembly(tmp_path, Shop=template({"Child": resource("AWS::CloudFormation::Stack", TemplateURL=url)}))
    (tmp_path / "Shop.assets.json").write_text(
        json.dumps({"files": {key: {"source": {"path": "inner.json"}}}})
    )
    (tmp_path / "inner.json").write_text(json.dumps(INNER))
    assert load(tmp_path).nested["Child"].template == INNER


def test_a_template_url_can_be_a_file_beside_it_and_no_other(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "inner.json"
    inside.mkdir()
    for path in (inside / "inner.json", outside):
        path.write_text(json.dumps(INNER))
    for name, is_found in (
        ("inner.json", True),
        ("../inner.json", False),
        (str(outside), False),
        ("none.json", False),
    ):
        whole = template({"Child": resource("AWS::CloudFormation::Stack", TemplateURL=name)})
        (inside / "outer.json").write_text(json.dumps(whole))
        assert bool(load(inside / "outer.json").nested) is is_found


def test_one_stack_of_several_is_named(tmp_path: Path) -> None:
    assembly(tmp_path, One=template({"A": bucket()}), Two=template({"B": bucket()}))
    assert list(load(tmp_path, stack="Two").template["Resources"]) == ["B"]
    assert load(tmp_path, stack="OneId").name == "One"
    with pytest.raises(TemplateError, match="the assembly holds 2 stacks"):
        load(tmp_path)
    with pytest.raises(TemplateError, match="there is no stack 'Three' in the assembly"):
        load(tmp_path, stack="Three")


def test_a_stack_that_is_nested_in_itself_is_refused(tmp_path: Path) -> None:
    whole = template({"Child": resource("AWS::CloudFormation::Stack", TemplateURL="outer.json")})
    (tmp_path / "outer.json").write_text(json.dumps(whole))
    with pytest.raises(TemplateError, match="that it is part of"):
        load(tmp_path / "outer.json")


@pytest.mark.parametrize("manifest", ["[]", "{", '{"artifacts": 5}', '{"artifacts": {"a": 5}}', None])
def test_a_directory_that_is_no_assembly_is_refused(tmp_path: Path, manifest: str | None) -> None:
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(TemplateError):
        load(tmp_path)
