"""Which context keys a request can carry, and how they hang together: one table, each rule with its page.

Without these rules a prover finds "breaks" by requests that cannot be: a role that carries ``aws:SourceArn``,
a request without ``aws:SecureTransport``. A rule stands here only where AWS documents it; every other key
may be present or absent, with any value. Pages: IAM User Guide, "AWS global condition context keys" (GCK
below); "Actions, resources, and condition keys for Amazon S3" and "... for AWS KMS" (SAR).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from lakenb.iam.operators import moment
from lakenb.iam.requests import Sort

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lakenb.iam.requests import Principal
    from lakenb.iam.stacks.world import Endpoint

Values = tuple[str, ...] | None
"""The values that a request carries under a key; None where it does not carry it."""


class Presence(Enum):
    """Whether a request carries a key."""

    ALWAYS = "always"
    NEVER = "never"
    PERHAPS = "perhaps"


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known of a request before its context.

    Parameters
    ----------
    asks
        Who asks.
    action
        In lower case.
    resource
        Its ARN.
    account
        The resource's.
    endpoints
        Those that the template knows.
    """

    asks: Principal
    action: str
    resource: str
    account: str
    endpoints: tuple[Endpoint, ...] = ()


# GCK, each key's "Availability": these are "always included", and a request by AWS's tools has both.
_ALWAYS: Final = frozenset(
    {"aws:securetransport", "aws:viaawsservice", "aws:currenttime", "aws:epochtime", "aws:requestedregion"}
)
# GCK, "Properties of the principal": the evaluator knows these from who asks, and nobody else has them.
_OF_PRINCIPAL: Final = frozenset(
    {
        "aws:principalarn", "aws:principalaccount", "aws:principaltype", "aws:principalisawsservice",
        "aws:principalservicename", "aws:username",
    }
)  # fmt: skip
# GCK: "included in the request context only if the principal is a member of an organization"; services and
# anonymous callers are none, nor have they tags.
_OF_MEMBERS: Final = re.compile(r"aws:principal(orgid|orgpaths|tag/.*)|aws:userid|aws:multifactorauth.*")
# GCK, aws:SourceArn, SourceAccount, SourceOrgID, SourceOrgPaths: "included in the request context only if
# the call to your resource is made directly by an AWS service principal on behalf of a resource".
_OF_SERVICES: Final = frozenset(
    {
        "aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths",
        "aws:principalservicename", "aws:principalservicenameslist",
    }
)  # fmt: skip
# SAR: a service's own keys are carried by requests to that service only.
_SERVICES: Final = frozenset(
    {
        "s3", "sqs", "sns", "kms", "lambda", "logs", "dynamodb", "iam", "events", "secretsmanager", "ec2",
        "elasticfilesystem", "ecr", "ecs", "ssm", "states", "scheduler", "cloudformation", "bedrock",
    }
)  # fmt: skip
# Lambda Developer Guide, "Using source function ARN to control function access behavior", and EC2 User Guide,
# "Condition keys": these are carried by whatever a function's or an instance's role asks, of any service.
_OF_CALLERS: Final = frozenset(
    {"lambda:sourcefunctionarn", "ec2:sourceinstancearn", "ec2:roledelivery", "ssm:sourceinstancearn"}
)
# SAR, Amazon S3: the listing actions alone have these.
_OF_LISTING: Final = frozenset({"s3:prefix", "s3:delimiter", "s3:max-keys"})
_LISTING: Final = frozenset({"s3:listbucket", "s3:listbucketversions", "s3:listbucketmultipartuploads"})
# GCK: of a network path through a VPC endpoint.
_OF_ENDPOINTS: Final = ("aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip")

# GCK, "Multivalued context keys", and SAR's tables with ArrayOf types. All others have one value.
MULTIVALUED: Final = re.compile(
    r"aws:(tagkeys|calledvia|(principal|resource|source)orgpaths|principalservicenameslist)"
    r"|dynamodb:(attributes|leadingkeys)|kms:(encryptioncontextkeys|grantoperations|resourcealiases)"
    r"|s3:requestobjecttagkeys|lambda:(layer|subnetids|securitygroupids)|ec2:.*|.*:amr"
)
_SINGLE: Final = re.compile(r"aws:(?!tagkeys|calledvia|.*orgpaths|principalservicenameslist|.*tag/).*")
MOMENTS: Final = ("aws:currenttime", "aws:epochtime")
"""Two ways to write when the request was made."""

TRUTHS: Final = frozenset(
    {
        "aws:securetransport", "aws:viaawsservice", "aws:principalisawsservice", "aws:multifactorauthpresent",
        "kms:grantisforawsresource", "lambda:invokedviafunctionurl",
    }
)  # fmt: skip


def is_multivalued(key: str) -> bool:
    """Return whether a key may have several values; of unknown keys this is taken for granted."""
    return bool(MULTIVALUED.fullmatch(key)) or not (_SINGLE.fullmatch(key) or key in TRUTHS)


def by_principal(key: str, asks: Principal) -> tuple[bool, Values]:
    """Return whether who asks alone fixes a key, and its values then."""
    if key in asks.keys or key in _OF_PRINCIPAL:
        return True, asks.keys.get(key)
    if asks.sort in {Sort.SERVICE, Sort.ANONYMOUS} and _OF_MEMBERS.fullmatch(key):
        return True, None
    return key in _OF_SERVICES and asks.sort is not Sort.SERVICE, None


