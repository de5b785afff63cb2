"""The middleware that gathers the events of one chain into a composite."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from lakenb.catalog.travel import USER_MODULE, Travelling, travelling
from lakenb.errors import Fault, OptionError, TravelError
from lakenb.events import COMPOSITE_TYPE, MAX_MEMBERS
from lakenb.graph.code import Code
from lakenb.graph.options import shown, wrong_type
from lakenb.graph.services import Service
from lakenb.graph.steps import Part, Row, Step, middleware

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENTRY = "predicate"
_STRATEGIES = "window=timedelta(minutes=5), count=12, or until=lambda event, events: ..."
# Amazon EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler": it is exact to a minute
_SHORTEST = timedelta(minutes=1)
_LONGEST = timedelta(days=7)


@middleware
@dataclass(frozen=True, slots=True, repr=False)
class Reducer(Step):
    """Gather the events of one chain, and send them on as one composite event.

    ::

        files = inbox.pipe(lk.ZipInflate())
        files.pipe(lk.Reducer("group", window=timedelta(minutes=5))).pipe(lk.S3Storage("results"))

    All documents that come of one upload are a chain. A composite is a document of type
    ``application/cloudevents+json`` in the node's own store: a JSON array of the members' events, by the
    names of their files. The members stay where they lie.

    Parameters
    ----------
    window
        How long a chain's events are gathered, from the first one on: a minute to 7 days, in whole seconds.
        It ends to the minute.
    count
        How many events make the composite: 2 to 10,000. A chain with fewer makes none; its events stay in
        the node's table until they expire.
    until
        A function of the event that came and of all events of the chain so far, this one among them; the
        first True makes the composite. It sees events as `lakenb.events.CloudEvent`, such as
        ``event.data.document.type``. It travels as source text with the JSON values of the globals that it
        reads (`travels` shows all of it).

    Notes
    -----
    Exactly one of `window`, `count` and `until` is given. Takes documents of any type, and reads none. There
    is one composite for a chain, however often and in whatever order the events come. An event that comes
    when its chain is closed fails with the kind ``Late``: its dead letter says so, and the composite stays as
    it is. A composite holds at most 10,000 events and 16 MiB. An event about which the predicate raises, or
    answers neither True nor False, fails, and stays in its chain. In a strict pipeline the members are
    copied. All other parameters: see `Step`.
    """

    row: ClassVar[Row] = Row(
        kind="reducer",
        part=Part.COMPOSER,
        input_types=("*/*",),
        output_types=(COMPOSITE_TYPE,),
        handler="lakenb.runtime.handlers.reducer",
        memory_mib=512,
        timeout=timedelta(seconds=120),
        batch_size=10,
        services=(Service.TABLE,),
        reads=False,
    )

    _: KW_ONLY
    window: timedelta | None = None
    count: int | None = None
    until: Callable[..., bool] | None = field(default=None, compare=False)
    travels: Travelling | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Find out what travels of the predicate, and raise every fault of the options at once."""
        refused: TravelError | None = None
        if callable(self.until):
            try:
                # steps are equal when what travels is: a cell that runs twice defines its function twice
                object.__setattr__(self, "travels", travelling(self.until, entry=_ENTRY, arguments=2))
            except TravelError as error:
                refused = error
        try:
            Step.__post_init__(self)
        except OptionError as error:
            raise OptionError((*error.faults, *(refused.faults if refused else ()))) from None
        if refused:
            raise refused

    def own_faults(self, where: str) -> list[Fault]:
        """Return what is wrong with the three ways to make a composite, and how many there are."""
        given = [name for name in ("window", "count", "until") if getattr(self, name) is not None]
        faults = [*self._window_faults(where), *self._count_faults(where), *self._until_faults(where)]
        if not given:
            faults.append(Fault("nothing says when a composite is whole", where, f"give {_STRATEGIES}"))
        elif len(given) > 1:
            what = f"{' and '.join(given)} are given; a composite is whole for one reason"
            faults.append(Fault(what, where, f"give one of {_STRATEGIES}"))
        return faults

    def _window_faults(self, where: str) -> Iterator[Fault]:
        window = self.window
        if window is None:
            return
        if not isinstance(window, timedelta):
            yield wrong_type("window", window, "a timedelta, such as timedelta(minutes=5)", where)
        elif not _SHORTEST <= window <= _LONGEST or window % timedelta(seconds=1):
            what = f"window is {window}; a minute to {_LONGEST.days} days are possible, in whole seconds"
            yield Fault(what, where, "such as window=timedelta(minutes=5)")

    def _count_faults(self, where: str) -> Iterator[Fault]:
        count = self.count
        if count is None:
            return
        if isinstance(count, bool) or not isinstance(count, int):
            yield wrong_type("count", count, "a whole number", where)
        elif count == 1:
            what = "count is 1: a composite of one event says what the event says"
            yield Fault(what, where, "leave the reducer out, or gather two at least")
        elif not 1 < count <= MAX_MEMBERS:
            what = f"count is {count}; 2 to {MAX_MEMBERS} are possible"
            yield Fault(what, where, f"set count to a number from 2 to {MAX_MEMBERS}")

    def _until_faults(self, where: str) -> Iterator[Fault]:
        if self.until is not None and not callable(self.until):
            yield wrong_type("until", self.until, "a function, such as lambda event, events: ...", where)

    def services(self) -> tuple[Service, ...]:
        """Return what the node uses: a table, and schedules if its composites are whole after a time."""
        return (Service.TABLE,) if self.window is None else (Service.TABLE, Service.SCHEDULES)

    def holds(self) -> timedelta:
        """Return how long the node may keep an event beside its queue."""
        return timedelta(0) if self.window is None else self.window

    def own_options(self) -> dict[str, Any]:
        """Return the options that travel to the handler."""
        if self.window is not None:
            return {"window_seconds": int(self.window.total_seconds())}
        return {"until": True} if self.count is None else {"count": self.count}

    def code(self) -> Code:
        """Return what the node's function is made of: the handler, and the predicate's module."""
        if self.travels is None:
            return Code(self.row.handler, self.row.packages)
        own = (f"{USER_MODULE}.py", self.travels.module(_ENTRY))
        return Code(self.row.handler, self.row.packages, (own,))

    def changed_options(self) -> dict[str, Any]:
        """Return the options that differ from their defaults, by name, without the predicate."""
        own = {"until", "travels"}
        return {name: value for name, value in Step.changed_options(self).items() if name not in own}

    def __repr__(self) -> str:
        """Return the call that makes this step."""
        named = [] if self.id == self.row.kind else [repr(self.id)]
        options = {name: shown(value) for name, value in self.changed_options().items()}
        if self.travels is not None:
            options["until"] = self.travels.name
        return f"Reducer({', '.join([*named, *(f'{name}={options[name]}' for name in sorted(options))])})"
