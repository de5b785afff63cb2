"""What a reviewer reads: ten lines, what is wrong in the pipeline's words, what is assumed."""

from __future__ import annotations

import json

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.claims import CLAIMS
from lakenb.review.findings import Finding
from lakenb.review.verification import ClaimResult, Verification
from lakenb.review.verify import verify
from tests.examples import letters
from tests.review.edited import Template, allowing, arn, of_claim, statements, verified, within, without


def test_a_good_template_reads_as_ten_lines() -> None:
    graph = letters()
    lines = repr(verify(source(graph.template()), graph)).split("\n")
    assert lines[0] == "'letters': 8 claims proved; for 2 there is nothing to prove here"
    assert [line.split()[0] for line in lines[1:11]] == [claim.id for claim in CLAIMS]
    assert lines[1].split()[:4] == ["P1", "Least", "privilege", "proved"]
    assert "  P6   Encryption with a key  —          no key is named" in lines


def test_exceptions_and_assumptions_are_named() -> None:
    graph = letters()
    found = verify(source(graph.template()), graph)
    assert any(
        one.startswith("sts:AssumeRole by lambda.amazonaws.com") and "not available in AWS" in one
        for one in found.exceptions
    )
    assert any("organization" in one for one in found.assumptions)
    text = repr(found)
    assert "exceptions, neither proved nor failed:" in text
    assert "assumed:" in text


def test_a_read_that_is_too_much_is_said_in_the_pipeline_s_words() -> None:
    found = verified(letters(), allowing("SentencesRole", "s3:GetObject", within("InboxStore", "letters/*")))
    (one,) = of_claim(found, "P1")
    assert one.sentence == (
        "'sentences' may read every object under inbox/letters/, for example inbox/letters/doc: statement "
        "'Added' of SentencesRole.Policies[0] 'node' (identity-based policy) allows it"
    )
    assert one.remedy == (
        "take s3:GetObject out of statement 'Added' of SentencesRole.Policies[0] 'node', or narrow its "
        "resources to what is needed"
    )
    first, request, mend = str(one).split("\n")
    assert first.startswith("P1 FAILED: 'sentences' may read")
    assert request.strip().startswith("request: arn:aws:iam::")
    assert request.endswith(": ALLOWED")
    assert mend.strip().startswith("mend: take s3:GetObject out of")


def test_a_door_is_named() -> None:
    found = verified(letters(), allowing("SentencesRole", "lambda:UpdateFunctionCode", arn("InboxFunction")))
    (one,) = of_claim(found, "P1")
    assert "'sentences' may do lambda:UpdateFunctionCode on the function of 'inbox'" in one.sentence
    assert "with it one replaces the code of a function" in one.sentence


def test_a_missing_permission_is_said_with_what_it_is_for() -> None:
    found = verified(letters(), without("SentencesRole", "PublishTopic"))
    (one,) = of_claim(found, "P10")
    assert one.sentence == (
        "'sentences' cannot publish to the topic of 'sentences' ('sentences' publishes to its own topic): no "
        "identity-based policy allows the sns:Publish action"
    )
    assert one.remedy == "let its role allow sns:Publish on the topic of 'sentences'"


def test_an_explicit_deny_is_named_as_what_is_in_the_way() -> None:
    def deny(resources: Template) -> None:
        added = {"Sid": "No", "Effect": "Deny", "Action": "sns:Publish", "Resource": "*"}
        statements(resources, "SentencesRole").append(added)

    (one,) = of_claim(verified(letters(), deny), "P10")
    assert "an explicit deny in an identity-based policy" in one.sentence
    assert one.remedy == "take 'sentences' out of SentencesRole.Policies[0] 'node', 'No'"


def test_a_missing_deny_of_plain_http_says_what_to_deny() -> None:
    found = verified(letters(), without("SentencesQueuePolicy", "DenyPlainHttp"))
    one = of_claim(found, "P7")[0]
    assert "the queue of 'sentences' without TLS" in one.sentence
    assert one.remedy == "deny sqs:* to everyone on the queue where aws:SecureTransport is false"


def test_one_statement_that_lets_everybody_in_is_one_finding_a_claim() -> None:
    def everybody(resources: Template) -> None:
        allow = {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "sns:Publish"}
        statements(resources, "InboxTopicPolicy").append(allow | {"Resource": {"Ref": "InboxTopic"}})

    found = verified(letters(), everybody)
    (one,) = of_claim(found, "P4")
    assert one.sentence.startswith("anybody, unasked, may publish to the topic of 'inbox'")
    assert "so may another account" in one.sentence


