"""An independent checker of certificates: it shares no line with the prover.

It reads the template again, computes again which requests policies and needs can tell apart, by other means
than the prover's, and decides each cell again by the evaluator.
"""

from __future__ import annotations

from lakenb.iam.checker.check import Checker, check

__all__ = ["Checker", "check"]
