"""An optional second opinion on proofs: cvc5, a solver with a theory of strings.

It is asked about the two texts of a request, action and resource; conditions are left to the evaluator. So
its opinion is one of three: nothing lies beyond the needs, whatever conditions say; this request does, and
the evaluator allows it; or conditions decide, and it has none. Install ``lakenb[smt]``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from lakenb.errors import UnsupportedError
from lakenb.iam.checker.facts import can_be_asked
from lakenb.iam.evaluator import InForce, evaluate
from lakenb.iam.patterns import Kind, Pattern, Variable, Wild, pattern
from lakenb.iam.proof.values import Modality, Outcome, Verdict
from lakenb.iam.requests import Request
from lakenb.iam.truth import MAYBE, YES, Decision

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.values import Obligation, Shape
    from lakenb.iam.stacks.world import World
    from lakenb.iam.truth import Truth

MILLISECONDS: Final = 5_000
_FIELDS: Final = 5
_ACTION: Final = re.compile(r"[a-z0-9_-]+:[a-z0-9_-]+")
_RESOURCE: Final = re.compile(r"\*|arn:(?:[^:]*:){4}.+", re.DOTALL)


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
        self.asks = obligation.who.principal
        self.words = _Words(_solver())
        self.milliseconds = milliseconds

    def opinion(self) -> Opinion:
        is_ours = self.asks.account == self.world.account
        if self.asks.account and not (is_ours and self.asks.has_own_policies):
            return Opinion(Verdict.UNDECIDED, "across accounts, and of root users, cvc5 is not asked")
        return self._can() if self.obligation.modality is Modality.CAN else self._only()

    def _only(self) -> Opinion:
        """Return whether an Allow reaches beyond the needs, as far as no condition has a say."""
        words, why = self.words, ""
        zone = words.names(self.obligation.zone, least=MAYBE)
        needed = [words.names(need, least=YES) for need in self.obligation.needs if not need.context]
        spared = words.neither([*needed, *self._hits(is_allow=False, least=YES)])
        for allowed in self._hits(is_allow=True, least=MAYBE):
            found = self._asked([zone, spared, allowed])
            if found.verdict is Verdict.FAILED:
                return found
            why = why or found.why
        return Opinion(Verdict.UNDECIDED if why else Verdict.PROVED, why)

    def _can(self) -> Opinion:
        """Return whether who asks is allowed all of the zone by its own policies, whatever conditions say."""
        words, who = self.words, self.obligation.who
        zone = words.names(self.obligation.zone, least=YES)
        if (
            who.boundaries
            or not self.asks.account
            or self._is_known([zone, words.elsewhere(self.asks.account)])
        ):
            return Opinion(
                Verdict.UNDECIDED, "where more than policies of its own is needed, cvc5 is not asked"
            )
        granted = list(self._hits(is_allow=True, least=YES, with_guards=False))
        denied = list(self._hits(is_allow=False, least=MAYBE))
        return self._asked([zone, words.any([words.neither(granted), *denied])])

    # --- statements -------------------------------------------------------------------------------------

    def _hits(self, *, is_allow: bool, least: Truth, with_guards: bool = True) -> Iterator[Any]:
        """Yield what each statement of an effect matches: certainly, or at least possibly."""
        words = self.words
        who = self.obligation.who
        own = (*who.identity, *(() if is_allow else who.boundaries)) if self.asks.has_own_policies else ()
        for each in (each for one in own for each in one.statements):
            if each.is_allow is is_allow and (least == MAYBE or not each.conditions):
                yield words.matched(each, least)
        anything = Request(self.asks, "any:Thing", "*", self.world.account, {})
        for arn, guard in self.world.guards.items() if with_guards else ():
            if not self._is_near(arn):
                continue
            for each in guard.statements:
                reached = each.reach(anything, has_boundary=bool(who.boundaries))
                counts = each.is_allow is is_allow and (least == MAYBE or not each.conditions)
                if counts and reached[1 if least == MAYBE else 0]:
                    yield words.all([words.guarded(arn), words.matched(each, least)])

    def _is_near(self, arn: str) -> bool:
        """Return whether a guard may be about the zone, by what the zone's texts begin with."""
        begins = (
            text.partition("*")[0].partition("?")[0].partition("$")[0]
            for text in self.obligation.zone.resources
        )
        return any(arn.startswith(each) or each.startswith(arn) for each in begins)

    # --- questions --------------------------------------------------------------------------------------

    def _is_known(self, wanted: Sequence[Any]) -> bool:
        """Return whether there is such a request, or whether that is not known."""
        return not self.words.solved(wanted, self.milliseconds)[0].isUnsat()

    def _asked(self, wanted: Sequence[Any]) -> Opinion:
        result, action, resource = self.words.solved(wanted, self.milliseconds)
        if result.isUnsat():
            return Opinion(Verdict.PROVED)
        if not result.isSat():
            return Opinion(Verdict.UNDECIDED, "cvc5 does not know, or not in time")
        if self._breaks(action, resource):
            return Opinion(Verdict.FAILED, "cvc5 has a request that breaks it", action, resource)
        return Opinion(Verdict.UNDECIDED, "conditions decide, or policies that cvc5 is not asked about")

    def _breaks(self, action: str, resource: str) -> bool:
        """Return whether the evaluator, too, has it break the obligation: in the zone's own context."""
        who, zone = self.obligation.who, self.obligation.zone
        context = {key: (pattern_text(globs[0]),) for key, globs in zone.context}
        if not can_be_asked(action, resource):
            return False
        fields = resource.split(":", _FIELDS)
        account = fields[4] if len(fields) > _FIELDS and fields[4].isdigit() else self.world.account
        asked = Request(self.asks, action, resource, account, {"aws:securetransport": ("true",)} | context)
        in_force = InForce(
            identity=who.identity, resource=self.world.guard(resource), boundaries=who.boundaries
        )
        decision = evaluate(asked, in_force)
        if self.obligation.modality is Modality.CAN:
            return decision is not Decision.ALLOWED
        # A need with a context covers some of them only: whether this one, is a question of conditions.
        return decision is Decision.ALLOWED and not any(need.context for need in self.obligation.needs)


