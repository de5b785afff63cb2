from __future__ import annotations

from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.services import Service
from lakenb.security.stores import own_store, provides


def refusal(**options: Any) -> str:
    with pytest.raises(lk.OptionError) as refused:
        lk.LanceDBStorage("index", **options)
    return str(refused.value)


def test_the_index_lies_where_it_is_said() -> None:
    assert lk.LanceDBStorage(dimensions=3).services() == (Service.INDEX,)
    assert lk.LanceDBStorage(dimensions=3, on="efs").services() == (Service.FILES,)


def test_every_wrong_option_is_said_at_once() -> None:
    said = refusal(on="disk", table="a-b", dimensions=0)
    assert "on is 'disk'" in said
    assert 'write on="s3" or on="efs"' in said
    assert "table is 'a-b', which is no name of a table" in said
    assert "dimensions is 0; a vector has 1 to 8192 numbers" in said


@pytest.mark.parametrize("dimensions", [True, "3", 3.0, -1, 8193, None])
def test_dimensions_are_a_count(dimensions: Any) -> None:
    assert "dimensions is" in refusal(dimensions=dimensions)


@pytest.mark.parametrize("table", ["", "1st", "a b", "../up", "a" * 65, None, "é"])
def test_a_tables_name_is_plain(table: Any) -> None:
    assert "which is no name of a table" in refusal(table=table, dimensions=3)


def test_an_index_is_no_store() -> None:
    pipe = lk.Pipeline("vectors", lk.S3Trigger("inbox").pipe(lk.LanceDBStorage("index", dimensions=3)))
    assert own_store(pipe, "index") is None
    assert provides(pipe)["index"] == ()
    resources = pipe.template()["Resources"]
    assert "IndexStore" not in resources
    assert "LAKENB_STORE" not in resources["IndexFunction"]["Properties"]["Environment"]["Variables"]


def test_writers_are_few_unless_it_is_said_otherwise() -> None:
    assert lk.LanceDBStorage(dimensions=3).settings().max_concurrency == 5
    assert lk.LanceDBStorage(dimensions=3, max_concurrency=2).settings().max_concurrency == 2


def test_a_step_is_shown_as_it_is_written() -> None:
    assert repr(lk.LanceDBStorage("index", dimensions=3)) == "LanceDBStorage('index', dimensions=3)"
