"""``lakenb synth``, ``run`` and ``show``: a pipeline of the user's own, on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from lakenb.cli.load import UnusableError, load
from lakenb.cli.outcome import is_good, run_json, run_text, table_as
from lakenb.graph.steps import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta

    from lakenb.api import Pipeline
    from lakenb.records.tables import Table

TABLES = ("grants", "access", "encryption", "endpoints")
FORMS = ("text", "json", "csv")


def synth(place: str, folder: str) -> int:
    """Write the cloud assembly of a pipeline, print what is in it, and return 0.

    Parameters
    ----------
    place
        Where the pipeline is: ``FILE.py:NAME``.
    folder
        Where to write.
    """
    print(repr(load(place).synth(folder)))
    return 0


def run(place: str, paths: Sequence[str], *, save: str | None, timeout: timedelta | None, form: str) -> int:
    """Run documents through a pipeline, print the outcome, and return 0 if nothing failed or was lost.

    Parameters
    ----------
    place
        Where the pipeline is: ``FILE.py:NAME``.
    paths
        Files, folders or patterns, with ``TRIGGER=`` before each where there are several triggers.
    save
        A folder for the resulting documents, or None.
    timeout
        Longest time to wait for quiet, or None for the default.
    form
        ``text`` or ``json``.
    """
    pipe = load(place)
    outcome = pipe.run(_given(pipe, paths), timeout=timeout, save=save)
    print(run_json(outcome) if form == "json" else run_text(outcome))
    return 0 if is_good(outcome) else 1


def show(place: str, *, output: str | None, table: str | None, form: str | None) -> int:
    """Print or save a pipeline's picture, or print one of its tables, and return 0.

    Parameters
    ----------
    place
        Where the pipeline is: ``FILE.py:NAME``.
    output
        A file for the picture, or None.
    table
        One of `TABLES`, or None for the picture.
    form
        One of `FORMS` for a table, or None.
    """
    _check_choice(output, table, form)
    pipe = load(place)
    if output is not None:
        pipe.save(output)
        print(f"wrote {output!r}", file=sys.stderr)
    elif table is None:
        print(pipe.draw().text)
    else:
        print(table_as(form or FORMS[0], _table(pipe, table), table, pipe.id))
    return 0


def _table(pipe: Pipeline, name: str) -> Table:
    match name:
        case "grants":
            return pipe.grants
        case "access":
            return pipe.access
        case "encryption":
            return pipe.encryption
        case _:
            return pipe.endpoints


def _check_choice(output: str | None, table: str | None, form: str | None) -> None:
    """Refuse options that mean nothing together, before the user's file runs."""
    if output is not None and table is not None:
        mend = f"leave -o out and send it to a file: --table {table} > {Path(output).name!r}"
        raise UnusableError("-o takes the picture, and --table prints a table", "the options", mend)
    if form is not None and table is None:
        what = f"--format {form} is the form of a table, and no table is named"
        raise UnusableError(what, "the options", f"add --table with one of {', '.join(TABLES)}")


def _given(pipe: Pipeline, paths: Sequence[str]) -> Sequence[str] | Mapping[str, Sequence[str] | int] | int:
    """Return the paths as a run takes them: by trigger where there are several."""
    triggers = [node for node, step in pipe.nodes.items() if step.row.part is Part.TRIGGER]
    if len(triggers) == 1:
        return _paths_or_times(pipe, triggers[0], paths)
    if not paths:
        return ()
    by_trigger: dict[str, list[str]] = {}
    for given in paths:
        trigger, sign, path = given.partition("=")
        if not sign or trigger not in triggers:
            what = f"{given!r} names none of the pipeline's {len(triggers)} triggers: {', '.join(triggers)}"
            raise UnusableError(what, "the paths to run", f"write TRIGGER=PATH, as in {triggers[0]}=letters/")
        by_trigger.setdefault(trigger, []).append(path)
    return {trigger: _paths_or_times(pipe, trigger, given) for trigger, given in by_trigger.items()}


def _paths_or_times(pipe: Pipeline, trigger: str, given: Sequence[str]) -> Sequence[str] | int:
    """Return a trigger's paths; for one that makes its documents how often it is to fire."""
    is_number = len(given) == 1 and given[0].isascii() and given[0].isdecimal()
    return int(given[0]) if is_number and pipe.nodes[trigger].puts_documents() else given
