"""The resources of one node, each a function from the node's view of the graph to a dict."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from lakenb.graph.filter_policy import consumer_filter, filter_policy
from lakenb.graph.steps import Part
from lakenb.security.statements import (
    bucket_statements,
    dead_letter_statements,
    queue_statements,
    role_statements,
    topic_statements,
)
from lakenb.security.stores import has_notifications, own_store
from lakenb.security.values import Sort, objects, of
from lakenb.template.names import (
    ASSET_BUCKET,
    CACHE,
    Kind,
    bucket_name,
    log_group_name,
    logical_id,
    queue_name,
)
from lakenb.template.policies import VERSION, Arns, document
from lakenb.template.target import kernel_target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lakenb.graph.code import Code
    from lakenb.graph.graph import Edge, Graph
    from lakenb.graph.steps import Step
    from lakenb.security.stores import Store

QUEUE_RETENTION_DAYS = 4
DEAD_LETTER_RETENTION_DAYS = 14  # the longest that SQS offers
# P10: a document outlives every message that points into its store. The longest way of a message is the
# queue, the dead-letter queue, and once more both after a redrive.
STORE_EXPIRATION_DAYS = 2 * (QUEUE_RETENTION_DAYS + DEAD_LETTER_RETENTION_DAYS)
HANDLER = "lakenb.runtime.function.handle"
# with a bucket's longest name, an entry of LAKENB_SOURCES takes 101 bytes of 4,096
MOST_SOURCES = 30
_DAY = 24 * 3600

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """What a node's resources are made from."""

    graph: Graph
    node: str
    provided: Mapping[str, tuple[Store, ...]]
    arns: Arns
    code: Mapping[Code, str]

    @property
    def step(self) -> Step:
        """The node's step."""
        return self.graph.nodes[self.node]

    @property
    def publishes(self) -> bool:
        """Whether the node's function sends documents on."""
        return self.step.row.part is not Part.CONNECTOR and self.step.row.announces

    def id(self, kind: Kind) -> str:
        """Return the logical id of one of the node's resources."""
        return logical_id(self.node, kind)

    def arn(self, kind: Kind) -> Any:
        """Return the ARN of one of the node's resources."""
        return {"Fn::GetAtt": [self.id(kind), "Arn"]}


def resource(kind: str, properties: Resource, *, retain: bool = False, depends_on: str = "") -> Resource:
    """Return a resource whose fate on deletion is explicit."""
    made: Resource = {"Type": kind, "Properties": properties}
    if depends_on:
        made["DependsOn"] = depends_on
    made["DeletionPolicy"] = "RetainExceptOnCreate" if retain else "Delete"
    made["UpdateReplacePolicy"] = "Retain" if retain else "Delete"
    return made


def expiration_days(graph: Graph) -> int:
    """Return how long documents on their way are kept, when nodes may hold events beside their queues."""
    held = sum((step.holds() for step in graph.nodes.values()), timedelta(0))
    return STORE_EXPIRATION_DAYS + math.ceil(held / timedelta(days=1))


def bucket(properties: Resource, *, expires: int = 0, depends_on: str = "") -> Resource:
    """Return a bucket: SSE-S3, nothing public, no ACLs; what it holds expires after so many days, 0 never."""
    rules: list[Resource] = [
        {
            "Id": "AbortUnfinishedUploads",
            "Status": "Enabled",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
        }
    ]
    if expires:
        rules.append({"Id": "Expire", "Status": "Enabled", "ExpirationInDays": expires})
    encryption = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    blocked = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    common = {
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [encryption]},
        "LifecycleConfiguration": {"Rules": rules},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "PublicAccessBlockConfiguration": dict.fromkeys(blocked, True),
    }
    return resource("AWS::S3::Bucket", properties | common, retain=True, depends_on=depends_on)


def store(view: View) -> Resource:
    """Return the node's own bucket; a trigger's notifies its queue."""
    if not has_notifications(view.graph, view.node):
        is_end = view.step.row.part is Part.CONNECTOR
        return bucket({}, expires=0 if is_end else expiration_days(view.graph))
    own = own_store(view.graph, view.node)
    ends = (("prefix", own.prefix), ("suffix", own.suffix)) if own else ()
    rules = [{"Name": name, "Value": value} for name, value in ends if value]
    notification: Resource = {"Event": "s3:ObjectCreated:*", "Queue": view.arn(Kind.QUEUE)}
    if rules:
        notification["Filter"] = {"S3Key": {"Rules": rules}}
    properties = {
        "BucketName": bucket_name(view.graph.id, view.node),
        "NotificationConfiguration": {"QueueConfigurations": [notification]},
    }
    # S3 tries the queue when the notification is set, so its policy must be there
    return bucket(properties, depends_on=view.id(Kind.QUEUE_POLICY))