def test_a_service_without_its_source_is_told_which_condition_it_lacks() -> None:
    def forget(resources: Template) -> None:
        statements(resources, "SentencesQueuePolicy")[1].pop("Condition")

    (one,) = of_claim(verified(letters(), forget), "P9")
    assert "sns.amazonaws.com may send to the queue of 'sentences' for anybody" in one.sentence
    assert "the condition aws:SourceArn with the pipeline's own source" in one.remedy


def test_what_holds_under_some_choices_only_says_so() -> None:
    graph = letters()
    template = graph.template() | {
        "Parameters": {"Open": {"Type": "String", "Default": "no"}},
        "Conditions": {"IsOpen": {"Fn::Equals": [{"Ref": "Open"}, "yes"]}},
    }
    template["Resources"] = dict(template["Resources"])
    template["Resources"]["Hole"] = {
        "Type": "AWS::IAM::Policy",
        "Condition": "IsOpen",
        "Properties": {
            "PolicyName": "hole",
            "Roles": [{"Ref": "SentencesRole"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": {
                    "Effect": "Allow",
                    "Action": "s3:GetObject",
                    "Resource": within("InboxStore", "*"),
                },
            },
        },
    }
    found = verify(source(template), graph)
    (one,) = of_claim(found, "P1")
    assert one.when == "where parameter Open is 'yes'"
    assert f"({one.when})" in str(one)


@pytest.mark.parametrize("form", ["text", "html"])
def test_nothing_from_outside_commands_the_page(form: str) -> None:
    found = Verification(
        (ClaimResult("P1", "<script>alert(1)</script>", Verdict.FAILED, failed=1),),
        (Finding("P1", "<b>", Verdict.FAILED, "bad\x1b[2J<img src=x>", remedy="<i>"),),
        ("<u>",),
        ("<s>",),
        ("<q>",),
        name="<h1>\x1b",
    )
    shown = repr(found) if form == "text" else found._repr_html_() or ""
    assert "\x1b" not in shown
    if form == "html":
        for tag in ("<script", "<b>", "<img", "<i>", "<u>", "<s>", "<q>", "<h1>"):
            assert tag not in shown


def test_many_findings_are_counted_and_the_rest_is_kept() -> None:
    rows = (ClaimResult("P1", "t", Verdict.FAILED, failed=30),)
    several = tuple(Finding("P1", str(number), Verdict.FAILED, f"bad {number}") for number in range(30))
    text = repr(Verification(rows, several, (), ()))
    assert "… and 10 more in .findings" in text
    assert "30 failed of 30 obligations" in text


def test_as_json_everything_is_there() -> None:
    found = verified(letters(), allowing("SentencesRole", "s3:GetObject", within("InboxStore", "*")))
    value = json.loads(json.dumps(found.json()))
    assert value["proved"] is False
    assert [one["claim"] for one in value["claims"]] == [claim.id for claim in CLAIMS]
    (one,) = value["findings"]
    assert one["request"]["action"] == "s3:GetObject"
    assert one["request"]["decision"] == "ALLOWED"
    assert one["mend"]
    assert value["claims"][5]["verdict"] == "nothing to prove"
    assert len(value["template"]) == 64


def test_the_tables_have_a_row_for_each_claim_and_finding() -> None:
    found = verified(letters(), without("SentencesRole", "PublishTopic"))
    assert len(found.table) == 10
    assert found.table.where(claim="P10").rows[0][2:4] == ("—", "✗ FAILED")
    assert found.table.where(claim="P4").rows[0][3] == "✗ FAILED"
    assert found.found.rows[0][0] == "P10"


def test_the_same_template_gives_the_same_text() -> None:
    graph = letters()
    one, other = (verify(source(graph.template()), graph) for _ in range(2))
    assert one == other
    assert repr(one) == repr(other)
    assert one._repr_html_() == other._repr_html_()


def test_a_given_bucket_is_its_owner_s() -> None:
    graph = lk.Pipeline("g", lk.S3Trigger("inbox", bucket="given").pipe(lk.S3Storage("store")))
    found = verify(source(graph.template()), graph)
    assert found.is_proved
    assert any("given" in one and "owner" in one for one in found.notes)
