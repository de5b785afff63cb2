"""Whether any request of a set is allowed to somebody, on what condition, and by which statement.

What may be allowed lies within the Allow statements that name who asks. For each, one likely request is tried
first: where it is allowed, nothing else has to be looked at. Where it is not, one request of every class of
the set is, so that a deny of one part or an odd condition does not hide the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from lakenb.iam.evaluator import evaluate
from lakenb.iam.proof.actions import shown
from lakenb.iam.proof.asked import account
from lakenb.iam.proof.asked import in_force as policies_met
from lakenb.iam.proof.globs import glob
from lakenb.iam.proof.values import Witness
from lakenb.iam.proof.witness import witness
from lakenb.iam.questions.grants import domains, met
from lakenb.iam.questions.guesses import can_be, satisfying
from lakenb.iam.questions.pieces import Pieces, Side
from lakenb.iam.questions.places import by_arn, instance, literal
from lakenb.iam.questions.wording import conditions_words, context_words
from lakenb.iam.reasons import explain
from lakenb.iam.requests import Request
from lakenb.iam.stacks.world import owner_arn
from lakenb.iam.truth import YES, Decision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.evaluator import InForce
    from lakenb.iam.proof.values import Who
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.reasons import Explanation
    from lakenb.iam.stacks.world import World

Context = tuple[tuple[str, tuple[str, ...]], ...]

_PLAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "aws:securetransport": ("true",),
    "aws:viaawsservice": ("false",),
}
EXAMPLE: Final = "for example"
_REGION_FIELD: Final = 3
_ACCOUNT_FIELD: Final = 4
_FIELDS: Final = 6


class Standing(Enum):
    """How access stands."""

    ALLOWED = "allowed"
    CONDITIONAL = "conditional"
    UNDECIDED = "undecided"
    DENIED = "denied"


ORDER: Final[Mapping[Standing, int]] = {each: place for place, each in enumerate(Standing)}
"""From the widest to the narrowest."""


def standing_words(standing: Standing, condition: str, why: str) -> str:
    """Return how access stands, in a clause."""
    if standing is Standing.CONDITIONAL:
        return f"allowed, {condition}" if condition.startswith(EXAMPLE) else f"allowed only if {condition}"
    return f"{standing.value}: {why}" if why else standing.value


@dataclass(frozen=True, slots=True)
class Access:
    """How access to a set of requests stands.

    Parameters
    ----------
    standing
        Allowed: a plain request of the set is. Conditional: only requests that carry something more.
    condition
        What these must carry, in words; else empty.
    statement
        The Allow that grants it, or, where it is denied, what denies; policy and label.
    witness
        A request of the set with its decision; None where nothing allows any.
    why
        Of denied and undecided, a sentence; else empty.
    """

    standing: Standing
    condition: str = ""
    statement: str = ""
    witness: Witness | None = None
    why: str = ""


NO_STATEMENT: Final = Access(Standing.DENIED, why="no statement allows it")


def in_force(world: World, who: Who, resource: str) -> InForce:
    """Return the policies that somebody's request meets, endpoints apart."""
    return policies_met(who, _account(world, who, resource), world.guard(resource), world)


def asked(
    world: World, who: Who, action: str, resource: str, context: Mapping[str, tuple[str, ...]]
) -> Request:
    """Return a request; whose a bucket is, the prover's rule tells."""
    return Request(who.principal, action, resource, _account(world, who, resource), context)


def _account(world: World, who: Who, resource: str) -> str:
    """Return the account that a resource belongs to, as `lakenb.iam.proof.asked.account` has it."""
    fields = resource.split(":", _FIELDS - 1)
    told = fields[_ACCOUNT_FIELD] if len(fields) == _FIELDS else ""
    if told or owner_arn(resource) not in by_arn(world):
        return account(world, who, resource)
    return world.account


def plain_context(world: World, who: Who, action: str, resource: str) -> dict[str, tuple[str, ...]]:
    """Return what a request carries when nothing is asked of it.

    AWS's own tools speak TLS and call directly; the region and, to KMS, the caller's account are in every
    request (IAM User Guide, "AWS global condition context keys"; KMS Developer Guide, "AWS KMS condition
    keys").
    """
    fields = resource.split(":", _FIELDS - 1)
    region = fields[_REGION_FIELD] if len(fields) == _FIELDS else ""
    found = {**_PLAIN, "aws:requestedregion": (region or world.region,)}
    if action.startswith("s3:"):
        found["s3:tlsversion"] = ("1.3",)
    elif action.startswith("kms:") and who.principal.account:
        found["kms:calleraccount"] = (who.principal.account,)
    return found


def decision(world: World, who: Who, request: Request) -> Decision:
    """Return the decision on a request."""
    return evaluate(request, in_force(world, who, request.resource))


def explained(world: World, request: Request, who: Who) -> Explanation:
    """Return the decision on a request with its reasons."""
    return explain(request, in_force(world, who, request.resource))


def access(  # noqa: PLR0917 - one request from all its parts, called in few places
    world: World,
    who: Who,
    grant: Grant,
    action: str,
    actions: str,
    resource: str,
    told: Context = (),
) -> Access:
    """Return how a set of requests stands that one Allow reaches.

    Parameters
    ----------
    world, who
        Where, and who asks.
    grant
        The Allow.
    action
        A likely action of the set.
    actions, resource
        The set, as globs.
    told
        What every request of the set carries.
    """
    likely = _likely(grant.resource, resource, world)
    plain = {**plain_context(world, who, action, likely), **dict(told)}
    request = asked(world, who, action, likely, plain)
    if evaluate(request, in_force(world, who, likely)) is Decision.ALLOWED:
        return Access(Standing.ALLOWED, statement=grant.name, witness=_witness(who, request, grant.name))
    if grant.statement.conditions:
        wanted = satisfying(grant.statement.conditions, request)
        is_told = wanted is not None and all(wanted.get(key) == values for key, values in told)
        if wanted is not None and is_told and wanted != plain and can_be(world, request, wanted):
            request = replace(request, context=wanted)
            if evaluate(request, in_force(world, who, likely)) is Decision.ALLOWED:
                return _conditional(world, who, grant, request)
    return searched(world, who, grant, actions, resource, told)


