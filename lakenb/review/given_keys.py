"""Keys that are given, and given buckets under a key: what no template tells of them, and what is assumed.

A key whose policy is not in the template would be deaf to its account, so that no role could use it. The
proof takes its policy for the one that AWS recommends, and says so; who else may use such a key is its
owner's.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.review.kms import keys_of
from lakenb.review.needs import resources

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.policies import Policy
    from lakenb.iam.stacks.world import World
    from lakenb.review.find import Found, Index
    from lakenb.review.kms import Keys
    from lakenb.review.wanted import Wanted


def with_given_keys(world: World, index: Index, found: Found, wanted: Wanted) -> World:
    """Return a world with what is assumed of given keys and of what lies in given places under a key.

    Parameters
    ----------
    world, index
        One deployment of the template, and its resources by type.
    found, wanted
        The pipeline in it, and what must hold of that.

    Returns
    -------
    World
        The same world where nothing is under a key.
    """
    keys = keys_of(index, {node: resources(world, one) for node, one in found.nodes.items()})
    if not keys.of:
        return world
    guards = dict(world.guards) | {key: _assumed(world.partition, world.account) for key in keys.given}
    names = dict(world.names) | {key: f"the key with {alias}" for key, alias in keys.aliases.items()}
    never = tuple(_without(key, alias) for key, alias in sorted(keys.aliases.items()))
    identities = {
        name: replace(one, policies=(*one.policies, *never)) for name, one in world.identities.items()
    }
    assumptions = (*world.assumptions, *_of_keys(world, keys), *_of_places(world, keys, wanted))
    return replace(
        world,
        guards=MappingProxyType(guards),
        identities=MappingProxyType(identities) if never else world.identities,
        names=MappingProxyType(names),
        assumptions=tuple(dict.fromkeys(assumptions)),
    )


@lru_cache
def _without(key: str, alias: str) -> Policy:
    """Return what says that no other key has an alias.

    That a request on another key would carry it cannot be, and what cannot be is said by a deny: so a
    statement that is bound to the alias reaches the one key, and one that is not is found out.
    """
    statement = {
        "Sid": "CannotBe",
        "Effect": "Deny",
        "Action": "kms:*",
        "NotResource": key,
        "Condition": {"ForAnyValue:StringEquals": {"kms:ResourceAliases": alias}},
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return policy(document, PolicyKind.IDENTITY, where="an alias has one key")


@lru_cache
def _assumed(partition: str, account: str) -> Policy:
    # AWS KMS Developer Guide, "Default key policy": allows access to the account and enables IAM policies
    statement = {
        "Sid": "AssumedOfGivenKey",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": "kms:*",
        "Resource": "*",
    }
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return policy(document, PolicyKind.RESOURCE, where="the policy of a given key, as assumed")


def _of_keys(world: World, keys: Keys) -> Iterator[str]:
    for key in keys.given:
        alias = keys.aliases.get(key)
        name = f"the given key with {alias}" if alias else f"the given key {world.shown(key)}"
        yield (
            f"The policy of {name} is its owner's: it lets the account's own policies decide, lets services "
            "bring messages and keep logs as pipe.keys shows, and lets nobody else in."
        )
        if alias:
            yield f"Nobody outside the pipeline moves {alias} to another key."


def _of_places(world: World, keys: Keys, wanted: Wanted) -> Iterator[str]:
    for node in wanted.nodes.values():
        for read in node.reads:
            key = keys.by_node.get(read.place.node, "")
            bucket = read.place.bucket or wanted.nodes[read.place.node].bucket
            if bucket and key:
                yield (
                    f"The objects of the given bucket {bucket} are under {world.shown(key)}, or "
                    "under no customer's key."
                )
        key = keys.by_node.get(node.id, "")
        if node.given_queue and key:
            yield (
                f"The messages of the given queue {node.given_queue} are under {world.shown(key)}, or under "
                "no customer's key."
            )
