"""Endpoints, as published and as needed."""

from __future__ import annotations

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
    assert rows["SQS"][:2] == (every, every)
    assert "own code calls SendMessage;" in rows["SQS"][2]
    assert rows["SNS"][:2] == ("inbox, paragraphs, sentences", "—")
    assert rows["Logs"][:2] == ("—", every)
    assert rows["S3"][:2] == (every, "—")


def test_a_service_that_the_page_does_not_name_has_its_own_row() -> None:
    seen = sabotaged(lambda made: allow(made, "Sentences", "bedrock:InvokeModel", resource="*"))
    assert endpoints_table(seen).rows[4] == (
        "Bedrock",
        "com.amazonaws.<region>.bedrock-runtime",
        "interface",
        "not on the page",
        "sentences",
        "—",
        "the functions' own code calls InvokeModel",
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
    assert row[4:] == ("—", "—", "no role names it")


def test_many_nodes_are_said_in_few_words() -> None:
    rows = {row[0]: row for row in endpoints_table(read_back(chain(30))).rows}
    assert rows["SQS"][4] == "every node (32)"
    assert rows["SNS"][4] == "every node but results (31)"
