import json
from collections import Counter

import pytest

from lakenb.iam.proof.values import Verdict
from tests.review.properties.examined import examined, noted
from tests.review.properties.templates import GOOD, given

ENVIRONMENT = (
    "their encryption is promised with a key only; whoever may read a function's configuration sees them"
)
LOGS = (
    "the Lambda service polls queues and writes logs from its own network: an endpoint for Logs is "
    "published, and no function's code needs it"
)


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("has_graph", [True, False], ids=["with its graph", "template alone"])
def test_a_good_template_raises_no_alarm(name: str, has_graph: bool) -> None:
    pipe, template = GOOD[name]
    results = examined(template, pipe if has_graph else None)
    assert [one for one in results if one.verdict is not Verdict.PROVED] == []
    assert all(one.mend == "" for one in results)


@pytest.mark.parametrize("name", GOOD)
def test_every_node_has_its_results_and_each_says_where(name: str) -> None:
    pipe, template = GOOD[name]
    results = examined(template, pipe)
    assert {one.subject for one in results} >= {*pipe.nodes, "cache"}
    for one in results:
        assert one.text
        assert one.evidence
        assert not one.text.endswith(".")
        if one.logical_id:
            assert one.logical_id in template["Resources"]
            assert one.path


def test_evidence_is_in_the_templates_words() -> None:
    pipe, template = GOOD["letters"]
    shown = {one.evidence for one in examined(template, pipe)}
    assert "Properties.RedrivePolicy.deadLetterTargetArn = ${InboxDeadLetters.Arn}" in shown
    assert "Properties.SqsManagedSseEnabled = true" in shown
    assert not [text for text in shown if "arn:aws:sqs" in text]


def test_results_are_the_same_for_the_same_template_in_another_order() -> None:
    pipe, template = GOOD["everything"]
    turned = {**template, "Resources": dict(reversed(template["Resources"].items()))}
    assert Counter(examined(template, pipe)) == Counter(examined(turned, pipe))


def test_p6_speaks_only_where_there_is_a_key_and_p8_only_in_a_vpc() -> None:
    claims = {name: {one.claim for one in examined(template)} for name, (_, template) in GOOD.items()}
    assert claims["letters"] == {"P1", "P2", "P4", "P5", "P10"}
    assert claims["under a key"] == {"P1", "P2", "P4", "P5", "P6", "P10"}
    assert claims["in a VPC"] == {"P1", "P2", "P4", "P5", "P6", "P8", "P10"}


def test_what_is_not_promised_is_said() -> None:
    pipe, template = GOOD["letters"]
    notes = [f"{one.claim} {one.text}" for one in noted(template, pipe)]
    assert notes == [
        "P6 no resource of the pipeline names a customer managed key: P5 is what counts",
        "P5 topics: no encryption at rest is promised without a key",
        f"P5 environment variables: {ENVIRONMENT}",
        "P8 not applicable: no VPC for 'inbox', 'paragraphs', 'results', 'sentences'",
    ]


def test_a_given_buckets_encryption_is_said_to_be_its_owners() -> None:
    pipe = given()
    texts = [one.text for one in noted(pipe.template(), pipe)]
    assert "'inbox' works on the given bucket given-bucket: how it is encrypted is its owner's" in texts


def test_a_vpc_is_said_to_need_no_endpoint_for_logs() -> None:
    pipe, template = GOOD["in a VPC"]
    notes = [one.text for one in noted(template, pipe)]
    assert notes == [LOGS]


def test_handmade_templates_are_json_and_fresh_each_time() -> None:
    for _, template in GOOD.values():
        assert json.loads(json.dumps(template)) == template
