"""What the metadata of a document may say: the known fields, and no others.

``properties`` depends on its ``kind``: a text has chunks and entities, an image has dimensions. Values
that may grow without bound (entities, faces, vectors) are pointers to JSON in the cache.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from lakenb.events import shapes
from lakenb.events.locations import document_url, pointer
from lakenb.events.shapes import any_object, count, date_time, list_of, number, rating, record, string

# The field of ours in which an event points to the metadata that was too large to travel in it.
MORE = "more"
# The member of `custom` in which a condition writes "true" or "false". It is never moved out of an event:
# filters look at it, and they see only what is there.
MATCHED = "lakenb_matched"

_EMBEDDINGS = record({"vectors": pointer, "model": string, "dimensions": count}, required=("vectors",))
_SIZE = record({"width": number, "height": number}, required=("width", "height"))


def _counts(*names: str) -> shapes.Check:
    return record(dict.fromkeys(names, count))


_TEXT = record(
    {
        "pages": count,
        "page": count,
        "chapters": count,
        "chapter": count,
        "layout": _counts("tableCount", "imageCount"),
        "readingTime": number,
        "sentiment": shapes.one_of("positive", "negative", "neutral", "mixed"),
        "pos": pointer,
        "pii": pointer,
        "entities": pointer,
        "embeddings": _EMBEDDINGS,
        "stats": _counts("words", "sentences", "piis", "entities", "pos"),
        "chunk": record(
            {"id": string, "order": count, "total": count, "startOffset": count, "endOffset": count},
            required=("id", "order", "total", "startOffset", "endOffset"),
        ),
        "encoding": string,
        "custom": any_object,
    }
)

_IMAGE = record(
    {
        "dimensions": _SIZE,
        "format": string,
        "dominantColor": string,
        "thumbnail": document_url,
        "orientation": number,
        "exif": any_object,
        "geolocation": any_object,
        "faces": pointer,
        "labels": pointer,
        "objects": pointer,
        "text": pointer,
        "embeddings": _EMBEDDINGS,
        "ppe": any_object,
        "stats": _counts("faces", "objects", "labels", "moderations", "text"),
        "variance": number,
        "hashes": record(
            dict.fromkeys(
                ("perceptual", "average", "median", "difference", "cropResistant", "wavelet", "color"), string
            )
        ),
        "custom": any_object,
    }
)

_AUDIO = record(
    {
        "duration": number,
        "codec": string,
        "bitrate": number,
        "sampleRate": number,
        "channels": count,
        "lossless": shapes.boolean,
        "embeddings": _EMBEDDINGS,
        "custom": any_object,
    }
)

_VIDEO = record(
    {
        "resolution": _SIZE,
        "format": string,
        "duration": number,
        "codec": string,
        "fps": number,
        "thumbnail": document_url,
        "aspectRatio": string,
        "audioTracks": list_of(any_object),
        "embeddings": _EMBEDDINGS,
        "scenes": pointer,
        "custom": any_object,
    }
)

_KINDS: Mapping[str, shapes.Check] = MappingProxyType(
    {"text": _TEXT, "image": _IMAGE, "audio": _AUDIO, "video": _VIDEO}
)


def _properties(value: Any, path: str) -> None:
    """Accept properties whose attributes are those of their kind."""
    kinds = shapes.one_of(*_KINDS)
    record({"kind": kinds, "attrs": any_object}, required=("kind", "attrs"))(value, path)
    _KINDS[value["kind"]](value["attrs"], f"{path}.attrs")


_FIELDS: Mapping[str, shapes.Check] = MappingProxyType(
    {
        "type": string,
        "createdAt": date_time,
        "updatedAt": date_time,
        "image": document_url,
        "authors": list_of(string),
        "publisher": record(
            {"name": string, "type": string, "url": string, "logo": string}, required=("name",)
        ),
        "title": string,
        "description": string,
        "keywords": list_of(string),
        "topics": list_of(string),
        "rating": rating,
        "language": string,
        "ontology": pointer,
        "custom": any_object,
        "properties": _properties,
    }
)

_METADATA = record(_FIELDS)
_METADATA_ON_THE_WAY = record({**_FIELDS, MORE: pointer})


def check_metadata(value: Any, path: str = "metadata") -> None:
    """Refuse metadata that a document cannot have.

    Raises
    ------
    EventError
        With the path of the first wrong field.
    """
    _METADATA(value, path)


def check_metadata_in_event(value: Any, path: str) -> None:
    """Refuse metadata that an event cannot carry: as `check_metadata`, and it may point to more."""
    _METADATA_ON_THE_WAY(value, path)


def freeze(value: Any) -> Any:
    """Return a JSON value that cannot be altered: objects read-only and sorted, lists as tuples."""
    match value:
        case Mapping():
            return MappingProxyType({name: freeze(value[name]) for name in sorted(value)})
        case list() | tuple():
            return tuple(freeze(item) for item in value)
        case _:
            return value


def thaw(value: Any) -> Any:
    """Return a frozen JSON value as plain dicts and lists."""
    match value:
        case Mapping():
            return {name: thaw(item) for name, item in value.items()}
        case list() | tuple():
            return [thaw(item) for item in value]
        case _:
            return value
