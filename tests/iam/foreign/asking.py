"""Rows of questions about a template in its own words, and what the reader and the evaluator say of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from lakenb.iam.evaluator import InForce, evaluate
from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.requests import request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from lakenb.iam.stacks.world import Resource, World

YES, NO, DENIED, OPEN = "ALLOWED", "IMPLICITLY_DENIED", "EXPLICITLY_DENIED", "UNDECIDED"
STRANGER = "999988887777"
ADMINISTRATOR = "an administrator of the account"
_WORD = re.compile(r"\$\{([^}]+)\}")
_HASH = "([0-9A-F]{8})?"
_EVERYTHING = policy(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    PolicyKind.IDENTITY,
)


class Row(NamedTuple):
    """One question.

    Parameters
    ----------
    who
        A logical id of an identity, without CDK's hash; ``service NAME``, ``account NUMBER`` (a role that
        its own account allows everything), ``provider NAME``, ``anonymous`` or `ADMINISTRATOR`.
    action, resource
        The resource in the template's words: ``${Bucket.Arn}/in/x``. Logical ids stand without CDK's hash.
    decision
        What is decided in every world; more than one word where it depends on choices: each occurs.
    why
        What in the template makes it so.
    context
        Beside TLS, which every row has unless it says otherwise.
    given
        Parameters.
    via
        The VPC endpoint that the request takes.
    """

    who: str
    action: str
    resource: str
    decision: str
    why: str
    context: Mapping[str, str] = {}
    given: Mapping[str, str] = {}
    via: str = ""

    @property
    def name(self) -> str:
        return f"{self.who} {self.action} {self.resource}: {self.why}"


def decided(worlds: Sequence[World], row: Row) -> set[str]:
    """Return what becomes of a row's request, over the worlds of its template."""
    return {_decided(world, row) for world in worlds}


def _decided(world: World, row: Row) -> str:
    resource = resolved(world, row.resource)
    carried: dict[str, str] = {"aws:SecureTransport": "true"}
    carried |= {key: resolved(world, value) for key, value in row.context.items()}
    ceilings = ()
    if row.via:
        (gate,) = (each for each in world.endpoints if re.fullmatch(row.via + _HASH, each.logical_id))
        carried |= {"aws:SourceVpce": gate.id, "aws:SourceVpc": gate.vpc}
        ceilings = (gate.policy,) if gate.policy is not None else ()
    principal, in_force = _asks(world, row.who, resource)
    asked = request(
        principal, row.action, resource, context=carried, resource_account=_owner(world, resource)
    )
    in_force = InForce(in_force.identity, in_force.resource, in_force.boundaries, endpoint=ceilings)
    return evaluate(asked, in_force).value


def _owner(world: World, resource: str) -> str | None:
    """Return the account that a bucket belongs to, which its ARN does not tell."""
    return world.account if resource.startswith("arn:aws:s3:::") else None


def _asks(world: World, who: str, resource: str) -> tuple[Any, InForce]:
    sort, _, name = who.partition(" ")
    guard = world.guard(resource)
    match sort:
        case "anonymous":
            return "anonymous", InForce(resource=guard)
        case "service":
            return {"Service": resolved(world, name)}, InForce(resource=guard)
        case "provider":
            return {"Federated": resolved(world, name)}, InForce(resource=guard)
        case "account":
            return f"arn:aws:iam::{name}:role/theirs", InForce(identity=(_EVERYTHING,), resource=guard)
    if who == ADMINISTRATOR:
        role = f"arn:aws:iam::{world.account}:role/administrator"
        return role, InForce(identity=(_EVERYTHING,), resource=guard)
    logical_id = found(world, who).logical_id
    identity = world.identities[logical_id]
    return identity.arn, world.in_force(identity, resource)


def found(world: World, name: str) -> Resource:
    """Return the one resource of a logical id, CDK's hash and the path of nested stacks aside."""
    expression = re.compile(f"(.*/)?{re.escape(name)}{_HASH}")
    matching = [each for key, each in world.resources.items() if expression.fullmatch(key)]
    assert len(matching) == 1, f"{name} is {[each.logical_id for each in matching]}"
    return matching[0]


def resolved(world: World, text: str) -> str:
    """Return a text with the template's words resolved; ``.Arn`` is the ARN also where Ref returns it."""
    pseudo = {
        "AWS::AccountId": world.account,
        "AWS::Region": world.region,
        "AWS::StackName": world.stack_name,
        "AWS::Partition": world.partition,
    }

    def word(matched: re.Match[str]) -> str:
        if matched[1] in pseudo:
            return pseudo[matched[1]]
        logical_id, dot, attribute = matched[1].partition(".")
        resource = found(world, logical_id)
        assert attribute in {"", "Arn"}
        return resource.arn if dot else resource.ref

    return _WORD.sub(word, text)
