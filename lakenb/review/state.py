"""A node's state: what it has beside queue, topic, function and log, and what its role may do with it (P2).

State is no store: no document lies in it. What each kind of node does with its state is this module's own
table, read from what its handler calls; it is not what writes the roles.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from lakenb.graph.services import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from lakenb.iam.stacks.world import Resource
    from lakenb.review.find import Index

TABLE = "AWS::DynamoDB::Table"
GROUP = "AWS::Scheduler::ScheduleGroup"
SCHEDULE = "AWS::Scheduler::Schedule"
MACHINE = "AWS::StepFunctions::StateMachine"
FILE_SYSTEM = "AWS::EFS::FileSystem"
ACCESS_POINT = "AWS::EFS::AccessPoint"
_BUCKET, _ROLE, _LOGS = "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::Logs::LogGroup"
_TOPIC = "AWS::SNS::Topic"
PUBLISH, SEND = ":states:::sns:publish", ":states:::sqs:sendMessage"
MESSAGE = ("$.message", "{% $states.input.message %}")
"""What a node hands its state machine to be published, in both query languages of Step Functions."""


@dataclass(frozen=True, slots=True)
class State:
    """What one node has of services beside the common ones: logical ids, or ARNs; empty where it has none.

    Parameters
    ----------
    table
        A DynamoDB table.
    group
        A schedule group: that of its schedule, or the one in which the node makes schedules while it runs.
    schedule
        A schedule of the template.
    schedule_role
        The role that EventBridge Scheduler takes for either.
    machine, machine_role, machine_logs
        A state machine, the role that Step Functions takes for it, and its log group.
    files, access_point
        A file system, and the one way into it.
    index
        A bucket that holds an index.
    """

    table: str = ""
    group: str = ""
    schedule: str = ""
    schedule_role: str = ""
    machine: str = ""
    machine_role: str = ""
    machine_logs: str = ""
    files: str = ""
    access_point: str = ""
    index: str = ""

    def mapped(self, change: Callable[[str], str]) -> State:
        """Return the same with every text that is not empty changed."""
        pairs = {one.name: getattr(self, one.name) for one in fields(self)}
        return State(**{name: change(text) if text else "" for name, text in pairs.items()})

    def named(self) -> dict[str, str]:
        """Return what there is, by its field's name."""
        pairs = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: text for name, text in pairs.items() if text}

    @property
    def open_group(self) -> str:
        """The group in which the node makes schedules while it runs; empty for that of its own schedule."""
        return "" if self.schedule else self.group

    @property
    def services(self) -> tuple[Service, ...]:
        """What of it a pipeline's node declares."""
        found = (
            (self.table, Service.TABLE),
            (self.open_group, Service.SCHEDULES),
            (self.schedule, Service.SCHEDULE),
            (self.machine, Service.MACHINE),
            (self.files, Service.FILES),
            (self.index, Service.INDEX),
        )
        return tuple(service for text, service in found if text)


NONE = State()
# What each service's resources are called, for people; and by which fields a node that declares it has it.
FIELDS: dict[Service, tuple[str, ...]] = {
    Service.TABLE: ("table",),
    Service.SCHEDULES: ("group", "schedule_role"),
    Service.SCHEDULE: ("schedule", "group", "schedule_role"),
    Service.MACHINE: ("machine", "machine_role"),
    Service.FILES: ("files", "access_point"),
    Service.INDEX: ("index",),
}
WORDS = {
    "table": "table",
    "group": "schedule group",
    "schedule": "schedule",
    "schedule_role": "role for schedules",
    "machine": "state machine",
    "machine_role": "role for the state machine",
    "machine_logs": "log group of the state machine",
    "files": "file system",
    "access_point": "access point",
    "index": "index bucket",
}
ROLES = ("schedule_role", "machine_role")

_HANDLERS = "lakenb.runtime.handlers."
# What a node's role does with its state. A handler that does something else has a row of its own below.
# Service Authorization Reference: Amazon DynamoDB, Amazon EventBridge Scheduler, AWS Step Functions, Amazon
# Elastic File System, Amazon S3.
_ACTIONS: dict[Service, tuple[str, ...]] = {
    # Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB transactions": a transaction needs what its
    # parts need. Events are kept, counted and found; nothing is deleted but by its time to live
    Service.TABLE: ("dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"),
    Service.SCHEDULES: ("scheduler:CreateSchedule",),
    Service.SCHEDULE: (),
    Service.MACHINE: ("states:StartExecution",),
    # Amazon EFS User Guide, "Using IAM to control file system data access": root access is an action apart
    Service.FILES: ("elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"),
    Service.INDEX: ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject"),
}
_OF_HANDLER: dict[tuple[str, Service], tuple[str, ...]] = {}
# What is asked of a bucket and not of its objects.
LISTING = ("s3:ListBucket",)


def actions_of(handler: str, service: Service) -> tuple[str, ...]:
    """Return what a node of a handler does with its state of a service.

    Examples
    --------
    >>> actions_of("lakenb.runtime.handlers.delay", Service.MACHINE)
    ('states:StartExecution',)
    """
    return _OF_HANDLER.get((handler.removeprefix(_HANDLERS), service), _ACTIONS[service])


