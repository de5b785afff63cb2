"""Who may do what with which store."""

from __future__ import annotations

import lakenb as lk
from lakenb.views.tables.access import access_table
from tests.backends.local.everything import everything
from tests.examples import chain
from tests.views.tables.reading import allow, objects_of, read_back, sabotaged


def test_letters_as_a_reviewer_reads_them() -> None:
    table = access_table(read_back())
    assert table.columns == ("who", "inbox", "paragraphs", "sentences", "results", "cache")
    assert table.rows == (
        ("inbox", "Get letters/*", "—", "—", "—", "—"),
        ("paragraphs", "Get letters/*", "Put *", "—", "—", "Put paragraphs/* · Get *"),
        ("sentences", "—", "Get *", "Put *", "—", "Put sentences/* · Get *"),
        ("results", "—", "Get *", "Get *", "Put *", "Put results/* · Get *"),
    )


def test_a_forwarded_read_says_so() -> None:
    table = access_table(read_back(everything()))
    seen = dict(zip(table.columns, table.where(who="seen").rows[0], strict=True))
    assert seen["inbox"] == "Get * (forwarded)"
    assert "seen" not in table.columns  # a pass-through node has no store


def test_what_is_not_intended_is_marked_and_comes_first_in_its_cell() -> None:
    def widen(made: dict[str, object]) -> None:
        allow(made, "Results", "s3:DeleteObject", resource=objects_of("ParagraphsStore", "x/*"))

    table = access_table(sabotaged(widen))
    assert table.where(who="results").rows[0][2] == "✗ NOT INTENDED: Delete x/* · Get *"
    assert table.notes[0] == "✗ 1 grants on stores are NOT INTENDED."


def test_reads_of_objects_that_belong_to_no_store_get_a_column_of_their_own() -> None:
    def widen(made: dict[str, object]) -> None:
        allow(made, "Results", "s3:GetObject", "s3:*", resource="arn:aws:s3:::elsewhere/*")
        allow(made, "Results", "*", resource="*")

    table = access_table(sabotaged(widen))
    assert table.columns[-1] == "elsewhere"
    cell = table.where(who="results").rows[0][-1]
    assert cell.startswith("✗ NOT INTENDED: Get arn:aws:s3:::elsewhere/*")
    assert "s3:* arn:aws:s3:::elsewhere/*" in cell
    assert "* *" in cell


def test_listing_a_bucket_keeps_the_name_of_its_action() -> None:
    def widen(made: dict[str, object]) -> None:
        allow(made, "Results", "s3:ListBucket", resource={"Fn::GetAtt": ["InboxStore", "Arn"]})

    table = access_table(sabotaged(widen))
    assert table.where(who="results").rows[0][1] == "✗ NOT INTENDED: s3:ListBucket"


def test_a_stranger_that_reaches_a_store_has_a_row_after_the_nodes() -> None:
    def open_up(made: dict[str, dict[str, dict[str, dict[str, list[object]]]]]) -> None:
        made["InboxStorePolicy"]["Properties"]["PolicyDocument"]["Statement"].append(
            {
                "Effect": "Allow",
                "Principal": "*",
                "Action": "s3:GetObject",
                "Resource": objects_of("InboxStore"),
            }
        )

    table = access_table(sabotaged(open_up))
    assert table.rows[-1][:2] == ("*", "✗ NOT INTENDED: Get *")


def test_a_read_under_a_condition_says_the_condition() -> None:
    def narrow(
        made: dict[str, dict[str, dict[str, list[dict[str, dict[str, list[dict[str, object]]]]]]]],
    ) -> None:
        statement = made["SentencesRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"][0]
        statement["Condition"] = {"Bool": {"aws:SecureTransport": "true"}}

    cell = access_table(sabotaged(narrow)).where(who="sentences").rows[0][2]
    assert cell == "✗ NOT INTENDED: Get * (if aws:SecureTransport Bool true)"


def test_a_node_called_like_a_column_of_ours_keeps_its_own_column() -> None:
    splitter = lk.RecursiveCharacterTextSplitter("who")
    pipe = lk.Pipeline("p", lk.S3Trigger("inbox").pipe(splitter).pipe(lk.S3Storage("results")))
    table = access_table(read_back(pipe))
    assert table.columns == ("who (of the pipeline)", "inbox", "who", "results", "cache")
    assert table.rows[1][1:] == ("Get *", "Put *", "—", "Put who/* · Get *")


def test_a_given_bucket_has_its_column_and_a_note() -> None:
    inbox = lk.S3Trigger("inbox", bucket="an-archive", prefix="in/")
    table = access_table(read_back(lk.Pipeline("given", inbox.pipe(lk.S3Storage("results")))))
    assert table.rows[1] == ("results", "Get in/*", "Put *", "Put results/* · Get *")
    assert table.notes[-1] == "The bucket of 'inbox' is given: it is not in this template."


def test_fifty_nodes_keep_their_first_column_in_sight() -> None:
    html = access_table(read_back(chain(48)))._repr_html_()
    assert html is not None
    assert "lakenb-wide" in html
    assert html.count("50 principals, part") == 6
