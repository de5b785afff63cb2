"""A proof as plain data, for a checker that shares no code with the prover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.asked import account, endpoints, in_force
from lakenb.iam.reasons import explain
from lakenb.iam.requests import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lakenb.iam.proof.values import Cell, Obligation, Outcome, Shape, Who, Within
    from lakenb.iam.stacks.world import World

VERSION = 1


def certificate(
    digest: str, world: World, obligation: Obligation, outcome: Outcome, assumptions: Sequence[str]
) -> dict[str, Any]:
    """Return what was proved, of which template, under which assumptions, and by which cells.

    Parameters
    ----------
    digest
        Of the template, by `lakenb.iam.stacks.source.digest`.
    world, obligation, outcome
        What was proved, and how.
    assumptions
        Of claim and template, sentences; those of the principal are added.

    Returns
    -------
    dict
        Nothing but JSON's own values, in a fixed order.
    """
    who = obligation.who
    return {
        "lakenb": VERSION,
        "claim": {
            "claim": obligation.claim,
            "subject": obligation.subject,
            "text": obligation.text,
            "modality": obligation.modality.value,
            "who": _who(who),
            "zone": _shape(obligation.zone),
            "needs": [_shape(each) for each in obligation.needs],
        },
        "verdict": outcome.verdict.value,
        "template": digest,
        "world": {
            "account": world.account,
            "region": world.region,
            "partition": world.partition,
            "stack_name": world.stack_name,
            "choices": list(world.choices),
        },
        "assumptions": [*assumptions, *([who.assumes] if who.assumes else [])],
        "within": [_within(each) for each in outcome.within],
        "cells": [_cell(each) for each in outcome.cells],
        "statements": list(relied(world, obligation, outcome)),
    }


def relied(world: World, obligation: Obligation, outcome: Outcome) -> tuple[str, ...]:
    """Return the statements that the proof rests on, as ``policy label, statement label``.

    They are the Allows whose texts lie within a need, and whatever decides the cells.
    """
    who = obligation.who
    found = {each.statement for each in outcome.within}
    endpoint = endpoints(world, obligation)
    for cell in outcome.cells:
        where = account(world, who, cell.resource)
        asked = Request(who.principal, cell.action, cell.resource, where, dict(cell.context))
        policies = in_force(who, where, world.guard(cell.resource), world, endpoint)
        for reason in explain(asked, policies).reasons:
            if reason.statement and not reason.text.startswith("nearest"):
                found.add(f"{reason.policy}, {reason.statement}")
    return tuple(sorted(found))


def _who(who: Who) -> dict[str, str]:
    identity = "template" if who.logical_id else "everything" if who.identity else "nothing"
    return {
        "label": who.label,
        "principal": who.principal.text,
        "logical_id": who.logical_id,
        "identity": identity,
    }


def _shape(shape: Shape) -> dict[str, Any]:
    return {
        "actions": list(shape.actions),
        "resources": list(shape.resources),
        "context": {key: list(globs) for key, globs in shape.context},
    }


def _within(each: Within) -> dict[str, Any]:
    return {"statement": each.statement, "action": each.action, "resource": each.resource, "need": each.need}


def _cell(each: Cell) -> dict[str, Any]:
    return {
        "action": each.action,
        "resource": each.resource,
        "context": {key: list(values) for key, values in each.context},
        "decision": each.decision.value,
        "need": each.need,
    }