def store_policy(view: View) -> Resource:
    """Return the policy of the node's own bucket."""
    statements = bucket_statements(of(Sort.BUCKET, view.node), objects(view.node))
    properties = {"Bucket": {"Ref": view.id(Kind.STORE)}, "PolicyDocument": document(statements, view.arns)}
    return resource("AWS::S3::BucketPolicy", properties)


def queue(view: View) -> Resource:
    """Return the node's queue, encrypted by SQS, with its redrive."""
    settings = view.step.settings()
    properties = {
        "QueueName": queue_name(view.node),
        "MessageRetentionPeriod": QUEUE_RETENTION_DAYS * _DAY,
        "RedrivePolicy": {
            "deadLetterTargetArn": view.arn(Kind.DEAD_LETTERS),
            "maxReceiveCount": settings.max_retries,
        },
        "SqsManagedSseEnabled": True,
        "VisibilityTimeout": int(settings.visibility_timeout.total_seconds()),
    }
    return resource("AWS::SQS::Queue", properties)


def dead_letters(view: View) -> Resource:
    """Return the node's dead-letter queue, which only this node's queue may redrive into."""
    allowed: Resource = {"redrivePermission": "denyAll"}  # a given queue's redrive is its owner's
    if not view.step.given_queue():
        allowed = {"redrivePermission": "byQueue", "sourceQueueArns": [view.arns.queue_by_name(view.node)]}
    properties = {
        "MessageRetentionPeriod": DEAD_LETTER_RETENTION_DAYS * _DAY,
        "RedriveAllowPolicy": allowed,
        "SqsManagedSseEnabled": True,
    }
    return resource("AWS::SQS::Queue", properties)


def queue_policy(view: View) -> Resource:
    """Return the policy of the node's queue."""
    return _queue_policy(view, Kind.QUEUE, document(queue_statements(view.graph, view.node), view.arns))


def dead_letters_policy(view: View) -> Resource:
    """Return the policy of the node's dead-letter queue."""
    statements = dead_letter_statements(view.graph, view.node)
    return _queue_policy(view, Kind.DEAD_LETTERS, document(statements, view.arns))


def _queue_policy(view: View, kind: Kind, policy: Resource) -> Resource:
    return resource("AWS::SQS::QueuePolicy", {"PolicyDocument": policy, "Queues": [{"Ref": view.id(kind)}]})


def topic(_: View) -> Resource:
    """Return the node's topic; without a key SNS promises no encryption at rest."""
    return resource("AWS::SNS::Topic", {})


def topic_policy(view: View) -> Resource:
    """Return the policy of the node's topic."""
    policy = document(topic_statements(view.node), view.arns)
    properties = {"PolicyDocument": policy, "Topics": [{"Ref": view.id(Kind.TOPIC)}]}
    return resource("AWS::SNS::TopicPolicy", properties)


def logs(view: View) -> Resource:
    """Return the node's log group."""
    days = view.step.settings().log_retention.days
    properties = {"LogGroupName": log_group_name(view.node), "RetentionInDays": days}
    return resource("AWS::Logs::LogGroup", properties)


