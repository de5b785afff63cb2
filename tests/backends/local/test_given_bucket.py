"""A trigger on a given bucket, end to end: its uploads come by EventBridge, and IAM is asked on the way."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lakenb as lk
from lakenb.backends.local.inputs import gather
from lakenb.backends.local.probe import Call
from lakenb.backends.local.readback import read_back
from lakenb.errors import DeploymentError, InputsError, LocalRunError
from lakenb.events import S3Location
from lakenb.security.stores import Store
from lakenb.template.names import Kind
from lakenb.template.rules import key_patterns
from tests.backends.local.embedded import policy
from tests.backends.local.sessions import edge, rest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lakenb.backends.local.emulator import LocalEmulator
    from lakenb.backends.local.session import LocalSession

BUCKET = "somebodys-documents"
NAMES = (
    "a b+c%2Fé'\".txt",
    "日本語.txt",
    "100%.txt",
    "?query#fragment&more=1.txt",
    "[a].txt",
    "*.txt",
    "~.txt",
)
# the prefix holds what EventBridge's wildcards and IAM's patterns take for their own
PREFIX = "in/*$?\\é "


def pipeline(bucket: Any = BUCKET) -> lk.Pipeline:
    """Return three triggers on one given bucket: of odd keys, of a prefix, and of a part of that."""
    inbox = lk.S3Trigger("inbox", bucket=bucket, prefix=PREFIX, suffix=".txt")
    other = lk.S3Trigger("other", bucket=bucket, prefix="other/")
    part = lk.S3Trigger("part", bucket=bucket, prefix="other/part/")
    chunks = inbox.pipe(lk.RecursiveCharacterTextSplitter("chunks"))
    store = lk.S3Storage("results").with_sources(other, part)
    return lk.Pipeline("given", chunks.pipe(store))


@pytest.fixture(scope="module")
def session() -> Iterator[LocalSession]:
    with pipeline().local() as running:
        yield running


def put(session: LocalSession, *keys: str) -> None:
    for key in keys:
        session.client("s3").put_object(Bucket=BUCKET, Key=key, Body=key.encode())


def test_documents_with_odd_names_come_through_a_given_bucket(session: LocalSession, tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).write_text("A sentence. " * 5)
    run = session.run({"inbox": tmp_path}, save=tmp_path / "saved")
    assert run.is_complete
    assert edge(run, "bucket -> inbox") == (len(NAMES), len(NAMES), 0, 0)
    assert edge(run, "chunks -> results") == (len(NAMES), len(NAMES), 0, 0)
    assert {one.url for one in run.document_records if one.node == "inbox"} == {
        S3Location(BUCKET, PREFIX + name).url for name in NAMES
    }
    assert session.bucket("inbox") == BUCKET
    saved = [path for path in (tmp_path / "saved").rglob("*.txt") if path.is_file()]
    assert len(saved) == len(NAMES)


def test_every_delivery_of_event_bridge_was_asked(session: LocalSession) -> None:
    run = session.follow()
    gates = [one for one in run.decision_records if one.source == "gate:eventbridge-delivery"]
    assert {(one.who, one.action, one.resource, one.decision) for one in gates} >= {
        ("events.amazonaws.com", "sqs:SendMessage", session.stack.arn("inbox", Kind.QUEUE), "ALLOWED")
    }
    assert {one.decided_by for one in gates} == {"resource AcceptSources"}


def test_a_run_says_what_the_given_bucket_here_is_not(session: LocalSession) -> None:
    *_, bucket, retries = session.follow().unenforced
    assert bucket == (
        "The given bucket 'somebodys-documents' has a policy, a key and a lifecycle of its owner's: "
        "the run makes a bucket of that name without them"
    )
    assert retries == (
        "EventBridge retries for a day: it tries once, and what is refused goes to the dead-letter queue"
    )


def test_an_upload_counts_for_every_trigger_that_hears_it(session: LocalSession, tmp_path: Path) -> None:
    for name in ("one.txt", "part/two.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    run = session.run({"other": tmp_path})
    assert run.is_complete
    assert edge(run, "bucket -> other") == (2, 2, 0, 0)
    assert edge(run, "bucket -> part") == (1, 1, 0, 0)
    assert edge(run, "other -> results") == (2, 2, 0, 0)
    assert edge(run, "part -> results") == (1, 1, 0, 0)


def test_what_is_outside_of_prefix_and_suffix_is_not_delivered(session: LocalSession) -> None:
    before = {node: len(run_of(session, node)) for node in ("inbox", "other", "part")}
    outside = ("in/plain.txt", f"{PREFIX}a.pdf", f"x{PREFIX}a.txt", PREFIX[:-1] + "a.txt", "other", "OTHER/a")
    put(session, *outside, f"{PREFIX}heard.txt")
    rest(session)
    after = {node: len(run_of(session, node)) for node in ("inbox", "other", "part")}
    assert after == {**before, "inbox": before["inbox"] + 1}


def run_of(session: LocalSession, node: str) -> set[str]:
    return {one.url for one in session.follow().document_records if one.node == node}


def test_quiet_is_never_seen_while_an_event_is_under_way(session: LocalSession) -> None:
    # no look at the accounts: the emulator's own counts must not say 'quiet' between upload and queue
    arn = session.stack.arn("part", Kind.QUEUE)
    functions, mapping = session.client("lambda"), session.stack.id("part", Kind.MAPPING)
    functions.update_event_source_mapping(UUID=mapping, Enabled=False)
    rest(session)
    for number in range(40):
        put(session, f"other/part/race-{number}.txt")
        while (state := session.emulator.state()).pending_deliveries:
            pass
        assert state.queue(arn).visible == number + 1
    functions.update_event_source_mapping(UUID=mapping, Enabled=True)
    rest(session)


READ, ASIDE = f"{PREFIX}read.txt", "private/diary.txt"


@dataclass(frozen=True)
class Case:
    """One call of the deployed trigger's function on the given bucket."""

    operation: str
    allowed: bool
    parameters: dict[str, Any]


