"""What anonymous callers and other accounts reach.

Pages: S3 User Guide, "Blocking public access to your Amazon S3 storage" (what counts as public, what each
setting does, and that new buckets have all four since April 2023), "Controlling ownership of objects and
disabling ACLs for your bucket" (the default is that ACLs are disabled), "Access control list (ACL) overview"
(canned lists).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lakenb.iam.questions.access import Standing, standing_words
from lakenb.iam.questions.asked import reached
from lakenb.iam.questions.askers import outsiders
from lakenb.iam.questions.grants import grants
from lakenb.iam.questions.places import described
from lakenb.iam.requests import Sort
from lakenb.iam.stacks.world import UNKNOWN, owner_arn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from lakenb.iam.conditions import Condition
    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.values import Who, Witness
    from lakenb.iam.questions.access import Access
    from lakenb.iam.questions.grants import Grant
    from lakenb.iam.stacks.world import Resource, World

_BUCKET: Final = "AWS::S3::Bucket"
_SETTINGS: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
# "A policy is considered public unless it grants access only to fixed values of" these keys.
_FIXING: Final = frozenset(
    {
        "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount",
        "aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceaccount",
        "aws:sourceowner", "aws:sourceorgid", "aws:userid", "s3:dataaccesspointarn",
        "s3:dataaccesspointaccount", "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)  # fmt: skip
_NOT_FIXED: Final = re.compile(r"[*?]|\$\{")
_WIDEST_IPS: Final = 8  # a range of more than 2^24 addresses counts as public
_CANNED: Final = {
    "PublicRead": "s3:GetObject and s3:ListBucket",
    "PublicReadWrite": "s3:GetObject, s3:ListBucket and s3:PutObject",
    "AuthenticatedRead": "s3:GetObject and s3:ListBucket, to every AWS account",
}
_ASSUMED: Final = (
    "a bucket without PublicAccessBlockConfiguration has all four settings (new buckets, since April 2023)",
    "a bucket without OwnershipControls has access control lists disabled (new buckets, since April 2023)",
    "the account's own public access block, which could only close more, is not known here",
    "lists that are put on single objects at run time are not known here",
)


@dataclass(frozen=True, slots=True)
class Exposure:
    """One thing that somebody from outside the account reaches.

    Parameters
    ----------
    principal
        The label, such as ``anonymous``.
    action, resource
        What, on what, in plain words.
    standing, condition
        As in `lakenb.iam.questions.access.Access`.
    statement
        The Allow, as ``policy, statement``, or the list.
    held_back
        What holds it back although the policies allow it, a sentence; empty where nothing does.
    witness
        A request; None for a list.
    """

    principal: str
    action: str
    resource: str
    standing: Standing
    condition: str
    statement: str
    held_back: str = ""
    witness: Witness | None = None

    def __str__(self) -> str:
        """Return one line."""
        how = (
            f"held back: {self.held_back}"
            if self.held_back
            else standing_words(self.standing, self.condition, "")
        )
        return f"{self.principal}: {self.action} on {self.resource}: {how} (by {self.statement})"


@dataclass(frozen=True, slots=True, repr=False)
class Exposures:
    """What outsiders reach, and what the answer rests on.

    Parameters
    ----------
    rows
        Open ones first.
    assumptions
        Sentences.
    """

    rows: tuple[Exposure, ...]
    assumptions: tuple[str, ...]

    @property
    def is_closed(self) -> bool:
        """Whether nobody from outside the account reaches anything."""
        return all(row.held_back for row in self.rows)

    def __repr__(self) -> str:
        """Return a line for each row, and the assumptions."""
        first = (
            "nobody outside the account reaches anything" if self.is_closed else "from outside the account:"
        )
        rows = (f"  {row}" for row in self.rows)
        return "\n".join((first, *rows, *(f"  assumed: {each}" for each in self.assumptions)))


def public(world: World) -> Exposures:
    """Return what anonymous callers and other accounts reach.

    Parameters
    ----------
    world
        One deployment of a template. Services that policies name are no outsiders here.
    """
    rows: dict[tuple[str, str, str], Exposure] = {}
    for who in outsiders(world):
        asks = who.principal
        is_foreign = bool(asks.account) and asks.account != world.account
        if not (is_foreign or asks.sort is Sort.ANONYMOUS):
            continue
        for grant in grants(world, who):
            found = reached(world, who, grant, grant.action, grant.resource)
            if found.standing is not Standing.DENIED:
                row = _row(world, who, grant, found)
                rows.setdefault((row.principal, row.action, row.resource), row)
    listed = (
        row for each in world.resources.values() if each.type == _BUCKET for row in _listed(world, each)
    )
    ordered = sorted([*rows.values(), *listed], key=lambda row: bool(row.held_back))
    buckets = any(each.type == _BUCKET for each in world.resources.values())
    return Exposures(tuple(ordered), _ASSUMED if buckets else ())


def _row(world: World, who: Who, grant: Grant, found: Access) -> Exposure:
    place = described(world, grant.resource)
    bucket = _bucket(world, grant.resource)
    held_back = ""
    if (
        bucket is not None
        and _settings(bucket)["RestrictPublicBuckets"]
        and _has_public_policy(world, bucket)
    ):
        held_back = (
            f"the policy of {bucket.logical_id} is public, and its RestrictPublicBuckets then lets in nobody "
            "from outside but AWS services"
        )
    return Exposure(
        who.label,
        grant.action,
        place,
        found.standing,
        found.condition,
        found.statement,
        held_back,
        found.witness,
    )


def _bucket(world: World, resource: str) -> Resource | None:
    owner = owner_arn(resource)
    found = (each for each in world.resources.values() if each.type == _BUCKET and each.arn == owner)
    return next(found, None)


def _settings(bucket: Resource) -> Mapping[str, bool]:
    """Return the public access block; a setting that is not given beside others is off."""
    given = bucket.properties.get("PublicAccessBlockConfiguration")
    if given is None:
        return dict.fromkeys(_SETTINGS, True)
    return {name: _is_true(given.get(name)) if isinstance(given, dict) else False for name in _SETTINGS}


def _is_true(value: Any) -> bool:
    return value is True or (isinstance(value, str) and value.lower() == "true")


def _has_public_policy(world: World, bucket: Resource) -> bool:
    guard = world.guards.get(bucket.arn)
    return guard is not None and any(is_public(statement) for statement in guard.statements)


def is_public(statement: Statement) -> bool:
    """Return whether S3 counts a statement as public: it allows everybody, and fixes none of the keys."""
    named = statement.principals
    if not statement.is_allow or named is None:
        return False
    if not (named.has_everyone or statement.is_negated_principals):
        return False
    return not any(_fixes(condition) for condition in statement.conditions)


def _fixes(condition: Condition) -> bool:
    if condition.name not in _FIXING or condition.is_negated or condition.is_if_exists:
        return False
    if condition.name == "aws:sourceip":
        return all(_is_narrow(value) for value in condition.values)
    return not any(_NOT_FIXED.search(value) for value in condition.values)


def _is_narrow(text: str) -> bool:
    _, _, length = text.partition("/")
    return not length or (length.isdigit() and int(length) >= _WIDEST_IPS)


def _listed(world: World, bucket: Resource) -> Iterator[Exposure]:
    """Yield what a bucket's canned list opens, where lists count at all."""
    canned = bucket.properties.get("AccessControl")
    if not isinstance(canned, str):
        return
    is_told = UNKNOWN not in canned
    if is_told and canned not in _CANNED:
        return
    controls = bucket.properties.get("OwnershipControls")
    rules = controls.get("Rules", []) if isinstance(controls, dict) else []
    owned = {rule.get("ObjectOwnership") for rule in rules if isinstance(rule, dict)}
    settings = _settings(bucket)
    held_back = ""
    if not owned or owned == {"BucketOwnerEnforced"}:
        held_back = f"access control lists are disabled on {bucket.logical_id}"
    elif settings["BlockPublicAcls"] or settings["IgnorePublicAcls"]:
        held_back = f"the public access block of {bucket.logical_id} keeps public lists out"
    yield Exposure(
        "anonymous" if canned != "AuthenticatedRead" else "another account",
        _CANNED[canned] if is_told else "what its list says",
        described(world, f"{bucket.arn}/*"),
        Standing.ALLOWED if is_told else Standing.UNDECIDED,
        "",
        f"{bucket.logical_id}, AccessControl {canned}",
        held_back,
    )
