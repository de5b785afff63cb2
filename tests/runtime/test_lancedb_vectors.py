from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.events import Document
from lakenb.runtime.faults import FaultError
from lakenb.runtime.handlers.lancedb_vectors import MAX_VECTORS, Embeddings, embeddings_of, rows_of
from tests.runtime.room import created

EVENT = created(Document("s3://inbox/a.txt", "text/plain"))


def nothing(pointer: str) -> Any:
    raise AssertionError(pointer)


def fault(vectors: Any, dimensions: int = 2) -> str:
    with pytest.raises(FaultError) as raised:
        rows_of(EVENT, {}, Embeddings(vectors), dimensions)
    return raised.value.reason


def test_vectors_behind_a_pointer_are_fetched() -> None:
    told = {"vectors": "s3://cache/embed/1", "model": "small"}
    metadata = {"properties": {"kind": "text", "attrs": {"embeddings": told}}}
    assert embeddings_of(metadata, {"s3://cache/embed/1": [1, 2]}.__getitem__) == Embeddings([1, 2], "small")


def test_vectors_of_a_function_of_ones_own_stand_in_the_metadata() -> None:
    found = embeddings_of({"custom": {"embeddings": {"vectors": (1.0, 2.0)}}}, nothing)
    assert found == Embeddings([1.0, 2.0], "")


@pytest.mark.parametrize("metadata", [{}, {"custom": {}}, {"properties": {"kind": "text", "attrs": {}}}])
def test_a_document_without_vectors_fails(metadata: dict[str, Any]) -> None:
    with pytest.raises(FaultError, match="the document has no vectors"):
        embeddings_of(metadata, nothing)


@pytest.mark.parametrize("own", [1, "x", [1.0]])
def test_what_is_no_object_is_said_so(own: Any) -> None:
    with pytest.raises(FaultError, match="no object with the member 'vectors'"):
        embeddings_of({"custom": {"embeddings": own}}, nothing)


def test_each_vector_is_a_row_by_an_id_of_the_events() -> None:
    rows = rows_of(EVENT, {"title": "a"}, Embeddings([[1, 2], [3, 4]], "small"), 2)
    assert [row["id"] for row in rows] == [f"{EVENT.id}/0", f"{EVENT.id}/1"]
    assert [row["vector"] for row in rows] == [[1, 2], [3, 4]]
    assert {row["document_url"] for row in rows} == {"s3://inbox/a.txt"}
    assert json.loads(rows[0]["metadata"]) == {"title": "a"}
    assert rows == rows_of(EVENT, {"title": "a"}, Embeddings([[1, 2], [3, 4]], "small"), 2)


def test_one_vector_needs_no_list_around_it() -> None:
    assert [row["vector"] for row in rows_of(EVENT, {}, Embeddings([1, 2]), 2)] == [[1, 2]]


def test_vectors_are_not_kept_twice() -> None:
    metadata = {"custom": {"embeddings": {"vectors": [1, 2]}, "mine": 1}}
    (row,) = rows_of(EVENT, metadata, Embeddings([1, 2]), 2)
    assert json.loads(row["metadata"]) == {"custom": {"mine": 1}}
    assert "embeddings" in metadata["custom"]


def test_another_length_is_told_with_both() -> None:
    assert fault([1, 2, 3]) == "vector 0 has 3 numbers, and the table's have 2"
    assert fault([[1, 2], [1]]) == "vector 1 has 1 numbers, and the table's have 2"


@pytest.mark.parametrize(
    "vectors",
    [None, {}, "12", 3, [], [True, False], [1, "2"], [1, float("nan")], [1e39, 1], [[1, 2], 3], [[1, None]]],
)
def test_what_is_no_vector_fails(vectors: Any) -> None:
    assert "of numbers" in fault(vectors)


def test_vectors_of_one_document_are_bounded() -> None:
    assert f"at most {MAX_VECTORS}" in fault([[1, 2]] * (MAX_VECTORS + 1))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3), st.lists, max_leaves=9
    )
)
def test_any_json_makes_rows_or_a_fault(vectors: Any) -> None:
    try:
        rows = rows_of(EVENT, {}, Embeddings(vectors), 2)
    except FaultError:
        return
    assert all(len(row["vector"]) == 2 for row in rows)
