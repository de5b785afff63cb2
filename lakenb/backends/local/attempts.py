"""One thing that a node tries, in the pipeline's own names, and what the server said.

For teaching and reviewing: ``aws.attempt("m1", "s3:PutObject", "cache/m2/forged")`` lets the deployed
function of ``m1`` make that call with its role's credentials.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from lakenb.backends.local.probe import Call
from lakenb.backends.local.report import server_says
from lakenb.errors import Fault, OptionError
from lakenb.events.locations import S3Location
from lakenb.graph.options import shown
from lakenb.records.attempt import DEPLOYER, Attempt
from lakenb.template.names import CACHE, Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from lakenb.backends.local.seam import RawDecision
    from lakenb.backends.local.session import LocalSession


def attempt(session: LocalSession, who: str, action: str, resource: str) -> Attempt:
    """Let a node's function make one call, and return what the server said. See `LocalSession.attempt`."""
    _check(who, [*session.graph.nodes, DEPLOYER], "a node of this pipeline", "who")
    _check(action, _CALLS, "an action that can be tried", "action")
    call = _CALLS[action](session, resource)
    resource = _named(session, resource)
    if who == DEPLOYER:
        return _by_deployer(session, call, action, resource)
    before = len(session.emulator.decisions())
    [answer] = session.probe(who, [call])
    since = session.emulator.decisions()[before:] if answer.allowed else ()
    decided = what_decided(since, session.stack.id(who, Kind.ROLE), action, call)
    apart = session.disagreement_records(before)
    return Attempt(
        who, action, resource, answer.allowed, answer.status, answer.code, answer.message, decided, apart
    )


def what_decided(decisions: Sequence[RawDecision], role: str, action: str, call: Call) -> str:
    """Return which statement decided about a call, from the server's decisions since it was made.

    Other functions may be at work meanwhile, with roles of their own, and this one with other documents.
    """
    key = call.parameters.get("Key", "")
    for decision in reversed(decisions):
        is_about = not key or decision.resource.endswith(f"/{key}")
        if decision.action == action and decision.role == role and is_about:
            return server_says(decision)
    return ""


def _by_deployer(session: LocalSession, call: Call, action: str, resource: str) -> Attempt:
    from botocore.exceptions import ClientError  # noqa: PLC0415 - botocore is imported when used

    try:
        answer = getattr(session.client(call.service), call.operation)(**call.parameters)
    except ClientError as refused:
        answer = refused.response
    error, status = answer.get("Error", {}), answer["ResponseMetadata"]["HTTPStatusCode"]
    return Attempt(
        who=DEPLOYER,
        action=action,
        resource=resource,
        allowed=not error,
        status=status,
        code=error.get("Code", ""),
        message=error.get("Message", ""),
        decided_by="" if error else "the deployer's key, which may do everything",
    )


def _objects(operation: str, **more: Any) -> Callable[[LocalSession, str], Call]:
    def call(session: LocalSession, resource: str) -> Call:
        return Call("s3", operation, _place(session, resource) | more)

    return call


def _bucket(operation: str) -> Callable[[LocalSession, str], Call]:
    def call(session: LocalSession, resource: str) -> Call:
        return Call("s3", operation, {"Bucket": _place(session, f"{resource}/")["Bucket"]})

    return call


def _message(
    service: str, operation: str, parameter: str, **more: Any
) -> Callable[[LocalSession, str], Call]:
    kinds = {"queue": Kind.QUEUE, "dead-letters": Kind.DEAD_LETTERS, "topic": Kind.TOPIC}

    def call(session: LocalSession, resource: str) -> Call:
        node, _, sort = resource.partition(".")
        _check(node, session.graph.nodes, "a node of this pipeline", "resource")
        _check(sort, kinds, "a sort of resource, as in 'chunks.queue'", "resource")
        if sort == "queue" and not session.stack.has(node, Kind.QUEUE):  # it polls a given one
            name = session.stack.queue_arn(node).rpartition(":")[2]
            place = session.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
        else:
            place = session.stack.id(node, kinds[sort])
        return Call(service, operation, {parameter: place, **more})

    return call


