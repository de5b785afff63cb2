"""Every decision of a run, taken again by our own evaluator on the template as it was deployed."""

from __future__ import annotations

import copy
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lakenb.backends.local.probe import Call
from lakenb.backends.local.report import Reasons, decision_records
from lakenb.backends.local.third_opinion import ThirdOpinion
from lakenb.template.names import Kind
from lakenb.template.split import split
from tests.backends.local.embedded import policy
from tests.examples import letters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.session import LocalSession
    from lakenb.records.run import Run

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
LETTER = "A letter of a few words, which is one paragraph.\n\nAnd another one.\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("letters")
    (found / "one.txt").write_text(LETTER)
    return found


@pytest.fixture(scope="module")
def tried(folder: Path) -> Iterator[LocalSession]:
    with letters().local() as session:
        session.run([folder / "one.txt"])
        for call in TRIED:
            assert session.attempt(*call).disagreements == ()
        yield session


@pytest.fixture(scope="module")
def run(tried: LocalSession) -> Run:
    return tried.follow()


def test_a_run_and_what_is_tried_after_it_are_confirmed(tried: LocalSession, run: Run) -> None:
    assert run.is_confirmed
    assert repr(run.disagreements) == repr(tried.disagreements) == "no disagreements"
    by_nodes = [one for one in run.decision_records if one.who in tried.graph.nodes]
    by_services = [one for one in run.decision_records if one.who.endswith(".amazonaws.com")]
    assert {one.agrees for one in (*by_nodes, *by_services)} == {"yes"}
    assert len(by_nodes) > len(TRIED)
    assert {one.who for one in by_services} == {"s3.amazonaws.com", "sns.amazonaws.com"}
    assert {one.decision for one in by_nodes} == {"ALLOWED", "IMPLICITLY_DENIED"}


def test_the_deployers_decisions_rest_on_no_template(run: Run) -> None:
    found = run.decisions.where(who="deployer")
    assert {row[-2:] for row in found} == {("", "")}


def test_decisions_name_the_policy_and_the_statement_that_allows(run: Run) -> None:
    reads = run.decisions.where(who="paragraphs", action="s3:GetObject", decision="ALLOWED").df
    assert set(reads["because"]) == {
        "statement 'ReadSources' of ParagraphsRole.Policies[0] 'node' (identity-based policy) allows it",
        "statement 'ReadCache' of ParagraphsRole.Policies[0] 'node' (identity-based policy) allows it",
    }
    sent = run.decisions.where(who="sns.amazonaws.com").df
    assert len(sent) == 3
    assert all("'AcceptSources' of " in because and "QueuePolicy" in because for because in sent["because"])


def test_a_denial_has_aws_sentence_and_the_nearest_miss(run: Run) -> None:
    denied = run.decisions.where(who="paragraphs", action="s3:PutObject", decision="IMPLICITLY_DENIED").df
    [because] = {text for text in denied["because"] if "cache" in text and "sentences-2" in text}
    because = re.sub(r"-[0-9A-Fa-f]{13}\b", "-#", because)
    assert because == (
        f"User: {SESSION} is not authorized to perform: s3:PutObject on resource: "
        "arn:aws:s3:::letters-pipelinecache-#/sentences-2/x because no identity-based policy allows the "
        "s3:PutObject action; nearest: statement 'PutStore' of ParagraphsRole.Policies[0] 'node' would allow "
        "it but for the resource: it names arn:aws:s3:::letters-paragraphsstore-#/*"
    )


def test_a_run_that_is_copied_keeps_its_reasons(run: Run) -> None:
    assert copy.deepcopy(run).decisions.rows == run.decisions.rows