def searched(  # noqa: PLR0917 - as access
    world: World, who: Who, grant: Grant, actions: str, resource: str, told: Context = ()
) -> Access:
    """Return how a set of requests stands, by one request of every class of it that an Allow covers."""
    limits = tuple((key, tuple(map(literal, values))) for key, values in told)
    pieces = Pieces((Side(world, who),), who, limits)
    allowed: Request | None = None
    open_one: Request | None = None
    is_empty = True
    for domain in domains(grant, actions, resource):
        for request, (decision,) in pieces.decided(domain):
            is_empty = False
            if decision is Decision.UNDECIDED:
                open_one = open_one or request
            if decision is not Decision.ALLOWED:
                continue
            plain = plain_context(world, who, shown(request.action), request.resource) | dict(told)
            usual = replace(request, context=plain)
            if pieces.decide(usual) == (Decision.ALLOWED,):
                return Access(Standing.ALLOWED, statement=grant.name, witness=_replayed(world, who, usual))
            allowed = allowed or request
    if allowed is not None:
        return _conditional(world, who, grant, allowed)
    if open_one is not None:
        found = _replayed(world, who, open_one)
        return Access(Standing.UNDECIDED, statement=grant.name, witness=found, why=found.reasons[-1])
    if pieces.doubts:
        return Access(Standing.UNDECIDED, statement=grant.name, why=pieces.doubts[0])
    if is_empty and pieces.is_about_some:
        why = f"{grant.name} would allow it, but no request meets its conditions"
        return Access(Standing.DENIED, "", grant.name, None, why)
    return NO_STATEMENT if is_empty else _denied(world, who, grant, actions, resource)


def _replayed(world: World, who: Who, request: Request) -> Witness:
    """Return a request as a witness, decided once more from its texts."""
    policies = in_force(world, who, request.resource)
    return witness(who, request, policies, evaluate(request, policies))


def _conditional(world: World, who: Who, grant: Grant, request: Request) -> Access:
    """Return access on a condition: what plain requests miss of the statement's, and what it takes beside."""
    plain = replace(request, context=plain_context(world, who, request.action, request.resource))
    missed = [each for each in grant.statement.conditions if each.holds(plain) != YES]
    words = conditions_words(missed, world)
    named = {each.name for each in grant.statement.conditions}
    extra = tuple(
        (key, values)
        for key, values in sorted(request.context.items())
        if key not in named and plain.context.get(key) != values
    )
    if extra and not missed:
        words = f"{EXAMPLE} with {context_words(extra, world)}"
    return Access(Standing.CONDITIONAL, words, grant.name, _replayed(world, who, request))


def _denied(world: World, who: Who, grant: Grant, actions: str, resource: str) -> Access:
    """Return why nothing of a set is allowed, by a likely request."""
    likely = _likely(grant.resource, resource, world)
    action = actions if "*" not in actions and "?" not in actions else _action_of(actions, grant.action)
    request = asked(world, who, action, likely, plain_context(world, who, action, likely))
    context = satisfying(grant.statement.conditions, request)
    if context is not None and can_be(world, request, context):
        request = replace(request, context=context)
    found = explained(world, request, who)
    deciding = next((each for each in found.reasons if each.statement), None)
    by = f"{deciding.policy}, {deciding.statement}" if deciding is not None else ""
    kind = next((each.kind for each in found.reasons if each.kind is not None), None)
    if found.decision is Decision.EXPLICITLY_DENIED:
        why = f"{grant.name} would allow it, but {by} denies it"
    elif kind is not None:
        why = f"{grant.name} would allow it, but no {kind} does"
    else:
        why = f"{grant.name} would allow it, but no request meets its conditions"
    return Access(Standing.DENIED, "", by, _witness(who, request, by, found), why)


def _action_of(actions: str, text: str) -> str:
    """Return an action of a glob, for an explanation."""
    service, _, name = actions.partition(":")
    plain = f"{service}:{name}".replace("*", "").replace("?", "X")
    return (
        plain
        if name and not plain.endswith(":")
        else f"{(text.partition(':')[0] or 'any').strip('*') or 'any'}:Any"
    )


def _likely(granted: str, resource: str, world: World) -> str:
    """Return a resource that both globs match."""
    if granted == resource:
        return instance(resource, world)
    for text in (instance(granted, world), instance(resource, world)):
        if glob(granted).accepts(text) and glob(resource).accepts(text):
            return text
    return met(granted, resource) or instance(resource, world)


def _witness(who: Who, request: Request, statement: str, found: Explanation | None = None) -> Witness:
    """Return a request as a witness; its reasons are those of an explanation where there is one."""
    decision = Decision.ALLOWED if found is None else found.decision
    reasons = tuple(each.text for each in found.reasons) if found is not None else (f"{statement} allows it",)
    context: Context = tuple(sorted(request.context.items()))
    return Witness(
        who.label, who.principal.text, request.action, request.resource, context, decision, reasons, statement
    )
