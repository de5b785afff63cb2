"""Changes made to every statement and property of good templates: each is caught, or argued to be no hole."""

from __future__ import annotations

import json

import pytest

from tests.review.mutants.good import NAMES, good
from tests.review.mutants.mutations import PROPERTIES, STATEMENTS, mutants
from tests.review.mutants.survivors import ARGUMENTS, NOT_YET, OF_NETWORKS, argued
from tests.review.mutants.sweep import TABLE, Sweep, sweep, written
from tests.review.services import PIPELINES

# Primes, so that a sample meets every kind of change at places of every sort; the largest template is swept
# more thinly. The whole takes some minutes, the samples about half a minute.
EVERY = {"letters": 5, "everything": 17, "strict": 5, "under a key": 5, "in a VPC": 7} | dict.fromkeys(
    PIPELINES, 7
)
# What is missed on a bad day must not be among these: the share of changed statements that a claim notices.
LEAST_OF_STATEMENTS = 0.75


def of_statements(found: Sweep) -> float:
    row = found.row(STATEMENTS)
    return (row["failed"] + row["undecided"] + row["refused"]) / sum(row.values())


@pytest.mark.parametrize("name", NAMES)
def test_sampled_changes_are_caught_or_argued(name: str) -> None:
    found = sweep(name, EVERY[name])
    assert not found.survivors, f"{found}\nsurvivors:\n  " + "\n  ".join(found.survivors)
    assert of_statements(found) > LEAST_OF_STATEMENTS, str(found)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_changes_are_caught_or_argued_and_the_table_says_how_many() -> None:
    sweeps = [sweep(name) for name in NAMES]
    told = "\n".join(map(str, sweeps))
    survivors = [f"'{one.name}': {survivor}" for one in sweeps for survivor in one.survivors]
    assert not survivors, f"{told}\nsurvivors:\n  " + "\n  ".join(survivors)
    missed = {reason for one in sweeps for reason in one.missed}
    assert missed == {argument.reason for argument in NOT_YET}, "what is noticed by now leaves NOT_YET"
    assert written(sweeps) == TABLE.read_text("utf-8"), f"{told}\nrun python -m tests.review.mutants.sweep"


def test_committed_table_has_no_survivor() -> None:
    table = json.loads(TABLE.read_text("utf-8"))
    assert tuple(table) == NAMES
    assert all("survived" not in kinds["all"] for kinds in table.values())
    assert {kind for kinds in table.values() for kind in kinds} == STATEMENTS | PROPERTIES | {"all"}


def test_every_statement_is_changed() -> None:
    template = good("letters").template
    made = [mutant for mutant in mutants(template) if mutant.kind == "statement deleted"]
    assert len(made) == json.dumps(template).count('"Effect"')
    assert len({mutant.place for mutant in made}) == len(made)


def test_every_kind_of_change_is_made() -> None:
    kinds = {mutant.kind for name in NAMES for mutant in mutants(good(name).template)}
    assert kinds == STATEMENTS | PROPERTIES


def test_changes_leave_the_good_template_alone() -> None:
    template = good("letters").template
    before = json.dumps(template)
    assert all(mutant.template != template for mutant in mutants(template))
    assert json.dumps(template) == before


def test_every_argument_is_needed() -> None:
    used = {argued(mutant) for name in NAMES for mutant in mutants(good(name).template)}
    assert used - {None} == {argument.reason for argument in (*ARGUMENTS, *OF_NETWORKS)}
