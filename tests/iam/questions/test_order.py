from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakenb.errors import PolicyError
from lakenb.iam.evaluator import InForce, evaluate
from lakenb.iam.parser import policy
from lakenb.iam.policies import Policy, PolicyKind
from lakenb.iam.proof.values import Verdict
from lakenb.iam.questions import equivalent, subsumes
from lakenb.iam.requests import Request, request
from tests.iam.questions.worlds import ACCOUNT, INBOX, QUEUE, Statement, allow, deny, world

ROLE = f"arn:aws:iam::{ACCOUNT}:role/holder"
ACTIONS = ["s3:A", "s3:B", "s3:AB"]
WORDS = ["".join(letters) for size in (1, 2, 3) for letters in product("ab", repeat=size)]


def _identity(*statements: Statement) -> Policy:
    return policy({"Version": "2012-10-17", "Statement": list(statements)}, PolicyKind.IDENTITY)


def _queue(**more: Any) -> Policy:
    statement = {"Principal": "*", **allow("sqs:SendMessage", QUEUE, **more)}
    return policy({"Version": "2012-10-17", "Statement": statement}, PolicyKind.RESOURCE)


def test_a_narrower_policy_is_subsumed_and_a_wider_one_is_not() -> None:
    wide, narrow = _identity(allow("s3:Get*", f"{INBOX}/*")), _identity(allow("s3:GetObject", f"{INBOX}/a/*"))
    assert subsumes(wide, narrow)
    found = subsumes(narrow, wide)
    assert found.verdict is Verdict.FAILED
    assert found.witness is not None
    assert "can now s3:Get*" in found.why


def test_different_texts_may_say_the_same() -> None:
    whole = _identity(allow("s3:GetObject", f"{INBOX}/*"))
    assert equivalent(whole, _identity(allow("s3:GetObject", [f"{INBOX}/*", f"{INBOX}/a*"])))
    parts = _identity(allow("s3:GetObject", [f"{INBOX}/", f"{INBOX}/?*"]))
    assert equivalent(whole, parts)
    assert not equivalent(whole, _identity(allow("s3:GetObject", f"{INBOX}/?*")))


def test_resource_policies_are_compared_for_everybody() -> None:
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert subsumes(_queue(), _queue(Condition=org))
    assert not subsumes(_queue(Condition=org), _queue())


def test_templates_are_compared_by_their_worlds() -> None:
    one, other = world({"Reader": []}), world({"Reader": [allow("s3:GetObject", f"{INBOX}/*")]})
    assert subsumes(other, one)
    assert not subsumes([one], [other])


def test_what_is_not_known_is_undecided() -> None:
    odd = _identity(allow("s3:GetObject", f"{INBOX}/*", Condition={"StringSounds": {"x:k": "v"}}))
    assert subsumes(_identity(), odd).verdict is Verdict.UNDECIDED


def test_different_kinds_are_refused() -> None:
    with pytest.raises(PolicyError, match="not of one kind"):
        equivalent(_identity(), _queue())


_GLOBS = st.text("ab*?", min_size=1, max_size=3).map(lambda glob: "arn:aws:s3:::" + glob)
_STATEMENTS = st.builds(
    lambda make, action, resource, condition: make(action, resource, **condition),
    st.sampled_from([allow, allow, deny]),
    st.sampled_from(["s3:*", "s3:A", "s3:?", "s3:A*", "*"]),
    _GLOBS,
    st.sampled_from(
        [
            {},
            {},
            {"Condition": {"StringEquals": {"x:k": "v"}}},
            {"Condition": {"StringNotLike": {"x:k": "v*"}}},
        ]
    ),
)
_POLICIES = st.lists(_STATEMENTS, min_size=1, max_size=3).map(lambda each: _identity(*each))


def _requests() -> list[Request]:
    contexts: list[dict[str, str]] = [{}, {"x:k": "v"}, {"x:k": "vv"}, {"x:k": "w"}]
    return [
        request(ROLE, action, f"arn:aws:s3:::{word}", context=context)
        for action, word, context in product(ACTIONS, WORDS, contexts)
    ]


REQUESTS = _requests()


@given(_POLICIES, _POLICIES)
def test_no_new_access_is_what_trying_every_small_request_says(old: Policy, new: Policy) -> None:
    found = subsumes(old, new)
    gained = [
        each
        for each in REQUESTS
        if evaluate(each, InForce(identity=(new,))).is_allowed
        and not evaluate(each, InForce(identity=(old,))).is_allowed
    ]
    if found:
        assert not gained
    else:
        assert found.verdict is Verdict.FAILED
        assert found.witness is not None
        seen = found.witness
        context = {key: list(values) for key, values in seen.context}
        asked = request(ROLE, seen.action, seen.resource, context=context)
        assert evaluate(asked, InForce(identity=(new,))).is_allowed
        assert not evaluate(asked, InForce(identity=(old,))).is_allowed


def test_a_resource_policy_on_its_resource_by_a_star_is_compared_too() -> None:
    def key(*actions: str) -> Policy:
        statement = {"Principal": {"AWS": ACCOUNT}, **allow(actions, "*")}
        return policy({"Statement": statement}, PolicyKind.RESOURCE)

    assert not subsumes(key("kms:Decrypt"), key("kms:Decrypt", "kms:Encrypt"))
    assert subsumes(key("kms:Decrypt", "kms:Encrypt"), key("kms:Encrypt"))