def test_decisions_are_told_with_their_context_and_no_secret(tried: LocalSession) -> None:
    decisions = tried.emulator.decisions()
    contexts = {one.principal: dict(one.context or ()) for one in decisions}
    topic, bucket = tried.stack.arn("sentences", Kind.TOPIC), tried.bucket("inbox")
    sources = {dict(one.context or ()).get("aws:sourcearn") for one in decisions}
    assert {(topic,), (f"arn:aws:s3:::{bucket}",), None} <= sources
    assert contexts["s3.amazonaws.com"]["aws:sourceaccount"] == ("111122223333",)
    assert "aws:sourceaccount" not in contexts["sns.amazonaws.com"]
    assert {dict(one.context or ())["aws:securetransport"] for one in decisions} == {("true",)}
    contexts_told = repr([one.context for one in decisions])
    for secret in ("AKIA", "ASIA", "words, which", tried.client("s3").meta.endpoint_url):
        assert secret not in contexts_told


def test_a_lost_statement_sets_them_apart_with_both_explanations(tried: LocalSession) -> None:
    template = copy.deepcopy(dict(tried.stack.template))
    for role in ("InboxRole", "ParagraphsRole", "SentencesRole", "ResultsRole"):
        [inline] = template["Resources"][role]["Properties"]["Policies"]
        statements = inline["PolicyDocument"]["Statement"]
        statements[:] = [one for one in statements if one["Sid"] != "ReadCache"]
    opinion = ThirdOpinion.on(replace(tried.stack, template=template, split=split(template)))
    apart = [one for one in tried.emulator.decisions() if (found := opinion.of(one)) and not found.is_settled]
    assert {(one.action, one.outcome, one.sid) for one in apart} == {("s3:GetObject", "ALLOWED", "ReadCache")}
    first, *_ = opinion.reasons(apart[0])
    assert first.text.endswith("because no identity-based policy allows the s3:GetObject action")


@pytest.fixture(scope="module")
def planted(folder: Path) -> Iterator[LocalSession]:
    """A session whose embedded AWS holds a statement that no template has."""
    with letters().local() as session:
        session.run([folder / "one.txt"])
        more = {"Sid": "More", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
        role = session.stack.id("paragraphs", Kind.ROLE)
        session.client("iam").put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=policy(more))
        session.client("s3").put_object(Bucket=session.bucket("inbox"), Key="other.txt", Body=b"x")
        yield session


SESSION = "arn:aws:sts::111122223333:assumed-role/letters-ParagraphsRole-#/letters-ParagraphsFunction-#"
OTHER = "arn:aws:s3:::letters-inbox-111122223333-us-east-1/other.txt"
APART = [
    "THE EMBEDDED AWS AND LAKENB'S EVALUATOR DISAGREE on 1 decision",
    f"✗ paragraphs · s3:GetObject on {OTHER}",
    "  the embedded AWS: ALLOWED, the identity-based policy's statement More",
    (
        f"  our evaluator:    IMPLICITLY_DENIED, User: {SESSION} is not authorized to perform: s3:GetObject "
        f"on resource: {OTHER} because no identity-based policy allows the s3:GetObject action; nearest: "
        "statement 'ReadSources' of ParagraphsRole.Policies[0] 'node' would allow it but for the resource: "
        "it names arn:aws:s3:::letters-inbox-111122223333-us-east-1/letters/*"
    ),
    (
        "  to settle it:     the embedded AWS does not hold what the template says: ParagraphsRole.Policies "
        "is ['node', 'more'], not ['node']"
    ),
]


def told(value: object) -> list[str]:
    """Return the lines of a repr, with names' hashes as '#'."""
    return re.sub(r"-[0-9A-Fa-f]{13}\b", "-#", repr(value)).splitlines()


def test_a_disagreement_fails_the_attempt_and_the_runs_check_with_both_explanations(
    planted: LocalSession,
) -> None:
    assert planted.follow().is_confirmed
    read = planted.attempt("paragraphs", "s3:GetObject", "inbox/other.txt")
    assert read.allowed
    assert told(read) == [
        *APART,
        "ALLOWED  paragraphs · s3:GetObject on inbox/other.txt",
        "         by the identity-based policy's statement More",
    ]
    refused = planted.attempt("paragraphs", "s3:PutObject", "inbox/other.txt")
    assert (refused.allowed, refused.disagreements) == (False, ())

    run = planted.follow()
    assert not run.is_confirmed
    assert run.is_complete  # the account is one question, the decisions another
    assert told(run)[: len(APART)] == APART
    assert told(run)[len(APART)].startswith("<Run of 'letters': 4 documents, 0 failed, nothing lost, ")
    [apart] = planted.disagreements.df.to_dict("records")
    assert (apart["who"], apart["server"], apart["evaluator"]) == (
        "paragraphs",
        "ALLOWED",
        "IMPLICITLY_DENIED",
    )
    [row] = run.decisions.where(agrees="no").df.to_dict("records")
    assert (row["order"], row["because"]) == (apart["order"], apart["evaluator_says"])


