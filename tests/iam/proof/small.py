"""Small worlds for proofs: a role, a bucket with a policy, and every request on a tiny alphabet."""

from __future__ import annotations

import itertools
from functools import cache
from typing import TYPE_CHECKING, Any

from lakenb.iam.evaluator import evaluate
from lakenb.iam.parser import policy
from lakenb.iam.patterns import Kind, Pattern, pattern
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.asked import account, in_force
from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Outcome, Shape, Who
from lakenb.iam.requests import Request, request
from lakenb.iam.stacks.world import Identity, Resource, World
from lakenb.iam.truth import MAYBE, YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import Endpoint

Json = dict[str, Any]
HOME, AWAY = "111111111111", "222222222222"
ROLE = f"arn:aws:iam::{HOME}:role/r"
EVERY = Shape(("*",), ("*",))
BUCKET = "arn:aws:s3:::store"
QUEUE = f"arn:aws:sqs:eu-west-1:{HOME}:q"
TOPIC = f"arn:aws:sns:eu-west-1:{HOME}:t"
KEY = f"arn:aws:kms:eu-west-1:{HOME}:key/k"
TLS = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
READ = Shape(("s3:GetObject",), (f"{BUCKET}/in/*",))
Requested = tuple[str, str, dict[str, tuple[str, ...]]]


def principal(text: Any) -> Principal:
    return request(text, "s3:GetObject", "*").principal


def document(*statements: Json, version: str = "2012-10-17") -> Json:
    return {"Version": version, "Statement": list(statements)}


def allow(action: Any, resource: Any = None, **more: Any) -> Json:
    return {"Effect": "Allow", "Action": action, **({"Resource": resource} if resource else {}), **more}


def deny(action: Any, resource: Any, **more: Any) -> Json:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def world(
    *identity: Json,
    guards: Mapping[str, Json] | None = None,
    boundaries: tuple[Json, ...] = (),
    resources: tuple[str, ...] = (),
    endpoints: tuple[Endpoint, ...] = (),
    trust: tuple[str, ...] = (),
    names: Mapping[str, str] | None = None,
) -> World:
    """Return a world with one role that carries the given policies, and with guards by ARN."""
    role = Identity(
        "Role",
        "AWS::IAM::Role",
        ROLE,
        principal(ROLE),
        tuple(policy(each, PolicyKind.IDENTITY, label=f"Role.{n}") for n, each in enumerate(identity)),
        tuple(policy(each, PolicyKind.BOUNDARY, label="Ceiling") for each in boundaries),
    )
    guarding = {
        arn: policy(each, PolicyKind.TRUST if arn in trust else PolicyKind.RESOURCE, label=f"Guard{n}")
        for n, (arn, each) in enumerate((guards or {}).items())
    }
    made = {f"R{n}": Resource(f"R{n}", "AWS::S3::Bucket", "", arn, {}) for n, arn in enumerate(resources)}
    return World(
        "aws", "eu-west-1", HOME, "Stack-1", made, {"Role": role}, guarding, endpoints, names=names or {}
    )


def obligation(
    who: Who, zone: Shape = EVERY, needs: tuple[Shape, ...] = (), modality: Modality = Modality.ONLY
) -> Obligation:
    return Obligation("P1", "it", "what is claimed", modality, who, zone, needs)


def can(who: Who, action: str, resource: str, **context: str) -> Obligation:
    carried = tuple(sorted((key.replace("_", ":", 1), (value,)) for key, value in context.items()))
    return obligation(who, Shape((action,), (resource,), carried), modality=Modality.CAN)


def fitting(texts: tuple[str, ...], value: str, kind: Kind = Kind.LIKE, truth: int = YES) -> bool:
    return any(_pattern(text, kind).matches(value, lambda _: None) >= truth for text in texts)


@cache
def _pattern(text: str, kind: Kind) -> Pattern:
    return pattern(text, kind, has_variables=True)


def names(shape: Shape, action: str, resource: str, truth: int) -> bool:
    """Return whether a shape holds action and resource, at least so certainly: by policies' matchers."""
    lower = tuple(text.lower() for text in shape.actions)
    return fitting(lower, action.lower()) and fitting(shape.resources, resource, Kind.RESOURCE, truth)


def carries(shape: Shape, asked: Request) -> bool:
    return all(
        asked.values(key) and all(fitting(texts, value) for value in asked.values(key) or ())
        for key, texts in shape.context
    )


def decided(where: World, who: Who, asked: Requested) -> tuple[Decision, Request]:
    action, resource, context = asked
    made = Request(who.principal, action, resource, account(where, who, resource), context)
    return evaluate(made, in_force(who, made.account, where.guard(resource), where)), made


def words(letters: str, longest: int) -> Iterator[str]:
    for length in range(longest + 1):
        yield from map("".join, itertools.product(letters, repeat=length))


def brute(
    where: World,
    what: Obligation,
    actions: list[str],
    resources: list[str],
    contexts: list[dict[str, tuple[str, ...]]],
) -> set[Decision]:
    """Return every decision on requests of an obligation's zone that its needs do not cover."""
    found: set[Decision] = set()
    is_only = what.modality is Modality.ONLY
    needs = what.needs if is_only else ()
    for action, resource in itertools.product(actions, resources):
        if not names(what.zone, action, resource, MAYBE):
            continue
        covering = [each for each in needs if names(each, action, resource, YES)]
        if any(not each.context for each in covering):
            continue
        for context in contexts:
            decision, asked = decided(where, what.who, (action, resource, context))
            if not (
                is_only and (not carries(what.zone, asked) or any(carries(each, asked) for each in covering))
            ):
                found.add(decision)
    return found


def shown(found: Outcome) -> Any:
    """Return a verdict, with the request that breaks it."""
    if found.witness is None:
        return found.verdict
    return found.verdict, found.witness.action, found.witness.resource, dict(found.witness.context)


def only(*needs: Shape, identity: tuple[Json, ...], **more: Any) -> Outcome:
    where = world(*identity, **more)
    return prove(where, obligation(holder(where, "Role"), EVERY, needs))
