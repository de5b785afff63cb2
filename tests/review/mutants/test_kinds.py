"""Every hole of `kinds` is found by the right claim, with its request or the first missing link."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING

import pytest

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.review.verify import Verifier
from tests.review.mutants.good import NAMES, fresh, good
from tests.review.mutants.kinds import KINDS, Kind

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World
    from lakenb.review.findings import Finding
    from lakenb.review.verification import Verification

_WORD = re.compile(r"\$\{([^}]+)\}")


@lru_cache
def verifier(name: str) -> Verifier:
    """Return a verifier that knows a good template: what a hole leaves alone is not proved again."""
    made = Verifier()
    made.verify(source(good(name).template), good(name).pipeline)
    return made


def planted(kind: Kind) -> tuple[Verification, list[str]]:
    """Return what is said of a template with a hole, and of each finding of the claim what it lacks."""
    template = fresh(kind.base)
    kind.make(template)
    said = verifier(kind.base).verify(source(template), good(kind.base).pipeline)
    (world, *_) = worlds(source(template))
    verdict = Verdict(kind.verdict)
    of_claim = [one for one in said.findings if (one.claim, one.verdict) == (kind.claim, verdict)]
    return said, [_lacks(kind, world, finding) for finding in of_claim]


def _lacks(kind: Kind, world: World, finding: Finding) -> str:
    """Return what a finding does not show; nothing where it shows the hole."""
    if kind.says.lower() not in f"{finding.sentence} {finding.remedy}".lower():
        return f"{kind.says!r} is not in: {finding}"
    if not kind.action and not kind.resource and not kind.who:
        return ""
    asked = finding.witness
    if asked is None:
        return f"no request: {finding}"
    wanted = _WORD.sub(lambda word: world.resources[word[1]].arn, kind.resource)
    fits = (
        fnmatchcase(asked.action, kind.action or "*")
        and asked.resource.startswith(wanted)
        and asked.who.startswith(kind.who)
    )
    return "" if fits else f"another request: {finding}"


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_hole_is_found_by_its_claim(kind: Kind) -> None:
    said, wrong = planted(kind)
    assert not said.is_proved
    assert wrong, f"{kind.claim} says nothing: {said.summary}; {[str(each) for each in said.findings]}"
    assert "" in wrong, wrong


@pytest.mark.parametrize("name", NAMES)
def test_good_template_raises_no_alarm(name: str) -> None:
    said = Verifier().verify(source(good(name).template), good(name).pipeline)
    assert said.findings == ()
    assert said.is_proved


def test_there_are_many_kinds_for_every_claim() -> None:
    assert len(KINDS) >= 40
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert {kind.claim for kind in KINDS} == {f"P{number}" for number in range(1, 11)}
