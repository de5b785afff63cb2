"""Tables as HTML: escaped, stable, breakable, and readable without their style sheet."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from html.parser import HTMLParser

import pytest

from lakenb.records.run import Decision, Run
from lakenb.records.table_html import ROWS_SHOWN, STYLE, bare_html, table_html
from lakenb.records.tables import Table

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</td></tr></table></div></details>",
    "\"quoted\" and 'quoted' and `quoted`",
    "&amp; &lt;script&gt;",
    "\u202egpj.exe\u2066\u200f",
    "tab\tnew\nline\x00\x1b[2Jbell\x07",
    "\ud800 alone",
    "👩‍👩‍👧 and ✓",
    "עברית/العربية/*",
    "x" * 200,
    "/".join(["part"] * 60),
    "Z\u0335\u0351" * 40,
    "{{ jinja }} {% raw %} ${sub}",
)


class _Seen(HTMLParser):
    """What a browser would find: elements, their attributes, and each cell's text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.cells: list[str] = []
        self.classes: list[str] = []
        self._is_cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag in {"td", "th"}:
            self.cells.append("")
            self.classes.append(dict(attrs).get("class") or "")
            self._is_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self._is_cell = False

    def handle_data(self, data: str) -> None:
        if self._is_cell:
            self.cells[-1] += data


def table(*cells: object, title: str = "things", column: str = "resource") -> Table:
    return Table(title, (column,), tuple((cell,) for cell in cells))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(name: str) -> None:
    plain = _Seen(table_html(Table("t", ("a", "resource"), (("x", "x"),), ("x",))))
    seen = _Seen(table_html(Table("t", (name, "resource"), ((name, name),), (name,))))
    own = {"wbr", "span"}  # places to break at, and short headings
    assert [tag for tag in seen.tags if tag not in own] == [tag for tag in plain.tags if tag not in own]
    assert not [key for key, _ in seen.attributes if key.startswith("on") or key in {"src", "href"}]
    shown = "".join(letter if letter.isprintable() else "�" for letter in name)
    assert seen.cells == [shown, "resource", shown, shown]
    table_html(table(name, title=name)).encode()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_word_is_wider_than_a_column(name: str) -> None:
    html = bare_html(table(name))
    cell = html[html.index("<td") : html.index("</td>")]
    pieces = cell[cell.index(">") + 1 :].replace('<wbr class="b">', " ").replace("<wbr>", " ").split()
    assert max(len(piece.replace("&lt;", "<").replace("&gt;", ">")) for piece in pieces) <= 24


def test_the_same_table_is_the_same_bytes_in_every_process() -> None:
    program = (
        "from lakenb.records.tables import Table\n"
        "print(Table('many things', ('a', 'b'), (('x', 1), ('✗ y', 2.5)))._repr_html_())"
    )
    made = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(filter(None, sys.path))},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(made) == 1
    assert b'id="T_many-things"' in made.pop()


def test_two_columns_of_one_name_are_two_columns() -> None:
    seen = _Seen(bare_html(Table("t", ("cache", "cache"), ((1, 2),))))
    assert seen.cells == ["cache", "cache", "1", "2"]


def test_numbers_and_unknowns_are_shown_shortly() -> None:
    seen = _Seen(bare_html(Table("t", ("a", "b", "c"), ((3.333333, None, True), (2.0, "", False)))))
    assert seen.cells[3:] == ["3.33", "", "True", "2", "", "False"]


def test_what_a_reader_must_not_miss_is_marked_at_both_ends_of_its_row() -> None:
    rows = (("a", "fine"), ("b", "✗ InboxQueue"), ("c", "NOT INTENDED"), ("d", "IMPLICITLY_DENIED"))
    classes = _Seen(bare_html(Table("t", ("who", "kind"), rows))).classes[2:]
    assert ["severe" in one.split() for one in classes[1::2]] == [False, True, True, True]
    assert ["severe-row" in one.split() for one in classes[::2]] == [False, True, True, True]


def test_identifiers_stand_in_a_fixed_width_face() -> None:
    seen = _Seen(bare_html(Table("t", ("action", "why"), (("s3:GetObject", "because"),))))
    assert ["code" in one.split() for one in seen.classes[2:]] == [True, False]


def test_rows_beyond_the_bound_are_counted() -> None:
    html = bare_html(table(*map(str, range(ROWS_SHOWN + 7))))
    assert html.count("<tr>") == 1 + ROWS_SHOWN
    assert "… and 7 more things: .df holds all" in html


def test_an_empty_table_says_what_there_is_none_of() -> None:
    html = table_html(Table("grants", ("a",), (), ("where a is 'x'",)))
    assert "no grants" in html
    assert "where a is &#x27;x&#x27;" in html
    assert "<table" not in html


def test_a_wide_table_is_printed_in_parts_that_repeat_the_first_column() -> None:
    columns = ("who", *(f"c{number}" for number in range(25)))
    rows = tuple((f"n{row}", *("Get" if row == number else "—" for number in range(25))) for row in range(25))
    html = bare_html(Table("principals", columns, rows))
    paper = html[html.index("lakenb-paper") :]
    assert html.count("<table") == 1 + 3
    assert paper.count(">who<") == 3
    assert paper.count(">Get<") == 25
    # where the style sheet is dropped nothing stands twice: a fold that is closed
    assert '<details class="lakenb-paper"><summary>' in html


def test_the_style_sheet_loads_nothing_and_follows_the_theme() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "--jp-layout-color0" in STYLE
    assert "break-inside: avoid" in STYLE
    assert "table-header-group" in STYLE


def test_a_runs_tables_are_html_too() -> None:
    decision = Decision(
        0, "a", "arn:aws:sts::000000000000:role/a/b", "s3:GetObject", "*", "ALLOWED", "p", "", "request"
    )
    run = Run("p", (), (), (), (decision,), (), (), (), timedelta(seconds=1))
    html = run.decisions._repr_html_()
    assert html is not None
    assert "arn:<wbr" in html
    assert "no documents" in (run.documents._repr_html_() or "")


def test_pandas_is_imported_only_when_a_table_is_shown_as_html() -> None:
    program = (
        "import sys\nfrom lakenb.records.tables import Table\n"
        "table = Table('t', ('a',), ((1,),))\nrepr(table)\ntable.where(a=1)\n"
        "assert 'pandas' not in sys.modules\n"
        "sys.modules['pandas'] = None\nassert table._repr_html_() is None\n"
    )
    path = ":".join(filter(None, sys.path))
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": path})


def test_dollar_signs_are_no_formula_in_a_notebook() -> None:
    # JupyterLab typesets what stands between two of them; each in an element of its own is no pair
    html = Table("resources", ("resource",), (("${A}:${B}",),))._repr_html_()
    assert html is not None
    assert "$" not in html.replace("<span>$</span>", "")
    assert html.count("<span>$</span>") == 2


@pytest.mark.parametrize(
    ("title", "one", "two"),
    [
        ("decisions", "1 decision", "2 decisions"),
        ("principals that may", "1 principal that may", "2 principals that may"),
        ("filtered events", "1 filtered event", "2 filtered events"),
    ],
)
def test_a_single_row_is_counted_in_the_singular(title: str, one: str, two: str) -> None:
    html = [Table(title, ("a",), rows)._repr_html_() or "" for rows in ((("x",),), (("x",), ("y",)))]
    assert f">{one}<" in html[0]
    assert f">{two}<" in html[1]
