"""Decide a request by every policy in force.

Pages: IAM User Guide, "Policy evaluation logic" with "within a single account" and "cross-account";
"Permissions boundaries for IAM entities"; KMS Developer Guide, "Key policies in AWS KMS"; AWS
PrivateLink Guide, "Control access to VPC endpoints using endpoint policies".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from lakenb.iam.principals import EVERYONE, ITS_ACCOUNT, ITS_ROLE, ITSELF
from lakenb.iam.requests import Sort
from lakenb.iam.truth import MAYBE, NO, YES, Decision, Truth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from lakenb.iam.policies import Policy
    from lakenb.iam.requests import Request

_ANYHOW = ITSELF | ITS_ROLE | ITS_ACCOUNT | EVERYONE
_KEY_ARN = re.compile(r"arn:[^:]*:kms:[^:]*:[^:]*:key/")
_ROLE_ARN = re.compile(r"arn:[^:]*:iam:[^:]*:[^:]*:role/")
_GATEWAY_SERVICES = ("s3:", "dynamodb:")


@dataclass(frozen=True, slots=True)
class InForce:
    """Every policy that a request meets.

    Parameters
    ----------
    identity
        Of the principal: its own, inline and attached, and its groups'.
    resource
        Of the resource: a bucket, queue or topic policy, a key policy, a role's trust policy.
    boundaries
        Each a ceiling of its own; AWS knows at most one.
    session
        Together one ceiling; None where the session was made without.
    service_control
        One tuple for each level from root to account: each level must allow. None are assumed.
    resource_control
        As above; the full access that AWS attaches at every level is implied, so only denies count.
    endpoint
        Of the VPC endpoints on the way, each a ceiling of its own.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundaries: tuple[Policy, ...] = ()
    session: tuple[Policy, ...] | None = None
    service_control: tuple[tuple[Policy, ...], ...] = ()
    resource_control: tuple[tuple[Policy, ...], ...] = ()
    endpoint: tuple[Policy, ...] = ()


class Weighed(NamedTuple):
    """What each type of policy says of one request."""

    denies: Truth
    identity: Truth
    boundary: Truth
    session: Truth
    service_control: Truth
    endpoint: Truth
    certain: int
    possible: int

    def by_resource(self, how: int) -> Truth:
        """Return whether the resource-based policy allows, naming who asks in one of these ways."""
        return YES if self.certain & how else MAYBE if self.possible & how else NO


def evaluate(request: Request, policies: InForce) -> Decision:
    """Decide a request.

    Parameters
    ----------
    request
        Who asks for what.
    policies
        What is in force. Policies that cannot exist for who asks (an identity-based policy of a service) and
        those that do not bind it (a service control policy for a service-linked role) count for nothing.

    Returns
    -------
    Decision
        UNDECIDED where AWS does not document the outcome or the request does not tell enough.

    Examples
    --------
    >>> from lakenb.iam.parser import policy
    >>> from lakenb.iam.policies import PolicyKind
    >>> from lakenb.iam.requests import request
    >>> asked = request("arn:aws:iam::111122223333:user/ada", "s3:GetObject", "arn:aws:s3:::b/k")
    >>> read = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}}
    >>> evaluate(asked, InForce(identity=(policy(read, PolicyKind.IDENTITY),))).value
    'ALLOWED'
    """
    return decide(request, weigh(request, policies))


def decide(request: Request, weighed: Weighed) -> Decision:
    """Return the decision that follows from what each type of policy says.

    The order: a certain deny ends it, whatever else is open, for nothing outweighs it. Then, where nothing
    can allow, access is denied for certain; that a deny may match as well would not change it, so the
    decision says what is known. What remains may be allowed, and is so only if nothing about it is open:
    neither that something allows it, nor that nothing denies it.
    """
    if weighed.denies == YES:
        return Decision.EXPLICITLY_DENIED
    allows = allowed(request, weighed)
    if allows == NO:
        return Decision.IMPLICITLY_DENIED
    return Decision.ALLOWED if allows == YES and weighed.denies == NO else Decision.UNDECIDED


