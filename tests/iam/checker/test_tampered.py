from __future__ import annotations

import copy
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from lakenb.iam.checker import Checker, check
from lakenb.iam.proof.principals import holder, strangers
from lakenb.iam.proof.values import Modality, Shape
from lakenb.iam.stacks.read import Reader
from lakenb.iam.stacks.source import digest, source
from tests.iam.checker.certified import (
    GETS,
    LISTS,
    NO_SECRETS,
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
    written,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCE, CLAIMED, GOOD = READS, reads(), written()
CHECKER = Checker(SOURCE)
READER = GOOD["claim"]["who"]["principal"]
WRITER = world_of(SOURCE).identities["Writer"].arn


def changed(*path: str | int, to: Any) -> Callable[[Json], None]:
    def change(certificate: Json) -> None:
        at: Any = certificate
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = to

    return change


def without(*path: str | int) -> Callable[[Json], None]:
    def change(certificate: Json) -> None:
        at: Any = certificate
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


def both(*changes: Callable[[Json], None]) -> Callable[[Json], None]:
    def change(certificate: Json) -> None:
        for each in changes:
            each(certificate)

    return change


def tampered(change: Callable[[Json], None]) -> Json:
    certificate = copy.deepcopy(GOOD)
    change(certificate)
    return certificate


def test_a_certificate_written_by_hand_is_accepted() -> None:
    assert check(GOOD, SOURCE, CLAIMED) == ()
    assert check(json.dumps(GOOD), SOURCE) == ()


ROWS: dict[str, tuple[Callable[[Json], None], str]] = {
    "a cell dropped: allowed and needed": (
        without("cells", 0),
        (
            "cells: none stands for s3:get on arn:aws:s3:::docs/ with aws:securetransport 'true', "
            "to be looked at for Reader.Policies[0] 'own', 'gets'"
        ),
    ),
    "a cell dropped: denied without TLS": (
        without("cells", 1),
        (
            "cells: none stands for s3:get on arn:aws:s3:::docs/ with aws:securetransport 'false', "
            "to be looked at for Reader.Policies[0] 'own', 'gets'"
        ),
    ),
    "a cell dropped: denied by the bucket": (
        without("cells", 2),
        (
            "cells: none stands for s3:get on arn:aws:s3:::docs/secret/ with aws:securetransport 'true', "
            "to be looked at for Reader.Policies[0] 'own', 'gets'"
        ),
    ),
    "a cell dropped: denied twice": (
        without("cells", 3),
        (
            "cells: none stands for s3:get on arn:aws:s3:::docs/secret/ with aws:securetransport 'false', "
            "to be looked at for Reader.Policies[0] 'own', 'gets'"
        ),
    ),
    "a part dropped": (
        without("within", 0),
        (
            "cells: none stands for s3:listbucket on arn:aws:s3:::docs with aws:securetransport 'false', "
            "to be looked at for Reader.Policies[0] 'own', 'lists'"
        ),
    ),
    "an Allow relied on dropped": (
        changed("statements", to=[each for each in GOOD["statements"] if "gets" not in each]),
        "statements: Reader.Policies[0] 'own', 'gets' is relied on and not named",
    ),
    "a Deny relied on dropped": (
        changed("statements", to=[each for each in GOOD["statements"] if "TLS" not in each]),
        "statements: DocsPolicy.PolicyDocument, 'TLS only' is relied on and not named",
    ),
    "a statement that does not exist": (
        changed("statements", to=[*GOOD["statements"], "Reader.Policies[0] 'own', 'deletes'"]),
        "statements: no policy in force has Reader.Policies[0] 'own', 'deletes'",
    ),
    "another template": (
        changed("template", to="0" * 64),
        f"template: the certificate is of another one, '000000000000' and not '{digest(SOURCE)[:12]}'",
    ),
    "a need widened": (
        changed("claim", "needs", 0, "context", to={}),
        "cells[1].need: need 0 covers s3:GetObject on arn:aws:s3:::docs/doc",
    ),
    "a need narrowed": (
        changed("claim", "needs", 0, "resources", to=["arn:aws:s3:::docs/in/*"]),
        "cells[0].need: need 0 does not cover s3:GetObject on arn:aws:s3:::docs/doc",
    ),
    "a need taken away": (
        both(changed("claim", "needs", to=GOOD["claim"]["needs"][1:]), changed("within", 0, "need", to=0)),
        "cells[0].need: need 0 does not cover s3:GetObject on arn:aws:s3:::docs/doc",
    ),
    "the zone narrowed, to leave a part out": (
        changed("claim", "zone", "resources", to=["arn:aws:s3:::docs/*"]),
        "within[0]: it does not meet the zone",
    ),
    "the zone narrowed, to leave a cell out": (
        changed("claim", "zone", "resources", to=["arn:aws:s3:::docs", "arn:aws:s3:::docs/secret/*"]),
        "cells[0]: s3:GetObject on arn:aws:s3:::docs/doc lies outside the zone",
    ),
    "the zone narrowed to nothing": (changed("claim", "zone", "resources", to=[]), "claim.zone: it is empty"),
    "the zone widened": (
        changed("claim", "zone", "actions", to=["*"]),
        "",  # still proved: no Allow of the role is about more
    ),
    "the zone widened to where the role may more": (
        both(
            changed("claim", "who", "logical_id", to="Writer"),
            changed("claim", "who", "principal", to=WRITER),
        ),
        (
            "cells: none stands for s3:putobject on arn:aws:s3:::docs/ with aws:securetransport 'false', "
            "to be looked at for Writer.Policies[0] 'own', 'puts'"
        ),
    ),
    "a decision changed": (
        changed("cells", 1, "decision", to="IMPLICITLY_DENIED"),
        (
            "cells[1].decision: s3:GetObject on arn:aws:s3:::docs/doc is EXPLICITLY_DENIED, "
            "not IMPLICITLY_DENIED"
        ),
    ),
    "an allowed cell called denied": (
        both(changed("cells", 0, "decision", to="EXPLICITLY_DENIED"), changed("cells", 0, "need", to=None)),
        "cells[0].decision: s3:GetObject on arn:aws:s3:::docs/doc is ALLOWED, not EXPLICITLY_DENIED",
    ),
    "who asks swapped, by name": (
        changed("claim", "who", "logical_id", to="Writer"),
        f"claim.who: Writer is {WRITER}, not {READER}",
    ),
    "who asks swapped, by ARN": (
        changed("claim", "who", "principal", to=WRITER),
        f"claim.who: Reader is {READER}, not {WRITER}",
    ),
    "who asks does not exist": (
        changed("claim", "who", "logical_id", to="Nobody"),
        "claim.who: no role or user of the template is 'Nobody'",
    ),
    "a role of the template without its policies": (
        both(changed("claim", "who", "identity", to="nothing"), changed("claim", "who", "logical_id", to="")),
        f"claim.who: {READER} is Reader, whose policies count",
    ),
    "a session of a role of the template without its policies": (
        both(
            changed("claim", "who", "identity", to="nothing"),
            changed("claim", "who", "logical_id", to=""),
            changed(
                "claim",
                "who",
                "principal",
                to=f"arn:aws:sts::111122223333:assumed-role/{WRITER.rsplit('/', 1)[1]}/me",
            ),
        ),
        (
            f"claim.who: arn:aws:sts::111122223333:assumed-role/{WRITER.rsplit('/', 1)[1]}/me is Writer, "
            "whose policies count"
        ),
    ),
    "policies of nobody for a role of the template": (
        changed("claim", "who", "identity", to="nothing"),
        "claim.who: 'Reader' of the template has policies of its own",
    ),
    "a world that does not exist": (
        changed("world", "choices", to=["Parameter Stage is 'prod'"]),
        "world: the template has 0 worlds with Parameter Stage is 'prod'",
    ),
    "a world elsewhere": (
        changed("world", "partition", to="aws-cn"),
        "world.partition: it is 'aws', not 'aws-cn'",
    ),
    "a world in another account": (
        changed("world", "account", to="444455556666"),
        (f"claim.who: Reader is {READER.replace('111122223333', '444455556666')}, not {READER}"),
    ),
    "a part within a need that does not contain it": (
        changed("within", 0, "need", to=0),
        "within[0]: need 0 does not contain it: s3:listbucket lies outside",
    ),
    "a part within a need but for its context": (
        changed("claim", "needs", 1, "context", to={"aws:securetransport": ["true"]}),
        "within[0]: need 1 does not contain it: a request with aws:securetransport 'false' lies outside",
    ),
    "a part within a need but for its resources": (
        changed("claim", "needs", 1, "resources", to=["arn:aws:s3:::doc"]),
        "within[0]: need 1 does not contain it: arn:aws:s3:::docs lies outside",
    ),
    "a part of no statement": (
        changed("within", 0, "resource", to="*"),
        "within[0]: no Allow about who asks is Reader.Policies[0] 'own', 'lists' with s3:ListBucket on *",
    ),
    "a part of a Deny": (
        changed("within", 0, "statement", to="DocsPolicy.PolicyDocument, 'no secrets'"),
        (
            "within[0]: no Allow about who asks is DocsPolicy.PolicyDocument, 'no secrets' "
            "with s3:ListBucket on arn:aws:s3:::docs"
        ),
    ),
    "a cell's context altered": (
        changed("cells", 0, "context", "aws:securetransport", to=["false"]),
        "cells[0].decision: s3:GetObject on arn:aws:s3:::docs/doc is EXPLICITLY_DENIED, not ALLOWED",
    ),
    "a cell's context emptied": (
        changed("cells", 1, "context", to={}),
        "cells[1].decision: s3:GetObject on arn:aws:s3:::docs/doc is ALLOWED, not EXPLICITLY_DENIED",
    ),
    "a cell that says who asks": (
        changed("cells", 0, "context", "aws:principalarn", to=["arn:aws:iam::111122223333:role/other"]),
        "cells[0].context: aws:principalarn contradicts who asks",
    ),
    "a cell moved": (
        changed("cells", 2, "resource", to="arn:aws:s3:::docs/in/x"),
        "cells[2].decision: s3:GetObject on arn:aws:s3:::docs/in/x is ALLOWED, not EXPLICITLY_DENIED",
    ),
    "a cell out of the zone": (
        changed("cells", 2, "resource", to="arn:aws:s3:::other/secret/x"),
        "cells[2]: s3:GetObject on arn:aws:s3:::other/secret/x lies outside the zone",
    ),
    "a cell's need taken away": (
        changed("cells", 2, "need", to=None),
        "cells[2].need: need 0 covers s3:GetObject on arn:aws:s3:::docs/secret/doc",
    ),
    "a cell's need made up": (
        changed("cells", 0, "need", to=7),
        "cells[0].need: 7 is no need: the claim has 2",
    ),
    "secrecy called liveness": (
        changed("claim", "modality", to="can"),
        "cells[1]: the claim is broken: s3:GetObject on arn:aws:s3:::docs/doc is EXPLICITLY_DENIED",
    ),
    "no proof": (
        changed("verdict", to="undecided"),
        "verdict: 'undecided' is no proof: a certificate says 'proved'",
    ),
    "a key that does not exist": (
        changed("cell", to=[]),
        "certificate: there is no key 'cell', only 'cells'",
    ),
    "a key missing": (without("within"), "certificate: the key 'within' is missing"),
    "another form": (changed("lakenb", to=2), "lakenb: this checker reads form 1, not 2"),
    "true for one": (changed("lakenb", to=True), "lakenb: this checker reads form 1, not True"),
    "no list": (changed("cells", to={}), "cells: {} is no list"),
    "no text": (changed("cells", 0, "action", to=3), "cells[0].action: 3 is no text"),
    "no action": (changed("cells", 0, "action", to="s3:Get*"), "cells[0]: 's3:Get*' is no action"),
    "no decision": (
        changed("cells", 0, "decision", to="allowed"),
        "cells[0].decision: 'allowed' is none of ALLOWED, EXPLICITLY_DENIED, IMPLICITLY_DENIED, UNDECIDED",
    ),
    "no principal": (
        changed("claim", "who", "principal", to=""),
        "claim.who.principal: '' is no principal",
    ),
    "a variable in a zone": (
        changed("claim", "zone", "resources", to=["arn:aws:s3:::docs/${aws:username}/*"]),
        "claim.zone.resources: 'arn:aws:s3:::docs/${aws:username}/*' has a variable",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_was_tampered_with_is_rejected_and_says_where(name: str) -> None:
    change, complaint = ROWS[name]
    found = CHECKER.check(tampered(change))
    if complaint:
        assert complaint in found
    else:
        assert found == ()


@pytest.mark.parametrize(
    ("part", "change", "complaint"),
    [
        (
            "text",
            changed("claim", "text", to="it reads nothing"),
            "claim.text: 'it reads nothing' is not what was to be proved",
        ),
        ("claim", changed("claim", "claim", to="P3"), "claim.claim: 'P3' is not what was to be proved, 'P1'"),
        (
            "zone",
            changed("claim", "zone", "actions", to=["*"]),
            "claim.zone: {'actions': ['*'], ",
        ),
        (
            "needs",
            changed(
                "claim",
                "needs",
                to=[*GOOD["claim"]["needs"], {"actions": ["*"], "resources": ["arn:x"], "context": {}}],
            ),
            "claim.needs: ",
        ),
        ("who", changed("claim", "who", "label", to="Writer"), "claim.who: {'label': 'Writer', "),
    ],
)
def test_a_proof_of_another_claim_is_none(part: str, change: Callable[[Json], None], complaint: str) -> None:
    found = CHECKER.check(tampered(change), CLAIMED)
    assert any(each.startswith(complaint) for each in found), (part, found)


def test_cells_of_one_claim_prove_no_other() -> None:
    world = world_of(SOURCE)
    other = certified(
        SOURCE, world, obligation(holder(world, "Writer"), ZONE, Shape(("s3:PutObject",), ("*",)))
    )
    other["claim"] = GOOD["claim"]
    assert "cells[0]" not in check(other, SOURCE)
    assert check(other, SOURCE, CLAIMED) != ()


@pytest.mark.parametrize(
    ("own", "of_bucket", "complaint"),
    [
        (
            [GETS, LISTS, PUTS],
            [NO_SECRETS, TLS_ONLY],
            (
                "cells: none stands for s3:putobject on arn:aws:s3:::docs/ with aws:securetransport 'false', "
                "to be looked at for Reader.Policies[0] 'own', 'puts'"
            ),
        ),
        (
            [GETS, LISTS],
            [NO_SECRETS],
            "cells[1].decision: s3:GetObject on arn:aws:s3:::docs/doc is ALLOWED, not EXPLICITLY_DENIED",
        ),
        (
            [GETS | {"Resource": "arn:aws:s3:::docs*"}, LISTS],
            [NO_SECRETS, TLS_ONLY],
            (
                "cells: none stands for s3:get on arn:aws:s3:::docs with aws:securetransport 'true', "
                "to be looked at for Reader.Policies[0] 'own', 'gets'"
            ),
        ),
        (
            [GETS, LISTS],
            [NO_SECRETS, TLS_ONLY, {**PUTS, "Principal": "*"}],
            (
                "cells: none stands for s3:putobject on arn:aws:s3:::docs/ with aws:securetransport 'false', "
                "to be looked at for DocsPolicy.PolicyDocument, 'puts'"
            ),
        ),
    ],
    ids=["an Allow more", "a Deny less", "an Allow wider", "an Allow of the bucket"],
)
def test_a_changed_template_needs_a_proof_of_its_own(
    own: list[Json], of_bucket: list[Json], complaint: str
) -> None:
    other = source(template(own, of_bucket, Writer=role(PUTS)))
    certificate = copy.deepcopy(GOOD)
    assert check(certificate, other)[0].startswith("template: the certificate is of another one")
    certificate["template"] = digest(other)
    assert complaint in check(certificate, other)


def test_a_key_that_stands_twice_is_seen_in_the_text() -> None:
    text = json.dumps(GOOD)
    twice = text.replace('"need": 1', '"need": 0, "need": 1')
    assert check(twice, SOURCE) == ("certificate: the key 'need' stands twice",)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "NaN", b"\xff", json.dumps(GOOD)[:-10], "[" * 100_000]
)
def test_what_is_no_certificate_gets_a_complaint(text: str | bytes) -> None:
    (complaint, *_) = check(text, SOURCE)
    assert complaint.startswith("certificate: ")


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for step, inner in steps:
        found += places(inner, (*path, step))
    return found


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5),
    st.sampled_from(["*", "${*}", "${", "arn:aws:s3:::docs/*", "s3:*", [], {}, [[]], {"": 1}, [None], ["*"]]),
)  # fmt: skip


