"""A table as HTML: a pandas Styler over its frame, and one style sheet for screen and paper.

What is shown is escaped and neutralised, ids come from the title, and the same table is the same bytes.
Colours follow the page's theme (transparent grounds, the front end's variables where it has them), and
never speak alone: without the style sheet, as in an untrusted notebook, the words and signs remain.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.io.formats.style import Styler

from lakenb.records.tables import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.records.tables import Table

# A thousand rows of grants weigh about 700 KB in a notebook; what is left out is counted below the rows.
ROWS_SHOWN = 1000
# Paper does not scroll: a table with more columns is printed again in parts, each with its first column.
_COLUMNS_ON_PAPER = 10
# Longer words get places to break at, so that no name makes the page wider: on screen, and on narrow paper.
_LONGEST_ON_SCREEN, _LONGEST_ON_PAPER = 24, 13
# What an A4 page of an exported notebook holds in a line: letters of the size that is printed, of the smaller
# one with which tight tables are, and what a cell's padding takes.
_LETTERS_ON_PAPER, _SMALL_LETTERS, _PADDING = 81, 90, 1.25
# Short texts stay on one line: a verdict or a name broken in two is read twice.
_SHORT = 14
_JOINTS = re.compile(r"(?<=[/:._,;=@-])(?=[^/:._,;=@-])|(?<=[a-z0-9])(?=[A-Z])")
# Words and signs that a reader must not miss; they are bold beside having a colour.
_SEVERE = ("✗", "NOT INTENDED", "EXPLICITLY_DENIED", "IMPLICITLY_DENIED")
_NOTHING = ("", "—")

STYLE = """<style>
.lakenb-t {max-height: 38em; overflow: auto; margin: 0 0 .6em}
.lakenb-t table.lakenb-table {border-collapse: collapse; margin: 0; table-layout: auto; width: auto;
 border: 0; color: inherit; font-size: 12px; line-height: 1.4}
.lakenb-t table.lakenb-table caption {caption-side: top; text-align: left; padding: .2em 0 .4em;
 font-weight: 600; color: inherit; white-space: normal}
.lakenb-t table.lakenb-table th, .lakenb-t table.lakenb-table td {text-align: left; vertical-align: top;
 padding: .3em .7em; border: 0; border-bottom: 1px solid rgba(128,128,128,.32); white-space: normal;
 max-width: 34em; overflow-wrap: break-word; color: inherit; unicode-bidi: isolate}
.lakenb-t table.lakenb-table thead th {position: sticky; top: 0; z-index: 2; font-weight: 600;
 border-bottom: 2px solid rgba(128,128,128,.6);
 background: var(--jp-layout-color0, var(--vscode-editor-background, Canvas))}
.lakenb-t table.lakenb-table tbody tr, .lakenb-t table.lakenb-table tbody tr:nth-child(n) {
 background: transparent}
.lakenb-t table.lakenb-table tbody tr:hover {background: rgba(128,128,128,.14)}
.lakenb-t table.lakenb-table .code {font-family: var(--jp-code-font-family, ui-monospace, Menlo, Consolas,
 "DejaVu Sans Mono", monospace); font-size: 11.5px; direction: ltr; unicode-bidi: isolate-override}
.lakenb-t table.lakenb-table .short {white-space: nowrap}
.lakenb-t wbr {display: none}
.lakenb-t wbr.b {display: inline}
.lakenb-t table.lakenb-table .number {font-variant-numeric: tabular-nums}
.lakenb-t table.lakenb-table .nothing {opacity: .6}
.lakenb-t table.lakenb-table td.severe {font-weight: 700; background: rgba(214,40,40,.15)}
.lakenb-t table.lakenb-table td.severe-row {box-shadow: inset 3px 0 rgb(214,40,40)}
.lakenb-t table.lakenb-wide {width: max-content}
.lakenb-t table.lakenb-wide th:first-child, .lakenb-t table.lakenb-wide td:first-child {
 position: sticky; left: 0; z-index: 1;
 background: var(--jp-layout-color0, var(--vscode-editor-background, Canvas))}
.lakenb-t table.lakenb-wide thead th:first-child {z-index: 3}
.lakenb-notes {font-size: 12px; line-height: 1.45; margin: 0 0 .9em; max-width: 70em;
 overflow-wrap: anywhere}
