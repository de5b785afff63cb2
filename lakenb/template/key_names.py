"""The keys of a pipeline by their logical ids, and what stands for them in policies and properties."""

from __future__ import annotations

from typing import Any

from lakenb.security.keys import is_alias
from lakenb.security.values import Sort, Target
from lakenb.template.names import Kind, capitals, logical_id

PIPELINE_KEY, CACHE_KEY = "PipelineKey", "PipelineCacheKey"
_HERE = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:"


def key_id(key: Target) -> str:
    """Return the logical id of a key that the stack makes.

    Examples
    --------
    >>> key_id(Target(Sort.KEY.value)), key_id(Target(Sort.KEY.value, "chunks"))
    ('PipelineKey', 'ChunksNodeKey')
    """
    if not key.node:
        return CACHE_KEY if key.sort == Sort.STORE_KEY.value else PIPELINE_KEY
    kind = "StoreKey" if key.sort == Sort.STORE_KEY.value else "NodeKey"
    return capitals(key.node) + kind


def alias_name(key: Target) -> dict[str, Any]:
    """Return the alias of a key that the stack makes: a name for people, which no policy uses."""
    rest = f"/{key.node or 'cache'}" if key.node or key.sort == Sort.STORE_KEY.value else ""
    store = "/store" if key.node and key.sort == Sort.STORE_KEY.value else ""
    return {"Fn::Sub": f"alias/lakenb/${{AWS::StackName}}{rest}{store}"}


def key_arn(key: Target) -> Any:
    """Return a key as properties name it: by its ARN, a given alias by the alias's."""
    if key.sort != Sort.GIVEN_KEY.value:
        return {"Fn::GetAtt": [key_id(key), "Arn"]}
    # INVARIANT: a given name is a text of its own, never in Fn::Sub: a token of CDK holds '${' itself
    return {"Fn::Sub": f"{_HERE}{key.id}"} if key.id.startswith("alias/") else key.id


def arn_of_key(target: Target) -> Any:
    """Return what stands for a key, or for what only keys' policies name; None for every other target."""
    match Sort(target.sort):
        case Sort.GIVEN_KEY if is_alias(target):
            # AWS KMS Developer Guide, "Use aliases to control access to KMS keys": the keys that have the
            # alias are told apart by a condition
            place = target.id.rpartition("alias/")[0]
            return f"{place}key/*" if place else {"Fn::Sub": f"{_HERE}key/*"}
        case Sort.KEY | Sort.STORE_KEY | Sort.GIVEN_KEY:
            return key_arn(target)
        case Sort.THIS_KEY:
            return "*"
        case Sort.GIVEN_BUCKET:
            return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", target.bucket]]}
        case Sort.TABLE_NAME:
            return {"Ref": logical_id(target.node, Kind.TABLE)}
        case _:
            return None
