"""What the properties of a template say of a promise: results, and notes on what is not promised."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakenb.iam.proof.values import Verdict


@dataclass(frozen=True, slots=True)
class PropertyResult:
    """One thing that a promise asks of one resource's properties, and whether the template says so.

    Parameters
    ----------
    claim
        The promise, ``P1`` to ``P10``.
    subject
        Whose it is: a node's id, ``cache``, or a logical id where it belongs to no node.
    text
        What is claimed, one sentence without its full stop.
    verdict
        PROVED only where the template says it plainly; UNDECIDED where a value cannot be read from it.
    evidence
        What the template says there, such as ``Properties.KmsKeyId = ${Key.Arn}``.
    logical_id, path
        The resource, and the place in it; empty where the template has no such resource.
    mend
        What to change; empty when proved.
    """

    claim: str
    subject: str
    text: str
    verdict: Verdict
    evidence: str
    logical_id: str
    path: str
    mend: str = ""


@dataclass(frozen=True, slots=True, order=True)
class PropertyNote:
    """Something that a promise does not cover here: not promised, not applicable, or somebody else's.

    Parameters
    ----------
    claim
        The promise.
    text
        One sentence without its full stop.
    """

    claim: str
    text: str
