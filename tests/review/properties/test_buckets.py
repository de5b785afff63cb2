from __future__ import annotations

from typing import Any

import pytest

from tests.examples import letters
from tests.review.properties.examined import adding, altered, changed, examined, faults, open_ones, without
from tests.review.properties.templates import two_on_one_given

PLAIN = letters().template()
BUCKETS = ["InboxStore", "ParagraphsStore", "ResultsStore", "PipelineCache"]
BLOCKS = ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]
BLOCK = ("Properties", "PublicAccessBlockConfiguration")
OWNER = ("Properties", "OwnershipControls", "Rules", 0, "ObjectOwnership")


@pytest.mark.parametrize("bucket", BUCKETS)
@pytest.mark.parametrize("flag", BLOCKS)
def test_p1_wants_all_four_blocks_of_public_access(bucket: str, flag: str) -> None:
    place = [("P1", bucket, f"Properties.PublicAccessBlockConfiguration.{flag}")]
    assert faults(changed(PLAIN, bucket, *BLOCK, flag, to=False)) == place
    assert faults(without(PLAIN, bucket, *BLOCK, flag)) == place
    assert faults(changed(PLAIN, bucket, *BLOCK, flag, to="true")) == []


@pytest.mark.parametrize("bucket", BUCKETS)
def test_p1_wants_the_blocks_and_the_ownership_written(bucket: str) -> None:
    assert [claim for claim, *_ in faults(without(PLAIN, bucket, *BLOCK))] == ["P1"]
    assert [claim for claim, *_ in faults(without(PLAIN, bucket, "Properties", "OwnershipControls"))] == [
        "P1"
    ]


@pytest.mark.parametrize("ownership", ["ObjectWriter", "BucketOwnerPreferred"])
def test_p1_wants_acls_off(ownership: str) -> None:
    assert faults(changed(PLAIN, "InboxStore", *OWNER, to=ownership)) == [
        ("P1", "InboxStore", "Properties.OwnershipControls.Rules[0].ObjectOwnership")
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AccessControl", "PublicRead"),
        ("AccessControl", "AuthenticatedRead"),
        ("AccessControl", "LogDeliveryWrite"),
        ("WebsiteConfiguration", {"IndexDocument": "index.html"}),
        ("ReplicationConfiguration", {"Role": "r", "Rules": [{"Status": "Enabled"}]}),
        ("InventoryConfigurations", [{"Id": "i"}]),
    ],
)
def test_p1_sees_every_way_to_the_documents_beside_the_policies(name: str, value: Any) -> None:
    template = changed(PLAIN, "ResultsStore", "Properties", name, to=value)
    assert faults(template) == [("P1", "ResultsStore", f"Properties.{name}")]


@pytest.mark.parametrize(("name", "value"), [("AccessControl", "Private"), ("InventoryConfigurations", [])])
def test_p1_takes_what_opens_nothing(name: str, value: Any) -> None:
    assert faults(changed(PLAIN, "ResultsStore", "Properties", name, to=value)) == []


def test_p1_sees_access_points_and_grants_on_a_store() -> None:
    store = {"Ref": "ResultsStore"}
    point = adding(PLAIN, "Door", "AWS::S3::AccessPoint", Bucket=store)
    assert faults(point) == [("P1", "Door", "Properties.Bucket")]
    regions = adding(PLAIN, "Door", "AWS::S3::MultiRegionAccessPoint", Regions=[{"Bucket": store}])
    assert faults(regions) == [("P1", "Door", "Properties.Regions")]
    scope = {"Fn::Sub": "s3://${ResultsStore}/*"}
    grants = adding(PLAIN, "Door", "AWS::S3::AccessGrantsLocation", LocationScope=scope)
    assert faults(grants) == [("P1", "Door", "Properties.LocationScope")]
    everywhere = adding(PLAIN, "Door", "AWS::S3::AccessGrantsLocation", LocationScope="s3://")
    assert len(faults(everywhere)) == 5
    elsewhere = adding(PLAIN, "Door", "AWS::S3::AccessPoint", Bucket="another-bucket")
    assert faults(elsewhere) == []


def test_p1_of_what_cannot_be_read_is_undecided() -> None:
    unread = {"Fn::ImportValue": "x"}
    template = changed(PLAIN, "ResultsStore", *BLOCK, "BlockPublicAcls", to=unread)
    assert (faults(template), [claim for claim, *_ in open_ones(template)]) == ([], ["P1"])
    template = changed(PLAIN, "ResultsStore", "Properties", "AccessControl", to=unread)
    assert (faults(template), [claim for claim, *_ in open_ones(template)]) == ([], ["P1"])
    template = adding(PLAIN, "Door", "AWS::S3::AccessPoint", Bucket=unread)
    assert (faults(template), len(open_ones(template))) == ([], 5)


def test_p1_is_silent_about_buckets_that_hold_no_documents_of_the_pipeline() -> None:
    template = adding(
        PLAIN, "Website", "AWS::S3::Bucket", WebsiteConfiguration={}, AccessControl="PublicRead"
    )
    assert [claim for claim, *_ in faults(template)] == ["P5"]


def test_p2_sees_two_nodes_that_share_a_bucket() -> None:
    template = altered(PLAIN, lambda resources: _put_into(resources, "Results", "SentencesStore"))
    found = [one for one in examined(template) if one.claim == "P2" and one.mend]
    assert [(one.subject, one.logical_id) for one in found] == [
        ("results", "SentencesStore"),
        ("sentences", "SentencesStore"),
    ]
    assert found[0].evidence == "${SentencesStore.Arn} is also the store of 'sentences'"


def test_p2_sees_a_node_that_puts_its_documents_into_the_cache() -> None:
    template = altered(PLAIN, lambda resources: _put_into(resources, "Results", "PipelineCache"))
    found = [one for one in examined(template) if one.claim == "P2" and one.mend]
    assert [(one.subject, one.logical_id) for one in found] == [("results", "PipelineCache")]


def test_p2_lets_two_triggers_read_one_given_bucket() -> None:
    pipe = two_on_one_given()
    assert faults(pipe.template(), pipe) == []


def test_p2_lets_nobody_put_into_a_given_bucket_that_another_reads() -> None:
    pipe = two_on_one_given()
    template = altered(pipe.template(), lambda resources: _put_into(resources, "Results", "given-bucket"))
    assert {one.subject for one in examined(template) if one.claim == "P2" and one.mend} == {
        "in-a",
        "in-b",
        "results",
    }


def _put_into(resources: dict[str, Any], node: str, bucket: str) -> None:
    variables = resources[f"{node}Function"]["Properties"]["Environment"]["Variables"]
    variables["LAKENB_STORE"] = {"Ref": bucket} if bucket in resources else bucket
