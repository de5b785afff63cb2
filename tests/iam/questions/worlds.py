"""Small worlds, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.requests import request
from lakenb.iam.stacks.world import Identity, Resource, World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACCOUNT = "111122223333"
REGION = "eu-west-1"
STORE, INBOX = "arn:aws:s3:::store-3f2a", "arn:aws:s3:::inbox-77aa"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:Queue-51c0"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:Function-9d3e"
TYPES = {
    "Store": ("AWS::S3::Bucket", STORE),
    "Inbox": ("AWS::S3::Bucket", INBOX),
    "Queue": ("AWS::SQS::Queue", QUEUE),
    "Key": ("AWS::KMS::Key", KEY),
    "Function": ("AWS::Lambda::Function", FUNCTION),
}
# A key that does not let the account's own policies decide: they are nothing to it.
DEAF_KEY = {
    "Key": [
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/KeyKeeper"},
            "Action": "kms:*",
            "Resource": "*",
        }
    ]
}
LAMBDA_TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}

Statement = dict[str, Any]


def allow(actions: str | Sequence[str], resources: str | Sequence[str], **more: Any) -> Statement:
    """Return an Allow."""
    return _statement("Allow", actions, resources, more)


def deny(actions: str | Sequence[str], resources: str | Sequence[str], **more: Any) -> Statement:
    """Return a Deny."""
    return _statement("Deny", actions, resources, more)


def _statement(
    effect: str, actions: str | Sequence[str], resources: str | Sequence[str], more: Mapping[str, Any]
) -> Statement:
    named = {"Action": _list(actions), "Resource": _list(resources)}
    return {"Effect": effect, **named, **more}


def _list(texts: str | Sequence[str]) -> list[str]:
    return [texts] if isinstance(texts, str) else list(texts)


def role_arn(name: str) -> str:
    """Return the ARN of a role of the account."""
    return f"arn:aws:iam::{ACCOUNT}:role/{name}"


def world(
    roles: Mapping[str, Sequence[Statement]],
    guards: Mapping[str, Sequence[Statement]] | None = None,
    *,
    trusts: Mapping[str, Sequence[Statement]] | None = None,
    boundaries: Mapping[str, Sequence[Statement]] | None = None,
    properties: Mapping[str, Mapping[str, Any]] | None = None,
) -> World:
    """Return a world of roles by their statements, with two buckets, a queue, a key and a function."""
    given = properties or {}
    resources = {
        name: Resource(name, kind, arn.rsplit(":", 1)[1], arn, given.get(name, {}))
        for name, (kind, arn) in TYPES.items()
    }
    guarded = {
        TYPES[name][1]: _policy(statements, PolicyKind.RESOURCE, f"{name}Policy")
        for name, statements in (guards or {}).items()
    }
    identities = {}
    for name, statements in sorted(roles.items()):
        arn = role_arn(name)
        trust = _policy((trusts or {}).get(name, [LAMBDA_TRUST]), PolicyKind.TRUST, f"{name} trust")
        resources[name] = Resource(name, "AWS::IAM::Role", name, arn, {})
        guarded[arn] = trust
        limits = (boundaries or {}).get(name)
        identities[name] = Identity(
            name,
            "AWS::IAM::Role",
            arn,
            request(arn, "x:y", "*").principal,
            (_policy(statements, PolicyKind.IDENTITY, f"{name}.Policies[0]"),) if statements else (),
            (_policy(limits, PolicyKind.BOUNDARY, f"{name}.PermissionsBoundary"),) if limits else (),
            trust,
        )
    return World(
        partition="aws",
        region=REGION,
        account=ACCOUNT,
        stack_name="Stack-1a2b",
        resources=dict(sorted(resources.items())),
        identities=identities,
        guards=guarded,
        names={"store-3f2a": "${Store}", "inbox-77aa": "${Inbox}", "Queue-51c0": "${Queue}"},
    )


def _policy(statements: Sequence[Statement], kind: PolicyKind, label: str) -> Any:
    return policy({"Version": "2012-10-17", "Statement": list(statements)}, kind, where=label)
