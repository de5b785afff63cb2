"""Both published tables, rebuilt from raw templates: nothing is taken from the product's own reading."""

from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.views.seen import seen
from lakenb.views.tables.encryption import encryption_table
from tests.pairs.pipelines import STEPS, pipeline

# The page's words, cell by cell; its sign for no is followed by the number of a footnote.
BY_DEFAULT = {
    "SQS": ("SSE-SQS", "TLS 1.2+"),
    "SNS": ("(1)", "TLS 1.2+"),
    "EFS": ("(2)", "TLS 1.2+"),
    "DynamoDB": ("SSE", "TLS 1.2+"),
    "Logs": ("SSE", "TLS 1.2+"),
    "Cache Storage": ("SSE-S3", "TLS 1.2+"),
    "Middleware Storage": ("SSE-S3", "TLS 1.2+"),
    "Environment Variables": ("(3)", "N/A"),
}
UNDER_A_KEY = dict.fromkeys(BY_DEFAULT, ("KMS", "TLS 1.2+")) | {
    "EFS": ("KMS", "TLS"),
    "Environment Variables": ("KMS", "N/A"),
}
# Where a template can say more than the page promises, or less of the version than the endpoint does.
BETTER = {("EFS", "(2)"): "AWS managed KMS"}
BY_TEMPLATE = {"EFS": "TLS", "SQS": "TLS", "SNS": "TLS"}
SERVICES = {
    "AWS::SQS::Queue": "SQS",
    "AWS::SNS::Topic": "SNS",
    "AWS::EFS::FileSystem": "EFS",
    "AWS::DynamoDB::Table": "DynamoDB",
    "AWS::Logs::LogGroup": "Logs",
    "AWS::S3::Bucket": "Middleware Storage",
    "AWS::Lambda::Function": "Environment Variables",
}
POLICIES = {"AWS::SQS::Queue": "Queues", "AWS::SNS::Topic": "Topics", "AWS::S3::Bucket": "Bucket"}
PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
OLD = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def all_services(key: lk.Key | None) -> lk.Pipeline:
    """Return a pipeline that uses all eight services."""
    inbox = lk.S3Trigger("inbox")
    grouped = inbox.pipe(lk.ZipInflate("zip")).pipe(lk.Reducer("group", count=2))
    index = lk.LanceDBStorage("index", on="efs", dimensions=2)
    return lk.Pipeline("all", inbox.pipe(index), grouped.pipe(lk.S3Storage("results")), key=key, vpc=_VPC)


_VPC = lk.Vpc(create=True)


