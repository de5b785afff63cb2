"""The encryption table as HTML: the services, and the resources of each folded below."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakenb.records.table_html import STYLE, bare_html, cell_html

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.views.tables.encryption import EncryptionTable


def encryption_html(table: EncryptionTable) -> str:
    """Return the services as HTML, and for each with resources a fold that opens to them.

    A fold in which something is not as published stands open.
    """
    services = bare_html(table, table.caption)
    return f'{STYLE}<div class="lakenb-box">\n{services}{"".join(_folds(table))}</div>'


def _folds(table: EncryptionTable) -> Iterator[str]:
    service_column = table.resources.columns.index("service")
    beside = [row[service_column] for row in table.resources.rows]
    for service in dict.fromkeys([*(row[0] for row in table.rows), *beside]):
        rows = tuple(row for row in table.resources.rows if row[service_column] == service)
        if not rows:
            continue
        faulty = sum(any(str(value).startswith("✗") for value in row) for row in rows)
        verdict = f"✗ {faulty} of {len(rows)} not as published" if faulty else _count(len(rows))
        shown = bare_html(replace(table.resources, title=f"resources of {service}", rows=rows), "")
        yield (
            f'<details class="lakenb-more"{" open" if faulty else ""}>'
            f"<summary><b>{cell_html(service)}</b>: {cell_html(verdict)}</summary>\n{shown}</details>\n"
        )


def _count(number: int) -> str:
    return "1 resource" if number == 1 else f"{number} resources"
