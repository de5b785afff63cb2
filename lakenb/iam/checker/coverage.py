"""Whether the cells of a certificate stand for every request, and its parts lie within their needs."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Final

from lakenb.iam.checker.contexts import Asked, Carried, NotCheckedError, contexts
from lakenb.iam.checker.facts import can_be_asked
from lakenb.iam.checker.languages import ACTION_NAMES, TEXTS, TooLargeError, classes, outside
from lakenb.iam.checker.parts import Cutter, Part
from lakenb.iam.requests import Sort
from lakenb.iam.truth import NO, YES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.iam.checker.setting import Set, Setting, Signature
    from lakenb.iam.conditions import Condition
    from lakenb.iam.patterns import Pattern
    from lakenb.iam.proof.values import Within
    from lakenb.iam.requests import Request

_SHOWN: Final = 3
_MOST_REQUESTS: Final = 200_000


class Coverage:
    """Compares what a certificate has looked at with what there is to look at.

    Parameters
    ----------
    setting
        Of the certificate.
    within
        Its parts.
    known
        The classes of its cells.
    """

    def __init__(self, setting: Setting, within: Iterable[Within], known: frozenset[Signature]) -> None:
        self.setting = setting
        self.cutter: Cutter = Cutter(setting)
        self.within: tuple[Within, ...] = tuple(within)
        self._met: set[Signature] = set(known)
        self._count = 0

    def complaints(self) -> Iterator[str]:
        """Yield what is wrong with the parts, and then the requests that nothing stands for."""
        if self.setting.is_exact:
            if self.within:
                yield "within: a liveness claim is proved by its cells alone"
            yield from self._uncovered([self.cutter.whole()])
            return
        parts = list(self.cutter.parts())
        settled: set[tuple[str, str, str]] = set()
        for number, each in enumerate(self.within):
            meant = [part for part in parts if _name(part) == (each.statement, each.action, each.resource)]
            if not meant:
                yield (
                    f"within[{number}]: no Allow about who asks is {each.statement} "
                    f"with {each.action} on {self._shown(each.resource)}"
                )
            faults = [fault for part in meant if (fault := self._beyond(part, each.need)) is not None]
            yield from (f"within[{number}]: {fault}" for fault in faults)
            if meant and not faults:
                settled.add((each.statement, each.action, each.resource))
        if self.setting.principal.sort is Sort.ROOT:
            parts.append(self.cutter.whole())  # a root user needs no statement
        yield from self._uncovered([part for part in parts if _name(part) not in settled])

    # --- parts within needs -----------------------------------------------------------------------------

    def _beyond(self, part: Part, number: int) -> str | None:
        """Return what keeps a part from lying within a need; None: it does."""
        need = self.setting.needs[number]
        of = self.cutter.of
        try:
            widest = (self.cutter.zone_possible, *part.resources[1:])
            meets = (
                outside(part.actions, part.not_actions, ACTION_NAMES) is not None
                and outside(widest, part.not_resources, TEXTS) is not None
            )
            if not meets:
                return "it does not meet the zone"
            wanted = [read.possible for read in map(of, need.actions)]
            action = outside(part.actions, [*wanted, *part.not_actions], ACTION_NAMES)
            certain = [chain for chain in (of(each).certain for each in need.resources) if chain is not None]
            resource = outside(part.resources, [*certain, *part.not_resources], TEXTS)
            if action is not None or resource is not None:
                what = action or self._shown(resource or "")
                return f"need {number} does not contain it: {what} lies outside"
            context = self._context_beyond(part, need)
        except (TooLargeError, NotCheckedError) as error:
            return f"it cannot be checked: {error}"
        if context is None:
            return None
        return f"need {number} does not contain it: a request{_worded(context)} lies outside"

    def _context_beyond(self, part: Part, need: Set) -> Carried | None:
        """Return a context in which the statement may allow and that the need does not have."""
        if not need.context or part.stated is None:
            return None
        statement = part.stated.statement
        cut_actions, cut_resources = self.cutter.cuts(part)
        resources = classes(cut_resources, part.resources, TEXTS).values()
        for action, resource in product(self.cutter.actions(part, cut_actions), resources):
            if can_be_asked(action, resource):
                asked = self._asked(self.setting.request(action, resource), statement.conditions, [need])
                for carried in contexts(asked):
                    drawn = replace(asked.request, context=carried)
                    is_had = all(
                        (found := drawn.values(key)) and all(_fits(value, globs, drawn) for value in found)
                        for key, globs in need.context.items()
                    )
                    if statement.holds(drawn) != NO and not is_had:
                        return carried
        return None

    # --- cells ------------------------------------------------------------------------------------------

    def _uncovered(self, parts: Iterable[Part]) -> Iterator[str]:
        missing: Counter[str] = Counter()
        try:
            for part in parts:
                where = part.stated.name if part.stated else "the zone"
                for asked in self._unknown(part):
                    missing[where] += 1
                    if missing[where] <= _SHOWN:
                        yield (
                            f"cells: none stands for {asked.action} on {self._shown(asked.resource)}"
                            f"{_worded(asked.context)}, to be looked at for {where}"
                        )
        except (TooLargeError, NotCheckedError) as error:
            yield f"cells: that they stand for every request cannot be checked: {error}"
        for where, count in missing.items():
            if count > _SHOWN:
                yield f"cells: {count - _SHOWN} more are missing for {where}"

    def _unknown(self, part: Part) -> Iterator[Request]:
        """Yield a request of every class of a part that no cell belongs to, each class once.

        What is never asked of a resource cannot be a hole; nor can it prove access, so there it counts.
        """
        cut_actions, cut_resources = self.cutter.cuts(part)
        actions = self.cutter.actions(part, cut_actions)
        resources = classes(cut_resources, part.resources, TEXTS).values() if actions else ()
        for action, resource in product(actions, resources):
            counts = self.setting.is_exact or can_be_asked(action, resource)
            for asked in self._requests(action, resource) if counts else ():
                signature = self.setting.signature(asked)
                if signature not in self._met and self._concerns(part, asked):
                    self._met.add(signature)
                    yield asked

    def _requests(self, action: str, resource: str) -> Iterator[Request]:
        """Yield the requests for an action on a resource, in every sort of context."""
        setting = self.setting
        asked = setting.request(action, resource)
        needs = [need for need in setting.needs if need.names(asked, least=YES)]
        about = [each.statement for each in setting.stated(asked)]
        about = [each for each in about if each.actions.cover(action.lower())]
        if needs and not all(need.context for need in needs):
            # A need covers them all: what a variable may say of them decides nothing.
            open_ = None
        else:
            patterns = (pattern for each in about for pattern in each.resources or ())
            open_ = next((each for each in patterns if self._is_open(each, asked)), None)
        if open_ is not None:
            raise NotCheckedError(f"{open_.source!r} has a variable whose value who asks does not fix")
        conditions = [
            condition for each in about if each.covers_resource(asked) != NO for condition in each.conditions
        ]
        for carried in contexts(self._asked(asked, conditions, needs)):
            self._count += 1
            if self._count > _MOST_REQUESTS:
                raise TooLargeError(f"more than {_MOST_REQUESTS} requests")
            yield replace(asked, context=carried)

    def _is_open(self, pattern: Pattern, asked: Request) -> bool:
        read = self.cutter.of(pattern)
        return read.is_open and outside([[read.possible], [tuple(asked.resource)]], []) is not None

    def _asked(self, asked: Request, conditions: Iterable[Condition], needs: Iterable[Set]) -> Asked:
        wanted = tuple((key, glob) for need in needs for key, globs in need.context.items() for glob in globs)
        zone, world = self.setting.zone, self.setting.world
        return Asked(asked, tuple(conditions), zone.context, wanted, self.setting.is_exact, world.endpoints)

    def _concerns(self, part: Part, asked: Request) -> bool:
        """Return whether the part's statement can have a request allowed; without one, every request counts.

        Within an account a guard that leaves it to the account grants nothing by itself: such requests are
        looked at for the policies of who asks. What lies in a foreign principal's own account is not the
        template's.
        """
        world, asks, stated = self.setting.world, self.setting.principal, part.stated
        if asks.account and asks.account != world.account and asked.account == asks.account:
            return False
        if stated is None:
            return True
        if stated.leaves_it and not asked.is_cross_account:
            return False
        return any(each.statement is stated.statement for each, _ in self.setting.hits(asked))

    def _shown(self, text: str) -> str:
        return self.setting.world.shown(text)


def _name(part: Part) -> tuple[str, str, str]:
    return (part.stated.name if part.stated else "", part.action, part.resource)


def _fits(value: str, globs: Iterable[Pattern], asked: Request) -> bool:
    return any(each.matches(value, asked.values) for each in globs)


def _worded(context: object) -> str:
    """Return a context in words: what a request carries."""
    if not isinstance(context, dict) or not context:
        return ""
    return " with " + ", ".join(
        f"{key} {' and '.join(map(repr, values))}" for key, values in sorted(context.items())
    )
