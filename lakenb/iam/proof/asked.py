"""From a class's representative to a request and the policies in force: one place, for prover and replay."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from lakenb.iam.evaluator import InForce
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.guards import guards
from lakenb.iam.proof.values import Modality
from lakenb.iam.stacks.world import owner_arn

if TYPE_CHECKING:
    from lakenb.iam.policies import Policy
    from lakenb.iam.proof.values import Obligation, Who
    from lakenb.iam.stacks.world import World

OWNER: Final = "aws:resourceaccount"
_FIELDS: Final = 6
_DIGITS: Final = 12

OPEN_HOUSE: Final = policy(
    {"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}},
    PolicyKind.RESOURCE,
    label="a policy of another account, which is not known here and taken to allow everything",
)
"""Stands for the resource-based policies of other accounts, of which a template says nothing."""


_DELEGATES: Final = "a policy of the account, which is not known here and taken to let the account decide"


@lru_cache(maxsize=256)
def delegating(account: str) -> Policy:
    """Return what stands for the policies of an account's resources of which a template says nothing.

    It lets the account's own policies decide, as most trust policies and the default key policy do: a role
    or key that the template does not make must not pass for one that nobody can use.
    """
    actions = ["kms:*", "sts:*"]  # elsewhere the account's own policies need nobody's leave
    statement = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": actions, "Resource": "*"}
    return policy({"Statement": statement}, PolicyKind.RESOURCE, label=_DELEGATES)


def is_assumed(label: str) -> bool:
    """Return whether a policy is none of the template's, but stands for one that is not known."""
    return label in {_DELEGATES, OPEN_HOUSE.label}


def account(world: World, who: Who, resource: str) -> str:
    """Return the account that a resource belongs to.

    The ARN's; where it holds none (a bucket's), the deployment's for what the template has, and for all
    else the asking principal's own, where fewer policies have to allow.
    """
    fields = resource.split(":", _FIELDS - 1)
    told = fields[4] if len(fields) == _FIELDS else ""
    if len(told) == _DIGITS and told.isascii() and told.isdigit():
        return told
    if world.guard(resource) is not None or owner_arn(resource) in guards(world).owned:
        return world.account
    return who.principal.account or world.account


def is_told(world: World, resource: str) -> bool:
    """Return whether a resource's account is known: from its ARN, or because it is one of the template's."""
    fields = resource.split(":", _FIELDS - 1)
    has_account = len(fields) == _FIELDS and bool(fields[4])
    return has_account or world.guard(resource) is not None or owner_arn(resource) in guards(world).owned


def in_force(
    who: Who, resource_account: str, guard: Policy | None, world: World, endpoint: tuple[Policy, ...] = ()
) -> InForce:
    """Return every policy that a request meets."""
    is_foreign = bool(who.principal.account) and resource_account != who.principal.account
    if guard is None and is_foreign and resource_account != world.account:
        guard = OPEN_HOUSE
    elif guard is None and who.principal.account == resource_account:
        guard = delegating(resource_account)
    return InForce(identity=who.identity, resource=guard, boundaries=who.boundaries, endpoint=endpoint)


def endpoints(world: World, obligation: Obligation) -> tuple[Policy, ...]:
    """Return the endpoint policies on the way: for CAN those of the endpoints that the zone names.

    For ONLY there are none, for they can only narrow.
    """
    if obligation.modality is Modality.ONLY:
        return ()
    named = dict(obligation.zone.context).get("aws:sourcevpce", ())
    return tuple(each.policy for each in world.endpoints if each.id in named and each.policy is not None)
