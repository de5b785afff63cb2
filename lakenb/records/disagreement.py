"""Where the embedded AWS and lakenb's own evaluator decide differently, with what both say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from lakenb.records.tables import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 3  # in full: more of them have the same cause, as a rule


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """A decision of the server that lakenb's own evaluator takes otherwise, on the deployed template.

    Parameters
    ----------
    order, who, principal, action, resource
        As in `Decision`.
    server, server_says
        What the server decided, and why.
    evaluator, evaluator_says
        What lakenb's evaluator decides, ``UNDECIDED`` perhaps, and why.
    settle
        What it comes from where that can be told, or the page of AWS that settles it.
    """

    order: int
    who: str
    principal: str
    action: str
    resource: str
    server: str
    server_says: str
    evaluator: str
    evaluator_says: str
    settle: str

    def __str__(self) -> str:
        """Return both explanations on lines of their own."""
        return "\n".join(
            printable(line)
            for line in (
                f"✗ {self.who} · {self.action} on {self.resource}",
                f"  the embedded AWS: {self.server}, {self.server_says}",
                f"  our evaluator:    {self.evaluator}, {self.evaluator_says}",
                f"  to settle it:     {self.settle}",
            )
        )


class Reasoning(Protocol):
    """Tells on demand why lakenb's evaluator decides as it does: that costs more than to decide."""

    def because(self, order: int) -> str:
        """Return the deciding statement of a decision; for a denial AWS's sentence and the nearest miss."""
        ...


def disagreement_text(found: Sequence[Disagreement]) -> str:
    """Return in a few lines on what the server and lakenb's evaluator differ, the first of them in full."""
    decisions = "1 decision" if len(found) == 1 else f"{len(found)} decisions"
    lines = [f"THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on {decisions}", *map(str, found[:_SHOWN])]
    if len(found) > _SHOWN:
        lines.append(f"… and {len(found) - _SHOWN} more: run.disagreements lists them")
    return "\n".join(lines)
