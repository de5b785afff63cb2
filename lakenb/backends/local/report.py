"""The server's decisions in the words of the pipeline, and where our own evaluator decides otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from lakenb.backends.local.readback import read_back
from lakenb.errors import DeploymentError
from lakenb.records.disagreement import Disagreement
from lakenb.records.run import Decision
from lakenb.security.values import Sort
from lakenb.template.names import Kind

if TYPE_CHECKING:
    from lakenb.backends.local.seam import Emulator, RawDecision
    from lakenb.backends.local.stack import Stack
    from lakenb.backends.local.third_opinion import ThirdOpinion
    from lakenb.graph.graph import Graph

# the function's role, and those that services take for a node: called as in the grants
_ROLES = {
    Kind.ROLE: "",
    Kind.MACHINE_ROLE: f" ({Sort.MACHINE_ROLE.value})",
    Kind.SCHEDULE_ROLE: f" ({Sort.SCHEDULE_ROLE.value})",
}
_PAGE = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html"


@dataclass(frozen=True, slots=True)
class Reasons:
    """Why our evaluator decides as it does, told on demand (see `lakenb.records.disagreement.Reasoning`).

    Parameters
    ----------
    opinion
        Of the stack.
    decisions
        The server's, in order.
    """

    opinion: ThirdOpinion
    decisions: tuple[RawDecision, ...]

    def because(self, order: int) -> str:
        """Return the deciding statement of a decision; for a denial AWS's sentence and the nearest miss."""
        raw = self.decisions[order]
        found = self.opinion.of(raw)
        texts = [reason.text for reason in self.opinion.reasons(raw)]
        if found is not None and found.deviation is not None:
            texts.append(f"known: {found.deviation}")
        return "; ".join(texts)

    def __reduce__(self) -> tuple[type[Told], tuple[tuple[str, ...]]]:
        """Give the texts alone to whoever copies or stores a run: compiled policies stay here."""
        return Told, (tuple(map(self.because, range(len(self.decisions)))),)


@dataclass(frozen=True, slots=True)
class Told:
    """Reasons that have been told already, by the decision's place in time."""

    texts: tuple[str, ...]

    def because(self, order: int) -> str:
        """Return the reason of a decision."""
        return self.texts[order]


def decision_records(reasons: Reasons, stack: Stack, graph: Graph, since: int = 0) -> tuple[Decision, ...]:
    """Return the decisions so far, principals as nodes where they are roles of the pipeline.

    Parameters
    ----------
    reasons
        The server's decisions with our opinion on them.
    stack, graph
        What was deployed.
    since
        Position in time of the first.
    """
    roles = {
        stack.id(node, kind): f"{node}{what}"
        for node in graph.nodes
        for kind, what in _ROLES.items()
        if stack.has(node, kind)
    }
    return tuple(
        Decision(
            order,
            _who(raw.principal, roles),
            raw.principal,
            raw.action,
            raw.resource,
            raw.outcome,
            " ".join(filter(None, (raw.policy, raw.sid))),
            raw.message,
            raw.source,
            _agrees(reasons.opinion, raw),
        )
        for order, raw in enumerate(reasons.decisions[since:], start=since)
    )


def disagreement_records(
    records: tuple[Decision, ...], reasons: Reasons, emulator: Emulator, stack: Stack
) -> tuple[Disagreement, ...]:
    """Return the decisions that our evaluator takes otherwise, where no known deviation tells why.

    Parameters
    ----------
    records
        As `decision_records` returns them.
    reasons
        Ours on the same decisions.
    emulator, stack
        Where to look whether the policies are still those of the template.
    """
    apart = [one for one in records if one.agrees == "no"]
    settle = _settle(emulator, stack) if apart else ""
    return tuple(
        Disagreement(
            one.order,
            one.who,
            one.principal,
            one.action,
            one.resource,
            one.decision,
            server_says(reasons.decisions[one.order]),
            _verdict(reasons, one.order),
            reasons.because(one.order),
            settle,
        )
        for one in apart
    )


def server_says(raw: RawDecision) -> str:
    """Return why the server decided so: the statement that allowed, or its own sentence."""
    return raw.message or f"the {raw.policy}-based policy's statement {raw.sid}"


def _agrees(opinion: ThirdOpinion, raw: RawDecision) -> str:
    found = opinion.of(raw)
    if found is None:
        return ""
    return "yes" if found.agrees else "known" if found.is_settled else "no"


def _verdict(reasons: Reasons, order: int) -> str:
    found = reasons.opinion.of(reasons.decisions[order])
    return "" if found is None else found.verdict.value


def _settle(emulator: Emulator, stack: Stack) -> str:
    """Return what a disagreement comes from: policies that were changed, or else one engine is wrong."""
    try:
        read_back(emulator, stack)
    except DeploymentError as error:
        return error.fault.what
    except ClientError as error:  # something of the stack is no longer there to be read
        return f"the stack is no longer what the template made: {error}"
    return f"one of the two is wrong, and this page says which: {_PAGE}"


def _who(principal: str, roles: dict[str, str]) -> str:
    """Return a node's id, ``deployer`` for the run's own user, or the principal itself (a service)."""
    resource = principal.rpartition(":")[2]
    kind, _, name = resource.partition("/")
    if kind in {"assumed-role", "role"}:
        return roles.get(name.partition("/")[0], principal)
    return "deployer" if kind == "user" else principal
