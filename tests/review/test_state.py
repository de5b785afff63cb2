"""P2 of state: only a node's role holds its actions, exactly those; and what services do for it (P9)."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

import lakenb as lk
from lakenb.graph.services import Service
from lakenb.iam.proof.values import Verdict
from lakenb.iam.stacks.read import worlds
from lakenb.iam.stacks.source import source
from lakenb.review.find import find
from lakenb.review.state import actions_of
from lakenb.review.verify import verify
from tests.review.edited import allowing, arn, of_claim, statement, statements, verified, within, without
from tests.review.services import PIPELINES, QUEUE, intake, listed

if TYPE_CHECKING:
    from tests.review.edited import Edit, Template


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_every_claim_holds_of_what_is_generated(name: str, strict: bool) -> None:
    found = verified(PIPELINES[name](strict=strict))
    assert found.findings == ()
    assert {one.claim for one in found.claims if one.verdict is None} == {"P6", "P8"} - (
        {"P8"} if name == "filed" else set()
    )


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("strict", [False, True], ids=["", "strict"])
def test_every_claim_holds_of_the_template_alone(name: str, strict: bool) -> None:
    assert verify(source(PIPELINES[name](strict=strict).template()), None).findings == ()


@pytest.mark.parametrize("name", PIPELINES)
@pytest.mark.parametrize("key_per", ["pipeline", "node", "store"])
def test_every_claim_holds_of_the_template_alone_under_keys(name: str, key_per: str) -> None:
    template = PIPELINES[name](key=lk.Key(), key_per=key_per).template()
    assert verify(source(template), None).findings == ()


def test_state_is_found_by_what_functions_are_told() -> None:
    (world, *_) = worlds(source(PIPELINES["gathering"]().template()))
    state = find(world, None).nodes["group"].state
    assert state.named() == {
        "table": "GroupTable",
        "group": "GroupScheduleGroup",
        "schedule_role": "GroupRoleForSchedules",
    }
    assert state.services == (Service.TABLE, Service.SCHEDULES)


def test_a_state_machine_tells_the_topic_that_its_node_s_function_does_not_know() -> None:
    (world, *_) = worlds(source(PIPELINES["waiting"]().template()))
    node = find(world, None).nodes["pause"]
    assert (node.topic, node.is_announced) == ("PauseTopic", True)
    assert node.state.services == (Service.MACHINE,)


def test_a_given_queue_has_an_arn_and_no_logical_id() -> None:
    (world, *_) = worlds(source(intake().template()))
    node = find(world, None).nodes["orders"]
    assert (node.queue, node.given_queue) == ("", QUEUE)
    assert set(node.sources) == {("contracts", "2026/", ""), ("forms", "", "")}
    assert node.is_given
    assert node.store_arn == ""


class Hole(NamedTuple):
    """One statement that is wrong.

    Parameters
    ----------
    pipeline
        The good one.
    edit
        Makes it wrong.
    claim
        That must fail.
    action, resource
        Of the request that shows it; the resource in the template's words.
    who
        The label of who asks.
    """

    pipeline: str
    edit: Edit
    claim: str
    action: str
    resource: str
    who: str


LAMBDA = {"Service": "lambda.amazonaws.com"}
SCHEDULER = {"Service": "scheduler.amazonaws.com"}
STATES = {"Service": "states.amazonaws.com"}
PARTITION = "arn:${AWS::Partition}:"


def trusting(role: str, principal: Any, **more: Any) -> Edit:
    def edit(resources: Template) -> None:
        trust = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        trust.append({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more})

    return edit


def unconditioned(role: str, operator: str) -> Edit:
    """Return the edit that takes a condition out of a role's trust."""

    def edit(resources: Template) -> None:
        (trust,) = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        del trust["Condition"][operator]

    return edit


def both(one: Edit, other: Edit) -> Edit:
    def edit(resources: Template) -> None:
        one(resources)
        other(resources)

    return edit


