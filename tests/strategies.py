"""Hypothesis strategies for every room of the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from lakenb.catalog.connectors import S3Storage
from lakenb.catalog.flow import Passthrough
from lakenb.catalog.text import RecursiveCharacterTextSplitter
from lakenb.catalog.triggers import S3Trigger
from lakenb.events import (
    DOCUMENT_CREATED,
    DOCUMENT_DELETED,
    CloudEvent,
    Document,
    EventData,
    S3Location,
)
from lakenb.graph.filters import when
from lakenb.graph.graph import Graph

if TYPE_CHECKING:
    from collections.abc import Callable

    from lakenb.graph.filters import Filter
    from lakenb.graph.steps import Handle, Step

# Filters and the events that they decide. Small domains, so that conditions really meet values.

FILTER_PATHS = ("type", "data.document.size", "data.metadata.language", "data.metadata.custom.tag")
_TEXTS = st.sampled_from(("a", "ab", "abc", "b", "ba", "B", "é", "a/b"))
_NUMBERS = st.sampled_from((-(10**9), -1, 0, 2, 2.5, 3, 7, 0.00001, 10**9))
_SCALARS = st.one_of(_TEXTS, st.just(""), _NUMBERS, st.booleans())


def filter_conditions() -> st.SearchStrategy[Filter]:
    """Return a strategy for filters of one operator, plain or negated."""
    subjects = st.sampled_from(FILTER_PATHS).map(when)
    values = st.one_of(_TEXTS, _NUMBERS, st.booleans())
    bounds = st.tuples(_NUMBERS, _NUMBERS).map(sorted)
    plain = st.one_of(
        st.builds(lambda subject, number: subject.lt(number), subjects, _NUMBERS),
        st.builds(lambda subject, number: subject.lte(number), subjects, _NUMBERS),
        st.builds(lambda subject, number: subject.gt(number), subjects, _NUMBERS),
        st.builds(lambda subject, number: subject.gte(number), subjects, _NUMBERS),
        st.builds(lambda subject, ends: subject.between(*ends), subjects, bounds),
        st.builds(lambda subject, value: subject.equals(value), subjects, values),
        st.builds(
            lambda subject, several: subject.includes(*several),
            subjects,
            st.lists(values, min_size=1, max_size=3),
        ),
        st.builds(lambda subject, prefix: subject.starts_with(prefix), subjects, _TEXTS),
        st.builds(lambda subject: subject.exists(), subjects),
    )
    return st.builds(lambda one, is_negated: ~one if is_negated else one, plain, st.booleans())


def filters() -> st.SearchStrategy[Filter]:
    """Return a strategy for filters, up to about six conditions joined and negated."""
    return st.recursive(
        filter_conditions(),
        lambda parts: st.one_of(
            st.builds(lambda one, other: one & other, parts, parts),
            st.builds(lambda one, other: one | other, parts, parts),
            st.builds(lambda one: ~one, parts),
        ),
        max_leaves=6,
    )


def filter_values(*, arrays: bool = True, others: bool = True) -> st.SearchStrategy[Any]:
    """Return a strategy for what stands at a filter's path: scalars, arrays, and what is no value."""
    found = _SCALARS
    if arrays:
        found = found | st.lists(_SCALARS, max_size=3)
    if others:
        strange = st.sampled_from(
            (None, {}, {"x": 1}, [None], [{}], [["a"]], [None, "a"], "2", "true", ["7"])
        )
        found = found | strange
    return found


@st.composite
def filter_events(draw: st.DrawFn, *, arrays: bool = True, others: bool = True) -> dict[str, Any]:
    """Return events in which each key of `FILTER_PATHS` is present or not, beside a key that always is.

    With `others`, whole objects on the way may be missing, empty, or no objects.
    """
    event: dict[str, Any] = {"id": "1"}
    for path in FILTER_PATHS:
        *parents, leaf = path.split(".")
        place = event
        for name in parents:
            place = place.setdefault(name, {"kept": 1})
        if draw(st.booleans()):
            place[leaf] = draw(filter_values(arrays=arrays, others=others))
    if others:
        data = event["data"]
        broken = draw(st.sampled_from(("nothing", "empty", "missing", "null", "text", "list")))
        strange = {"empty": {}, "null": None, "text": "a", "list": [data["metadata"], {"language": "a"}]}
        if broken == "missing":
            del data["metadata"]
        elif broken in strange:
            data["metadata"] = strange[broken]
    return event


# Events, and names of files that real people give.

HOSTILE_KEYS = (
    "a b+c%2Fé'\".txt",
    "../up/../and/./down",
    "//double//slashes/",
    "spaces   and\ttabs\nlines",
    "?query#fragment&more=1",
    "日本語/ファイル.txt",
    "emoji-🙂.md",
    "percent%20already%2F",
    "\u202eexe.txt",
    "~tilde_-.",
)


