"""Prove obligations: every class of requests is decided by the evaluator, one request for each.

A decision depends on a request only through which texts of policies match, and how. So the requests of an
obligation fall into finitely many classes; one request of each is computed, and `lakenb.iam.evaluator`
decides it: there is no second semantics. ONLY looks at nothing but what some Allow covers, since nothing
else can be allowed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lakenb.iam.evaluator import evaluate
from lakenb.iam.patterns import Kind, Wild, pattern
from lakenb.iam.proof import memory
from lakenb.iam.proof.actions import shown
from lakenb.iam.proof.asked import OWNER, account, endpoints, in_force, is_told
from lakenb.iam.proof.classes import Classes
from lakenb.iam.proof.contexts import TooManyContextsError, contexts, exactly, filler
from lakenb.iam.proof.covered import covered, regions, whole
from lakenb.iam.proof.globs import glob, of_action
from lakenb.iam.proof.guards import guards
from lakenb.iam.proof.keys import Setting
from lakenb.iam.proof.machines import TooManyStatesError
from lakenb.iam.proof.needs import need, needs
from lakenb.iam.proof.values import Cell, Modality, Outcome, Verdict, Within
from lakenb.iam.proof.witness import witness
from lakenb.iam.requests import Request
from lakenb.iam.truth import NO, YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from lakenb.iam.evaluator import InForce
    from lakenb.iam.proof.compiled import Compiled
    from lakenb.iam.proof.contexts import Context
    from lakenb.iam.proof.covered import Domain, Region
    from lakenb.iam.proof.values import Obligation, Witness
    from lakenb.iam.stacks.world import World

STATES: Final = 20_000
_LATER: Final = 20  # the share of the states that is left to later domains once one has taken too many
_CELLS: Final = 20_000
_KEY: Final = "doc"  # for people: a key is easier to believe than a prefix
_OTHER: Final = "999999999999"  # an account that stands for all that no policy names
_TOO_MANY: Final = (
    "the conditions of the policies in force have more combinations of keys and values than can be looked at"
)
_OTHERS: Final = "resources of other accounts are among those asked about, and their policies are not known"
_DENIALS: Final = frozenset({Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED})


class _TooManyCellsError(Exception):
    """An obligation has more classes than were allowed."""


def prove(world: World, obligation: Obligation, *, states: int = STATES) -> Outcome:
    """Return what becomes of an obligation in one world.

    Parameters
    ----------
    world
        One deployment of the template.
    obligation
        What is claimed.
    states
        How many states of a product automaton may be looked at before the answer is UNDECIDED.

    Returns
    -------
    Outcome
        PROVED: no request breaks it. FAILED: the witness does, by the evaluator's own decision.

    Raises
    ------
    InternalError
        If a witness is decided otherwise when it is asked again.
    """
    index, endpoint = guards(world), endpoints(world, obligation)
    key = memory.key(world, obligation, endpoint, states)
    outcome = memory.recall(key, index, obligation.who.principal)
    if outcome is None:
        proof = _Proof(world, obligation, states)
        outcome = proof.outcome()
        alive = (*obligation.who.identity, *obligation.who.boundaries, *endpoint)
        memory.keep(key, index, outcome, tuple(proof.prefixes), alive)
    return outcome


class _Proof:
    """One obligation under proof."""

    def __init__(self, world: World, obligation: Obligation, states: int) -> None:
        zone = obligation.zone
        self.world = world
        self.who = obligation.who
        self.asks = obligation.who.principal
        self.limit = self.states = states
        self.is_only = obligation.modality is Modality.ONLY
        self.limits = zone.context
        self.actions = tuple(map(of_action, zone.actions))
        self.resources = tuple(map(glob, zone.resources))
        self.zone = zone
        self.needs = needs(obligation.needs)
        self.index = guards(world)
        self.endpoint = endpoints(world, obligation)
        setting = Setting(self.asks, "", "", "", world.endpoints)
        self.fill = filler(setting, dict(zone.context))
        self.widest = filler(setting, dict(zone.context), open_as=Wild.MANY)
        self.classes = Classes(world, self.index, self.who, self.needs, need(zone), self.endpoint, self.fill)
        self.within: dict[Within, None] = {}
        self.cells: dict[object, Cell] = {}
        self.prefixes: set[str] = set()
        self.doubts: dict[str, None] = {}
        if not self.is_only and any(map(_spans_accounts, zone.resources)):
            self._doubt(_OTHERS)
        self.open: Witness | None = None
        self.failed: Witness | None = None

    def outcome(self) -> Outcome:
        """Return what becomes of it."""
        for domain in self._domains():
            try:
                self._look(domain)
            except TooManyStatesError:
                self._doubt(
                    "the wildcards of the policies in force cut the requests into more pieces than can be "
                    f"looked at ({self.limit:,} states)"
                )
                self.states = self.limit // _LATER  # what else there is must not take as long again
            except _TooManyCellsError:
                self._doubt(_TOO_MANY)
            if self.failed is not None:
                break
        within, cells = tuple(self.within), tuple(self.cells.values())
        if self.failed is not None:
            return Outcome(Verdict.FAILED, self.failed, self._told(self.failed), within, cells)
        if self.open is not None:
            return Outcome(Verdict.UNDECIDED, self.open, self._told(self.open), within, cells)
        if self.doubts:
            return Outcome(Verdict.UNDECIDED, None, "; ".join(self.doubts), within, cells)
        return Outcome(Verdict.PROVED, None, "", within, cells)

    def _doubt(self, why: str) -> None:
        self.doubts[why] = None

    def _told(self, found: Witness) -> str:
        """Return what a witness shows, in one sentence."""
        what = f"{found.action} on {self.world.shown(found.resource)}"
        if found.decision is Decision.UNDECIDED:
            reasons = self.world.shown("; ".join(found.reasons[1:2]))
            return f"it is undecided whether {found.who} can {what}{': ' if reasons else ''}{reasons}"
        return f"{found.who} {'can' if self.is_only else 'cannot'} {what}"

    def _domains(self) -> Iterable[Domain]:
        if not self.is_only:
            return whole(self.actions, self.resources)
        return covered(self.world, self.index, self.who, self.actions, self.resources, self.widest)

    def _look(self, domain: Domain) -> None:
        """Look at one domain: whether a need holds it whole, and if not, at every class of it."""
        statement, action, resource = domain.statement, domain.action, domain.resource
        if statement is not None and action is not None and resource is not None:
            number = self.needs.holding(statement, action, resource)
            if number is not None:
                self.within[Within(domain.label, action.text, resource.text, number)] = None
                return
        if not domain.guard:
            self.prefixes.add(max((each.prefix for each in domain.resources), key=len))
        is_open = statement is not None and not all(each.is_known for each in statement.conditions)
        for region in regions(self.world, self.index, domain):
            if is_open and self.open is not None:
                return  # nothing of it can be certain, and one request that is open was found
            found = self.classes.of(domain, region, self.states)
            for on in found.resources:
                for name in found.actions:
                    self._decide(domain, region, found.statements, name, on)
                    if self.failed is not None or (is_open and self.open is not None):
                        return

    def _decide(
        self, domain: Domain, region: Region, statements: Sequence[Compiled], action: str, resource: str
    ) -> None:
        """Decide every context of one action on one resource."""
        own = account(self.world, self.who, resource)
        for where in (own, *self._other_owners(statements, resource, own)):
            told = {} if where == own else {OWNER: (where,)}
            bare = Request(self.asks, action, resource, where, {})
            about = [
                each
                for each in statements
                if each.statement.actions.cover(action)
                and (each.with_variables or each.statement.covers_resource(bare) != NO)
            ]
            if domain.statement is not None and all(each.statement is not domain.statement for each in about):
                return
            policies = in_force(self.who, where, region.policy, self.world, self.endpoint)
            for context in self._contexts(domain, about, bare):
                self._judge(Request(self.asks, action, resource, where, context | told), policies)
                if self.failed is not None:
                    return

    def _other_owners(self, statements: Sequence[Compiled], resource: str, own: str) -> tuple[str, ...]:
        """Return other accounts that a resource may belong to, as far as conditions tell them apart."""
        texts = {
            value
            for each in statements
            for condition in each.statement.conditions
            if condition.name == OWNER
            for value in condition.values
        }
        texts.update(text for key, values in self.limits if key == OWNER for text in values)
        if not texts or not self.is_only or is_told(self.world, resource):
            return ()
        whole = {text for text in texts if len(text) == len(_OTHER) and text.isdigit()}
        if whole != texts:
            self._doubt("a condition compares the resource's account with a pattern: not every one was tried")
        return tuple(sorted({*whole, _OTHER} - {own}))

    def _contexts(self, domain: Domain, about: Sequence[Compiled], bare: Request) -> tuple[Context, ...]:
        if not self.is_only:
            return (exactly(self.limits),)
        setting = Setting(self.asks, bare.action, bare.resource, bare.account, self.world.endpoints)
        wanted = [
            self.needs.all[number].shape.context for number in self.needs.on(bare.action, bare.resource)
        ]
        statements = [each.statement for each in about]
        try:
            found = contexts(setting, statements, domain.statement, self.limits, wanted, self.states)
        except TooManyContextsError as error:
            self._doubt(_TOO_MANY)
            return error.found
        if () not in wanted:  # else a need covers it all, whatever the context
            if found.open_keys:
                keys = ", ".join(found.open_keys)
                self._doubt(
                    f"a policy in force holds the variable {keys}, which nothing fixes: not every value of "
                    "it was tried"
                )
            if not found.is_exact:
                self._doubt("a condition key is compared as several types: not every value was tried")
        return found.found

    def _told_with_key(self, request: Request, policies: InForce, decision: Decision) -> Request:
        """Return a request with a whole key in place of a prefix, where it breaks the obligation as well."""
        if not (self.is_only and request.resource.endswith("/")):
            return request
        longer = replace(request, resource=f"{request.resource}{_KEY}")
        asked = (pattern(text, Kind.RESOURCE, has_variables=True) for text in self.zone.resources)
        is_asked = any(each.matches(longer.resource, longer.values) == YES for each in asked)
        if is_asked and self.needs.covering(longer) is None and evaluate(longer, policies) is decision:
            return longer
        return request

    def _judge(self, request: Request, policies: InForce) -> None:
        """Decide one request, and keep what breaks the obligation or leaves it open."""
        carried = tuple(sorted(request.context.items()))
        key = (request.action, request.resource, carried)
        if key in self.cells:
            return
        if len(self.cells) >= _CELLS:
            raise _TooManyCellsError
        decision = evaluate(request, policies)
        number = self.needs.covering(request) if self.is_only else None
        self.cells[key] = Cell(shown(request.action), request.resource, carried, decision, number)
        if number is not None or (decision in _DENIALS if self.is_only else decision is Decision.ALLOWED):
            return
        if decision is not Decision.UNDECIDED:
            self.failed = witness(
                self.who, self._told_with_key(request, policies, decision), policies, decision
            )
        elif self.open is None:
            self.open = witness(self.who, request, policies, decision)


def _spans_accounts(resource: str) -> bool:
    """Return whether a glob names resources of more accounts than one."""
    fields = resource.split(":", 5)
    return len(fields) > 5 and any(wild in fields[4] for wild in "*?")  # noqa: PLR2004 - the fields of an ARN
