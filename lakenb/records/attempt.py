"""One thing that a node tried, and what the server said."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lakenb.records.disagreement import disagreement_text
from lakenb.records.tables import printable

if TYPE_CHECKING:
    from lakenb.records.disagreement import Disagreement

DEPLOYER = "deployer"
_WIDTH = 118
_INDENT = " " * 9


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that was made, and the server's answer.

    Parameters
    ----------
    who
        The node whose function made it, or ``deployer``.
    action, resource
        IAM's action, and the resource by the pipeline's names.
    allowed
        Whether the server carried it out.
    status
        The HTTP status.
    code, message
        The server's error code and its own sentence; empty when it was allowed.
    decided_by
        The policy and the statement that allowed it; empty for a refusal.
    disagreements
        Decisions of the call on which lakenb's own evaluator differs from the server; normally none.
    """

    who: str
    action: str
    resource: str
    allowed: bool
    status: int
    code: str
    message: str
    decided_by: str
    disagreements: tuple[Disagreement, ...] = ()

    def __repr__(self) -> str:
        """Return the answer on a line, and the reason below it."""
        verdict = "ALLOWED" if self.allowed else "DENIED "
        head = f"{verdict}  {self.who} · {self.action} on {printable(self.resource)}"
        reason = (
            f"by {self.decided_by}"
            if self.allowed
            else f"{self.status} {self.code}: {printable(self.message)}"
        )
        below = textwrap.wrap(
            reason,
            _WIDTH,
            initial_indent=_INDENT,
            subsequent_indent=_INDENT,
            break_long_words=False,
            break_on_hyphens=False,
        )
        apart = [disagreement_text(self.disagreements)] if self.disagreements else []
        return "\n".join([*apart, head, *below])
