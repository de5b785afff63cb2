"""Who may ask: the template's own identities, and strangers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lakenb.iam.parser import policy
from lakenb.iam.patterns import Pattern, Wild
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.globs import (
    Glob,
    Part,
    TooManyStatesError,
    glob,
    of_pattern,
    overlaps,
    partition,
    signature,
)
from lakenb.iam.proof.machines import FIELD, NOTHING, Chain, Language, reads
from lakenb.iam.proof.values import Who
from lakenb.iam.requests import request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.conditions import Condition
    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import World

EVERYTHING: Final = policy(
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}},
    PolicyKind.IDENTITY,
    label="a policy that allows everything",
)
"""What strangers of other accounts are taken to carry: their own side always allows."""

_STRANGER: Final = "somebody-else"
_NAME: Final = "aws:principalarn"
_NAMED: Final = re.compile(r"arn:[^:]*:(?:iam|sts)::[0-9]{12}:(?:role|user|assumed-role|federated-user)/.+")
_NO_PERMISSION: Final = "other identities of the account hold no permission here by policies of their own"
_STATES: Final = 2_000
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+=,.@"  # of IAM's names
_SERVICES: Final = (
    "apigateway", "cloudwatch", "delivery.logs", "events", "lambda", "logs", "s3", "scheduler", "ses",
    "sns", "sqs", "states",
)  # fmt: skip
_OTHER: Final = "other.amazonaws.com"


def holder(world: World, logical_id: str) -> Who:
    """Return a role or user of the template.

    Parameters
    ----------
    world
        One deployment.
    logical_id
        Of the role or user.

    Raises
    ------
    KeyError
        If there is none, or it is a group.
    """
    found = world.identities[logical_id]
    if found.principal is None:
        raise KeyError(logical_id)
    return Who(logical_id, found.principal, logical_id, found.policies, found.boundaries)


def administrator(world: World) -> Who:
    """Return a role of the account that its own policies allow everything: what is left are denials."""
    return _almighty(f"arn:{world.partition}:iam::{world.account}:role/Administrator", "")


def administrators(world: World) -> tuple[Who, ...]:
    """Return whoever may be allowed everything, one for each way in which denials can tell them apart.

    `administrator`, and one for each class of names that conditions on ``aws:PrincipalArn`` single out, and
    for each principal that a Deny spares by NotPrincipal, the template's own among them.
    """
    home = f"arn:{world.partition}:iam::{world.account}:"
    named = _gathered(world)
    arns = [home + text for text in _singled_out(world, named, world.account)]
    arns += sorted(arn for arn in named.spared if _NAMED.fullmatch(arn))
    return (administrator(world), *(_almighty(arn, f" named {arn}") for arn in dict.fromkeys(arns)))


def _almighty(arn: str, named: str) -> Who:
    return Who(
        f"an administrator of the account{named}",
        _principal(arn),
        identity=(EVERYTHING,),
        assumes="an administrator's own policies allow everything",
    )


def strangers(world: World) -> tuple[Who, ...]:
    """Return one of each kind of stranger, as the template's policies tell them apart.

    A role of the account of which the template says nothing, one of another account whose own side allows
    everything, of every other account that a policy names, whoever has a name that a condition on
    ``aws:PrincipalArn`` singles out, anonymous callers, every service and identity provider that a policy
    names, services that commonly call, and any other service.
    """
    return tuple(_strangers(world, _gathered(world)))


@dataclass(slots=True)
class _Gathered:
    """Everybody whom a world's guards name and who is none of its own."""

    accounts: set[str] = field(default_factory=set)
    arns: set[str] = field(default_factory=set)
    services: set[str] = field(default_factory=set)
    providers: set[str] = field(default_factory=set)
    spared: set[str] = field(default_factory=set)
    patterns: dict[str, Glob] = field(default_factory=dict)


def _gathered(world: World) -> _Gathered:
    found = _Gathered()
    own = {each.arn for each in world.identities.values()}
    for guard in world.guards.values():
        for statement in guard.statements:
            for condition in statement.conditions:
                if condition.name == _NAME:
                    found.patterns.update(_patterns(condition))
            named = statement.principals
            if named is not None and statement.is_allow:
                found.accounts |= named.accounts
                found.arns |= named.arns - own
                found.services |= named.services - {"*"}
                found.providers |= named.providers
            elif named is not None and statement.is_negated_principals:
                found.spared |= named.arns
    return found