def test_what_the_template_does_not_tell_is_not_compared(tried: LocalSession) -> None:
    decisions, opinion = tried.emulator.decisions(), tried.opinion
    sent = next(one for one in decisions if one.principal == "sns.amazonaws.com")
    read = next(one for one in decisions if one.role and one.action == "s3:GetObject")
    other = "arn:aws:sqs:us-east-1:111122223333:another"
    stranger = "arn:aws:sts::111122223333:assumed-role/another/x"
    assert opinion.of(sent) is not None
    assert opinion.of(replace(sent, resource=other)) is None
    assert opinion.reasons(replace(sent, resource=other)) == ()
    assert opinion.of(replace(read, principal=stranger)) is None
    # a role's own policies are told, a policy on a resource outside the template is not
    outside = replace(read, resource="arn:aws:s3:::another/x", outcome="EXPLICITLY_DENIED")
    assert opinion.of(replace(outside, policy="resource")) is None
    apart = opinion.of(replace(outside, policy="identity"))
    assert apart is not None
    assert not apart.is_settled


def test_anonymous_callers_are_compared(tried: LocalSession) -> None:
    read = next(one for one in tried.emulator.decisions() if one.role and one.action == "s3:GetObject")
    denied = tried.opinion.of(replace(read, principal="anonymous", outcome="IMPLICITLY_DENIED"))
    assert denied is not None
    assert denied.agrees
    allowed = tried.opinion.of(replace(read, principal="anonymous", outcome="ALLOWED"))
    assert allowed is not None
    assert not allowed.is_settled


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"context": None}, "its context is too long to have been kept"),
        ({"action": "GetObject"}, "'GetObject' is no action"),
        ({"resource": ""}, "'' is no resource"),
    ],
)
def test_what_cannot_be_read_is_not_confirmed(tried: LocalSession, spoilt: dict[str, Any], said: str) -> None:
    read = next(one for one in tried.emulator.decisions() if one.role and one.action == "s3:GetObject")
    raw = replace(read, **spoilt)
    found = tried.opinion.of(raw)
    assert found is not None
    assert (found.verdict.name, found.is_settled) == ("UNDECIDED", False)
    assert [reason.text for reason in tried.opinion.reasons(raw)] == [f"the request cannot be read: {said}"]


def test_a_context_that_grows_too_long_is_told_so(tried: LocalSession) -> None:
    """Whoever asks cannot make the comparison fall silent."""
    key = {"Bucket": tried.stack.physical["PipelineCache"], "Prefix": "x" * 9000}
    before = len(tried.emulator.decisions())
    tried.probe("paragraphs", [Call("s3", "list_objects_v2", key)])
    [listed] = [one for one in tried.emulator.decisions()[before:] if one.action == "s3:ListBucket"]
    assert listed.context is None
    [apart] = tried.disagreement_records(before)
    assert apart.evaluator == "UNDECIDED"
    assert apart.settle.startswith("one of the two is wrong, and this page says which: https://docs.aws.")


def test_five_thousand_decisions_take_less_than_a_second(tried: LocalSession) -> None:
    reads = [one for one in tried.emulator.decisions() if one.role and one.resource.startswith("arn:aws:s3")]
    many = tuple(
        replace(reads[n % len(reads)], resource=f"{reads[n % len(reads)].resource}{n}") for n in range(5000)
    )
    reasons = Reasons(ThirdOpinion.on(tried.stack), many)
    began = time.process_time()
    records = decision_records(reasons, tried.stack, tried.graph)
    assert time.process_time() - began < 1
    assert len(records) == len(many)
