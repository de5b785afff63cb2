"""The vectors of a document, as its metadata tells them: checked, and as rows of a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lakenb.events import write_json
from lakenb.events.metadata import thaw
from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from lakenb.events import CloudEvent

MAX_VECTORS = 10_000
_LARGEST = 3.4028234663852886e38  # of a number of 32 bits (IEEE 754)
_NAME = "embeddings"

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Embeddings:
    """What metadata says of vectors.

    Parameters
    ----------
    vectors
        JSON: a list of numbers, or a list of such lists.
    model
        What made them; empty where it is not said.
    """

    vectors: Any
    model: str = ""


def embeddings_of(metadata: Mapping[str, Any], fetch: Callable[[str], Any]) -> Embeddings:
    """Return what metadata says of vectors.

    Parameters
    ----------
    metadata
        A document's, whole.
    fetch
        Returns the JSON value that a pointer stands for.

    Raises
    ------
    FaultError
        If there are none, or where they should stand is something else.
    """
    attributes = metadata.get("properties", {}).get("attrs", {})
    found = attributes.get(_NAME)
    if found is not None:
        return Embeddings(fetch(found["vectors"]), found.get("model", ""))
    own = metadata.get("custom", {}).get(_NAME)
    if own is None:
        raise FaultError(Kind.UNSUPPORTED, "the document has no vectors: no node before this one made any")
    if not isinstance(own, Mapping):
        raise FaultError(Kind.UNSUPPORTED, "custom.embeddings is no object with the member 'vectors'")
    model = own.get("model", "")
    return Embeddings(thaw(own.get("vectors")), model if isinstance(model, str) else "")


def rows_of(event: CloudEvent, metadata: Mapping[str, Any], told: Embeddings, dimensions: int) -> list[Row]:
    """Return the rows of a document, one for each of its vectors.

    Their ids come from the event's, so that the same event makes the same rows.

    Raises
    ------
    FaultError
        If what stands for vectors is none, or they are too many, too long or too short.
    """
    vectors = _checked(told.vectors, dimensions)
    document, source = event.data.document, event.data.source
    common = {
        "event_id": event.id,
        "chain_id": event.data.chain_id,
        "document_url": document.url,
        "document_type": document.type,
        "source_url": source.url,
        "model": told.model,
        "metadata": write_json(_without_vectors(metadata)),
    }
    return [{"id": f"{event.id}/{number}", "vector": one, **common} for number, one in enumerate(vectors)]


def _checked(vectors: Any, dimensions: int) -> list[Sequence[float]]:
    if not isinstance(vectors, list) or not vectors:
        raise FaultError(Kind.UNSUPPORTED, "what stands for the vectors is no list of numbers, nor of lists")
    several = vectors if isinstance(vectors[0], list) else [vectors]
    if len(several) > MAX_VECTORS:
        reason = f"the document has {len(several)} vectors; at most {MAX_VECTORS} are taken of one"
        raise FaultError(Kind.TOO_LARGE, reason)
    for number, one in enumerate(several):
        if not isinstance(one, list) or not all(map(_is_number, one)):
            raise FaultError(Kind.UNSUPPORTED, f"vector {number} is no list of numbers that 32 bits can hold")
        if len(one) != dimensions:
            reason = f"vector {number} has {len(one)} numbers, and the table's have {dimensions}"
            raise FaultError(Kind.UNSUPPORTED, reason)
    return several


def _is_number(value: object) -> bool:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value) and abs(value) <= _LARGEST  # type: ignore[arg-type]  # it is real by now


def _without_vectors(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata without vectors that stand in it: they have a column of their own."""
    plain: dict[str, Any] = thaw(metadata)
    custom = plain.get("custom")
    if isinstance(custom, dict) and _NAME in custom:
        custom.pop(_NAME)
        if not custom:
            plain.pop("custom")
    return plain
