"""A run as a value: its account, its tables, its trees."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from lakenb.records.attempt import Attempt
from lakenb.records.disagreement import Disagreement
from lakenb.records.run import Account, Decision, Document, Failure, Filtered, Run, Waiting, Work

INBOX, CHUNKS = "s3://in/a%20b.txt", "s3://chunks"
DOCUMENTS = (
    Document("inbox", INBOX, "text/plain", 2_400_000, "e0", ""),
    *(
        Document("chunks", f"{CHUNKS}/{number:05}.txt", "text/plain", 900, f"e{number}", "e0")
        for number in range(1, 10)
    ),
    Document("results", "s3://out/a_b-00001.txt", "text/plain", 1_500, "r1", "e1"),
)
RUN = Run(
    "letters",
    DOCUMENTS,
    (Failure("results", "e2", "NotText", "the document is no text", f"{CHUNKS}/00002.txt"),),
    (Filtered("chunks", "results", "e3"),),
    (
        Decision(
            0, "chunks", "arn:role", "s3:GetObject", INBOX, "ALLOWED", "identity ReadSources", "", "request"
        ),
    ),
    (
        Work("chunks", "e0", 10.0, (("s3:GetObject", 1), ("s3:PutObject", 9))),
        Work("chunks", "e9", 30.04),
        Work("inbox", "e0", 5.0, (("s3:HeadObject", 1),)),
    ),
    (Account("bucket -> inbox", 1, 1, 0, 0), Account("chunks -> results", 3, 1, 1, 1)),
    ((INBOX, "a b.txt"),),
    timedelta(seconds=1.25),
)


APART = Disagreement(
    0, "chunks", "arn:role", "s3:GetObject", INBOX, "ALLOWED", "the identity-based policy's statement Read",
    "IMPLICITLY_DENIED", "nothing allows it", "see the page",
)  # fmt: skip


class Known:
    """Reasons by the decision's place in time."""

    def because(self, order: int) -> str:
        return f"reason {order}"


@pytest.mark.parametrize(
    ("ends", "missing"), [((3, 1, 1, 1), 0), ((3, 3, 0, 0), 0), ((3, 1, 1, 0), 1), ((3, 0, 0, 0), 3)]
)
def test_account_tells_how_many_inputs_have_no_end(ends: tuple[int, int, int, int], missing: int) -> None:
    account = Account("a -> b", *ends)
    assert account.missing == missing
    assert replace(RUN, accounts=(RUN.accounts[0], account)).is_complete is (missing == 0)


def test_run_says_in_a_few_lines_whether_anything_is_lost() -> None:
    assert repr(RUN).splitlines()[0] == "<Run of 'letters': 11 documents, 1 failed, nothing lost, 1.2 s>"
    lost = replace(RUN, accounts=(Account("a -> b", 2, 1, 0, 0),))
    assert "NOT COMPLETE" in repr(lost)


def test_run_says_what_waits_where_and_that_it_is_not_lost() -> None:
    waits = (Waiting("all", "c1", 1), Waiting("group", "c1", 2), Waiting("group", "c2", 3))
    first = repr(replace(RUN, waiting_records=waits)).splitlines()[0]
    assert first.endswith("nothing lost; 1 event waits in 'all'; 5 events wait in 'group', 1.2 s>")
    assert [tuple(row) for row in replace(RUN, waiting_records=waits).waiting] == [
        ("all", "c1", 1),
        ("group", "c1", 2),
        ("group", "c2", 3),
    ]


def test_run_says_first_on_what_the_two_policy_engines_differ() -> None:
    assert RUN.is_confirmed
    assert len(RUN.disagreements) == 0
    apart = replace(RUN, disagreement_records=(APART,))
    assert not apart.is_confirmed
    assert repr(apart).splitlines()[:6] == [
        "THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on 1 decision",
        f"✗ chunks · s3:GetObject on {INBOX}",
        "  the embedded AWS: ALLOWED, the identity-based policy's statement Read",
        "  our evaluator:    IMPLICITLY_DENIED, nothing allows it",
        "  to settle it:     see the page",
        "<Run of 'letters': 11 documents, 1 failed, nothing lost, 1.2 s>",
    ]
    assert apart.disagreements.df.loc[0, "evaluator_says"] == "nothing allows it"


