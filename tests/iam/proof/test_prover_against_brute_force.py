"""The prover's verdict is that of trying every request, on an alphabet where this can be done."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Outcome, Shape, Verdict, Who
from lakenb.iam.truth import MAYBE, YES, Decision
from tests.iam.drawn import documents
from tests.iam.proof.small import (
    AWAY,
    HOME,
    brute,
    carries,
    decided,
    names,
    obligation,
    principal,
    words,
    world,
)

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

BUCKET = "arn:aws:s3:::b"
ACTIONS = ["s3:A", "s3:b", "s3:ab", "s3:ax", "s3:xa", "s3:x", "s3:bxa", "x:x", "xx:xa", "sx:aa"]
HEADS = ["arn:aws:s3:::", "arn:aws:x:::"]
RESOURCES = ["*", *(head + word for head in HEADS for word in words("abx", 3) if word)]
RESOURCES += [f"{BUCKET}/{word}" for word in ("", "a", "b", "x", "ab", "xa")]
RESOURCES += [f"arn:aws:s3::{owner}:{word}" for owner in (HOME, AWAY) for word in ("a", "ab")]
VALUES = ["a", "b", "ab", "ba", "aa", "bb", "x", "ax", "xa", "bx", "xb", "aax", "xx"]
SETS = [
    None,
    *((value,) for value in VALUES),
    ("",),
    ("a", "b"),
    ("a", "x"),
    ("b", "x"),
    ("a", "ab"),
    ("a", "b", "x"),
    ("", "a"),
    ("", "x"),
]


def _contexts(text: str) -> list[dict[str, tuple[str, ...]]]:
    """Return contexts of the keys that policies speak of; of several values where a set operator is."""
    options = []
    for key in ("x:k", "x:l"):
        if key not in text:
            options.append([None])
        elif "ForA" in text:
            options.append(SETS)
        else:
            options.append([each for each in SETS if each is None or len(each) == 1])
    keys = ("x:k", "x:l")
    return [
        {key: value for key, value in zip(keys, chosen, strict=True) if value is not None}
        for chosen in itertools.product(*options)
    ]


_GLOB = st.sampled_from(
    [
        "*",
        "arn:aws:s3:::*",
        BUCKET,
        f"{BUCKET}/*",
        "arn:aws:s3:::a*",
        "arn:aws:s3:::?",
        "arn:aws:s3:::*a*",
        "arn:aws:s3::*:*",
    ]
)
_ACTION = st.sampled_from(["*", "s3:*", "s3:A", "s3:a*", "s3:?", "s*:*b"])
_CARRIED = st.sampled_from([(), (), (("x:k", ("a",)),), (("x:k", ("a*", "b")),)])


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    actions = draw(st.lists(_ACTION, min_size=1, max_size=2, unique=True))
    resources = draw(st.lists(_GLOB, min_size=1, max_size=2, unique=True))
    return Shape(tuple(actions), tuple(resources), draw(_CARRIED))


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, str]:
    identity = draw(st.lists(documents(), min_size=1, max_size=2))
    guards = {BUCKET: draw(documents(has_principal=True))} if draw(st.booleans()) else {}
    boundaries = (draw(documents()),) if draw(st.integers(0, 3)) == 0 else ()
    return world(*identity, guards=guards, boundaries=boundaries), json.dumps([identity, guards, boundaries])


_WHO = st.sampled_from(["Role", "Role", "anonymous", "stranger"])


def _who(where: World, name: str) -> Who:
    if name == "Role":
        return holder(where, "Role")
    text = name if name == "anonymous" else f"arn:aws:iam::{HOME}:role/s"
    return Who(name, principal(text))


def check(where: World, what: Obligation, found: Outcome, tried: set[Decision]) -> None:
    is_only = what.modality is Modality.ONLY
    breaking = {Decision.ALLOWED} if is_only else {Decision.EXPLICITLY_DENIED, Decision.IMPLICITLY_DENIED}
    if tried & breaking:
        assert found.verdict is Verdict.FAILED or "more combinations" in found.why
    elif Decision.UNDECIDED in tried:
        assert found.verdict is not Verdict.PROVED
    if found.witness is not None:
        seen = found.witness
        decision, asked = decided(where, what.who, (seen.action, seen.resource, dict(seen.context)))
        assert decision is seen.decision
        assert names(what.zone, seen.action, seen.resource, MAYBE)
        if is_only:
            assert carries(what.zone, asked)
            assert not any(
                names(each, seen.action, seen.resource, YES) and carries(each, asked) for each in what.needs
            )
    match found.verdict:
        case Verdict.FAILED:
            assert found.witness is not None
            assert found.witness.decision in breaking
        case Verdict.UNDECIDED:
            assert found.why
        case Verdict.PROVED:
            assert found.witness is None


@settings(max_examples=150, deadline=None)
@given(worlds(), _WHO, shapes(), st.lists(shapes(), max_size=2), st.randoms(use_true_random=False))
def test_what_is_proved_has_no_break_and_what_breaks_is_found(
    drawn: tuple[World, str], name: str, zone: Shape, needs: list[Shape], chance: Any
) -> None:
    where, text = drawn
    what = obligation(_who(where, name), zone, tuple(needs))
    contexts = _contexts(text + repr(zone) + repr(needs))
    contexts = chance.sample(contexts, min(len(contexts), 20))
    check(where, what, prove(where, what), brute(where, what, ACTIONS, RESOURCES, contexts))


@settings(max_examples=100, deadline=None)
@given(worlds(), shapes(), st.sampled_from([(), (("x:k", ("a",)),), (("x:k", ("b",)), ("x:l", ("ab",)))]))
def test_what_can_be_done_can_be_done_everywhere_in_the_zone(
    drawn: tuple[World, str], zone: Shape, carried: Any
) -> None:
    where, _ = drawn
    what = obligation(holder(where, "Role"), replace(zone, context=carried), modality=Modality.CAN)
    check(where, what, prove(where, what), brute(where, what, ACTIONS, RESOURCES, [dict(carried)]))
