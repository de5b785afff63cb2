"""The condition: the same document, with the answer of the user's predicate in its metadata.

The predicate travels beside this module, as ``lakenb_user``. Its answer stands as a text, for filters to see.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lakenb.events.metadata import MATCHED
from lakenb.runtime.faults import FaultError, Kind, judge

if TYPE_CHECKING:
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, PassedOn

_USER_MODULE = "lakenb_user"


def handle(document: InputDocument, context: Context) -> PassedOn:
    """Return the document itself and the answer about it.

    Raises
    ------
    FaultError
        If the predicate raises, or answers neither True nor False.
    """
    answer = _answer(document, context)
    if not isinstance(answer, bool):
        kind = type(answer).__name__[:80]
        reason = f"the predicate returned a value of type {kind}: it must return True or False"
        raise FaultError(Kind.HANDLER_ERROR, reason)
    return context.metadata(document.with_custom({MATCHED: "true" if answer else "false"}))


def _answer(document: InputDocument, context: Context) -> Any:
    arguments = (document, context) if context.options.get("takes_context") else (document,)
    predicate = import_module(_USER_MODULE).predicate  # Python keeps it: it is imported once
    try:
        return predicate(*arguments)
    except Exception as error:
        # what S3 says while the predicate reads the document has a verdict of its own
        if verdict := judge(error, "an AWS call of the predicate"):
            raise verdict from error
        name = type(error).__name__[:80]
        reason = f"the predicate stopped with {name}; its text is left out, for it may hold content"
        raise FaultError(Kind.HANDLER_ERROR, reason) from error
