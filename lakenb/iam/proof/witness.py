"""A witness: one request in plain texts, decided again from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lakenb.iam.evaluator import evaluate
from lakenb.iam.proof.actions import is_known, shown
from lakenb.iam.proof.asked import is_assumed
from lakenb.iam.proof.values import Witness
from lakenb.iam.reasons import explain
from lakenb.iam.requests import Sort, request

if TYPE_CHECKING:
    from lakenb.iam.evaluator import InForce
    from lakenb.iam.proof.values import Who
    from lakenb.iam.requests import Request
    from lakenb.iam.truth import Decision


class InternalError(AssertionError):
    """The prover and the evaluator differ on one request: neither can be believed until this is mended."""


def witness(who: Who, asked: Request, policies: InForce, decision: Decision) -> Witness:
    """Return a request as a witness, once it is decided the same from its texts alone.

    Raises
    ------
    InternalError
        If it is not.
    """
    replayed = request(
        _principal(who), shown(asked.action), asked.resource,
        resource_account=asked.account or None, context={**asked.context},
    )  # fmt: skip
    explained = explain(replayed, policies)
    if explained.decision is not decision or evaluate(replayed, policies) is not decision:
        raise InternalError(
            f"{asked.principal.text} {asked.action} on {asked.resource} was found {decision.value}, "
            f"and is {explained.decision.value} when asked again"
        )
    reasons = [reason.text for reason in explained.reasons]
    if not is_known(asked.action):
        reasons.append(f"{asked.action} stands for every action, today's and future ones, that is named so")
    deciding = next(
        (each for each in explained.reasons if each.statement and not is_assumed(each.policy)), None
    )
    return Witness(
        who=who.label,
        principal=asked.principal.text,
        action=replayed.action,
        resource=asked.resource,
        context=tuple(sorted(asked.context.items())),
        decision=decision,
        reasons=tuple(reasons),
        statement=f"{deciding.policy}, {deciding.statement}" if deciding else "",
    )


def _principal(who: Who) -> object:
    asks = who.principal
    match asks.sort:
        case Sort.SERVICE:
            return {"Service": asks.text}
        case Sort.FEDERATED:
            return {"Federated": asks.text}
        case _:
            return asks.text