def said_otherwise(role: str, sid: str, **elements: Any) -> Edit:
    def edit(resources: Template) -> None:
        one = statement(resources, role, sid)
        for name, value in elements.items():
            if value is None:
                del one[name]
            else:
                one[name] = value

    return edit


def another_role(resources: Template, *allowed: Template) -> None:
    document = {"Version": "2012-10-17", "Statement": list(allowed)}
    trust = {"Effect": "Allow", "Principal": LAMBDA, "Action": "sts:AssumeRole"}
    resources["Helper"] = {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": [{"PolicyName": "help", "PolicyDocument": document}],
        },
    }


def helping(action: Any, resource: Any) -> Edit:
    allow = {"Effect": "Allow", "Action": action, "Resource": resource}
    return lambda resources: another_role(resources, allow)


def open_table(resources: Template) -> None:
    account = {"AWS": {"Fn::Sub": f"{PARTITION}iam::222233334444:root"}}
    allow = {"Effect": "Allow", "Principal": account, "Action": "dynamodb:Query", "Resource": "*"}
    policy = {"PolicyDocument": {"Version": "2012-10-17", "Statement": [allow]}}
    resources["GroupTable"]["Properties"]["ResourcePolicy"] = policy


def second_reducer(resources: Template) -> None:
    """Let another node's function work on the reducer's table."""
    resources["ResultsFunction"]["Properties"]["Environment"]["Variables"]["LAKENB_TABLE"] = {
        "Ref": "GroupTable"
    }


def open_index(resources: Template) -> None:
    account = {"AWS": {"Fn::Sub": f"{PARTITION}iam::222233334444:root"}}
    objects = within("IndexIndex", "*")
    allow = {"Effect": "Allow", "Principal": account, "Action": "s3:GetObject", "Resource": objects}
    statements(resources, "IndexIndexPolicy").append(allow)


def undenied(sid: str) -> Edit:
    """Return the edit that takes a statement out of a file system's policy."""

    def edit(resources: Template) -> None:
        policy = resources["IndexFileSystem"]["Properties"]["FileSystemPolicy"]["Statement"]
        policy.remove(next(one for one in policy if one["Sid"] == sid))

    return edit


def unguarded(resources: Template) -> None:
    # unlike the policies of buckets, its absence opens a file system
    del resources["IndexFileSystem"]["Properties"]["FileSystemPolicy"]


INDEX, ADMINISTRATOR = "IndexRole", "an administrator of the account"
PASSED_TO = "iam:PassedToService"
REDUCER, DELAY, CLOCK, RESULTS = "GroupRole", "PauseRole", "ClockRole", "ResultsRole"
ROLE, MACHINE_ROLE, CLOCK_ROLE = "GroupRoleForSchedules", "PauseRoleForWaiting", "ClockRoleForSchedules"
IN_GROUP = {"Fn::Sub": f"{PARTITION}scheduler:${{AWS::Region}}:${{AWS::AccountId}}:schedule/*"}

