"""The ten claims as data: what is claimed, what must still be possible, and what is taken for granted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claim:
    """One of the promises of the security model.

    Parameters
    ----------
    id, title
        Such as ``P1`` and ``Least privilege``.
    secrecy
        What nobody may do, a sentence.
    liveness
        What must be possible all the same, a sentence: a template that denies everything keeps secrets, too.
    assumptions
        What the claim takes for granted, in sentences.
    """

    id: str
    title: str
    secrecy: str
    liveness: str
    assumptions: tuple[str, ...] = ()


CLAIMS = (
    Claim(
        "P1",
        "Least privilege",
        "A role may read exactly the documents that its direct producers provide, and do nothing elsewhere: "
        "not list, write or delete there, not become another role, not change who may do what.",
        "Every role can read the documents that its direct producers provide.",
    ),
    Claim(
        "P2",
        "Own store",
        "In its own store a role may put documents and abandon unfinished uploads, and do nothing else; no "
        "two nodes share a store. A node's state (table, index, schedules, state machine, file system) is "
        "its role's alone, for what its kind does with it, and no document lies in it.",
        "Every role that makes documents can put them into its own store, and work on its own state.",
    ),
    Claim(
        "P3",
        "Cache",
        "A role may read the pipeline's cache and put under its own prefix of it, slash included, and do "
        "nothing else there; nobody else reaches the cache.",
        "Every role that has to can read the cache and put under its own prefix.",
    ),
    Claim(
        "P4",
        "Messages",
        "A role may receive from its own queue, send to its own dead-letter queue, publish to its own topic "
        "and write its own log; a queue accepts its producers' topics, or its trigger's source, and nothing "
        "else.",
        "Every message can go its whole way: delivered, received, acknowledged, published or laid aside.",
    ),
    Claim(
        "P5",
        "Encryption by default",
        "Everything that rests is encrypted as promised where no key is named.",
        "What AWS encrypts by itself needs no permission.",
        ("Amazon S3, SQS, CloudWatch Logs, DynamoDB and Lambda encrypt as their pages say.",),
    ),
    Claim(
        "P6",
        "Encryption with a key",
        "Everything that rests is under the key that is named; a role may use a key for its own reads "
        "and puts only, through that service; nobody else may use it or hand it on.",
        "Every role can decrypt what it may read and encrypt what it may put.",
        ("Grants that services make for themselves on a key (Lambda, DynamoDB, EFS) serve nobody else.",),
    ),
    Claim(
        "P7",
        "In transit",
        "Nobody, not even the account's administrator, reaches a bucket, queue, topic or file system of the "
        "pipeline without TLS, nor a bucket with TLS below 1.2.",
        "With TLS 1.2 and 1.3 every role can do its work.",
        (
            "The other services' endpoints refuse requests without TLS 1.2 by themselves.",
            "Every request carries aws:SecureTransport, and every request to S3 over TLS s3:TlsVersion.",
        ),
    ),
    Claim(
        "P8",
        "In a VPC",
        "Endpoints let through what the pipeline needs, and nothing beyond its resources.",
        "Every function in a VPC reaches what it needs through its endpoints.",
    ),
    Claim(
        "P9",
        "Deputies",
        "A service acts for the pipeline's own sources only: every permission of a service carries the "
        "source condition that AWS documents for that call, and a role that a service takes may do the one "
        "thing that it is for.",
        "Every service can make the calls that the pipeline needs of it.",
        ("AWS services send the condition keys that their pages document.",),
    ),
    Claim(
        "P10",
        "Liveness",
        "Documents outlive the messages that point to them, and no message is lost on its way.",
        "Every node can do its work: read, put, receive, publish, lay aside, log.",
    ),
)

BY_ID = {claim.id: claim for claim in CLAIMS}

ALWAYS = (
    "An action acts on resources of its own service only, as the Service Authorization Reference has it.",
    "No control policy of an organization is assumed; it could only forbid more.",
    "Access control lists of the pipeline's buckets are off, where the template says BucketOwnerEnforced.",
    "Physical names that CloudFormation makes up are not those of the template's literal texts.",
)