.lakenb-paper {display: none}
details.lakenb-more {margin: .15em 0; font-size: 12px}
details.lakenb-more > summary {cursor: pointer; padding: .15em 0}
@media print {
 .lakenb-t {max-height: none; overflow: visible}
 .lakenb-t table.lakenb-table {width: 100%; font-size: 7.5pt; line-height: 1.25}
 .lakenb-t table.lakenb-table .code {font-size: 7pt}
 .lakenb-t table.lakenb-table .short {white-space: normal}
 .lakenb-t wbr {display: inline}
 .lakenb-t table.lakenb-table thead {display: table-header-group}
 .lakenb-t table.lakenb-table thead th, .lakenb-t table.lakenb-wide th:first-child,
 .lakenb-t table.lakenb-wide td:first-child {position: static}
 .lakenb-t table.lakenb-table tr {break-inside: avoid}
 .lakenb-t table.lakenb-table th, .lakenb-t table.lakenb-table td {padding: .25em .35em; max-width: none}
 .lakenb-t table.lakenb-tight th, .lakenb-t table.lakenb-tight td {overflow-wrap: anywhere}
 .lakenb-t table.lakenb-tight, .lakenb-t table.lakenb-tight .code {font-size: 6.5pt}
 .lakenb-t table.lakenb-tight .short {overflow-wrap: break-word}
 .lakenb-t table.lakenb-dense .short {overflow-wrap: anywhere}
 .lakenb-t table.lakenb-table td.severe {border: 1px solid}
 .lakenb-t table.lakenb-table td.severe-row {border-left: 3px solid; box-shadow: none}
 .lakenb-screen {display: none}
 .lakenb-paper {display: block}
 .lakenb-paper > summary {display: none}
 details.lakenb-more::details-content, details.lakenb-paper::details-content {
  content-visibility: visible; block-size: auto}
}
</style>
"""


def table_html(table: Table) -> str:
    """Return a table as HTML with its style sheet, its notes below.

    All rows up to `ROWS_SHOWN`; the rest is counted, and in ``.df``.

    Examples
    --------
    >>> from lakenb.records.tables import Table
    >>> "&lt;script&gt;" in table_html(Table("things", ("name",), (("<script>",),)))
    True
    """
    return f'{STYLE}<div class="lakenb-box">\n{bare_html(table)}</div>'


def bare_html(table: Table, caption: str | None = None) -> str:
    """Return a table as HTML without the style sheet, to be put beside others under one.

    Parameters
    ----------
    table
        What is shown.
    caption
        The line above it; how many rows there are of what by default.
    """
    line = _counted(table) if caption is None else caption
    if not table.rows:
        return f'<p class="lakenb-notes">{cell_html(f"no {table.title}")}</p>\n{notes_html(table.notes)}'
    shown = table.rows[:ROWS_SHOWN]
    parts = _screen_and_paper(table, shown, line)
    left = len(table) - len(shown)
    notes = [f"… and {left} more {table.title}: .df holds all of them"] if left else []
    return f"{parts}{notes_html((*notes, *table.notes))}"


def _screen_and_paper(table: Table, rows: tuple[tuple[Any, ...], ...], caption: str) -> str:
    count = len(table.columns)
    if count <= _COLUMNS_ON_PAPER:
        return _styled(table, rows, range(count), caption, "")
    screen = _styled(table, rows, range(count), caption, "wide")
    step = _COLUMNS_ON_PAPER - 1
    parts = []
    for number, first in enumerate(range(1, count, step), start=1):
        columns = (0, *range(first, min(first + step, count)))
        kept = [row for row in rows if any(row[index] not in _NOTHING for index in columns[1:])]
        parts.append(_styled(table, kept or rows, columns, f"{caption}, part {number}", f"part-{number}"))
    # a fold, because sanitizers keep folds and drop what hides: nothing stands twice without the style sheet
    fold = '<details class="lakenb-paper"><summary>the same in parts, for paper</summary>'
    return f'<div class="lakenb-screen">{screen}</div>\n{fold}{"".join(parts)}</details>\n'


def _styled(
    table: Table, rows: Iterable[tuple[Any, ...]], columns: Iterable[int], caption: str, part: str
) -> str:
    indices = list(columns)
    shown = [tuple(row[index] for index in indices) for row in rows]
    names = [table.columns[index] for index in indices]
    kinds = [_kind(name, column, table) for name, column in zip(names, zip(*shown, strict=True), strict=True)]
    flags = ["lakenb-table", *(["lakenb-wide"] if part == "wide" else [])]
    flags += _on_paper(shown, names)
    # positions as column labels: two columns may have one name
    frame = pd.DataFrame(shown, columns=indices, dtype=object)
    headings: dict[object, str] = dict(zip(indices, map(_heading, names), strict=True))
    styler = Styler(frame, uuid="-".join(filter(None, (_slug(table.title), part))), cell_ids=False)
    styler.hide(axis="index")
    styler.set_caption(cell_html(caption))
    styler.set_table_attributes(f'class="{" ".join(flags)}"')
    styler.set_table_styles(css_class_names={"data": "d", "row": "r", "col": "c", "col_heading": "h"})
    styler.set_td_classes(pd.DataFrame([_row_classes(row, kinds) for row in shown], columns=indices))
    styler.format(cell_html)
    styler.format_index(headings.__getitem__, axis=1)
    made = styler.to_html()
    # the Styler writes an empty style element of its own: the one style sheet serves all tables
    return f'<div class="lakenb-t" tabindex="0">\n{made[made.index("<table") :]}</div>\n'


def _kind(name: str, values: Iterable[Any], table: Table) -> str:
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        return "number"
    return "code" if name in table.identifiers else ""


def _row_classes(row: tuple[Any, ...], kinds: list[str]) -> list[str]:
    tones = [_tone(value) for value in row]
    lengths = ["short" if len(str(value)) <= _SHORT else "" for value in row]
    classes = [" ".join(filter(None, three)) for three in zip(kinds, tones, lengths, strict=True)]
    if "severe" in tones:  # the row's beginning says so, too: its end may be scrolled away
        classes[0] = f"{classes[0]} severe-row".strip()
    return classes


def _heading(name: str) -> str:
    return f'<span class="short">{cell_html(name)}</span>' if len(name) <= _SHORT else cell_html(name)


def _tone(value: Any) -> str:
    shown = "" if value is None else str(value)
    if shown.startswith(_SEVERE) or "NOT INTENDED" in shown:
        return "severe"
    return "nothing" if shown in _NOTHING else ""


def _counted(table: Table) -> str:
    """Return how many rows there are, as in ``1 decision`` and ``2 decisions``."""
    words = table.title.split(" ")
    plural = next((index for index, word in enumerate(words) if word.endswith("s")), None)
    if len(table) == 1 and plural is not None:
        words[plural] = words[plural].removesuffix("s")
    return " ".join((str(len(table)), *words))


def cell_html(value: Any) -> str:
    """Return a value as HTML text: escaped, nothing in it commands the page, long words can break."""
    return " ".join(_breakable(word) for word in _text(value).split(" "))


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else printable(str(value))


def _breakable(word: str) -> str:
    # the style sheet keeps the plain ones from breaking on screen
    between = '<wbr class="b">' if len(word) > _LONGEST_ON_SCREEN else "<wbr>"
    return between.join(map(_escaped, _pieces(word)))


def _escaped(piece: str) -> str:
    # notebooks typeset what stands between two dollar signs: in elements of their own they are no pair
    return html.escape(piece).replace("$", "<span>$</span>")


def _pieces(word: str) -> list[str]:
    if len(word) <= _LONGEST_ON_PAPER:
        return [word]
    step = _LONGEST_ON_PAPER
    return [part[start : start + step] for part in _JOINTS.split(word) for start in range(0, len(part), step)]


def _on_paper(rows: list[tuple[Any, ...]], headings: list[str]) -> list[str]:
    """Return the classes for paper: whether words must break anywhere, and even short texts."""
    columns = [[_text(value) for value in column] for column in zip(headings, *rows, strict=True)]
    padding = _PADDING * len(columns)
    if sum(map(_longest_piece, columns)) + padding <= _LETTERS_ON_PAPER:
        return []
    short = [_longest_piece(text for text in column if len(text) <= _SHORT) for column in columns]
    return ["lakenb-tight"] if sum(short) + padding <= _SMALL_LETTERS else ["lakenb-tight", "lakenb-dense"]


def _longest_piece(texts: Iterable[str]) -> int:
    return max(
        (len(piece) for text in texts for word in text.split(" ") for piece in _pieces(word)), default=0
    )


def notes_html(notes: Iterable[str]) -> str:
    """Return the sentences below a table, a line each."""
    lines = "<br>".join(map(cell_html, notes))
    return f'<p class="lakenb-notes">{lines}</p>\n' if lines else ""


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "table"
