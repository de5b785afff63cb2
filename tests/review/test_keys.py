"""P6: a role uses a key for its own reads and puts, through the service that does them; nobody else does."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.verify import verify
from tests.review.edited import Edit, Template, of_claim
from tests.review.handmade import KEY, arn, in_vpc, keyed, statements, under_key

if TYPE_CHECKING:
    from lakenb.review.verification import Verification


def _verified(template: Template, *edits: Edit) -> Verification:
    template = copy.deepcopy(template)
    for edit in edits:
        edit(template)
    return verify(source(template), keyed())


def _key_statement(template: Template, sid: str) -> Template:
    policy = template["Resources"][KEY]["Properties"]["KeyPolicy"]["Statement"]
    return next(one for one in policy if one["Sid"] == sid)


def _role_statement(template: Template, role: str, sid: str) -> Template:
    return next(one for one in statements(template, role) if one["Sid"] == sid)


def _granting(**more: Any) -> Edit:
    """Return the edit that lets 'sentences' do more with the key."""
    allow = {"Sid": "Added", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": arn(KEY)}
    return lambda template: statements(template, "SentencesRole").append(allow | more)


def _in_key_policy(**more: Any) -> Edit:
    def edit(template: Template) -> None:
        allow = {"Sid": "Added", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
        template["Resources"][KEY]["Properties"]["KeyPolicy"]["Statement"].append(allow | more)

    return edit


def _without_condition(sid: str, key: str) -> Edit:
    def edit(template: Template) -> None:
        del _role_statement(template, "SentencesRole", sid)["Condition"]["StringEquals"][key]

    return edit


def _no_source(template: Template) -> None:
    del _key_statement(template, "SnsDelivers")["Condition"]


def _no_logs(template: Template) -> None:
    del _key_statement(template, "LogsEncrypts")["Condition"]


def _another_store(template: Template) -> None:
    condition = _role_statement(template, "SentencesRole", "PutUnderKey")["Condition"]
    condition["StringEquals"]["kms:EncryptionContext:aws:s3:arn"].append(arn("ResultsStore"))


def test_every_claim_holds_of_a_pipeline_under_a_key() -> None:
    found = _verified(under_key())
    assert found.findings == ()
    rows = {one.claim: one for one in found.claims}
    assert rows["P6"].verdict is Verdict.PROVED
    assert rows["P6"].liveness is Verdict.PROVED
    assert rows["P9"].verdict is Verdict.PROVED


HOLES: dict[str, tuple[str, Edit]] = {
    "directly": ("P6", _granting()),
    "directly, where a condition was": ("P6", _without_condition("ReadUnderKey", "kms:ViaService")),
    "for any store": ("P6", _without_condition("ReadUnderKey", "kms:EncryptionContext:aws:s3:arn")),
    "for another store": ("P6", _another_store),
    "handing it on": ("P6", _granting(Action="kms:CreateGrant")),
    "handing it on to services": (
        "P6",
        _granting(Action="kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}}),
    ),
    "rewriting its policy": ("P6", _granting(Action="kms:PutKeyPolicy")),
    "deleting it": ("P6", _granting(Action="kms:ScheduleKeyDeletion")),
    "everything": ("P6", _granting(Action="kms:*")),
    "a role in the key's policy": ("P6", _in_key_policy(Principal={"AWS": arn("SentencesRole")})),
    "everybody in the key's policy": ("P6", _in_key_policy(Principal="*")),
    "another account in the key's policy": ("P6", _in_key_policy(Principal={"AWS": "999988887777"})),
    "a service without its source": ("P9", _no_source),
    "logs without their group": ("P9", _no_logs),
    "another service": ("P9", _in_key_policy(Principal={"Service": "ec2.amazonaws.com"})),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_use_of_the_key_that_is_too_much_is_found_with_a_request(name: str) -> None:
    claim, edit = HOLES[name]
    found = _verified(under_key(), edit)
    assert claim in found.failed
    assert all(one.witness is not None for one in of_claim(found, claim))


KEY_STATEMENTS = [
    (role, one["Sid"])
    for role in ("InboxRole", "SentencesRole", "ResultsRole")
    for one in statements(under_key(), role)
    if one["Sid"].endswith("UnderKey")
]


@pytest.mark.parametrize(("role", "sid"), KEY_STATEMENTS)
def test_without_any_use_of_the_key_a_node_cannot_do_its_work(role: str, sid: str) -> None:
    def drop(template: Template) -> None:
        statements(template, role).remove(_role_statement(template, role, sid))

    found = _verified(under_key(), drop)
    assert found.failed == ("P10",)
    assert {one.claim: one.liveness for one in found.claims}["P6"] is Verdict.FAILED
    first = of_claim(found, "P10")[0]
    assert first.witness is not None
    assert first.witness.action.startswith("kms:")


@pytest.mark.parametrize("sid", ["AccountDecides", "SnsDelivers", "S3Notifies", "LogsEncrypts"])
def test_without_any_statement_of_the_key_s_policy_something_stands_still(sid: str) -> None:
    def drop(template: Template) -> None:
        policy = template["Resources"][KEY]["Properties"]["KeyPolicy"]["Statement"]
        policy.remove(_key_statement(template, sid))

    assert "P10" in _verified(under_key(), drop).failed


# --- in a VPC --------------------------------------------------------------------------------------------


def _endpoint(template: Template, name: str) -> Template:
    properties: Template = template["Resources"][name]["Properties"]
    return properties


def _endpoint_statement(template: Template, name: str) -> Template:
    statement: Template = _endpoint(template, name)["PolicyDocument"]["Statement"][0]
    return statement


def test_every_claim_holds_of_a_pipeline_in_a_vpc() -> None:
    found = _verified(in_vpc())
    assert found.findings == ()
    rows = {one.claim: one for one in found.claims}
    assert rows["P8"].verdict is Verdict.PROVED
    assert rows["P8"].liveness is Verdict.PROVED


@pytest.mark.parametrize("name", ["S3Endpoint", "SqsEndpoint", "SnsEndpoint"])
def test_an_endpoint_without_a_policy_lets_through_too_much(name: str) -> None:
    found = _verified(in_vpc(), lambda template: _endpoint(template, name).pop("PolicyDocument"))
    assert "P8" in found.failed
    assert any(one.subject == name and one.witness is not None for one in of_claim(found, "P8"))


def test_an_endpoint_that_is_open_to_other_buckets_is_found() -> None:
    def widen(template: Template) -> None:
        _endpoint_statement(template, "S3Endpoint")["Resource"] = "*"

    found = _verified(in_vpc(), widen)
    assert "P8" in found.failed


@pytest.mark.parametrize(
    ("name", "action"),
    [("S3Endpoint", "s3:GetObject"), ("SnsEndpoint", "sns:Publish"), ("SqsEndpoint", "sqs:SendMessage")],
)
def test_an_endpoint_that_is_too_narrow_stops_the_work(name: str, action: str) -> None:
    def narrow(template: Template) -> None:
        _endpoint_statement(template, name)["Action"] = [f"{action}X"]

    found = _verified(in_vpc(), narrow)
    assert "P10" in found.failed
    assert {one.claim: one.liveness for one in found.claims}["P8"] is Verdict.FAILED
    assert any(one.witness is not None and one.witness.action == action for one in of_claim(found, "P10"))


def test_without_its_network_permissions_a_function_cannot_be_placed() -> None:
    def drop(template: Template) -> None:
        role = statements(template, "SentencesRole")
        role.remove(_role_statement(template, "SentencesRole", "AttachToVpc"))

    found = _verified(in_vpc(), drop)
    assert any("attaches the function of 'sentences'" in one.sentence for one in of_claim(found, "P10"))


def test_network_permissions_outside_a_vpc_are_too_much() -> None:
    def add(template: Template) -> None:
        allow = {"Sid": "Net", "Effect": "Allow", "Action": "ec2:CreateNetworkInterface", "Resource": "*"}
        statements(template, "SentencesRole").append(allow)

    assert _verified(under_key(), add).failed == ("P1",)
