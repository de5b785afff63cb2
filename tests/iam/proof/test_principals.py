from __future__ import annotations

import pytest

from lakenb.iam.proof.principals import administrators, holder, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Shape, Verdict
from tests.iam.proof.small import AWAY, HOME, ROLE, Json, allow, deny, document, obligation, world

BUCKET = "arn:aws:s3:::store"
NO_TLS = {"Bool": {"aws:SecureTransport": "false"}}


def labels(*statements: Json) -> list[str]:
    return [who.label for who in strangers(world(guards={BUCKET: document(*statements)}))]


def test_strangers_are_the_usual_ones_where_nothing_is_said() -> None:
    found = labels()
    assert found[:3] == ["another role of the account", "another account", "anonymous"]
    assert {"sns.amazonaws.com", "lambda.amazonaws.com", "any other service"} <= set(found)


def test_whom_policies_name_is_among_the_strangers() -> None:
    user = f"arn:aws:iam::{AWAY}:user/ada"
    found = labels(
        allow("s3:*", "*", Principal={"AWS": [user, "333333333333"], "Service": "odd.amazonaws.com"}),
        allow("s3:*", "*", Principal={"Federated": "accounts.google.com"}),
    )
    assert {user, "the account 333333333333", "odd.amazonaws.com", "accounts.google.com"} <= set(found)


def test_the_templates_own_role_is_no_stranger() -> None:
    assert ROLE not in labels(allow("s3:*", "*", Principal={"AWS": ROLE}))
    condition = {"ArnEquals": {"aws:PrincipalArn": ROLE}}
    assert labels(allow("s3:*", "*", Principal="*", Condition=condition)) == labels()


def test_no_two_strangers_share_a_label() -> None:
    odd = {"ArnLike": {"aws:PrincipalArn": [f"arn:aws:iam::{HOME}:role/A*", "arn:aws:iam::*:user/*"]}}
    found = labels(allow("s3:*", "*", Principal="*", Condition=odd))
    assert len(set(found)) == len(found)
    assert any("role/A" in label for label in found)
    assert any("user/" in label for label in found)


def test_overlapping_names_are_all_tried_and_worst_cases_end() -> None:
    names = [f"arn:aws:iam::{HOME}:role/*{letter}*" for letter in "abcdefghijklmnop"]
    found = labels(allow("s3:*", "*", Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": names}}))
    assert len(found) > len(labels())
    two = [f"arn:aws:iam::{HOME}:role/a*", f"arn:aws:iam::{HOME}:role/*b"]
    both = deny("s3:*", "*", Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": two[0]}})
    more = deny("s3:*", "*", Principal="*", Condition={"ArnLike": {"aws:PrincipalArn": two[1]}})
    assert sum("of the account, such as role/" in label for label in labels(both, more)) == 3


def _denied_without_tls(guard: Json) -> dict[str, Verdict]:
    where = world(guards={BUCKET: guard})
    zone = Shape(("s3:*",), (BUCKET, f"{BUCKET}/*"), (("aws:securetransport", ("false",)),))
    return {who.label: prove(where, obligation(who, zone)).verdict for who in administrators(where)}


def test_administrators_are_told_apart_by_what_denials_spare() -> None:
    everyone = _denied_without_tls(document(deny("s3:*", "*", Principal="*", Condition=NO_TLS)))
    assert everyone == {"an administrator of the account": Verdict.PROVED}
    named = {**NO_TLS, "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{HOME}:role/Backup*"}}
    spared = _denied_without_tls(document(deny("s3:*", "*", Principal="*", Condition=named)))
    assert list(spared.values()) == [Verdict.PROVED, Verdict.FAILED]
    session = f"arn:aws:sts::{HOME}:assumed-role/r/s"
    one = deny("s3:*", "*", NotPrincipal={"AWS": [ROLE, HOME, session]}, Condition=NO_TLS)
    found = _denied_without_tls(document(one))
    assert found[f"an administrator of the account named {session}"] is Verdict.FAILED
    assert found[f"an administrator of the account named {ROLE}"] is Verdict.UNDECIDED


def test_a_role_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        holder(world(), "Nobody")
