from __future__ import annotations

import ast
import copy
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import lakenb.iam.checker
from lakenb.iam.checker import Checker, check
from lakenb.iam.checker.facts import can_be_asked
from lakenb.iam.patterns import Kind, pattern
from lakenb.iam.proof.certificate import certificate
from lakenb.iam.proof.principals import administrator, holder, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Modality, Obligation, Outcome, Shape, Verdict, Who
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import Source, digest, source
from lakenb.iam.truth import YES, Decision
from tests.examples import letters
from tests.iam.checker.certified import (
    GETS,
    LISTS,
    PUTS,
    READS,
    TLS_ONLY,
    ZONE,
    Json,
    certified,
    obligation,
    reads,
    role,
    template,
    world_of,
)

if TYPE_CHECKING:
    from lakenb.iam.stacks.world import World

BUCKET = "arn:aws:s3:::docs"
TLS = (("aws:securetransport", ("true",)),)


def everybody(world: World) -> list[Who]:
    own = [holder(world, name) for name, each in world.identities.items() if each.principal]
    return [*own, *strangers(world), administrator(world)]


def forged(given: Source, world: World, claimed: Obligation, outcome: Outcome) -> Json:
    """Return what a prover that overlooks the witness would certify."""
    cells = tuple(
        each
        for each in outcome.cells
        if (each.decision is Decision.ALLOWED) is (claimed.modality is Modality.CAN) or each.need is not None
    )
    blind = replace(outcome, verdict=Verdict.PROVED, witness=None, why="", cells=cells)
    return certificate(digest(given), world, claimed, blind, world.assumptions)


def is_real(claimed: Obligation, outcome: Outcome) -> bool:
    """Return whether a witness can be asked, and lies in the zone as the checker reads it: field by field."""
    found = outcome.witness
    return (
        outcome.verdict is Verdict.FAILED
        and found is not None
        and (claimed.modality is Modality.CAN or can_be_asked(found.action, found.resource))
        and any(
            pattern(text, Kind.RESOURCE, has_variables=True).matches(found.resource, {}.get) == YES
            for text in claimed.zone.resources
        )
    )


def accepted(given: Source, world: World, several: list[Obligation]) -> int:
    """Return how many of the obligations are proved; every proof is accepted, and no other is."""
    checker, proved = Checker(given), 0
    for claimed in several:
        outcome = prove(world, claimed)
        if outcome.verdict is Verdict.PROVED:
            proved += 1
            made = certificate(digest(given), world, claimed, outcome, world.assumptions)
            assert checker.check(made, claimed) == (), (claimed, outcome)
        elif is_real(claimed, outcome):
            assert checker.check(forged(given, world, claimed, outcome), claimed) != (), (claimed, outcome)
    return proved


def test_the_provers_certificate_is_accepted() -> None:
    made = certified(READS, world_of(READS), reads())
    assert check(made, READS, reads()) == ()


def test_every_proof_about_a_pipeline_is_accepted() -> None:
    given = source(letters().template())
    world = Reader().worlds(given)[0]
    several = []
    for each in world.resources.values():
        if each.type not in {"AWS::S3::Bucket", "AWS::SQS::Queue", "AWS::SNS::Topic"}:
            continue
        here = (each.arn, f"{each.arn}/*")
        needs = (
            Shape(("s3:GetObject",), (f"{each.arn}/*",)),
            Shape(("s3:PutObject",), (f"{each.arn}/*",), TLS),
            Shape(("sqs:*", "sns:Publish"), (each.arn,)),
        )
        for who in everybody(world)[::3]:
            several += [
                obligation(who, Shape(("*",), here), *needs),
                obligation(who, Shape(("s3:GetObject",), here)),
                obligation(who, Shape(("s3:GetObject",), here[1:], TLS), modality=Modality.CAN),
            ]
    assert accepted(given, world, several) > len(several) // 2


KEY = {
    "Type": "AWS::KMS::Key",
    "Properties": {
        "KeyPolicy": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "account",
                    "Effect": "Allow",
                    "Action": "kms:*",
                    "Resource": "*",
                    "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}},
                },
                {
                    "Sid": "through S3",
                    "Effect": "Deny",
                    "Action": "kms:Decrypt",
                    "Resource": "*",
                    "Principal": "*",
                    "Condition": {"StringNotEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
                },
            ],
        }
    },
}
DECRYPTS = {"Sid": "decrypts", "Effect": "Allow", "Action": ["kms:Decrypt", "kms:Describe*"], "Resource": "*"}