def at_rest(kind: str, said: dict[str, Any]) -> str:  # noqa: PLR0911 - one return for each type
    """Return how one resource is encrypted, in the page's words, from its properties alone."""
    match kind:
        case "AWS::S3::Bucket":
            (rule,) = said["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            default = rule["ServerSideEncryptionByDefault"]
            is_keyed = default["SSEAlgorithm"] == "aws:kms" and is_ours(default["KMSMasterKeyID"])
            return (
                "KMS"
                if is_keyed and rule["BucketKeyEnabled"] is True
                else {"AES256": "SSE-S3"}[default["SSEAlgorithm"]]
            )
        case "AWS::SQS::Queue":
            if "KmsMasterKeyId" in said:
                return "KMS" if is_ours(said["KmsMasterKeyId"]) else "?"
            return "SSE-SQS" if said["SqsManagedSseEnabled"] is True else "?"
        case "AWS::DynamoDB::Table":
            specification = said.get("SSESpecification", {})
            return "KMS" if is_ours(specification.get("KMSMasterKeyId")) else "SSE"
        case "AWS::EFS::FileSystem":
            assert said["Encrypted"] is True
            return "KMS" if is_ours(said.get("KmsKeyId")) else "AWS managed KMS"
        case "AWS::Logs::LogGroup":
            return "KMS" if is_ours(said.get("KmsKeyId")) else "SSE"
        case "AWS::SNS::Topic":
            return "KMS" if is_ours(said.get("KmsMasterKeyId")) else "(1)"
        case _:
            return "KMS" if is_ours(said.get("KmsKeyArn")) else "(3)"


def is_ours(named: Any) -> bool:
    """Return whether a property refers to a key that the template makes."""
    return isinstance(named, dict) and named.get("Fn::GetAtt", [""])[0].endswith("Key")


def in_transit(kind: str, logical: str, resources: dict[str, Any]) -> str:
    """Return what one resource's policy demands of its traffic, in the page's words."""
    if kind == "AWS::Lambda::Function":
        return "N/A"
    if kind == "AWS::EFS::FileSystem":
        denies = denied(resources[logical]["Properties"]["FileSystemPolicy"])
        return "TLS" if PLAIN in denies else "?"
    if kind not in POLICIES:
        return "TLS 1.2+"  # the service has no policy of its own here: the AWS endpoint's least
    name = POLICIES[kind]
    denies = [
        condition
        for one in resources.values()
        if {"Ref": logical} in listed(one["Properties"].get(name))
        for condition in denied(one["Properties"]["PolicyDocument"])
    ]
    if kind == "AWS::S3::Bucket":
        return "TLS 1.2+" if PLAIN in denies and OLD in denies else "?"
    return "TLS" if PLAIN in denies else "?"


def denied(policy: dict[str, Any]) -> list[Any]:
    """Return the conditions of a policy's Denies for everybody."""
    return [
        one.get("Condition")
        for one in policy["Statement"]
        if one["Effect"] == "Deny" and one["Principal"] in ("*", {"AWS": "*"})
    ]


def listed(value: Any) -> list[Any]:
    """Return a value as a list."""
    return value if isinstance(value, list) else [value]


def rebuilt(template: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """Return what the resources of each service say."""
    resources = template["Resources"]
    found: dict[str, set[tuple[str, str]]] = {service: set() for service in BY_DEFAULT}
    for logical, one in resources.items():
        kind = one["Type"]
        if kind in SERVICES:
            service = "Cache Storage" if logical == "PipelineCache" else SERVICES[kind]
            said = (at_rest(kind, one["Properties"]), in_transit(kind, logical, resources))
            found[service].add(said)
    return found


def expected(table: dict[str, tuple[str, str]]) -> dict[str, set[tuple[str, str]]]:
    """Return a published table as templates can say it."""
    return {
        service: {(BETTER.get((service, rest), rest), BY_TEMPLATE.get(service, transit))}
        for service, (rest, transit) in table.items()
    }


@pytest.mark.parametrize(
    ("key", "table"), [(None, BY_DEFAULT), (lk.Key(), UNDER_A_KEY)], ids=["default", "key"]
)
def test_the_published_table_is_rebuilt_from_the_template(
    key: lk.Key | None, table: dict[str, tuple[str, str]]
) -> None:
    pipe = all_services(key)
    assert rebuilt(pipe.template()) == expected(table)
    shown = pipe.encryption
    assert {row[0]: tuple(cell.lstrip("✓✕ ") for cell in row[1:3]) for row in shown.rows} == table
    assert {row[4].split(";")[0] for row in shown.rows} == {"✓ holds"}


def test_a_table_that_one_resource_breaks_is_not_rebuilt() -> None:
    template = all_services(lk.Key()).template()
    del template["Resources"]["GroupTable"]["Properties"]["SSESpecification"]
    assert rebuilt(template)["DynamoDB"] == {("SSE", "TLS 1.2+")}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("kind", ["default", "one key", "key per node", "key per store"])
def test_every_middleware_keeps_the_published_table(name: str, kind: str) -> None:
    pipe = pipeline(name, kind)
    table = expected(BY_DEFAULT if kind == "default" else UNDER_A_KEY)
    assert {
        service: said for service, said in rebuilt(pipe.template()).items() if said - table[service]
    } == {}
    shown = encryption_table(seen(pipe, pipe.template()))
    assert not [row for row in (*shown.rows, *shown.resources.rows) if any("✗" in str(cell) for cell in row)]