def pattern_text(glob: str) -> str:
    """Return a text that a glob of an obligation covers.

    Examples
    --------
    >>> pattern_text("vpce-*"), pattern_text("true")
    ('vpce-', 'true')
    """
    pieces = pattern(glob, Kind.LIKE, has_variables=True).pieces
    return "".join(piece if isinstance(piece, str) else "" if piece is Wild.MANY else "x" for piece in pieces)


class _Words:
    """Sets of requests in the solver's words: formulas over an action in lower case and a resource."""

    def __init__(self, cvc5: Any) -> None:
        self.cvc5 = cvc5
        self.kinds = cvc5.Kind
        self.terms = cvc5.TermManager()
        text = self.terms.getStringSort()
        self.action = self.terms.mkConst(text, "action")
        self.resource = self.terms.mkConst(text, "resource")
        make, kinds = self.terms.mkTerm, cvc5.Kind
        self.letter = make(kinds.REGEXP_ALLCHAR)
        self.anything = make(kinds.REGEXP_ALL)
        # ranges: the solver is much slower with a difference of expressions
        self.not_colon = make(kinds.REGEXP_UNION, self._range("\\u{0}", "9"), self._range(";", "\\u{2ffff}"))

    def solved(self, wanted: Sequence[Any], milliseconds: int) -> tuple[Any, str, str]:
        """Return the solver's result, and a request where there is one.

        What a request is at all makes the question harder and is seldom needed: texts of policies say it. So
        it is asked only where the answer was no request.
        """
        found = self._solved(wanted, milliseconds)
        is_request = _ACTION.fullmatch(found[1]) and _RESOURCE.fullmatch(found[2])
        if not found[0].isSat() or is_request:
            return found
        return self._solved([*wanted, self._requests()], milliseconds)

    def _solved(self, wanted: Sequence[Any], milliseconds: int) -> tuple[Any, str, str]:
        solver = self.cvc5.Solver(self.terms)
        solver.setLogic("QF_SLIA")
        solver.setOption("strings-exp", "true")
        solver.setOption("produce-models", "true")
        solver.setOption("tlimit-per", str(milliseconds))
        for term in wanted:
            solver.assertFormula(term)
        result = solver.checkSat()
        if not result.isSat():
            return result, "", ""
        action, resource = (solver.getValue(each).toPythonObj() for each in (self.action, self.resource))
        return result, str(action), str(resource)

    # --- formulas ---------------------------------------------------------------------------------------

    def all(self, terms: Sequence[Any]) -> Any:
        return self._joined(self.kinds.AND, terms, empty=True)

    def any(self, terms: Sequence[Any]) -> Any:
        return self._joined(self.kinds.OR, terms, empty=False)

    def neither(self, terms: Sequence[Any]) -> Any:
        return self.terms.mkTerm(self.kinds.NOT, self.any(terms))

    def _joined(self, kind: Any, terms: Sequence[Any], *, empty: bool) -> Any:
        if len(terms) < 2:  # noqa: PLR2004 - the solver joins two and more
            return terms[0] if terms else self.terms.mkBoolean(empty)
        return self.terms.mkTerm(kind, *terms)

    def names(self, shape: Shape, *, least: Truth) -> Any:
        """Return a shape's actions and resources, its context apart."""
        patterns = [pattern(text, Kind.RESOURCE, has_variables=True) for text in shape.resources]
        return self.all([self._actions(shape.actions), self._resources(patterns, least)])

    def matched(self, statement: Statement, least: Truth) -> Any:
        """Return what a statement's actions and resources match: with YES for certain, else perhaps."""
        actions = self._actions(statement.actions.texts)
        if statement.actions.is_negated:
            actions = self.neither([actions])
        if statement.resources is None:
            return actions
        if statement.is_negated_resources:
            # not certainly named: perhaps matched; not even perhaps named: matched for certain
            return self.all(
                [actions, self.neither([self._resources(statement.resources, YES + MAYBE - least)])]
            )
        return self.all([actions, self._resources(statement.resources, least)])

    def guarded(self, arn: str) -> Any:
        """Return the ARN that carries a policy, and all that may lie in it."""
        within = [self._literal(arn + between) for between in "/:"]
        several = [self._literal(arn), *(self._then(each, self.anything) for each in within)]
        return self._in(self.resource, several)

    def elsewhere(self, account: str) -> Any:
        """Return what an account's own policies do not decide alone: its keys, roles, other accounts."""
        fields = [self._literal("arn:"), *[self._field(), self._literal(":")] * 3]
        digit = self._range("0", "9")
        foreign = self._then(*fields, *[digit] * 12, self._literal(":"), self.anything)
        own = self._then(*fields, self._literal(f"{account}:"), self.anything)
        is_foreign = self.all(
            [self._in(self.resource, [foreign]), self.neither([self._in(self.resource, [own])])]
        )
        return self.any([is_foreign, self._actions(("kms:*", "sts:*"))])

    def _actions(self, texts: Iterable[str]) -> Any:
        return self._in(
            self.action,
            [self._expression(pattern(text.lower(), Kind.LIKE, has_variables=False), YES) for text in texts],
        )

    def _resources(self, patterns: Iterable[Pattern], least: Truth) -> Any:
        return self._in(self.resource, [self._expression(each, least) for each in patterns])

    def _requests(self) -> Any:
        """Return what is a request at all."""
        make, kinds = self.terms.mkTerm, self.kinds
        ranges = [self._range(*ends) for ends in ("az", "09", "--", "__")]
        name = make(kinds.REGEXP_PLUS, make(kinds.REGEXP_UNION, *ranges))
        action = self._then(name, self._literal(":"), name)
        some = make(kinds.REGEXP_PLUS, self.letter)
        arn = self._then(self._literal("arn:"), *[self._field(), self._literal(":")] * 4, some)
        return self.all([self._in(self.action, [action]), self._in(self.resource, [self._literal("*"), arn])])

    # --- expressions ------------------------------------------------------------------------------------

    def _in(self, text: Any, expressions: Sequence[Any]) -> Any:
        return self.any([self.terms.mkTerm(self.kinds.STRING_IN_REGEXP, text, each) for each in expressions])

    def _range(self, low: str, high: str) -> Any:
        ends = (self.terms.mkString(each, useEscSequences=True) for each in (low, high))
        return self.terms.mkTerm(self.kinds.REGEXP_RANGE, *ends)

    def _literal(self, text: str) -> Any:
        return self.terms.mkTerm(self.kinds.STRING_TO_REGEXP, self.terms.mkString(text))

    def _field(self) -> Any:
        return self.terms.mkTerm(self.kinds.REGEXP_STAR, self.not_colon)

    def _then(self, *expressions: Any) -> Any:
        return self.terms.mkTerm(self.kinds.REGEXP_CONCAT, *expressions)

    def _expression(self, glob: Pattern, least: Truth) -> Any:
        """Return what a pattern covers for certain, or with MAYBE what it may cover.

        Field by field as `lakenb.iam.patterns` has it: in the first five fields of an ARN a wildcard stays
        in its field, and a ``*`` at a field's end may run on.
        """
        pieces = [Wild.UNKNOWN if isinstance(each, Variable) else each for each in glob.pieces]
        is_open = Wild.UNKNOWN in pieces
        if is_open and least == YES:
            return self.terms.mkTerm(self.kinds.REGEXP_NONE)
        begins = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        by_field = glob.kind in {Kind.RESOURCE, Kind.ARN} and begins.startswith("arn:")
        colons = 0 if by_field and not is_open and (least == YES or not _runs_on(pieces)) else _FIELDS
        found = [self._literal("")]
        for place, piece in enumerate(pieces):
            if isinstance(piece, str):
                colons += piece.count(":")
                found.append(self._literal(piece))
                continue
            is_last = place == len(pieces) - 1 and glob.kind is Kind.RESOURCE
            is_inside = colons < _FIELDS and not is_last
            if piece is Wild.ONE:
                found.append(self.not_colon if is_inside else self.letter)
            else:
                found.append(self._field() if is_inside else self.anything)
        return self._then(*found, self._literal(""))


def _runs_on(pieces: Sequence[str | Wild | Variable]) -> bool:
    """Return whether a ``*`` ends one of the first five fields."""
    colons = 0
    for place, piece in enumerate(pieces):
        if isinstance(piece, str):
            colons += piece.count(":")
            continue
        following = pieces[place + 1] if place + 1 < len(pieces) else ":"
        if piece is Wild.MANY and colons < _FIELDS and isinstance(following, str) and following[0] == ":":
            return True
    return False
