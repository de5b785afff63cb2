from __future__ import annotations

import random
from dataclasses import replace

import pytest

from lakenb.errors import UnsupportedError
from lakenb.iam.evaluator import evaluate
from lakenb.iam.proof import smt
from lakenb.iam.proof.principals import administrator, holder, strangers
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.smt import Opinion, agrees, opinion
from lakenb.iam.proof.values import Modality, Outcome, Shape, Verdict
from lakenb.iam.requests import request
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from tests.examples import letters
from tests.iam.checker.certified import (
    GETS,
    LISTS,
    NO_SECRETS,
    PUTS,
    TLS_ONLY,
    Json,
    obligation,
    template,
    world_of,
)

TLS = (("aws:securetransport", ("true",)),)
BUCKET = "arn:aws:s3:::docs"

try:
    import cvc5  # noqa: F401 - whether it is installed
except ImportError:
    HAS_CVC5 = False
else:
    HAS_CVC5 = True
needs_cvc5 = pytest.mark.skipif(not HAS_CVC5, reason='cvc5 is not installed: pip install "lakenb[smt]"')


def claimed(
    own: list[Json], of_bucket: list[Json], *needs: Shape, modality: Modality = Modality.ONLY
) -> tuple:
    world = world_of(source(template(own, of_bucket)))
    zone = Shape(("s3:*",), (BUCKET, f"{BUCKET}/*"))
    if modality is Modality.CAN:
        zone = Shape(("s3:GetObject",), (f"{BUCKET}/in/*",), TLS)
    return world, obligation(holder(world, "Reader"), zone, *needs, modality=modality)


@needs_cvc5
def test_what_lies_within_the_needs_is_proved_by_both() -> None:
    need = Shape(("s3:Get*", "s3:ListBucket"), (BUCKET, f"{BUCKET}/*"))
    world, wanted = claimed([GETS, LISTS], [TLS_ONLY], need)
    assert opinion(world, wanted) == Opinion(Verdict.PROVED)
    assert agrees(world, wanted, prove(world, wanted))


@needs_cvc5
def test_what_lies_beyond_is_found_by_both_and_the_request_is_allowed() -> None:
    need = Shape(("s3:GetObject",), (f"{BUCKET}/*",))
    world, wanted = claimed([GETS], [NO_SECRETS], need)
    found = opinion(world, wanted)
    assert found.verdict is Verdict.FAILED
    assert found.action.startswith("s3:get")
    assert found.action != "s3:getobject"
    reader = world.identities["Reader"]
    asked = request(reader.arn, found.action, found.resource, resource_account=world.account)
    assert evaluate(asked, world.in_force(reader, found.resource)) is Decision.ALLOWED
    assert agrees(world, wanted, prove(world, wanted))


@needs_cvc5
def test_a_deny_without_conditions_is_taken_in() -> None:
    need = Shape(("s3:Get*",), (f"{BUCKET}/in/*", f"{BUCKET}/out/*"))
    rest = {**NO_SECRETS, "NotResource": [f"{BUCKET}/in/*", f"{BUCKET}/out/*"]}
    del rest["Resource"]
    world, wanted = claimed([GETS], [rest], need)
    assert opinion(world, wanted).verdict is Verdict.PROVED
    world, wanted = claimed([GETS], [], need)
    assert opinion(world, wanted).verdict is Verdict.FAILED


@needs_cvc5
def test_where_conditions_decide_it_has_no_opinion() -> None:
    need = Shape(("s3:Get*",), (f"{BUCKET}/*",), TLS)
    world, wanted = claimed([GETS], [TLS_ONLY], need)
    found = opinion(world, wanted)
    assert (found.verdict, found.why) == (
        Verdict.UNDECIDED,
        "conditions decide, or policies that cvc5 is not asked about",
    )
    assert agrees(world, wanted, Outcome(Verdict.FAILED))
    assert agrees(world, wanted, Outcome(Verdict.PROVED))


@needs_cvc5
def test_a_wrong_outcome_is_contradicted() -> None:
    world, wanted = claimed([GETS], [])
    assert not agrees(world, wanted, Outcome(Verdict.PROVED))
    world, wanted = claimed([LISTS], [], Shape(("s3:*",), ("*",)))
    assert not agrees(world, wanted, Outcome(Verdict.FAILED))


