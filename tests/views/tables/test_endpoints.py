"""Endpoints, as published and as needed."""

from __future__ import annotations

import lakenb as lk
from lakenb.graph.network_parts import Endpoint
from lakenb.views.seen import Seen, seen
from lakenb.views.tables.endpoints import endpoints_table
from tests.examples import chain
from tests.views.tables.reading import allow, read_back, sabotaged


def test_the_four_published_endpoints_stand_in_the_pages_order() -> None:
    table = endpoints_table(read_back())
    assert [row[:4] for row in table.rows] == [
        ("SQS", "com.amazonaws.<region>.sqs", "interface", "✓ published"),
        ("SNS", "com.amazonaws.<region>.sns", "interface", "✓ published"),
        ("Logs", "com.amazonaws.<region>.logs", "interface", "✓ published"),
        ("S3", "com.amazonaws.<region>.s3", "interface or gateway", "✓ published"),
    ]


def test_function_code_and_the_lambda_service_are_told_apart() -> None:
    rows = {row[0]: row[4:] for row in endpoints_table(read_back()).rows}
    every = "every node (4): inbox, paragraphs, sentences, results"
    assert rows["SQS"][:3] == (every, "—", every)
    assert "own code calls SendMessage;" in rows["SQS"][3]
    assert rows["SNS"][:3] == ("inbox, paragraphs, sentences", "—", "—")
    assert rows["Logs"][:3] == ("—", "—", every)
    assert rows["S3"][:3] == (every, "—", "—")


def test_a_service_that_the_page_does_not_name_has_its_own_row() -> None:
    seen = sabotaged(lambda made: allow(made, "Sentences", "bedrock:InvokeModel", resource="*"))
    assert endpoints_table(seen).rows[4] == (
        "Bedrock",
        "com.amazonaws.<region>.bedrock-runtime",
        "interface",
        "not on the page",
        "sentences",
        "—",
        "—",
        "the functions' own code calls InvokeModel",
        "no VPC",
        "USD 7.30 to 8.76 a zone",
    )


def test_what_this_table_does_not_know_is_never_named_for_sure() -> None:
    def widen(made: dict[str, object]) -> None:
        allow(made, "Sentences", "newservice:Do", "*", resource="*")

    rows = {row[0]: row for row in endpoints_table(sabotaged(widen)).rows}
    assert rows["newservice"][1:3] == ("not known to this table", "not known to this table")
    assert rows["*"][4] == "sentences"


def test_a_pipeline_in_which_no_role_names_a_service_keeps_its_row() -> None:
    def without_topics(
        made: dict[str, dict[str, dict[str, list[dict[str, dict[str, list[dict[str, str]]]]]]]],
    ) -> None:
        for name, resource in made.items():
            if name.endswith("Role"):
                statements = resource["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
                statements[:] = [one for one in statements if one["Sid"] != "PublishTopic"]

    row = endpoints_table(sabotaged(without_topics)).rows[1]
    assert row[0] == "SNS"
    assert row[4:] == ("—", "—", "—", "no role names it", "not needed", "—")


def test_many_nodes_are_said_in_few_words() -> None:
    rows = {row[0]: row for row in endpoints_table(read_back(chain(30))).rows}
    assert rows["SQS"][4] == "every node (32)"
    assert rows["SNS"][4] == "every node but results (31)"


def _pipeline(vpc: lk.Vpc | None, *, key: lk.Key | None = None) -> lk.Pipeline:
    return lk.Pipeline("p", lk.S3Trigger("inbox").pipe(lk.S3Storage("results")), vpc=vpc, key=key)


def seen_without_check(pipe: lk.Pipeline) -> Seen:
    """Return what a pipeline's template grants, though its VPC lacks endpoints."""
    return seen(pipe, _pipeline(None).template())


def _columns(pipe: lk.Pipeline, *names: str) -> dict[str, tuple[str, ...]]:
    table = pipe.endpoints
    places = [table.columns.index(name) for name in names]
    return {row[0]: tuple(row[place] for place in places) for row in table.rows}


def test_a_vpc_that_is_made_shows_its_endpoints_and_what_they_cost() -> None:
    rows = _columns(_pipeline(lk.Vpc(create=True)), "stands", "monthly cost")
    assert rows["SQS"] == ("PipelineEndpointSqs (interface, 2 zones)", "USD 14.60 to 17.52")
    assert rows["S3"] == ("PipelineEndpointS3 (gateway)", "nothing")
    assert rows["Logs"] == ("not needed", "—")
    assert rows["EC2"] == ("not needed", "—")


def test_an_interface_for_s3_is_paid_for() -> None:
    rows = _columns(_pipeline(lk.Vpc(create=True, s3="interface", zones=1)), "stands", "monthly cost")
    assert rows["S3"] == ("PipelineEndpointS3 (interface, 1 zone)", "USD 7.30 to 8.76")


def test_a_given_vpc_shows_what_is_described_and_what_is_not_known() -> None:
    ids = {"subnets": ["subnet-1"], "security_groups": ["sg-1"]}
    undescribed = _columns(_pipeline(lk.Vpc(id="vpc-1", **ids)), "stands")  # type: ignore[arg-type]  # one dict for both
    assert undescribed["SQS"] == ("not known",)
    given = Endpoint("vpce-1", "sqs", subnets=("subnet-1", "subnet-2"))
    described = _pipeline(
        lk.Vpc(id="vpc-1", endpoints=[given], subnets=["subnet-1"], security_groups=["sg-1"])
    )
    seen = endpoints_table(seen_without_check(described))
    rows = {row[0]: row for row in seen.rows}
    assert rows["SQS"][8] == "vpce-1 (given, interface, 2 zones)"
    assert rows["SNS"][8] == "not in the VPC"


def test_under_a_key_no_endpoint_for_kms_is_needed_and_the_table_says_why() -> None:
    rows = _columns(_pipeline(None, key=lk.Key()), "needed by function code", "why", "stands")
    assert rows["KMS"] == (
        "—",
        "S3, SQS, SNS and other services ask KMS themselves: no endpoint is needed",
        "not needed",
    )


def test_costs_are_dated_and_name_the_page() -> None:
    notes = " ".join(_pipeline(None).endpoints.notes)
    assert "us-east-1 7.30" in notes
    assert "https://aws.amazon.com/privatelink/pricing/, as of 2026-10-06" in notes
