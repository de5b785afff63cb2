"""Tables as text and as DataFrames."""

from __future__ import annotations

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