CASES = {
    "reads what its rule sends": Case("get_object", allowed=True, parameters={"Key": READ}),
    "looks at what its rule sends": Case("head_object", allowed=True, parameters={"Key": READ}),
    "reads beside the prefix": Case("get_object", allowed=False, parameters={"Key": ASIDE}),
    "reads what a pattern for the prefix would take": Case(
        "get_object", allowed=False, parameters={"Key": "in/x$y\\é read.txt"}
    ),
    "reads another suffix": Case("get_object", allowed=False, parameters={"Key": f"{PREFIX}read.pdf"}),
    "reads another trigger's prefix": Case("get_object", allowed=False, parameters={"Key": "other/read.txt"}),
    "puts": Case("put_object", allowed=False, parameters={"Key": f"{PREFIX}forged.txt", "Body": "x"}),
    "deletes": Case("delete_object", allowed=False, parameters={"Key": ASIDE}),
    "lists": Case("list_objects_v2", allowed=False, parameters={}),
    "lists its prefix": Case("list_objects_v2", allowed=False, parameters={"Prefix": PREFIX}),
    "takes its notifications away": Case(
        "put_bucket_notification_configuration", allowed=False, parameters={"NotificationConfiguration": {}}
    ),
}


def test_the_deployed_trigger_reads_its_part_of_the_given_bucket_and_no_more(session: LocalSession) -> None:
    put(session, READ, ASIDE, "in/x$y\\é read.txt", f"{PREFIX}read.pdf", "other/read.txt")
    rest(session)
    calls = [Call("s3", case.operation, {"Bucket": BUCKET, **case.parameters}) for case in CASES.values()]
    answers = dict(zip(CASES, session.probe("inbox", calls), strict=True))
    assert {name: answer.allowed for name, answer in answers.items()} == {
        name: case.allowed for name, case in CASES.items()
    }
    refused = {answer.status for answer in answers.values() if not answer.allowed}
    assert refused == {403}
    for case in CASES.values():  # the same calls with the owner's key: what refused was IAM
        getattr(session.client("s3"), case.operation)(Bucket=BUCKET, **case.parameters)
    session.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    session.client("s3").delete_object(Bucket=BUCKET, Key=f"{PREFIX}forged.txt")
    rest(session)


def test_consumers_read_the_given_bucket_where_their_producer_does(session: LocalSession) -> None:
    put(session, READ, "other/read.txt")
    rest(session)
    calls = [
        Call("s3", "get_object", {"Bucket": BUCKET, "Key": key}) for key in (READ, "other/read.txt", ASIDE)
    ]
    assert [answer.allowed for answer in session.probe("chunks", calls)] == [True, False, False]
    assert [answer.allowed for answer in session.probe("results", calls)] == [False, True, False]


def test_a_rule_that_is_not_the_templates_is_refused(session: LocalSession) -> None:
    events, rule = session.client("events"), session.stack.id("other", Kind.RULE)
    read_back(session.emulator, session.stack)
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    pattern = events.describe_rule(Name=rule)["EventPattern"]
    events.disable_rule(Name=rule)
    with pytest.raises(DeploymentError, match=r"OtherRule\.State is 'DISABLED', not 'ENABLED'"):
        read_back(session.emulator, session.stack)
    events.put_rule(Name=rule, EventPattern='{"source": ["aws.s3"]}')
    with pytest.raises(DeploymentError, match=r"OtherRule\.EventPattern is"):
        read_back(session.emulator, session.stack)
    described = session.stack.template["Resources"]["OtherRule"]["Properties"]["Description"]
    events.put_rule(Name=rule, EventPattern=pattern, State="ENABLED", Description=described)
    events.put_targets(Rule=rule, Targets=[{"Id": target["Id"], "Arn": target["Arn"]}])
    with pytest.raises(DeploymentError, match=r"OtherRule\.Targets is"):
        read_back(session.emulator, session.stack)
    events.put_targets(Rule=rule, Targets=[target])
    read_back(session.emulator, session.stack)


