"""JSON read strictly: one reading for every reader, in bounded time and memory.

Python's reader keeps the last of two equal names, takes ``NaN`` and ``1e999``, and recurses as deep
as a message tells it to. Each of these lets two programs read one message differently, or one
message stop a program, so all of them are refused here.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_MESSAGE_BYTES = 262_144  # what SNS carries: Amazon SNS quotas, "Message size 256 KB"
MAX_DEPTH = 32
MAX_INTEGER = 2**63 - 1

# Strings first, so that brackets inside of them do not count. No nested quantifier can match
# the same text twice, so a hostile string is scanned once.
_STRUCTURE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{]|[\]}]', re.DOTALL)


def read_json(
    text: str | bytes,
    name: str = "the message",
    max_bytes: int = MAX_MESSAGE_BYTES,
    max_depth: int = MAX_DEPTH,
) -> Any:
    """Return the value that a JSON text stands for, or refuse the text.

    Parameters
    ----------
    text
        The text, or its bytes in UTF-8.
    name
        What the text is, as an error calls it.
    max_bytes
        The longest text that is read.
    max_depth
        The deepest nesting that is read.

    Raises
    ------
    EventError
        If the text is no JSON (RFC 8259), is no UTF-8, is longer than `max_bytes`, is nested deeper
        than `max_depth`, repeats a name within one object, or holds a number that JSON readers do
        not agree on.
    """
    decoded = _decode(text, name, max_bytes)
    _check_depth(decoded, name, max_depth)
    try:
        return json.loads(
            decoded,
            object_pairs_hook=_object_of(name),
            parse_constant=_refuse_constant(name),
            parse_float=_finite_float(name),
            parse_int=_bounded_integer(name),
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno} of {name}"
        raise EventError(f"{name} is no JSON: {error.msg}", place, "send one JSON object in UTF-8") from None


def write_json(value: Any) -> str:
    """Return a value as compact JSON, in ASCII, its names in the order they have.

    ASCII, because a queue accepts only some of Unicode's characters and a console may alter others.
    """
    return json.dumps(value, allow_nan=False, separators=(",", ":"))


def _decode(text: str | bytes, name: str, max_bytes: int) -> str:
    """Return the text as characters, once its length is known to be within bounds."""
    size = len(text)  # of a string this counts characters: never more than its bytes
    if size <= max_bytes and isinstance(text, str):
        size = len(text.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise EventError(
            f"{name} is {size} bytes long, but {max_bytes} is the most that is read",
            name,
            "move large metadata to the cache and send a pointer to it",
        )
    if isinstance(text, bytes):
        try:
            return text.decode("utf-8")
        except UnicodeDecodeError as error:
            place = f"byte {error.start} of {name}"
            raise EventError(f"{name} is no UTF-8", place, "send JSON encoded in UTF-8") from None
    return text


def _check_depth(text: str, name: str, max_depth: int) -> None:
    """Refuse deep nesting before a recursive reader meets it."""
    depth = 0
    for token in _STRUCTURE.finditer(text):
        match text[token.start()]:
            case "[" | "{":
                depth += 1
                if depth > max_depth:
                    place = f"character {token.start()} of {name}"
                    what = f"{name} is nested more than {max_depth} levels deep"
                    raise EventError(what, place, "flatten it")
            case "]" | "}":
                depth -= 1
            case _:
                pass


def _object_of(name: str) -> Any:
    """Return a hook that builds an object and refuses a name that occurs twice in it."""

    def build(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
        built: dict[str, Any] = {}
        for key, value in pairs:
            if key in built:
                what = f"{name} has the field {show_name(key)} twice in one object"
                raise EventError(what, name, "write each field once")
            built[key] = value
        return built

    return build


def _refuse_constant(name: str) -> Any:
    """Return a hook for ``NaN`` and the infinities, which are JavaScript's and not JSON's."""

    def refuse(constant: str) -> None:
        raise EventError(f"{name} holds {constant}, which is no JSON", name, "leave the field out")

    return refuse


def _finite_float(name: str) -> Any:
    """Return a hook for fractions and exponents."""

    def convert(text: str) -> float:
        number = float(text)
        if not math.isfinite(number):
            what = f"{name} holds a number too large to be read alike everywhere"
            raise EventError(what, name, "write numbers that a 64-bit float can hold")
        return number

    return convert


def _bounded_integer(name: str) -> Any:
    """Return a hook for whole numbers."""
    longest = len(str(-MAX_INTEGER))

    def convert(text: str) -> int:
        if len(text) > longest or abs(int(text)) > MAX_INTEGER:
            what = f"{name} holds a whole number of more than 63 bits"
            raise EventError(what, name, "write it as a string")
        return int(text)

    return convert


def show_name(key: str) -> str:
    """Return a field's name as errors quote it: nothing that could pass for something else."""
    if re.fullmatch(r"[A-Za-z_$][A-Za-z0-9_$-]{0,39}", key):
        return f"'{key}'"
    return "of an unusual name"
