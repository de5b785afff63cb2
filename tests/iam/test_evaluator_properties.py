from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lakenb.iam.cases import case, verdict
from lakenb.iam.evaluator import evaluate
from lakenb.iam.reasons import explain
from tests.iam import brute
from tests.iam.drawn import Json, cases, json_values, statements

if TYPE_CHECKING:
    import random

FEW = settings(max_examples=150, deadline=None)


def decision(given: Json) -> str:
    return evaluate(*case(given)).value


@settings(max_examples=600, deadline=None)
@given(cases())
def test_an_evaluator_by_definition_agrees(drawn: Json) -> None:
    ours, theirs = decision(drawn), brute.decisions(drawn)
    match ours:
        case "UNDECIDED":  # nothing is left open without a reason
            assert len(theirs) > 1 or "StringSounds" in json.dumps(drawn)
        case "IMPLICITLY_DENIED":  # an open deny beside no allow changes nothing
            assert "ALLOWED" not in theirs
            assert "IMPLICITLY_DENIED" in theirs
        case _:
            assert theirs == {ours}


def _places(drawn: Json) -> list[list[Json]]:
    """Return the statement lists of every policy in a case."""
    found = [policy["Statement"] for policy in drawn["identity_policies"]]
    found += [policy["Statement"] for policy in drawn.get("permission_boundaries", [])]
    found += [drawn[name]["Statement"] for name in ("session_policy",) if name in drawn]
    return found


@FEW
@given(cases(), statements("Deny"), st.randoms(use_true_random=False))
def test_adding_a_deny_never_widens_access(drawn: Json, denial: Json, chance: random.Random) -> None:
    changed = copy.deepcopy(drawn)
    places = _places(changed)
    if places:
        chance.choice(places).append(denial)
    if decision(changed) == "ALLOWED":
        assert decision(drawn) == "ALLOWED"


@FEW
@given(cases(), statements("Allow"), st.randoms(use_true_random=False))
def test_adding_an_allow_never_narrows_access(drawn: Json, more: Json, chance: random.Random) -> None:
    changed = copy.deepcopy(drawn)
    places = _places(changed)
    if places:
        chance.choice(places).append(more)
    if decision(drawn) == "ALLOWED":
        assert decision(changed) == "ALLOWED"


@FEW
@given(cases(), st.sampled_from(["permission_boundaries", "service_control_policies", "session_policy"]))
def test_taking_a_ceiling_away_never_narrows_access(drawn: Json, ceiling: str) -> None:
    without = {key: value for key, value in drawn.items() if key != ceiling}
    if decision(drawn) == "ALLOWED":
        assert decision(without) == "ALLOWED"


@FEW
@given(cases(), st.randoms(use_true_random=False))
def test_order_of_statements_and_policies_means_nothing(drawn: Json, chance: random.Random) -> None:
    changed = copy.deepcopy(drawn)
    chance.shuffle(changed["identity_policies"])
    for place in _places(changed):
        chance.shuffle(place)
    assert decision(changed) == decision(drawn)


@FEW
@given(cases())
def test_explaining_decides_the_same_and_always_has_words(drawn: Json) -> None:
    found = explain(*case(drawn))
    assert found.decision.value == decision(drawn)
    assert found.reasons
    assert str(found).startswith(found.decision.value)


def _twist(value: Any, chance: random.Random, other: Any) -> Any:
    """Return a case with one random part replaced."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(sorted(value))
        return {**value, key: _twist(value[key], chance, other)}
    if isinstance(value, list) and value and chance.random() < 0.85:
        position = chance.randrange(len(value))
        return [*value[:position], _twist(value[position], chance, other), *value[position + 1 :]]
    return other


@settings(max_examples=400, deadline=None)
@given(cases(), st.data())
def test_malformed_cases_yield_an_error_or_a_verdict_and_nothing_else(
    drawn: Json, data: st.DataObject
) -> None:
    chance = data.draw(st.randoms(use_true_random=False))
    answer = verdict(json.dumps(_twist(drawn, chance, data.draw(json_values()))))
    assert set(answer) in ({"error"}, {"decision", "reasons"})
    if "error" in answer:
        assert "; where: " in answer["error"]
        assert "; mend: " in answer["error"]


@FEW
@given(st.text(max_size=40))
def test_any_line_is_answered(line: str) -> None:
    assert set(verdict(line)) <= {"error", "decision", "reasons"}
