"""`PipelineConstruct` in ordinary CDK apps, each a process of its own: jsii stays out of this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint import api as cfn_lint
from cloudformation_validate import CelEngine, TemplateContent

from lakenb.backends.cdk.node import find_node
from lakenb.backends.cdk.synth import without_additions
from lakenb.backends.cdk.tokens import in_stack_shared_by_others
from lakenb.backends.local.emulator import start_emulator
from tests.backends.cdk.cli import Cli, first_object, physical_ids
from tests.backends.cdk.kernels import ROOT, offers
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PROLOGUE = """
import json, sys
import aws_cdk as cdk
import lakenb as lk
from aws_cdk import aws_kms as kms, aws_s3 as s3, aws_sqs as sqs, aws_s3_notifications as notifications
from lakenb.cdk import PipelineConstruct
from lakenb.errors import LakenbError
from tests.examples import letters
from tests.backends.cdk.kernels import offers
app = cdk.App(outdir=sys.argv[1])

def told(do):
    try:
        do()
    except LakenbError as error:
        print(json.dumps(str(error)))

"""
GIVEN = "uploads-of-acme"


def run_app(script: str, folder: Path) -> list[Any]:
    """Run an app; return what it printed, a JSON value a line."""
    ran = subprocess.run(
        [sys.executable, "-c", PROLOGUE + script, str(folder / "cdk.out")],
        cwd=ROOT,
        # CDK's own validation takes three seconds of each app; the same engine is asked below
        env={**os.environ, **find_node().environment, "PYTHONPATH": str(ROOT), "CDK_VALIDATION": "false"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return [json.loads(line) for line in ran.stdout.splitlines()]


def template(folder: Path, stack: str = "shop") -> dict[str, Any]:
    made: dict[str, Any] = json.loads((folder / "cdk.out" / f"{stack}.template.json").read_text("utf-8"))
    return made


def renamed(value: Any, back: Mapping[str, str]) -> Any:
    """Return a part of a template with logical ids renamed."""
    match value:
        case {"Ref": str(name)}:
            return {"Ref": back.get(name, name)} if not back.get(name, "").startswith("=") else back[name][1:]
        case {"Fn::GetAtt": [name, attribute]}:
            return {"Fn::GetAtt": [back.get(name, name), attribute]}
        case {"DependsOn": list(names), **rest}:
            return {**renamed(rest, back), "DependsOn": [back.get(name, name) for name in names]}
        case dict():
            return {key: renamed(item, back) for key, item in value.items()}
        case list():
            return [renamed(item, back) for item in value]
    return value


SHOP = """
stack = cdk.Stack(app, "shop", synthesizer=cdk.DefaultStackSynthesizer(qualifier="acme"))
uploads = s3.Bucket(stack, "Uploads")
first = PipelineConstruct(stack, "First", pipeline=letters())
second = PipelineConstruct(stack, "Second", pipeline=offers(uploads))
assert second.store("inbox") is uploads
assert first.resource("paragraphs", "DeadLetters").cfn_resource_type == "AWS::SQS::Queue"
cdk.CfnOutput(stack, "Results", value=second.store("results").bucket_name)
for made in (first, second):
    ids = {made.include.get_resource(old): old for old in made.pipeline.template()["Resources"]}
    print(json.dumps({stack.resolve(stack.get_logical_id(new)): old for new, old in ids.items()}))
print(json.dumps(stack.resolve(uploads.bucket_name)["Ref"]))
app.synth()
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """An app with two pipelines in one stack, one of them on a bucket made by L2, with its own qualifier."""
    folder = tmp_path_factory.mktemp("shop")
    return folder, run_app(SHOP, folder)


def test_two_pipelines_in_one_stack_are_ours_but_for_logical_ids(shop: tuple[Path, list[Any]]) -> None:
    folder, (first, second, uploads) = shop
    resources = template(folder)["Resources"]
    pipelines = (letters(), first, {}), (offers(GIVEN), second, {uploads: f"={GIVEN}"})

    assert resources.keys() == first.keys() | second.keys() | {uploads}
    for pipe, back, bucket in pipelines:
        found = {back[new]: renamed(made, back | bucket) for new, made in resources.items() if new in back}
        code = {"Fn::Sub": "cdk-acme-assets-${AWS::AccountId}-${AWS::Region}"}
        wanted = in_stack_shared_by_others(pipe.template(), pipe.id, "")
        for made in wanted["Resources"].values():
            if made["Type"] == "AWS::Lambda::Function":
                made["Properties"]["Code"]["S3Bucket"] = code
        assert found == without_additions(wanted)["Resources"]