@drawn(st.sampled_from(places(GOOD)), JUNK)
def test_whatever_stands_in_a_certificate_it_is_read_without_a_crash(
    path: tuple[str | int, ...], junk: Any
) -> None:
    found = CHECKER.check(tampered(changed(*path, to=junk)), CLAIMED)
    assert all(isinstance(each, str) and "\n" not in each for each in found)


PARAMETERS = {"Stage": {"Type": "String", "Default": "test"}, "Team": {"Type": "String"}}
EXTRA = {
    "Type": "AWS::S3::BucketPolicy",
    "Condition": "IsProd",
    "Properties": {
        "Bucket": {"Ref": "Docs"},
        "PolicyDocument": {"Version": "2012-10-17", "Statement": [{**PUTS, "Principal": "*"}]},
    },
}


def staged() -> Json:
    """Return a template in which everybody may put once the stage is prod."""
    named = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "of-${Team}"}}}
    made = template([GETS], [], Extra=EXTRA, Named=named)
    conditions = {"IsProd": {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}}
    return made | {"Parameters": PARAMETERS, "Conditions": conditions}


def test_a_proof_in_one_world_is_none_in_another() -> None:
    given = source(staged())
    neutral, prod = Reader().worlds(given)
    claimed = obligation(holder(neutral, "Reader"), Shape(("s3:PutObject",), ("arn:aws:s3:::docs/*",)))
    certificate = certified(given, neutral, claimed)
    assert certificate["world"]["choices"] == list(neutral.choices) != list(prod.choices)
    assert check(certificate, given, claimed) == ()
    certificate["world"]["choices"] = list(prod.choices)
    (complaint,) = check(certificate, given, claimed)
    assert complaint == (
        "cells: none stands for s3:putobject on arn:aws:s3:::docs/, "
        "to be looked at for Extra.PolicyDocument, 'puts'"
    )


