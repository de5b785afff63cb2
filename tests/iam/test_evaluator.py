from __future__ import annotations

import json
from collections import Counter

import pytest

from lakenb.iam.cases import case, verdict
from lakenb.iam.evaluator import evaluate
from lakenb.iam.reasons import explain
from tests.iam.evaluated import ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_decision_is_as_aws_documents_it(row: Row) -> None:
    request, in_force = case(row.case)
    assert evaluate(request, in_force).value == row.decision, str(explain(request, in_force))


@pytest.mark.parametrize("row", ROWS, ids=[row.name for row in ROWS])
def test_every_decision_has_its_reasons_and_they_are_the_same_decisions(row: Row) -> None:
    answer = verdict(json.dumps(row.case))
    assert answer["decision"] == row.decision
    assert answer["reasons"]
    assert all(isinstance(reason, str) and reason for reason in answer["reasons"])


def test_table_is_large_has_pages_and_denials_beside_permissions() -> None:
    assert len(ROWS) >= 300
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert all(row.source for row in ROWS)
    count = Counter(row.decision for row in ROWS)
    assert min(count["ALLOWED"], count["IMPLICITLY_DENIED"], count["EXPLICITLY_DENIED"]) >= 30
