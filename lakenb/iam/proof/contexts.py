"""Every context in which policies can decide differently, one for each class."""

from __future__ import annotations

import itertools
import math
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from lakenb.iam.proof.cells import plain
from lakenb.iam.proof.collected import Collected, Context, asked, filler
from lakenb.iam.proof.keys import action_mark, is_consistent, region
from lakenb.iam.proof.machines import TooManyStatesError
from lakenb.iam.truth import NO

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from lakenb.iam.policies import Statement
    from lakenb.iam.proof.keys import Setting

__all__ = ["Context", "Contexts", "Limits", "TooManyContextsError", "contexts", "exactly", "filler"]

Limits = tuple[tuple[str, tuple[str, ...]], ...]
"""Keys with globs, as a shape's context has them."""

_MOST: Final = 4_096
_KEPT: Final = 8_192


class TooManyContextsError(Exception):
    """Conditions on too many keys at once, or on too many values of one.

    Parameters
    ----------
    found
        Some of the contexts: whoever looks for one that breaks something may find it among them.
    """

    def __init__(self, found: tuple[Context, ...]) -> None:
        super().__init__(found)
        self.found = found


@dataclass(frozen=True, slots=True)
class Contexts:
    """The classes of contexts of one kind of request.

    Parameters
    ----------
    found
        One of each.
    open_keys
        Keys that variables stand for and nothing fixes: of these only some values were tried.
    is_exact
        Whether the classes are known exactly, variables apart.
    """

    found: tuple[Context, ...]
    open_keys: tuple[str, ...]
    is_exact: bool


def contexts(  # noqa: PLR0917 - all that one set of contexts depends on
    setting: Setting,
    statements: Sequence[Statement],
    only: Statement | None,
    zone: Limits,
    needs: Iterable[Limits],
    states: int,
) -> Contexts:
    """Return a context for each class that conditions tell apart.

    Parameters
    ----------
    setting
        Who asks for what.
    statements
        Those that are about it.
    only
        Leave out contexts in which this one's conditions do not hold.
    zone
        Keys that the request carries, and what their values may be.
    needs
        Contexts of needs, whose limits have to be told apart as well.
    states
        As `lakenb.iam.proof.globs.partition` has it.

    Raises
    ------
    TooManyContextsError
        Where there are too many.
    """
    asking = _Asking(setting, tuple(statements), only, zone, tuple(needs), states)
    mark = _mark(asking)
    found = _known.get(mark) if mark is not None else None
    if found is None:
        found = _enumerated(asking)
        if mark is not None:
            _known[mark] = found
            if len(_known) > _KEPT:
                _known.popitem(last=False)
    return found


_known: OrderedDict[Hashable, Contexts] = OrderedDict()


class _Asking(NamedTuple):
    """The arguments of `contexts`."""

    setting: Setting
    statements: tuple[Statement, ...]
    only: Statement | None
    zone: Limits
    needs: tuple[Limits, ...]
    states: int


def _mark(asking: _Asking) -> Hashable:
    """Return all that contexts depend on; None where a variable makes them depend on the request itself.

    Policies of one template say the same again and again, each about another queue.
    """
    said = []
    for statement in asking.statements:
        for condition in statement.conditions:
            if any("${" in value for value in condition.values):
                return None
            said.append((condition.operator, condition.name, condition.values))
        if any(pattern.matcher is None for pattern in statement.resources or ()):
            return None
    own = None
    if asking.only is not None:
        own = tuple((each.operator, each.name, each.values) for each in asking.only.conditions)
    setting = asking.setting
    who = (setting.asks.sort, setting.asks.text, tuple(setting.asks.keys.items()))
    what = (action_mark(setting.action), region(setting.resource), setting.account, setting.endpoints)
    return (who, what, tuple(said), own, asking.zone, asking.needs, asking.states)


def _enumerated(asking: _Asking) -> Contexts:
    setting, only = asking.setting, asking.only
    collected = _collected(asking)
    try:
        cells = collected.cells(asking.states, only)
    except TooManyStatesError:
        raise TooManyContextsError(()) from None
    if cells is None:
        return Contexts((), (), is_exact=True)
    found: list[Context] = []
    for chosen in itertools.islice(itertools.product(*cells.values()), _MOST):
        context = dict(zip(cells, chosen, strict=True))
        if is_consistent({**collected.known, **context}, setting):
            made = collected.carried | {key: value for key, value in context.items() if value is not None}
            if only is None or only.holds(asked(setting, made)) != NO:
                found.append(made)
    if not collected.is_whole or math.prod(map(len, cells.values())) > _MOST:
        raise TooManyContextsError(tuple(found))
    return Contexts(tuple(found), tuple(sorted(collected.open)), collected.is_exact)


def _collected(asking: _Asking) -> Collected:
    made = Collected(asking.setting, dict(asking.zone))
    for statement in asking.statements:
        for condition in statement.conditions:
            made.condition(condition)
        for pattern in statement.resources or ():
            made.variables(pattern, of_resource=True)
    for key, texts in itertools.chain(asking.zone, *asking.needs):
        made.limit(key, texts)
    return made


def exactly(zone: Limits) -> Context:
    """Return the context that an obligation of liveness gives word by word."""
    return {
        key: tuple(plain(text).prefix if plain(text).is_literal else text for text in texts)
        for key, texts in zone
    }