def test_an_assumption_left_out_is_missed() -> None:
    given = source(staged())
    world = Reader().worlds(given)[0]
    claimed = obligation(holder(world, "Reader"), Shape(("s3:PutObject",), ("arn:aws:s3:::docs/*",)))
    certificate = certified(given, world, claimed)
    (told,) = (each for each in certificate["assumptions"] if "Team" in each)
    certificate["assumptions"].remove(told)
    assert check(certificate, given) == (f"assumptions: one of the template is left out: {told}",)


def test_a_template_read_with_parameters_is_read_so_again() -> None:
    given = source(staged())
    (world,) = Reader().worlds(given, parameters={"Stage": "test", "Team": "blue"})
    claimed = obligation(holder(world, "Reader"), Shape(("s3:PutObject",), ("arn:aws:s3:::docs/*",)))
    certificate = certified(given, world, claimed)
    assert check(certificate, given, parameters={"Stage": "test", "Team": "blue"}) == ()
    assert check(certificate, given) == ("world: the template has 0 worlds with no choices",)
    assert check(certificate, given, parameters={"Stage": "prod", "Team": "blue"}) != ()


def test_a_strangers_assumed_policies_are_part_of_the_claim() -> None:
    world = world_of(SOURCE)
    (stranger,) = (each for each in strangers(world) if each.label == "another account")
    claimed = obligation(stranger, ZONE)
    certificate = certified(SOURCE, world, claimed)
    assert check(certificate, SOURCE, claimed) == ()
    certificate["claim"]["who"]["identity"] = "nothing"
    assert check(certificate, SOURCE) == ()  # a weaker claim, and true
    (complaint,) = check(certificate, SOURCE, claimed)
    assert complaint.startswith("claim.who: ")


