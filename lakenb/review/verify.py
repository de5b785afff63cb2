"""The ten claims on a template: read it, find the pipeline in it, prove, and say what does not hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Unpack

from lakenb.iam.proof.certificate import certificate
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import Known, Reader
from lakenb.iam.stacks.source import digest
from lakenb.iam.stacks.world import owner_arn
from lakenb.review.case import Case
from lakenb.review.claims import CLAIMS
from lakenb.review.endpoints import CLAIM as ENDPOINTS
from lakenb.review.find import Index, find
from lakenb.review.findings import Finding
from lakenb.review.gathered import Gathered, Proved
from lakenb.review.given_keys import with_given_keys
from lakenb.review.given_networks import with_given
from lakenb.review.naming import Naming
from lakenb.review.obligations import units
from lakenb.review.presence import presence
from lakenb.review.properties import Examiner
from lakenb.review.verification import ALL_CLAIMS, ClaimResult, Verification
from lakenb.review.wanted import rebuilt, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lakenb.graph.graph import Graph
    from lakenb.iam.proof.values import Obligation, Outcome
    from lakenb.iam.stacks.source import Source
    from lakenb.iam.stacks.world import World
    from lakenb.review.case import Task, Unit
    from lakenb.review.find import Found
    from lakenb.review.wanted import Wanted

_NO_PIPELINE = (
    "no pipeline is found in the template: no function receives from a queue by an event source mapping; "
    "give the pipeline beside it, or a template that has one"
)


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What was proved of a unit, with the policies that keep its key's identities alive."""

    results: tuple[Proved, ...]
    policies: tuple[object, ...]
    everything: tuple[int, ...] | None  # all guards of the world, where the outcomes may rest on them


@dataclass(frozen=True, slots=True, eq=False)
class _Last:
    """The last verification, with the worlds that it is about: the reader gives the same for the same."""

    worlds: tuple[World, ...]
    graph: Graph | None
    is_certified: bool
    verification: Verification


