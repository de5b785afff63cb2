"""A table as a value: columns and rows, as text here and as a DataFrame on request."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

_WIDEST = 72
_ROWS_SHOWN = 40


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns, in a fixed order.

    Parameters
    ----------
    title
        What the rows are, in the plural.
    columns
        Names of the columns.
    rows
        One tuple a row, as long as `columns`.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def df(self) -> pd.DataFrame:
        """The table as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415 - pandas is imported only when used

        return pd.DataFrame(list(self.rows), columns=list(self.columns))

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def text(self, most: int | None = _ROWS_SHOWN) -> str:
        """Return the table as aligned text, at most so many rows.

        Parameters
        ----------
        most
            Rows shown; None shows all.
        """
        if not self.rows:
            return f"no {self.title}"
        shown = self.rows if most is None else self.rows[:most]
        cells = [self.columns, *(tuple(map(_cell, row)) for row in shown)]
        widths = [max(len(row[index]) for row in cells) for index in range(len(self.columns))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in cells
        ]
        lines.insert(1, "  ".join("─" * width for width in widths))
        if len(shown) < len(self.rows):
            lines.append(f"… and {len(self.rows) - len(shown)} more {self.title}")
        return "\n".join(line.rstrip() for line in lines)

    def __repr__(self) -> str:
        """Return the table as aligned text."""
        return self.text()


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
