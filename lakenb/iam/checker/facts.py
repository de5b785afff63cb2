"""Which requests there can be, for the checker: what is asked of what, and which keys it carries.

Facts of the Service Authorization Reference and of the IAM User Guide ("AWS global condition context
keys", "Single-valued vs. multivalued context keys"), written down here once more: the prover has its own.
What no page says may be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakenb.iam.requests import Sort

if TYPE_CHECKING:
    from lakenb.iam.requests import Request

SERVICES: Final[dict[str, tuple[str, ...]]] = {
    **{
        service: (service,)
        for service in (
            "dynamodb", "ecr", "elasticfilesystem", "events", "firehose", "iam", "kinesis", "kms", "lambda",
            "logs", "scheduler", "secretsmanager", "sns", "sqs", "states",
        )
    },
    "s3": ("s3", "s3-object-lambda"),
    "sts": ("sts", "iam"),
}  # fmt: skip
"""Services whose actions are asked of these services' resources alone."""

OF_OBJECTS: Final = frozenset(
    f"s3:{name}".lower()
    for name in """
    AbortMultipartUpload BypassGovernanceRetention DeleteObject DeleteObjectTagging DeleteObjectVersion
    DeleteObjectVersionTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold
    GetObjectRetention GetObjectTagging GetObjectTorrent GetObjectVersion GetObjectVersionAcl
    GetObjectVersionAttributes GetObjectVersionForReplication GetObjectVersionTagging
    GetObjectVersionTorrent InitiateReplication ListMultipartUploadParts ObjectOwnerOverrideToBucketOwner
    PutObject PutObjectAcl PutObjectLegalHold PutObjectRetention PutObjectTagging PutObjectVersionAcl
    PutObjectVersionTagging ReplicateDelete ReplicateObject ReplicateTags RestoreObject
    """.split()  # noqa: SIM905 - names, as the page lists them
)
OF_BUCKETS: Final = frozenset(
    f"s3:{name}".lower()
    for name in """
    CreateBucket DeleteBucket DeleteBucketPolicy DeleteBucketWebsite GetAccelerateConfiguration
    GetAnalyticsConfiguration GetBucketAcl GetBucketCORS GetBucketLocation GetBucketLogging
    GetBucketNotification GetBucketObjectLockConfiguration GetBucketOwnershipControls GetBucketPolicy
    GetBucketPolicyStatus GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging
    GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetIntelligentTieringConfiguration
    GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration
    ListBucket ListBucketMultipartUploads ListBucketVersions PutAccelerateConfiguration
    PutAnalyticsConfiguration PutBucketAcl PutBucketCORS PutBucketLogging PutBucketNotification
    PutBucketObjectLockConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketPublicAccessBlock
    PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutEncryptionConfiguration
    PutIntelligentTieringConfiguration PutInventoryConfiguration PutLifecycleConfiguration
    PutMetricsConfiguration PutReplicationConfiguration
    """.split()  # noqa: SIM905 - names, as the page lists them
)
_FIELDS: Final = 6


def can_be_asked(action: str, resource: str) -> bool:
    """Return whether an action is ever asked of a resource.

    Examples
    --------
    >>> can_be_asked("sts:AssumeRole", "arn:aws:iam::111122223333:role/r"), can_be_asked("s3:GetObject", "*")
    (True, True)
    >>> can_be_asked("s3:GetObject", "arn:aws:s3:::b"), can_be_asked("sqs:SendMessage", "arn:aws:s3:::b")
    (False, False)
    """
    action = action.lower()
    fields = resource.split(":", _FIELDS - 1)
    kin = SERVICES.get(action.partition(":")[0])
    if kin is None or len(fields) < _FIELDS:
        return True
    service, place, rest = fields[2], fields[3] + fields[4], fields[5]
    if service not in kin:
        return False
    if service != "s3" or place:  # access points have slashes of their own
        return True
    return action not in (OF_BUCKETS if "/" in rest else OF_OBJECTS)


# --- keys -----------------------------------------------------------------------------------------------

