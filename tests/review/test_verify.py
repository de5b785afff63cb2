"""The claims hold of what lakenb makes, and a change that breaks one is found under it, with a request."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

import lakenb as lk
from lakenb.graph.graph import Graph  # noqa: TC001 - hypothesis reads the annotation
from lakenb.iam.checker import check
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.source import source
from lakenb.iam.truth import Decision
from lakenb.review.verify import Verifier, verify
from tests.backends.local.everything import everything
from tests.examples import letters
from tests.review.edited import (
    Edit,
    Template,
    allowing,
    arn,
    edited,
    of_claim,
    statement,
    statements,
    verified,
    within,
    without,
)
from tests.strategies import pipelines


def _given(*, strict: bool) -> lk.Pipeline:
    inbox = lk.S3Trigger("inbox", bucket="given", prefix="in/re*port", suffix="report.pdf")
    seen = inbox.pipe(lk.PdfTextConverter("pdf")).pipe(lk.Passthrough("seen"))
    return lk.Pipeline("given", seen.pipe(lk.S3Storage("store", prefix="out/")), strict=strict)


PIPELINES = {
    "letters": letters,
    "everything": everything,
    "given bucket": lambda: _given(strict=False),
    "strict": lambda: _given(strict=True),
}


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("is_known", [True, False], ids=["with its graph", "from the template alone"])
def test_every_claim_holds_of_what_lakenb_makes(name: str, *, is_known: bool) -> None:
    graph = PIPELINES[name]()
    found = verify(source(graph.template()), graph if is_known else None)
    assert found.findings == ()
    assert found.is_proved
    proved = {one.claim for one in found.claims if one.verdict is Verdict.PROVED}
    assert proved == {"P1", "P2", "P3", "P4", "P5", "P7", "P9", "P10"}


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(pipelines())
def test_every_claim_holds_of_every_pipeline(graph: Graph) -> None:
    from lakenb.template.build import build  # noqa: PLC0415 - review itself never sees it

    code = {step.code(): "k.zip" for step in graph.nodes.values()}
    template = build(graph, code)
    for known in (graph, None):
        found = verify(source(template), known)
        assert found.findings == ()


def _widened(role: str, sid: str, keys: str) -> Edit:
    def edit(resources: Template) -> None:
        statement(resources, role, sid)["Resource"]["Fn::Join"][1][1] = keys

    return edit


def _with_resource(logical_id: str, resource: Template) -> Edit:
    return lambda resources: resources.update({logical_id: resource})


def _role(allowed: Template | None = None, principal: Any = None) -> Template:
    trust = {
        "Effect": "Allow",
        "Principal": principal or {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    properties: Template = {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]}}
    if allowed is not None:
        document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **allowed}]}
        properties["Policies"] = [{"PolicyName": "own", "PolicyDocument": document}]
    return {"Type": "AWS::IAM::Role", "Properties": properties}


def _bucket_allows(principal: Any, **condition: Any) -> Edit:
    def edit(resources: Template) -> None:
        allow = {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject"}
        allow["Resource"] = within("ParagraphsStore", "*")
        statements(resources, "ParagraphsStorePolicy").append(allow | condition)

    return edit


def _trusting(principal: Any) -> Edit:
    def edit(resources: Template) -> None:
        document = resources["SentencesRole"]["Properties"]["AssumeRolePolicyDocument"]
        document["Statement"].append({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"})

    return edit


def _plain_allowed(policy: str, value: str = "true") -> Edit:
    def edit(resources: Template) -> None:
        statement(resources, policy, "DenyPlainHttp")["Condition"]["Bool"]["aws:SecureTransport"] = value

    return edit


def _no_source(policy: str) -> Edit:
    return lambda resources: statement(resources, policy, "AcceptSources").pop("Condition")


def _source(policy: str, value: Any) -> Edit:
    def edit(resources: Template) -> None:
        statement(resources, policy, "AcceptSources")["Condition"]["ArnEquals"]["aws:SourceArn"] = value

    return edit


def _shared(variable: str, other: str) -> Edit:
    def edit(resources: Template) -> None:
        resources["SentencesFunction"]["Properties"]["Environment"]["Variables"][variable] = {"Ref": other}

    return edit


def _permission(**properties: Any) -> Edit:
    permission = {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": arn("SentencesFunction"),
            **properties,
        },
    }
    return _with_resource("Door", permission)


EVERYONE = {"AWS": "*"}
OPEN = {"Condition": {"StringLike": {"aws:PrincipalArn": "*"}}}
HOLES: dict[str, tuple[str, Edit]] = {
    "a read of the original": ("P1", allowing("SentencesRole", "s3:GetObject", within("InboxStore", "*"))),
    "a read of a sibling": ("P1", allowing("ParagraphsRole", "s3:GetObject", within("SentencesStore", "*"))),
    "a read beyond the prefix": ("P1", _widened("ParagraphsRole", "ReadSources", "/*")),
    "a read of another prefix": ("P1", _widened("ParagraphsRole", "ReadSources", "/letters*")),
    "a list": ("P1", allowing("SentencesRole", "s3:ListBucket", arn("ParagraphsStore"))),
    "a write to a producer's store": (
        "P1",
        allowing("SentencesRole", "s3:PutObject", within("ParagraphsStore", "*")),
    ),
    "a delete at a producer": (
        "P1",
        allowing("SentencesRole", "s3:DeleteObject", within("ParagraphsStore", "*")),
    ),
    "an older version": (
        "P1",
        allowing("SentencesRole", "s3:GetObjectVersion", within("ParagraphsStore", "*")),
    ),
    "everything everywhere": ("P1", allowing("SentencesRole", "*", "*")),
    "a wildcard in a bucket's name": (
        "P1",
        allowing("SentencesRole", "s3:GetObject", "arn:aws:s3:::letters-*"),
    ),
    "all but one resource": (
        "P1",
        lambda resources: statements(resources, "SentencesRole").append(
            {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": within("ResultsStore", "*")}
        ),
    ),
    "all but some actions": (
        "P1",
        lambda resources: statements(resources, "SentencesRole").append(
            {"Effect": "Allow", "NotAction": ["s3:PutObject"], "Resource": within("InboxStore", "*")}
        ),
    ),
    "a bucket policy for everyone": ("P1", _bucket_allows("*")),
    "a bucket policy for everyone, with a condition that always holds": (
        "P1",
        _bucket_allows(EVERYONE, **OPEN),
    ),
    "a bucket policy for another account": ("P1", _bucket_allows({"AWS": "999988887777"})),
    "a bucket policy for another node": ("P1", _bucket_allows({"AWS": arn("InboxRole")})),
    "an extra role": ("P1", _with_resource("Extra", _role({"Action": "s3:Get*", "Resource": "*"}))),
    "becoming any role": ("P1", allowing("SentencesRole", "sts:AssumeRole", "*")),
    "becoming a role that the template does not make": (
        "P1",
        allowing("SentencesRole", "sts:AssumeRole", {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/admin"}),
    ),
    "using a key that the template does not make": (
        "P1",
        allowing(
            "SentencesRole", "kms:Decrypt", {"Fn::Sub": "arn:aws:kms:eu-west-1:${AWS::AccountId}:key/k"}
        ),
    ),
    "a trust in another node": ("P1", _trusting({"AWS": arn("InboxRole")})),
    "a trust in the account": ("P1", _trusting({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}})),
    "a trust in another account": ("P1", _trusting({"AWS": "999988887777"})),
    "a trust in another service": ("P9", _trusting({"Service": "ec2.amazonaws.com"})),
    "passing a role on": ("P1", allowing("SentencesRole", ["iam:PassRole", "lambda:CreateFunction"], "*")),
    "rewriting a role": ("P1", allowing("SentencesRole", "iam:PutRolePolicy", arn("SentencesRole"))),
    "rewriting code": ("P1", allowing("SentencesRole", "lambda:UpdateFunctionCode", arn("InboxFunction"))),
    "a grant on any key": ("P1", allowing("SentencesRole", "kms:CreateGrant", "*")),
    "rewriting a bucket's policy": (
        "P1",
        allowing("SentencesRole", "s3:PutBucketPolicy", arn("ParagraphsStore")),
    ),
    "an ACL on an object": (
        "P2",
        allowing("SentencesRole", "s3:PutObjectAcl", within("SentencesStore", "*")),
    ),
    "a function URL for everyone": (
        "P1",
        _permission(Action="lambda:InvokeFunctionUrl", Principal="*", FunctionUrlAuthType="NONE"),
    ),
    "a permission for everyone": ("P1", _permission(Principal="*")),
    "a permission for a service": ("P9", _permission(Principal="events.amazonaws.com")),
    "reading one's own store": (
        "P2",
        allowing("SentencesRole", "s3:GetObject", within("SentencesStore", "*")),
    ),
    "listing one's own store": ("P2", allowing("SentencesRole", "s3:ListBucket", arn("SentencesStore"))),
    "deleting one's own": ("P2", allowing("SentencesRole", "s3:DeleteObject", within("SentencesStore", "*"))),
    "holding on to one's own": (
        "P2",
        allowing("SentencesRole", "s3:PutObjectRetention", within("SentencesStore", "*")),
    ),
    "another node's store": ("P2", _shared("LAKENB_STORE", "ResultsStore")),
    "another node's part of the cache": (
        "P3",
        allowing("SentencesRole", "s3:PutObject", within("PipelineCache", "paragraphs/*")),
    ),
    "the slash of the cache's part": ("P3", _widened("SentencesRole", "PutCache", "/sentences*")),
    "deleting in the cache": (
        "P3",
        allowing("SentencesRole", "s3:DeleteObject", within("PipelineCache", "*")),
    ),
    "a trigger at the cache": ("P3", allowing("InboxRole", "s3:GetObject", within("PipelineCache", "*"))),
    "another queue": ("P4", allowing("SentencesRole", "sqs:ReceiveMessage", arn("ParagraphsQueue"))),
    "another topic": ("P4", allowing("SentencesRole", "sns:Publish", {"Ref": "InboxTopic"})),
    "another log": ("P4", allowing("SentencesRole", "logs:PutLogEvents", arn("InboxLogs"))),
    "reading one's own log": ("P4", allowing("SentencesRole", "logs:GetLogEvents", arn("SentencesLogs"))),
    "purging": ("P4", allowing("SentencesRole", "sqs:PurgeQueue", arn("SentencesQueue"))),
    "opening a queue": ("P4", allowing("SentencesRole", "sqs:AddPermission", arn("SentencesQueue"))),
    "reading dead letters": (
        "P4",
        allowing("SentencesRole", "sqs:ReceiveMessage", arn("SentencesDeadLetters")),
    ),
    "a topic that is no producer's": ("P4", _source("SentencesQueuePolicy", {"Ref": "InboxTopic"})),
    "any topic of the account": (
        "P4",
        _source("SentencesQueuePolicy", {"Fn::Sub": "arn:aws:sns:*:${AWS::AccountId}:*"}),
    ),
    "a queue without source": ("P9", _no_source("SentencesQueuePolicy")),
    "a dead-letter queue without source": ("P9", _no_source("SentencesDeadLettersPolicy")),
    "a bucket's queue without source": ("P9", _no_source("InboxQueuePolicy")),
    "a bucket's queue without account": (
        "P9",
        lambda resources: statement(resources, "InboxQueuePolicy", "AcceptSources")["Condition"].pop(
            "StringEquals"
        ),
    ),
    "no deny of plain http on a bucket": ("P7", without("SentencesStorePolicy", "DenyPlainHttp")),
    "no deny of old TLS": ("P7", without("PipelineCachePolicy", "DenyOldTls")),
    "no deny of plain http on a queue": ("P7", without("SentencesDeadLettersPolicy", "DenyPlainHttp")),
    "no deny of plain http on a topic": ("P7", without("SentencesTopicPolicy", "DenyPlainHttp")),
    "a deny of TLS instead": ("P7", _plain_allowed("SentencesQueuePolicy")),
    "a lower TLS version": (
        "P7",
        lambda resources: statement(resources, "SentencesStorePolicy", "DenyOldTls").update(
            Condition={"NumericLessThan": {"s3:TlsVersion": "1.1"}}
        ),
    ),
    "both denies in one": (
        "P7",
        lambda resources: statement(resources, "SentencesStorePolicy", "DenyPlainHttp")["Condition"].update(
            NumericLessThan={"s3:TlsVersion": "1.2"}
        ),
    ),
    "a deny that spares one role": (
        "P7",
        lambda resources: statement(resources, "SentencesStorePolicy", "DenyPlainHttp")["Condition"].update(
            ArnNotEquals={"aws:PrincipalArn": arn("SentencesRole")}
        ),
    ),
    "a deny on the bucket without its objects": (
        "P7",
        lambda resources: statement(resources, "SentencesStorePolicy", "DenyPlainHttp").update(
            Resource=arn("SentencesStore")
        ),
    ),
    "a deny of TLS 1.3": (
        "P10",
        lambda resources: statements(resources, "SentencesStorePolicy").append(
            statement(resources, "SentencesStorePolicy", "DenyOldTls")
            | {"Sid": "DenyNewTls", "Condition": {"NumericGreaterThan": {"s3:TlsVersion": "1.2"}}}
        ),
    ),
}


@pytest.mark.parametrize("name", HOLES)
def test_a_hole_is_found_under_its_claim_with_a_request(name: str) -> None:
    claim, edit = HOLES[name]
    found = verified(letters(), edit)
    assert not found.is_proved
    assert claim in found.failed
    broken = of_claim(found, claim)
    shared = name == "another node's store"
    assert shared or any(one.witness is not None for one in broken)
    for one in broken:
        if one.witness is not None and claim != "P10":
            assert one.witness.decision is Decision.ALLOWED


NEEDED = [
    (role, one["Sid"])
    for role, resource in letters().template()["Resources"].items()
    if resource["Type"] in {"AWS::IAM::Role", "AWS::SQS::QueuePolicy"}
    for one in statements(letters().template()["Resources"], role)
    if one["Effect"] == "Allow"
]


@pytest.mark.parametrize(("logical_id", "sid"), NEEDED)
def test_without_any_one_statement_a_node_cannot_do_its_work(logical_id: str, sid: str) -> None:
    found = verified(letters(), without(logical_id, sid))
    assert found.failed == ("P10",)
    first = of_claim(found, "P10")[0]
    assert first.witness is not None
    assert first.witness.decision is Decision.IMPLICITLY_DENIED
    assert "cannot" in first.sentence


def test_a_template_that_denies_everything_keeps_secrets_and_is_useless() -> None:
    def deny(resources: Template) -> None:
        for name in [one for one in resources if one.endswith("Role")]:
            statements(resources, name).append({"Effect": "Deny", "Action": "*", "Resource": "*"})

    found = verified(letters(), deny)
    assert found.failed == ("P10",)
    rows = {one.claim: one for one in found.claims}
    assert rows["P1"].verdict is Verdict.PROVED
    assert rows["P1"].liveness is Verdict.FAILED


def test_a_missing_resource_is_said() -> None:
    def drop(resources: Template) -> None:
        del resources["SentencesMapping"]

    found = verified(letters(), drop)
    assert "P10" in found.failed
    assert any("has a queue in the template" in one.sentence for one in found.findings)


def test_a_node_that_the_template_lacks_is_said() -> None:
    found = verify(source(letters().template()), lk.Pipeline("letters", *_longer()))
    assert "P10" in found.failed
    assert any("a function for 'more'" in one.sentence for one in found.findings)


def _longer() -> tuple[Any, ...]:
    inbox = lk.S3Trigger("inbox", prefix="letters/")
    return (inbox.pipe(lk.RecursiveCharacterTextSplitter("more")).pipe(lk.S3Storage("results")),)


def test_a_node_that_the_pipeline_lacks_is_said_and_its_role_may_do_nothing() -> None:
    shorter = lk.Pipeline("letters", lk.S3Trigger("inbox", prefix="letters/").pipe(lk.S3Storage("results")))
    found = verify(source(letters().template()), shorter)
    assert "P1" in found.failed
    assert any("the node 'sentences' of the template" in one.sentence for one in found.findings)
    assert any("SentencesRole, which is no node's, may read" in one.sentence for one in found.findings)


def test_sources_that_the_function_is_not_told_leave_it_idle() -> None:
    def forget(resources: Template) -> None:
        resources["SentencesFunction"]["Properties"]["Environment"]["Variables"]["LAKENB_SOURCES"] = "[]"

    found = verified(letters(), forget)
    (one,) = of_claim(found, "P10")
    assert "LAKENB_SOURCES names nothing" in one.sentence


def test_without_a_pipeline_nothing_is_decided() -> None:
    found = verify(source({"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}), None)
    assert not found.is_proved
    assert {one.verdict for one in found.claims} == {Verdict.UNDECIDED}
    (one,) = found.findings
    assert "no pipeline is found in the template" in one.sentence


def test_what_cannot_be_read_is_undecided_and_never_proved() -> None:
    def unknown(resources: Template) -> None:
        resources["SentencesRole"]["Properties"]["ManagedPolicyArns"] = [
            "arn:aws:iam::aws:policy/NobodyKnows"
        ]

    found = verified(letters(), unknown)
    rows = {one.claim: one.verdict for one in found.claims}
    assert rows["P1"] is Verdict.UNDECIDED
    assert not found.is_proved


def test_a_template_with_too_many_deployments_is_undecided() -> None:
    graph = letters()
    template = copy.deepcopy(graph.template())
    names = [f"C{number}" for number in range(8)]
    template["Parameters"] = {name: {"Type": "String"} for name in names}
    template["Conditions"] = {f"Is{name}": {"Fn::Equals": [{"Ref": name}, "yes"]} for name in names}
    for name in names:
        topic = {"Type": "AWS::SNS::Topic", "Condition": f"Is{name}"}
        template["Resources"][f"Extra{name}"] = topic
        extra = {"Fn::If": [f"Is{name}", "a", "b"]}
        template["Resources"]["SentencesRole"]["Properties"].setdefault("Tags", []).append(
            {"Key": name, "Value": extra}
        )
    found = verify(source(template), graph)
    assert {one.verdict for one in found.claims} == {Verdict.UNDECIDED}
    assert any("not every deployment of the template was looked at" in one.sentence for one in found.findings)


def test_where_it_is_deployed_may_be_told() -> None:
    graph = letters()
    hole = edited(
        graph,
        allowing("SentencesRole", "s3:GetObject", "arn:aws:s3:::letters-inbox-111122223333-us-east-1/*"),
    )
    (one,) = verify(source(hole), graph, account="111122223333", region="us-east-1").findings
    assert one.sentence.startswith("'sentences' may read every object under inbox/")
    assert one.witness is not None
    assert ":111122223333:" in f":{one.witness.principal}:"


# --- after an edit ---------------------------------------------------------------------------------------


def test_a_verifier_finds_in_an_edited_template_what_a_fresh_one_finds() -> None:
    graph = letters()
    verifier = Verifier()
    assert verifier.verify(source(graph.template()), graph).is_proved
    for _, edit in HOLES.values():
        template = edited(graph, edit)
        again, fresh = verifier.verify(source(template), graph), verify(source(template), graph)
        assert again == fresh
    assert verifier.verify(source(graph.template()), graph).is_proved


def test_the_same_template_is_verified_once() -> None:
    graph = letters()
    verifier = Verifier()
    one = verifier.verify(source(graph.template()), graph)
    assert verifier.verify(source(copy.deepcopy(graph.template())), graph) is one
    assert verifier.verify(source(graph.template()), None) is not one


def test_a_template_that_is_changed_in_place_is_verified_again() -> None:
    graph = letters()
    verifier = Verifier()
    template = copy.deepcopy(graph.template())
    assert verifier.verify(source(template), graph).is_proved
    allowing("SentencesRole", "s3:GetObject", "*")(template["Resources"])
    assert not verifier.verify(source(template), graph).is_proved


def test_a_deny_that_hid_a_hole_and_goes_is_noticed() -> None:
    def hidden(resources: Template) -> None:
        allowing("SentencesRole", "s3:GetObject", within("InboxStore", "*"))(resources)
        deny = {"Effect": "Deny", "Principal": {"AWS": arn("SentencesRole")}, "Action": "s3:*"}
        deny["Resource"] = within("InboxStore", "*")
        statements(resources, "InboxStorePolicy").append(deny)

    graph = letters()
    verifier = Verifier()
    template = edited(graph, hidden)
    assert verifier.verify(source(template), graph).is_proved
    changed = copy.deepcopy(template)
    statements(changed["Resources"], "InboxStorePolicy").pop()
    assert "P1" in verifier.verify(source(changed), graph).failed


def test_parts_prove_what_the_whole_does() -> None:
    graph = letters()
    whole = verify(source(graph.template()), graph)
    parts = verify(source(graph.template()), graph, certificates=True)
    assert [(one.claim, one.verdict, one.proved) for one in whole.claims] == [
        (one.claim, one.verdict, one.proved) for one in parts.claims
    ]
    assert len(parts.certificates()) > 100
    assert whole.certificates() == ()


def test_every_certificate_is_accepted_by_the_independent_checker() -> None:
    graph = lk.Pipeline("two", lk.S3Trigger("inbox", prefix="in/").pipe(lk.S3Storage("store")))
    template = source(graph.template())
    papers = verify(template, graph, certificates=True).certificates()
    assert {paper["claim"]["claim"] for paper in papers} == {"P1", "P2", "P3", "P4", "P7", "P9", "P10"}
    for paper in papers:
        assert check(json.loads(json.dumps(paper)), template) == ()


def test_a_tls_rule_that_spares_somebody_by_name_is_found_out() -> None:
    pipe = letters()
    template = pipe.template()
    policy = template["Resources"]["SentencesStorePolicy"]["Properties"]["PolicyDocument"]
    policy["Statement"][0]["Condition"]["ArnNotLike"] = {"aws:PrincipalArn": "arn:aws:iam::*:role/Backup*"}

    found = verify(source(template), pipe)

    assert found.failed == ("P7",)
    assert any("role/Backup" in one.witness.principal for one in found.findings if one.witness is not None)


def test_a_witness_names_a_whole_key_where_it_can() -> None:
    pipe = letters()
    template = pipe.template()
    role = template["Resources"]["SentencesRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    read = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::*/letters/*"}
    role["Statement"].append(read)

    first = verify(source(template), pipe).findings[0]

    assert first.request == ("sentences", "s3:GetObject", "inbox/letters/doc")
