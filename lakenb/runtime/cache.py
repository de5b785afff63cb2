"""The pipeline's cache: JSON that is too large to travel in an event, found by a pointer."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import S3Location, read_json, write_json
from lakenb.events.metadata import MATCHED, MORE, check_metadata, freeze, thaw
from lakenb.runtime.documents import s3_location
from lakenb.runtime.faults import FaultError, Kind, judged

if TYPE_CHECKING:
    from lakenb.runtime.clients import Clients
    from lakenb.runtime.settings import Settings

MAX_METADATA_BYTES = 32_768
_MAX_CACHED_BYTES = 32 * 1024 * 1024
_POINTER_BYTES = 256  # room for the pointer itself: a bucket's name, a node's id and a digest


class Cache:
    """Puts below the node's own prefix, and reads what any node of the pipeline put.

    Parameters
    ----------
    settings, clients
        The function's own.
    """

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients
        self._last_put = ""  # the chunks of one document share what is moved: it is put once

    def put(self, value: Any) -> str:
        """Store a JSON value under the hash of its text; return the pointer to it."""
        body = write_json(thaw(freeze(value))).encode()
        bucket = self._settings.cache
        if bucket is None:
            raise FaultError(
                Kind.TOO_LARGE, "the metadata is too large for an event, and this node has no cache"
            )
        location = S3Location(bucket, f"{self._settings.node}/{sha256(body).hexdigest()}")
        if location.url != self._last_put:
            with judged(f"writing {location.url}", is_own=True):
                self._clients.s3.put_object(
                    Bucket=location.bucket, Key=location.key, Body=body, ContentType="application/json"
                )
            self._last_put = location.url
        return location.url

    def fetch(self, pointer: str) -> Any:
        """Return the JSON value that a pointer stands for.

        Raises
        ------
        FaultError
            If the pointer leads anywhere else than into this pipeline's cache - before any call -, or
            what is there is not what was put.
        """
        location = s3_location(pointer)
        if location is None or location.bucket != self._settings.cache:
            raise FaultError(
                Kind.FOREIGN_URL, f"the pointer {pointer} leads outside of this pipeline's cache"
            )
        with judged(f"reading {pointer}"):
            answer = self._clients.s3.get_object(Bucket=location.bucket, Key=location.key)
            body: bytes = answer["Body"].read(_MAX_CACHED_BYTES + 1)
        if sha256(body).hexdigest() != location.name:
            raise FaultError(Kind.INVALID_EVENT, f"what lies at {pointer} is not what was put there")
        return read_json(body, "the cached value", _MAX_CACHED_BYTES)


def whole_metadata(metadata: Mapping[str, Any], cache: Cache) -> Mapping[str, Any]:
    """Return an event's metadata together with what it points to.

    Costs a call only if the event has such a pointer.
    """
    if MORE not in metadata:
        return metadata
    more = cache.fetch(metadata[MORE])
    inline = {name: value for name, value in metadata.items() if name != MORE}
    merged: Mapping[str, Any] = freeze(_merge(inline, more))
    try:
        check_metadata(merged)
    except EventError as error:
        raise FaultError(Kind.INVALID_EVENT, f"{error.fault.what} ({error.fault.where})") from None
    return merged


def fitted_metadata(metadata: Mapping[str, Any], cache: Cache) -> Mapping[str, Any]:
    """Return metadata that fits into an event: what is too large is put into the cache.

    Parameters
    ----------
    metadata
        The metadata, whole.
    cache
        Where to put what does not fit.
    """
    inline, moved = divide_metadata(metadata)
    return inline if not moved else {**inline, MORE: cache.put(moved)}


def divide_metadata(
    metadata: Mapping[str, Any], limit: int = MAX_METADATA_BYTES
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return the part of the metadata that fits, and the part that must move.

    The largest members move first, so that what filters usually ask for (a title, a number) stays:
    a filter sees only what is in the event.
    """
    plain = thaw(freeze(metadata))
    size = len(write_json(plain))
    if size <= limit:
        return metadata, {}
    moved: dict[str, Any] = {}
    members = sorted((-len(write_json(value)), path, value) for path, value in _members(plain))
    size += _POINTER_BYTES
    for negative_size, path, value in members:
        if size <= limit:
            break
        _remove(plain, path)
        _insert(moved, path, value)
        size += negative_size
    return plain, moved


def _members(metadata: Mapping[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    """Return what can move: fields, and of the two that are open-ended each of their members."""
    members: list[tuple[tuple[str, ...], Any]] = []
    for name, value in metadata.items():
        match name:
            case "custom":
                custom = ((inner, inner_value) for inner, inner_value in value.items() if inner != MATCHED)
                members += [((name, inner), inner_value) for inner, inner_value in custom]
            case "properties":
                attributes = value["attrs"].items()
                members += [((name, "attrs", inner), inner_value) for inner, inner_value in attributes]
            case _:
                members.append(((name,), value))
    return members


def _remove(tree: dict[str, Any], path: tuple[str, ...]) -> None:
    for step in path[:-1]:
        tree = tree[step]
    del tree[path[-1]]


def _insert(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _merge(first: Mapping[str, Any], second: Any) -> dict[str, Any]:
    """Return two objects as one, objects within objects too; the first prevails."""
    merged = dict(first)
    for name, value in (second if isinstance(second, Mapping) else {}).items():
        if name not in merged:
            merged[name] = value
        elif isinstance(merged[name], Mapping):
            merged[name] = _merge(merged[name], value)
    return merged