HOLES = {
    # the node's own role
    "deletes what it keeps": Hole(
        "gathering", allowing(REDUCER, "dynamodb:DeleteItem", arn("GroupTable")), "P2",
        "dynamodb:DeleteItem", "${GroupTable}", REDUCER),
    "reads all that its table holds": Hole(
        "gathering", allowing(REDUCER, "dynamodb:Scan", arn("GroupTable")), "P2",
        "dynamodb:Scan", "${GroupTable}", REDUCER),
    "drops its table": Hole(
        "gathering", allowing(REDUCER, "dynamodb:*", arn("GroupTable")), "P2",
        "dynamodb:*", "${GroupTable}", REDUCER),
    "works on every table": Hole(
        "gathering", said_otherwise(REDUCER, "KeepEvents", Resource="*"), "P2",
        "dynamodb:*", "", REDUCER),
    "lists tables": Hole(
        "gathering", allowing(REDUCER, "dynamodb:ListTables", "*"), "P2", "dynamodb:*", "", REDUCER),
    "makes schedules in any group": Hole(
        "gathering", said_otherwise(REDUCER, "CreateSchedules", Resource=IN_GROUP), "P2",
        "scheduler:CreateSchedule", "", REDUCER),
    "deletes its schedules": Hole(
        "gathering", allowing(REDUCER, "scheduler:DeleteSchedule", "*"), "P2",
        "scheduler:DeleteSchedule", "", REDUCER),
    "hands the role on to anybody": Hole(
        "gathering", said_otherwise(REDUCER, "PassRoleToSchedules", Condition=None), "P9",
        "iam:PassRole", "${GroupRoleForSchedules}", REDUCER),
    "hands the role on to functions": Hole(
        "gathering", said_otherwise(REDUCER, "PassRoleToSchedules",
                                    Condition={"StringEquals": {PASSED_TO: "lambda.amazonaws.com"}}),
        "P9", "iam:PassRole", "${GroupRoleForSchedules}", REDUCER),
    "hands its own role on": Hole(
        "gathering", allowing(REDUCER, "iam:PassRole", arn(REDUCER)), "P1", "iam:PassRole", "${GroupRole}",
        REDUCER),
    "takes the role itself": Hole(
        "gathering", trusting(ROLE, {"AWS": arn(REDUCER)}), "P1",
        "sts:AssumeRole", "${GroupRoleForSchedules}", REDUCER),
    "opens what it only points to": Hole(
        "gathering", allowing(REDUCER, "s3:GetObject", within("InboxStore", "in/*")), "P1",
        "s3:GetObject", "${InboxStore}", REDUCER),
    "reads its own composites": Hole(
        "gathering", allowing(REDUCER, "s3:GetObject", within("GroupStore", "*")), "P2",
        "s3:GetObject", "${GroupStore}", REDUCER),
    "publishes before the wait": Hole(
        "waiting", allowing(DELAY, "sns:Publish", {"Ref": "PauseTopic"}), "P4", "sns:Publish",
        "${PauseTopic}", DELAY),
    "stops what waits": Hole(
        "waiting", allowing(DELAY, "states:StopExecution", "*"), "P2", "states:StopExecution", "", DELAY),
    "starts any state machine": Hole(
        "waiting", said_otherwise(DELAY, "StartWaiting", Resource="*"), "P2", "states:*", "", DELAY),
    "rewrites its state machine": Hole(
        "waiting", allowing(DELAY, "states:UpdateStateMachine", arn("PauseStateMachine")), "P2",
        "states:UpdateStateMachine", "${PauseStateMachine}", DELAY),
    "changes its schedule": Hole(
        "timed", allowing(CLOCK, "scheduler:UpdateSchedule", "*"), "P2", "scheduler:UpdateSchedule", "",
        CLOCK),
    "sends to its own queue": Hole(
        "timed", allowing(CLOCK, "sqs:SendMessage", arn("ClockQueue")), "P4", "sqs:SendMessage",
        "${ClockQueue}", CLOCK),
    "reads what it puts": Hole(
        "timed", allowing(CLOCK, "s3:GetObject", within("ClockStore", "*")), "P2", "s3:GetObject",
        "${ClockStore}", CLOCK),
    "reads beside the listed documents": Hole(
        "listed", said_otherwise(CLOCK, "ReadSources", Resource="arn:aws:s3:::contracts/2026/*"), "P1",
        "s3:GetObject", "arn:aws:s3:::contracts/2026/", CLOCK),
    "what is behind it reads beside them": Hole(
        "listed", allowing(RESULTS, "s3:GetObject", "arn:aws:s3:::contracts/2026/a.pdf.bak"), "P1",
        "s3:GetObject", "arn:aws:s3:::contracts/2026/a.pdf.bak", RESULTS),
    "reads beside the prefix of a given place": Hole(
        "intake", allowing(RESULTS, "s3:GetObject", "arn:aws:s3:::contracts/2027/*"), "P1", "s3:GetObject",
        "arn:aws:s3:::contracts/2027/", RESULTS),
    "lists a given bucket": Hole(
        "intake", allowing(RESULTS, "s3:ListBucket", "arn:aws:s3:::contracts"), "P1", "s3:ListBucket",
        "arn:aws:s3:::contracts", RESULTS),
    "opens the documents of its events": Hole(
        "intake", allowing("OrdersRole", "s3:GetObject", "arn:aws:s3:::contracts/2026/*"), "P1",
        "s3:GetObject", "arn:aws:s3:::contracts/2026/", "OrdersRole"),
    "sends to the given queue": Hole(
        "intake", allowing("OrdersRole", "sqs:SendMessage", QUEUE), "P4", "sqs:SendMessage", QUEUE,
        "OrdersRole"),
    "polls another queue of its owner": Hole(
        "intake", said_otherwise("OrdersRole", "ReceiveQueue", Resource=f"{QUEUE}*"), "P4", "sqs:*",
        QUEUE, "OrdersRole"),
    "what is behind it polls the given queue": Hole(
        "intake", allowing(RESULTS, "sqs:ReceiveMessage", QUEUE), "P4", "sqs:ReceiveMessage", QUEUE, RESULTS),
    "reads the documents of its events for its index": Hole(
        "indexed", allowing(INDEX, "s3:GetObject", within("InboxStore", "*")), "P1", "s3:GetObject",
        "${InboxStore}", INDEX),
    "reads older versions of its index": Hole(
        "indexed", allowing(INDEX, "s3:GetObjectVersion", within("IndexIndex", "*")), "P2",
        "s3:GetObjectVersion", "${IndexIndex}", INDEX),
    "changes the policy of its index": Hole(
        "indexed", allowing(INDEX, "s3:PutBucketPolicy", arn("IndexIndex")), "P2", "s3:PutBucketPolicy",
        "${IndexIndex}", INDEX),
    "another node reads an index": Hole(
        "indexed", allowing("InboxRole", "s3:GetObject", within("IndexIndex", "*")), "P2", "s3:GetObject",
        "${IndexIndex}", "InboxRole"),
    "another account reads an index": Hole(
        "indexed", open_index, "P2", "s3:GetObject", "${IndexIndex}", "the account 222233334444"),
    "an index is reached without TLS": Hole(
        "indexed", without("IndexIndexPolicy", "DenyPlainHttp"), "P7", "s3:*", "${IndexIndex}",
        ADMINISTRATOR),
    "an index is reached with old TLS": Hole(
        "indexed", without("IndexIndexPolicy", "DenyOldTls"), "P7", "s3:*", "${IndexIndex}", ADMINISTRATOR),
    "mounts as root": Hole(
        "filed", both(undenied("DenyRoot"),
                      allowing(INDEX, "elasticfilesystem:ClientRootAccess", arn("IndexFileSystem"))),
        "P2", "elasticfilesystem:ClientRootAccess", "${IndexFileSystem}", INDEX),
    "mounts by any access point": Hole(
        "filed", said_otherwise(INDEX, "MountFiles", Condition=None), "P2", "elasticfilesystem:*",
        "${IndexFileSystem}", INDEX),
    "mounts any file system": Hole(
        "filed", said_otherwise(INDEX, "MountFiles", Resource="*"), "P2", "elasticfilesystem:*", "", INDEX),
    "another node mounts": Hole(
        "filed", allowing("InboxRole", "elasticfilesystem:ClientMount", arn("IndexFileSystem")), "P2",
        "elasticfilesystem:ClientMount", "${IndexFileSystem}", "InboxRole"),
    "a file system is mounted without TLS": Hole(
        "filed", undenied("DenyPlainNfs"), "P7", "elasticfilesystem:*", "${IndexFileSystem}", ADMINISTRATOR),
    "a file system is mounted without its access point": Hole(
        "filed", undenied("DenyWithoutAccessPoint"), "P2", "elasticfilesystem:*", "${IndexFileSystem}",
        ADMINISTRATOR),
    "a file system has a root": Hole(
        "filed", undenied("DenyRoot"), "P2", "elasticfilesystem:ClientRootAccess", "${IndexFileSystem}",
        ADMINISTRATOR),
    "a file system without a policy is everybody's": Hole(
        "filed", unguarded, "P2", "elasticfilesystem:*", "${IndexFileSystem}", "anonymous"),
    # other nodes, and what is no node
    "another node works on a table": Hole(
        "gathering", allowing(RESULTS, "dynamodb:PutItem", arn("GroupTable")), "P2", "dynamodb:PutItem",
        "${GroupTable}", RESULTS),
    "another node starts a state machine": Hole(
        "waiting", allowing("InboxRole", "states:StartExecution", arn("PauseStateMachine")), "P2",
        "states:StartExecution", "${PauseStateMachine}", "InboxRole"),
    "a helper's role reads a table": Hole(
        "gathering", helping("dynamodb:Query", arn("GroupTable")), "P2", "dynamodb:Query", "${GroupTable}",
        "Helper"),
    "a helper's role reads what waits": Hole(
        "waiting", helping("states:DescribeExecution", "*"), "P2", "states:DescribeExecution", "", "Helper"),
    "a helper's role changes schedules": Hole(
        "timed", helping("scheduler:*", "*"), "P2", "scheduler:*", "", "Helper"),
    "another account reads a table": Hole(
        "gathering", open_table, "P2", "dynamodb:Query", "${GroupTable}", "the account 222233334444"),
    # the roles that services take
    "a schedule's role receives, too": Hole(
        "gathering", allowing(ROLE, "sqs:ReceiveMessage", arn("GroupQueue")), "P4", "sqs:ReceiveMessage",
        "${GroupQueue}", ROLE),
    "a schedule's role sends to any queue": Hole(
        "gathering", said_otherwise(ROLE, "SendEndsOfWindows", Resource="*"), "P4", "sqs:SendMessage", "",
        ROLE),
    "a schedule's role reads documents": Hole(
        "timed", allowing(CLOCK_ROLE, "s3:GetObject", "*"), "P1", "s3:GetObject", "", CLOCK_ROLE),
    "a state machine's role calls functions": Hole(
        "waiting", allowing(MACHINE_ROLE, "lambda:InvokeFunction", "*"), "P1", "lambda:InvokeFunction", "",
        MACHINE_ROLE),
    "a state machine's role publishes to another topic": Hole(
        "waiting", allowing(MACHINE_ROLE, "sns:Publish", {"Ref": "InboxTopic"}), "P4", "sns:Publish",
        "${InboxTopic}", MACHINE_ROLE),
    "a schedule's role serves every schedule of the account": Hole(
        "gathering", unconditioned(ROLE, "ArnEquals"), "P9", "sts:AssumeRole", "${GroupRoleForSchedules}",
        "scheduler.amazonaws.com"),
    "a schedule's role serves every account": Hole(
        "timed", both(unconditioned(CLOCK_ROLE, "ArnEquals"), unconditioned(CLOCK_ROLE, "StringEquals")),
        "P9", "sts:AssumeRole", "${ClockRoleForSchedules}", "scheduler.amazonaws.com"),
    "a state machine's role serves every state machine": Hole(
        "waiting", unconditioned(MACHINE_ROLE, "ArnEquals"), "P9", "sts:AssumeRole", "${PauseRoleForWaiting}",
        "states.amazonaws.com"),
    "a schedule's role is taken by another service": Hole(
        "gathering", trusting(ROLE, {"Service": "ec2.amazonaws.com"}), "P9", "sts:AssumeRole",
        "${GroupRoleForSchedules}", "ec2.amazonaws.com"),
    "a node's role is taken by the scheduler": Hole(
        "gathering", trusting(REDUCER, SCHEDULER), "P9", "sts:AssumeRole", "${GroupRole}",
        "scheduler.amazonaws.com"),
    "a node's role is taken by state machines": Hole(
        "waiting", trusting(DELAY, STATES), "P9", "sts:AssumeRole", "${PauseRole}", "states.amazonaws.com"),
}  # fmt: skip