def allowed(request: Request, weighed: Weighed) -> Truth:
    """Return whether everything that must allow does, denies apart."""
    limits = min(weighed.boundary, weighed.session)
    own = min(weighed.identity, limits)
    if not request.principal.account:  # services, identity providers, anonymous callers
        granted = weighed.by_resource(_ANYHOW)
    elif request.is_cross_account:
        granted = min(own, weighed.by_resource(_ANYHOW))
    else:
        granted = max(
            # A key or a role that does not point to its account's policies is deaf to them.
            min(own, weighed.by_resource(ITS_ACCOUNT)) if must_delegate(request) else own,
            weighed.by_resource(ITSELF),
            min(weighed.by_resource(ITS_ROLE), limits),
            # Whether a boundary's or session policy's silence limits what is granted to everyone: AWS's
            # pages can be read both ways.
            min(weighed.by_resource(EVERYONE), max(limits, MAYBE)),
        )
    return min(granted, weighed.service_control, weighed.endpoint)


def must_delegate(request: Request) -> bool:
    """Return whether identity-based policies count only where the resource's own policy says so."""
    action = request.action[:4].lower()
    return (action == "kms:" and bool(_KEY_ARN.match(request.resource))) or (
        action == "sts:" and bool(_ROLE_ARN.match(request.resource))
    )


def weigh(request: Request, policies: InForce) -> Weighed:
    """Return what each type of policy says of a request; a certain deny ends the weighing."""
    asks = request.principal
    action = request.action.lower()
    has_boundary = bool(policies.boundaries)
    denies, certain, possible = NO, 0, 0
    if policies.resource is not None:
        denies, certain, possible = policies.resource.weigh(request, action, has_boundary=has_boundary)
    identity, boundary, session, control = YES if asks.sort is Sort.ROOT else NO, YES, YES, YES
    if asks.has_own_policies and denies != YES:
        found, identity = _together(policies.identity, request, action)
        denies = max(denies, found)
        if has_boundary:
            found, boundary = _each(policies.boundaries, request, action, has_boundary=True)
            denies = max(denies, found)
        if policies.session is not None:
            found, session = _together(policies.session, request, action)
            denies = max(denies, found)
    if denies != YES and is_controlled(request):
        if asks.account:
            for level in policies.service_control:
                found, allows = _together(level, request, action)
                denies, control = max(denies, found), min(control, allows)
        for level in policies.resource_control:
            denies = max(denies, _together(level, request, action)[0])
    endpoint = YES
    if policies.endpoint and denies != YES:
        reading = endpoint_reading(request)
        found, endpoint = _each(policies.endpoint, request, action, has_boundary=has_boundary, adjust=reading)
        denies = max(denies, found)
    return Weighed(denies, identity, boundary, session, control, endpoint, certain, possible)


def is_controlled(request: Request) -> bool:
    """Return whether an organization's policies bind who asks."""
    return not request.principal.is_service_linked


def endpoint_reading(request: Request) -> Callable[[tuple[int, int]], tuple[int, int]] | None:
    """Return how an endpoint's policy reads an account as principal.

    At a gateway endpoint it means the account's root user only (PrivateLink Guide, "Principals for gateway
    endpoints"). Which sort of endpoint a request to S3 or DynamoDB takes is not told.
    """
    if request.principal.sort is Sort.ROOT or not request.action.lower().startswith(_GATEWAY_SERVICES):
        return None
    return lambda reached: (reached[0] & ~ITS_ACCOUNT, reached[1])


def _together(policies: Iterable[Policy], request: Request, action: str) -> tuple[Truth, Truth]:
    """Return whether any of the policies denies, and whether any allows."""
    denies, allows = NO, NO
    for policy in policies:
        found, certain, possible = policy.weigh(request, action)
        if found == YES:
            return YES, NO
        denies = max(denies, found)
        allows = max(allows, YES if certain else MAYBE if possible else NO)
    return denies, allows


def _each(
    policies: Iterable[Policy],
    request: Request,
    action: str,
    *,
    has_boundary: bool,
    adjust: Callable[[tuple[int, int]], tuple[int, int]] | None = None,
) -> tuple[Truth, Truth]:
    """Return whether any of the policies denies, and whether every one allows."""
    denies, allows = NO, YES
    for policy in policies:
        found, certain, possible = policy.weigh(request, action, has_boundary=has_boundary, adjust=adjust)
        denies = max(denies, found)
        allows = min(allows, YES if certain else MAYBE if possible else NO)
    return denies, allows