def test_a_proof_about_a_key_is_accepted_and_depends_on_its_conditions() -> None:
    given = source(template([GETS, DECRYPTS], [TLS_ONLY], Key=KEY))
    world = world_of(given)
    zone = Shape(("kms:*",), (world.resources["Key"].arn,))
    needs = (
        Shape(("kms:Decrypt",), ("*",), (("kms:viaservice", ("s3.*",)),)),
        Shape(("kms:Describe*",), ("*",)),
    )
    claimed = obligation(holder(world, "Reader"), zone, *needs)
    assert accepted(given, world, [claimed, *(obligation(who, zone) for who in strangers(world))]) > 1
    made = certified(given, world, claimed)
    denied = [each for each in made["cells"] if each["decision"] == "EXPLICITLY_DENIED"]
    made["cells"] = [each for each in made["cells"] if each not in denied]
    assert any("none stands for kms:decrypt on" in each for each in check(made, given, claimed))


def test_a_permissions_boundary_counts() -> None:
    boundary = {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": {"Version": "2012-10-17", "Statement": [LISTS]}},
    }
    made = template([GETS, LISTS], [], Ceiling=boundary)
    made["Resources"]["Reader"]["Properties"]["PermissionsBoundary"] = {"Ref": "Ceiling"}
    given = source(made)
    world = world_of(given)
    claimed = obligation(holder(world, "Reader"), ZONE, Shape(("s3:ListBucket",), ("arn:aws:s3:::docs",)))
    certificate_ = certified(given, world, claimed)
    assert check(certificate_, given, claimed) == ()
    without = copy.deepcopy(made)
    del without["Resources"]["Reader"]["Properties"]["PermissionsBoundary"]
    certificate_["template"] = digest(source(without))
    assert any("is ALLOWED, not IMPLICITLY_DENIED" in each for each in check(certificate_, source(without)))


def test_a_variable_that_who_asks_fixes_is_filled() -> None:
    own = {**GETS, "Resource": f"{BUCKET}/${{aws:PrincipalAccount}}/*"}
    given = source(template([own], []))
    world = world_of(given)
    claimed = obligation(holder(world, "Reader"), ZONE, Shape(("s3:Get*",), (f"{BUCKET}/111122223333/*",)))
    assert accepted(given, world, [claimed]) == 1


def test_what_rests_on_a_variable_that_nobody_fixes_is_not_accepted() -> None:
    own = {**GETS, "Resource": f"{BUCKET}/${{aws:PrincipalTag/team}}/*"}
    given = source(template([own], []))
    world = world_of(given)
    claimed = obligation(holder(world, "Reader"), ZONE, Shape(("s3:Get*",), (f"{BUCKET}/blue/*",)))
    assert prove(world, claimed).verdict is not Verdict.PROVED
    made = certificate(digest(given), world, claimed, Outcome(Verdict.PROVED), world.assumptions)
    assert check(made, given) == (
        (
            "cells: that they stand for every request cannot be checked: "
            "'arn:aws:s3:::docs/${aws:PrincipalTag/team}/*' has a variable whose value who asks does not fix"
        ),
    )


def test_a_root_user_needs_no_statement() -> None:
    given = source(template([GETS], []))
    world = world_of(given)
    root = Who("root", request("arn:aws:iam::111122223333:root", "s3:GetObject", "*").principal)
    claimed = obligation(root, Shape(("s3:GetObject",), (f"{BUCKET}/*",)))
    made = certificate(digest(given), world, claimed, Outcome(Verdict.PROVED), world.assumptions)
    assert check(made, given, claimed) == (
        "cells: none stands for s3:getobject on arn:aws:s3:::docs/, to be looked at for the zone",
    )