def _patterns(condition: Condition) -> Iterator[tuple[str, Glob]]:
    for compare in condition.comparisons:
        owner = getattr(compare, "__self__", None)
        if isinstance(owner, Pattern):
            made = of_pattern(owner, lambda _: Wild.MANY)
            yield f"{owner.kind.name} {made.text}", made


def _strangers(world: World, named: _Gathered) -> Iterator[Who]:
    home = world.account
    yield _at_home(world, f"role/{_STRANGER}", "another role of the account")
    other = _elsewhere({home, *named.accounts})
    yield _away(world, other, f"role/{_STRANGER}", "another account")
    for account in sorted(named.accounts - {home}):
        yield _away(world, account, f"role/{_STRANGER}", f"the account {account}")
    for text in _singled_out(world, named, home):
        yield _at_home(world, text, f"another {text.partition('/')[0]} of the account, such as {text}")
    for text in _singled_out(world, named, other):
        yield _away(world, other, text, f"another account's {text}")
    for arn in sorted(named.arns):
        if _NAMED.fullmatch(arn):
            account, text = arn.split(":", 5)[4:]
            yield _at_home(world, text, arn) if account == home else _away(world, account, text, arn)
    yield Who("anonymous", _principal("anonymous"))
    for provider in sorted(named.providers):
        yield Who(provider, _principal({"Federated": provider}))
    for service in sorted({f"{each}.amazonaws.com" for each in _SERVICES} | named.services | {_OTHER}):
        yield Who("any other service" if service == _OTHER else service, _principal({"Service": service}))


def _singled_out(world: World, named: _Gathered, account: str) -> list[str]:
    """Return names of roles and users, one for each class that conditions on principals' ARNs tell apart."""
    own = {each.arn for each in world.identities.values()}
    mine = [each for each in named.patterns.values() if each.is_literal and each.prefix in own]
    patterns = [each for each in named.patterns.values() if each not in mine]
    start = f"arn:{world.partition}:iam::{account}:"
    found: list[str] = []
    for sort in ("role", "user"):
        if not any(overlaps(each, glob(f"{start}{sort}/?*")) for each in patterns):
            continue
        within = _names(f"{start}{sort}/")
        try:
            parts = partition([*patterns, *mine], [within], states=_STATES, nice=_LETTERS)
        except TooManyStatesError:  # then by each pattern alone: of the overlaps not every one is tried
            parts = tuple(part for each in patterns for part in _alone(each, patterns, within))
        strange = (part for part in parts if part.possible and not part.possible >> len(patterns))
        found += (_readable(patterns, part, start) for part in strange)
    return [text for text in found if all(text.split("/"))]


def _names(start: str) -> Language:
    """Return the ARNs of roles or users: a name, perhaps after a path."""
    one = Chain((*start, _LETTERS), (NOTHING,) * (len(start) + 2))
    path = Chain((*start, _LETTERS, _LETTERS), (*(NOTHING,) * (len(start) + 1), FIELD, NOTHING))
    return (one, path)


def _alone(each: Glob, patterns: list[Glob], within: Language) -> Iterator[Part]:
    for text in map(each.filled, (_STRANGER, "x")):
        if reads(within, text):
            yield Part(text, *signature(patterns, text))


def _readable(patterns: list[Glob], part: Part, start: str) -> str:
    for each in patterns:
        for filling in (_STRANGER, "x"):
            text = each.filled(filling)
            if text.startswith(start) and signature(patterns, text) == (part.certain, part.possible):
                return text.removeprefix(start)
    return part.text.removeprefix(start)


def _at_home(world: World, text: str, label: str) -> Who:
    return Who(
        label, _principal(f"arn:{world.partition}:iam::{world.account}:{text}"), assumes=_NO_PERMISSION
    )


def _away(world: World, account: str, text: str, label: str) -> Who:
    asks = _principal(f"arn:{world.partition}:iam::{account}:{text}")
    return Who(label, asks, identity=(EVERYTHING,), assumes="other accounts allow their own side everything")


def _principal(value: object) -> Principal:
    return request(value, "s3:GetObject", "*").principal


def _elsewhere(taken: set[str]) -> str:
    return next(text for digit in "9876543210" if (text := digit * 12) not in taken)