def test_every_statement_is_ours_but_for_names(shop: tuple[Path, list[Any]]) -> None:
    """By a way of its own: the statements as text, names made equal, counted."""
    folder, (first, second, uploads) = shop
    text = json.dumps(list(statements(template(folder))))
    for new, old in (first | second).items():
        text = text.replace(f'"{new}"', f'"{old}"')
    text = text.replace(json.dumps({"Ref": uploads}), f'"{GIVEN}"')
    for pipe in ("letters", "offers"):
        text = text.replace("${AWS::StackName}_" + pipe, "${AWS::StackName}")
    wanted = [*statements(letters().template()), *statements(offers(GIVEN).template())]

    assert len(wanted) > 60
    assert sorted(map(json.dumps, json.loads(text))) == sorted(map(json.dumps, wanted))


def statements(made: dict[str, Any]) -> list[Any]:
    """Return the statements of every policy document, wherever it stands, each with sorted keys."""
    found: list[Any] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "Statement" in value:
                found.extend(json.loads(json.dumps(one, sort_keys=True)) for one in value["Statement"])
            for item in value.values():
                look(item)
        elif isinstance(value, list):
            for item in value:
                look(item)

    look(made["Resources"])
    return found


def test_no_name_is_given_twice(shop: tuple[Path, list[Any]]) -> None:
    names = [
        json.dumps(made["Properties"][key])
        for made in template(shop[0])["Resources"].values()
        for key in ("QueueName", "LogGroupName", "BucketName")
        if key in made.get("Properties", {})
    ]

    assert len(names) == len(set(names)) == 2 * (4 + 3) + 1
    assert '{"Fn::Sub": "${AWS::StackName}_offers_inbox"}' in names


def test_the_apps_template_is_clean_to_both_validators(shop: tuple[Path, list[Any]]) -> None:
    text = json.dumps(template(shop[0]))
    told = [
        f"{found.rule_id} {found.message}"
        for found in CelEngine().validate_template(TemplateContent(text)).diagnostics
        if found.severity.name not in {"DEBUG", "INFO"}
    ]
    assert told == []
    assert [str(match) for match in cfn_lint.lint_all(text) if not match.rule.id.startswith("I")] == []