@needs_cvc5
@pytest.mark.parametrize(
    ("own", "of_bucket", "verdict"),
    [
        ([GETS], [], Verdict.PROVED),
        ([GETS], [NO_SECRETS], Verdict.PROVED),
        ([GETS], [TLS_ONLY], Verdict.UNDECIDED),
        ([PUTS], [], Verdict.FAILED),
        ([GETS], [{**NO_SECRETS, "Resource": f"{BUCKET}/in/*.pdf"}], Verdict.FAILED),
    ],
)
def test_liveness_is_asked_as_well(own: list[Json], of_bucket: list[Json], verdict: Verdict) -> None:
    world, wanted = claimed(own, of_bucket, modality=Modality.CAN)
    assert opinion(world, wanted).verdict is verdict
    assert agrees(world, wanted, prove(world, wanted))


@needs_cvc5
def test_across_accounts_it_is_not_asked() -> None:
    world, wanted = claimed([GETS], [])
    (stranger,) = (each for each in strangers(world) if each.label == "another account")
    found = opinion(world, replace(wanted, who=stranger))
    assert (found.verdict, found.why) == (
        Verdict.UNDECIDED,
        "across accounts, and of root users, cvc5 is not asked",
    )


@needs_cvc5
def test_keys_are_not_left_to_the_roles_own_policies() -> None:
    world, wanted = claimed([GETS], [])
    zone = Shape(("kms:Decrypt",), ("arn:aws:kms:*:*:key/*",), TLS)
    found = opinion(world, replace(wanted, zone=zone, modality=Modality.CAN, who=administrator(world)))
    assert found.why == "where more than policies of its own is needed, cvc5 is not asked"


@needs_cvc5
def test_what_is_never_asked_of_a_resource_breaks_nothing() -> None:
    world, wanted = claimed([PUTS | {"Resource": BUCKET}], [])
    found = opinion(world, wanted)
    assert found.verdict is Verdict.UNDECIDED
    assert prove(world, wanted).verdict is Verdict.PROVED


@needs_cvc5
def test_out_of_time_it_has_no_opinion() -> None:
    many = tuple(f"{BUCKET}/*{letter}*{other}*" for letter in "abcdefghij" for other in "klmnopqrst")
    world, wanted = claimed([GETS], [], Shape(("s3:*",), many))
    found = opinion(world, wanted, milliseconds=1)
    assert (found.verdict, found.why) == (Verdict.UNDECIDED, "cvc5 does not know, or not in time")


ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "s3:Get*", "s3:?etObject", "*", "*:*Object"]
RESOURCES = [BUCKET, f"{BUCKET}/*", f"{BUCKET}/in/*", f"{BUCKET}/*.pdf", "arn:aws:s3:::d*/in/?", "*"]


@needs_cvc5
@pytest.mark.parametrize("seed", range(12))
def test_about_policies_without_conditions_both_agree(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311 - policies, no secrets

    def some(several: list[str], most: int = 2) -> list[str]:
        return draw.sample(several, draw.randint(1, most))

    def statement() -> Json:
        element = draw.choice(["Resource", "Resource", "NotResource"])
        return {
            "Effect": draw.choice(["Allow", "Allow", "Deny"]),
            "Action": some(ACTIONS),
            element: some(RESOURCES),
        }

    own = [statement() for _ in range(3)]
    world = world_of(source(template(own, [statement() | {"Principal": "*"} for _ in range(2)])))
    seen = set()
    for _ in range(4):
        zone = Shape(tuple(some(ACTIONS)), tuple(some(RESOURCES)))
        needs = [Shape(tuple(some(ACTIONS, 3)), tuple(some(RESOURCES, 3))) for _ in range(2)]
        wanted = obligation(holder(world, "Reader"), zone, *needs)
        outcome, found = prove(world, wanted), opinion(world, wanted)
        assert found.agrees(outcome), (wanted, outcome, found)
        seen.add(found.verdict)
    assert seen != {Verdict.UNDECIDED}


@needs_cvc5
def test_about_a_pipeline_both_agree() -> None:
    world = Reader().worlds(source(letters().template()))[0]
    buckets = [each.arn for each in world.resources.values() if each.type == "AWS::S3::Bucket"]
    found = []
    for name, identity in world.identities.items():
        if identity.principal is None:
            continue
        for arn in buckets:
            wanted = obligation(holder(world, name), Shape(("s3:*",), (arn, f"{arn}/*")))
            said = opinion(world, wanted)
            assert said.agrees(prove(world, wanted)), (wanted, said)
            found.append(said.verdict)
    assert {Verdict.PROVED, Verdict.FAILED} <= set(found)


def test_without_cvc5_it_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(smt, "import_module", missing)
    world, wanted = claimed([GETS], [])
    with pytest.raises(UnsupportedError) as caught:
        opinion(world, wanted)
    assert str(caught.value) == (
        "the cross-check of proofs needs the solver cvc5, which is not installed\n"
        "  where: lakenb.iam.proof.smt\n"
        '  mend:  run: pip install "lakenb[smt]"'
    )
