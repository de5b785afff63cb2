"""Tables as text and as DataFrames."""

from __future__ import annotations

import pytest

from lakenb.errors import OptionError
from lakenb.records.run import Account
from lakenb.records.tables import Table, printable, table_of

TABLE = Table("things", ("name", "size"), (("a", 1), ("bb", None), ("ccc", 333)))


def test_text_aligns_columns_and_leaves_out_what_is_unknown() -> None:
    assert TABLE.text() == "name  size\n────  ────\na     1\nbb\nccc   333"
    assert repr(TABLE) == TABLE.text()


def test_text_counts_the_rows_that_it_does_not_show() -> None:
    assert TABLE.text(most=1) == "name  size\n────  ────\na     1\n… and 2 more things"
    many = Table("things", ("n",), tuple((number,) for number in range(100)))
    assert many.text().endswith("\n39\n… and 60 more things")
    assert many.text(most=None).endswith("\n99")


def test_empty_table_says_what_there_is_none_of() -> None:
    assert Table("things", ("name",), ()).text() == "no things"


def test_table_has_a_length_and_rows_in_order() -> None:
    assert len(TABLE) == 3
    assert list(TABLE) == [("a", 1), ("bb", None), ("ccc", 333)]


def test_long_cells_are_cut() -> None:
    cut = Table("things", ("n",), (("x" * 200,),)).text().splitlines()[-1]
    assert len(cut) == 72
    assert cut.endswith("x…")


def test_no_cell_commands_the_terminal() -> None:
    hostile = "a\x1b[31m\r\n\x07\x9b\u202e\u2028\ud800b"
    text = Table("things", ("n",), ((hostile,),)).text()
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert text.splitlines()[-1] == printable(hostile)
    text.encode()  # so that it can be printed


def test_frame_holds_the_values_themselves() -> None:
    frame = Table("things", ("name", "size"), (("a\nb", 1), ("c", 2))).df
    assert list(frame.columns) == ["name", "size"]
    assert frame.to_numpy().tolist() == [["a\nb", 1], ["c", 2]]
    assert list(Table("things", ("name", "size"), ()).df.columns) == ["name", "size"]


def test_table_of_records_has_a_column_for_each_field() -> None:
    table = table_of("edges", [Account("a -> b", 3, 1, 1, 1)], Account)
    assert table.columns == ("edge", "inputs", "delivered", "failed", "filtered")
    assert table.rows == (("a -> b", 3, 1, 1, 1),)


GRANTS = Table(
    "grants",
    ("principal", "action", "logical id"),
    (("a", "s3:GetObject", "A"), ("b", "s3:GetObject", "B"), ("b", "s3:PutObject", "B")),
)


def test_where_keeps_the_rows_that_have_every_value() -> None:
    found = GRANTS.where(principal="b", action="s3:GetObject")
    assert found.rows == (("b", "s3:GetObject", "B"),)
    assert found.columns == GRANTS.columns
    assert "where principal is 'b'" in found.text()


def test_where_takes_several_values_a_function_and_columns_with_blanks() -> None:
    assert len(GRANTS.where(principal=["a", "b"])) == 3
    assert len(GRANTS.where(action=lambda action: action.startswith("s3:Put"))) == 1
    assert GRANTS.where(logical_id="A").rows == GRANTS.rows[:1]


def test_where_on_an_unknown_column_names_the_nearest() -> None:
    with pytest.raises(OptionError) as raised:
        GRANTS.where(pricipal="b")
    assert raised.value.fault.what == "the table of grants has no column 'pricipal'"
    assert raised.value.fault.mend == "did you mean principal?"
    with pytest.raises(OptionError, match="it has principal, action, logical_id"):
        GRANTS.where(x=1)


def test_an_empty_answer_tells_a_misspelled_question_from_nobody() -> None:
    assert GRANTS.where(action="s3:GetObjekt").text() == (
        "no grants\nwhere action is 's3:GetObjekt' (in no row; did you mean 's3:GetObject'?)"
    )
    assert GRANTS.where(principal="a", action="s3:DeleteBucket").text().startswith("no grants\n")


def test_where_goes_on_from_where_and_keeps_the_table_itself() -> None:
    assert len(GRANTS.where(principal="b").where(action="s3:PutObject")) == 1
    assert len(GRANTS) == 3
    assert not GRANTS.notes


def test_notes_stand_below_the_rows_and_command_nothing() -> None:
    table = Table("things", ("n",), ((1,),), ("a note\x1b[2J",))
    assert table.text().splitlines()[-1] == "a note�[2J"
