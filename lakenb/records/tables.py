"""A table as a value: columns and rows, as text here, as HTML by `table_html`, as a DataFrame on request."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from lakenb.errors import Fault, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

_WIDEST = 72
_ROWS_SHOWN = 40
_SEVERAL = (list, tuple, set, frozenset)
# Columns of names that machines give and people compare letter by letter: shown in a fixed-width face.
IDENTIFIERS = frozenset(
    {"action", "condition", "decided_by", "event", "key", "parent", "principal", "resource", "url"}
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns, in a fixed order.

    In a notebook it shows as an HTML table, elsewhere as text.

    Parameters
    ----------
    title
        What the rows are, in the plural.
    columns
        Names of the columns.
    rows
        One tuple a row, as long as `columns`.
    notes
        Sentences below the rows: footnotes, and how the table was filtered.
    identifiers
        Columns in a fixed-width face, in which letters stand in the order that they are stored in.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    notes: tuple[str, ...] = ()
    identifiers: frozenset[str] = field(default=IDENTIFIERS, compare=False)

    @property
    def df(self) -> pd.DataFrame:
        """The table as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415 - pandas is imported only when used

        return pd.DataFrame(list(self.rows), columns=list(self.columns))

    def where(self, **wanted: Any) -> Table:
        """Return the rows that have these values, with the same columns.

        Parameters
        ----------
        wanted
            A column's name and its value; several values in a list; or a function that is given the value
            and tells whether to keep the row. An underscore stands for a space in a column's name.

        Raises
        ------
        OptionError
            If the table has no such column, with the nearest that it has.

        Examples
        --------
        >>> table = Table("grants", ("principal", "action"), (("a", "s3:GetObject"), ("b", "s3:PutObject")))
        >>> table.where(action="s3:PutObject").rows
        (('b', 's3:PutObject'),)
        """
        rows, notes = self.rows, []
        for name, value in wanted.items():
            index = self._index(name)
            rows = tuple(row for row in rows if _fits(row[index], value))
            notes.append(f"where {self.columns[index]} is {_wish(value)}{self._near(index, value)}")
        return replace(self, rows=rows, notes=(*notes, *self.notes))

    def _index(self, name: str) -> int:
        spelled = [column.replace(" ", "_") for column in self.columns]
        for names in (self.columns, spelled):
            if name in names:
                return names.index(name)
        near = difflib.get_close_matches(name, spelled, n=2)
        mend = f"did you mean {' or '.join(near)}?" if near else f"it has {', '.join(spelled)}"
        raise OptionError([Fault(f"the table of {self.title} has no column {name!r}", "where(...)", mend)])

    def _near(self, index: int, value: Any) -> str:
        # an empty answer must not be a misspelled question: 'nobody may' and 'no such name' look alike
        known = {str(row[index]) for row in self.rows}
        if callable(value) or isinstance(value, _SEVERAL) or str(value) in known:
            return ""
        near = difflib.get_close_matches(str(value), sorted(known), n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        return f" (in no row{hint})"

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def text(self, most: int | None = _ROWS_SHOWN) -> str:
        """Return the table as aligned text, at most so many rows, its notes below.

        Parameters
        ----------
        most
            Rows shown; None shows all.
        """
        return "\n".join([*self._lines(most), *map(printable, self.notes)])

    def _lines(self, most: int | None) -> list[str]:
        if not self.rows:
            return [f"no {self.title}"]
        shown = self.rows if most is None else self.rows[:most]
        cells = [tuple(map(_cell, row)) for row in (self.columns, *shown)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
        lines.insert(1, "  ".join("─" * width for width in widths))
        if len(shown) < len(self.rows):
            lines.append(f"… and {len(self.rows) - len(shown)} more {self.title}")
        return lines

    def __repr__(self) -> str:
        """Return the table as aligned text."""
        return self.text()

    def _repr_html_(self) -> str | None:
        """Return the table as HTML; None, and so the text, where pandas cannot style."""
        try:
            from lakenb.records.table_html import table_html  # noqa: PLC0415 - pandas only when used
        except ImportError:
            return None
        return table_html(self)


def table_of(title: str, rows: Sequence[Any], record: type) -> Table:
    """Return a table of records of one dataclass, a column for each field."""
    names = tuple(field.name for field in fields(record))
    return Table(title, names, tuple(tuple(getattr(row, name) for name in names) for row in rows))


def printable(text: str) -> str:
    r"""Return a text in which nothing commands a terminal: names and reasons come from outside.

    Examples
    --------
    >>> printable("two\nlines")
    'two�lines'
    """
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def _cell(value: Any) -> str:
    clean = printable("" if value is None else str(value))
    return clean if len(clean) <= _WIDEST else f"{clean[: _WIDEST - 1]}…"


def _fits(value: Any, wanted: Any) -> bool:
    if callable(wanted):
        return bool(wanted(value))
    return value in wanted if isinstance(wanted, _SEVERAL) else bool(value == wanted)


def _wish(wanted: Any) -> str:
    if callable(wanted):
        return "what the function keeps"
    return " or ".join(map(repr, wanted)) if isinstance(wanted, list | tuple) else repr(wanted)