def fixed(key: str, setting: Setting) -> tuple[bool, Values]:
    """Return whether who asks, what and on what fix a key, and its values then."""
    asks = setting.asks
    is_fixed, found = by_principal(key, asks)
    if is_fixed:
        return True, found
    told = ""
    if key == "aws:resourceaccount":
        told = setting.account
    elif key == "aws:requestedregion":
        told = region(setting.resource)
    elif key == "kms:calleraccount" and setting.action.startswith("kms:"):  # SAR, AWS KMS
        told = asks.account
    if told:
        return True, (told,)
    return presence(key, setting) is Presence.NEVER, None


def presence(key: str, setting: Setting) -> Presence:
    """Return whether a request carries a key that nothing fixes."""
    if key in _ALWAYS:
        return Presence.ALWAYS
    action = setting.action
    is_foreign = bool(splits_actions(key)) and action.partition(":")[0] != key.partition(":")[0]
    is_never = (
        by_principal(key, setting.asks)[0] or is_foreign or (key in _OF_LISTING and action not in _LISTING)
    )
    return Presence.NEVER if is_never else Presence.PERHAPS


def action_mark(action: str) -> tuple[str, bool]:
    """Return all of an action that the presence of keys depends on."""
    return action.partition(":")[0], action in _LISTING


def region(resource: str) -> str:
    """Return the region in an ARN."""
    return _field(resource, 3)


def splits_actions(key: str) -> tuple[str, ...]:
    """Return globs of the actions that a key's presence depends on."""
    if key in _OF_LISTING:
        return tuple(sorted(_LISTING))
    owner = key.partition(":")[0]
    return (f"{owner}:*",) if owner in _SERVICES and key not in _OF_CALLERS else ()


def splits_resources(key: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return globs of the resources that give a key other values, where it is compared with some texts."""
    form = _IN_ARNS.get(key)
    if form is None:
        return ()
    return tuple(form.format(text) for text in texts if ":" not in text and "${" not in text)


# Keys whose value an ARN tells (GCK, aws:RequestedRegion and aws:ResourceAccount).
_IN_ARNS: Final = {"aws:requestedregion": "arn:*:*:{}:*:*", "aws:resourceaccount": "arn:*:*:*:{}:*"}


def related(
    keys: frozenset[str], literals: Mapping[str, tuple[str, ...]], setting: Setting
) -> dict[str, tuple[str, ...]]:
    """Return further globs for keys whose values have to go together with other keys' values.

    Parameters
    ----------
    keys
        The keys in question.
    literals
        Texts that policies compare them with.
    """
    found: dict[str, tuple[str, ...]] = {}
    if {"aws:sourcearn", "aws:sourceaccount"} <= keys:
        accounts = {text for text in literals.get("aws:sourceaccount", ()) if _ACCOUNT.fullmatch(text)}
        accounts |= {_field(text, 4) for text in literals.get("aws:sourcearn", ())} - {""}
        accounts = {each for each in accounts if _ACCOUNT.fullmatch(each)}
        found["aws:sourcearn"] = tuple(f"arn:*:*:*:{each}:*" for each in sorted(accounts))
        found["aws:sourceaccount"] = tuple(sorted(accounts))
    if {"aws:sourcevpc", "aws:sourcevpce"} <= keys:
        found["aws:sourcevpc"] = tuple(sorted({each.vpc for each in setting.endpoints}))
        found["aws:sourcevpce"] = tuple(sorted({each.id for each in setting.endpoints}))
    return found


def is_consistent(context: Mapping[str, Values], setting: Setting) -> bool:
    """Return whether one request can carry these values together.

    Parameters
    ----------
    context
        By key in lower case; None for a key that the request does not carry. Keys that are not among them
        are not in question.
    """
    return (
        _sources_agree(context)
        and _paths_agree(context, setting)
        and _moments_agree(context)
        # A request without TLS has no version of it. GCK: aws:CalledVia tells who called for somebody.
        and not (context.get("s3:tlsversion") and context.get("aws:securetransport") == ("false",))
        and not (context.get("aws:calledvia") and context.get("aws:viaawsservice") == ("false",))
    )


def _sources_agree(context: Mapping[str, Values]) -> bool:
    arn, account = context.get("aws:sourcearn"), context.get("aws:sourceaccount")
    if not (arn and account):
        return True
    told = _field(arn[0], 4)
    return not _ACCOUNT.fullmatch(told) or told == account[0]


def _paths_agree(context: Mapping[str, Values], setting: Setting) -> bool:
    """Return whether all of a way through an endpoint is told, or nothing.

    GCK: each of these keys is there "only if the requester uses a VPC endpoint", aws:SourceIp only if not.
    """
    through = [context[key] is not None for key in _OF_ENDPOINTS if key in context]
    if any(through) and (not all(through) or context.get("aws:sourceip")):
        return False
    vpce, vpc = context.get("aws:sourcevpce"), context.get("aws:sourcevpc")
    return not (vpce and vpc) or all(each.vpc == vpc[0] for each in setting.endpoints if each.id == vpce[0])


def _moments_agree(context: Mapping[str, Values]) -> bool:
    written = [value[0] for key in MOMENTS if (value := context.get(key))]
    return len({moment(text) for text in written}) < 2  # noqa: PLR2004 - they are one


_ACCOUNT: Final = re.compile(r"[0-9]{12}")


def _field(arn: str, number: int) -> str:
    fields = arn.split(":", 5)
    return fields[number] if len(fields) > number and fields[0] == "arn" else ""
