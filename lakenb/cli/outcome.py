"""Runs and tables as the command line prints them: text, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from lakenb.records.disagreement import disagreement_text
from lakenb.records.tables import Table, printable

if TYPE_CHECKING:
    from lakenb.records.run import Run


def is_good(run: Run) -> bool:
    """Return whether no document failed, none was lost, and both policy engines decided alike."""
    return run.is_complete and run.is_confirmed and not run.failures


def failures(run: Run) -> Table:
    """Return the failures with the names that the user knows: node, document, kind, reason."""
    names = dict(run.names)
    rows = [(one.node, names.get(one.url, one.url), one.kind, one.reason) for one in run.failures]
    return Table("failures", ("node", "document", "kind", "reason"), tuple(rows))


def run_text(run: Run) -> str:
    """Return the account, what failed, and a line for each input; before all, what the engines differ on."""
    parts = [] if run.is_confirmed else [disagreement_text(run.disagreement_records)]
    parts.append(run.account.text(most=None))
    if run.failures:
        parts.append(failures(run).text(most=None))
    parts.append(run.lineage.digest())
    counts = f"{len(run.document_records)} documents, {len(run.failures)} failed"
    lost = "nothing lost" if run.is_complete else "NOT COMPLETE"
    apart, all_of_them = len(run.disagreement_records), len(run.decision_records)
    differing = f" engines disagree on {apart} of {all_of_them} decisions;" if apart else ""
    parts.append(
        f"{'✓' if is_good(run) else '✗'} {counts}, {len(run.filtered_records)} filtered; {lost};{differing}"
        f" {run.duration.total_seconds():.1f} s"
    )
    return "\n\n".join(parts)


def run_json(run: Run) -> str:
    """Return a run as one JSON object; ``lakenb run --help`` lists its keys."""
    decisions = run.decision_records
    denied = [one for one in decisions if one.decision != "ALLOWED"]
    told = run.reasoning
    because = ["" if told is None else told.because(one.order) for one in denied]
    return _json(
        {
            "pipeline": run.pipeline,
            "seconds": round(run.duration.total_seconds(), 3),
            "complete": run.is_complete,
            "account": [asdict(one) for one in run.accounts],
            "documents": [asdict(one) for one in run.document_records],
            "failures": [asdict(one) for one in run.failures],
            "filtered": [asdict(one) for one in run.filtered_records],
            "names": dict(run.names),
            "decisions": len(decisions),
            "denied": [asdict(one) | {"because": why} for one, why in zip(denied, because, strict=True)],
            "confirmed": run.is_confirmed,
            "disagreements": [asdict(one) for one in run.disagreement_records],
            "unenforced": list(run.unenforced),
        }
    )


def table_as(form: str, table: Table, name: str, pipeline: str) -> str:
    """Return a table as ``text``, ``json`` (one object) or ``csv`` (a header and a line for each row).

    Parameters
    ----------
    form
        One of the three.
    table
        The table.
    name, pipeline
        The table's name on the command line, and the pipeline's id.
    """
    match form:
        case "json":
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            head = {"pipeline": pipeline, "table": name, "columns": list(table.columns)}
            return _json({**head, "rows": rows, "notes": list(table.notes)})
        case "csv":
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(table.columns)
            writer.writerows([printable("" if cell is None else str(cell)) for cell in row] for row in table)
            return out.getvalue().rstrip("\n")
        case _:
            return table.text(most=None)


def _json(value: dict[str, Any]) -> str:
    # ASCII: any terminal and any reader takes it, and control characters are escaped
    return json.dumps(value, indent=2, ensure_ascii=True, default=str)
