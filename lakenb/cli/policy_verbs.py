"""``lakenb verify``, ``check``, ``matrix``, ``who-can``, ``explain`` and ``diff``."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lakenb.cli.load import UnusableError
from lakenb.cli.outcome import table_as
from lakenb.cli.template_place import read
from lakenb.iam import questions
from lakenb.iam.checker import Checker
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import worlds
from lakenb.records.tables import Table, printable
from lakenb.review.verify import verify as verified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakenb.cli.template_place import Place
    from lakenb.iam.stacks.world import World

_LARGEST_CERTIFICATE = 64 * 2**20


def verify(place: Place, *, allow_undecided: bool, certificates: str | None, form: str) -> int:
    """Prove the claims on a template, print what became of them, and return 0 if all are proved.

    Parameters
    ----------
    place
        Where the template is.
    allow_undecided
        Whether what is undecided does no harm to the exit code.
    certificates
        A folder for the proofs' certificates, or None.
    form
        ``text`` or ``json``.
    """
    template, graph = read(place)
    found = verified(
        template, graph, parameters=dict(place.parameters), certificates=certificates is not None
    )
    if certificates is not None:
        _write(found.certificates(), Path(certificates))
    print(_json(found.json()) if form == "json" else repr(found))
    verdicts = {one.verdict for one in found.claims}
    if Verdict.FAILED in verdicts:
        return 1
    return 1 if Verdict.UNDECIDED in verdicts and not allow_undecided else 0


def _write(certificates: Iterable[dict[str, Any]], folder: Path) -> None:
    """Write each certificate into a file of its own, named by claim, subject and number."""
    folder.mkdir(parents=True, exist_ok=True)
    count: Counter[str] = Counter()
    for certificate in certificates:
        claim = certificate["claim"]
        # subjects are names out of templates: letters and digits alone get into a path
        name = re.sub(r"[^A-Za-z0-9]+", "-", f"{claim['claim']}-{claim['subject']}")[:80].strip("-")
        count[name] += 1
        text = json.dumps(certificate, indent=1, ensure_ascii=True)
        (folder / f"{name}-{count[name]}.json").write_text(text + "\n", encoding="utf-8")
    print(f"wrote {count.total()} certificates into {str(folder)!r}", file=sys.stderr)


def check(place: Place, files: Sequence[str]) -> int:
    """Check certificates against a template, print what is wrong with each, and return 0 if nothing is.

    Parameters
    ----------
    place
        Where the template is.
    files
        The certificates' files.
    """
    template, _ = read(place)
    checker = Checker(template, parameters=dict(place.parameters))
    broken = 0
    for file in files:
        wrong = checker.check(_certificate(Path(file)))
        broken += bool(wrong)
        for complaint in wrong:
            print(printable(f"{file}: {complaint}"))
    good = len(files) - broken
    print(f"{good} of {len(files)} certificates hold")
    return 1 if broken else 0


def _certificate(path: Path) -> Any:
    """Return what a file holds; raises `UnusableError` where that is no JSON."""
    where = f"file {str(path)!r}"
    if path.is_file() and path.stat().st_size > _LARGEST_CERTIFICATE:
        mend = "give a file that lakenb verify --certificates wrote"
        raise UnusableError(f"it has more than {_LARGEST_CERTIFICATE} bytes", where, mend)
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        mend = "give a file that lakenb verify --certificates wrote"
        raise UnusableError(f"it is no JSON: {error}", where, mend) from error


def matrix(place: Place, *, form: str) -> int:
    """Print who may do what with which resource, and return 0.

    Parameters
    ----------
    place
        Where the template is.
    form
        ``text``, ``json`` or ``csv``.
    """

    def rows(world: World) -> list[tuple[str, ...]]:
        return [
            (
                cell.principal,
                cell.resource,
                cell.access,
                cell.standing.value,
                ", ".join(cell.actions),
                cell.condition,
                "; ".join(cell.statements),
            )
            for cell in questions.matrix(world).cells
        ]

    columns = ("principal", "resource", "access", "standing", "action", "condition", "statement")
    _print("matrix", "permissions", columns, place, rows, form)
    return 0


def who_can(place: Place, action: str, resource: str, *, form: str) -> int:
    """Print who may take an action on a resource, and return 0.

    Parameters
    ----------
    place
        Where the template is.
    action, resource
        What is asked; both may hold wildcards.
    form
        ``text``, ``json`` or ``csv``.
    """

    def rows(world: World) -> list[tuple[str, ...]]:
        return [
            (row.principal, row.action, row.resource, row.standing.value, row.condition, row.statement)
            for row in questions.who_can(world, action, resource).rows
        ]

    columns = ("principal", "action", "resource", "standing", "condition", "statement")
    _print("who-can", "principals that may", columns, place, rows, form)
    return 0


def explain(
    place: Place,
    principal: str,
    action: str,
    resource: str,
    context: Sequence[tuple[str, str]],
    *,
    form: str,
) -> int:
    """Print the decision on one request with its reasons, and return 0.

    Parameters
    ----------
    place
        Where the template is.
    principal, action, resource
        Who asks for what.
    context
        Keys that the request carries, with a value each; a key that is given twice has two values.
    form
        ``text`` or ``json``.
    """
    template, _ = read(place)
    carried: dict[str, list[str]] = {}
    for key, value in context:
        carried.setdefault(key, []).append(value)
    answers = []
    for world in worlds(template, parameters=dict(place.parameters)):
        answer = questions.can(world, principal, action, resource, carried)
        answers.append((", ".join(world.choices), answer))
    if form == "json":
        print(
            _json(
                [
                    {
                        "when": when,
                        "decision": answer.decision.value,
                        "sentence": answer.sentence,
                        "statement": answer.statement,
                        "reasons": list(answer.reasons),
                    }
                    for when, answer in answers
                ]
            )
        )
        return 0
    for when, answer in answers if len({str(answer) for _, answer in answers}) > 1 else [("", answers[0][1])]:
        lines = [f"when {when}:", str(answer)] if when else [str(answer)]
        print("\n".join(printable(line) for text in lines for line in text.split("\n")))
    return 0


def diff(old: Place, new: Place, *, form: str) -> int:
    """Print what a new template allows more and less than an old one; return 0 if there is nothing.

    Parameters
    ----------
    old, new
        Where the two are.
    form
        ``text`` or ``json``.
    """
    before = worlds(read(old)[0], parameters=dict(old.parameters))
    after = worlds(read(new)[0], parameters=dict(new.parameters))
    found = questions.diff(before, after)
    if form == "json":
        rows = [
            {
                "principal": one.principal,
                "change": one.kind.value,
                "action": one.action,
                "resource": one.resource,
                "sentence": one.sentence,
            }
            for one in found.rows
        ]
        undecided = [str(one) for one in found.undecided]
        print(
            _json(
                {
                    "changes": rows,
                    "added": list(found.added),
                    "removed": list(found.removed),
                    "undecided": undecided,
                }
            )
        )
    else:
        print("\n".join(map(printable, str(found).split("\n"))))
    return 1 if found else 0


def _print(  # noqa: PLR0917 - the parts of one table
    name: str,
    title: str,
    columns: tuple[str, ...],
    place: Place,
    rows: Callable[[World], list[tuple[str, ...]]],
    form: str,
) -> None:
    """Print a table over every world; a row that not all have says which."""
    template, _ = read(place)
    every = worlds(template, parameters=dict(place.parameters))
    found: dict[tuple[str, ...], list[str]] = {}
    for world in every:
        for row in dict.fromkeys(rows(world)):
            found.setdefault(row, []).append(", ".join(world.choices))
    if len(every) > 1:
        columns = (*columns, "when")
        shown = tuple(
            (*row, "" if len(when) == len(every) else " or ".join(when)) for row, when in found.items()
        )
    else:
        shown = tuple(found)
    notes = tuple(
        dict.fromkeys(note for world in every for note in (*world.assumptions, *map(str, world.unresolved)))
    )
    print(table_as(form, Table(title, columns, tuple(sorted(shown)), notes), name, place.text))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True, default=str)