@dataclass(frozen=True, slots=True)
class TableKeys:
    """How a handler works by its table: its partition key and sort key, and when an item expires."""

    names: tuple[str, str]
    expires: str


_TABLES = {"reducer": TableKeys(("chain_id", "item_id"), "expires_at")}


def table_keys(handler: str) -> TableKeys | None:
    """Return how a handler works by its table; None where it is not known."""
    return _TABLES.get(handler.removeprefix(_HANDLERS))


def state_of(
    index: Index, function: Resource, told: Mapping[str, Any], queue: str, unclear: list[str]
) -> State:
    """Return what a function really uses of state, by logical ids.

    Parameters
    ----------
    index
        The world's resources.
    function, told
        The function, and its variables.
    queue
        The ARN of the queue that it receives from.
    unclear
        Takes what could not be told apart.
    """
    schedules = [
        one for one in index.of_type[SCHEDULE] if queue and _target(one.properties).get("Arn") == queue
    ]
    if len(schedules) > 1:
        names = ", ".join(one.logical_id for one in schedules)
        unclear.append(f"several schedules send to the queue of '{told.get('LAKENB_NODE')}': {names}")
    schedule = schedules[0] if schedules else None
    role = told.get("LAKENB_SCHEDULE_ROLE")
    if role is None and schedule is not None:
        role = _target(schedule.properties).get("RoleArn")
    group = told.get("LAKENB_SCHEDULE_GROUP")
    if group is None and schedule is not None:
        group = schedule.properties.get("GroupName")
    machine = index.named(MACHINE, told.get("LAKENB_MACHINE"))
    point = index.named(ACCESS_POINT, _mounted(function.properties))
    return State(
        table=index.id(TABLE, told.get("LAKENB_TABLE")),
        group=index.id(GROUP, group),
        schedule="" if schedule is None else schedule.logical_id,
        schedule_role=index.id(_ROLE, role),
        machine="" if machine is None else machine.logical_id,
        machine_role="" if machine is None else index.id(_ROLE, machine.properties.get("RoleArn")),
        machine_logs="" if machine is None else index.id(_LOGS, _logged(machine.properties)),
        files="" if point is None else index.id(FILE_SYSTEM, point.properties.get("FileSystemId")),
        access_point="" if point is None else point.logical_id,
        index=index.id(_BUCKET, told.get("LAKENB_INDEX")),
    )


def publishes_to(index: Index, machine: str) -> str:
    """Return the topic that a state machine publishes to, by logical id; empty where none or several."""
    found = {index.id(_TOPIC, one.get("TopicArn")) for one in published(index, machine)}
    return found.pop() if len(found) == 1 else ""


def published(index: Index, machine: str) -> tuple[Mapping[str, Any], ...]:
    """Return the arguments of all tasks of a state machine that publish to topics."""
    return tuple(arguments for resource, arguments in tasks(index, machine) if resource.endswith(PUBLISH))


def tasks(index: Index, machine: str) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """Return the tasks of a state machine, inner ones of maps and branches included: resource and arguments.

    AWS Step Functions Developer Guide, "Amazon States Language": a state that calls a service is a Task.
    """
    resource = index.world.resources.get(machine)
    return () if resource is None else tuple(_tasks(definition(resource)))


def definition(machine: Resource) -> Any:
    """Return what a state machine does, taken apart where the template has it as a text."""
    written = machine.properties.get("Definition")
    text = machine.properties.get("DefinitionString") if written is None else json.dumps(written)
    substituted = machine.properties.get("DefinitionSubstitutions")
    if not isinstance(text, str):
        return None
    for name, value in substituted.items() if isinstance(substituted, dict) else ():
        text = text.replace(f"${{{name}}}", json.dumps(str(value))[1:-1])
    try:
        return json.loads(text)
    except ValueError:
        return None


def _tasks(value: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(value, list):
        for one in value:
            yield from _tasks(one)
    if not isinstance(value, dict):
        return
    if value.get("Type") == "Task":
        arguments = value.get("Arguments", value.get("Parameters"))
        yield str(value.get("Resource", "")), arguments if isinstance(arguments, dict) else {}
    for name, one in value.items():
        if name not in {"Arguments", "Parameters"}:
            yield from _tasks(one)


def _target(properties: Mapping[str, Any]) -> Mapping[str, Any]:
    found = properties.get("Target")
    return found if isinstance(found, dict) else {}


def _mounted(properties: Mapping[str, Any]) -> Any:
    """Return the access point that a function mounts; Lambda takes one at most."""
    configs = properties.get("FileSystemConfigs")
    first = configs[0] if isinstance(configs, list) and configs else None
    return first.get("Arn") if isinstance(first, dict) else None


def _logged(properties: Mapping[str, Any]) -> Any:
    try:
        return properties["LoggingConfiguration"]["Destinations"][0]["CloudWatchLogsLogGroup"]["LogGroupArn"]
    except (KeyError, TypeError, IndexError):
        return None
