"""A middleware of the user's own: the function travels beside this module, as ``lakenb_user``.

What it returns is checked against what the middleware was declared to send: a document of another type
would pass every filter by, and an input passed on by a node that makes documents could not be read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.outputs import Copy, NewDocument, Output, PassedOn

if TYPE_CHECKING:
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context

_MODULE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,99}")


def handle(document: InputDocument, context: Context) -> Iterator[Output]:
    """Return what the user's function makes of a document.

    Raises
    ------
    FaultError
        If the function returns what its middleware does not send, or imports what it does not bring.
    """
    types = context.options.get("output")
    try:
        made = _function()(document, context)
        yield from _passed_on(made, context) if types is None else _documents(made, document, tuple(types))
    except ModuleNotFoundError as error:
        raise missing(error) from error


@cache
def _function() -> Callable[..., Any]:
    function: Callable[..., Any] = import_module("lakenb_user").handle
    return function


def _documents(made: Any, document: InputDocument, types: tuple[str, ...]) -> Iterator[Output]:
    """Return the documents of a function that makes some."""
    for output in _each(made):
        if not isinstance(output, NewDocument | Copy):
            raise _wrong(
                output, "make documents with ctx.document(...); output=None is for metadata about the input"
            )
        made_type = output.type if isinstance(output, NewDocument) else document.type
        if not any(_matches(pattern, made_type) for pattern in types):
            reason = (
                f"the function made a document of {made_type}, and its middleware sends {', '.join(types)}"
            )
            raise FaultError(Kind.HANDLER_ERROR, reason)
        yield output


def _matches(pattern: str, mime_type: str) -> bool:
    """Return whether a type is one of those that a pattern stands for: itself, a family, or any."""
    return pattern in (mime_type, "*/*", f"{mime_type.partition('/')[0]}/*")


def _passed_on(made: Any, context: Context) -> Iterator[Output]:
    """Return the input with what a function found out about it: once, whatever it found."""
    found = [one for one in _each(made) if one is not None]
    if len(found) > 1:
        reason = f"the function returned {len(found)} outputs; its middleware (output=None) passes on one"
        raise FaultError(Kind.HANDLER_ERROR, reason)
    output = found[0] if found else {}
    if isinstance(output, Mapping):
        output = context.metadata(output)
    if not isinstance(output, PassedOn):
        raise _wrong(
            output, "return a mapping of metadata, or ctx.metadata(...); documents need an output type"
        )
    yield output


def _each(made: Any) -> Iterable[Any]:
    """Return the outputs one by one, however they were returned."""
    if made is None:
        return ()
    if isinstance(made, str | bytes | Mapping) or not isinstance(made, Iterable):
        return (made,)
    return made


def _wrong(output: Any, mend: str) -> FaultError:
    reason = f"the function returned a {type(output).__name__}, which is no output of its middleware: {mend}"
    return FaultError(Kind.HANDLER_ERROR, reason)


def missing(error: ModuleNotFoundError) -> FaultError:
    """Return the verdict on an import that found nothing; a name computed from content is left out."""
    name = error.name if error.name and _MODULE_NAME.fullmatch(error.name) else "a module"
    reason = (
        f"the function stopped with ModuleNotFoundError: {name} is neither Lambda's own nor in the zip; "
        "add the package that brings it to packages"
    )
    return FaultError(Kind.HANDLER_ERROR, reason)