def _place(session: LocalSession, resource: str) -> dict[str, str]:
    """Return bucket and key of ``node/key``, of ``cache/key``, or of a document's URL."""
    if resource.startswith("s3://"):
        place = S3Location.from_url(resource)
        return {"Bucket": place.bucket, "Key": place.key}
    owner, slash, key = resource.partition("/")
    _check(owner, [*session.graph.nodes, "cache"], "a node or the cache, as in 'cache/x'", "resource")
    if not slash:
        raise OptionError(
            [Fault(f"{shown(resource)} names no key", "resource", f"for example {owner}/a.txt")]
        )
    if owner != "cache" and not session.has_bucket(owner):
        what = f"{shown(owner)} has no store of its own: it passes on what its producers provide"
        raise OptionError([Fault(what, "resource", "name the node that made the document")])
    bucket = session.stack.physical[CACHE] if owner == "cache" else session.bucket(owner)
    return {"Bucket": bucket, "Key": key}


def _named(session: LocalSession, resource: str) -> str:
    """Return a document's URL by the pipeline's names, as far as the bucket is one of its own."""
    if not resource.startswith("s3://"):
        return resource
    place = S3Location.from_url(resource)
    owners = {session.stack.physical[CACHE]: "cache"}
    for node in session.graph.nodes:
        if session.has_bucket(node):
            owners.setdefault(session.bucket(node), node)
    return f"{owners[place.bucket]}/{place.key}" if place.bucket in owners else resource


def _item(operation: str, **parameters: Any) -> Callable[[LocalSession, str], Call]:
    def call(session: LocalSession, resource: str) -> Call:
        node, _, sort = resource.partition(".")
        tables = [each for each in session.graph.nodes if session.stack.has(each, Kind.TABLE)]
        _check(node, tables, "a node of this pipeline that has a table", "resource")
        _check(sort, ["table"], "a sort of resource, as in 'group.table'", "resource")
        return Call("dynamodb", operation, {"TableName": session.stack.id(node, Kind.TABLE), **parameters})

    return call


def _execution(session: LocalSession, resource: str) -> Call:
    node, _, sort = resource.partition(".")
    machines = [each for each in session.graph.nodes if session.stack.has(each, Kind.MACHINE)]
    _check(node, machines, "a node of this pipeline that has a state machine", "resource")
    _check(sort, ["machine"], "a sort of resource, as in 'pause.machine'", "resource")
    arn = session.stack.id(node, Kind.MACHINE)
    held = '{"id": "tried", "document": null, "message": "tried"}'
    return Call("stepfunctions", "start_execution", {"stateMachineArn": arn, "input": held})


_KEY = {"chain_id": {"S": "tried"}, "item_id": {"S": "tried"}}
_CALLS: dict[str, Callable[[LocalSession, str], Call]] = {
    "dynamodb:PutItem": _item("put_item", Item=_KEY),
    "dynamodb:Query": _item(
        "query",
        KeyConditionExpression="chain_id = :tried",
        ExpressionAttributeValues={":tried": {"S": "tried"}},
    ),
    "dynamodb:Scan": _item("scan"),
    "dynamodb:DeleteItem": _item("delete_item", Key=_KEY),
    "s3:GetObject": _objects("get_object"),
    "s3:PutObject": _objects("put_object", Body="tried"),
    "s3:DeleteObject": _objects("delete_object"),
    "s3:ListBucket": _bucket("list_objects_v2"),
    "sns:Publish": _message("sns", "publish", "TopicArn", Message="tried"),
    "sqs:ReceiveMessage": _message("sqs", "receive_message", "QueueUrl"),
    "sqs:SendMessage": _message("sqs", "send_message", "QueueUrl", MessageBody="tried"),
    "states:StartExecution": _execution,
}


def _check(value: object, known: Iterable[str], what: str, where: str) -> None:
    names = sorted(known)
    if value in names:
        return
    near = difflib.get_close_matches(str(value), names, n=2)
    mend = f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(names)}"
    raise OptionError([Fault(f"{shown(value)} is not {what}", where, mend)])
