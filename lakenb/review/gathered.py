"""The results of all worlds of a template, brought together into one value."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from lakenb.iam.proof.values import Verdict
from lakenb.review.claims import CLAIMS
from lakenb.review.deputies import CALLS
from lakenb.review.findings import Finding, finding, together
from lakenb.review.verification import ALL_CLAIMS, ClaimResult, Verification, assumed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lakenb.iam.proof.values import Obligation, Outcome
    from lakenb.iam.stacks.source import Source
    from lakenb.iam.stacks.world import World
    from lakenb.review.case import Case
    from lakenb.review.naming import Naming
    from lakenb.review.properties import PropertyNote, PropertyResult

_WORST = (Verdict.FAILED, Verdict.UNDECIDED, Verdict.PROVED)
_NOTES = {
    "P5": "nothing rests here",
    "P6": "no key is named",
    "P8": "no function is in a VPC",
}


_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Proved:
    """One obligation with its outcome.

    Parameters
    ----------
    obligation, outcome
        What was claimed, and what became of it.
    about
        The claim that it accompanies where it is about liveness; empty for secrecy.
    key
        What it has in common with itself in other worlds.
    """

    obligation: Obligation
    outcome: Outcome
    about: str
    key: _Key = field(init=False)

    def __post_init__(self) -> None:
        """Work out the key once: results are gathered again after every edit."""
        one = self.obligation
        object.__setattr__(self, "key", (one.claim, one.subject, self.about, one.who.label, one.text))


@dataclass(slots=True, eq=False)
class _Broken:
    """The worst that became of something that does not hold everywhere, and in which worlds it did."""

    verdict: Verdict
    worlds: list[World]
    finding: Finding | None = None


class Gathered:
    """The results of all worlds; what fails in one of them fails."""

    def __init__(self, worlds: tuple[World, ...]) -> None:
        self._worlds = worlds
        self._keys: dict[_Key, None] = {}
        self._broken: dict[_Key, _Broken] = {}
        self._notes: dict[tuple[str, str], None] = {}

    def add(self, case: Case, naming: Naming, results: Iterable[Proved]) -> None:
        """Take in what was proved of a unit."""
        for one in results:
            entry = self._entry(one.key, one.outcome.verdict, case.world)
            if entry is not None and entry.finding is None:
                entry.finding = finding(case, naming, one.obligation, one.outcome)

    def add_properties(self, case: Case, results: Iterable[PropertyResult]) -> None:
        """Take in what the template's properties say."""
        for one in results:
            key = (one.claim, one.subject, "", one.logical_id, one.path, one.text)
            entry = self._entry(key, one.verdict, case.world)
            if entry is not None and entry.finding is None:
                how = "it does not hold that" if one.verdict is Verdict.FAILED else "it is undecided whether"
                place = " ".join(filter(None, (one.logical_id, one.path)))
                sentence = f"{how} {one.text}: {one.evidence}{f' ({place})' if place else ''}"
                entry.finding = Finding(one.claim, one.subject, one.verdict, sentence, remedy=one.mend)

    def add_notes(self, notes: Iterable[PropertyNote]) -> None:
        """Take in what the promises do not cover here."""
        self._notes.update(((one.claim, one.text), None) for one in notes)

    def unclear(self, case: Case) -> None:
        """Take in what could not be told apart."""
        claim = "P1" if case.wanted.is_rebuilt else "P10"
        for sentence in case.found.unclear:
            entry = self._entry((claim, "", "", sentence), Verdict.UNDECIDED, case.world)
            if entry is not None:
                entry.finding = Finding(claim, "", Verdict.UNDECIDED, sentence)

    def _entry(self, key: _Key, verdict: Verdict, world: World) -> _Broken | None:
        """Keep the worst verdict of all worlds; return what may await a finding, where this is it."""
        self._keys[key] = None
        if verdict is Verdict.PROVED:
            return None
        known = self._broken.get(key)
        if known is None or _WORST.index(verdict) < _WORST.index(known.verdict):
            known = self._broken[key] = _Broken(verdict, [world])
        elif known.verdict is not verdict:
            return None
        elif known.worlds[-1] is not world:
            known.worlds.append(world)
        return known

    def _found(self) -> Iterator[Finding]:
        for one in self._broken.values():
            if one.finding is not None:
                yield replace(one.finding, when=self._when(one.worlds))

    def _when(self, worlds: list[World]) -> str:
        """Return under which choices something is so: what the first such world chooses otherwise."""
        if len(worlds) == len(self._worlds):
            return ""
        neutral, first = self._worlds[0].choices, worlds[0].choices
        choices = [one for one in first if one not in neutral] or list(first)
        return f"where {'; '.join(choices)}" if choices else ""

    def _gaps(self, of_claim: dict[str, list[Verdict]]) -> Iterator[Finding]:
        """Leave every claim undecided where the template has more deployments than were looked at."""
        gaps = {
            one.what for world in self._worlds for one in world.unresolved if one.logical_id == "template"
        }
        for what in sorted(gaps):
            for claim in CLAIMS:
                of_claim[claim.id].append(Verdict.UNDECIDED)
            sentence = f"not every deployment of the template was looked at: {what}"
            yield Finding(ALL_CLAIMS, "", Verdict.UNDECIDED, sentence)

    def verification(self, name: str, source: Source, papers: tuple[dict[str, Any], ...]) -> Verification:
        """Return everything together."""
        of_claim: defaultdict[str, list[Verdict]] = defaultdict(list)
        of_liveness: defaultdict[str, list[Verdict]] = defaultdict(list)
        for key in self._keys:
            claim, about, broken = key[0], key[2], self._broken.get(key)
            verdict = Verdict.PROVED if broken is None else broken.verdict
            of_claim[claim].append(verdict)
            if about:
                of_liveness[about].append(verdict)
        gaps = tuple(self._gaps(of_claim))
        rows = tuple(
            ClaimResult(
                claim.id,
                claim.title,
                _worst(of_claim[claim.id]),
                proved=of_claim[claim.id].count(Verdict.PROVED),
                failed=of_claim[claim.id].count(Verdict.FAILED),
                undecided=of_claim[claim.id].count(Verdict.UNDECIDED),
                liveness=_worst(of_liveness[claim.id]),
                note=_NOTES.get(claim.id, ""),
            )
            for claim in CLAIMS
        )
        order = {claim.id: number for number, claim in enumerate(CLAIMS)}
        findings = sorted(
            (*gaps, *self._found()),
            key=lambda one: (_WORST.index(one.verdict), order.get(one.claim, -1), one.subject),
        )
        said = tuple(sentence for world in self._worlds for sentence in world.assumptions)
        unread = tuple(f"not read: {one}" for world in self._worlds for one in world.unresolved)
        exceptions = tuple(
            f"{call.action} by {call.service} in a {call.policy}: {call.exception} ({call.page})"
            for call in CALLS
            if call.exception
        )
        notes = tuple(f"{claim}: {text}" for claim, text in self._notes)
        assumptions = assumed((*said, *unread))
        return Verification(rows, together(findings), assumptions, exceptions, notes, name, source, papers)


def _worst(verdicts: Iterable[Verdict]) -> Verdict | None:
    return min(verdicts, key=_WORST.index, default=None)
