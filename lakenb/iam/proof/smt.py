"""An optional second opinion on proofs: cvc5, a solver with a theory of strings.

It is asked about the two texts of a request, action and resource; conditions are left to the evaluator. So
its opinion is one of three: nothing lies beyond the needs, whatever conditions say; this request does, and
the evaluator allows it; or conditions decide, and it has none. Install ``lakenb[smt]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import UnsupportedError
from lakenb.iam.evaluator import evaluate
from lakenb.iam.parser import policy
from lakenb.iam.patterns import Kind, Pattern, Variable, Wild, pattern
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.values import Modality, Outcome, Verdict
from lakenb.iam.requests import Request
from lakenb.iam.truth import YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakenb.iam.policies import Policy, Statement
    from lakenb.iam.proof.values import Obligation, Shape
    from lakenb.iam.stacks.world import World

MILLISECONDS: Final = 5_000
_FIELDS: Final = 5
_DENIED: Final = frozenset({Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED})


@dataclass(frozen=True, slots=True)
class Opinion:
    """What cvc5 says of an obligation.

    Parameters
    ----------
    verdict
        UNDECIDED where it has no opinion.
    why
        The reason: a sentence; empty when proved.
    action, resource
        A request that breaks the obligation; empty where there is none.
    """

    verdict: Verdict
    why: str = ""
    action: str = ""
    resource: str = ""

    def agrees(self, outcome: Outcome) -> bool:
        """Return whether it does not contradict an outcome; UNDECIDED contradicts nothing."""
        return Verdict.UNDECIDED in {self.verdict, outcome.verdict} or self.verdict is outcome.verdict


def opinion(world: World, obligation: Obligation, *, milliseconds: int = MILLISECONDS) -> Opinion:
    """Return what cvc5 says of an obligation in a world.

    Parameters
    ----------
    world, obligation
        As `lakenb.iam.proof.prover.prove` takes them.
    milliseconds
        How long it may take for each question; past that it has no opinion.

    Raises
    ------
    UnsupportedError
        If cvc5 is not installed.
    """
    return _Asking(world, obligation, milliseconds).opinion()


def agrees(
    world: World, obligation: Obligation, outcome: Outcome, *, milliseconds: int = MILLISECONDS
) -> bool:
    """Return whether cvc5 does not contradict what the prover says of an obligation.

    Raises
    ------
    UnsupportedError
        If cvc5 is not installed.
    """
    return opinion(world, obligation, milliseconds=milliseconds).agrees(outcome)


def _solver() -> Any:
    try:
        return import_module("cvc5")
    except ImportError:
        raise UnsupportedError(
            "the cross-check of proofs needs the solver cvc5, which is not installed",
            "lakenb.iam.proof.smt",
            'run: pip install "lakenb[smt]"',
        ) from None


class _Asking:
    """The questions about one obligation."""

    def __init__(self, world: World, obligation: Obligation, milliseconds: int) -> None:
        self.world = world
        self.obligation = obligation
        self.cvc5 = _solver()
        self.terms = self.cvc5.TermManager()
        self.milliseconds = milliseconds
        text = self.terms.getStringSort()
        self.action = self.terms.mkConst(text, "action")
        self.resource = self.terms.mkConst(text, "resource")

    def opinion(self) -> Opinion:
        asks = self.obligation.who
        is_ours = asks.principal.account == self.world.account
        if asks.principal.account and not (is_ours and asks.principal.has_own_policies):
            return Opinion(Verdict.UNDECIDED, "across accounts, and of root users, cvc5 is not asked")
        if self.obligation.modality is Modality.CAN:
            return self._can()
        why = ""
        for about in self._allowing():
            found = self._beyond(about)
            if found.verdict is Verdict.FAILED:
                return found
            why = why or found.why
        return Opinion(Verdict.UNDECIDED if why else Verdict.PROVED, why)

    # --- questions --------------------------------------------------------------------------------------

    def _beyond(self, about: Any) -> Opinion:
        """Return whether an Allow reaches beyond the needs, where no condition has a say."""
        asked = [self._in_zone(), about]
        asked += [self._not(self._in(need, least=YES)) for need in self.obligation.needs if not need.context]
        asked += [self._not(each) for each in self._denying()]
        return self._asked(asked, broken=lambda decision: decision not in _DENIED)

    def _can(self) -> Opinion:
        """Return whether the role's own policies allow all of the zone, where no condition has a say."""
        asks = self.obligation.who
        own = [
            self._covered(each, least=YES)
            for one in asks.identity
            for each in one.statements
            if each.is_allow and not each.conditions
        ]
        lacking = self._not(self._any(own))
        denied = self._any([*self._denying(least=1, with_conditions=True)])
        if asks.boundaries or not asks.principal.account:
            return Opinion(Verdict.UNDECIDED, "who is limited, or has no policies, cvc5 is not asked about")
        return self._asked(
            [self._in_zone(), self._any([lacking, denied, self._leaves()])],
            broken=lambda decision: decision is not Decision.ALLOWED,
        )

    def _asked(self, wanted: Sequence[Any], *, broken: Any) -> Opinion:
        solver = self.cvc5.Solver(self.terms)
        solver.setLogic("QF_SLIA")
        solver.setOption("strings-exp", "true")
        solver.setOption("produce-models", "true")
        solver.setOption("tlimit-per", str(self.milliseconds))
        for term in (self._is_request(), *wanted):
            solver.assertFormula(term)
        result = solver.checkSat()
        if result.isUnsat():
            return Opinion(Verdict.PROVED)
        if not result.isSat():
            return Opinion(Verdict.UNDECIDED, "cvc5 does not know, or not in time")
        action, resource = (solver.getValue(term).toPythonObj() for term in (self.action, self.resource))
        if broken(self._decided(action, resource)):
            return Opinion(Verdict.FAILED, "cvc5 has a request that breaks it", action, resource)
        return Opinion(Verdict.UNDECIDED, "conditions, or other policies, decide")

    def _decided(self, action: str, resource: str) -> Decision:
        """Return the evaluator's decision, in the zone's context and no other."""
        asks = self.obligation.who
        context = {key: tuple(each for each in globs[:1]) for key, globs in self.obligation.zone.context} or {
            "aws:securetransport": ("true",)
        }
        fields = resource.split(":", _FIELDS)
        account = fields[4] if len(fields) > _FIELDS and fields[4].isdigit() else self.world.account
        asked = Request(asks.principal, action, resource, account, context)
        needed = any(not need.context and self._names(need, asked) for need in self.obligation.needs)
        if needed:
            return Decision.IMPLICITLY_DENIED
        identity = None
        in_force = self.world.in_force(identity, resource)
        return evaluate(
            asked,
            type(in_force)(identity=asks.identity, resource=in_force.resource, boundaries=asks.boundaries),
        )
