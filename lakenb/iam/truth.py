"""Three-valued truth, and the four decisions.

What AWS does not document, and what a request does not tell, is MAYBE. It never becomes an allow, and a
deny that may match is never passed over. The values are plain numbers in their order, so that *and* is
`min`, *or* is `max` and *not* is ``YES - truth``: an evaluation does this some fifty times.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

Truth = int
NO: Final = 0
MAYBE: Final = 1
YES: Final = 2


class Decision(Enum):
    """What becomes of a request."""

    ALLOWED = "ALLOWED"
    EXPLICITLY_DENIED = "EXPLICITLY_DENIED"
    IMPLICITLY_DENIED = "IMPLICITLY_DENIED"
    UNDECIDED = "UNDECIDED"

    @property
    def is_allowed(self) -> bool:
        """Whether access is certain; UNDECIDED is no allow."""
        return self is Decision.ALLOWED