def test_where_not_every_world_was_followed_nothing_is_proved() -> None:
    made = template([GETS], [])
    names = [f"P{number}" for number in range(8)]
    made["Parameters"] = {name: {"Type": "String", "AllowedValues": ["a", "b"]} for name in names}
    made["Conditions"] = {f"Is{name}": {"Fn::Equals": [{"Ref": name}, "a"]} for name in names}
    for name in names:
        made["Resources"][f"Role{name}"] = role(PUTS) | {"Condition": f"Is{name}"}
    given = source(made)
    world = Reader().worlds(given)[0]
    claimed = obligation(holder(world, "Reader"), Shape(("s3:PutObject",), ("*",)))
    blind = certificate(digest(given), world, claimed, Outcome(Verdict.PROVED), world.assumptions)
    assert any("more worlds than" in each for each in check(blind, given, claimed))


# --- drawn ----------------------------------------------------------------------------------------------

ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "s3:Get*", "s3:?etObject", "*", "*:*Object", "kms:Decrypt"]
RESOURCES = [
    BUCKET,
    f"{BUCKET}/*",
    f"{BUCKET}/in/*",
    f"{BUCKET}/*.pdf",
    "arn:aws:s3:::d*/in/?",
    "*",
    "arn:aws:*:::docs/*",
]
CONDITIONS: list[Json] = [
    {"Bool": {"aws:SecureTransport": "false"}},
    {"StringEquals": {"aws:SourceVpce": "vpce-1"}},
    {"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}, "Null": {"aws:SourceVpc": "false"}},
    {"NumericLessThan": {"s3:TlsVersion": "1.2"}},
    {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
    {"StringEquals": {"aws:SourceAccount": "111122223333"}},
    {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:t*"}},
    {"ForAllValues:StringLike": {"aws:TagKeys": ["a*", "b"]}},
    {"StringEqualsIfExists": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}},
    {"StringEquals": {"aws:PrincipalAccount": "111122223333"}},
    {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}},
]
PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "111122223333"},
    {"Service": "sns.amazonaws.com"},
    {"AWS": {"Fn::GetAtt": ["Reader", "Arn"]}},
]


def some(draw: random.Random, several: list[str], most: int = 2) -> list[str]:
    return draw.sample(several, draw.randint(1, most))


def statement(draw: random.Random) -> Json:
    made: Json = {
        "Effect": draw.choice(["Allow", "Allow", "Deny"]),
        draw.choice(["Action"] * 7 + ["NotAction"]): some(draw, ACTIONS),
        draw.choice(["Resource"] * 7 + ["NotResource"]): some(draw, RESOURCES),
    }
    return made | {"Condition": draw.choice(CONDITIONS)} if draw.random() < 0.6 else made


@pytest.mark.parametrize("seed", range(40))
def test_every_proof_about_policies_at_random_is_accepted(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - policies, no secrets
    own = [statement(draw) for _ in range(draw.randint(1, 3))]
    of_bucket = [statement(draw) | {"Principal": draw.choice(PRINCIPALS)} for _ in range(draw.randint(1, 3))]
    given = source(template(own, of_bucket))
    world = world_of(given)
    contexts = [(), TLS, (("aws:sourcevpce", ("vpce-1", "vpce-3")),)]
    several = []
    for who in [holder(world, "Reader"), administrator(world), *draw.sample(strangers(world), 2)]:
        for _ in range(3):
            zone = Shape(tuple(some(draw, ACTIONS)), tuple(some(draw, RESOURCES)), draw.choice(contexts))
            needs = [
                Shape(tuple(some(draw, ACTIONS, 3)), tuple(some(draw, RESOURCES, 3)), draw.choice(contexts))
                for _ in range(2)
            ]
            several.append(obligation(who, zone, *needs))
        here = (draw.choice(RESOURCES[:4]),)
        several.append(obligation(who, Shape(("s3:GetObject",), here, TLS), modality=Modality.CAN))
    accepted(given, world, several)


def test_the_checker_shares_nothing_with_the_prover_but_its_words() -> None:
    folder = Path(lakenb.iam.checker.__file__).parent
    imported = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                imported.add(node.module or "")
            elif isinstance(node, ast.Import):
                imported.update(each.name for each in node.names)
    assert {each for each in imported if each.startswith("lakenb.iam.proof")} == {"lakenb.iam.proof.values"}
    assert not {each for each in imported if each.startswith(("lakenb.review", "lakenb.security"))}
