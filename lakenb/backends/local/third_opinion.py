"""Every decision of the embedded AWS, taken again by our own evaluator on the template as it was deployed.

The embedded AWS has its policy engine, `lakenb.iam` has another, and AWS's pages are the judge between
them. A disagreement is an error in one of the two, or a policy that is no longer what the template says: so
it fails the run's check, with what both say. Where the embedded AWS is known to differ from AWS's pages,
`deviations` has the row and the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from lakenb.backends.local.deviations import DEVIATIONS
from lakenb.errors import Fault, PolicyError
from lakenb.iam.evaluator import evaluate
from lakenb.iam.reasons import Reason, explain
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import together
from lakenb.iam.stacks.world import owner_arn
from lakenb.iam.truth import Decision as Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.backends.local.deviations import Deviation
    from lakenb.backends.local.seam import RawDecision
    from lakenb.backends.local.stack import Stack
    from lakenb.iam.evaluator import InForce
    from lakenb.iam.requests import Request
    from lakenb.iam.stacks.world import Identity, World

_SERVICE: Final = ".amazonaws.com"
_ANONYMOUS: Final = "anonymous"
# The requests that carry lambda:SourceFunctionArn: the function's own, and Lambda's to CloudWatch Logs, but
# not those of its pollers (Lambda Developer Guide, "Using source function ARN").
_WITH_FUNCTION: Final = frozenset({"request", "gate:logs"})
_ARN_FIELDS: Final = 6
_ACCOUNT: Final = 4


@dataclass(frozen=True, slots=True)
class Opinion:
    """What our evaluator says of one decision.

    Parameters
    ----------
    verdict
        By AWS's pages.
    agrees
        Whether the embedded AWS decided the same.
    deviation
        The known deviation of the embedded AWS that a difference comes from, or None.
    """

    verdict: Verdict
    agrees: bool
    deviation: Deviation | None = None

    @property
    def is_settled(self) -> bool:
        """Whether both agree, or the difference is a known one."""
        return self.agrees or self.deviation is not None


class ThirdOpinion:
    """Decides again what an embedded AWS decided on one stack, and remembers.

    Parameters
    ----------
    worlds
        The stack's template as it was deployed; several where it leaves something open.
    """

    def __init__(self, worlds: Iterable[World]) -> None:
        self._worlds: tuple[World, ...] = tuple(worlds)
        first = self._worlds[0]
        self._account = first.account
        self._roles = {
            one.arn.rpartition("/")[2]: name for name, one in first.identities.items() if ":role/" in one.arn
        }
        self._functions = {
            one.arn.rpartition(":")[2]: one.arn
            for one in first.resources.values()
            if one.type == "AWS::Lambda::Function"
        }
        self._owned = {owner_arn(one.arn) for one in first.resources.values() if one.arn}
        self._opinions: dict[tuple[object, ...], Opinion | None] = {}
        self._reasons: dict[tuple[object, ...], tuple[Reason, ...]] = {}

    @classmethod
    def on(cls, stack: Stack) -> Self:
        """Return the third opinion on a deployed stack, by its template and its physical names."""
        return cls(
            Reader().worlds(
                together(stack.split.root, stack.split.nested, stack.name),
                account=stack.account,
                region=stack.region,
                stack_name=stack.name,
                physical=stack.paths,
            )
        )

    def of(self, raw: RawDecision) -> Opinion | None:
        """Return our opinion on a decision; None where the template does not tell what it rests on.

        That is: who asks is neither a role of the stack, nor a service, nor anonymous; or a policy decided
        that stands on a resource outside the template.
        """
        key = _key(raw)
        if key not in self._opinions:
            found = self._decided(raw, has_time=False) if self._is_told(raw) else None
            if found is not None and found.verdict is Verdict.UNDECIDED:
                return self._decided(raw, has_time=True)  # perhaps for want of the time: not to be remembered
            self._opinions[key] = found
        return self._opinions[key]

    def reasons(self, raw: RawDecision) -> tuple[Reason, ...]:
        """Return why our evaluator decides so, the decisive reason first; none where there is no opinion."""
        if self.of(raw) is None:
            return ()
        key = _key(raw)
        if key in self._reasons:
            return self._reasons[key]
        try:
            asked = self._request(raw, has_time=True)
        except PolicyError as error:
            return tuple(Reason(f"the request cannot be read: {fault.what}") for fault in error.faults)
        found = explain(asked, self._in_force(raw, self._worlds[0])).reasons
        if key in self._opinions:  # else it rests on the time
            self._reasons[key] = found
        return found

    def _is_told(self, raw: RawDecision) -> bool:
        is_ours = owner_arn(raw.resource) in self._owned
        if raw.role is not None:
            return raw.role in self._roles and (is_ours or raw.policy != "resource")
        return is_ours and (raw.principal.endswith(_SERVICE) or raw.principal == _ANONYMOUS)

    def _decided(self, raw: RawDecision, *, has_time: bool) -> Opinion:
        try:
            asked = self._request(raw, has_time=has_time)
        except PolicyError:  # no opinion is no agreement
            return Opinion(Verdict.UNDECIDED, agrees=False)
        verdict = self._verdict(asked, raw)
        if verdict.name == raw.outcome:
            return Opinion(verdict, agrees=True)
        known = (one for one in DEVIATIONS if self._verdict(asked, raw, one).name == raw.outcome)
        return Opinion(verdict, agrees=False, deviation=next(known, None))

    def _verdict(self, asked: Request, raw: RawDecision, deviation: Deviation | None = None) -> Verdict:
        """Return our decision, on request of one by the reading of a known deviation."""
        verdicts = set()
        for world in self._worlds:
            given = asked, self._in_force(raw, world)
            verdicts.add(evaluate(*(given if deviation is None else deviation.reading(*given))))
        return verdicts.pop() if len(verdicts) == 1 else Verdict.UNDECIDED

    def _in_force(self, raw: RawDecision, world: World) -> InForce:
        return world.in_force(self._identity(raw, world), raw.resource)

    def _identity(self, raw: RawDecision, world: World) -> Identity | None:
        return None if raw.role is None else world.identities[self._roles[raw.role]]

    def _request(self, raw: RawDecision, *, has_time: bool) -> Request:
        fields = raw.resource.split(":", _ARN_FIELDS - 1)
        has_account = len(fields) == _ARN_FIELDS and bool(fields[_ACCOUNT])
        return request(
            {"Service": raw.principal} if raw.principal.endswith(_SERVICE) else raw.principal,
            raw.action,
            raw.resource,
            resource_account=None if has_account else self._account,
            context=self._context(raw, has_time=has_time),
        )

    def _context(self, raw: RawDecision, *, has_time: bool) -> dict[str, tuple[str, ...]]:
        """Return what the request told, and the keys that AWS adds to every request of that sort.

        Sources: IAM User Guide, "AWS global condition context keys"; Service Authorization Reference, S3.
        """
        if raw.context is None:
            raise PolicyError(
                [Fault("its context is too long to have been kept", "the record", "ask with fewer tags")]
            )
        told = dict(raw.context)
        if raw.action.startswith("s3:"):
            told["s3:resourceaccount"] = (self._account,)
        identity = self._identity(raw, self._worlds[0])
        if identity is not None:
            told["aws:principalarn"] = (identity.arn,)  # a session's own ARN has lost the role's path
            told["aws:viaawsservice"] = ("false",)
            function = self._functions.get(raw.session or "")
            if function is not None and raw.source in _WITH_FUNCTION:
                told["lambda:sourcefunctionarn"] = (function,)
        if has_time:
            moment = datetime.fromtimestamp(raw.time, UTC)
            told["aws:currenttime"] = (moment.strftime("%Y-%m-%dT%H:%M:%SZ"),)
            told["aws:epochtime"] = (str(int(raw.time)),)
        return told


def _key(raw: RawDecision) -> tuple[object, ...]:
    """Return all that an opinion depends on, the time apart."""
    has_function = raw.source in _WITH_FUNCTION
    return raw.principal, raw.action, raw.resource, raw.context, raw.outcome, raw.policy, has_function