ALWAYS: Final = frozenset(
    {"aws:currenttime", "aws:epochtime", "aws:requestedregion", "aws:securetransport", "aws:viaawsservice"}
)
"""Carried by every request."""

TRUE_OR_FALSE: Final = frozenset(
    {
        "aws:multifactorauthpresent",
        "aws:securetransport",
        "aws:viaawsservice",
        "kms:grantisforawsresource",
        "lambda:invokedviafunctionurl",
    }
)
_OF_THE_PRINCIPAL: Final = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalisawsservice",
        "aws:principalservicename",
        "aws:principaltype",
        "aws:username",
    }
)
_OF_AN_ACCOUNTS_PRINCIPAL: Final = (
    "aws:multifactorauth", "aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/", "aws:userid",
)  # fmt: skip
_OF_A_SERVICES_CALL: Final = frozenset(
    {
        "aws:principalservicenameslist",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceorgpaths",
    }
)
_OWN_KEYS: Final[dict[str, tuple[str, ...]]] = {
    **{
        service: (service,)
        for service in (
            "bedrock", "cloudformation", "dynamodb", "ec2", "ecr", "ecs", "elasticfilesystem", "events",
            "kms", "lambda", "logs", "s3", "scheduler", "secretsmanager", "sns", "sqs", "ssm", "states",
        )
    },
    "iam": ("iam", "sts"),  # iam:ResourceTag of a role that is assumed
}  # fmt: skip
_OF_A_ROLE_AT_WORK: Final = frozenset(
    {"ec2:roledelivery", "ec2:sourceinstancearn", "lambda:sourcefunctionarn", "ssm:sourceinstancearn"}
)
"""Keys that name where a role's credentials are used: its requests to any service carry them."""
_OF_LISTS: Final = frozenset({"s3:delimiter", "s3:max-keys", "s3:prefix"})
_LISTS: Final = ("s3:listbucket", "s3:listbucketmultipartuploads", "s3:listbucketversions")
_SEVERAL: Final = ("aws:calledvia", "aws:principalorgpaths", "aws:sourceorgpaths", "aws:tagkeys")
_ONE: Final = frozenset(
    {
        "aws:calledviafirst", "aws:calledvialast", "aws:principalorgid", "aws:requestedregion",
        "aws:securetransport", "aws:sourceaccount", "aws:sourcearn", "aws:sourceip", "aws:sourceorgid",
        "aws:sourcevpc", "aws:sourcevpce", "aws:viaawsservice", "aws:vpcsourceip", "kms:viaservice",
        "s3:prefix", "s3:tlsversion",
    }
)  # fmt: skip


def actions_of(keys: set[str]) -> set[str]:
    """Return globs of actions that have to be told apart because they alone carry one of the keys."""
    services = {each for key in keys for each in _OWN_KEYS.get(key.partition(":")[0], ())}
    return {f"{service}:*" for service in services} | (set(_LISTS) if _OF_LISTS & keys else set())


def can_carry(key: str, request: Request) -> bool:
    """Return whether a request can carry a key, apart from those that who asks fixes."""
    asks, action = request.principal, request.action.lower()
    if key in _OF_THE_PRINCIPAL:
        return False  # what it has of these, it has told
    if key in _OF_A_SERVICES_CALL:
        return asks.sort is Sort.SERVICE
    if key.startswith(_OF_AN_ACCOUNTS_PRINCIPAL):
        return bool(asks.account)
    if key in _OF_LISTS:
        return action in _LISTS
    if key in _OF_A_ROLE_AT_WORK:
        return asks.has_own_policies
    own = _OWN_KEYS.get(key.partition(":")[0])
    return own is None or action.partition(":")[0] in own


def fixed(key: str, request: Request) -> str | None:
    """Return the one value of a key that follows from who asks for what; None where none does."""
    if key == "aws:requestedregion" and request.resource.count(":") >= _FIELDS - 1:
        return request.resource.split(":")[3] or None
    if key == "kms:calleraccount":
        return request.principal.account or None
    return None


def can_have_several(key: str) -> bool | None:
    """Return whether a key has several values; None where no page here says so."""
    if key in _ONE:
        return False
    return True if key.startswith(_SEVERAL) else None