def test_the_given_bucket_sends_to_event_bridge_without_a_custom_resource(
    shop: tuple[Path, list[Any]],
) -> None:
    folder, (_, _, uploads) = shop
    resources = template(folder)["Resources"]

    assert resources[uploads]["Properties"] == {
        "NotificationConfiguration": {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    }
    assert not [made for made in resources.values() if made["Type"].startswith("Custom::")]


def test_buckets_of_every_origin(tmp_path: Path) -> None:
    script = """
base = cdk.Stack(app, "base")
stack = cdk.Stack(app, "shop")

def read(name, bucket, **options):
    pipe = lk.Pipeline(name, lk.S3Trigger("inbox", bucket=bucket).pipe(lk.S3Storage("results")))
    return PipelineConstruct(stack, name, pipeline=pipe, **options)

read("other-stack", s3.Bucket(base, "Far"))
for order in ("before", "after"):
    noted = s3.Bucket(stack, order)
    order == "after" and read("noted-" + order, noted)
    to = notifications.SqsDestination(sqs.Queue(stack, "Queue-" + order))
    noted.add_event_notification(s3.EventType.OBJECT_REMOVED, to)
    order == "before" and read("noted-" + order, noted)
imported = s3.Bucket.from_bucket_name(stack, "Imported", "uploads-of-acme")
assert read("imported", imported, buckets={"inbox": imported}).store("inbox") is imported
read("named", "uploads-of-acme")
app.synth()
"""
    run_app(script, tmp_path)
    base, stack = template(tmp_path, "base")["Resources"], template(tmp_path)["Resources"]
    rules = {
        key: made["Properties"]["EventPattern"]["detail"]["bucket"]["name"][0]
        for key, made in stack.items()
        if made["Type"] == "AWS::Events::Rule"
    }
    (far,) = (made for made in base.values() if made["Type"] == "AWS::S3::Bucket")
    customs = [made for made in stack.values() if made["Type"] == "Custom::S3BucketNotifications"]

    assert sorted(json.dumps(name) for name in rules.values())[0:2] == ['"uploads-of-acme"'] * 2
    assert any("Fn::ImportValue" in name or "Fn::GetStackOutput" in name for name in rules.values())
    assert far["Properties"]["NotificationConfiguration"] == {
        "EventBridgeConfiguration": {"EventBridgeEnabled": True}
    }
    assert [custom["Properties"]["NotificationConfiguration"].keys() for custom in customs] == [
        {"EventBridgeConfiguration", "QueueConfigurations"}
    ] * 2


def test_what_cannot_be_is_refused_by_name(tmp_path: Path) -> None:
    script = """
stack = cdk.Stack(app, "shop")
bucket = s3.Bucket(stack, "Uploads")
one = PipelineConstruct(stack, "One", pipeline=letters())
told(lambda: PipelineConstruct(stack, "Two", pipeline=letters()))
told(lambda: PipelineConstruct(cdk.Stack(app, "a"), "P", pipeline=letters(), buckets={"inbox": bucket}))
other = s3.Bucket(stack, "Other")
told(lambda: PipelineConstruct(cdk.Stack(app, "b"), "P", pipeline=offers(bucket), buckets={"inbox": other}))
secret = s3.Bucket(stack, "Secret", encryption_key=kms.Key(stack, "Key"))
told(lambda: PipelineConstruct(cdk.Stack(app, "c"), "P", pipeline=offers(secret)))
told(lambda: one.resource("sentence", "Queue"))
told(lambda: one.resource("sentences", "queue"))
told(lambda: one.resource("results", "Topic"))
long = cdk.Stack(app, "a-stack-" + "x" * 100)
told(lambda: PipelineConstruct(long, "P", pipeline=letters()))
"""
    twice, no_trigger, another, key, node, kind, resource, quota = run_app(script, tmp_path)

    assert "the stack holds pipeline 'letters' twice" in twice
    assert "where: 'shop/One' and 'shop/Two'" in twice
    assert "'inbox' is no trigger of a given bucket" in no_trigger
    assert "the bucket of 'inbox' is not the one that its trigger names" in another
    assert "the bucket of 'inbox' has a key of its own" in key
    assert "has no node 'sentence'" in node
    assert "inbox, paragraphs, results, sentences" in node
    assert "no kind of resource is 'queue'" in kind
    assert "'results' has no resource of the kind 'Topic'" in resource
    assert "characters in the queue's name; AWS takes 80" in quota


def test_another_synthesizers_bucket_is_where_the_functions_take_their_code(tmp_path: Path) -> None:
    script = """
own = cdk.CliCredentialsStackSynthesizer(file_assets_bucket_name="code-of-acme", bucket_prefix="zips/")
stack = cdk.Stack(app, "shop", synthesizer=own)
PipelineConstruct(stack, "Letters", pipeline=letters())
app.synth()
"""
    run_app(script, tmp_path)
    codes = [
        made["Properties"]["Code"]
        for made in template(tmp_path)["Resources"].values()
        if made["Type"] == "AWS::Lambda::Function"
    ]

    assert {code["S3Bucket"] for code in codes} == {"code-of-acme"}
    assert all(code["S3Key"].startswith("zips/") for code in codes)


def test_an_apps_stack_is_deployed_and_its_own_bucket_feeds_the_pipeline(tmp_path: Path) -> None:
    script = """
stack = cdk.Stack(app, "shop")
uploads = s3.Bucket(stack, "Uploads")
pipe = PipelineConstruct(stack, "Offers", pipeline=offers(uploads))
PipelineConstruct(stack, "Letters", pipeline=letters())
results = stack.get_logical_id(pipe.resource("results", "Store"))
print(json.dumps([stack.resolve(uploads.bucket_name)["Ref"], stack.resolve(results)]))
app.synth()
"""
    ((uploads, results),) = run_app(script, tmp_path)
    letter = b"We offer what you need. " * 40
    with start_emulator() as emulator:
        cli = Cli(emulator, tmp_path)
        for arguments in (
            ["bootstrap", f"aws://{emulator.account}/{emulator.region}"],
            ["deploy", "--require-approval", "never"],
        ):
            ran = cli(*arguments, app=tmp_path / "cdk.out")
            assert ran.returncode == 0, ran.stdout + ran.stderr
        ids = physical_ids(emulator, "shop")
        s3 = emulator.client("s3")
        s3.put_object(Bucket=ids[uploads], Key="elsewhere/one.txt", Body=b"not of the prefix")
        s3.put_object(Bucket=ids[uploads], Key="in/one.txt", Body=letter)

        assert first_object(emulator, ids[results]) in letter


def test_without_cdk_the_command_that_installs_it_is_named() -> None:
    ran = subprocess.run(  # -S: no package of this environment's can be imported
        [sys.executable, "-S", "-c", "import sys; sys.path.insert(0, sys.argv[1]); import lakenb.cdk", ROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr.rstrip().endswith("mend:  pip install 'lakenb[cdk]'")


KEYED = """
stack = cdk.Stack(app, "shop")
key = kms.Key(stack, "Key", enable_key_rotation=True)
uploads = s3.Bucket(stack, "Uploads", encryption=s3.BucketEncryption.KMS, encryption_key=key)
made = PipelineConstruct(stack, "Letters", pipeline=letters(), key=key)
offered = PipelineConstruct(stack, "Offers", pipeline=offers(uploads), key=key)
ids = {made.include.get_resource(old): old for old in made.pipeline.template()["Resources"]}
print(json.dumps({stack.resolve(stack.get_logical_id(new)): old for new, old in ids.items()}))
app.synth()
"""


def test_an_l2_key_takes_everything_and_lets_services_in(tmp_path: Path) -> None:
    (back,) = run_app(KEYED, tmp_path)
    made = template(tmp_path)
    resources = made["Resources"]
    (key,) = (logical for logical, one in resources.items() if one["Type"] == "AWS::KMS::Key")
    arn = {"Fn::GetAtt": [key, "Arn"]}
    new = {old: logical for logical, old in back.items()}

    assert resources[new["InboxQueue"]]["Properties"]["KmsMasterKeyId"] == arn
    assert resources[new["ParagraphsTopic"]]["Properties"]["KmsMasterKeyId"] == arn
    assert resources[new["ResultsFunction"]]["Properties"]["KmsKeyArn"] == arn
    role = resources[new["ParagraphsRole"]]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert {one["Sid"] for one in role if one["Resource"] == arn} == {
        "ReadUnderKey",
        "PutUnderKey",
        "SendUnderKey",
        "PublishUnderKey",
    }
    policy = resources[key]["Properties"]["KeyPolicy"]["Statement"]
    services = [one["Principal"].get("Service") for one in policy if "Service" in one["Principal"]]
    assert {"s3.amazonaws.com", "sns.amazonaws.com", "events.amazonaws.com"} <= {
        one for one in services if isinstance(one, str)
    }
    assert all(one["Condition"] for one in policy if "Service" in one["Principal"])
    # a cycle between the key, topics and buckets would be E3004
    assert [str(one) for one in cfn_lint.lint_all(json.dumps(made)) if one.rule.id.startswith("E")] == []


IMPORTED = """
stack = cdk.Stack(app, "shop")
arn = "arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444"
made = PipelineConstruct(stack, "Letters", pipeline=letters(), key=kms.Key.from_key_arn(stack, "Key", arn))
told(lambda: PipelineConstruct(stack, "Twice", pipeline=made.pipeline, key=kms.Key(stack, "Other")))
found = cdk.assertions.Annotations.from_stack(stack).find_warning("*", cdk.assertions.Match.any_value())
print(json.dumps([one.entry.data for one in found]))
app.synth()
"""


def test_of_an_imported_key_the_owners_statements_are_printed(tmp_path: Path) -> None:
    twice, warnings = run_app("import aws_cdk.assertions\n" + IMPORTED, tmp_path)
    assert "names a key already" in twice
    assert "name it in one of the two places" in twice
    (warning,) = warnings
    assert "the owner of the key of pipeline 'letters' must add to its policy: [" in warning
    statements = json.loads(warning.partition("policy: ")[2].rpartition(" [ack")[0])
    assert {one["Sid"] for one in statements} == {"S3Notifies", "SnsDelivers", "LogsEncrypts"}
    assert "shop_letters_inbox" in warning