_WORD = re.compile(r"\$\{([^}]+)\}")


@pytest.mark.parametrize("name", HOLES)
def test_hole_is_found_by_its_claim_with_a_request(name: str) -> None:
    hole = HOLES[name]
    graph = PIPELINES[hole.pipeline]()
    template = copy.deepcopy(graph.template())
    hole.edit(template["Resources"])
    found = verify(source(template), graph)
    assert hole.claim in found.failed
    (world, *_) = worlds(source(template))
    wanted = _WORD.sub(lambda word: world.resources[word[1]].arn, hole.resource)
    shown = [one.witness for one in of_claim(found, hole.claim) if one.verdict is Verdict.FAILED]
    assert any(
        one is not None
        and (hole.action.endswith("*") or one.action == hole.action)
        and one.action.startswith(hole.action.removesuffix("*"))
        and one.resource.startswith(wanted)
        and one.who == hole.who
        for one in shown
    ), shown


# Without any of these a node, or a service for it, cannot do its work.
NEEDED = {
    ("gathering", REDUCER, "KeepEvents"): "dynamodb:",
    ("gathering", REDUCER, "CreateSchedules"): "scheduler:CreateSchedule",
    ("gathering", REDUCER, "PassRoleToSchedules"): "iam:PassRole",
    ("gathering", ROLE, "SendEndsOfWindows"): "sqs:SendMessage",
    ("gathering", RESULTS, "ReadForwarded"): "s3:GetObject",
    ("gathering", RESULTS, "ReadSources"): "s3:GetObject",
    ("waiting", DELAY, "ReadSources"): "s3:GetObject",
    ("waiting", RESULTS, "ReadForwarded"): "s3:GetObject",
    ("waiting", DELAY, "StartWaiting"): "states:StartExecution",
    ("waiting", MACHINE_ROLE, "PublishTopic"): "sns:Publish",
    ("waiting", MACHINE_ROLE, "SendDeadLetters"): "sqs:SendMessage",
    ("timed", CLOCK_ROLE, "SendFirings"): "sqs:SendMessage",
    ("listed", CLOCK_ROLE, "SendFirings"): "sqs:SendMessage",
    ("timed", CLOCK, "PutStore"): "s3:PutObject",
    ("timed", RESULTS, "ReadSources"): "s3:GetObject",
    ("listed", RESULTS, "ReadSources"): "s3:GetObject",
    ("listed", CLOCK, "ReadSources"): "s3:GetObject",
    ("intake", "OrdersRole", "ReceiveQueue"): "sqs:ReceiveMessage",
    ("intake", RESULTS, "ReadSources"): "s3:GetObject",
    ("indexed", INDEX, "KeepIndex"): "s3:",
    ("indexed", INDEX, "ListIndex"): "s3:ListBucket",
    ("filed", INDEX, "MountFiles"): "elasticfilesystem:Client",
}


