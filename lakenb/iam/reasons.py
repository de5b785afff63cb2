"""Why a request was decided so, in words like those of AWS's own denials; made on demand.

What decides stands in `lakenb.iam.evaluator` alone: this module weighs again by it, and looks for the
statements to name.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lakenb.iam.evaluator import (
    decide,
    endpoint_reading,
    is_controlled,
    must_delegate,
    weigh,
)
from lakenb.iam.patterns import UNTOLD
from lakenb.iam.policies import PolicyKind
from lakenb.iam.principals import EVERYONE, ITS_ACCOUNT, ITS_ROLE, ITSELF
from lakenb.iam.requests import Sort
from lakenb.iam.truth import MAYBE, NO, YES, Decision, Truth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.iam.conditions import Condition
    from lakenb.iam.evaluator import InForce, Weighed
    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.requests import Request

_SHOWN = 3  # of many names, so that a sentence stays one
_ELSEWHERE = "000000000000"  # any account but the principal's


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence, and what it is about.

    Parameters
    ----------
    text
        The sentence.
    kind
        The type of policy; None where it is about the whole request.
    policy, statement
        Their labels; empty where none is meant.
    """

    text: str
    kind: PolicyKind | None = None
    policy: str = ""
    statement: str = ""

    def __str__(self) -> str:
        """Return the sentence."""
        return self.text


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with its reasons, the decisive one first."""

    decision: Decision
    reasons: tuple[Reason, ...]

    def __str__(self) -> str:
        """Return the decision and a line for each reason."""
        return "\n".join((self.decision.value, *(f"  {reason}" for reason in self.reasons)))


@dataclass(frozen=True, slots=True)
class _Match:
    """How far one statement matches."""

    policy: Policy
    statement: Statement
    principal: Truth
    action: Truth
    resource: Truth
    condition: Truth

    @property
    def truth(self) -> Truth:
        return min(self.principal, self.action, self.resource, self.condition)

    @property
    def closeness(self) -> tuple[int, int, int]:
        elements = (self.principal, self.action, self.resource, self.condition)
        return (sum(element != NO for element in elements), self.action, self.resource)

    @property
    def name(self) -> str:
        label = self.statement.label
        return f"{label if label.startswith('statement') else f'statement {label}'} of {self.policy.label}"


def explain(request: Request, policies: InForce) -> Explanation:
    """Return the decision on a request with its reasons.

    Parameters
    ----------
    request, policies
        As `lakenb.iam.evaluator.evaluate` takes them; the decision is the same.

    Examples
    --------
    >>> from lakenb.iam.evaluator import InForce
    >>> from lakenb.iam.requests import request
    >>> asked = request("arn:aws:iam::111122223333:user/ada", "s3:GetObject", "arn:aws:s3:::b/k")
    >>> print(explain(asked, InForce()).reasons[0])
    User: arn:aws:iam::111122223333:user/ada is not authorized to perform: s3:GetObject on resource: \
arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action
    """
    weighed = weigh(request, policies)
    decision = decide(request, weighed)
    matches = tuple(_matches(request, policies))
    match decision:
        case Decision.EXPLICITLY_DENIED:
            reasons = tuple(_denials(request, matches))
        case Decision.IMPLICITLY_DENIED:
            reasons = tuple(_misses(request, weighed, matches))
        case Decision.UNDECIDED:
            reasons = tuple(_doubts(request, weighed, matches))
        case Decision.ALLOWED:
            reasons = tuple(_grants(request, matches))
    return Explanation(decision, (*reasons, *_notes(request, policies, weighed, decision)))


def _in_force(request: Request, policies: InForce) -> Iterator[Policy]:
    if policies.resource is not None:
        yield policies.resource
    if request.principal.has_own_policies:
        yield from policies.identity
        yield from policies.boundaries
        yield from policies.session or ()
    if is_controlled(request):
        if request.principal.account:
            yield from (policy for level in policies.service_control for policy in level)
        yield from (policy for level in policies.resource_control for policy in level)
    yield from policies.endpoint


def _matches(request: Request, policies: InForce) -> Iterator[_Match]:
    action, has_boundary = request.action.lower(), bool(policies.boundaries)
    for policy in _in_force(request, policies):
        adjust = endpoint_reading(request) if policy.kind is PolicyKind.ENDPOINT else None
        for statement in policy.statements:
            reached = statement.reach(request, has_boundary=has_boundary)
            certain, possible = adjust(reached) if adjust else reached
            yield _Match(
                policy,
                statement,
                principal=YES if certain else MAYBE if possible else NO,
                action=YES if statement.actions.cover(action) else NO,
                resource=statement.covers_resource(request),
                condition=statement.holds(request),
            )


def _start(request: Request) -> str:
    return (
        f"User: {request.principal.text} is not authorized to perform: {request.action} "
        f"on resource: {request.resource}"
    )


def _article(kind: PolicyKind) -> str:
    return f"{'an' if kind is PolicyKind.IDENTITY else 'a'} {kind}"


def _denials(request: Request, matches: tuple[_Match, ...]) -> Iterator[Reason]:
    found = [match for match in matches if not match.statement.is_allow and match.truth == YES]
    first = found[0].policy.kind
    yield Reason(f"{_start(request)} with an explicit deny in {_article(first)}", first)
    for match in found:
        held = "; ".join(str(condition) for condition in match.statement.conditions)
        text = f"{match.name} ({match.policy.kind}) denies it{f', for this holds: {held}' if held else ''}"
        yield Reason(text, match.policy.kind, match.policy.label, match.statement.label)


def _grants(request: Request, matches: tuple[_Match, ...]) -> Iterator[Reason]:
    found = [match for match in matches if match.statement.is_allow and match.truth == YES]
    if request.principal.sort is Sort.ROOT and not request.is_cross_account:
        yield Reason("the account's root user may do everything that nothing denies")
    for match in found:
        if match.policy.kind is not PolicyKind.RESOURCE_CONTROL:
            yield Reason(
                f"{match.name} ({match.policy.kind}) allows it",
                match.policy.kind,
                match.policy.label,
                match.statement.label,
            )


def _lacking(request: Request, weighed: Weighed) -> Iterator[PolicyKind]:
    """Yield the types of policies that had to allow and do not, the outermost ceiling first."""
    if weighed.service_control == NO:
        yield PolicyKind.SERVICE_CONTROL
    if weighed.endpoint == NO:
        yield PolicyKind.ENDPOINT
    anyhow = weighed.by_resource(ITSELF | ITS_ROLE | ITS_ACCOUNT | EVERYONE)
    has_say = request.is_cross_account or not request.principal.account or must_delegate(request)
    if has_say and anyhow == NO:
        yield PolicyKind.RESOURCE
    if not request.principal.account:
        return
    by_resource = NO if request.is_cross_account else weighed.by_resource(ITSELF | ITS_ROLE | EVERYONE)
    if weighed.identity == NO and by_resource == NO:
        yield PolicyKind.IDENTITY
    if not request.is_cross_account and weighed.by_resource(ITSELF) == YES:
        return
    if weighed.boundary == NO:
        yield PolicyKind.BOUNDARY
    if weighed.session == NO:
        yield PolicyKind.SESSION


def _misses(request: Request, weighed: Weighed, matches: tuple[_Match, ...]) -> Iterator[Reason]:
    kinds = list(_lacking(request, weighed))
    for number, kind in enumerate(kinds):
        is_trust = kind is PolicyKind.RESOURCE and request.action.lower().startswith("sts:")
        shown = PolicyKind.TRUST if is_trust and must_delegate(request) else kind
        because = f"because no {shown} allows the {request.action} action"
        yield Reason(f"{_start(request)} {because}" if number == 0 else f"also {because}", shown)
        same = {PolicyKind.RESOURCE, PolicyKind.TRUST} if kind is PolicyKind.RESOURCE else {kind}
        nearest = _nearest([match for match in matches if match.policy.kind in same])
        if nearest is not None:
            yield _miss(request, nearest)
    for match in matches:
        if not match.statement.is_allow and match.truth == MAYBE:
            yield Reason(
                f"{match.name} may deny it as well: {_why_open(request, match)}",
                match.policy.kind,
                match.policy.label,
                match.statement.label,
            )


def _nearest(matches: list[_Match]) -> _Match | None:
    """Return the allow that matched most elements, the first of equals; None where none is near."""
    near = [match for match in matches if match.statement.is_allow and match.action == YES]
    near = near or [match for match in matches if match.statement.is_allow and match.resource == YES]
    return max(near, key=lambda match: match.closeness, default=None)


def _miss(request: Request, match: _Match) -> Reason:
    statement = match.statement
    lacks: list[str] = []
    if match.principal == NO and statement.principals is not None:
        verb = "is about everybody but" if statement.is_negated_principals else "names"
        lacks.append(f"the principal: it {verb} {_listed(statement.principals.texts)}")
    if match.action == NO:
        verb = "is about all but" if statement.actions.is_negated else "names"
        lacks.append(f"the action: it {verb} {_listed(statement.actions.texts)}")
    if match.resource == NO and statement.resources is not None:
        verb = "is about all but" if statement.is_negated_resources else "names"
        lacks.append(f"the resource: it {verb} {_listed(tuple(each.source for each in statement.resources))}")
    failing = [condition for condition in statement.conditions if condition.holds(request) == NO]
    lacks += [f"the condition {condition}, and {_carried(request, condition)}" for condition in failing]
    if not lacks:  # it matches, but its way of naming who asks is not enough
        lacks.append("that it names the account, whose own policies must allow, too")
    text = f"nearest: {match.name} would allow it but for {'; and '.join(lacks)}"
    return Reason(text, match.policy.kind, match.policy.label, statement.label)


def _carried(request: Request, condition: Condition) -> str:
    found = request.values(condition.name)
    if found is None:
        return f"the request does not carry {condition.key}"
    return f"the request has {_listed(found) if found else 'no value there'}"


def _listed(texts: tuple[str, ...]) -> str:
    rest = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _doubts(request: Request, weighed: Weighed, matches: tuple[_Match, ...]) -> Iterator[Reason]:
    yield Reason(
        f"it is undecided whether {request.principal.text} may {request.action} on {request.resource}"
    )
    limits = min(weighed.boundary, weighed.session)
    if limits == NO and weighed.by_resource(EVERYONE) != NO and not request.is_cross_account:
        kind = PolicyKind.BOUNDARY if weighed.boundary == NO else PolicyKind.SESSION
        yield Reason(
            f"the resource-based policy allows it to everyone, and no {kind} does: AWS's pages can be read "
            "both ways on whether that limits it",
            kind,
        )
    for match in matches:
        if match.truth == MAYBE:
            does = "allow" if match.statement.is_allow else "deny"
            yield Reason(
                f"{match.name} ({match.policy.kind}) may {does} it: {_why_open(request, match)}",
                match.policy.kind,
                match.policy.label,
                match.statement.label,
            )


def _why_open(request: Request, match: _Match) -> str:
    """Return which elements are open, and why."""
    found: list[str] = []
    if match.principal == MAYBE:
        found.append("whether its principal is who asks is not told")
    if match.resource == MAYBE:
        found.append(
            "whether its resource covers this one is not documented, or a variable's key is not told"
        )
    for condition in match.statement.conditions:
        if condition.holds(request) != MAYBE:
            continue
        values = request.values(condition.name)
        if not condition.is_known:
            found.append(f"the operator {condition.operator} is none that is known here")
        elif condition.name in UNTOLD and values is None:
            found.append(f"every request carries {condition.key}, and this one does not tell it")
        elif values is None:
            found.append(f"{condition.operator} on the absent key {condition.key} is not documented")
        elif len(values) > 1:
            found.append(
                f"{condition.key} has several values, on which {condition.operator} is not documented"
            )
        else:
            found.append(f"what {condition} makes of {_listed(values)} is not documented")
    return "; ".join(found) or "it rests on another element that is open"


def _notes(request: Request, policies: InForce, weighed: Weighed, decision: Decision) -> Iterator[Reason]:
    principal = request.principal
    if not principal.has_own_policies and (policies.identity or policies.boundaries or policies.session):
        yield Reason(f"identity-based policies do not exist for this {principal.sort.value}: left out")
    if request.is_account_assumed and decide(replace(request, account=_ELSEWHERE), weighed) is not decision:
        yield Reason(
            f"the resource's account is not told, and taken for the principal's, {request.account}; "
            "in another account the decision would differ"
        )
