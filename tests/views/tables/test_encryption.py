"""The published encryption table, held against the template: whole, and sabotaged in one place each."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.views.seen import seen
from lakenb.views.tables.encryption import encryption_table
from tests.backends.local.everything import everything
from tests.examples import chain, letters
from tests.views.tables.reading import denials, read_back, sabotaged

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.views.tables.encryption import EncryptionTable

PLAIN = {"Bool": {"aws:SecureTransport": "false"}}
OLD = {"NumericLessThan": {"s3:TlsVersion": "1.2"}}


def verdicts(table: EncryptionTable) -> dict[str, str]:
    return {row[0]: row[4] for row in table.rows}


def resource(table: EncryptionTable, logical_id: str) -> dict[str, str]:
    return dict(
        zip(table.resources.columns, table.resources.where(logical_id=logical_id).rows[0], strict=True)
    )


def test_the_pages_rows_and_cells() -> None:
    table = encryption_table(read_back())
    assert [row[:3] for row in table.rows] == [
        ("SQS", "✓ SSE-SQS", "✓ TLS 1.2+"),
        ("SNS", "✕ (1)", "✓ TLS 1.2+"),
        ("EFS", "✕ (2)", "✓ TLS 1.2+"),
        ("DynamoDB", "✓ SSE", "✓ TLS 1.2+"),
        ("Logs", "✓ SSE", "✓ TLS 1.2+"),
        ("Cache Storage", "✓ SSE-S3", "✓ TLS 1.2+"),
        ("Middleware Storage", "✓ SSE-S3", "✓ TLS 1.2+"),
        ("Environment Variables", "✕ (3)", "N/A"),
    ]
    assert table.notes[:3] == (
        "(1) SNS does not support default encryption at rest (SSE-SNS) in all AWS regions.",
        "(2) EFS does not support encryption with AWS managed keys in all AWS regions.",
        "(3) Environment variables in AWS Lambda require a CMK to be encrypted.",
    )
    assert all(row[5] for row in table.rows)


def under(key: lk.Key | None, node_key: lk.Key | None = None) -> lk.Pipeline:
    chunks = lk.S3Trigger("inbox").pipe(lk.RecursiveCharacterTextSplitter("chunks", key=node_key))
    return lk.Pipeline("kept", chunks.pipe(lk.S3Storage("results")), key=key)


def test_the_pages_rows_and_cells_under_a_key() -> None:
    table = encryption_table(read_back(under(lk.Key())))
    assert [row[:3] for row in table.rows] == [
        ("SQS", "✓ KMS", "✓ TLS 1.2+"),
        ("SNS", "✓ KMS", "✓ TLS 1.2+"),
        ("EFS", "✓ KMS", "✓ TLS"),
        ("DynamoDB", "✓ KMS", "✓ TLS 1.2+"),
        ("Logs", "✓ KMS", "✓ TLS 1.2+"),
        ("Cache Storage", "✓ KMS", "✓ TLS 1.2+"),
        ("Middleware Storage", "✓ KMS", "✓ TLS 1.2+"),
        ("Environment Variables", "✓ KMS", "N/A"),
    ]
    assert not any(note.startswith("(") for note in table.notes)  # its cells refer to no footnote
    assert table.caption == "Encryption under a customer managed key, as published and in this template"


def test_a_key_for_one_node_alone_shows_both_of_the_pages_cells() -> None:
    table = encryption_table(read_back(under(None, lk.Key())))
    assert table.rows[0][:3] == ("SQS", "✓ SSE-SQS / ✓ KMS", "✓ TLS 1.2+")
    assert table.rows[7][:3] == ("Environment Variables", "✕ (3) / ✓ KMS", "N/A")
    assert table.notes[0].startswith("(1)")
    assert any(note.startswith("Some nodes are under a customer managed key") for note in table.notes)


@pytest.mark.parametrize("make", [letters, everything, lambda: chain(20)])
def test_our_templates_keep_what_is_published(make: Callable[[], Any]) -> None:
    table = encryption_table(read_back(make()))
    assert set(verdicts(table).values()) == {"✓ holds", "○ none in this pipeline"}
    assert verdicts(table)["EFS"] == "○ none in this pipeline"
    assert set(table.resources.df["as published"]) == {"✓ holds"}


def test_each_resource_says_which_property_and_which_denies() -> None:
    table = encryption_table(read_back())
    queue, store, topic = (resource(table, name) for name in ("InboxQueue", "InboxStore", "InboxTopic"))
    assert queue["says so"] == "Properties.SqsManagedSseEnabled = true · InboxQueuePolicy: DenyPlainHttp"
    assert queue["in transit"] == "TLS by the template, 1.2 by the AWS endpoint"
    assert store["at rest"] == "SSE-S3"
    assert store["in transit"] == "TLS 1.2+"
    assert store["says so"].endswith("InboxStorePolicy: DenyPlainHttp, DenyOldTls")
    assert topic["at rest"] == "none"
    assert resource(table, "InboxLogs")["in transit"] == "TLS 1.2+ by the AWS endpoint"
    assert resource(table, "PipelineCache")["node"] == "the pipeline"
    counted = {row[0]: row[3] for row in table.rows}
    assert (counted["SQS"], counted["Middleware Storage"], counted["EFS"]) == (
        "8",
        "4",
        "none in this pipeline",
    )


def test_two_tables_stand_side_by_side() -> None:
    both = encryption_table(read_back(under(None))).beside(encryption_table(read_back(under(lk.Key()))))
    assert len(both) == 8
    assert both.rows[0][:3] == ("SQS", "✓ SSE-SQS", "✓ TLS 1.2+")
    assert both.rows[2][4:6] == ("✓ KMS", "✓ TLS")


SABOTAGES: dict[str, tuple[str, str, str, Callable[[dict[str, Any]], object]]] = {
    "a queue without SSE": (
        "SQS",
        "InboxQueue",
        "at rest not named (no Properties.SqsManagedSseEnabled)",
        lambda made: made["InboxQueue"]["Properties"].pop("SqsManagedSseEnabled"),
    ),
    "a queue whose SSE is off": (
        "SQS",
        "InboxDeadLetters",
        "at rest none (Properties.SqsManagedSseEnabled = false)",
        lambda made: made["InboxDeadLetters"]["Properties"].update(SqsManagedSseEnabled=False),
    ),
    "a queue whose SSE hangs on a condition": (
        "SQS",
        "InboxQueue",
        "at rest not readable",
        lambda made: made["InboxQueue"]["Properties"].update(
            SqsManagedSseEnabled={"Fn::If": ["Cheap", False, True]}
        ),
    ),
    "a store without encryption": (
        "Middleware Storage",
        "ParagraphsStore",
        "at rest not named (no Properties.BucketEncryption)",
        lambda made: made["ParagraphsStore"]["Properties"].pop("BucketEncryption"),
    ),
    "a cache without encryption": (
        "Cache Storage",
        "PipelineCache",
        "at rest not named",
        lambda made: made["PipelineCache"]["Properties"].pop("BucketEncryption"),
    ),
    "an encryption that is no object": (
        "Middleware Storage",
        "ParagraphsStore",
        "at rest not readable",
        lambda made: made["ParagraphsStore"]["Properties"].update(BucketEncryption="AES256"),
    ),
    "a bucket without the Deny of plain HTTP": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy").pop(0),
    ),
    "a bucket without the Deny of old TLS": (
        "Middleware Storage",
        "InboxStore",
        "TLS below 1.2 is not denied",
        lambda made: denials(made, "InboxStorePolicy").pop(1),
    ),
    "two Denies ANDed into one": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied (DenyPlainHttp ANDs it with another condition",
        lambda made: (
            denials(made, "InboxStorePolicy").pop(1),
            denials(made, "InboxStorePolicy")[0].update(Condition=PLAIN | OLD),
        ),
    ),
    "a Deny of the wrong polarity": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied (DenyPlainHttp does not do it: Bool true",
        lambda made: denials(made, "InboxStorePolicy")[0].update(
            Condition={"Bool": {"aws:SecureTransport": "true"}}
        ),
    ),
    "a Deny that excepts plain HTTP": (
        "Middleware Storage",
        "InboxStore",
        "TLS below 1.2 is not denied",
        lambda made: denials(made, "InboxStorePolicy")[1].update(
            Condition={"NumericGreaterThan": {"s3:TlsVersion": "1.2"}}
        ),
    ),
    "a Deny of too old a TLS": (
        "Cache Storage",
        "PipelineCache",
        "TLS below 1.2 is not denied",
        lambda made: denials(made, "PipelineCachePolicy")[1].update(
            Condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}}
        ),
    ),
    "an Allow in the place of the Deny": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy")[0].update(Effect="Allow"),
    ),
    "a Deny for one principal": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy")[0].update(Principal={"AWS": "111122223333"}),
    ),
    "a Deny of one action": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy")[0].update(Action="s3:GetObject"),
    ),
    "a Deny of all but something": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy")[0].update(
            NotAction=denials(made, "InboxStorePolicy")[0].pop("Action")
        ),
    ),
    "a Deny for the bucket but not its objects": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: denials(made, "InboxStorePolicy")[0]["Resource"].pop(1),
    ),
    "a policy on another bucket": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: made["InboxStorePolicy"]["Properties"].update(Bucket={"Ref": "ResultsStore"}),
    ),
    "a policy that may be left out": (
        "Middleware Storage",
        "InboxStore",
        "plain HTTP is not denied",
        lambda made: made["InboxStorePolicy"].update(Condition="IsProduction"),
    ),
    "a queue without its Deny": (
        "SQS",
        "ResultsQueue",
        "plain HTTP is not denied",
        lambda made: denials(made, "ResultsQueuePolicy").pop(0),
    ),
    "a topic without its policy": (
        "SNS",
        "InboxTopic",
        "plain HTTP is not denied",
        lambda made: made.pop("InboxTopicPolicy"),
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_a_sabotaged_template_is_named_with_its_logical_id(name: str) -> None:
    service, logical_id, fault, change = SABOTAGES[name]
    table = encryption_table(sabotaged(change))
    assert verdicts(table)[service].startswith(f"✗ {logical_id}: ")
    assert fault in verdicts(table)[service]
    assert fault in resource(table, logical_id)["as published"]
    faulty = [row[0] for row in table.resources.rows if row[6].startswith("✗")]
    assert faulty == [logical_id]
    assert [one for one, verdict in verdicts(table).items() if verdict.startswith("✗")] == [service]


def test_an_open_fold_shows_what_is_not_as_published() -> None:
    html = encryption_table(sabotaged(SABOTAGES["a queue without SSE"][3]))._repr_html_()
    assert html is not None
    assert html.count("<details") == 6  # no fold for a service without resources
    assert html.count('<details class="lakenb-more" open><summary><b>SQS</b>: ✗ 1 of 8') == 1
    assert html.count(" open>") == 1
    assert html == encryption_table(sabotaged(SABOTAGES["a queue without SSE"][3]))._repr_html_()


def test_more_than_published_keeps_it_and_says_so() -> None:
    def with_keys(made: dict[str, Any]) -> None:
        made["InboxTopic"]["Properties"]["KmsMasterKeyId"] = {"Ref": "Key"}
        made["InboxQueue"]["Properties"]["KmsMasterKeyId"] = "alias/aws/sqs"

    table = encryption_table(sabotaged(with_keys))
    assert verdicts(table)["SNS"] == "✓ holds; more than published: InboxTopic: KMS"
    assert resource(table, "InboxTopic")["key"] == "${Key}"
    assert resource(table, "InboxQueue")["at rest"] == "KMS"
    assert verdicts(table)["SQS"].startswith("✓ holds; more than")


def test_a_key_that_cannot_be_read_is_never_called_more() -> None:
    def hanging(made: dict[str, Any]) -> None:
        made["InboxTopic"]["Properties"]["KmsMasterKeyId"] = {"Fn::If": ["Own", "a", {"Ref": "AWS::NoValue"}]}

    table = encryption_table(sabotaged(hanging))
    assert verdicts(table)["SNS"] == "✓ holds"
    assert resource(table, "InboxTopic")["at rest"] == "not readable"


def test_file_systems_and_tables_are_read_too() -> None:
    def more(made: dict[str, Any]) -> None:
        made["Files"] = {"Type": "AWS::EFS::FileSystem", "Properties": {"Encrypted": True}}
        made["Rows"] = {"Type": "AWS::DynamoDB::Table", "Properties": {}}

    table = encryption_table(sabotaged(more))
    assert verdicts(table)["EFS"] == "✗ Files: plain HTTP is not denied"
    assert verdicts(table)["DynamoDB"] == "✓ holds"
    assert resource(table, "Files")["node"] == "—"
    assert resource(table, "Rows")["key"] == "AWS owned"


def test_a_given_bucket_is_its_owners() -> None:
    inbox = lk.S3Trigger("inbox", bucket="an-archive", prefix="in/")
    table = encryption_table(read_back(lk.Pipeline("given", inbox.pipe(lk.S3Storage("results")))))
    row = table.rows[6]
    assert row[3] == "1, and 1 given"
    assert row[4] == "✓ holds · ○ given bucket: not in this template, its owner's ('inbox')"
    assert ("inbox", "Middleware Storage") in [one[1:3] for one in table.resources.rows]


def test_many_faults_are_counted_and_all_in_resources() -> None:
    def none_encrypted(made: dict[str, Any]) -> None:
        for one in made.values():
            one["Properties"].pop("SqsManagedSseEnabled", None)

    table = encryption_table(sabotaged(none_encrypted))
    assert verdicts(table)["SQS"].endswith("· and 4 more, see .resources")
    assert len(table.resources.where(service="SQS", at_rest="not named")) == 8


def test_where_keeps_the_resources() -> None:
    table = encryption_table(read_back()).where(service="SQS")
    assert len(table) == 1
    assert "InboxQueue" in (table._repr_html_() or "")
    assert repr(table).startswith("service")


def test_a_template_is_read_and_not_changed() -> None:
    pipe = letters()
    template = pipe.template()
    before = deepcopy(template)
    encryption_table(seen(pipe, template))
    assert template == before
