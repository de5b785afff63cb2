"""Small checks that together say what shape a JSON value must have.

A check takes a value and its path (``data.document.size``) and raises an `EventError` that names the
path and never quotes the value: what an event carries must not reach a log by way of an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lakenb.errors import EventError
from lakenb.events.strict_json import MAX_DEPTH, MAX_INTEGER, show_name

Check = Callable[[Any, str], None]

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_SURROGATE = re.compile("[\ud800-\udfff]")


def refuse(what: str, path: str, mend: str) -> EventError:
    """Return the error for a value that has the wrong shape."""
    return EventError(what, f"the event, at {path}" if path else "the event", mend)


def _last(path: str) -> str:
    """Return how an error calls the value at a path."""
    return f"'{path.rpartition('.')[2]}'" if path else "the event"


_WORDS: tuple[tuple[type | tuple[type, ...], str], ...] = (
    (type(None), "null"),
    (bool, "true or false"),  # before numbers: in Python a bool is an int
    (int, "a whole number"),
    (float, "a number"),
    (str, "a string"),
    (Mapping, "an object"),
    ((list, tuple), "a list"),
)


def describe(value: Any) -> str:
    """Return what a JSON value is, in words, without a word of what it says."""
    known = (words for kind, words in _WORDS if isinstance(value, kind))
    return next(known, f"a Python {type(value).__name__}")


def _expect(value: Any, path: str, wanted: str) -> EventError:
    return refuse(f"{_last(path)} is {describe(value)}, but must be {wanted}", path, f"write {wanted}")


def string(value: Any, path: str) -> None:
    """Accept a string of whole Unicode characters."""
    if not isinstance(value, str):
        raise _expect(value, path, "a string")
    if _SURROGATE.search(value):
        raise refuse(f"{_last(path)} holds half of a surrogate pair", path, "write whole characters")


def boolean(value: Any, path: str) -> None:
    """Accept true and false."""
    if not isinstance(value, bool):
        raise _expect(value, path, "true or false")


def number(value: Any, path: str) -> None:
    """Accept a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _expect(value, path, "a number")
    if isinstance(value, float) and not math.isfinite(value):
        raise refuse(f"{_last(path)} is no finite number", path, "write a finite number")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise refuse(f"{_last(path)} has more than 63 bits", path, "write it as a string")


def count(value: Any, path: str) -> None:
    """Accept a whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise _expect(value, path, "a whole number, zero or more")
    if not 0 <= value <= MAX_INTEGER:
        raise refuse(f"{_last(path)} is out of range", path, "write a whole number, zero or more")


def rating(value: Any, path: str) -> None:
    """Accept one to five."""
    number(value, path)
    if not 1 <= value <= 5:  # noqa: PLR2004 - the scale itself
        raise refuse(f"{_last(path)} is not between 1 and 5", path, "rate from 1 to 5")


def date_time(value: Any, path: str) -> None:
    """Accept a point in time as ISO 8601 writes it, with its offset from UTC."""
    string(value, path)
    if not (_DATE_TIME.fullmatch(value) and _is_in_calendar(value)):
        example = "2026-01-31T12:00:00.000Z"
        raise refuse(f"{_last(path)} is no point in time", path, f"write it like {example}")


def _is_in_calendar(value: str) -> bool:
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def utc_time(value: Any, path: str) -> None:
    """Accept a point in time in UTC, written with a Z."""
    date_time(value, path)
    if not value.endswith("Z"):
        raise refuse(f"{_last(path)} is not in UTC", path, "write the time in UTC, with a Z at its end")


def uuid(value: Any, path: str) -> None:
    """Accept a UUID in its one canonical spelling."""
    string(value, path)
    try:
        is_canonical = str(UUID(value)) == value
    except ValueError:
        is_canonical = False
    if not is_canonical:
        raise refuse(f"{_last(path)} is no UUID", path, "write a UUID in lower case, with its four hyphens")


def one_of(*choices: str) -> Check:
    """Return a check for one of some words."""

    def check(value: Any, path: str) -> None:
        string(value, path)
        if value not in choices:
            listed = ", ".join(choices)
            raise refuse(f"{_last(path)} is none of the known values", path, f"write one of {listed}")

    return check


def list_of(item: Check) -> Check:
    """Return a check for a list whose every item passes."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, list | tuple):
            raise _expect(value, path, "a list")
        for index, entry in enumerate(value):
            item(entry, f"{path}[{index}]")

    return check


def record(fields: Mapping[str, Check], required: tuple[str, ...] = ()) -> Check:
    """Return a check for an object that has these fields, all of the required ones and no others."""

    def check(value: Any, path: str) -> None:
        if not isinstance(value, Mapping):
            raise _expect(value, path, "an object")
        for name in required:
            if name not in value:
                raise refuse(f"{_last(path)} lacks '{name}'", join(path, name), f"write the field '{name}'")
        for name, entry in value.items():
            if name not in fields:
                raise _unknown(name, fields, path)
            fields[name](entry, join(path, name))

    return check


def any_object(value: Any, path: str) -> None:
    """Accept an object with whatever JSON in it."""
    if not isinstance(value, Mapping):
        raise _expect(value, path, "an object")
    any_json(value, path)


def any_json(value: Any, path: str, depth: int = 0) -> None:
    """Accept any JSON value that is not nested too deep."""
    if depth > MAX_DEPTH:
        raise refuse(f"{_last(path)} is nested more than {MAX_DEPTH} levels deep", path, "flatten it")
    match value:
        case None | bool():
            pass
        case int() | float():
            number(value, path)
        case str():
            string(value, path)
        case Mapping():
            for name, entry in value.items():
                if not isinstance(name, str):
                    raise refuse(f"{_last(path)} has a name that is no string", path, "use strings as names")
                string(name, path)
                any_json(entry, join(path, name), depth + 1)
        case list() | tuple():
            for index, entry in enumerate(value):
                any_json(entry, f"{path}[{index}]", depth + 1)
        case _:
            raise _expect(value, path, "a JSON value")


def join(path: str, name: str) -> str:
    """Return the path of a field, without repeating a name that could be content."""
    step = name if show_name(name) == f"'{name}'" else "(a field of an unusual name)"
    return f"{path}.{step}" if path else step


def _unknown(name: Any, fields: Mapping[str, Check], path: str) -> EventError:
    """Return the error for a field that nobody knows, with the nearest one that somebody does."""
    import difflib  # noqa: PLC0415 - only a wrong message needs it, and functions must start quickly

    shown = show_name(name) if isinstance(name, str) else "of an unusual name"
    place = join(path, name) if isinstance(name, str) else path
    near = difflib.get_close_matches(str(name), fields, n=1)
    known = f"did you mean '{near[0]}'?" if near else f"the fields known here are {', '.join(sorted(fields))}"
    return refuse(f"{_last(path)} has an unknown field {shown}", place, f"leave the field out; {known}")
