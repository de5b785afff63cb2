from __future__ import annotations

import importlib.util
import inspect
import json
from datetime import timedelta
from typing import Any

import pytest

import lakenb as lk
from lakenb.graph.mime import is_pattern
from lakenb.graph.steps import Part, Step

KINDS: tuple[type[Step], ...] = (
    lk.Condition,
    lk.Delay,
    lk.EmailTextProcessor,
    lk.ImageMetadataExtractor,
    lk.LanceDBStorage,
    lk.LanceDBStorage,
    lk.Passthrough,
    lk.PdfTextConverter,
    lk.RecursiveCharacterTextSplitter,
    lk.Reducer,
    lk.S3Storage,
    lk.S3Trigger,
    lk.SchedulerTrigger,
    lk.SqsTrigger,
    lk.Transform,
    lk.ZipInflate,
)


def is_large(doc: Any) -> bool:
    return bool(doc.size > 1000)


def as_they_came(docs: Any) -> Any:
    return docs


REQUIRED: dict[type[Step], dict[str, Any]] = {
    lk.Condition: {"predicate": is_large},
    lk.Delay: {"duration": timedelta(hours=1)},
    lk.LanceDBStorage: {"dimensions": 3},
    lk.LanceDBStorage: {"dimensions": 4},
    lk.Reducer: {"count": 3},
    lk.SchedulerTrigger: {"schedule": "rate(1 day)"},
    lk.SqsTrigger: {
        "queue": "arn:aws:sqs:us-east-1:111122223333:orders",
        "documents_in": ["s3://given-archive/in/"],
    },
    lk.Transform: {"function": as_they_came},
}
"""Options without a default."""


def test_every_middleware_is_in_the_table() -> None:
    public = {getattr(lk, name) for name in lk.__all__}
    assert {one for one in public if isinstance(one, type) and issubclass(one, Step)} == {Step, *KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rows_handler_exists(kind: type[Step]) -> None:
    assert importlib.util.find_spec(kind.row.handler) is not None


@pytest.mark.parametrize("kind", KINDS)
def test_a_rows_types_fit_its_part(kind: type[Step]) -> None:
    row = kind.row
    assert all(map(is_pattern, (*row.input_types, *row.output_types)))
    assert bool(row.input_types) == (row.part is not Part.TRIGGER)
    assert bool(row.output_types) == (row.part is not Part.CONNECTOR)


@pytest.mark.parametrize("kind", KINDS)
def test_options_travel_as_json(kind: type[Step]) -> None:
    options = kind(**REQUIRED.get(kind, {})).own_options()
    assert json.loads(json.dumps(options)) == options


@pytest.mark.parametrize("kind", KINDS)
def test_help_shows_every_option_and_its_default(kind: type[Step]) -> None:
    shown = inspect.signature(kind)
    assert {"id", "timeout", "memory_mib", "max_retries"} <= set(shown.parameters)
    assert shown.parameters["max_retries"].default == 5


@pytest.mark.parametrize("storage_class", ["DEEP_ARCHIVE", "standard", ""])
def test_a_storage_class_that_cannot_be_read_at_once_is_refused(storage_class: str) -> None:
    with pytest.raises(lk.OptionError, match="one of STANDARD, STANDARD_IA"):
        lk.S3Storage(storage_class=storage_class)


def test_copy_documents_is_a_claim() -> None:
    with pytest.raises(lk.OptionError, match="copy_documents is 'no', but it must be True or False"):
        lk.S3Storage(copy_documents="no")  # type: ignore[arg-type]  # the mistake itself
