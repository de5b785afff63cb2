"""What cannot be decided is said, soon, and proves nothing."""

from __future__ import annotations

from time import perf_counter

import pytest

from lakenb.iam.proof.principals import holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Shape, Verdict
from lakenb.iam.stacks.world import UNKNOWN
from tests.iam.proof.small import (
    AWAY,
    BUCKET,
    EVERY,
    HOME,
    QUEUE,
    READ,
    TLS,
    allow,
    can,
    deny,
    document,
    obligation,
    only,
    shown,
    world,
)


def test_an_unknown_operator_leaves_it_open_and_says_why() -> None:
    odd = allow("s3:GetObject", f"{BUCKET}/*", Condition={"StringSounds": {"x:k": "a"}})
    found = only(identity=(document(odd),))
    assert found.verdict is Verdict.UNDECIDED
    assert found.why.startswith(f"it is undecided whether Role can s3:GetObject on {BUCKET}/doc: ")
    assert "the operator StringSounds is none that is known here" in found.why


def test_an_unknown_text_is_no_proof_and_no_break() -> None:
    found = only(READ, identity=(document(allow("s3:GetObject", f"arn:aws:s3:::{UNKNOWN}/*")),))
    assert found.verdict is Verdict.UNDECIDED
    where = world(document(allow("s3:GetObject", f"arn:aws:s3:::{UNKNOWN}/*")))
    assert (
        prove(where, can(holder(where, "Role"), "s3:GetObject", f"{BUCKET}/x")).verdict is Verdict.UNDECIDED
    )


def test_an_unknown_statement_is_left_at_the_first_open_request() -> None:
    unknown = allow("*", "*", Condition={"Unread": {"x:k": "a"}})
    guards = {
        f"arn:aws:s3:::b{number}": document(deny("s3:*", "*", Principal="*", **TLS)) for number in range(300)
    }
    where = world(document(unknown), guards=guards)
    began = perf_counter()
    found = prove(where, obligation(holder(where, "Role")))
    assert found.verdict is Verdict.UNDECIDED
    assert len(found.cells) < 10
    assert perf_counter() - began < 2


def test_a_certain_break_is_found_beside_an_unknown_statement() -> None:
    unknown = allow("*", "*", Condition={"Unread": {"x:k": "a"}})
    found = only(identity=(document(unknown, allow("sqs:SendMessage", QUEUE)),))
    assert shown(found)[:3] == (Verdict.FAILED, "sqs:SendMessage", QUEUE)


def test_a_variable_that_who_asks_fixes_is_filled_in() -> None:
    own = allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalAccount}}/*")
    assert (
        only(Shape(("s3:GetObject",), (f"{BUCKET}/{HOME}/*",)), identity=(document(own),)).verdict
        is Verdict.PROVED
    )
    found = only(Shape(("s3:GetObject",), (f"{BUCKET}/{AWAY}/*",)), identity=(document(own),))
    assert shown(found)[:3] == (Verdict.FAILED, "s3:GetObject", f"{BUCKET}/{HOME}/doc")


def test_a_variable_that_nothing_fixes_is_no_proof() -> None:
    own = document(allow("s3:GetObject", f"{BUCKET}/${{aws:PrincipalTag/team}}/*"))
    where = world(own)
    zone = Shape(("s3:GetObject",), (f"{BUCKET}/red/*",))
    found = prove(where, obligation(holder(where, "Role"), zone))
    assert found.verdict is not Verdict.PROVED
    whole = Shape(("s3:GetObject",), (f"{BUCKET}/*",))
    assert prove(where, obligation(holder(where, "Role"), zone, (whole,))).verdict is Verdict.PROVED


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:prefix", "aws:RequestedRegion"])
def test_a_variable_of_the_request_itself_is_no_proof(key: str) -> None:
    where = world(document(allow("s3:*", f"{BUCKET}/${{{key}}}/*")))
    zone = Shape(("s3:*",), (f"{BUCKET}/{HOME}/*",))
    assert prove(where, obligation(holder(where, "Role"), zone)).verdict is not Verdict.PROVED


def test_worst_cases_end_soon_and_say_why() -> None:
    letters = [deny("s3:*", f"arn:aws:s3:::*{letter}*") for letter in "abcdefghijklmn"]
    needs = (Shape(("s3:GetObject",), ("arn:aws:s3:::*",)),)
    began = perf_counter()
    where = world(document(allow("s3:GetObject", "arn:aws:s3:::*"), *letters))
    found = prove(
        where, obligation(holder(where, "Role"), Shape(("s3:*",), ("arn:aws:s3:::?*?",))), states=2000
    )
    assert found.verdict is Verdict.UNDECIDED
    assert "more pieces than can be looked at (2,000 states)" in found.why
    assert perf_counter() - began < 3
    assert prove(where, obligation(holder(where, "Role"), EVERY, needs)).verdict is Verdict.PROVED


def test_too_many_conditions_end_soon_and_say_why() -> None:
    many = [deny("s3:*", "*", Condition={"StringEquals": {f"x:k{number}": "a"}}) for number in range(12)]
    unless = deny("s3:*", "*", Condition={"StringNotEquals": {"x:k0": "b"}})
    began = perf_counter()
    found = only(identity=(document(allow("s3:GetObject", f"{BUCKET}/x"), unless, *many),))
    assert found.verdict is Verdict.UNDECIDED
    assert "more combinations of keys and values" in found.why
    assert perf_counter() - began < 3


def test_a_break_is_looked_for_among_the_first_of_too_many() -> None:
    many = [deny("s3:*", "*", Condition={"StringEquals": {f"x:k{number}": "a"}}) for number in range(12)]
    found = only(identity=(document(allow("s3:GetObject", f"{BUCKET}/x"), *many),))
    assert shown(found) == (Verdict.FAILED, "s3:GetObject", f"{BUCKET}/x", {})
