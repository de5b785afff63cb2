"""Where the embedded AWS is known to decide otherwise than AWS: each row is seen on a real one."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.backends.local.deploy import deploy
from lakenb.backends.local.deviations import DEVIATIONS
from lakenb.backends.local.emulator import start_emulator
from lakenb.backends.local.probe import Call, probe
from lakenb.backends.local.report import Reasons
from lakenb.backends.local.third_opinion import ThirdOpinion
from lakenb.packaging.assets import asset_key
from lakenb.packaging.zips import function_zip
from lakenb.template.build import build
from lakenb.template.names import Kind
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lakenb.backends.local.seam import RawDecision

# What is put into the template that is deployed, and what the function of 'paragraphs' reads then: the key's
# prefix, the embedded AWS's answer, ours, and a word of the page that settles it.
DIFFERENCES = [
    ("np", "ALLOWED", "EXPLICITLY_DENIED", "elements_notprincipal"),
    ("service", "ALLOWED", "EXPLICITLY_DENIED", "condition-keys"),
    ("via", "IMPLICITLY_DENIED", "ALLOWED", "condition-keys"),
    ("function", "IMPLICITLY_DENIED", "ALLOWED", "permissions-source-function-arn"),
    ("plain", "ALLOWED", "ALLOWED", ""),
    ("since-2020", "ALLOWED", "ALLOWED", ""),
    ("since-2120", "IMPLICITLY_DENIED", "IMPLICITLY_DENIED", ""),
]


def _at(*parts: Any) -> dict[str, Any]:
    return {"Fn::Join": ["", [{"Fn::GetAtt": ["ParagraphsStore", "Arn"]}, *parts]]}


def _differing(resources: dict[str, Any]) -> None:
    get = {"Action": "s3:GetObject"}
    allow, deny = {"Effect": "Allow", **get}, {"Effect": "Deny", **get}
    since = {
        year: {"DateGreaterThan": {"aws:CurrentTime": f"{year}-01-01T00:00:00Z"}} for year in (2020, 2120)
    }
    [inline] = resources["ParagraphsRole"]["Properties"]["Policies"]
    inline["PolicyDocument"]["Statement"].extend(
        [
            {"Sid": "Read", **allow, "Resource": [_at("/np/*"), _at("/service/*"), _at("/plain/*")]},
            {"Sid": "Via", **allow, "Resource": _at("/via/*"),
             "Condition": {"Bool": {"aws:ViaAWSService": "false"}}},
            {"Sid": "Function", **allow, "Resource": _at("/function/*"),
             "Condition": {"ArnLike": {"lambda:SourceFunctionArn": "arn:aws:lambda:*:*:function:letters-*"}}},
            *({"Sid": f"Since{year}", **allow, "Resource": _at(f"/since-{year}/*"), "Condition": condition}
              for year, condition in since.items()),
        ]
    )  # fmt: skip
    document = resources["ParagraphsStorePolicy"]["Properties"]["PolicyDocument"]
    account = {"AWS": {"Ref": "AWS::AccountId"}}
    document["Statement"].extend(
        [
            {"Sid": "Others", **deny, "NotPrincipal": account, "Resource": _at("/np/*")},
            {"Sid": "People", **deny, "Principal": "*", "Resource": _at("/service/*"),
             "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}},
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def differing() -> Iterator[tuple[ThirdOpinion, dict[str, RawDecision]]]:
    """The opinion on a stack with such statements, and the embedded AWS's decisions by the key's prefix."""
    graph = letters()
    codes = {step.code() for step in graph.nodes.values()}
    template = copy.deepcopy(build(graph, {code: asset_key(function_zip(code).hash) for code in codes}))
    _differing(template["Resources"])
    with start_emulator() as emulator:
        stack = deploy(emulator, "letters", template, codes)
        code = stack.resolve(stack.template["Resources"]["ParagraphsFunction"]["Properties"]["Code"])
        bucket = stack.id("paragraphs", Kind.STORE)
        places = [{"Bucket": bucket, "Key": f"{prefix}/x"} for prefix, *_ in DIFFERENCES]
        calls = [Call("s3", "get_object", place) for place in places]
        probe(emulator, stack.id("paragraphs", Kind.FUNCTION), code, calls)
        asked = [one for one in emulator.decisions() if one.role and one.action == "s3:GetObject"]
        yield ThirdOpinion.on(stack), {one.resource.split("/")[1]: one for one in asked}


@pytest.mark.parametrize(("prefix", "server", "ours", "page"), DIFFERENCES)
def test_a_known_deviation_is_no_disagreement_and_has_its_page(
    differing: tuple[ThirdOpinion, dict[str, RawDecision]], prefix: str, server: str, ours: str, page: str
) -> None:
    opinion, decisions = differing
    raw = decisions[prefix]
    found = opinion.of(raw)
    assert found is not None
    assert (raw.outcome, found.verdict.name, found.is_settled) == (server, ours, True)
    assert found.agrees is (not page)
    told = "" if found.deviation is None else found.deviation.page
    assert (page in told) if page else not told
    assert ("; known: the embedded AWS" in Reasons(opinion, (raw,)).because(0)) is bool(page)


def test_a_deviation_explains_no_other_difference(
    differing: tuple[ThirdOpinion, dict[str, RawDecision]],
) -> None:
    """The row must lead our evaluator to the very answer of the embedded AWS."""
    opinion, decisions = differing
    for prefix, server, ours, _ in DIFFERENCES:
        other = replace(decisions[prefix], outcome="EXPLICITLY_DENIED")
        found = opinion.of(other)
        assert found is not None
        assert found.is_settled is ("EXPLICITLY_DENIED" in {server, ours}), prefix
        assert found.deviation is None


def test_each_known_deviation_is_seen_on_the_embedded_aws(
    differing: tuple[ThirdOpinion, dict[str, RawDecision]],
) -> None:
    opinion, decisions = differing
    found = {seen.deviation for raw in decisions.values() if (seen := opinion.of(raw)) is not None}
    assert found == {*DEVIATIONS, None}
