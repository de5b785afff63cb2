"""The delay: the same document. The wait itself happens behind this function, in the node's state machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from lakenb.runtime.faults import FaultError, Kind

if TYPE_CHECKING:
    from lakenb.runtime.documents import InputDocument
    from lakenb.runtime.outputs import Context, PassedOn

# AWS Step Functions Developer Guide, "Step Functions service quotas": an execution lives a year at most. What
# would wait longer would be lost.
_LONGEST = timedelta(days=364)


def handle(document: InputDocument, context: Context) -> PassedOn:  # noqa: ARG001 - it is sent on as it came
    """Return the document itself.

    Raises
    ------
    FaultError
        If the moment is so far away that the event would be lost before.
    """
    until = context.options.get("until")
    if until and datetime.fromisoformat(until) - datetime.now(UTC) > _LONGEST:
        reason = f"the document would wait until {until}; an event can wait for {_LONGEST.days} days"
        raise FaultError(Kind.TOO_EARLY, reason)
    return context.metadata({})
