"""Who asks: from the words that people write to somebody of a world, with the policies that count."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from lakenb.errors import Fault, PolicyError
from lakenb.iam.proof.principals import EVERYTHING, holder, strangers
from lakenb.iam.proof.values import Who
from lakenb.iam.questions.places import mend_name
from lakenb.iam.requests import request

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com(?:\.cn)?")
_NO_POLICIES = "the template tells no policies of its own for {}: only what resources grant it counts"
_ALL_POLICIES = "another account is taken to allow {} everything: only what resources grant it counts"


@lru_cache(maxsize=16)
def holders(world: World) -> tuple[Who, ...]:
    """Return the roles and users of the template."""
    return tuple(holder(world, name) for name, each in world.identities.items() if each.principal is not None)


@lru_cache(maxsize=16)
def outsiders(world: World) -> tuple[Who, ...]:
    """Return everybody else who may ask, as the prover has them."""
    return strangers(world)


@lru_cache(maxsize=16)
def everyone(world: World) -> tuple[Who, ...]:
    """Return everybody who may ask: the template's identities, then the others."""
    return holders(world) + outsiders(world)


def asker(world: World, principal: str) -> Who:
    """Return somebody.

    Parameters
    ----------
    world
        One deployment of a template.
    principal
        A logical id, an ARN, a service such as ``sns.amazonaws.com``, ``anonymous``, or the label of a
        stranger such as ``another account``.

    Raises
    ------
    PolicyError
        If it is none of these, with near spellings.
    """
    name = principal[2:-1] if principal.startswith("${") and principal.endswith("}") else principal
    name = name.removesuffix(".Arn")
    for each in everyone(world):
        if name in {each.label, each.logical_id, each.principal.text}:
            return each
    if _SERVICE.fullmatch(name):
        return Who(label=name, principal=request({"Service": name}, "x:y", "*").principal)
    if name.startswith("arn:"):
        _refuse_wrong(name)
        return _session_holder(world, name) or _outsider(world, name)
    identity = world.identities.get(name)
    where = f"the principal {principal!r}"
    if identity is not None:
        raise PolicyError(
            [Fault(f"{name} is a group, which never asks by itself", where, "name a user of it")]
        )
    known = [each.label for each in everyone(world)]
    what = f"the template has no role or user {name!r}"
    raise PolicyError([Fault(what, where, mend_name(name, known, "give an ARN, a service or 'anonymous'"))])


def _refuse_wrong(arn: str) -> None:
    """Raise PolicyError where an ARN is none of somebody who asks."""
    request(arn, "x:y", "*", where="the question")


def _session_holder(world: World, arn: str) -> Who | None:
    """Return a named session of one of the template's roles."""
    asks = request(arn, "x:y", "*").principal
    for each in holders(world):
        if (each.principal.account, each.principal.name) == (
            asks.account,
            asks.name,
        ) and ":assumed-role/" in arn:
            return Who(arn, asks, each.logical_id, each.identity, each.boundaries)
    return None


def _outsider(world: World, arn: str) -> Who:
    asks = request(arn, "x:y", "*").principal
    if asks.account == world.account:
        return Who(label=arn, principal=asks, assumes=_NO_POLICIES.format(arn))
    return Who(label=arn, principal=asks, identity=(EVERYTHING,), assumes=_ALL_POLICIES.format(arn))
