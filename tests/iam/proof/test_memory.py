"""What was proved is remembered for as long as it holds, and no longer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.principals import holder, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Shape, Verdict
from tests.iam.proof.small import EVERY, Json, allow, can, deny, document, obligation, world

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

BUCKET, OTHER = "arn:aws:s3:::store", "arn:aws:s3:::other"
READ = Shape(("s3:GetObject",), (f"{BUCKET}/in/*",))
CLOSED = document(deny("s3:*", "*", Principal="*"))
READING = document(allow("s3:GetObject", [f"{BUCKET}/in/*", f"{OTHER}/in/*"]))


def _with(where: World, guards: dict[str, Json]) -> World:
    """Return a world with some guards replaced and everything else the very same."""
    made = {arn: policy(each, PolicyKind.RESOURCE) for arn, each in guards.items()}
    return replace(where, guards={**where.guards, **made})


def test_the_same_question_has_the_same_outcome_object() -> None:
    where = world(READING)
    role = holder(where, "Role")
    first = prove(where, obligation(role, EVERY, (READ,)))
    assert prove(where, obligation(role, EVERY, (READ,))) is first
    assert prove(where, obligation(role, EVERY, ())) is not first


def test_a_changed_guard_that_cannot_matter_changes_nothing() -> None:
    where = world(READING, guards={BUCKET: document(), OTHER: document()})
    what = can(holder(where, "Role"), "s3:GetObject", f"{BUCKET}/in/x")
    first = prove(where, what)
    assert prove(_with(where, {OTHER: CLOSED}), what) is first


def test_a_changed_guard_that_matters_is_looked_at_again() -> None:
    where = world(READING, guards={BUCKET: document()})
    what = can(holder(where, "Role"), "s3:GetObject", f"{BUCKET}/in/x")
    assert prove(where, what).verdict is Verdict.PROVED
    assert prove(_with(where, {BUCKET: CLOSED}), what).verdict is Verdict.FAILED
    assert prove(where, what).verdict is Verdict.PROVED
    elsewhere = can(holder(where, "Role"), "s3:GetObject", f"{OTHER}/in/x")
    assert prove(where, elsewhere).verdict is Verdict.PROVED
    assert prove(_with(where, {OTHER: CLOSED}), elsewhere).verdict is Verdict.FAILED


def test_a_guard_that_comes_to_name_somebody_is_looked_at() -> None:
    where = world(guards={BUCKET: document()})
    stranger = strangers(where)[0]
    assert prove(where, obligation(stranger)).verdict is Verdict.PROVED
    opened = _with(where, {BUCKET: document(allow("s3:GetObject", f"{BUCKET}/*", Principal="*"))})
    assert prove(opened, obligation(stranger)).verdict is Verdict.FAILED
    assert prove(where, obligation(stranger)).verdict is Verdict.PROVED
    added = _with(where, {OTHER: document(allow("s3:GetObject", f"{OTHER}/*", Principal="*"))})
    assert prove(added, obligation(stranger)).verdict is Verdict.FAILED


def test_other_policies_of_who_asks_are_another_question() -> None:
    guards = {BUCKET: document()}
    zone = Shape(("s3:PutObject",), (f"{BUCKET}/*",))
    for given, verdict in ((READING, Verdict.PROVED), (document(allow("s3:*", "*")), Verdict.FAILED)):
        where = world(given, guards=guards)
        assert prove(where, obligation(holder(where, "Role"), zone)).verdict is verdict


def test_many_worlds_do_not_confuse_it() -> None:
    zone = Shape(("s3:PutObject",), (f"{BUCKET}/*",))
    for number in range(200):
        is_wide = number % 3 == 0
        where = world(document(allow("s3:*" if is_wide else "s3:Get*", "*")), guards={BUCKET: document()})
        found = prove(where, obligation(holder(where, "Role"), zone))
        assert (found.verdict is Verdict.FAILED) is is_wide
