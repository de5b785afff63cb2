"""The context keys in question for one kind of request, and the values of each that policies tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lakenb.iam.patterns import Pattern, Variable, Wild
from lakenb.iam.proof.cells import Tests, plain, several, values
from lakenb.iam.proof.keys import (
    MOMENTS,
    MULTIVALUED,
    TRUTHS,
    Presence,
    by_principal,
    fixed,
    is_multivalued,
    presence,
    related,
)
from lakenb.iam.requests import Request
from lakenb.iam.truth import NO

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.iam.conditions import Condition
    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.globs import Fill, Glob
    from lakenb.iam.proof.keys import Setting, Values

Context = dict[str, tuple[str, ...]]

_ASSUMED: Final = "x"  # the value of a key that a variable stands for and nothing fixes
_HINTS: Final = {
    "aws:sourceaccount": "999999999999",
    "aws:principalaccount": "999999999999",
    "aws:resourceaccount": "999999999999",
    "aws:sourcearn": "arn:aws:other:::thing",
    "aws:principalorgid": "o-other",
    "aws:sourcevpc": "vpc-other",
    "aws:sourcevpce": "vpce-other",
    "kms:viaservice": "other.amazonaws.com",
    "aws:requestedregion": "eu-central-2",
}  # readable values for what no policy names


def asked(setting: Setting, context: Context) -> Request:
    """Return the request."""
    return Request(setting.asks, setting.action, setting.resource, setting.account, context)


def filler(setting: Setting, zone: Mapping[str, tuple[str, ...]], *, open_as: str | Wild = _ASSUMED) -> Fill:
    """Return what stands in place of a variable: what is fixed, else `open_as`.

    Where the setting has no action yet, who asks and the zone alone fix a key.
    """

    def fill(variable: Variable) -> str | Wild | None:
        is_fixed, found = (
            fixed(variable.key, setting) if setting.action else by_principal(variable.key, setting.asks)
        )
        if is_fixed:
            return found[0] if found else variable.default
        limits = zone.get(variable.key, ())
        if len(limits) == 1 and plain(limits[0]).is_literal:
            return plain(limits[0]).prefix
        return open_as

    return fill


class Collected:
    """The keys in question, with what they are compared with.

    Parameters
    ----------
    setting
        Who asks for what.
    zone
        Keys that the request carries, and what their values may be.
    """

    def __init__(self, setting: Setting, zone: Mapping[str, tuple[str, ...]]) -> None:
        self.setting = setting
        self.zone = zone
        self.tests: dict[str, Tests] = {}
        self.known: dict[str, Values] = {}
        self.carried: Context = {}
        self.open: set[str] = set()
        self.is_exact: bool = True
        self.is_whole: bool = True
        self.fill: Fill = filler(setting, zone)

    def condition(self, condition: Condition) -> None:
        """Take in a condition."""
        self._test(condition.name).add(condition, self.fill)
        for compare in condition.comparisons:
            owner = getattr(compare, "__self__", None)
            if isinstance(owner, Pattern):
                self.variables(owner)

    def variables(self, pattern: Pattern, *, of_resource: bool = False) -> None:
        """Take in the variables of a text.

        Resources were told apart before the action was known: there who asks and the zone alone fix a key.
        """
        if pattern.matcher is not None:
            return
        for piece in pattern.pieces:
            if isinstance(piece, Variable) and not self._is_settled(piece.key, of_resource=of_resource):
                self.open.add(piece.key)
                if not fixed(piece.key, self.setting)[0]:
                    self._test(piece.key).add_glob(plain(_ASSUMED))

    def _is_settled(self, key: str, *, of_resource: bool) -> bool:
        limits = self.zone.get(key, ())
        is_fixed = by_principal(key, self.setting.asks) if of_resource else fixed(key, self.setting)
        return is_fixed[0] or (len(limits) == 1 and plain(limits[0]).is_literal)

    def limit(self, key: str, texts: tuple[str, ...]) -> None:
        """Take in what a key's values may be."""
        tests = self._test(key)
        for text in texts:
            tests.add_glob(plain(text))

    def _test(self, key: str) -> Tests:
        return self.tests.setdefault(key, Tests())

    def cells(self, states: int, only: Statement | None) -> dict[str, list[Values]] | None:
        """Return each open key's values; None where the zone wants what cannot be."""
        literals = {key: tuple(sorted(tests.literals)) for key, tests in self.tests.items()}
        for key, texts in related(frozenset(self.tests), literals, self.setting).items():
            self.limit(key, texts)
        moments = [self.tests[key] for key in MOMENTS if key in self.tests]
        for tests in moments:
            tests.marks = {mark for each in moments for mark in each.marks}
        found: dict[str, list[Values]] = {}
        for key, tests in sorted(self.tests.items()):
            within = [plain(text) for text in self.zone[key]] if key in self.zone else []
            is_fixed, value = fixed(key, self.setting)
            if is_fixed:
                fits = value and all(any(each.may_accept(text) for each in within) for text in value)
                if within and not fits:
                    return None
                self._keep(key, value)
                continue
            cells = self._of(key, tests, within, states)
            if only is not None:
                cells = [value for value in cells if self._can_hold(only, key, value)]
            if not cells:
                return None
            found[key] = cells
        return found

    def _keep(self, key: str, value: Values) -> None:
        self.known[key] = value
        if value is not None and key not in self.setting.asks.keys and key != "aws:resourceaccount":
            self.carried[key] = value

    def _of(self, key: str, tests: Tests, within: list[Glob], states: int) -> list[Values]:
        if key in TRUTHS:
            tests.families.add("bool")
        found = values(key, tests, within, (_HINTS.get(key, "other"),), states)
        self.is_exact &= tests.is_exact
        # a plain operator on several values is not documented, and such keys have them
        has_several = is_multivalued(key) if tests.is_set else bool(MULTIVALUED.fullmatch(key))
        cells, is_whole = several(found, is_multivalued=has_several)
        self.is_whole &= is_whole
        if not within and presence(key, self.setting) is not Presence.ALWAYS:
            cells.insert(0, None)
        return cells

    def _can_hold(self, only: Statement, key: str, value: Values) -> bool:
        """Return whether a statement's conditions on one key can hold with a value."""
        request = asked(self.setting, {} if value is None else {key: value})
        return all(
            condition.holds(request) != NO
            for condition in only.conditions
            if condition.name == key and not _has_variables(condition)
        )


def _has_variables(condition: Condition) -> bool:
    owners = (getattr(compare, "__self__", None) for compare in condition.comparisons)
    return any(isinstance(owner, Pattern) and owner.matcher is None for owner in owners)
