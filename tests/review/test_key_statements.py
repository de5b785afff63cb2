"""Every statement about a key, in roles and in keys' policies, is needed, and missed by name."""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import pytest

import lakenb as lk
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.review.verify import Verifier
from tests.backends.local.everything import everything
from tests.keyed import KEYED_PIPELINES
from tests.pairs.pipelines import STEPS, pipeline

if TYPE_CHECKING:
    from collections.abc import Iterator

Template = dict[str, Any]


@lru_cache
def template_of(name: str) -> Template:
    return KEYED_PIPELINES[name]().template()


def key_statements(template: Template) -> Iterator[tuple[str, str]]:
    """Yield every Allow about keys: the logical id of the role or key, and the statement's name."""
    for logical_id, resource in template["Resources"].items():
        for statement in policy_of(resource):
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            if statement["Effect"] == "Allow" and any(action.startswith("kms:") for action in actions):
                yield logical_id, statement["Sid"]


def policy_of(resource: Template) -> list[Template]:
    properties = resource.get("Properties", {})
    if resource["Type"] == "AWS::KMS::Key":
        found: list[Template] = properties["KeyPolicy"]["Statement"]
        return found
    if resource["Type"] == "AWS::IAM::Role":
        return [one for each in properties.get("Policies", ()) for one in each["PolicyDocument"]["Statement"]]
    return []


def without(template: Template, logical_id: str, sid: str) -> Template:
    made = copy.deepcopy(template)
    properties = made["Resources"][logical_id]["Properties"]
    documents = [properties["KeyPolicy"]] if "KeyPolicy" in properties else []
    documents += [each["PolicyDocument"] for each in properties.get("Policies", ())]
    for document in documents:
        document["Statement"] = [one for one in document["Statement"] if one["Sid"] != sid]
    return made


@pytest.mark.parametrize("name", KEYED_PIPELINES)
def test_every_claim_holds_under_a_key(name: str) -> None:
    pipe = KEYED_PIPELINES[name]()
    found = pipe.verify()
    assert found.findings == ()
    rows = {one.claim: one for one in found.claims}
    assert (rows["P6"].verdict, rows["P6"].liveness) == (Verdict.PROVED, Verdict.PROVED)
    assert rows["P9"].verdict is Verdict.PROVED


@pytest.mark.parametrize("name", KEYED_PIPELINES)
def test_every_key_statement_that_is_deleted_is_missed_by_name(name: str) -> None:
    assert unnoticed(KEYED_PIPELINES[name]()) == []


@pytest.mark.parametrize("key_per", ["one key", "key per node", "key per store"])
@pytest.mark.parametrize("name", STEPS)
def test_every_key_statement_of_every_middleware_is_missed_by_name(name: str, key_per: str) -> None:
    assert unnoticed(pipeline(name, key_per)) == []


def unnoticed(pipe: lk.Pipeline) -> list[tuple[str, str]]:
    """Return the key statements of a good template that no claim misses when they are deleted."""
    template, verifier = pipe.template(), Verifier()
    assert verifier.verify(source(template), pipe).findings == ()
    places = list(key_statements(template))
    assert len(places) == len(set(places)) > len(pipe.nodes)
    missed = []
    for logical_id, sid in places:
        found = verifier.verify(source(without(template, logical_id, sid)), pipe)
        named = [
            one
            for one in found.findings
            if one.verdict is Verdict.FAILED
            and one.witness is not None
            and one.witness.action.startswith("kms:")
        ]
        if "P10" not in found.failed or not named:
            missed.append((logical_id, sid))
    return missed


def test_what_is_missed_says_who_cannot_do_what_with_which_key() -> None:
    pipe = KEYED_PIPELINES["a key for all"]()
    found = Verifier().verify(
        source(without(template_of("a key for all"), "PipelineKey", "SnsDelivers")), pipe
    )
    told = "\n".join(map(str, found.findings))
    assert "sns.amazonaws.com" in told
    assert "${PipelineKey}" in told


def test_more_than_the_least_is_found_as_well() -> None:
    """The other side of the same promise: a statement that is widened, in place of one that is gone."""
    pipe = KEYED_PIPELINES["a key for each node"]()
    template = copy.deepcopy(template_of("a key for each node"))
    statements = template["Resources"]["ResultsRole"]["Properties"]["Policies"][0]["PolicyDocument"][
        "Statement"
    ]
    read = next(one for one in statements if one["Sid"] == "ReadUnderKey")
    read["Resource"] = [read["Resource"], {"Fn::GetAtt": ["InboxNodeKey", "Arn"]}]
    assert Verifier().verify(source(template), pipe).failed == ("P6",)


def test_the_largest_pipeline_of_the_tests_verifies_under_a_key() -> None:
    plain = everything()
    assert plain.under(lk.Key()).verify().findings == ()