@pytest.mark.parametrize(("name", "role", "sid"), NEEDED)
def test_without_any_of_its_statements_a_node_cannot_do_its_work(name: str, role: str, sid: str) -> None:
    found = verified(PIPELINES[name](), without(role, sid))
    assert found.failed == ("P10",)
    shown = [one.witness for one in of_claim(found, "P10")]
    assert any(one is not None and one.action.startswith(NEEDED[name, role, sid]) for one in shown)


@pytest.mark.parametrize(
    ("name", "role"), [("gathering", ROLE), ("timed", CLOCK_ROLE), ("waiting", MACHINE_ROLE)]
)
def test_a_role_that_no_service_may_take_is_found(name: str, role: str) -> None:
    def nobody(resources: Template) -> None:
        resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] = LAMBDA

    found = verified(PIPELINES[name](), nobody)
    assert "P10" in found.failed
    assert any(one.witness.action == "sts:AssumeRole" for one in of_claim(found, "P10") if one.witness)


@pytest.mark.parametrize("name", ["gathering", "waiting", "timed"])
def test_the_trust_of_another_s_group_or_state_machine_is_found(name: str) -> None:
    role = {"gathering": ROLE, "waiting": MACHINE_ROLE, "timed": CLOCK_ROLE}[name]

    def change(resources: Template) -> None:
        (trust,) = resources[role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        other = f"{PARTITION}scheduler:${{AWS::Region}}:${{AWS::AccountId}}:schedule-group/default"
        trust["Condition"]["ArnEquals"]["aws:SourceArn"] = {"Fn::Sub": other}

    assert {"P9", "P10"} <= set(verified(PIPELINES[name](), change).failed)


TOLD = {
    "the table": ("gathering", "GroupFunction", "LAKENB_TABLE", "table"),
    "the schedule group": ("gathering", "GroupFunction", "LAKENB_SCHEDULE_GROUP", "schedule group"),
    "the role for schedules": ("gathering", "GroupFunction", "LAKENB_SCHEDULE_ROLE", "role for schedules"),
    "the state machine": ("waiting", "PauseFunction", "LAKENB_MACHINE", "state machine"),
    "the index": ("indexed", "IndexFunction", "LAKENB_INDEX", "index bucket"),
}


@pytest.mark.parametrize("name", TOLD)
def test_a_function_that_is_not_told_its_state_is_found(name: str) -> None:
    pipeline, function, variable, words = TOLD[name]

    def forget(resources: Template) -> None:
        del resources[function]["Properties"]["Environment"]["Variables"][variable]

    found = verified(PIPELINES[pipeline](), forget)
    assert "P10" in found.failed
    assert any(f"has a {words} in the template" in one.sentence for one in of_claim(found, "P10"))


@pytest.mark.parametrize(
    ("name", "value", "claim"),
    [
        ("LAKENB_QUEUE", {"Fn::GetAtt": ["ResultsQueue", "Arn"]}, "P10"),
        ("LAKENB_PASSES_ON", "false", "P10"),
        ("LAKENB_KEY", "arn:aws:kms:eu-west-1:111122223333:key/0f0f0f0f-1111-2222-3333-444444444444", "P6"),
    ],
)
@pytest.mark.parametrize("key", [None, lk.Key()], ids=["without a key", "under a key"])
def test_a_function_that_is_told_otherwise_is_found(name: str, value: Any, claim: str, key: Any) -> None:
    def change(resources: Template) -> None:
        resources["GroupFunction"]["Properties"]["Environment"]["Variables"][name] = value

    found = verified(PIPELINES["gathering"](key=key), change)
    assert any(name in one.sentence for one in of_claim(found, claim))


def test_schedules_that_are_made_under_no_key_are_found() -> None:
    def forget(resources: Template) -> None:
        del resources["GroupFunction"]["Properties"]["Environment"]["Variables"]["LAKENB_KEY"]

    found = verified(PIPELINES["gathering"](key=lk.Key()), forget)
    assert any("told the key for schedules that it makes" in one.sentence for one in of_claim(found, "P6"))


@pytest.mark.parametrize("name", PIPELINES)
def test_every_claim_holds_under_a_key_and_in_a_vpc(name: str) -> None:
    options = {"key": lk.Key(), "key_per": "node", "vpc": lk.Vpc(create=True)}
    found = verified(PIPELINES[name](**options))
    assert found.findings == ()
    assert all(one.verdict is Verdict.PROVED for one in found.claims)


def test_a_table_of_two_nodes_is_found() -> None:
    found = verified(PIPELINES["gathering"](), second_reducer)
    assert any("no two nodes share a table" in one.sentence for one in of_claim(found, "P2"))


def test_a_schedule_that_nobody_asked_for_is_found() -> None:
    def send_made_up_events(resources: Template) -> None:
        target = {"Arn": arn("GroupQueue"), "RoleArn": arn(ROLE), "Input": "{}"}
        resources["Rogue"] = {
            "Type": "AWS::Scheduler::Schedule",
            "Properties": {
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "GroupName": {"Ref": "GroupScheduleGroup"},
                "ScheduleExpression": "rate(1 minute)",
                "Target": target,
            },
        }

    found = verified(PIPELINES["gathering"](), send_made_up_events)
    assert any("has no schedule that the pipeline does not ask for" in one.sentence for one in found.findings)


def test_documents_in_an_index_are_found() -> None:
    def put_there(resources: Template) -> None:
        variables = resources["InboxFunction"]["Properties"]["Environment"]["Variables"]
        variables["LAKENB_SOURCES"] = {"Fn::Join": ["", ['[{"bucket":"', {"Ref": "IndexIndex"}, _ENDS]]}

    found = verified(PIPELINES["indexed"](), put_there)
    assert any("no documents lie in the index of 'index'" in one.sentence for one in of_claim(found, "P2"))


_ENDS = '","prefix":"","suffix":""}]'


def test_a_mapping_on_another_queue_than_the_given_one_is_found() -> None:
    def change(resources: Template) -> None:
        resources["OrdersMapping"]["Properties"]["EventSourceArn"] = f"{QUEUE}-2"

    found = verified(intake(), change)
    assert "P10" in found.failed
    assert any("receives from the queue that it was given" in one.sentence for one in found.findings)


def test_a_function_that_is_told_of_other_documents_is_found() -> None:
    def change(resources: Template) -> None:
        told = resources["ClockFunction"]["Properties"]["Environment"]["Variables"]
        told["LAKENB_SOURCES"] = '[{"bucket":"contracts","prefix":"","suffix":""}]'

    found = verified(listed(), change)
    assert any("is told to read what its producers provide" in one.sentence for one in found.findings)


def test_what_a_given_queue_and_given_buckets_leave_open_is_said() -> None:
    notes = verified(intake()).notes
    assert (
        f"P4: 'orders' polls the given queue {QUEUE}: who sends there and its encryption are its owner's"
        in notes
    )
    assert "P5: 'orders' works on the given bucket contracts: how it is encrypted is its owner's" in notes


def test_what_a_node_does_with_its_state_is_this_room_s_own_table() -> None:
    assert actions_of("lakenb.runtime.handlers.reducer", Service.TABLE) == (
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:UpdateItem",
    )
    assert actions_of("anything else", Service.MACHINE) == ("states:StartExecution",)


def test_every_statement_of_these_pipelines_is_needed() -> None:
    """What is not in `NEEDED` is what every node has, and is needed by other tests."""
    common = {"PutStore", "ReadCache", "PutCache", "ReceiveQueue", "SendDeadLetters", "PublishTopic"}
    common |= {"WriteLogs", "LookAtNetwork", "AttachToNetwork", "KeepAttached", "NotByOwnCode"}
    known = set(NEEDED)
    for name, make in PIPELINES.items():
        resources = make().template()["Resources"]
        for role, one in resources.items():
            if one["Type"] != "AWS::IAM::Role" or role == "InboxRole":
                continue
            sids = {each["Sid"] for each in statements(resources, role)}
            assert {(name, role, sid) for sid in sids - common} <= known
