"""`pipe.keys`: each use of a key from input to sink, and what would fail without its statement."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.views.seen import seen
from lakenb.views.tables.keys import COLUMNS, MISSING, keys_table
from tests.keyed import GIVEN_KEY, KEYED_PIPELINES, letters
from tests.pairs.pipelines import STEPS
from tests.pairs.pipelines import pipeline as pair

if TYPE_CHECKING:
    from lakenb.records.tables import Table


def table(pipe: lk.Pipeline, template: dict[str, Any] | None = None) -> Table:
    return keys_table(seen(pipe, pipe.template() if template is None else template))


def row(found: Table, **wanted: str) -> dict[str, str]:
    (one,) = found.where(**wanted).rows
    return dict(zip(COLUMNS, one, strict=True))


def test_the_way_is_told_from_input_to_sink() -> None:
    found = table(letters(lk.Key(), "node"))
    nodes = list(dict.fromkeys(one[0] for one in found))
    assert nodes == ["inbox", "sentences", "results"]
    assert found.notes[0] == ("inbox (inbox.key) → sentences (sentences.key) → results (results.key)")
    read = row(found, node="sentences", step="opens inbox/letters/*")
    assert read["key"] == "inbox.key"
    assert read["how"] == "kms:Decrypt through s3: 'ReadUnderKey' of SentencesRole"


def test_silent_failures_are_foretold_and_the_statement_that_mends_them_is_named() -> None:
    found = table(letters(lk.Key()))
    brought = row(found, step="brings to sentences.queue what inbox.topic sends")
    assert brought["who"] == "sns.amazonaws.com"
    assert brought["how"] == "kms:Decrypt, kms:GenerateDataKey: 'SnsDelivers' of PipelineKey"
    assert brought["without it"].startswith("silent: SNS tries again for a while")
    assert "Amazon SQS Developer Guide, Key management" in brought["AWS says"]
    notified = row(found, step="brings to inbox.queue what inbox.bucket sends")
    assert "uploads are announced to nobody" in notified["without it"]
    logged = row(found, step="keeps inbox.logs")
    assert "its log lines are lost" in logged["without it"]
    moved = row(found, step="moves to inbox.dead-letters what was received too often")
    assert moved["how"] == "no key is asked"


@pytest.mark.parametrize("name", KEYED_PIPELINES)
def test_of_a_good_template_no_statement_is_missing(name: str) -> None:
    found = table(KEYED_PIPELINES[name]())
    assert [one for one in found if one[4].startswith(MISSING)] == []
    assert len(found) > 0


@pytest.mark.parametrize("name", STEPS)
def test_of_every_middleware_no_statement_is_missing(name: str) -> None:
    found = table(pair(name, "key per node"))
    assert [one for one in found if one[4].startswith(MISSING)] == []


def test_a_statement_that_is_gone_is_said_to_be_missing() -> None:
    pipe = letters(lk.Key())
    template = copy.deepcopy(pipe.template())
    policy = template["Resources"]["PipelineKey"]["Properties"]["KeyPolicy"]
    policy["Statement"] = [one for one in policy["Statement"] if one["Sid"] != "SnsDelivers"]
    found = table(pipe, template)
    brought = row(found, step="brings to sentences.queue what inbox.topic sends")
    assert brought["how"] == "MISSING: no statement lets sns.amazonaws.com use pipeline.key for inbox.topic"
    assert found.notes[0].startswith("✗ 4 of ")


def test_what_owners_of_given_keys_add_is_below() -> None:
    found = table(letters(GIVEN_KEY))
    brought = row(found, step="brings to sentences.queue what inbox.topic sends")
    assert brought["how"] == "a statement that the key's owner adds, below"
    (owner,) = (
        note for note in found.notes if note.startswith(f"the owner of {GIVEN_KEY} adds to its policy: ")
    )
    assert '"Sid": "SnsDelivers"' in owner
    assert any(note.startswith("assumed: the policy of the given key") for note in found.notes)


def test_without_a_key_the_table_is_empty_and_says_how_to_get_one() -> None:
    found = table(letters(None))
    assert found.rows == ()
    assert found.notes == (
        "nothing is under a customer's key; lk.Pipeline(..., key=lk.Key()) puts everything under one",
    )