class Verifier:
    """Verifies templates, and remembers what it proved: after an edit only what it touches is proved again.

    Parameters
    ----------
    reader
        Reads templates, and remembers them likewise.
    """

    def __init__(self, reader: Reader | None = None) -> None:
        self.reader: Reader = Reader() if reader is None else reader
        self._examiner = Examiner()
        self._known: dict[Any, _Known] = {}
        self._last: _Last | None = None

    def verify(
        self,
        source: Source,
        graph: Graph | None,
        *,
        certificates: bool = False,
        **known: Unpack[Known],
    ) -> Verification:
        """Return what became of the ten claims.

        Parameters
        ----------
        source
            The template with its nested ones.
        graph
            The pipeline that it must be; None rebuilds it from the template.
        certificates
            Whether to prove every part by itself and keep a certificate for each.
        known
            Parameters, account, region, stack name and physical names where they are known, as
            `lakenb.iam.stacks.read.Reader.worlds` takes them.

        Raises
        ------
        TemplateError
            If the template cannot be read.
        """
        worlds = self.reader.worlds(source, **known)
        last = self._last
        if (
            last is not None
            and last.worlds is worlds
            and (last.graph, last.is_certified) == (graph, certificates)
        ):
            return last.verification
        found = self._verified(source, graph, worlds, certificates=certificates)
        self._last = _Last(worlds, graph, certificates, found)
        return found

    def _verified(
        self, source: Source, graph: Graph | None, worlds: tuple[World, ...], *, certificates: bool
    ) -> Verification:
        used: dict[Any, _Known] = {}
        told: list[tuple[World, Index, Found, Wanted]] = []
        for one in worlds:
            world = with_given(one, graph)
            index = Index(world)
            found = find(world, graph, index=index)
            needed = rebuilt(found) if graph is None else wanted(graph)
            if not needed.nodes:
                return _nothing(source)
            told.append((with_given_keys(world, index, found, needed), index, found, needed))
        gathered = Gathered(tuple(world for world, *_ in told))
        papers: list[dict[str, Any]] = []
        hashed = digest(source) if certificates else ""
        for world, index, found, needed in told:
            case = Case(world, found, needed, index)
            naming = Naming(world, case.own, found.cache_arn)
            everything = tuple(map(id, world.guards.values()))
            for unit in units(case):
                results = self._unit(world, unit, everything, used, is_whole=not certificates)
                gathered.add(case, naming, results)
                if certificates:
                    papers += [
                        certificate(hashed, world, one.obligation, one.outcome, world.assumptions)
                        for one in results
                        if one.outcome.verdict is Verdict.PROVED and _is_anybody_s(one.obligation)
                    ]
            properties, notes = self._examiner.examine(world, found, graph)
            gathered.add_properties(case, (*presence(case), *properties))
            gathered.add_notes(notes)
            gathered.unclear(case)
        self._known = used
        name = source.name if graph is None else graph.id
        return gathered.verification(name, source, tuple(papers))

    def _unit(
        self,
        world: World,
        unit: Unit,
        everything: tuple[int, ...],
        used: dict[Any, _Known],
        *,
        is_whole: bool,
    ) -> tuple[Proved, ...]:
        setting = (world.partition, world.region, world.account, is_whole)
        key = (unit.name, unit.values, setting, tuple(map(id, unit.policies)))
        known = self._known.get(key) or used.get(key)
        if known is None or known.everything not in {None, everything}:
            results = tuple(one for task in unit.make() for one in _task(world, task, is_whole=is_whole))
            # INVARIANT: an outcome is kept for as long as all that it can rest on is the same. What its needs
            # cover whole rests on the role's statements; classes of requests on the guards of the zone, and
            # where the zone is wide, on every guard there is: a deny anywhere may have had its part.
            is_local = all(_is_within(one.outcome) or _is_narrow(one.obligation) for one in results)
            kept = (*unit.policies, *(() if is_local else world.guards.values()))
            known = _Known(results, kept, None if is_local else everything)
        used[key] = known
        return known.results


def verify(
    source: Source,
    graph: Graph | None,
    *,
    reader: Reader | None = None,
    certificates: bool = False,
    **known: Unpack[Known],
) -> Verification:
    """Return what became of the ten claims on a template; see `Verifier.verify`, which remembers."""
    return Verifier(reader).verify(source, graph, certificates=certificates, **known)


def _is_anybody_s(obligation: Obligation) -> bool:
    """Return whether somebody could ask: an endpoint's policy, weighed as if it granted, is nobody's."""
    return obligation.claim != ENDPOINTS


def _is_narrow(obligation: Obligation) -> bool:
    """Return whether a zone names its resources, so that their guards are among the unit's policies."""
    return not any("*" in owner_arn(resource) for resource in obligation.zone.resources)


def _is_within(outcome: Outcome) -> bool:
    return outcome.verdict is Verdict.PROVED and not outcome.cells


def _task(world: World, task: Task, *, is_whole: bool) -> Iterable[Proved]:
    """Prove a task: as a whole, and by its parts where that fails or certificates are wanted."""
    if not task.parts:
        yield Proved(task.whole, prove(world, task.whole), task.about)
        return
    if is_whole or task.is_one:
        outcome = prove(world, task.whole)
        if outcome.verdict is Verdict.PROVED:
            for part in (task.whole,) if task.is_one else task.parts:
                yield Proved(part, outcome, task.about)
            return
    for part in task.parts:
        yield Proved(part, prove(world, part), task.about)


def _nothing(source: Source) -> Verification:
    """Return that nothing can be decided, for want of a pipeline."""
    rows = tuple(ClaimResult(one.id, one.title, Verdict.UNDECIDED, undecided=1) for one in CLAIMS)
    open_one = Finding(ALL_CLAIMS, "", Verdict.UNDECIDED, _NO_PIPELINE)
    return Verification(rows, (open_one,), (), (), name=source.name, source=source)
