"""Certificates of small templates, for the tests of the checker: the prover's, and one written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.certificate import certificate
from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Shape, Verdict, Who
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import Source, digest, source

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

Json = dict[str, Any]

LAMBDA = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    },
}


def document(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(*statements: Json) -> Json:
    """Return a role of Lambda functions with one policy, ``own``."""
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": LAMBDA,
            "Policies": [{"PolicyName": "own", "PolicyDocument": document(*statements)}],
        },
    }


def template(own: list[Json], of_bucket: list[Json], **more: Json) -> Json:
    """Return a role with these statements, and the bucket ``docs`` with those."""
    resources: Json = {
        "Reader": role(*own),
        "Docs": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "docs"}},
        **more,
    }
    if of_bucket:
        resources["DocsPolicy"] = {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Docs"}, "PolicyDocument": document(*of_bucket)},
        }
    return {"Resources": resources}


LISTS = {"Sid": "lists", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::docs"}
GETS = {"Sid": "gets", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::docs/*"}
PUTS = {"Sid": "puts", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::docs/*"}
NO_SECRETS = {
    "Sid": "no secrets",
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::docs/secret/*",
    "Principal": "*",
}
TLS_ONLY = {
    "Sid": "TLS only",
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::docs", "arn:aws:s3:::docs/*"],
    "Principal": "*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}
FROM_TOPIC = {
    "Sid": "from the topic",
    "Effect": "Allow",
    "Action": "s3:PutObject",
    "Resource": "arn:aws:s3:::docs/mail/*",
    "Principal": {"Service": "ses.amazonaws.com"},
    "Condition": {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:ses:*:111122223333:rule/*"},
    },
}


def world_of(given: Source) -> World:
    return Reader().worlds(given, account="111122223333")[0]


def obligation(who: Who, zone: Shape, *needs: Shape, modality: Modality = Modality.ONLY) -> Obligation:
    return Obligation("P1", "docs", "as the test says", modality, who, zone, needs)


def certified(given: Source, world: World, claimed: Obligation) -> Json:
    """Return the prover's certificate of what it proves, through JSON."""
    outcome = prove(world, claimed)
    assert outcome.verdict is Verdict.PROVED, outcome
    made = certificate(digest(given), world, claimed, outcome, world.assumptions)
    return dict(json.loads(json.dumps(made)))


ZONE = Shape(("s3:*",), ("arn:aws:s3:::docs", "arn:aws:s3:::docs/*"))
NEEDS = (
    Shape(("s3:Get*",), ("arn:aws:s3:::docs/*",), (("aws:securetransport", ("true",)),)),
    Shape(("s3:ListBucket",), ("arn:aws:s3:::docs",)),
)


READS = source(template([GETS, LISTS], [NO_SECRETS, TLS_ONLY], Writer=role(PUTS)))
"""The role Reader only lists the bucket, and reads of it over TLS."""


def reads() -> Obligation:
    return obligation(holder(world_of(READS), "Reader"), ZONE, *NEEDS)


def written() -> Json:
    """Return a certificate of that, written by hand."""
    world = world_of(READS)

    def cell(key: str, tls: str, decision: str, need: int | None) -> Json:
        return {
            "action": "s3:GetObject",
            "resource": f"arn:aws:s3:::docs/{key}",
            "context": {"aws:securetransport": [tls]},
            "decision": decision,
            "need": need,
        }

    return {
        "lakenb": 1,
        "claim": {
            "claim": "P1",
            "subject": "docs",
            "text": "as the test says",
            "modality": "only",
            "who": {
                "label": "Reader",
                "principal": world.identities["Reader"].arn,
                "logical_id": "Reader",
                "identity": "template",
            },
            "zone": {"actions": [*ZONE.actions], "resources": [*ZONE.resources], "context": {}},
            "needs": [
                {
                    "actions": ["s3:Get*"],
                    "resources": ["arn:aws:s3:::docs/*"],
                    "context": {"aws:securetransport": ["true"]},
                },
                {"actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::docs"], "context": {}},
            ],
        },
        "verdict": "proved",
        "template": digest(READS),
        "world": {
            "account": world.account,
            "region": world.region,
            "partition": world.partition,
            "stack_name": world.stack_name,
            "choices": [],
        },
        "assumptions": [*world.assumptions],
        "within": [
            {
                "statement": "Reader.Policies[0] 'own', 'lists'",
                "action": "s3:ListBucket",
                "resource": "arn:aws:s3:::docs",
                "need": 1,
            }
        ],
        "cells": [
            cell("doc", "true", "ALLOWED", 0),
            cell("doc", "false", "EXPLICITLY_DENIED", None),
            cell("secret/doc", "true", "EXPLICITLY_DENIED", 0),
            cell("secret/doc", "false", "EXPLICITLY_DENIED", None),
        ],
        "statements": [
            "DocsPolicy.PolicyDocument, 'TLS only'",
            "DocsPolicy.PolicyDocument, 'no secrets'",
            "Reader.Policies[0] 'own', 'gets'",
            "Reader.Policies[0] 'own', 'lists'",
        ],
    }