def role(view: View) -> Resource:
    """Return the node's role: one inline policy, no managed ones."""
    trust = {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "LambdaRunsTheFunction",
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    statements = role_statements(view.graph, view.node, view.provided)
    inline = {"PolicyName": "node", "PolicyDocument": document(statements, view.arns)}
    return resource("AWS::IAM::Role", {"AssumeRolePolicyDocument": trust, "Policies": [inline]})


def function(view: View) -> Resource:
    """Return the node's function; its code is an asset whose key is known without building it.

    Its processor and its Python are the kernel's own: packages with machine code are the same here and on
    Lambda, and on Linux the local run tries the very zip that is deployed.
    """
    settings = view.step.settings()
    target = kernel_target()
    properties = {
        "Architectures": [target.architecture],
        "Code": {"S3Bucket": {"Fn::Sub": ASSET_BUCKET}, "S3Key": view.code[view.step.code()]},
        "Environment": {"Variables": _environment(view)},
        "Handler": HANDLER,
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": {"Ref": view.id(Kind.LOGS)}},
        "MemorySize": settings.memory_mib,
        "Role": view.arn(Kind.ROLE),
        "Runtime": f"python{target.python}",
        "Timeout": int(settings.timeout.total_seconds()),
    }
    return resource("AWS::Lambda::Function", properties)


def _environment(view: View) -> Resource:
    own = own_store(view.graph, view.node)
    variables: Resource = {
        "LAKENB_DEAD_LETTERS": {"Ref": view.id(Kind.DEAD_LETTERS)},
        "LAKENB_HANDLER": view.step.row.handler,
        "LAKENB_MAX_RECEIVES": str(view.step.settings().max_retries),
        "LAKENB_NODE": view.node,
        "LAKENB_OPTIONS": _compact(view.step.own_options()),
        "LAKENB_SOURCES": _sources(view),
    }
    if view.publishes:
        variables["LAKENB_TOPIC"] = {"Ref": view.id(Kind.TOPIC)}
    if view.step.row.part is not Part.TRIGGER:
        variables["LAKENB_CACHE"] = {"Ref": CACHE}
    if own is not None and (view.step.row.part is not Part.TRIGGER or view.step.puts_documents()):
        variables["LAKENB_STORE"] = {"Ref": view.id(Kind.STORE)}
        variables["LAKENB_STORE_PREFIX"] = own.prefix
    if view.step.row.part is Part.COMPOSER and not view.graph.strict:
        variables["LAKENB_PASSES_ON"] = "true"  # its consumers read its store and what its producers provide
    return dict(sorted(variables.items()))


def _sources(view: View) -> Resource | str:
    """Return the JSON list of the places that the node may read, bucket names as references or as given.

    More than an environment of 4 KB can list are left to the role, which names each of them exactly.
    """
    if view.step.row.part is Part.TRIGGER:
        stores = view.provided[view.node]
    else:
        producers = view.graph.producers(view.node)
        stores = tuple(sorted({place for producer in producers for place in view.provided[producer]}))
    if len(stores) > MOST_SOURCES:
        return _compact([{"bucket": "*", "prefix": "", "suffix": ""}])
    parts: list[Any] = ["["]
    for place in stores:
        ends = _compact(
            {"key": place.prefix} if place.is_one else {"prefix": place.prefix, "suffix": place.suffix}
        )
        comma = "," if len(parts) > 1 else ""
        parts += [f'{comma}{{"bucket":"', view.arns.bucket(place), f'",{ends[1:]}']
    return {"Fn::Join": ["", [*parts, "]"]]}


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def mapping(view: View) -> Resource:
    """Return the event source mapping from the node's queue to its function."""
    settings = view.step.settings()
    properties: Resource = {
        "BatchSize": settings.batch_size,
        "EventSourceArn": view.step.given_queue() or view.arn(Kind.QUEUE),
        "FunctionName": {"Ref": view.id(Kind.FUNCTION)},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumBatchingWindowInSeconds": int(settings.batching_window.total_seconds()),
    }
    if settings.max_concurrency is not None:
        properties["ScalingConfig"] = {"MaximumConcurrency": settings.max_concurrency}
    return resource("AWS::Lambda::EventSourceMapping", properties)


def subscription(graph: Graph, edge: Edge) -> Resource:
    """Return the subscription that carries an edge, with the filter and a redrive of its own."""
    accepted = graph.nodes[edge.consumer].row.input_types
    properties = {
        "Endpoint": {"Fn::GetAtt": [logical_id(edge.consumer, Kind.QUEUE), "Arn"]},
        "FilterPolicy": filter_policy(consumer_filter(accepted, edge.filter)),
        "FilterPolicyScope": "MessageBody",
        "Protocol": "sqs",
        "RawMessageDelivery": True,
        "RedrivePolicy": {
            "deadLetterTargetArn": {"Fn::GetAtt": [logical_id(edge.consumer, Kind.DEAD_LETTERS), "Arn"]}
        },
        "TopicArn": {"Ref": logical_id(edge.producer, Kind.TOPIC)},
    }
    return resource("AWS::SNS::Subscription", properties)