def test_of_many_disagreements_the_first_are_told_and_the_others_counted() -> None:
    lines = repr(replace(RUN, disagreement_records=(APART,) * 5)).splitlines()
    assert lines[0].endswith("DISAGREE on 5 decisions")
    assert sum(line.startswith("✗") for line in lines) == 3
    assert "… and 2 more: run.disagreements lists them" in lines


def test_an_attempt_says_first_that_the_engines_differ() -> None:
    tried = Attempt("chunks", "s3:GetObject", "inbox/a.txt", allowed=True, status=200, code="", message="",
                    decided_by="Read")  # fmt: skip
    assert repr(tried).startswith("ALLOWED  chunks")
    apart = replace(tried, disagreements=(APART,))
    assert repr(apart).startswith("THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on 1 decision\n✗ chunks")
    assert repr(tried) in repr(apart)


def test_decisions_tell_why_on_demand() -> None:
    assert RUN.decisions.df.loc[0, "because"] == ""
    told = replace(RUN, reasoning=Known()).decisions
    assert told.columns[-3:] == ("source", "agrees", "because")
    assert told.df.loc[0, "because"] == "reason 0"


def test_tables_hold_what_was_observed() -> None:
    assert len(RUN.documents) == 11
    assert RUN.failed.rows[0][:4] == ("results", "e2", "NotText", "the document is no text")
    assert RUN.filtered.rows == (("chunks", "results", "e3"),)
    assert RUN.decisions.df.loc[0, "decided_by"] == "identity ReadSources"
    assert RUN.account.df["inputs"].tolist() == [1, 3]


def test_timings_are_medians_and_calls_a_document() -> None:
    assert RUN.timings.rows == (("chunks", 2, 20.0, 30.0, 5.0), ("inbox", 1, 5.0, 5.0, 1.0))


def test_lineage_shows_trees_with_failures_and_what_was_held_back() -> None:
    text = RUN.lineage.text().splitlines()
    assert text[0] == "inbox: a b.txt (text/plain, 2.4 MB)"
    assert text[1:4] == [
        "├─ chunks: 00001.txt (text/plain, 900 B)",
        "│  └─ results: a_b-00001.txt (text/plain, 1.5 kB)",
        "├─ chunks: 00002.txt (text/plain, 900 B)",
    ]
    assert "│  └─ ✗ results: NotText: the document is no text" in text
    assert "│  └─ ∅ held back by the filter of results" in text
    assert text[-1] == "└─ … and 3 more"
    assert "more" not in RUN.lineage.text(most=None)
    assert repr(RUN.lineage) == RUN.lineage.text()


def test_failure_before_any_event_stands_for_itself_under_its_name() -> None:
    early = Failure("inbox", "", "Superseded", "a newer upload", INBOX)
    unknown = Failure("inbox", "", "InvalidEvent", "no JSON", "")
    lines = replace(RUN, document_records=(), failures=(early, unknown), filtered_records=()).lineage.text()
    assert set(lines.splitlines()) == {
        "✗ inbox: a b.txt Superseded: a newer upload",
        "✗ inbox: InvalidEvent: no JSON",
    }


def test_empty_run_has_no_lineage() -> None:
    empty = replace(RUN, document_records=(), failures=(), filtered_records=())
    assert repr(empty.lineage) == "no documents"


def test_no_name_reason_or_kind_in_a_tree_commands_the_terminal() -> None:
    bad = "\x1b[31m\r\n\u202e"
    hostile = replace(
        RUN,
        document_records=(Document("inbox", INBOX, f"text/{bad}", 1, "e0", ""),),
        failures=(Failure("chunks", "e0", bad, bad, INBOX), Failure("chunks", "", bad, bad, INBOX)),
        names=((INBOX, f"a{bad}.txt"),),
    )
    apart = replace(RUN, disagreement_records=(replace(APART, resource=bad, server_says=bad),))
    shown = (hostile.lineage.text(), hostile.lineage.digest(), repr(hostile), repr(hostile.failed))
    for text in (*shown, repr(apart), repr(apart.disagreements)):
        assert all(letter.isprintable() or letter == "\n" for letter in text)