def queue_policy(session: LocalSession, kind: Kind, *, allow: bool) -> None:
    """Let a queue of the trigger keep its policy as deployed, or lose the statement for EventBridge."""
    name = {Kind.QUEUE: "OtherQueuePolicy", Kind.DEAD_LETTERS: "OtherDeadLettersPolicy"}[kind]
    deployed = session.stack.resolve(
        session.stack.template["Resources"][name]["Properties"]["PolicyDocument"]
    )
    kept = [one for one in deployed["Statement"] if allow or one["Effect"] == "Deny"]
    session.client("sqs").set_queue_attributes(
        QueueUrl=session.stack.id("other", kind), Attributes={"Policy": policy(*kept)}
    )


def test_without_the_queues_statement_an_upload_fails_into_the_dead_letter_queue(
    session: LocalSession, tmp_path: Path
) -> None:
    (tmp_path / "refused é+.txt").write_text("refused")
    before = edge(session.follow(), "bucket -> other")
    queue_policy(session, Kind.QUEUE, allow=False)
    try:
        run = session.run({"other": tmp_path})
    finally:
        queue_policy(session, Kind.QUEUE, allow=True)
    inputs, delivered, failed, _ = edge(run, "bucket -> other")
    assert (inputs, delivered, failed) == (before[0] + 1, before[1], before[2] + 1)
    assert run.is_complete
    assert [one.url for one in run.failures if one.node == "other"] == [
        S3Location(BUCKET, "other/refused é+.txt").url
    ]


def test_without_both_statements_nothing_is_delivered_anywhere(session: LocalSession) -> None:
    # the last test of this session: its account stays open
    queue_policy(session, Kind.QUEUE, allow=False)
    queue_policy(session, Kind.DEAD_LETTERS, allow=False)
    letters = in_queue(session, Kind.DEAD_LETTERS)
    put(session, "other/lost.txt")
    rest(session)
    assert in_queue(session, Kind.QUEUE) == 0
    assert in_queue(session, Kind.DEAD_LETTERS) == letters
    said = {one.source: one.outcome for one in session.emulator.decisions() if "eventbridge" in one.source}
    assert said == {
        "gate:eventbridge-delivery": "IMPLICITLY_DENIED",
        "gate:eventbridge-redrive": "IMPLICITLY_DENIED",
    }


def in_queue(session: LocalSession, kind: Kind) -> int:
    found = session.emulator.state().queue(session.stack.id("other", kind))
    return found.visible + found.in_flight + found.delayed


def test_a_bucket_of_a_cdk_app_is_refused_before_anything_starts() -> None:
    def never() -> Any:
        pytest.fail("the embedded AWS was started")

    with pytest.raises(LocalRunError) as refused, pipeline("${Token[TOKEN.7]}").local(start=never):
        pass
    assert str(refused.value) == (
        "the bucket of 'inbox' is one of a CDK app (${Token[TOKEN.7]}): "
        "its name is known at deployment only\n"
        "  where: node 'inbox', pipeline 'given'\n"
        "  mend:  give the bucket's name as a text for a local run, or leave bucket out"
    )


def test_files_of_two_triggers_on_one_bucket_cannot_share_a_key(tmp_path: Path) -> None:
    for name in ("one/part/a.txt", "two/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    with pytest.raises(InputsError, match=r"would have one key, 'other/part/a.txt'"):
        gather(pipeline(), {"other": tmp_path / "one", "part": tmp_path / "two"})
    same = gather(pipeline(), {"other": tmp_path / "one", "part": tmp_path / "one" / "part"})
    assert [made.key for made in same] == ["other/part/a.txt"]


TEXTS = st.text("ab/*\\?$é", max_size=3)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.text("ab/*\\?$é", max_size=6))
def test_event_bridge_reads_the_patterns_as_they_are_meant(
    emulator: LocalEmulator, prefix: str, suffix: str, key: str
) -> None:
    patterns = key_patterns(Store("inbox", prefix, suffix))
    asked = json.dumps({"detail": {"key": patterns}} if patterns else {"source": ["aws.s3"]})
    overlapping = Store("inbox", prefix, suffix).overlapping_keys()
    for tried in (key, prefix + suffix, prefix + key + suffix, *overlapping):
        event = json.dumps({
            "id": "1", "account": "1" * 12, "source": "aws.s3", "time": "2026-01-31T12:00:00Z",
            "region": "us-east-1", "resources": [], "detail-type": "x", "detail": {"key": tried},
        })  # fmt: skip
        taken = emulator.client("events").test_event_pattern(EventPattern=asked, Event=event)["Result"]
        assert taken == (tried.startswith(prefix) and tried.endswith(suffix))


@pytest.mark.parametrize(
    "pattern", [{"prefix": "a", "suffix": "b"}, {"wildcard": "a**b"}, {"wildcard": "a\\b"}]
)
def test_what_a_rule_cannot_say_is_refused_by_event_bridge_too(
    emulator: LocalEmulator, pattern: dict[str, str]
) -> None:
    with pytest.raises(ClientError, match="Event pattern is not valid"):
        emulator.client("events").put_rule(Name="refused", EventPattern=json.dumps({"source": [pattern]}))
