from __future__ import annotations

import json

from lakenb.iam.proof.certificate import certificate
from lakenb.iam.proof.principals import administrator, holder
from lakenb.iam.proof.prover import prove
from lakenb.iam.proof.values import Shape
from tests.iam.proof.small import EVERY, HOME, ROLE, allow, deny, document, obligation, world

BUCKET = "arn:aws:s3:::store"
GUARD = document(
    deny(
        "s3:*",
        [BUCKET, f"{BUCKET}/*"],
        Sid="Tls",
        Principal="*",
        Condition={"Bool": {"aws:SecureTransport": "false"}},
    )
)
READ = Shape(("s3:GetObject",), (f"{BUCKET}/in/*",))


def test_a_certificate_tells_all_that_was_proved_of_what() -> None:
    where = world(document(allow("s3:GetObject", f"{BUCKET}/in/*")), guards={BUCKET: GUARD})
    what = obligation(holder(where, "Role"), EVERY, (READ,))
    made = certificate("d1", where, what, prove(where, what), ["no other account matters"])
    assert made["lakenb"] == 1
    assert made["template"] == "d1"
    assert made["claim"] == {
        "claim": "P1",
        "subject": "it",
        "text": "what is claimed",
        "modality": "only",
        "who": {"label": "Role", "principal": ROLE, "logical_id": "Role", "identity": "template"},
        "zone": {"actions": ["*"], "resources": ["*"], "context": {}},
        "needs": [{"actions": ["s3:GetObject"], "resources": [f"{BUCKET}/in/*"], "context": {}}],
    }
    assert made["world"]["account"] == HOME
    assert made["assumptions"] == ["no other account matters"]
    assert made["within"] == [
        {
            "statement": "Role.0, statement 1",
            "action": "s3:GetObject",
            "resource": f"{BUCKET}/in/*",
            "need": 0,
        }
    ]
    assert made["cells"] == []
    assert made["statements"] == ["Role.0, statement 1"]


def test_what_denies_a_cell_is_relied_on_and_an_assumption_is_said() -> None:
    where = world(guards={BUCKET: GUARD})
    zone = Shape(("s3:*",), (BUCKET, f"{BUCKET}/*"), (("aws:securetransport", ("false",)),))
    what = obligation(administrator(where), zone)
    made = certificate("d1", where, what, prove(where, what), [])
    assert made["claim"]["who"]["identity"] == "everything"
    assert made["statements"] == ["Guard0, 'Tls'"]
    assert made["assumptions"] == ["an administrator's own policies allow everything"]
    assert {cell["decision"] for cell in made["cells"]} == {"EXPLICITLY_DENIED"}
    assert {cell["context"]["aws:securetransport"][0] for cell in made["cells"]} == {"false"}


def test_a_certificate_survives_json_and_is_the_same_again() -> None:
    where = world(document(allow("s3:Get*", f"{BUCKET}/*")), guards={BUCKET: GUARD})
    what = obligation(holder(where, "Role"), EVERY, (Shape(("s3:Get*",), (f"{BUCKET}/*",)),))
    made = certificate("d1", where, what, prove(where, what), [])
    assert json.loads(json.dumps(made)) == made
    assert certificate("d1", where, what, prove(where, what), []) == made
