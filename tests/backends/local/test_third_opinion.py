"""Every decision of a run on a role's request, taken again by our own evaluator on the template."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lakenb.iam.cases import case
from lakenb.iam.evaluator import evaluate
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.seam import RawDecision
    from lakenb.backends.local.session import LocalSession

TRIED = [
    (node, action, resource)
    for node in ("inbox", "paragraphs", "sentences", "results")
    for action, resource in (
        ("s3:GetObject", "inbox/letters/one.txt"),
        ("s3:GetObject", "inbox/elsewhere.txt"),
        ("s3:PutObject", "inbox/letters/one.txt"),
        ("s3:DeleteObject", "paragraphs/x"),
        ("s3:ListBucket", "cache"),
        ("s3:GetObject", "cache/sentences/x"),
        ("s3:PutObject", "cache/sentences/x"),
        ("s3:PutObject", "cache/sentences-2/x"),
        ("sqs:SendMessage", "paragraphs.dead-letters"),
        ("sqs:ReceiveMessage", "sentences.queue"),
        ("sns:Publish", "sentences.topic"),
    )
]


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSession]:
    folder: Path = tmp_path_factory.mktemp("letters")
    (folder / "one.txt").write_text("A letter of a few words, which is one paragraph.\n\nAnd another one.\n")
    with letters().local() as session:
        session.run([folder / "one.txt"])
        for call in TRIED:
            session.attempt(*call)
        yield session


def policies(session: LocalSession) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the deployed identity policies by role name, and the resource policies by ARN."""
    identity, resource = {}, {}
    for logical, made in session.stack.template["Resources"].items():
        properties = session.stack.resolve(made["Properties"])
        if made["Type"] == "AWS::IAM::Role":
            documents = [inline["PolicyDocument"] for inline in properties["Policies"]]
            identity[session.stack.physical[logical]] = documents
        elif made["Type"].endswith("Policy"):
            document = properties["PolicyDocument"]
            [first, *_] = document["Statement"]
            named = first["Resource"]
            resource[named[0] if isinstance(named, list) else named] = document
    return identity, resource


def again(decision: RawDecision, identity: dict[str, Any], resource: dict[str, Any]) -> str:
    arn = decision.resource.partition("/")[0] if decision.action.startswith("s3:") else decision.resource
    request = {
        "principal": decision.principal,
        "action": decision.action,
        "resource": decision.resource,
        "resource_account": decision.principal.split(":")[4],
        "context": {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"},
    }
    given = {"request": request, "identity_policies": identity[decision.role]}
    if arn in resource:
        given["resource_policy"] = resource[arn]
    return evaluate(*case(given)).name


def test_the_embedded_aws_and_our_evaluator_decide_alike(tried: LocalSession) -> None:
    identity, resource = policies(tried)
    asked = [decision for decision in tried.emulator.decisions() if decision.role in identity]
    apart = [
        (one.principal, one.action, one.resource, one.outcome, mine)
        for one in asked
        if (mine := again(one, identity, resource)) != one.outcome
    ]
    assert apart == []
    assert len(asked) > len(TRIED)
    outcomes = {one.outcome for one in asked}
    assert outcomes == {"ALLOWED", "IMPLICITLY_DENIED"}


def test_a_lost_statement_sets_them_apart(tried: LocalSession) -> None:
    identity, resource = policies(tried)
    lost = {
        role: [
            document | {"Statement": [one for one in document["Statement"] if one["Sid"] != "ReadCache"]}
            for document in documents
        ]
        for role, documents in identity.items()
    }
    apart = {
        (one.action, one.outcome)
        for one in tried.emulator.decisions()
        if one.role in lost and again(one, lost, resource) != one.outcome
    }
    assert apart == {("s3:GetObject", "ALLOWED")}