def test_an_obligation_with_policies_of_its_own_cannot_be_named() -> None:
    world = world_of(SOURCE)
    reader = holder(world, "Reader")
    (stranger,) = (each for each in strangers(world) if each.label == "another account")
    claimed = obligation(replace(stranger, identity=reader.identity), ZONE)
    certificate = certified(SOURCE, world, obligation(stranger, ZONE))
    complaint = "claim.who.identity: the obligation gives policies of its own, which no certificate can name"
    assert complaint in check(certificate, SOURCE, claimed)


def test_liveness_has_no_parts_and_carries_its_own_context_only() -> None:
    world = world_of(SOURCE)
    zone = Shape(("s3:GetObject",), ("arn:aws:s3:::docs/in/*",), (("aws:securetransport", ("true",)),))
    claimed = obligation(holder(world, "Reader"), zone, modality=Modality.CAN)
    certificate = certified(SOURCE, world, claimed)
    assert check(certificate, SOURCE, claimed) == ()
    more = copy.deepcopy(certificate)
    more["cells"][0]["context"]["aws:sourcevpc"] = ["vpc-1"]
    text = "cells[0].context: a request of the zone carries aws:securetransport and no more"
    assert text in check(more, SOURCE)
    parted = copy.deepcopy(certificate)
    parted["claim"]["needs"] = [{"actions": ["*"], "resources": ["*"], "context": {}}]
    parted["within"] = [{"statement": "s", "action": "a", "resource": "r", "need": 0}]
    assert "within: a liveness claim is proved by its cells alone" in check(parted, SOURCE)
