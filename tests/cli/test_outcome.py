"""What `lakenb run` says of a run, from the run's value."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

from lakenb.cli.outcome import is_good, run_json, run_text
from tests.records.test_run import APART, RUN, Known

GOOD = replace(RUN, failures=())


def test_a_run_is_good_only_if_both_policy_engines_agree() -> None:
    assert is_good(GOOD)
    assert not is_good(RUN)
    assert not is_good(replace(GOOD, disagreement_records=(APART,)))


def test_a_disagreement_stands_before_all_and_in_the_verdict() -> None:
    lines = run_text(replace(GOOD, disagreement_records=(APART,))).splitlines()
    assert lines[0] == "THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on 1 decision"
    assert lines[-1] == (
        "✗ 11 documents, 0 failed, 1 filtered; nothing lost; engines disagree on 1 of 1 decisions; 1.2 s"
    )
    assert run_text(GOOD).splitlines()[-1] == "✓ 11 documents, 0 failed, 1 filtered; nothing lost; 1.2 s"


def test_json_tells_denials_with_their_reason_and_disagreements_with_both() -> None:
    [decision] = RUN.decision_records
    denied = replace(decision, decision="IMPLICITLY_DENIED", agrees="no")
    run = replace(GOOD, decision_records=(denied,), disagreement_records=(APART,), reasoning=Known())
    told = json.loads(run_json(run))
    assert (told["complete"], told["confirmed"]) == (True, False)
    assert told["denied"] == [asdict(denied) | {"because": "reason 0"}]
    assert told["disagreements"] == [asdict(APART)]
    good = json.loads(run_json(GOOD))
    assert (good["confirmed"], good["denied"], good["disagreements"]) == (True, [], [])
