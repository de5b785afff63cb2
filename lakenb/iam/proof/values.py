"""The words of proofs: who asks, sets of requests, obligations, outcomes, witnesses."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lakenb.iam.policies import Policy
    from lakenb.iam.requests import Principal
    from lakenb.iam.truth import Decision


class Verdict(Enum):
    """What became of an obligation. UNDECIDED never proves."""

    PROVED = "proved"
    FAILED = "failed"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, eq=False)
class Who:
    """Somebody who may ask: a role of the template, or a stranger.

    Parameters
    ----------
    label
        For people: a logical id, ``another account``, ``anonymous``, ``sns.amazonaws.com``.
    principal
        Who the request says it is.
    logical_id
        The identity of the template that it is; empty for a stranger.
    identity, boundaries
        The identity-based policies and boundaries. A stranger has none, or one that allows everything.
    assumes
        What is assumed of a stranger, a sentence; empty for the template's own.
    """

    label: str
    principal: Principal
    logical_id: str = ""
    identity: tuple[Policy, ...] = ()
    boundaries: tuple[Policy, ...] = ()
    assumes: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """A set of requests.

    Parameters
    ----------
    actions
        Globs as IAM writes actions.
    resources
        Globs as IAM writes resources, ``${*}``, ``${?}`` and ``${$}`` for the letters themselves.
    context
        Key in lower case and globs: the request carries the key, and each of its values fits one. Sorted.
    """

    actions: tuple[str, ...]
    resources: tuple[str, ...]
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Modality(Enum):
    """What is claimed of a set of requests."""

    ONLY = "only"  # nothing in the zone may be allowed but what the needs cover (secrecy)
    CAN = "can"  # every request of the zone is allowed, in exactly its context (liveness)


@dataclass(frozen=True, slots=True, eq=False)
class Obligation:
    """One thing to be proved of one principal.

    Parameters
    ----------
    claim
        The claim that it is a part of, such as ``P1``.
    subject
        What it is about, for people, such as ``pdf``.
    text
        What is claimed, one sentence.
    modality, who, zone
        See `Modality`. For CAN the zone's context is what the request carries, one value a key.
    needs
        For ONLY: what may be allowed. None: nothing.
    """

    claim: str
    subject: str
    text: str
    modality: Modality
    who: Who
    zone: Shape
    needs: tuple[Shape, ...] = ()


@dataclass(frozen=True, slots=True)
class Witness:
    """A concrete request that breaks an obligation, or leaves it open.

    Parameters
    ----------
    who
        The label of who asks.
    principal, action, resource, context
        The request: texts of the world.
    decision
        What the evaluator says of it.
    reasons
        The evaluator's sentences, the deciding one first.
    statement
        The statement that decides, as ``policy label, statement label``; empty where none does.
    """

    who: str
    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...]
    decision: Decision
    reasons: tuple[str, ...]
    statement: str


@dataclass(frozen=True, slots=True)
class Within:
    """A part of a domain that one need covers whole: no request of it has to be looked at.

    Parameters
    ----------
    statement
        The Allow that the part belongs to.
    action, resource
        Its texts.
    need
        Index of the need.
    """

    statement: str
    action: str
    resource: str
    need: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One class of requests that no policy and no need tells apart, by one of them.

    Parameters
    ----------
    action, resource, context
        The request that stands for the class.
    decision
        The evaluator's.
    need
        Index of the need that covers it; None where none does.
    """

    action: str
    resource: str
    context: tuple[tuple[str, tuple[str, ...]], ...]
    decision: Decision
    need: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an obligation.

    Parameters
    ----------
    verdict
        FAILED has a witness whose decision breaks the obligation; UNDECIDED says why, with the witness of an
        undecided request where that is the reason.
    witness, why
        Why: a sentence; empty when proved.
    within, cells
        The parts and classes that were examined.
    """

    verdict: Verdict
    witness: Witness | None = None
    why: str = ""
    within: tuple[Within, ...] = ()
    cells: tuple[Cell, ...] = ()
