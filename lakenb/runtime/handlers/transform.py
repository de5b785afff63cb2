"""The transform: the user's function gets all documents of an event, and says what goes on.

One document, or those that a composite gathered. The function travels beside this module, as ``lakenb_user``.
It makes new documents, or sends on some of those that it got; what it does neither with ends here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.errors import EventError
from lakenb.events import COMPOSITE_TYPE, MAX_COMPOSITE_BYTES, members
from lakenb.runtime.documents import InputDocument
from lakenb.runtime.faults import FaultError, Kind
from lakenb.runtime.handlers.custom import missing
from lakenb.runtime.outputs import Copy, NewDocument, PassedOn

if TYPE_CHECKING:
    from lakenb.runtime.outputs import Context, Output

_MEND = "make documents with ctx.document(...), or return documents that it got"


def handle(document: InputDocument, context: Context) -> Iterator[Output]:
    """Return what the user's function makes of the documents of an event.

    Raises
    ------
    FaultError
        If the composite is none, or the function returns what is no document, or imports what it does not
        bring.
    """
    received = documents_of(document, context)
    arguments = (received, context) if context.options.get("takes_context") else (received,)
    try:
        for one in _each(_function()(*arguments)):
            yield _output(one, received, context)
    except ModuleNotFoundError as error:
        raise missing(error) from error


def documents_of(document: InputDocument, context: Context) -> tuple[InputDocument, ...]:
    """Return the documents that an event is about: those that a composite gathered, or the one.

    Raises
    ------
    FaultError
        If the composite is none, if it gathers documents of another upload - nobody who uploads a document
        knows the id of its chain, so nobody can write a composite himself -, or if a document lies where
        this node has no business.
    """
    if document.type != COMPOSITE_TYPE:
        return (document,)
    with document.open() as stream:
        body = stream.read(MAX_COMPOSITE_BYTES + 1)
    try:
        events = members(body)
    except EventError as error:
        raise FaultError(Kind.MALFORMED, f"{error.fault.what} ({error.fault.where})") from None
    if any(event.data.chain_id != context.chain_id for event in events):
        raise FaultError(Kind.HOSTILE, "the composite gathers documents of another upload than its own")
    return context.gathered(document, events)


@cache
def _function() -> Callable[..., Any]:
    function: Callable[..., Any] = import_module("lakenb_user").transform
    return function


def _each(made: Any) -> Iterable[Any]:
    """Return the outputs one by one, however they were returned; a forgotten return is no empty list."""
    if made is None:
        reason = f"the function returned nothing: {_MEND}; to end all of them here, return an empty list"
        raise FaultError(Kind.HANDLER_ERROR, reason)
    if isinstance(made, str | bytes | Mapping) or not isinstance(made, Iterable):
        return (made,)
    return made


def _output(one: Any, received: tuple[InputDocument, ...], context: Context) -> Output:
    """Return an output of the function, checked: what it sends on must be one that it got."""
    if isinstance(one, NewDocument):
        return one
    output = context.pass_on(one) if isinstance(one, InputDocument) else one
    if not isinstance(output, PassedOn | Copy):
        reason = f"the function returned a {type(one).__name__[:80]}, which is no document: {_MEND}"
        raise FaultError(Kind.HANDLER_ERROR, reason)
    if output.of is None and len(received) == 1:
        # ctx.metadata(...) and ctx.copy(...) are about the document that there is
        return replace(output, of=received[0])
    if not any(output.of is document for document in received):
        reason = (
            f"the function got {len(received)} documents, and its output does not say which of them goes on:"
            " return the document itself, or ctx.pass_on(document, metadata=...)"
        )
        raise FaultError(Kind.HANDLER_ERROR, reason)
    return output
