"""What is proved of roles and keys: needs, denials of their own, liveness, and what cannot be a request."""

from __future__ import annotations

import pytest

from lakenb.iam.parser import policy
from lakenb.iam.policies import PolicyKind
from lakenb.iam.proof.principals import EVERYTHING, holder, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Shape, Verdict, Who
from lakenb.iam.stacks.world import Endpoint
from lakenb.iam.truth import Decision
from tests.iam.proof.small import (
    AWAY,
    BUCKET,
    HOME,
    KEY,
    QUEUE,
    READ,
    ROLE,
    TLS,
    Json,
    allow,
    can,
    deny,
    document,
    obligation,
    only,
    principal,
    shown,
    world,
)


def test_what_the_needs_cover_is_proved_without_looking_at_a_single_request() -> None:
    found = only(READ, identity=(document(allow("s3:GetObject", f"{BUCKET}/in/*")),))
    assert found.verdict is Verdict.PROVED
    assert [(each.action, each.resource, each.need) for each in found.within] == [
        ("s3:GetObject", f"{BUCKET}/in/*", 0)
    ]
    assert found.cells == ()


@pytest.mark.parametrize(
    ("statement", "action", "resource"),
    [
        (allow("s3:GetObject", f"{BUCKET}/*"), "s3:GetObject", f"{BUCKET}/doc"),
        (allow("s3:GetObject", f"{BUCKET}/in*"), "s3:GetObject", f"{BUCKET}/indoc"),
        (allow("s3:Get*", f"{BUCKET}/in/*"), "s3:GetObjectVersion", f"{BUCKET}/in/doc"),
        (allow("s3:PutObject", f"{BUCKET}/in/*"), "s3:PutObject", f"{BUCKET}/in/doc"),
        (allow("s3:*", BUCKET), "s3:ListBucket", BUCKET),
        (allow("s3:GetObject", f"{BUCKET}-?/*"), "s3:GetObject", f"{BUCKET}-x/doc"),
        (
            {"Effect": "Allow", "NotAction": "s3:PutObject", "Resource": f"{BUCKET}/in/x"},
            "s3:DeleteObject",
            f"{BUCKET}/in/x",
        ),
        (
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": f"{BUCKET}/*"},
            "s3:GetObject",
            "arn:aws:s3:::another-bucket/doc",
        ),
    ],
)  # fmt: skip
def test_what_is_wider_than_the_needs_is_shown_by_a_short_request(
    statement: Json, action: str, resource: str
) -> None:
    found = only(READ, identity=(document(statement),), guards={BUCKET: document()})
    assert shown(found) == (Verdict.FAILED, action, resource, {})
    assert found.witness is not None
    assert found.witness.statement.startswith("Role.0, statement 1")
    assert found.why == f"Role can {action} on {resource}"


@pytest.mark.parametrize(
    "need",
    [
        Shape(("s3:GetObject",), (f"{BUCKET}/doc",)),
        Shape(("s3:*",), (f"{BUCKET}/d*",)),
        Shape(("s3:GetObject",), (f"{BUCKET}/*",)),
        Shape(("s3:Get*",), (f"{BUCKET}/*",), (("aws:securetransport", ("true",)),)),
    ],
)
def test_a_need_that_covers_the_likely_request_covers_no_other(need: Shape) -> None:
    assert only(need, identity=(document(allow("s3:Get*", f"{BUCKET}/*")),)).verdict is Verdict.FAILED


def test_a_bucket_that_guards_itself_does_not_stand_for_those_that_do_not() -> None:
    guards = {f"arn:aws:s3:::{name}": document(deny("*", "*", Principal="*")) for name in "xyz"}
    found = only(identity=(document(allow("s3:GetObject", "arn:aws:s3:::?/*")),), guards=guards)
    assert shown(found)[:2] == (Verdict.FAILED, "s3:GetObject")
    assert shown(found)[2].startswith("arn:aws:s3:::a/")


def test_made_up_names_are_shown_in_the_templates_words() -> None:
    found = only(identity=(document(allow("s3:GetObject", f"{BUCKET}/*")),), names={"store": "${Store}"})
    assert found.why == "Role can s3:GetObject on arn:aws:s3:::${Store}/doc"


def test_a_future_action_is_said_to_stand_for_others() -> None:
    found = only(identity=(document(allow("s3:Zip*", f"{BUCKET}/*")),))
    assert found.witness is not None
    assert found.witness.action == "s3:zipfutureaction"
    assert found.witness.reasons[-1] == (
        "s3:zipfutureaction stands for every action, today's and future ones, that is named so"
    )


def test_a_deny_mends_a_wide_allow() -> None:
    wide = allow("s3:Get*", f"{BUCKET}/*")
    holes = deny("s3:Get*", "*", Condition={"Null": {"aws:SecureTransport": "false"}})
    assert only(identity=(document(wide),)).verdict is Verdict.FAILED
    assert only(identity=(document(wide, holes),)).verdict is Verdict.PROVED


def test_a_deny_that_spares_something_leaves_exactly_that() -> None:
    rest = {"Effect": "Deny", "Action": "*", "NotResource": [f"{BUCKET}/in/*"]}
    found = only(identity=(document(allow("s3:GetObject", "*"), rest),))
    assert shown(found) == (Verdict.FAILED, "s3:GetObject", f"{BUCKET}/in/doc", {})
    assert only(READ, identity=(document(allow("s3:GetObject", "*"), rest),)).verdict is Verdict.PROVED


def test_a_boundary_limits_what_is_granted() -> None:
    wide = document(allow("*", "*"))
    ceiling = document(allow("s3:GetObject", f"{BUCKET}/in/*"))
    assert only(READ, identity=(wide,)).verdict is Verdict.FAILED
    assert only(READ, identity=(wide,), boundaries=(ceiling,)).verdict is Verdict.PROVED


def test_pairs_of_action_and_resource_that_no_request_can_be_are_no_break() -> None:
    needs = (
        Shape(("s3:GetObject",), (f"{BUCKET}/*",)),
        Shape(("s3:ListBucket",), (BUCKET,)),
        Shape(("sqs:SendMessage",), (QUEUE,)),
    )
    merged = document(
        allow(["s3:GetObject", "s3:ListBucket", "sqs:SendMessage"], [BUCKET, f"{BUCKET}/*", QUEUE])
    )
    assert only(*needs, identity=(merged,)).verdict is Verdict.PROVED
    assert shown(only(*needs[1:], identity=(merged,)))[1:3] == ("s3:GetObject", f"{BUCKET}/doc")


def test_what_can_be_done_needs_every_part_of_its_zone() -> None:
    where = world(document(allow("s3:GetObject", f"{BUCKET}/*"), deny("s3:*", f"{BUCKET}/no/*")))
    role = holder(where, "Role")
    assert prove(where, can(role, "s3:GetObject", f"{BUCKET}/in/*")).verdict is Verdict.PROVED
    found = prove(where, can(role, "s3:GetObject", f"{BUCKET}/*"))
    assert shown(found) == (Verdict.FAILED, "s3:GetObject", f"{BUCKET}/no/doc", {})
    assert found.why == f"Role cannot s3:GetObject on {BUCKET}/no/doc"
    assert found.witness is not None
    assert found.witness.decision is Decision.EXPLICITLY_DENIED


def test_what_can_be_done_can_in_its_very_context() -> None:
    where = world(
        document(allow("s3:GetObject", f"{BUCKET}/*")),
        guards={BUCKET: document(deny("s3:*", [BUCKET, f"{BUCKET}/*"], Principal="*", **TLS))},
    )
    role = holder(where, "Role")
    assert (
        prove(where, can(role, "s3:GetObject", f"{BUCKET}/x", aws_securetransport="true")).verdict
        is Verdict.PROVED
    )
    found = prove(where, can(role, "s3:GetObject", f"{BUCKET}/x", aws_securetransport="false"))
    assert found.verdict is Verdict.FAILED


def test_an_endpoints_policy_counts_where_the_request_goes_through_it() -> None:
    narrow = policy(document(allow("s3:GetObject", f"{BUCKET}/a/*", Principal="*")), PolicyKind.ENDPOINT)
    where = world(
        document(allow("s3:GetObject", f"{BUCKET}/*")),
        endpoints=(Endpoint("Gate", "vpce-1", "vpc-1", "com.amazonaws.eu-west-1.s3", narrow),),
    )
    role = holder(where, "Role")
    assert prove(where, can(role, "s3:GetObject", f"{BUCKET}/b/x")).verdict is Verdict.PROVED
    through = can(role, "s3:GetObject", f"{BUCKET}/b/x", aws_sourcevpce="vpce-1")
    assert prove(where, through).verdict is Verdict.FAILED
    assert (
        prove(where, can(role, "s3:GetObject", f"{BUCKET}/a/x", aws_sourcevpce="vpce-1")).verdict
        is Verdict.PROVED
    )


def test_identity_policies_do_nothing_on_a_key_that_does_not_point_to_the_account() -> None:
    identity = document(allow("kms:Decrypt", KEY))
    deaf = document(allow("kms:Describe*", "*", Principal={"AWS": ROLE}))
    told = document(allow("kms:*", "*", Principal={"AWS": f"arn:aws:iam::{HOME}:root"}))
    for guard, verdict in ((deaf, Verdict.FAILED), (told, Verdict.PROVED)):
        where = world(identity, guards={KEY: guard})
        assert prove(where, can(holder(where, "Role"), "kms:Decrypt", KEY)).verdict is verdict
    named = Shape(("kms:DescribeKey",), (KEY,))
    found = only(named, identity=(identity,), guards={KEY: deaf})
    assert found.witness is not None
    assert found.witness.action.startswith("kms:describe")
    assert shown(only(named, identity=(identity,), guards={KEY: told}))[1:3] == ("kms:Decrypt", KEY)


def test_a_key_policy_that_names_the_account_gives_nobody_anything_by_itself() -> None:
    guard = document(allow("kms:*", "*", Principal={"AWS": HOME}))
    where = world(guards={KEY: guard})
    for who in (holder(where, "Role"), *strangers(where)):
        assert prove(where, obligation(who)).verdict is Verdict.PROVED


def test_a_condition_on_the_service_that_calls_leaves_direct_calls_out() -> None:
    through = {"Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}
    guard = document(allow("kms:Decrypt", "*", Principal={"AWS": ROLE}, **through))
    found = only(identity=(), guards={KEY: guard})
    assert shown(found) == (
        Verdict.FAILED,
        "kms:Decrypt",
        KEY,
        {"kms:viaservice": ("s3.eu-west-1.amazonaws.com",)},
    )
    need = Shape(("kms:Decrypt",), (KEY,), (("kms:viaservice", ("s3.*.amazonaws.com",)),))
    assert only(need, identity=(), guards={KEY: guard}).verdict is Verdict.PROVED


def test_a_role_can_be_assumed_by_whom_its_trust_policy_names() -> None:
    other = f"arn:aws:iam::{HOME}:role/other"
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ROLE}})
    found = only(identity=(), guards={other: trust}, trust=(other,))
    assert shown(found) == (Verdict.FAILED, "sts:AssumeRole", other, {})
    service = document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
    )
    where = world(document(allow("sts:AssumeRole", "*")), guards={other: service}, trust=(other,))
    zone = Shape(("sts:*",), (other,))
    assert prove(where, obligation(holder(where, "Role"), zone)).verdict is Verdict.PROVED
    breaking = {
        who.label for who in strangers(where) if prove(where, obligation(who)).verdict is Verdict.FAILED
    }
    assert breaking == {"lambda.amazonaws.com"}


def test_who_has_everything_in_another_account_gets_only_what_guards_give() -> None:
    where = world(document(allow("*", "*")), guards={BUCKET: document()})
    stranger = Who("x", principal(f"arn:aws:iam::{AWAY}:role/x"), identity=(EVERYTHING,))
    assert prove(where, obligation(stranger)).verdict is Verdict.PROVED


def test_a_zones_context_limits_what_is_looked_at() -> None:
    where = world(
        document(allow("s3:GetObject", f"{BUCKET}/*", Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}}))
    )
    role = holder(where, "Role")
    outside = Shape(("*",), ("*",), (("aws:sourcevpc", ("vpc-2",)),))
    assert prove(where, obligation(role, outside)).verdict is Verdict.PROVED
    inside = Shape(("*",), ("*",), (("aws:sourcevpc", ("vpc-*",)),))
    assert shown(prove(where, obligation(role, inside)))[3] == {"aws:sourcevpc": ("vpc-1",)}


def test_a_region_that_a_condition_names_is_a_class_of_its_own() -> None:
    here = deny("*", "*", Condition={"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}})
    found = only(identity=(document(allow("sqs:SendMessage", f"arn:aws:sqs:*:{HOME}:q"), here),))
    assert shown(found)[:3] == (Verdict.FAILED, "sqs:SendMessage", f"arn:aws:sqs:eu-west-1:{HOME}:q")
    literal = document(allow("sqs:SendMessage", f"arn:aws:sqs:us-east-1:{HOME}:q"), here)
    assert only(identity=(literal,)).verdict is Verdict.PROVED


def test_an_account_that_a_condition_names_is_a_class_of_its_own() -> None:
    theirs = {"Condition": {"StringEquals": {"aws:ResourceAccount": "333333333333"}}}
    found = only(identity=(document(allow("sqs:SendMessage", "arn:aws:sqs:eu-west-1:*:q", **theirs)),))
    assert shown(found)[2] == "arn:aws:sqs:eu-west-1:333333333333:q"
    found = only(identity=(document(allow("s3:GetObject", "arn:aws:s3:::theirs/*", **theirs)),))
    assert shown(found)[2:] == ("arn:aws:s3:::theirs/doc", {"aws:resourceaccount": ("333333333333",)})
    kept = {"Condition": {"StringEquals": {"aws:ResourceAccount": HOME}}}
    outside = Shape(("*",), ("*",), (("aws:resourceaccount", ("333333333333",)),))
    where = world(document(allow("s3:GetObject", "*", **kept)))
    assert prove(where, obligation(holder(where, "Role"), outside)).verdict is Verdict.PROVED


def test_a_role_or_key_that_the_template_does_not_have_may_let_the_account_decide() -> None:
    other = f"arn:aws:iam::{HOME}:role/other"
    assert shown(only(identity=(document(allow("sts:AssumeRole", other)),)))[1:3] == ("sts:AssumeRole", other)
    assert only(identity=(document(allow("k*:D*", KEY)),)).verdict is Verdict.FAILED


def test_actions_that_a_keys_policy_must_allow_are_told_from_others() -> None:
    deaf = {KEY: document(deny("kms:Delete*", "*", Principal="*"))}
    assert only(identity=(document(allow("kms:D*", KEY)),), guards=deaf).verdict is Verdict.PROVED
    found = only(identity=(document(allow("k*:D*", KEY)),), guards=deaf)
    assert found.witness is not None
    assert not found.witness.action.startswith("kms:")


def test_what_is_told_of_the_caller_may_be_told_to_every_service() -> None:
    function = f"arn:aws:lambda:eu-west-1:{HOME}:function:f"
    calling = {"Condition": {"ArnEquals": {"lambda:SourceFunctionArn": function}}}
    found = only(identity=(document(allow("s3:GetObject", f"{BUCKET}/*", **calling)),))
    assert found.verdict is Verdict.FAILED


def test_actions_that_carry_a_key_are_told_from_those_that_do_not() -> None:
    function = f"arn:aws:lambda:eu-west-1:{HOME}:function:f"
    by_url = {"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}}
    found = only(identity=(document(allow("*", function, **by_url)),))
    assert found.witness is not None
    assert found.witness.action.startswith("lambda:")
    assert dict(found.witness.context) == {"lambda:functionurlauthtype": ("NONE",)}


def test_modalities_differ() -> None:
    where = world(document(allow("s3:GetObject", f"{BUCKET}/x")))
    zone = Shape(("s3:GetObject",), (f"{BUCKET}/x",))
    role = holder(where, "Role")
    assert prove(where, obligation(role, zone)).verdict is Verdict.FAILED
    assert prove(where, obligation(role, zone, modality=Modality.CAN)).verdict is Verdict.PROVED
