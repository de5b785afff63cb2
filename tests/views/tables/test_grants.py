"""The grants as a reviewer reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from lakenb.views.tables.grants import grants_table
from tests.backends.local.everything import everything
from tests.examples import chain, letters
from tests.views.tables.reading import allow, objects_of, read_back, sabotaged

if TYPE_CHECKING:
    from collections.abc import Callable

    import lakenb as lk


@pytest.mark.parametrize("make", [letters, everything, lambda: chain(30)])
def test_each_grant_of_the_template_is_one_row(make: Callable[[], lk.Pipeline]) -> None:
    seen = read_back(make())
    table = grants_table(seen)
    assert table.columns == ("edge", "principal", "action", "resource", "condition", "why", "kind")
    assert sorted(table.rows) == sorted(
        (g.edge, g.principal, g.action, g.resource, g.condition, g.why, g.kind) for g in seen.grants
    )
    assert not any(note.startswith("✗") for note in table.notes)


def test_everybody_who_may_reach_a_resource_stands_together() -> None:
    table = grants_table(read_back(everything()))
    resources = [row[3] for row in table.rows]
    objects = [resource for resource in resources if "/" in resource]
    firsts = list(dict.fromkeys(objects))
    assert [owner.split("/")[0] for owner in firsts][:4] == ["inbox", "mail", "unzip", "pdf"]
    assert objects == [one for first in firsts for one in objects if one == first]
    assert objects[-1].startswith("cache/")


def test_who_may_read_the_original_is_answered_by_one_call() -> None:
    table = grants_table(read_back())
    readers = table.where(resource="inbox/letters/*", action="s3:GetObject")
    assert readers.df["principal"].tolist() == ["inbox", "paragraphs"]


def test_what_is_not_intended_stands_first_with_a_word() -> None:
    seen = sabotaged(
        lambda made: allow(
            made, "Sentences", "s3:GetObject", "s3:DeleteObject", resource=objects_of("InboxStore")
        )
    )
    table = grants_table(seen)
    assert [row[1:4] for row in table.rows[:2]] == [
        ("sentences", "s3:GetObject", "inbox/*"),
        ("sentences", "s3:DeleteObject", "inbox/*"),
    ]
    assert [row[-1] for row in table.rows[:3]] == ["NOT INTENDED", "NOT INTENDED", "own"]
    assert table.notes[0] == f"✗ 2 of {len(table)} grants are NOT INTENDED: they stand first."


def test_a_grant_that_the_template_lacks_is_named() -> None:
    def take_away(made: dict[str, object]) -> None:
        role = made["SentencesRole"]
        assert isinstance(role, dict)
        statements = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        statements[:] = [one for one in statements if one["Sid"] != "ReadSources"]

    table = grants_table(sabotaged(take_away))
    assert table.notes[0] == (
        "✗ 1 grants that the model asks for are MISSING from the template, "
        "so documents would fail: sentences s3:GetObject paragraphs/*."
    )
    assert "MISSING" in (table._repr_html_() or "")
