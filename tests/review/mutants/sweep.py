"""What becomes of every mutant: ``python -m tests.review.mutants.sweep`` writes the table of shares anew."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from lakenb.errors import TemplateError
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.verify import Verifier
from tests.review.mutants.good import NAMES, good
from tests.review.mutants.mutations import PROPERTIES, STATEMENTS, mutants
from tests.review.mutants.survivors import argued, not_yet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.review.mutants.good import Good
    from tests.review.mutants.mutations import Mutant

TABLE = Path(__file__).with_name("caught.json")
OUTCOMES = ("failed", "undecided", "refused", "argued", "not yet", "survived")


@dataclass(frozen=True, slots=True)
class Sweep:
    """What became of a template's mutants.

    Parameters
    ----------
    name
        The good template's.
    counts
        How many by kind and outcome: a claim ``failed``; one is ``undecided``; the template is ``refused`` as
        none that CloudFormation takes; no claim notices it, which is ``argued`` to be right, or ``not yet``
        mended, or neither: it ``survived``.
    survivors
        Those without an argument.
    missed
        Why some are not yet noticed.
    """

    name: str
    counts: Mapping[tuple[str, str], int]
    survivors: tuple[str, ...]
    missed: frozenset[str]

    def row(self, kinds: frozenset[str] = STATEMENTS | PROPERTIES) -> dict[str, int]:
        """Return the counts by outcome."""
        found = dict.fromkeys(OUTCOMES, 0)
        for (kind, outcome), number in self.counts.items():
            found[outcome] += number if kind in kinds else 0
        return found

    def __str__(self) -> str:
        """Return two lines with the shares."""
        lines = [f"'{self.name}':"]
        for what, kinds in (("statements", STATEMENTS), ("properties", PROPERTIES)):
            row = self.row(kinds)
            whole = sum(row.values()) or 1
            caught = row["failed"] + row["undecided"] + row["refused"]
            lines.append(
                f"  {what}: {caught} of {whole} changes caught ({caught / whole:.1%}: "
                f"{row['failed']} failed, {row['undecided']} undecided, {row['refused']} refused), "
                f"{row['argued']} argued to be no hole, {row['not yet']} not yet noticed, "
                f"{row['survived']} survived"
            )
        return "\n".join(lines)


def sweep(name: str, every: int = 1, start: int = 0) -> Sweep:
    """Return what becomes of a template's mutants, or of every n-th of them."""
    here, verifier = good(name), Verifier()
    verifier.verify(source(here.template), here.pipeline)
    counts: Counter[tuple[str, str]] = Counter()
    survivors: list[str] = []
    missed: set[str] = set()
    for mutant in islice(mutants(here.template), start, None, every):
        found = outcome(verifier, here, mutant)
        if found == "survived":
            reason = not_yet(mutant)
            found = "argued" if argued(mutant) else "not yet" if reason else "survived"
            missed |= {reason} if reason else set()
        if found == "survived":
            survivors.append(str(mutant))
        counts[mutant.kind, found] += 1
    return Sweep(name, counts, tuple(survivors), frozenset(missed))


def outcome(verifier: Verifier, here: Good, mutant: Mutant) -> str:
    """Return what is said of a mutant; of a good template nothing is said."""
    try:
        said = verifier.verify(source(mutant.template), here.pipeline)
    except TemplateError:
        return "refused"
    verdicts = {finding.verdict for finding in said.findings}
    if not verdicts:
        return "survived"
    return "failed" if Verdict.FAILED in verdicts else "undecided"


def table(sweeps: list[Sweep]) -> dict[str, dict[str, dict[str, int]]]:
    """Return the counts of whole sweeps by template, kind and outcome."""
    made: dict[str, dict[str, dict[str, int]]] = {}
    for one in sweeps:
        kinds: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for kind, found in sorted(one.counts):
            kinds[kind][found] = one.counts[kind, found]
        made[one.name] = {"all": {key: number for key, number in one.row().items() if number}, **kinds}
    return made


def written(sweeps: list[Sweep]) -> str:
    """Return the table as it is committed: a line for each kind."""
    lines = []
    for name, kinds in table(sweeps).items():
        rows = ",\n".join(f"  {json.dumps(kind)}: {json.dumps(row)}" for kind, row in kinds.items())
        lines.append(f" {json.dumps(name)}: {{\n{rows}\n }}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    sweeps = []
    for name in NAMES:
        found = sweep(name)
        print(found)  # noqa: T201 - what the command is for
        for survivor in found.survivors:
            print(f"  {survivor}")  # noqa: T201 - a script that prints
        sweeps.append(found)
    TABLE.write_text(written(sweeps), encoding="utf-8")


if __name__ == "__main__":
    main()