def object_keys() -> st.SearchStrategy[str]:
    """Return a strategy for whatever S3 takes as a key."""
    texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
    return st.one_of(st.sampled_from(HOSTILE_KEYS), texts)


def bucket_names() -> st.SearchStrategy[str]:
    """Return a strategy for names of buckets, dots and lengths included."""
    parts = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", fullmatch=True)
    names = st.lists(parts, min_size=1, max_size=3).map(".".join)
    reserved = re.compile(
        r"(xn--|sthree-|amzn-s3-demo-).*|.*(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)|[\d.]+"
    )
    return names.filter(lambda name: len(name) > 2 and not reserved.fullmatch(name))


def locations() -> st.SearchStrategy[S3Location]:
    """Return a strategy for objects in S3."""
    buckets = st.from_regex(r"[a-z0-9][a-z0-9-]{1,20}[a-z0-9]", fullmatch=True)
    return st.builds(S3Location, buckets, object_keys())


def documents() -> st.SearchStrategy[Document]:
    """Return a strategy for descriptions of documents."""
    types = st.sampled_from(("text/plain", "image/png", "application/vnd.oasis.opendocument.text"))
    etags = st.from_regex(r"[0-9a-f]{32}(-[1-9][0-9]{0,3})?", fullmatch=True)
    urls = locations().map(lambda location: location.url)
    sizes = st.none() | st.integers(0, 2**63 - 1)
    return st.builds(Document, urls, types, sizes, st.none() | etags)


def json_values() -> st.SearchStrategy[Any]:
    """Return a strategy for JSON values, a few levels deep."""
    texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
    numbers = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    scalars = st.one_of(st.none(), st.booleans(), numbers, texts)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
        max_leaves=8,
    )


def metadata() -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy for metadata of documents."""
    texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
    pointers = locations().map(lambda location: location.url)
    counts = st.integers(0, 10**6)
    chunk_fields = ("order", "total", "startOffset", "endOffset")
    chunks = st.fixed_dictionaries({"id": texts, **dict.fromkeys(chunk_fields, counts)})
    text = {
        "pages": counts,
        "chunk": chunks,
        "entities": pointers,
        "sentiment": st.sampled_from(("neutral", "mixed")),
    }
    image = {"faces": pointers, "dimensions": st.fixed_dictionaries({"width": counts, "height": counts})}
    properties = st.one_of(
        st.fixed_dictionaries({"kind": st.just("text"), "attrs": st.fixed_dictionaries({}, optional=text)}),
        st.fixed_dictionaries({"kind": st.just("image"), "attrs": st.fixed_dictionaries({}, optional=image)}),
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "title": texts,
            "authors": st.lists(texts, max_size=3),
            "publisher": st.fixed_dictionaries({"name": texts}),
            "createdAt": st.just("2026-01-31T12:00:00+02:00"),
            "rating": st.integers(1, 5),
            "ontology": pointers,
            "custom": st.dictionaries(texts, json_values(), max_size=3),
            "properties": properties,
        },
    )


def events() -> st.SearchStrategy[CloudEvent]:
    """Return a strategy for events."""
    uuids = st.uuids().map(str)
    nodes = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
    data = st.builds(
        EventData, uuids, documents(), documents(), metadata(), st.lists(nodes, max_size=4).map(tuple)
    )
    types = st.sampled_from((DOCUMENT_CREATED, DOCUMENT_DELETED))
    times = st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "Z")
    return st.builds(CloudEvent, uuids, types, times, data)


@st.composite
def pipelines(draw: st.DrawFn, *, most: int = 7) -> Graph:
    """Return a strategy for pipelines of few nodes: every part, fan-out, fan-in, strict or not."""
    ends = st.sampled_from(("", "in/", "a*", "in/re"))
    handles: list[Handle] = []
    for number in range(draw(st.integers(1, 2))):
        bucket = draw(st.sampled_from((None, f"given-{number}")))
        options = {
            "bucket": bucket,
            "prefix": draw(ends),
            "suffix": draw(st.sampled_from(("", ".pdf", "re.x"))),
        }
        handles.append(S3Trigger(f"t{number}", **options).handle())
    steps: tuple[Callable[[str], Step], ...] = (RecursiveCharacterTextSplitter, Passthrough, S3Storage)
    senders = list(handles)
    for number in range(draw(st.integers(1, most - 2))):
        step = draw(st.sampled_from(steps))(f"n{number}")
        producers = draw(st.lists(st.sampled_from(range(len(senders))), min_size=1, max_size=3, unique=True))
        handle = step.with_sources(*(senders[index] for index in producers))
        handles.append(handle)
        if not isinstance(step, S3Storage):
            senders.append(handle)
    return Graph("drawn", *handles, strict=draw(st.booleans()))
